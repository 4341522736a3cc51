"""Pictures as SVG, of plain arrays: lines, bars with intervals, a heat map.

A picture is an element for a page's HTML; `sheet` makes a file of some. Colours are attributes, which a page's style sheet
overrides by class (`s0` .. `s5` the series, `cell`, `grid`, `axis`, `soft`, `mark`), so that dark mode and print need no second
picture; text is in currentColor. Series differ in dashes and markers too. All lengths are units of the viewBox, whose width is
about that of a phone in CSS pixels: nothing shrinks there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TypeAlias

from ..terminal import columns as text_columns
from ..terminal import cut, printable
from .markup import escape, figure
from .series import Axis, Numbers, Series

WIDTH, HEIGHT = 340, 180  # of `lines` and `bars`; of the plot of lines
NAMES = 0.44 * WIDTH  # room for the names of bars and of rows
FONT = 12
LETTER = 0.58 * FONT  # width of a letter, above the mean of common fonts
LINE = 16  # height of a line of text
COLORS = ("#1f6fc4", "#c8500f", "#0a7657", "#6a2a86", "#5a3e00", "#2a3038")  # 4.5 : 1 and more on white, told apart by the colour-blind
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 4")
MARKERS = ("m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "m-4-4h8v8h-8z", "m0-5l5 9h-10z", "m0-5l5 5-5 5-5-5z", "m0 5l5-9h-10z", "m-5-2h10v4h-10z")
MANY = 25  # points above which a line has no markers, and a band in place of whiskers
GRID, AXIS = (f'class="{name}" color="{color}" stroke="currentColor"' for name, color in (("grid", "#dfe2e6"), ("axis", "#6b7480")))
WHISKER, MARK = 'stroke="currentColor" stroke-width="1.25"', 'class="mark" color="#c01c5d" stroke="currentColor" stroke-width="3"'
Names: TypeAlias = Sequence[str]


def lines(
    name: str,
    title: str,
    description: str,
    series: Sequence[Series],
    *,
    x_label: str = "",
    y_label: str = "",
    log: str = "",
    mark: tuple[float, str] | None = None,
) -> str:
    """Curves; an interval is a whisker at each of a few points, a band along many.

    Args:
        name: of the picture among those of its page: letters, digits and dashes.
        title, description: read to those who do not see it.
        log: "x", "y" or "xy": the logarithmic axes, on which values of 0 and below are gaps.
        mark: a place on the x axis and its label.
    """
    points = [[[math.nan if axis in log and v <= 0 else v for v, axis in zip(p, "xyyy")] for p in each.points()] for each in series]
    shown = [p for each in points for p in each if not math.isnan(p[0] + p[1])]
    if not shown:
        return _empty(name, title, description)
    across = Axis.over([p[0] for p in shown] + ([mark[0]] if mark else []), "x" in log)
    up = Axis.over([v for p in shown for v in p[1:]], "y" in log)
    top = 8 + LINE * (bool(y_label) + bool(mark))
    left, right, bottom = 8 + max((_width(label) for _, label in up.ticks())), WIDTH - 16, top + HEIGHT

    parts = [_text(0, FONT, y_label, soft=True)]
    for value, label in up.ticks():
        y = up.place(value, bottom, top)
        parts += [_line(left, y, right, y, GRID), _text(left - 6, y + 4, label, "end", soft=True)]
    parts.append(_line(left, bottom, right, bottom, AXIS))
    for value, label in across.ticks(whole=all(p[0] == round(p[0]) for p in shown)):
        x = across.place(value, left, right)
        beside = min(x, WIDTH - _width(label) / 2)
        parts += [_line(x, bottom, x, bottom + 4, AXIS), _text(beside, bottom + LINE, label, "middle", soft=True)]
    if mark:
        x = across.place(mark[0], left, right)
        half = _width(mark[1]) / 2
        beside = min(max(x, half), WIDTH - half)
        parts += [_line(x, top, x, bottom, f'{AXIS} stroke-dasharray="2 3"'), _text(beside, top - 6, mark[1], "middle", soft=True)]
    for number, each in enumerate(series):
        placed = [[across.place(p[0], left, right), *(up.place(v, bottom, top) for v in p[1:])] for p in points[number]]
        told = [f"{each.name}: {figure(p[1])}{_interval(p)} at {figure(p[0])}" for p in points[number]]
        parts += _curve(number, each.plain, placed, told)
    sample = [[x, 0, math.nan, math.nan] for x in (0, 22)]
    entries = [(each.name, "".join(_curve(number, each.plain, sample, ["", ""]))) for number, each in enumerate(series)]
    return _finished(name, title, description, parts, (left + right) / 2, bottom, x_label, entries if len(series) > 1 else [])


def bars(
    name: str,
    title: str,
    description: str,
    groups: Names,
    series: Sequence[Series],
    *,
    x_label: str = "",
    start: float = 0.0,
    compared: str = "",
    form: str = "",
) -> str:
    """Bars from left to right, those of a group side by side, with whiskers as intervals and the value in figures.

    Args:
        name, title, description: as for `lines`.
        groups: their names, from top to bottom.
        series: one value for each group.
        start: where bars begin, such as 0.5 for an AUC.
        compared: what `Series.compared` is, in the legend.
        form: of the numbers, such as "{:.0f}".
    """
    points = [each.points() for each in series]
    if not groups or not series:
        return _empty(name, title, description)
    axis = Axis.over([start, *(v for each in points for p in each for v in p[1:])])
    names = [_cut(group, NAMES) for group in groups]
    values = [["–" if math.isnan(p[1]) else form.format(p[1]) if form else figure(p[1]) for p in each] for each in points]
    left = max(24.0, 8 + max(map(_width, names)))
    right = WIDTH - 14 - max(_width(text) for each in values for text in each)
    thick = 16 if len(series) == 1 else 13
    top, step = 4, thick * len(series) + 12
    bottom = top + step * len(groups)

    parts = []
    for value, label in axis.ticks(4):
        x = axis.place(value, left, right)
        parts += [_line(x, top, x, bottom, GRID), _text(x, bottom + LINE, label, "middle", soft=True)]
    zero = axis.place(start, left, right)
    for row, group in enumerate(groups):
        middle = top + step * (row + 0.5)
        parts.append(_text(left - 8, middle + 4, names[row], "end", tip=group))
        for number, each in enumerate(points):
            y, p = middle + thick * (number - (len(series) - 1) / 2), each[row]
            x, low, high, mark = (axis.place(v, left, right) for v in p[1:])
            told = f"{group}, {series[number].name}: {values[number][row]}{_interval(p)}"
            parts.append(_text(WIDTH, y + 4, values[number][row], "end"))
            if not math.isnan(x):
                place = f'x="{_n(min(zero, x))}" y="{_n(y - thick / 2 + 1)}" width="{_n(abs(x - zero))}" height="{thick - 2}" rx="1"'
                parts.append(f'<rect {place} {_color(number)} fill-opacity="0.8">{_tip(told)}</rect>')
            if not math.isnan(low + high):
                parts += [_line(low, y, high, y, WHISKER), *(_line(end, y - 3, end, y + 3, WHISKER) for end in (low, high))]
            if not math.isnan(mark):
                parts.append(_line(mark, y - thick / 2, mark, y + thick / 2, MARK, f"{group}, {compared}: {figure(p[4])}"))
    parts.append(_line(zero, top, zero, bottom, AXIS))
    box = '<rect x="4" y="-6" width="14" height="12" {}/>'
    entries = [(each.name, box.format(_color(number))) for number, each in enumerate(series) if len(series) > 1]
    entries += [(compared, _line(11, -7, 11, 7, MARK))] if any(each.compared for each in series) else []
    entries += [("95 % interval", _line(2, 0, 20, 0, WHISKER))] if any(each.low for each in series) else []
    return _finished(name, title, description, parts, (left + right) / 2, bottom, x_label, entries)


def heat_map(
    name: str,
    title: str,
    description: str,
    rows: Names,
    columns: Names,
    values: Sequence[Numbers],
    *,
    form: str = "{:.2f}",
    high: float | None = None,
) -> str:
    """A table whose cells are the darker, the larger their number is, and so light that it can be read on all of them.

    Args:
        name, title, description: as for `lines`.
        values: len(rows) lists of len(columns).
        form: of the numbers.
        high: the value from which on a cell is darkest; by default the largest. The lightest is 0.
    """
    if not rows or not columns:
        return _empty(name, title, description)
    cells = [[p[1] for p in Series("", row).points()] for row in values]
    high = high or max((v for row in cells for v in row if v > 0), default=1.0)
    names = [_cut(row, NAMES) for row in rows]
    left = 8 + max(map(_width, names))
    wide = max((WIDTH - left) / len(columns), 38.0)
    tall, top = 30, LINE + 4
    parts = [_text(left + wide * (c + 0.5), LINE - 2, _cut(text, wide), "middle", soft=True, tip=text) for c, text in enumerate(columns)]
    for row, text in enumerate(rows):
        y = top + tall * row
        parts.append(_text(left - 8, y + tall / 2 + 4, names[row], "end", tip=text))
        for column, value in enumerate(cells[row]):
            shown, tint = ("–", 0.0) if math.isnan(value) else (form.format(value), 0.03 + 0.5 * min(max(value / high, 0.0), 1.0))
            place = f'x="{_n(left + wide * column + 1)}" y="{y + 1}" width="{_n(wide - 2)}" height="{tall - 2}" rx="3"'
            told = _tip(f"{text}, {columns[column]}: {shown}")
            parts.append(f'<rect {place} class="cell" color="{COLORS[0]}" fill-opacity="{_n(tint, 3)}">{told}</rect>')
            parts.append(_text(left + wide * (column + 0.5), y + tall / 2 + 4, shown, "middle"))
    return _picture(name, title, description, top + tall * len(rows) + 2, parts, left + wide * len(columns))


def sheet(title: str, pictures: Sequence[tuple[str, str]], across: int = 2) -> str:
    """An SVG file of several pictures, each under its heading.

    Args:
        title: of all. pictures: (heading, what `lines`, `bars` or `heat_map` gave). across: how many stand side by side.
    """
    sizes = [tuple(map(float, re.findall(r'viewBox="0 0 (\S+) (\S+)"', picture)[0])) for _, picture in pictures]
    wide, tall = (max((size[axis] for size in sizes), default=0.0) + 32 for axis in (0, 1))
    width, height = wide * min(across, max(len(pictures), 1)) + 16, 32 + tall * math.ceil(len(pictures) / across)
    parts = [f'<rect width="{_n(width)}" height="{_n(height)}" fill="#fff"/>', _text(16, 22, title, bold=True)]
    for number, ((heading, picture), size) in enumerate(zip(pictures, sizes)):
        x, y = 16 + wide * (number % across), 32 + tall * (number // across)
        place = f'<svg x="{_n(x)}" y="{_n(y + 20)}" width="{_n(size[0])}" height="{_n(size[1])}" '
        parts += [_text(x, y + FONT, heading, bold=True), picture.replace("<svg ", place, 1)]
    return _picture("sheet", title, "; ".join(heading for heading, _ in pictures), height, parts, width) + "\n"


def _curve(number: int, plain: bool, points: list[list[float]], told: list[str]) -> list[str]:
    """The line through [x, y, low, high, ...] in units, broken at NaN, with intervals and markers."""
    stroke = AXIS if plain else f'{_color(number)} stroke="currentColor"'
    found = [(p, text) for p, text in zip(points, told) if not math.isnan(p[0] + p[1])]
    framed = [p for p, _ in found if not math.isnan(p[2] + p[3])]
    if len(framed) > MANY:
        corners = [(p[0], p[3]) for p in framed] + [(p[0], p[2]) for p in reversed(framed)]
        parts = [f'<path d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in corners)}z" {_color(number)} fill-opacity="0.18"/>']
    else:
        parts = [_line(p[0], p[2], p[0], p[3], stroke) for p in framed]
    path, pen = "", "M"
    for p in points:
        gap = math.isnan(p[0] + p[1])
        path, pen = (path, "M") if gap else (f"{path}{pen}{_n(p[0])} {_n(p[1])}", "L")
    dash = "" if plain or number % 6 == 0 else f' stroke-dasharray="{DASHES[number % 6]}"'
    parts.append(f'<path d="{path}" fill="none" {stroke} stroke-width="{1 if plain else 2}"{dash}/>')
    if not plain and len(found) <= MANY:
        shape = MARKERS[number % 6]
        parts += [f'<path d="M{_n(p[0])} {_n(p[1])}{shape}" {_color(number)}>{_tip(text)}</path>' for p, text in found]
    return parts


def _finished(
    name: str, title: str, description: str, parts: list[str], middle: float, y: float, x_label: str, entries: list[tuple[str, str]]
) -> str:
    """The picture with what lies below its plot: the label of the x axis and the legend, as many entries in a line as there is room for."""
    y += 2 * LINE if x_label else LINE
    parts.append(_text(middle, y, x_label, "middle", soft=True))
    x = float(WIDTH)
    for text, sample in entries:
        text = _cut(text, WIDTH - 35)
        if x + 35 + _width(text) > WIDTH:
            x, y = 0.0, y + LINE + 4
        parts.append(f'<g transform="translate({_n(x + 5)} {_n(y)})">{sample}{_text(30, 4, text)}</g>')
        x += 48 + _width(text)
    return _picture(name, title, description, y + 10, parts)


def _picture(name: str, title: str, description: str, height: float, parts: list[str], width: float = WIDTH) -> str:
    labels = f'role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {_n(width)} {_n(height)}"'
    look = f'fill="currentColor" font-family="system-ui, sans-serif" font-size="{FONT}"'
    names = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {labels} {look}>{names}{"".join(parts)}</svg>'


def _empty(name: str, title: str, description: str) -> str:
    return _picture(name, title, description, 2 * LINE, [_text(WIDTH / 2, LINE, "nothing to show", "middle", soft=True)])


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, tip: str = "") -> str:
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" {stroke}>{_tip(tip)}</line>'


def _text(x: float, y: float, text: str, anchor: str = "start", *, soft: bool = False, bold: bool = False, tip: str = "") -> str:
    """A line of text; `tip` is what stands there in full, where that is more."""
    look = ('class="soft" color="#59636e" ' if soft else "") + (' font-weight="600"' if bold else "")
    more = _tip(tip) if tip != text else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" {look}>{escape(text)}{more}</text>' if text else ""


def _color(number: int) -> str:
    return f'class="s{number % 6}" color="{COLORS[number % 6]}"'


def _interval(point: Sequence[float]) -> str:
    return "" if math.isnan(point[2] + point[3]) else f" ({figure(point[2])} to {figure(point[3])})"


def _tip(text: str) -> str:
    """Shown when pointed at."""
    return f"<title>{escape(text)}</title>" if text else ""


def _width(text: str) -> float:
    return LETTER * text_columns(printable(text))


def _cut(text: str, width: float) -> str:
    text, letters = printable(text), int(width / LETTER)
    return text if text_columns(text) <= letters else cut(text, letters - 1) + "…"


def _n(value: float, digits: int = 1) -> str:
    """A coordinate in as few characters as it takes."""
    return f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".")
