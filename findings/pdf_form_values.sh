#!/usr/bin/env bash
# pypdf 7.1.1, pdfminer.six 20260107 and pypdfium2 5.15.2: what was filled into a PDF form is not in the text of its page.
# One would guess: the text of a page is what a person reads on it.
# Instead: extract_text and get_text_range give what the page's own content draws, the labels. A field's value is drawn by an annotation,
# which lies beside that content, and is left out without a word. PyMuPDF 2.0 reads it.
# Why it matters: an application form comes out as "Name:" and "Skills:", a text that looks whole and says nothing of the person.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile reportlab==5.1.0 pypdf==7.1.1 pdfminer.six==20260107 pypdfium2==5.15.2 pymupdf==2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pymupdf
import pypdf
import pypdfium2
from pdfminer.high_level import extract_text
from reportlab.pdfgen.canvas import Canvas

canvas = Canvas("form.pdf")
canvas.drawString(72, 700, "Skills:")
canvas.acroForm.textfield(name="skills", value="Python, SQL", x=140, y=690, width=200, height=20)
canvas.save()

found = {
    "pypdf": pypdf.PdfReader("form.pdf").pages[0].extract_text(),
    "pdfminer.six": extract_text("form.pdf"),
    "pypdfium2": pypdfium2.PdfDocument("form.pdf")[0].get_textpage().get_text_range(),
    "PyMuPDF": pymupdf.open("form.pdf")[0].get_text(),
}
found = {name: text.split() for name, text in found.items()}
print(found)
assert found.pop("PyMuPDF") == ["Skills:", "Python,", "SQL"]
assert all(words == ["Skills:"] for words in found.values()), found
PY
