#!/usr/bin/env bash
# python-docx 1.2.0: the text of a paragraph lacks what was inserted with "track changes" on, and what stands in a content control.
# One would guess: paragraph.text is what Word shows; an insertion that nobody has accepted yet is shown, and so is a filled-in control.
# Instead: only runs and links directly within the paragraph count; deleted text is rightly left out, inserted text is lost with it.
# Why it matters: a reviewed resume or a filled-in template loses the words that were added last, and no error tells.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile python-docx==1.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

made = docx.Document()
inserted = made.add_paragraph("Led ")
inserted._p.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="1" w:author="A"><w:r><w:t>four nurses</w:t></w:r></w:ins>'))
control = made.add_paragraph("Name: ")
control._p.append(parse_xml(f'<w:sdt {nsdecls("w")}><w:sdtContent><w:r><w:t>Anna</w:t></w:r></w:sdtContent></w:sdt>'))
made.save("resume.docx")
read = [paragraph.text for paragraph in docx.Document("resume.docx").paragraphs]
print(read)
assert read == ["Led ", "Name: "], read
PY
