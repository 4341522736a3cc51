"""How a text of Word looks: its size, colours and whether it is shown at all, from defaults, styles, tables and the run itself.

Source: ECMA-376 part 1, 17.7.2 (style hierarchy), 17.3.2 (run properties), 17.7.6 (table styles).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from ..colours import WHITE, Colour, cannot_be_told, css_colour, hex_colour, mixed
from .package import descendant

Look = Mapping[str, Any]  # see `run_look`
SMALLEST = 2.0  # points: smaller letters are dots
MOST_TRANSPARENT = 90  # percent
_OFF = ("0", "false", "off", "none")
_SCHEME = {"background1": "lt1", "text1": "dk1", "background2": "lt2", "text2": "dk2", "light1": "lt1", "dark1": "dk1"} | {
    "light2": "lt2", "dark2": "dk2", "bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2", "hyperlink": "hlink",
    "followedHyperlink": "folHlink",
}  # fmt: skip
_OFFICE = {"lt1": WHITE, "dk1": (0, 0, 0), "lt2": (231, 230, 230), "dk2": (68, 84, 106)}  # where a document has no theme


def value(element: Element | None, tag: str, name: str = "w:val") -> str | None:
    """The attribute of a child, if there is one."""
    child = None if element is None else element.find(tag)
    return None if child is None else child.get(name)


def is_on(element: Element | None, tag: str) -> bool | None:
    """Whether a property is switched on; None where nothing is said."""
    child = None if element is None else element.find(tag)
    return None if child is None else child.get("w:val", "1") not in _OFF


def number(text: str | None) -> float:
    """A measure as a number, `12`, `12pt`, 0 where there is none."""
    m = re.match(r"-?\d+(?:\.\d+)?", text or "")
    return float(m[0]) if m is not None and len(m[0]) < 20 else 0.0


class Theme:
    """The colours that a document gives to names such as `accent1`."""

    def __init__(self, root: Element | None) -> None:
        self._colours: dict[str, Colour] = dict(_OFFICE)
        scheme = None if root is None else descendant(root, "a:themeElements", "a:clrScheme")
        for each in () if scheme is None else scheme:
            colour = hex_colour(value(each, "a:srgbClr", "val") or value(each, "a:sysClr", "lastClr"))
            if colour is not None:
                self._colours[each.tag.removeprefix("a:")] = colour

    def named(self, name: str | None) -> Colour | None:
        """The colour of a name, if it has one."""
        return self._colours.get(_SCHEME.get(name or "", name or ""))

    def of(self, element: Element, colour: str, prefix: str) -> Colour | None:
        """The colour of attributes such as `w:fill`, `w:themeFill`, `w:themeFillTint`; the theme's goes before the written one."""
        base = self.named(element.get(f"w:{prefix}"))
        if base is None:
            return hex_colour(element.get(colour))
        for name, other in ((f"w:{prefix}Tint", WHITE), (f"w:{prefix}Shade", (0, 0, 0))):
            if (share := element.get(name)) is not None and re.fullmatch("[0-9a-fA-F]{1,2}", share):
                base = mixed(base, other, int(share, 16) / 255)
        return base

    def drawn(self, element: Element | None) -> Colour | None:
        """The colour of a `solidFill` or a `fillRef` of a drawing."""
        for each in () if element is None else element:
            kind = each.tag.partition(":")[2]
            if kind == "srgbClr":
                return hex_colour(each.get("val") or each.get("w14:val"))
            if kind == "schemeClr":
                return self.named(each.get("val") or each.get("w14:val"))
            if kind == "sysClr":
                return hex_colour(each.get("lastClr"))
            if kind == "prstClr":
                named = css_colour(each.get("val", ""))
                return None if named is None else named[0]
        return None


def shade(element: Element | None, theme: Theme) -> dict[str, Any]:
    """`behind`, the colour of a `w:shd` or `w:highlight` among an element's children; nothing where there is none."""
    found: dict[str, Any] = {}
    shd = None if element is None else element.find("w:shd")
    if shd is not None and shd.get("w:val") != "nil":
        fill, ink = theme.of(shd, "w:fill", "themeFill"), theme.of(shd, "w:color", "themeColor") or (0, 0, 0)
        pattern = shd.get("w:val", "clear")
        share = 1.0 if pattern == "solid" else number(pattern.removeprefix("pct")) / 100 if pattern.startswith("pct") else 0.0
        if share:
            found["behind"] = mixed(ink, fill or WHITE, min(1.0, share))
        elif fill is not None:
            found["behind"] = fill
    marked = css_colour((value(element, "w:highlight") or "").lower())
    if marked is not None:
        found["behind"] = marked[0]
    return found


def run_look(properties: Element | None, theme: Theme) -> dict[str, Any]:
    """What a `w:rPr` says: hidden (bool), size (points), colour (None: automatic), behind, transparent (percent), squeezed (bool),
    raised (points); only what it says."""
    found = shade(properties, theme)
    if properties is None:
        return found
    marks = [on for tag in ("w:vanish", "w:webHidden") if (on := is_on(properties, tag)) is not None]
    if marks:
        found["hidden"] = any(marks)
    if (size := value(properties, "w:sz")) is not None:
        found["size"] = number(size) / 2
    colour = properties.find("w:color")
    if colour is not None:
        found |= {"colour": theme.of(colour, "w:val", "themeColor"), "transparent": 0.0}
    filled = properties.find("w14:textFill")
    if filled is not None:
        solid = filled.find("w14:solidFill")
        if solid is not None:
            alpha = next((each.get("w14:val") for each in solid.iter("w14:alpha")), None)
            found |= {"colour": theme.drawn(solid), "transparent": number(alpha) / 1000}
        elif filled.find("w14:noFill") is not None:
            found["transparent"] = 100.0
    scale, fit = value(properties, "w:w"), value(properties, "w:fitText")
    if scale is not None or fit is not None:
        found["squeezed"] = number(scale or "100") < 10 or (fit is not None and number(fit) < 20 * SMALLEST)
    if (spacing := value(properties, "w:spacing")) is not None:
        found["spacing"] = number(spacing) / 20
    if (raised := value(properties, "w:position")) is not None:
        found["raised"] = number(raised) / 2
    return found


def paragraph_look(properties: Element | None, theme: Theme) -> dict[str, Any]:
    """What a `w:pPr` says: behind, line (exact height in points, None for any other), left and first (indents in points), list
    (bool), heading (bool)."""
    found = shade(properties, theme)
    if properties is None:
        return found
    spacing, indent, listed = properties.find("w:spacing"), properties.find("w:ind"), properties.find("w:numPr")
    if spacing is not None and spacing.get("w:line") is not None:
        found["line"] = number(spacing.get("w:line")) / 20 if spacing.get("w:lineRule") == "exact" else None
    if indent is not None:
        for name, keys in (("left", ("w:left", "w:start")), ("first", ("w:firstLine",)), ("hanging", ("w:hanging",))):
            if any(key in indent.attrib for key in keys):
                found[name] = number(next(indent.get(key) for key in keys if key in indent.attrib)) / 20
    if listed is not None:
        found["list"] = value(listed, "w:numId") != "0"
    if (outline := value(properties, "w:outlineLvl")) is not None:
        found["heading"] = number(outline) < 9
    return found


class Styles:
    """The styles of a document by their ids, each with what it inherits."""

    def __init__(self, root: Element | None, theme: Theme) -> None:
        self.theme = theme
        self._styles = {} if root is None else {each.get("w:styleId", ""): each for each in root.findall("w:style")}
        self._looks: dict[tuple[str, str], dict[str, Any]] = {}
        defaults = None if root is None else root.find("w:docDefaults")
        self.run = {} if defaults is None else run_look(descendant(defaults, "w:rPrDefault", "w:rPr"), theme)
        self.paragraph = {} if defaults is None else paragraph_look(descendant(defaults, "w:pPrDefault", "w:pPr"), theme)
        self.default = next(
            (key for key, each in self._styles.items() if each.get("w:type") == "paragraph" and each.get("w:default") in ("1", "true")), ""
        )

    def runs(self, style: str | None) -> dict[str, Any]:
        """How a paragraph or character style sets its runs."""
        return self._look(style, "w:rPr")

    def paragraphs(self, style: str | None) -> dict[str, Any]:
        """How a style sets its paragraphs."""
        return self._look(style, "w:pPr")

    def table(self, style: str | None, parts: Iterable[str]) -> dict[str, Any]:
        """How a table style sets the runs of a cell that lies in `parts` of its table, such as `firstRow`."""
        found: dict[str, Any] = {}
        for each in reversed([*self._line_of(style)]):
            for place in (each, *(part for name in parts for part in each.findall("w:tblStylePr") if part.get("w:type") == name)):
                found |= run_look(place.find("w:rPr"), self.theme) | shade(place.find("w:tcPr"), self.theme)
        return found

    def _look(self, style: str | None, tag: str) -> dict[str, Any]:
        key = (style or "", tag)
        if key not in self._looks:
            found: dict[str, Any] = {}
            for each in reversed([*self._line_of(style)]):
                made = run_look if tag == "w:rPr" else paragraph_look
                found |= made(each.find(tag), self.theme)
                name = (value(each, "w:name") or "").lower()
                if tag == "w:pPr" and (name.startswith("heading") or name == "title"):
                    found["heading"] = True
            self._looks[key] = found
        return self._looks[key]

    def _line_of(self, style: str | None) -> Iterator[Element]:
        """A style and those that it is based on."""
        seen: set[str] = set()
        while style is not None and style in self._styles and style not in seen:
            seen.add(style)
            yield self._styles[style]
            style = value(self._styles[style], "w:basedOn")


def why_unseen(look: Look, behind: Colour) -> str | None:
    """Why nobody sees a run, a key of `WHYS`; None where it is seen.

    Args:
        look: of the run, with all that it inherits. behind: the colour of the page, the cell or the box around it.
    """
    size = look.get("size", 10.0)
    if look.get("hidden"):
        return "hidden"
    if size < SMALLEST or look.get("squeezed") or look.get("spacing", 0.0) <= -0.8 * size:
        return "tiny"
    if look.get("transparent", 0.0) >= MOST_TRANSPARENT:
        return "transparent"
    if abs(look.get("raised", 0.0)) > 200:
        return "outside"
    colour = look.get("colour")
    if colour is not None and cannot_be_told(colour, look.get("behind") or behind):
        return "white"
    return None
