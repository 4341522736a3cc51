#!/usr/bin/env bash
# pdfminer.six 20260107 (and markitdown 0.1.9, which calls it): the dates of a career come after all of its jobs.
# One would guess: a date that stands beside an entry, and is drawn just before it, is read with it.
# Instead: the layout analysis groups lines into boxes first, and the dates of several entries make a box of their own, whatever the order of
# the file; boxes_flow, which the documentation names for it, gives the same from -1 to 1. pypdf 7.1.1 reads date and entry together.
# Why it matters: who worked where for how long is lost, in a text that looks whole.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile reportlab==5.1.0 pypdf==7.1.1 pdfminer.six==20260107
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pypdf
from pdfminer.high_level import extract_text
from pdfminer.layout import LAParams
from reportlab.pdfgen.canvas import Canvas

canvas = Canvas("career.pdf")
for number, (date, entry) in enumerate((("2019 - 2022", "Engineer at Acme"), ("2015 - 2018", "Nurse"), ("2012 - 2014", "Clerk"))):
    canvas.drawString(72, 700 - 16 * number, date)
    canvas.drawString(170, 700 - 16 * number, entry)
canvas.save()

together = "2019 - 2022 Engineer at Acme 2015 - 2018 Nurse 2012 - 2014 Clerk"
apart = "2019 - 2022 2015 - 2018 2012 - 2014 Engineer at Acme Nurse Clerk"
by_pypdf = " ".join(pypdf.PdfReader("career.pdf").pages[0].extract_text().split())
by_pdfminer = {flow: " ".join(extract_text("career.pdf", laparams=LAParams(boxes_flow=flow)).split()) for flow in (-1.0, 0.0, 0.5, 1.0)}
print("pypdf:", by_pypdf, "\npdfminer.six, by boxes_flow:", by_pdfminer)
assert by_pypdf == together
assert all(text == apart for text in by_pdfminer.values()), by_pdfminer
PY
