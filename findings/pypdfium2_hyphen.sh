#!/usr/bin/env bash
# pypdfium2 5.15.2 (PDFium): a hyphen at the end of a line is not "-" in the text.
# One would guess: the text has the hyphen that the page shows, or the word made whole.
# Instead: the hyphen of a word that goes on in the next line comes out as U+FFFE, which is no character at all, followed by the rest of
# the word without a line end; a hyphen within a line stays "-".
# Why it matters: a search for "Kubernetes" finds neither it nor "Kuber-netes", and many programs drop or refuse U+FFFE.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile reportlab==5.1.0 pypdfium2==5.15.2
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pypdfium2
from reportlab.pdfgen.canvas import Canvas

canvas = Canvas("hyphen.pdf")
canvas.drawString(72, 700, "A full-time job with Kuber-")
canvas.drawString(72, 686, "netes clusters")
canvas.save()
text = pypdfium2.PdfDocument("hyphen.pdf")[0].get_textpage().get_text_range()
print(ascii(text))
assert "full-time" in text and "Kubernetes" not in text and "Kuber-" not in text
assert "Kuber\ufffenetes" in text, ascii(text)
PY
