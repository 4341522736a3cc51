"""The pages of the cases of PDF files: texts as resumes have them; what hides text is in pdf_hidden.py."""

import re

from pdf_makers import HIDDEN, RESUME, by_hand, canvas_bytes, lines, picture, rewritten, striped, text_at

LEFT = (
    "Pipelines that ran every night in Python and",
    "loaded forty sources into one warehouse, with",
    "tests of every table and a page that showed",
    "which of them were late and by how much.",
    "The team of four was led for two years, and",
    "every release went out on a Thursday at noon.",
)
RIGHT = (
    "Before that three years in a hospital, where",
    "forms on paper became records that could be",
    "searched, and nobody lost a single letter.",
    "Nurses wrote the questions, and the answers",
    "came within a second on machines of 2009.",
    "The system is still in use in two of the wards.",
)


def one_column(canvas):
    canvas.setTitle("Data engineer, Springfield")
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(72, 740, "Data engineer, Springfield")
    lines(canvas, RESUME)


def letterhead(canvas):
    canvas.setTitle("Microsoft Word - final2.docx")
    lines(canvas, ["Acme Corp, 12 Main Street, Springfield"], size=9)
    lines(canvas, ["Data engineer (m/f/d)"], y=680, size=18)
    lines(canvas, LEFT, y=650)


def two_columns(canvas):
    """Drawn line by line across both columns, as some printer drivers do."""
    lines(canvas, ["Anna Miller, data engineer and once a nurse, with a line that goes across the whole page of the resume"])
    for number, (left, right) in enumerate(zip(LEFT, RIGHT)):
        lines(canvas, [left], x=72, y=680 - 14 * number)
        lines(canvas, [right], x=320, y=680 - 14 * number)
    lines(canvas, ["References are given on request, as are certificates and the names of all who led the teams named above"], y=560)


SHORT_SIDEBAR = ("SKILLS", "Python", "SQL", "Spark")


def short_sidebars(canvas):
    """Short lists on both sides of the text, at its heights and drawn line by line."""
    for number in range(len(LEFT)):
        for x, column in ((40, SHORT_SIDEBAR), (130, LEFT), (430, ("LANGUAGES", "English", "German"))):
            lines(canvas, column[number : number + 1], x=x, y=700 - 14 * number)


def sidebar(canvas):
    """A narrow column of headings and lists beside a wide one, with other distances between the lines."""
    lines(canvas, ["CONTACT", "Springfield", "", "SKILLS", "Python", "SQL", "Spark", "Docker", "", "LANGUAGES", "English", "German"], x=40)
    main = ["EXPERIENCE", "Data engineer, Acme, 2019 - 2022", *LEFT, "Nurse, General Hospital, 2015 - 2018", *RIGHT]
    lines(canvas, main, x=190, y=718, leading=13)


def date_column(canvas):
    """Dates in a narrow column, each at the first line of what happened then."""
    entries = (
        ("2019 - 2022", ("Data engineer, Acme", *LEFT[:2])),
        ("2015 - 2018", ("Nurse, General Hospital", *RIGHT[:3])),
        ("2012 - 2014", ("Clerk",)),
    )
    y = 700
    for date, texts in entries:
        lines(canvas, [date], x=72, y=y)
        lines(canvas, texts, x=170, y=y)
        y -= 14 * len(texts) + 8


def table(canvas):
    from reportlab.platypus import Table

    rows = [["Skill", "Years", "Level"], ["Python", "5", "expert"], ["SQL", "7", "expert"], ["Spark", "2", "advanced"]]
    made = Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, "black")])
    made.wrapOn(canvas, 400, 400)
    lines(canvas, RESUME[:2])
    made.drawOn(canvas, 72, 580)


def table_without_lines(canvas):
    rows = (("Python", "5 years", "expert"), ("SQL", "7 years", "expert"), ("Spark", "2 years", "advanced"))
    for number, row in enumerate(rows):
        for x, cell in zip((72, 200, 330), row):
            lines(canvas, [cell], x=x, y=700 - 14 * number)


def two_lists(canvas):
    """Beside each other, line by line at the same heights, one written after the other."""
    lines(canvas, ("SKILLS", "Python", "SQL", "Spark"))
    lines(canvas, ("LANGUAGES", "English", "German", "French"), x=320)


def letter_spaced(canvas):
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 720, "EXPERIENCE", charSpace=4)
    lines(canvas, RESUME[1:], y=690)


def rotated():
    """Drawn from below to above, on a page that is shown turned to the right."""

    def upwards(canvas):
        canvas.translate(612, 0)
        canvas.rotate(90)
        lines(canvas, RESUME, y=500)

    return rewritten(canvas_bytes(upwards), lambda writer: writer.pages[0].rotate(90))


def on_picture(canvas):
    canvas.drawImage(picture(colour=(200, 220, 240)), 0, 0, 612, 792)
    lines(canvas, RESUME)


def scan(canvas):
    canvas.drawImage(picture(612, 792, noise=True), 0, 0, 612, 792)


def scan_with_ocr(canvas):
    scan(canvas)
    made = canvas.beginText(72, 720)
    made.setTextRenderMode(3)
    made.textLines("\n".join(RESUME))
    canvas.drawText(made)


def second_page_scanned(canvas):
    lines(canvas, RESUME)
    canvas.showPage()
    scan(canvas)


def form(canvas):
    lines(canvas, ["Application", "Name:", "Skills:"], leading=40)
    for name, value, y in (("name", "Anna Miller", 670), ("skills", "Python, SQL", 630)):
        canvas.acroForm.textfield(name=name, value=value, x=140, y=y, width=200, height=20, fontSize=10)


def text_box():
    """A free text annotation with its appearance, and one that is marked as hidden."""
    import pypdf
    from pypdf.annotations import FreeText
    from pypdf.generic import NameObject, NumberObject

    def add(writer: pypdf.PdfWriter):
        for text, rect, flags in (("Open to relocation", (72, 480, 300, 500), 4), (HIDDEN, (72, 400, 300, 420), 2)):
            made = writer.add_annotation(0, FreeText(text=text, rect=rect, font_size="10pt"))
            look = pypdf.generic.StreamObject()
            look.set_data(b"BT /Helv 10 Tf 2 6 Td (" + text.encode() + b") Tj ET")
            font = pypdf.generic.DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Font"),
                    NameObject("/Subtype"): NameObject("/Type1"),
                    NameObject("/BaseFont"): NameObject("/Helvetica"),
                }
            )
            fonts = pypdf.generic.DictionaryObject({NameObject("/Helv"): font})
            look.update(
                {
                    NameObject("/Type"): NameObject("/XObject"),
                    NameObject("/Subtype"): NameObject("/Form"),
                    NameObject("/BBox"): pypdf.generic.ArrayObject([NumberObject(0), NumberObject(0), NumberObject(228), NumberObject(20)]),
                    NameObject("/Resources"): pypdf.generic.DictionaryObject({NameObject("/Font"): fonts}),
                }
            )
            made[NameObject("/AP")] = pypdf.generic.DictionaryObject({NameObject("/N"): writer._add_object(look)})
            made[NameObject("/F")] = NumberObject(flags)

    return rewritten(canvas_bytes(lambda canvas: lines(canvas, RESUME)), add)


def drawn_twice(canvas):
    """Bold letters as some programs make them: the same once more, a little to the right; and a shadow."""
    lines(canvas, RESUME)
    lines(canvas, RESUME[:1], x=72.3)
    canvas.setFillColorRGB(0.6, 0.6, 0.6)
    lines(canvas, ["Certificates"], x=73, y=499)
    canvas.setFillColorRGB(0, 0, 0)
    lines(canvas, ["Certificates"], y=500)


def light_but_seen(canvas):
    canvas.setFillColorRGB(0.8, 0.8, 0.8)
    lines(canvas, RESUME[:1])
    canvas.setFillColorRGB(0.95, 0.55, 0.1)
    lines(canvas, RESUME[1:2], y=700, size=6)
    canvas.setFillColorRGB(0.55, 0.55, 0.55)
    lines(canvas, RESUME[2:], y=680, size=5)


def seen_by_colour(canvas):
    """Yellow, which is nearly as light as the page, white letters with black outlines, and white ones on a striped picture."""
    canvas.setFillColorRGB(1, 1, 0)
    lines(canvas, RESUME[:1], y=720)
    canvas.setFillColorRGB(1, 1, 1)
    outlined = canvas.beginText(72, 690)
    outlined.setFont("Helvetica", 20)
    outlined.setTextRenderMode(2)
    outlined.textLine(RESUME[1])
    canvas.drawText(outlined)
    canvas.drawImage(striped(), 0, 640, 612, 40)
    lines(canvas, RESUME[2:3], y=655)


HEBREW = ("דנה כהן", "מהנדסת נתונים בחברה גדולה", "ניסיון של 7 שנים ב Python ו SQL", "2015 - 2019 אקמה, תל אביב")
ARABIC = ("ليلى حداد", "مهندسة بيانات في شركة كبيرة", "خبرة 7 سنوات في Python و SQL", "2015 - 2019 أكمي، القاهرة")


def leftwards(texts, side):
    """Lines from right to left as programs draw them, glyph by glyph from the left; a list to the left of them, which is read last."""

    def draw(canvas):
        import matplotlib
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.ttfonts import TTFont

        pdfmetrics.registerFont(TTFont("DejaVu", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
        canvas.setFont("DejaVu", 11)
        for x, column in ((540, texts), (200, side)):
            for number, text in enumerate(column):
                canvas.drawRightString(x, 720 - 16 * number, "".join(reversed(re.findall(r"[A-Za-z]+|\d+|.", text))))

    return draw


def bullets(canvas):
    """Dots apart from their texts, of which some go on over a second line."""
    for number, text in enumerate(LEFT):
        if number % 3 != 2:
            lines(canvas, ["\u2022"], y=700 - 14 * number)
        lines(canvas, [text], x=96, y=700 - 14 * number)


def hyphens(canvas):
    lines(canvas, ["Led the ware-", "housing team and its Kuber-", "netes clusters."])


def sideways(canvas):
    lines(canvas, RESUME)
    canvas.translate(40, 300)
    canvas.rotate(90)
    lines(canvas, ["Curriculum vitae"], x=0, y=0)


def in_a_form_object(canvas):
    """Text in a form object that the page draws, white text in it included."""
    canvas.beginForm("letter")
    lines(canvas, RESUME)
    canvas.setFillColorRGB(1, 1, 1)
    lines(canvas, [HIDDEN], y=500)
    canvas.endForm()
    canvas.doForm("letter")


def ligatures():
    """The letters fi and fl as one glyph each."""
    content = b"BT /F2 10 Tf 72 720 Td (work\x02ow ef\x01ciency) Tj ET\n"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding << /Type /Encoding /Differences [1 /fi /fl] >> >>"
    return by_hand([content], fonts=b"/F2 5 0 R", objects=[font])


def no_letters():
    """A font that does not say which letters its glyphs are."""
    shape = b"<< /Length 37 >>\nstream\n600 0 0 0 500 500 d1 0 0 400 400 re f\nendstream"
    font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 500] /FontMatrix [.001 0 0 .001 0 0] /CharProcs << /g1 5 0 R /g2 5 0 R >>"
    font += b" /Encoding << /Type /Encoding /Differences [1 /g1 /g2] >> /FirstChar 1 /LastChar 2 /Widths [600 600] /Resources << >> >>"
    content = b"BT /F2 10 Tf 72 720 Td (\x01\x02\x01\x01\x02\x01\x02\x02\x01\x01\x02\x01\x02\x02\x01\x01\x02\x01\x02\x02) Tj ET\n"
    return by_hand([content], fonts=b"/F2 6 0 R", objects=[shape, font])


def many_pages(canvas):
    for number in range(500):
        lines(canvas, [f"Page {number + 1} of the file", LEFT[number % 6]])
        canvas.showPage()


def locked(password: str, owner: str):
    def lock(writer):
        writer.encrypt(password, owner, algorithm="AES-256")

    return lambda: rewritten(canvas_bytes(lambda canvas: lines(canvas, RESUME)), lock)


def damaged():
    content = canvas_bytes(lambda canvas: lines(canvas, RESUME))
    return content[: len(content) // 2]


def wrong_table():
    """The table of objects does not lie where the file says, as after an edit by hand."""
    content = canvas_bytes(lambda canvas: lines(canvas, RESUME))
    return re.sub(rb"startxref\n\d+", b"startxref\n7", content)


def broken_page():
    """The second of three pages names something that is no page."""
    content = by_hand([text_at(72, 720, f"Page {word}") for word in ("one", "two", "three")])
    return content.replace(b"/Kids [5 0 R 7 0 R 9 0 R]", b"/Kids [5 0 R 3 0 R 9 0 R]")


def dated(canvas):
    lines(canvas, RESUME)


def with_dates():
    def date(writer):
        writer.add_metadata({"/ModDate": "D:20240501103000+02'00'", "/CreationDate": "D:20230401"})

    return rewritten(canvas_bytes(dated), date)
