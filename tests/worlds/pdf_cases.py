"""The cases of PDF files."""

import pdf_hidden as hidden_pages
import pdf_pages as pages
from document_cases import Case
from pdf_makers import HIDDEN, RESUME, canvas_bytes, with_hidden
from pdf_pages import LEFT, RIGHT


def drawn(draw, **options):
    return lambda: canvas_bytes(draw, **options)


def pdf(trouble, make, shown=RESUME, hidden=(), **more):
    return Case("PDF", trouble, "resume.pdf", make, tuple(shown), tuple(hidden), **more)


def unseen(trouble, draw, why, **options):
    return pdf(trouble, with_hidden(draw, **options), (*RESUME, "References on request"), [(HIDDEN, why)])


CASES = [
    pdf("one column", drawn(pages.one_column), fields={"title": "Data engineer, Springfield"}),
    pdf("a heading under a letterhead", drawn(pages.letterhead), ("Acme Corp", "Data engineer"), fields={"title": "Data engineer (m/f/d)"}),
    pdf(
        "two columns, drawn line by line",
        drawn(pages.two_columns),
        ("Anna Miller, data", " ".join(LEFT), " ".join(RIGHT), "References are"),
    ),
    pdf(
        "a sidebar", drawn(pages.sidebar), ("CONTACT", "SKILLS Python SQL Spark Docker", "LANGUAGES", "German", "EXPERIENCE", *LEFT, *RIGHT)
    ),
    pdf(
        "short lists beside a text, drawn line by line",
        drawn(pages.short_sidebars),
        (" ".join(pages.SHORT_SIDEBAR), " ".join(LEFT), "LANGUAGES English German"),
    ),
    pdf(
        "dates in a column of their own",
        drawn(pages.date_column),
        ("2019 - 2022 Data engineer, Acme", *LEFT[:2], "2015 - 2018 Nurse", *RIGHT[:3], "2012 - 2014 Clerk"),
    ),
    pdf("a table", drawn(pages.table), (*RESUME[:2], "Skill Years Level", "Python 5 expert", "SQL 7 expert", "Spark 2 advanced")),
    pdf(
        "a table without lines", drawn(pages.table_without_lines), ("Python 5 years expert", "SQL 7 years expert", "Spark 2 years advanced")
    ),
    pdf("two lists beside each other", drawn(pages.two_lists), ("SKILLS Python SQL Spark LANGUAGES English German French",)),
    pdf("Hebrew, a list beside it", drawn(pages.leftwards(pages.HEBREW, ("כישורים", "פייתון"))), (*pages.HEBREW, "כישורים פייתון")),
    pdf("Arabic, a list beside it", drawn(pages.leftwards(pages.ARABIC, ("المهارات", "بايثون"))), (*pages.ARABIC, "المهارات بايثون")),
    pdf("spaced letters", drawn(pages.letter_spaced), ("EXPERIENCE", *RESUME[1:])),
    pdf("a page turned by 90 degrees", pages.rotated),
    pdf("text in a form object", drawn(pages.in_a_form_object), hidden=[(HIDDEN, "white")]),
    pdf("ligatures", pages.ligatures, ("workflow efficiency",)),
    pdf("fields of a form", drawn(pages.form), ("Application", "Name:", "Anna Miller", "Skills:", "Python, SQL")),
    pdf("text boxes, one of them hidden", pages.text_box, (*RESUME, "Open to relocation")),
    pdf("date of its last change", pages.with_dates, fields={"date": "2024-05-01T10:30:00+02:00"}),
    pdf("white letters on a dark band, dark ones on it", drawn(hidden_pages.white_on_blue), hidden=[(HIDDEN, "white")]),
    unseen("white on white", hidden_pages.white, "white"),
    unseen("nearly white on white", hidden_pages.nearly_white, "white"),
    pdf("white within a line", drawn(hidden_pages.white_within_a_line), ("Built pipelines in Python", "and SQL."), [(HIDDEN, "white")]),
    pdf(
        "white below black letters",
        drawn(hidden_pages.white_under_text),
        ("Anna Miller, data engineer of Springfield", *RESUME[2:]),
        [(HIDDEN, "white")],
    ),
    unseen("white letters across a thin line", hidden_pages.across_a_line, "white"),
    unseen("black letters in a slit", hidden_pages.in_a_slit, "covered"),
    unseen("letters of 0.8 points", hidden_pages.tiny, "tiny"),
    unseen("letters made small by a scale", hidden_pages.tiny_by_scale, "tiny"),
    unseen("outside the page", hidden_pages.outside, "outside"),
    pdf("outside the crop box", hidden_pages.cropped, hidden=[(HIDDEN, "outside")]),
    pdf("a crop box beside the page", hidden_pages.cropped_to_nothing, hidden=[(HIDDEN, "outside")]),
    unseen("clipped away", hidden_pages.clipped, "clipped"),
    unseen("invisible mode", hidden_pages.invisible, "invisible"),
    unseen("no opacity", hidden_pages.transparent, "transparent"),
    unseen("under a rectangle", hidden_pages.under_rectangle, "covered"),
    unseen("under a picture", hidden_pages.under_picture, "covered"),
    pdf("a layer that is off", hidden_pages.layer_off, hidden=[(HIDDEN, "layer")]),
    pdf("letters on a picture of the whole page", drawn(pages.on_picture)),
    pdf("a scan with invisible letters of OCR", drawn(pages.scan_with_ocr), (), [(" ".join(RESUME), "ocr")]),
    pdf("the second page is a scan", drawn(pages.second_page_scanned), notes=("page 2 is a picture",)),
    pdf("a scan", drawn(pages.scan), problem="no text: its pages are pictures; run OCR over it first"),
    pdf("an empty page", drawn(lambda canvas: canvas.showPage()), problem="no text in it"),
    pdf("a font without letters", pages.no_letters, problem="its fonts do not say which letters they draw; run OCR over it first"),
    pdf(
        "small letters between the lines, many over each other",
        drawn(hidden_pages.between_the_lines),
        hidden=[(" ".join(word * 9 for word in HIDDEN.split()), "covered")],
    ),
    pdf(
        "small letters that touch those below", drawn(hidden_pages.touching), ("- clickable throw-away",), [("Salesforce, CRM", "covered")]
    ),
    pdf("bold by drawing twice, and a shadow", drawn(pages.drawn_twice), (*RESUME, "Certificates")),
    pdf("light letters that can be seen", drawn(pages.light_but_seen)),
    pdf("yellow letters, outlined ones, white ones on a striped picture", drawn(pages.seen_by_colour), RESUME[:3]),
    pdf("bullets apart from their texts", drawn(pages.bullets), ["\u2022 " * (number % 3 != 2) + text for number, text in enumerate(LEFT)]),
    pdf("words over the end of a line", drawn(pages.hyphens), ("Led the ware-\nhousing team and its Kuber-\nnetes clusters.",)),
    pdf("a word at the side, turned", drawn(pages.sideways), (*RESUME, "Curriculum vitae")),
    pdf("500 pages", drawn(pages.many_pages), ("Page 1 of the file", "Page 250 of the file", "Page 500 of the file")),
    pdf("locked with a password", pages.locked("secret", "owner"), problem="protected by a password; remove the password"),
    pdf("locked for changes alone", pages.locked("", "owner")),
    pdf("cut off in its middle", pages.damaged, problem="damaged"),
    pdf("a page that is none", pages.broken_page, ("Page one", "Page three"), notes=("page 2 is damaged",)),
    pdf("its table of objects elsewhere", pages.wrong_table),
    pdf("an empty file", lambda: b"", problem="the file is empty"),
    pdf("no PDF, for all its name", lambda: b"Anna Miller\n", problem="is no PDF"),
]
