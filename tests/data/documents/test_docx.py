"""Files of Word: lines as they stand on a page; headers, dates, archives. What hides in them: tests/worlds/docx_cases.py."""

import io
import zipfile

import pytest
from documents_extra import needs_documents
from docx_cases import HIDDEN, STYLES, WHITE
from word_files import box, paragraph, run, table, word_file

from minirank.data.documents.document import Unreadable
from minirank.data.documents.docx.package import Package, parse_xml
from minirank.data.documents.docx.read_docx import read_docx


def of(*body, **options):
    """(text, [(why, wording)]) of a file with this body."""
    (document,) = read_docx(word_file(*body, **options), "a.docx")
    return document.text, [(each.why, each.text) for each in document.hidden]


def test_lines_stand_as_on_a_page():
    heading = '<w:outlineLvl w:val="0"/>'
    body = (
        paragraph("Anna"),
        paragraph("Skills", properties=heading),
        paragraph("Python", box(paragraph("Boxed"))),
        paragraph("Work"),
        paragraph(),
        paragraph(run("gone", HIDDEN)),
        table(["Clerk", "", "Acme"], ["Cook", "Inn", "2019"]),
        table([paragraph("left") + paragraph("1"), paragraph("right") + paragraph("2")]),
        paragraph("<w:r><w:t>2019</w:t><w:tab/><w:t>now</w:t><w:br/><w:t>end</w:t></w:r>"),
    )
    text = "Anna\n\nSkills\nPython\n\nBoxed\n\nWork\n\nClerk | Acme\nCook | Inn | 2019\n\nleft\n1\n\nright\n2\n\n2019\tnow\nend"
    assert of(*body) == (text, [("hidden", "gone")])


def test_a_white_head_of_a_table_whose_style_darkens_its_cells():
    look = '<w:tblStyle w:val="Head"/><w:tblLook w:val="0020"/>'
    rows = ([paragraph(run("Skill"))], [paragraph(run("Python"))])
    assert of(table(*rows, properties=look), parts={"styles": STYLES}) == ("Skill\nPython", [])
    white = table([paragraph(run("Skill"))], [paragraph(run("Python", WHITE))], properties=look)
    assert of(white, parts={"styles": STYLES}) == ("Skill", [("white", "Python")])


@needs_documents
def test_a_file_as_a_program_writes_it():
    import docx

    made, stream = docx.Document(), io.BytesIO()
    made.sections[0].header.paragraphs[0].text = "Anna Beispiel"
    made.add_heading("Skills", 1)
    made.add_paragraph("Python", style="List Bullet")
    for text, setting in (
        ("hidden", {"hidden": True}),
        ("white", {"color.rgb": docx.shared.RGBColor(255, 255, 255)}),
        ("tiny", {"size": 12700}),
    ):
        font = made.paragraphs[-1].add_run(text).font
        for name, value in setting.items():
            setattr(font.color if "." in name else font, name.rpartition(".")[2], value)
    table = made.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Clerk", "2019"
    made.save(stream)
    (document,) = read_docx(stream.getvalue(), "a.docx")
    assert document.text == "Anna Beispiel\n\nSkills\n- Python\n\nClerk | 2019" and not document.fields
    assert [(each.why, each.text) for each in document.hidden] == [(why, why) for why in ("hidden", "white", "tiny")]


def test_an_alternative_that_word_does_not_know_is_not_what_it_shows():
    choice, fallback = f'<mc:Choice Requires="own">{run("python")}</mc:Choice>', f"<mc:Fallback>{run('Nurse')}</mc:Fallback>"
    text = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    assert of(paragraph(text)) == ("Nurse", [])
    assert of(paragraph(text.replace('"own"', '"w14"'))) == ("python", [])


def test_headers_first_footnotes_and_footers_last():
    section = (
        '<w:headerReference w:type="default" r:id="header:1"/><w:headerReference w:type="first" r:id="header:2"/>'
        '<w:footerReference w:type="default" r:id="footer:1"/>'
    )
    parts = {
        "header:1": f"<w:hdr>{paragraph('Anna Beispiel')}</w:hdr>",
        "header:2": f"<w:hdr>{paragraph('Title page')}</w:hdr>",
        "footer:1": f"<w:ftr>{paragraph('Page 1', run('python', WHITE))}</w:ftr>",
        "footnotes": f'<w:footnotes><w:footnote w:id="1">{paragraph("A note")}</w:footnote><w:footnote w:id="2">{paragraph("Not cited")}'
        "</w:footnote></w:footnotes>",
        "numbering": "<w:numbering></w:numbering>",
    }
    body = (
        paragraph("Skills", '<w:r><w:footnoteReference w:id="1"/></w:r>'),
        paragraph("Python", properties='<w:numPr><w:numId w:val="1"/></w:numPr>'),
    )
    text, hidden = of(*body, section=section, parts=parts)
    assert text == "Anna Beispiel\n\nSkills\n- Python\n\nA note\n\nPage 1" and hidden == [("white", "python")]
    assert of(*body, section=section + "<w:titlePg/>", parts=parts)[0].startswith("Anna Beispiel\n\nTitle page\n\nSkills")


def test_the_date_is_that_of_the_last_change_and_not_that_of_a_template():
    def date(modified):
        return read_docx(word_file(paragraph("Nurse"), modified=modified), "a.docx")[0].fields.get("date")

    assert date("2024-05-01T08:00:00Z") == "2024-05-01T08:00:00Z"
    assert date("2013-12-23T23:15:00Z") is None and date("") is None


def test_the_main_part_is_found_by_its_link_and_strict_files_are_read():
    assert of(paragraph("Nurse"), main="word/document2.xml") == ("Nurse", [])
    transitional = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict = word_file(packed={"word/document.xml": '<d:document xmlns:d="http://purl.oclc.org/ooxml/wordprocessingml/main"><d:body><d:p><d:r>'
                               "<d:t>Nurse</d:t></d:r></d:p></d:body></d:document>"})  # fmt: skip
    assert transitional not in str(strict) and read_docx(strict, "a.docx")[0].text == "Nurse"


def test_an_archive_unpacks_to_a_limit_and_names_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = " ".join(["Nurse"] * 1_000)
    content = word_file(paragraph(text), packed={"../out.txt": "x", "/etc/out.txt": "x", "inner.docx": word_file(paragraph("python"))})
    assert read_docx(content, "a.docx")[0].text == text and list(tmp_path.iterdir()) == []
    size = len(Package(content).read("word/document.xml"))
    assert len(content) < size // 2  # it is packed
    for limits in ({"member_limit": size - 1}, {"limit": size - 1}):
        with pytest.raises(Unreadable, match="unpacks to far more"):
            Package(content, **limits).read("word/document.xml")
    package = Package(content, limit=2 * size - 1)  # of all parts together
    package.read("word/document.xml")
    with pytest.raises(Unreadable, match="unpacks to far more"):
        package.read("word/document.xml")


def test_a_part_that_is_there_twice_is_refused():
    stream = io.BytesIO(word_file(paragraph("Nurse")))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(Unreadable, match="is in it twice"):
        read_docx(stream.getvalue(), "a.docx")


def test_names_of_xml_have_their_usual_prefixes_whatever_a_file_calls_them():
    root = parse_xml(b'<x:p xmlns:x="http://schemas.openxmlformats.org/wordprocessingml/2006/main" x:val="1" id="2"><y/></x:p>', "a")
    assert (root.tag, root.attrib, root[0].tag) == ("w:p", {"w:val": "1", "id": "2"}, "y")
