#!/usr/bin/env bash
# docx2python 3.7.1: the text of a text box comes twice, and a paragraph that was moved stands where it was as well.
# One would guess: a text box is read once; of a tracked move, its new place counts, as Word shows it.
# Instead: Word writes each box in two forms, the newer one and one for older programs, of which a reader is to take one; both are read.
# A moved text is read at both places, though a deleted one is left out.
# Why it matters: words of a sidebar count double in term frequencies and lengths, and look like keyword stuffing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile docx2python==3.7.1 python-docx==1.2.0
cd "$work"
"$work/venv/bin/python" - <<'PY'
import docx
from docx2python import docx2python
from docx.oxml import parse_xml

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
content = "<w:txbxContent><w:p><w:r><w:t>Skills: SQL</w:t></w:r></w:p></w:txbxContent>"
box = f"""<w:r {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"
 xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>
 <wp:inline><wp:extent cx="1800000" cy="900000"/><wp:docPr id="1" name="Box"/><a:graphic>
 <a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr/>
 <wps:txbx>{content}</wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict>
 <v:shape style="width:142pt;height:71pt"><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"""
made = docx.Document()
made.add_paragraph("Nurse")._p.append(parse_xml(box))
moved = made.add_paragraph()
for tag, number in (("moveFrom", 1), ("moveTo", 2)):
    moved._p.append(parse_xml(f'<w:{tag} {W} w:id="{number}" w:author="A"><w:r><w:t>[moved]</w:t></w:r></w:{tag}>'))
made.save("resume.docx")
text = docx2python("resume.docx").text
print(repr(text))
assert text.count("Skills: SQL") == 2 and text.count("[moved]") == 2, text
PY
