"""One resume in many layouts: the same words as a file of Word, a page, a PDF file and JSON, as people lay them out.

Needs pip install -e ".[documents-test]".
"""

import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

_CAREER = re.compile(r"(?P<position>.+), (?P<name>[^,]+), (?P<startDate>\w{3} \d{4}) - (?P<endDate>\w{3} \d{4}|present)$")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True)
class Block:
    """A part of a resume: its heading, if it has one, and its lines; `- ` begins a point of a list."""

    heading: str | None
    lines: list[str]


def blocks_of(text: str) -> list[Block]:
    """The parts of a simulated resume: blank lines separate them, a short first line without punctuation is a heading."""
    blocks = []
    for number, part in enumerate(text.split("\n\n")):
        first, *rest = part.split("\n")
        headed = number and rest and len(first.split()) <= 6 and not re.search(r"[.,;:|@\d]", first)
        blocks.append(Block(first, rest) if headed else Block(None, [first, *rest]))
    return blocks


def aside(blocks: list[Block]) -> tuple[list[Block], list[Block]]:
    """What stands in the narrow column, and what in the wide one: who the person is and short parts here, the longest parts there."""
    narrow = [block for number, block in enumerate(blocks) if number == 0 or (block.heading and max(map(len, block.lines)) < 60)]
    return narrow, [block for block in blocks if block not in narrow]


# Word


def _paragraphs(place, blocks, document) -> None:
    """Blocks as paragraphs of a document, a cell or a header."""
    for block in blocks:
        if block.heading:
            place.add_paragraph(block.heading, style=document.styles["Heading 1"])
        for line in block.lines:
            point = line.startswith("- ")
            place.add_paragraph(line.removeprefix("- "), style=document.styles["List Bullet" if point else "Normal"])


def _word(fill: Callable) -> Callable[[str], bytes]:
    def make(text: str) -> bytes:
        import docx

        document, stream = docx.Document(), io.BytesIO()
        fill(document, blocks_of(text))
        document.save(stream)
        return stream.getvalue()

    return make


def _word_headed(document, blocks) -> None:
    """Who the person is stands in the header of the page."""
    _paragraphs(document.sections[0].header, blocks[:1], document)
    _paragraphs(document, blocks[1:], document)


def _word_columns(document, blocks) -> None:
    """A table of one row without lines, as templates have it."""
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    for cell, part in zip(cells, aside(blocks)):
        _paragraphs(cell, part, document)


def _word_rows(document, blocks) -> None:
    """A table: the heading on the left, what stands below it on the right."""
    table = document.add_table(rows=0, cols=2)
    for block in blocks:
        cells = table.add_row().cells
        cells[0].text = block.heading or ""
        _paragraphs(cells[1], [Block(None, block.lines)], document)


def _word_box(document, blocks) -> None:
    """The narrow part in a text box that hangs on the first paragraph."""
    from docx.oxml import parse_xml
    from word_files import SPACES, box, paragraph

    narrow, wide = aside(blocks)
    lines = [line for block in narrow for line in [block.heading, *block.lines] if line]
    made = box(*(paragraph(html.escape(line)) for line in lines))
    document.add_paragraph()._p.append(parse_xml(made.replace("<w:r>", f"<w:r {SPACES}>", 1)))
    _paragraphs(document, wide, document)


# Pages


def _section(block: Block, tag: str) -> str:
    made, points = [f"<{tag}>{html.escape(block.heading)}</{tag}>"] if block.heading else [], []
    for line in [*block.lines, ""]:
        if line.startswith("- "):
            points.append(f"<li>{html.escape(line[2:])}")
            continue
        made += [f"<ul>{''.join(points)}</ul>"] * bool(points) + ([f"<p>{html.escape(line)}</p>"] if line else [])
        points = []
    return "".join(made)


def _page(body: str, style: str = "") -> bytes:
    return f"<!doctype html><html><head><meta charset=utf-8><title>Resume</title><style>{style}</style></head><body>{body}".encode()


def _page_paragraphs(text: str) -> bytes:
    return _page("".join(f"<section>{_section(block, 'h2')}</section>" for block in blocks_of(text)))


def _page_columns(text: str) -> bytes:
    columns = ("".join(_section(block, "h3") for block in part) for part in aside(blocks_of(text)))
    style = ".page{display:flex} .column:first-child{background:#203040;color:#fff;width:30%}"
    return _page(f"<div class=page>{''.join(f'<div class=column>{column}</div>' for column in columns)}</div>", style)


def _page_breaks(text: str) -> bytes:
    return _page(html.escape(text).replace("\n", "<br>\n"))


def _page_table(text: str) -> bytes:
    rows = (f"<tr><th>{html.escape(block.heading or '')}<td>{_section(Block(None, block.lines), 'b')}" for block in blocks_of(text))
    return _page(f"<table>{''.join(rows)}</table>")


# PDF


def _pdf(columns: bool) -> Callable[[str], bytes]:
    def make(text: str) -> bytes:
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.styles import getSampleStyleSheet
        from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, PageTemplate, Paragraph, Spacer

        styles, stream, blocks = getSampleStyleSheet(), io.BytesIO(), blocks_of(text)
        edges = ((50, 150), (220, 325)) if columns else ((50, 495),)
        document = BaseDocTemplate(stream, pagesize=A4, invariant=1)
        document.addPageTemplates(PageTemplate(frames=[Frame(x, 40, width, 760) for x, width in edges]))
        story: list = []
        for part in aside(blocks) if columns else (blocks,):
            for block in part:
                story += [Paragraph(html.escape(block.heading), styles["Heading2"])] if block.heading else []
                for line in block.lines:
                    point = line.startswith("- ")
                    words = html.escape(line.removeprefix("- "))
                    story.append(Paragraph(words, styles["Bullet" if point else "Normal"], bulletText="\u2022" if point else None))
                story.append(Spacer(1, 10))
            story.append(FrameBreak())
        document.build(story[:-1])
        return stream.getvalue()

    return make


# JSON Resume


def _json(text: str) -> bytes:
    """Each part where the schema has a place for it, which its lines tell, not its heading; all else in the summary."""
    who, *rest = blocks_of(text)
    lines = re.split(r"\n| \| ", "\n".join(who.lines[:3]))
    made: dict = {"basics": {"name": lines[0], "email": lines[1], "location": {"city": lines[2]}}}
    made |= {"work": [], "education": [], "skills": []}
    summary = list(who.lines[1:] if "|" in who.lines[0] else who.lines[3:])
    for block in rest:
        if any(_CAREER.match(line) for line in block.lines):
            _work(block, made["work"])
        elif block.heading and len(block.lines) == 1 and re.search(r"[,;]", block.lines[0]) and len(block.lines[0]) > 100:
            made["skills"].append({"name": "", "keywords": re.split("[,;] ", block.lines[0])})
        elif block.heading and len(block.lines) == 1:
            *what, school = block.lines[0].split(", ")
            made["education"].append({"studyType": what[0] if what else "", "area": ", ".join(what[1:]), "institution": school})
        elif block.heading and all(len(line) < 90 and not line.endswith(".") for line in block.lines):
            made["skills"] += [{"name": line} for line in block.lines]
        else:
            summary += block.lines
    made["basics"]["summary"] = "\n".join(summary)
    return json.dumps({key: value for key, value in made.items() if value}).encode()


def _work(block: Block, work: list[dict]) -> None:
    for line in block.lines:
        m = _CAREER.match(line)
        if m is not None:
            dates = {name: _iso(m[name]) for name in ("startDate", "endDate") if m[name] != "present"}
            work.append({"position": m["position"], "name": m["name"], "highlights": []} | dates)
        elif work:
            work[-1]["highlights"].append(line.removeprefix("- "))


def _iso(month: str) -> str:
    name, year = month.split()
    return f"{year}-{_MONTHS.index(name) + 1:02}"


# Format -> layout -> text to the bytes of a file.
LAYOUTS: dict[str, dict[str, Callable[[str], bytes]]] = {
    ".docx": {
        "paragraphs": _word(lambda document, blocks: _paragraphs(document, blocks, document)),
        "a header with the name": _word(_word_headed),
        "two columns in a table": _word(_word_columns),
        "rows of a table": _word(_word_rows),
        "a text box": _word(_word_box),
    },
    ".html": {
        "sections": _page_paragraphs,
        "two columns, one dark": _page_columns,
        "lines with breaks": _page_breaks,
        "rows of a table": _page_table,
    },
    ".pdf": {"one column": _pdf(False), "two columns": _pdf(True)},
    ".json": {"JSON Resume": _json},
    ".txt": {"text": str.encode},
}
