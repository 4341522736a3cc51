"""The order in which a person reads what stands on a page: columns one after the other, tables row by row.

A gap that runs down between texts of several lines separates columns, or the cells of a table. Where the file writes one side after the
other they are columns, for programs write tables row by row. Where it goes to and fro they are cells if nearly every line on the thinner
side stands beside one on the other and what stands there is short, as skills, levels and dates are; else columns of prose. A sidebar is
short too: it is told by lines beside the middle of a sentence, by headings above lists of its own, and by ending before the other side.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

GAP = 0.9  # em: a wider one within a line separates cells or columns
SAME_LINE = 0.4  # em between the baselines of one line
UNIT = 2.0  # points of page a bit stands for
SHORT = 5.0  # words of a cell
LABELS = 0.5  # share of the lines on the left that end with a colon, as those of a form do
MATCHED = 0.8  # share of a side's lines that stand beside one of the other side
OVERLAP = 0.5  # of the height of the lower side
PARAGRAPH = 1.75  # em between baselines; lines of a paragraph are closer
SAME_SIZE = 0.05  # by how much letters of one paragraph differ in size
AMID = 0.25  # share of a side's lines that stand beside a line in which a sentence goes on
BEYOND = 0.25  # share of a side's lines above and below the other side
LONG = 3.5  # words of a line of prose or of an entry of a list
LEAST_WORDS = 3  # of a line that may go on in the next one: shorter ones are items of a list
CELLS = "  "  # between the cells of a row


@dataclass(frozen=True)
class Span:
    """A text on one line without a wide gap in it, in points from the upper left corner.

    Args:
        left, right: its ends. baseline: where it stands. size: of its letters. text: its words. order: its place in the file.
    """

    left: float
    right: float
    baseline: float
    size: float
    text: str
    order: int


Row = list[Span]  # of one line, from left to right
Arranged = list[tuple[Row, bool | None]]  # rows in reading order; True where something new begins, None where a cell goes on


def in_reading_order(spans: Sequence[Span]) -> str:
    """The text, with blank lines between paragraphs, columns and tables; a line of the page is one of the text, unless it goes on in the
    next one because it is full."""
    parts: list[str] = []
    before: tuple[float, float] | None = None
    arranged = _arranged(_rows(spans), starts=True)
    edges = _right_edges(arranged)
    for number, (row, starts) in enumerate(arranged):
        baseline, size = row[0].baseline, max(span.size for span in row)
        if (
            before is not None
            and starts is not None
            and (starts or not -0.1 * size < baseline - before[0] <= PARAGRAPH * max(size, before[1]))
        ):
            parts.append("")
        if parts and parts[-1] and starts is False and _goes_on(arranged[number - 1][0], row, parts[-1], edges[number]):
            parts[-1] += f" {_line(row)}"
        else:
            parts.append(_line(row))
        before = baseline, size
    return "\n".join(parts)


def _right_edges(arranged: Arranged) -> list[float]:
    """How far to the right the longest line reaches of the column in which each row lies."""
    edges: list[float] = []
    group = 0
    for number in range(1, len(arranged) + 1):
        if number == len(arranged) or arranged[number][1] is not False:
            edges += [max(row[-1].right for row, _ in arranged[group:number])] * (number - group)
            group = number
    return edges


def _goes_on(row: Row, after: Row, text: str, edge: float) -> bool:
    """Whether a line was broken off because the next word had no place: `five years of machine` / `learning`.

    Args:
        row: the line. after: the next one. text: all that goes before `after` in its paragraph. edge: how far their column reaches.
    """
    said, first = _line(row), _line(after)
    word, size = first.partition(" ")[0], row[0].size
    if len(row) > 1 or len(after) > 1 or abs(size - after[0].size) > SAME_SIZE * size or len(said.split()) < LEAST_WORDS or _is_rtl(said):
        return False
    if text.endswith("-") and not text.endswith(" -"):  # a word that was divided
        return False
    goes_on = word[:1].islower() or (word[:1].isdigit() and text[-1].isalpha()) or text.endswith((" -", " \u2013", ",", "/", "&", "|"))
    width = (after[-1].right - after[0].left) * len(word) / max(1, len(first))
    return goes_on and row[-1].right + 0.2 * size + width > edge


def _rows(spans: Sequence[Span]) -> list[Row]:
    """The lines from top to bottom."""
    rows: list[Row] = []
    for span in sorted(spans, key=lambda each: (each.baseline, each.left)):
        if rows and span.baseline - rows[-1][0].baseline <= SAME_LINE * min(span.size, rows[-1][0].size):
            rows[-1].append(span)
        else:
            rows.append([span])
    for row in rows:
        row.sort(key=lambda each: each.left)
    return rows


def _arranged(rows: list[Row], starts: bool = False) -> Arranged:
    """Rows in reading order."""
    band = _band(rows)
    if band is None:
        return [(row, starts and number == 0) for number, row in enumerate(rows)]
    first, last, edge = band
    within = rows[first:last]
    left = [part for row in within if (part := [span for span in row if span.left < edge])]
    right = [part for row in within if (part := [span for span in row if span.left >= edge])]
    if _reads_leftwards(within):
        left, right = right, left
    done = _arranged(rows[:first], starts)
    if _are_cells(left, right):
        done += _by_rows(within, left, right, edge)
    else:
        done += _arranged(left, True) + _arranged(right, True)
    return done + _arranged(rows[last:], True)


def _band(rows: list[Row]) -> tuple[int, int, float] | None:
    """(first, last, x) of the most rows with a gap at x that runs through all of them, with several lines on both of its sides."""
    if sum(len(row) > 1 for row in rows) == 0 and not _staggered(rows):
        return None
    origin = min(row[0].left for row in rows)
    masks = [_mask(row, origin) for row in rows]
    width = max(int(GAP * median(span.size for row in rows for span in row) / UNIT), 2)
    found: list[tuple[int, int, int, int, int]] = []
    for first in range(len(rows)):
        union = 0
        for last in range(first, len(rows)):
            union |= masks[last]
            gap = _widest_gap(union, width)
            if gap is not None and last - first >= 1:
                found.append((first - last, -gap[1], first, last + 1, gap[0] + gap[1]))
    for _, _, first, last, edge in sorted(found):
        x = origin + UNIT * edge - UNIT / 2
        if _beside(rows[first:last], x):
            return first, last, x
    return None


def _staggered(rows: list[Row]) -> bool:
    """Whether rows of one span each may be those of two columns whose lines stand at different heights."""
    return any(one[-1].right < other[0].left or other[-1].right < one[0].left for one, other in pairwise(rows))


def _mask(row: Row, origin: float) -> int:
    """A bit for each unit of the width that the row covers."""
    mask = 0
    for span in row:
        begin = int((span.left - origin) / UNIT)
        end = max(int((span.right - origin) / UNIT) + 1, begin + 1)
        mask |= (1 << end) - (1 << begin)
    return mask


def _widest_gap(mask: int, width: int) -> tuple[int, int] | None:
    """(begin, length) of the widest run of zeros between ones, of `width` bits at least."""
    text = bin(mask)[2:][::-1].strip("0")
    offset = (mask & -mask).bit_length() - 1
    best, at = None, 0
    for run in text.split("1"):
        if len(run) >= width and (best is None or len(run) > best[1]):
            best = offset + at, len(run)
        at += len(run) + 1
    return best


def _beside(rows: list[Row], edge: float) -> bool:
    """Whether lines on both sides of x stand beside each other, several on each."""
    sides: tuple[list[float], list[float]] = ([], [])
    for row in rows:
        for side in {span.left >= edge for span in row}:
            sides[side].append(row[0].baseline)
    if min(map(len, sides)) < 2:
        return False
    (top, bottom), (other_top, other_bottom) = ((side[0], side[-1]) for side in sides)
    common = min(bottom, other_bottom) - max(top, other_top)
    return common >= OVERLAP * min(bottom - top, other_bottom - other_top)


def _are_cells(left: list[Row], right: list[Row]) -> bool:
    """Whether what stands on both sides of a gap are the cells of a table."""
    thin, thick = sorted((left, right), key=len)
    there = {row[0].baseline for row in thick}
    size = median(span.size for row in thin for span in row)
    matched = sum(any(abs(row[0].baseline - other) <= SAME_LINE * size for other in there) for row in thin) / len(thin)
    if matched < MATCHED:
        return False
    if sum(row[-1].text.endswith(":") for row in left) >= LABELS * len(left):
        return True
    if _one_after_other(left, right):
        return False
    words = _words(thin)
    return words <= SHORT and (words < 0.5 or not _is_sidebar(thin, thick, size))  # dots of a list are no sidebar


def _is_sidebar(thin: list[Row], thick: list[Row], size: float) -> bool:
    """Whether the lines of one side have nothing to do with those beside them on the other.

    Args:
        size: of the letters on the thinner side.
    """
    beside = _beside_each(thin, thick, size)
    if _has_lists(thin, thick, beside) or _has_lists(thick, thin, _beside_each(thick, thin, size)):
        return True
    there = [at for at in beside if at is not None]
    firsts = [row[:1] for row in thick]  # of several columns the first
    edge = max(row[0].right for row in firsts)
    amid = sum(at > 0 and _goes_on(firsts[at - 1], firsts[at], _line(firsts[at - 1]), edge) for at in there)
    if amid >= max(2, AMID * len(thin)) and len(thick) > len(thin) + 1:
        return True
    beyond = sum(not thin[0][0].baseline - size <= row[0].baseline <= thin[-1][0].baseline + size for row in thick)
    facts = sum(any(map(str.isdigit, _line(row))) for row in thin)
    close = _is_close(thin, thick)
    return (
        beyond >= max(3, BEYOND * len(thick))
        and len(close) > 1
        and sum(close) >= 0.6 * len(close)
        and facts <= len(thin) / 2
        and median([_words([thick[at]]) for at in there if not _is_heading(thick[at])] or [0.0]) > LONG
    )


def _beside_each(side: list[Row], other: list[Row], size: float) -> list[int | None]:
    """For each line of a side the place of the one beside it, None where there is none."""
    return [
        next((at for at, row in enumerate(other) if abs(row[0].baseline - each[0].baseline) <= SAME_LINE * size), None) for each in side
    ]


def _is_close(side: list[Row], other: list[Row]) -> list[bool]:
    """For each line of a side but the last, whether the next one stands as close below it as lines do on the other side."""
    pitch = median(below[0].baseline - above[0].baseline for above, below in pairwise(other)) if len(other) > 1 else 0.0
    return [below[0].baseline - above[0].baseline <= 1.25 * pitch for above, below in pairwise(side)]


def _has_lists(side: list[Row], other: list[Row], beside: list[int | None]) -> bool:
    """Whether a heading above lines of its own stands on a side, below its first line and beside a line that is no heading."""
    close = [*_is_close(side, other), False]
    headings = [_is_heading(row) for row in side]
    return any(
        at > 0 and heading and close[at] and not headings[at + 1] and beside[at] is not None and not _is_heading(other[beside[at]])
        for at, heading in enumerate(headings)
    )


def _is_heading(row: Row) -> bool:
    """Whether a line is in capitals: `WORK EXPERIENCE`."""
    text = _line(row)
    return text.isupper() and sum(map(str.isalpha, text)) > 3 and not any(map(str.isdigit, text))


def _words(side: list[Row]) -> float:
    """Of a line, on average; dots that lead to a page's number are none."""
    return sum(any(map(str.isalnum, word)) for row in side for span in row for word in span.text.split()) / len(side)


def _one_after_other(left: list[Row], right: list[Row]) -> bool:
    """Whether the file writes one side, then the other."""
    turns = sum(one.side != other.side for one, other in pairwise(_as_written(left, right)))
    return turns <= max(1, min(len(left), len(right)) // 4)


@dataclass(frozen=True)
class _Written:
    side: int  # 0 or 1
    baseline: float


def _as_written(one: list[Row], other: list[Row]) -> list[_Written]:
    """The spans of two sides in the order of the file."""
    spans = [(span.order, side, span.baseline) for side, rows in enumerate((one, other)) for row in rows for span in row]
    return [_Written(side, baseline) for _, side, baseline in sorted(spans)]


def _by_rows(rows: list[Row], left: list[Row], right: list[Row], edge: float) -> Arranged:
    """A table: rows of one line each as they are, those of several lines cell by cell."""
    thin, thick = sorted((left, right), key=len)
    if len(thin) >= MATCHED * len(rows) or _one_after_other(left, right):
        return [(row, number == 0) for number, row in enumerate(rows)]
    written = _as_written(thin, thick)
    # A row of the table begins where the file comes back to the thin side.
    tops = sorted(each.baseline for before, each in pairwise([None, *written]) if each.side == 0 and (before is None or before.side == 1))[
        1:
    ]
    done: Arranged = []
    group: list[Row] = []
    for row in [*rows, None]:
        if group and (row is None or (tops and row[0].baseline >= tops[0] - SAME_LINE * row[0].size)):
            tops = tops[1:]
            done += _cell_by_cell(group, edge, starts=not done)
            group = []
        if row is not None:
            group.append(row)
    return done


def _cell_by_cell(rows: list[Row], edge: float, starts: bool) -> Arranged:
    """A row of a table: its first line across the cells where all but one have a single line, else one cell after the other."""
    sides = [[part for row in rows if (part := [span for span in row if (span.left >= edge) is side])] for side in (False, True)]
    if min(map(len, sides)) <= 1:
        return [(row, starts and number == 0) for number, row in enumerate(rows)]
    one, other = sides[::-1] if _reads_leftwards(rows) else sides
    return _arranged(one, starts) + [(row, begins if number else None) for number, (row, begins) in enumerate(_arranged(other))]


def _line(row: Row) -> str:
    """The text of a row; from right to left where its letters are."""
    if _is_rtl("".join(span.text for span in row)):
        row = row[::-1]
    parts = [row[0].text]
    for before, span in pairwise(row):
        gap = max(span.left - before.right, before.left - span.right)
        parts.append((CELLS if gap > GAP * span.size else " ") + span.text)
    return "".join(parts)


def _reads_leftwards(rows: list[Row]) -> bool:
    return _is_rtl("".join(span.text for row in rows for span in row))


def _is_rtl(text: str) -> bool:
    kinds = [unicodedata.bidirectional(letter) for letter in text if not letter.isascii()]
    return 2 * sum(kind in ("R", "AL") for kind in kinds) > sum(letter.isalpha() for letter in text)
