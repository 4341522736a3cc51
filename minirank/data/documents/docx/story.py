"""The walk through a story of Word (its body, a header, a cell, a box): paragraphs, runs, fields, tables, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from ..colours import Colour
from ..lines import Lines
from .look import SMALLEST, is_on, number, paragraph_look, run_look, shade, value, why_unseen
from .package import UNDERSTOOD, descendant
from .place import frame_outside, shape_fill, shape_unseen

if TYPE_CHECKING:
    from .read_docx import Word

_LEFT_OUT = {
    "w:del", "w:moveFrom", "w:delText", "w:instrText", "w:delInstrText", "w:rPr", "w:pPr", "w:tcPr", "w:trPr", "w:tblPr", "w:sdtPr",
    "w:sectPr", "w:rt", "w:object", "w:binData", "w:numberingChange", "w:tblPrEx", "w:customXmlPr", "w:smartTagPr",
}  # fmt: skip
_SIGNS = {"w:tab": "\t", "w:ptab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
NOTES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}


class Walk:
    """A walk through a story, or through a box in it.

    Args:
        word: styles, and where notes go. behind: colour of the page, the cell or the box. why: why all of it is unseen, if it is.
        table: how the table around it sets its runs. where: names the story.
    """

    def __init__(
        self, word: Word, lines: Lines, behind: Colour, why: str | None = None, table: dict[str, Any] | None = None, where: str = ""
    ) -> None:
        self._word, self._lines, self._behind, self._why, self._table, self._where = word, lines, behind, why, table or {}, where
        self._look: dict[str, Any] = {}
        self._line_why: str | None = None
        self._fields: list[bool] = []  # of the fields around: whether their result has begun
        self._boxes: list[str] = []

    def blocks(self, root: Element) -> None:
        """Paragraphs and tables, within whatever wraps them."""
        for each in root:
            if each.tag == "w:p":
                self._paragraph(each)
            elif each.tag == "w:tbl":
                self._table_rows(each)
            elif each.tag == "mc:AlternateContent":
                self.blocks(_alternative(each))
            elif each.tag not in _LEFT_OUT:
                self.blocks(each)

    def _paragraph(self, paragraph: Element) -> None:
        properties, styles, page = paragraph.find("w:pPr"), self._word.styles, self._word.page
        style = value(properties, "w:pStyle") or styles.default
        look = styles.paragraph | styles.paragraphs(style) | paragraph_look(properties, self._word.theme)
        self._look = styles.run | self._table | styles.runs(style)
        if "behind" in look:
            self._look["behind"] = look["behind"]
        line, left = look.get("line"), look.get("left", 0.0)
        outside = not page.across(left) or not page.across(left + look.get("first", 0.0)) or frame_outside(properties, page)
        self._line_why = "clipped" if line is not None and line < SMALLEST else "outside" if outside else None
        if look.get("heading"):
            self._lines.blank()
        if look.get("list") and self._word._numbered:
            self._lines.mark("- ")
        self._boxes = []
        self._inline(paragraph)
        boxes = self._boxes
        joined = properties is not None and descendant(properties, "w:rPr", "w:del") is not None  # its end was deleted
        if joined and not boxes:
            return
        # A paragraph that only holds boxes is no blank line.
        self._lines.end_begun_line() if boxes else self._lines.end_line()
        for text in boxes:
            self._lines.blank()
            self._lines.extend(text)
            self._lines.blank()

    def _inline(self, root: Element) -> None:
        """Runs, within whatever wraps them: links, controls, insertions, fields."""
        for each in root:
            if each.tag == "w:r":
                self._run(each)
            elif each.tag == "m:r":
                self._say("".join(t.text or "" for t in each.iter("m:t")), why_unseen(self._look, self._behind))
            elif each.tag == "mc:AlternateContent":
                self._inline(_alternative(each))
            elif each.tag not in _LEFT_OUT:
                self._inline(each)

    def _run(self, run: Element) -> None:
        properties, styles = run.find("w:rPr"), self._word.styles
        own, style = run_look(properties, self._word.theme), styles.runs(value(properties, "w:rStyle"))
        look = self._look | style | own
        if "hidden" in style and "hidden" not in own:  # styles switch it over, a run sets it
            look["hidden"] = bool(self._look.get("hidden")) != style["hidden"]
        self._run_parts(run, why_unseen(look, self._behind))

    def _run_parts(self, run: Element, why: str | None) -> None:
        for each in run:
            if each.tag == "w:t":
                self._say(each.text or "", why)
            elif each.tag in _SIGNS:
                self._say(_SIGNS[each.tag], why)
            elif each.tag == "w:sym":
                self._say(_symbol(each), why)
            elif each.tag == "w:fldChar":
                self._field(each.get("w:fldCharType"))
            elif each.tag in NOTES:
                self._word.cited[NOTES[each.tag]].append(each.get("w:id", ""))
            elif each.tag in ("w:drawing", "w:pict"):
                self._drawing(each, why if why == "hidden" else None, self._behind)
            elif each.tag == "mc:AlternateContent":
                self._run_parts(_alternative(each), why)
            elif each.tag in ("w:ruby", "w:rubyBase"):
                self._inline(each)

    def _say(self, text: str, why: str | None) -> None:
        if all(self._fields):  # not within a field's instruction
            self._lines.add(text, self._why or why or self._line_why, self._where)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(False)
        elif kind == "separate" and self._fields:
            self._fields[-1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _drawing(self, root: Element, why: str | None, behind: Colour) -> None:
        """The boxes of a drawing, each a text of its own behind the paragraph."""
        for each in root:
            if each.tag == "mc:AlternateContent":
                self._drawing(_alternative(each), why, behind)
            elif each.tag == "w:txbxContent":
                lines = Lines(self._word.hidden)
                Walk(self._word, lines, behind, self._why or why, where=self._where).blocks(each)
                self._boxes.append(lines.text())
            else:
                filled = shape_fill(each, self._word.theme) or behind
                self._drawing(each, why or shape_unseen(each, self._word.page), filled)

    def _table_rows(self, table: Element) -> None:
        """A table row by row: `a | b | c` where every cell is one line, else cell below cell."""
        properties, page = table.find("w:tblPr"), self._word.page
        why = "outside" if frame_outside(properties, page) or not page.across(number(value(properties, "w:tblInd", "w:w")) / 20) else None
        rows = [row for row in _within(table, "w:tr") if descendant(row, "w:trPr", "w:del") is None]
        self._lines.blank()
        for number_of_row, row in enumerate(rows):
            height = descendant(row, "w:trPr", "w:trHeight")
            flat = height is not None and height.get("w:hRule") == "exact" and number(height.get("w:val")) < 20 * SMALLEST
            unseen = self._why or why or ("hidden" if is_on(row.find("w:trPr"), "w:hidden") else "clipped" if flat else None)
            cells = [cell for cell in _within(row, "w:tc") if descendant(cell, "w:tcPr", "w:cellDel") is None]
            texts = [
                self._cell(cell, properties, unseen, _parts_of_table(properties, number_of_row, len(rows), place, len(cells)))
                for place, cell in enumerate(cells)
            ]
            self._lines.row(texts)
        self._lines.blank()

    def _cell(self, cell: Element, table: Element | None, why: str | None, parts: list[str]) -> str:
        properties, styles = cell.find("w:tcPr"), self._word.styles
        merged = None if properties is None else properties.find("w:vMerge")
        if merged is not None and merged.get("w:val", "continue") == "continue":
            why = why or "covered"  # by the cell above that it is merged with
        look = self._table | styles.table(value(table, "w:tblStyle"), parts)
        behind = (look | shade(table, self._word.theme) | shade(properties, self._word.theme)).get("behind", self._behind)
        look.pop("behind", None)
        lines = Lines(self._word.hidden)
        Walk(self._word, lines, behind, why, look, self._where).blocks(cell)
        return lines.text()


def _within(root: Element, tag: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, those within content controls and insertions included."""
    for each in root:
        if each.tag == tag:
            yield each
        elif each.tag == "mc:AlternateContent":
            yield from _within(_alternative(each), tag)
        elif each.tag not in _LEFT_OUT and each.tag not in ("w:tbl", "w:p"):
            yield from _within(each, tag)


def _alternative(element: Element) -> Element:
    """Of content that is there in several forms the one that Word shows: the first that it understands, else the fallback."""
    choices = (each for each in element.findall("mc:Choice") if each.get(UNDERSTOOD))
    found = next(choices, element.find("mc:Fallback"))
    return Element("nothing") if found is None else found


def _parts_of_table(properties: Element | None, row: int, rows: int, place: int, cells: int) -> list[str]:
    """Which parts of a table style a cell lies in, the weakest first."""
    look = None if properties is None else properties.find("w:tblLook")
    if look is None:
        return ["wholeTable"]
    text = look.get("w:val", "0")
    bits = int(text, 16) if len(text) <= 4 and all(c in "0123456789abcdefABCDEF" for c in text) and text else 0

    def asked(name: str, bit: int) -> bool:
        return look.get(f"w:{name}") in ("1", "true", "on") if f"w:{name}" in look.attrib else bool(bits & bit)

    first_row, first_column = asked("firstRow", 0x20), asked("firstColumn", 0x80)
    lies = {
        "wholeTable": True,
        "band1Vert": not asked("noVBand", 0x400) and (place - first_column) % 2 == 0,
        "band2Vert": not asked("noVBand", 0x400) and (place - first_column) % 2 == 1,
        "band1Horz": not asked("noHBand", 0x200) and (row - first_row) % 2 == 0,
        "band2Horz": not asked("noHBand", 0x200) and (row - first_row) % 2 == 1,
        "lastCol": place == cells - 1 and asked("lastColumn", 0x100),
        "firstCol": place == 0 and first_column,
        "lastRow": row == rows - 1 and asked("lastRow", 0x40),
        "firstRow": row == 0 and first_row,
    }
    return [name for name, true in lies.items() if true]


def _symbol(element: Element) -> str:
    """A character of a symbol font, as a bullet where it is one of the font's own."""
    text = element.get("w:char", "")
    code = int(text, 16) if 0 < len(text) <= 5 and all(c in "0123456789abcdefABCDEF" for c in text) else 0x2022
    return "\u2022" if 0xE000 <= code <= 0xF8FF or code < 0x20 or 0xD800 <= code < 0xE000 else chr(code)
