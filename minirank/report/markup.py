"""HTML by function calls: every text is escaped, unless a function of this module made it.

element("p", "a < b", class_="soft")     ->  <p class="soft">a &lt; b</p>
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as escape_markup

from ..terminal import printable

EMPTY = ("br", "meta", "col")  # elements without an end
PERCENT = re.compile(r"(?<=\d) %")
NUMBER = re.compile(r"[–+−-]?$|[–+−-]?[\d.]")


class Html(str):
    """Markup that is finished."""

    __slots__ = ()


def escape(text: object) -> Html:
    """A text for markup: what has a meaning there is quoted, what nobody can see is shown; `Html` stays as it is.

    A percent sign does not leave its number at the end of a line.
    """
    return text if isinstance(text, Html) else Html(PERCENT.sub("\u00a0%", escape_markup(printable(str(text)))))


def join(parts: Iterable[object]) -> Html:
    """Parts one after the other."""
    return Html("".join(map(escape, parts)))


def element(tag: str, *children: object, **attributes: object) -> Html:
    """An element; of an attribute's name the last `_` is dropped, others are dashes; None and False leave it out, "" and True are empty."""
    shown = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None and value is not False)
    head = "".join(f" {name}" if value is True else f' {name}="{escape(value)}"' for name, value in shown)
    return Html(f"<{tag}{head}>" if tag in EMPTY else f"<{tag}{head}>{join(children)}</{tag}>")


def figure(value: float | None) -> str:
    """A number as people read it: three digits behind the point, `–` for None and NaN."""
    if value is None or value != value:
        return "–"
    if value == round(value) and abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.3f}" if 0.01 <= abs(value) < 1000 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """Such as `12 %`; below 10 with one digit more."""
    if share is None or share != share:
        return "–"
    return f"{100 * share:.0f} %" if not 0 < abs(share) < 0.0995 else f"{100 * share:.1f} %"


def listed(names: Sequence[object]) -> str:
    """Such as `a, b and c`."""
    words = [str(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def table(name: str, caption: str, columns: Sequence[object], rows: Sequence[Sequence[object]]) -> Html:
    """A table in a box that scrolls where it is too wide; the first cell of a row is its heading, columns of numbers stand at the right.

    Args:
        name: of the table among those of the page.
    """
    numeric = [all(NUMBER.match(str(row[column])) for row in rows) for column in range(len(columns))]
    right = ["n" if number else None for number in numeric]
    head = [element("th", text, scope="col", class_=side) for text, side in zip(columns, right)]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", class_=right[0]),
            *(element("td", cell, class_=side) for cell, side in zip(row[1:], right[1:], strict=True)),
        )
        for row in rows
    ]
    title = element("caption", element("span", caption, id=f"{name}-caption"))
    whole = element("table", title, element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_labelledby=f"{name}-caption")


def picture(title: str, svg: str, note: object = "") -> Html:
    """A picture under its title; note: what to see in it."""
    width = float(svg.split('viewBox="0 0 ', 1)[1].split(" ", 1)[0])
    wide, drawn = width > 400, Html(svg)
    if wide:  # as wide as its units, not shrunk until nobody can read it
        drawn = Html(svg.replace("<svg ", f'<svg width="{width:g}" ', 1))
        drawn = element("div", drawn, class_="scroll", tabindex="0", role="group", aria_label=title)
    below = [element("p", note, class_="note")] if note else []
    return element("figure", element("figcaption", title), drawn, *below, class_="broad" if wide else None)


def more(summary: str, *children: object, paper: bool = False) -> Html:
    """What is there for who wants it, closed at first; paper: printed all the same."""
    return element("details", element("summary", summary), *children, class_="paper" if paper else None)


def facts(pairs: Iterable[tuple[object, object, object]]) -> Html:
    """A list of (name, value, note)."""
    rows = []
    for name, value, note in pairs:
        told = [element("span", note, class_="note")] if note else []
        rows.append(element("div", element("dt", name), element("dd", value, *told, dir="auto")))
    return element("dl", *rows, class_="facts")
