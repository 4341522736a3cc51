"""Files of Word and their troubles."""

from document_cases import Case
from word_files import THEME, box, field, paragraph, run, table, word_file

WHITE = '<w:color w:val="FFFFFF"/>'
HIDDEN = "<w:vanish/>"
DARK = '<w:shd w:val="clear" w:fill="203040"/>'
FAR = '<wp:positionH relativeFrom="page"><wp:posOffset>-90000000</wp:posOffset></wp:positionH>'
STYLES = (
    '<w:styles><w:style w:type="paragraph" w:styleId="Base"><w:rPr><w:color w:val="000000" w:themeColor="background1"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Pale"><w:basedOn w:val="Base"/></w:style>'
    '<w:style w:type="character" w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="table" w:styleId="Head"><w:tblStylePr w:type="firstRow"><w:rPr><w:color w:val="FFFFFF"/></w:rPr>'
    '<w:tcPr><w:shd w:val="clear" w:fill="4472C4"/></w:tcPr></w:tblStylePr></w:style></w:styles>'
)

# Trouble -> (paragraphs, what must be read).
_SEEN = {
    "paragraphs, a blank one between": ([paragraph("Anna"), paragraph(), paragraph("Nurse")], "Anna\n\nNurse"),
    "runs, tab, break, hyphen, symbol": (
        [
            paragraph(
                "Py",
                run("thon"),
                "<w:r><w:tab/><w:t>2019</w:t><w:br/><w:t>co</w:t><w:noBreakHyphen/><w:t>op</w:t><w:softHyphen/></w:r>",
                '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>',
            )
        ],
        "Python\t2019\nco-op•",
    ),
    "tracked insertion, deletion, move": (
        [
            paragraph(
                "I ",
                f"<w:ins>{run('led ')}</w:ins><w:del><w:r><w:delText>saw </w:delText></w:r></w:del><w:moveFrom>{run('x')}</w:moveFrom>",
                f"<w:moveTo>{run('teams')}</w:moveTo>",
            )
        ],
        "I led teams",
    ),
    "a paragraph whose end was deleted": (
        [paragraph("data ", properties="<w:rPr><w:del/></w:rPr>"), paragraph("engineer")],
        "data engineer",
    ),
    "link, control in a line, control of blocks": (
        [
            paragraph(f"<w:hyperlink>{run('example.org')}</w:hyperlink>", f"<w:sdt><w:sdtContent>{run(' Cook')}</w:sdtContent></w:sdt>"),
            f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Chef')}</w:sdtContent></w:sdt>",
        ],
        "example.org Cook\nChef",
    ),
    "a field's result, not its instruction; a field in a field": (
        [paragraph("On ", field('DATE \\@ "x"', run("1 May")), field("IF ", run("."), inner=field("REF", run("no"))))],
        "On 1 May.",
    ),
    "a table by rows, a nested one": (
        [
            table(["Skill", "Years"], ["Python", "5"]),
            table([f"{paragraph('left')}{table(['a', 'b'])}{paragraph('end')}", "right"]),
        ],
        "Skill | Years\nPython | 5\n\nleft\n\na | b\n\nend\n\nright",
    ),
    "columns of a layout, one below the other": (
        [table([paragraph("Skills") + paragraph("Python"), paragraph("Work") + paragraph("Acme")])],
        "Skills\nPython\n\nWork\nAcme",
    ),
    "rows and cells in controls": (
        ["<w:tbl><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent><w:tc><w:p><w:r><w:t>in</w:t></w:r></w:p></w:tc></w:sdtContent></w:sdt>"
         "</w:tr></w:sdtContent></w:sdt></w:tbl>"],
        "in",
    ),
    "a text box once, behind its paragraph": (
        [paragraph(box(paragraph("Boxed")), "Around"), paragraph("After")],
        "Around Boxed After",
    ),
    "white text in a dark box, cell and line": (
        [
            paragraph(box(paragraph(run("Boxed", WHITE)), fill='<a:solidFill><a:srgbClr val="203040"/></a:solidFill>')),
            table([f"<w:tcPr>{DARK}</w:tcPr>{paragraph(run('Cell', WHITE))}"]),
            paragraph(run("Line", WHITE), properties=DARK),
            paragraph(run("Marked", WHITE + '<w:highlight w:val="black"/>')),
        ],
        "Boxed\n\nCell\n\nLine\nMarked",
    ),
    "a field of mathematics": ([paragraph("<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>")], "x+1"),
    "macros, objects and comments are nothing": (
        [paragraph("Anna", "<w:r><w:object><w:txbxContent><w:p/></w:txbxContent></w:object><w:commentReference w:id=\"1\"/></w:r>")],
        "Anna",
    ),
}  # fmt: skip


# Trouble -> (paragraphs, why a text is not seen, its wording); what is seen is `Nurse`.
_UNSEEN = {
    "a hidden run": (paragraph("Nurse", run(" python", HIDDEN), run(" sql", HIDDEN)), "hidden", "python sql"),
    "a hidden style, which a run may switch off": (
        paragraph("Nurse", run(" a", '<w:rStyle w:val="Gone"/>'), run("", '<w:rStyle w:val="Gone"/><w:vanish w:val="0"/>')),
        "hidden",
        "a",
    ),
    "white": (paragraph("Nurse", run(" python", WHITE)), "white", "python"),
    "nearly white": (paragraph("Nurse", run(" python", '<w:color w:val="F4F4F0"/>')), "white", "python"),
    "white by a theme in a style's style, whatever the written colour says": (
        paragraph("python", properties='<w:pStyle w:val="Pale"/>') + paragraph("Nurse"),
        "white",
        "python",
    ),
    "dark on dark": (paragraph("Nurse") + paragraph(run("python", '<w:color w:val="203040"/>'), properties=DARK), "white", "python"),
    "without opacity": (paragraph("Nurse", run("python", "<w14:textFill><w14:noFill/></w14:textFill>")), "transparent", "python"),
    "letters of one point": (paragraph("Nurse", run("python", '<w:sz w:val="2"/>')), "tiny", "python"),
    "letters squeezed": (paragraph("Nurse", run("python", '<w:w w:val="1"/>')), "tiny", "python"),
    "lines without height": (
        paragraph("Nurse") + paragraph("python", properties='<w:spacing w:line="1" w:lineRule="exact"/>'),
        "clipped",
        "python",
    ),
    "an indent beyond the page": (paragraph("Nurse") + paragraph("python", properties='<w:ind w:left="31000"/>'), "outside", "python"),
    "a frame beside the page": (paragraph("Nurse") + paragraph("python", properties='<w:framePr w:x="-29000"/>'), "outside", "python"),
    "a box beside the page": (paragraph("Nurse", box(paragraph("python"), place=FAR)), "outside", "python"),
    "a box of no width": (paragraph("Nurse", box(paragraph("python"), width=1)), "clipped", "python"),
    "a box that is switched off": (paragraph("Nurse", box(paragraph("python"), place='<wp:docPr hidden="1"/>')), "hidden", "python"),
    "an old box beside the page": (
        paragraph("Nurse", f'<w:r><w:pict><v:rect style="margin-left:-900pt"><v:textbox><w:txbxContent>{paragraph("python")}'
                  "</w:txbxContent></v:textbox></v:rect></w:pict></w:r>"),
        "outside",
        "python",
    ),
    "a hidden row": (
        paragraph("Nurse") + table(["python"]).replace("<w:tr>", "<w:tr><w:trPr><w:hidden/></w:trPr>"),
        "hidden",
        "python",
    ),
    "a row of no height": (
        paragraph("Nurse") + table(["python"]).replace("<w:tr>", '<w:tr><w:trPr><w:trHeight w:val="1" w:hRule="exact"/></w:trPr>'),
        "clipped",
        "python",
    ),
    "a cell under another": (table(["Nurse"], [f"<w:tcPr><w:vMerge/></w:tcPr>{paragraph('python')}"]), "covered", "python"),
}  # fmt: skip


DOCTYPE = '<!DOCTYPE w:document [<!ENTITY who "python">]>'
# Trouble -> (file, the problem).
_REFUSED = {
    "a picture alone": (word_file(paragraph("<w:r><w:drawing><pic:pic/></w:drawing></w:r>")), "its content is a picture"),
    "an entity": (word_file(paragraph("&who;"), declaration=DOCTYPE), "declares a document type"),
    "an entity, in UTF-16": (
        word_file(packed={"word/document.xml": f'<?xml version="1.0" encoding="utf-16"?>{DOCTYPE}<w:document/>'.encode("utf-16")}),
        "declares a document type",
    ),
    "cut off": (word_file(paragraph("Nurse"))[:-200], "damaged"),
    "half an element": (word_file("<w:p>"), "damaged: word/document.xml: mismatched tag"),
    "a ZIP of something else": (word_file(packed={"_rels/.rels": "<Relationships/>"}), "no Word document"),
    "a part that only Word unpacks": (word_file('<w:altChunk r:id="x"/>'), "only Word unpacks"),
    "elements within elements": (word_file("<w:sdt>" * 300 + "</w:sdt>" * 300), "more than 200 elements within each other"),
}  # fmt: skip


CASES = [
    *(Case("DOCX", trouble, "a.docx", lambda body=body: word_file(*body), shown=(text,)) for trouble, (body, text) in _SEEN.items()),
    *(
        Case(
            "DOCX",
            trouble,
            "a.docx",
            lambda body=body: word_file(body, parts={"styles": STYLES, "theme": THEME}),
            ("Nurse",),
            ((words, why),),
        )
        for trouble, (body, why, words) in _UNSEEN.items()
    ),
    *(
        Case("DOCX", trouble, "a.docx", lambda content=content: content, problem=problem)
        for trouble, (content, problem) in _REFUSED.items()
    ),
]
