#!/usr/bin/env bash
# pypdf 7.1.1, pdfminer.six 20260107 and pypdfium2 5.15.2: text of a layer that is switched off is text of the page.
# One would guess: what no viewer shows and no printer prints is not extracted, or can be told apart.
# Instead: optional content whose group is OFF in the file's default configuration comes out between what is seen. pypdfium2 draws the
# page without it and extracts it all the same; PyMuPDF 2.0 leaves it out.
# Why it matters: words that nobody sees are read by whatever is fed with the text, a search index or a language model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile numpy==2.4.6 pypdf==7.1.1 pdfminer.six==20260107 pypdfium2==5.15.2 pymupdf==2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pymupdf
import pypdf
import pypdfium2
from pdfminer.high_level import extract_text

content = b"BT /F1 12 Tf 72 700 Td (seen) Tj ET /OC /L BDC BT /F1 12 Tf 72 600 Td (unseen) Tj ET EMC"
bodies = [
    b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] /Order [5 0 R] >> >> >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
    b" /Resources << /Font << /F1 6 0 R >> /Properties << /L 5 0 R >> >> >>",
    b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    b"<< /Type /OCG /Name (Layer) >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
]
made, places = b"%PDF-1.5\n", []
for number, body in enumerate(bodies, 1):
    places.append(len(made))
    made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
table = b"".join(b"%010d 00000 n \n" % place for place in places)
made += b"xref\n0 7\n0000000000 65535 f \n%strailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (table, len(made))
open("layer.pdf", "wb").write(made)

page = pypdfium2.PdfDocument("layer.pdf")[0]
found = {
    "pypdf": pypdf.PdfReader("layer.pdf").pages[0].extract_text(),
    "pdfminer.six": extract_text("layer.pdf"),
    "pypdfium2": page.get_textpage().get_text_range(),
    "PyMuPDF": pymupdf.open("layer.pdf")[0].get_text(),
}
found = {name: text.split() for name, text in found.items()}
dark = (page.render(scale=1).to_numpy().min(axis=(1, 2)) < 128).nonzero()[0]  # rows with ink; 600 points up is row 192
print(found, "rows with ink:", dark.min(), "to", dark.max())
assert dark.max() < 150
assert found.pop("PyMuPDF") == ["seen"]
assert all(words == ["seen", "unseen"] for words in found.values()), found
PY
