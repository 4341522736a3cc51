"""Files of Word, written as XML: what each holds stands in the test that asks for it."""

import io
import zipfile

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:own="https://example.org/own"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELS = "vnd.openxmlformats-package.relationships+xml"
_CORE = f"{_PACKAGE}/relationships/metadata/core-properties"
THEME = (
    '<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:themeElements><a:clrScheme>'
    '<a:lt1><a:srgbClr val="FFFFFF"/></a:lt1><a:dk1><a:srgbClr val="000000"/></a:dk1><a:accent1><a:srgbClr val="4472C4"/></a:accent1>'
    "</a:clrScheme></a:themeElements></a:theme>"
)


def run(text, properties=""):
    """A run; `properties` is the content of its rPr."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*parts, properties=""):
    """A paragraph of runs, or of one text."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(part if part.startswith('<') else run(part) for part in parts)}</w:p>"


def table(*rows, properties=""):
    """A table; a cell is a text or the XML of its content, tcPr included."""
    made = "".join(f"<w:tr>{''.join(map(_cell, row))}</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{made}</w:tbl>"


def _cell(content):
    return f"<w:tc>{content if content.startswith('<') else paragraph(content)}</w:tc>"


def box(*paragraphs, fill="", place="", width=1_000_000):
    """A run with a text box, as Word 2010 and later write it, the older form of the same text beside it."""
    content = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><wp:extent cx="{width}" cy="1000000"/>{place}'
        f"<a:graphic><a:graphicData><wps:wsp><wps:spPr>{fill}</wps:spPr><wps:txbx>{content}</wps:txbx></wps:wsp></a:graphicData></a:graphic>"
        f"</wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )


def field(instruction, *result, inner=""):
    """A field with its instruction, in which others may stand, and its result."""
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{instruction}</w:instrText></w:r>{inner}'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{"".join(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def word_file(*body, section="", parts=None, modified="2024-05-01T08:00:00Z", main="word/document.xml", declaration="", packed=None):
    """The bytes of a .docx.

    Args:
        body: XML of its paragraphs and tables. section: content of its sectPr.
        parts: kind of relationship, such as `header:1`, -> XML of the part. packed: further members of the archive.
        declaration: what goes before the root of the main part.
    """
    document = f"{declaration}<w:document {SPACES}><w:body>{''.join(body)}<w:sectPr>{section}</w:sectPr></w:body></w:document>"
    folder = main.rpartition("/")[0]
    links = [("d", f"{_OFFICE}/officeDocument", main), ("c", _CORE, "docProps/core.xml")]
    members = {
        "[Content_Types].xml": _types(main),
        "_rels/.rels": _links(links),
        main: document,
        "docProps/core.xml": f'<p xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:modified>{modified}</dcterms:modified></p>',
    }
    inner = []
    for kind, content in (parts or {}).items():
        name = kind.replace(":", "") + ".xml"
        inner.append((kind, f"{_OFFICE}/{kind.partition(':')[0]}", name))
        members[f"{folder}/{name}"] = content if content.startswith("<a:") else content.replace(">", f" {SPACES}>", 1)
    members[f"{folder}/_rels/{main.rpartition('/')[2]}.rels"] = _links(inner)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | (packed or {})).items():
            archive.writestr(name, content)
    return stream.getvalue()


def _links(links):
    made = "".join(f'<Relationship Id="{key}" Type="{kind}" Target="{target}"/>' for key, kind, target in links)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{made}</Relationships>'


def _types(main):
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    made = "".join(f'<Default Extension="{name}" ContentType="application/{kind}"/>' for name, kind in (("xml", "xml"), ("rels", _RELS)))
    return f'<Types xmlns="{_PACKAGE}/content-types">{made}<Override PartName="/{main}" ContentType="{word}"/></Types>'
