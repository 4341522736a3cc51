"""Where Word puts frames, tables and drawings, as far as it tells whether they lie on the page; and what fills a drawing."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ..colours import WHITE, Colour, css_colour
from .look import SMALLEST, Theme, number
from .package import descendant

_POINT = 12_700  # units of a drawing (EMU) to a point
_POINTS = {"in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pc": 12.0, "px": 0.75}  # to a unit


class Page:
    """Width and height of the first page in points, US letter where nothing is said."""

    def __init__(self, section: Element | None) -> None:
        size = None if section is None else section.find("w:pgSz")
        width, height = (0.0, 0.0) if size is None else (number(size.get("w:w")) / 20, number(size.get("w:h")) / 20)
        self.width, self.height = width or 612.0, height or 792.0

    def across(self, left: float, width: float = 0.0) -> bool:
        """Whether something may be seen that begins `left` points from a margin."""
        return -self.width - width < left < self.width

    def down(self, top: float, height: float = 0.0) -> bool:
        """Whether something may be seen that begins `top` points from a margin or a paragraph."""
        return -self.height - height < top < self.height


def frame_outside(properties: Element | None, page: Page) -> bool:
    """Whether a paragraph or a table floats outside the page."""
    frame = None if properties is None else properties.find("w:framePr")
    frame = frame if frame is not None or properties is None else properties.find("w:tblpPr")
    if frame is None:
        return False
    x, y = (number(frame.get(f"w:{axis}") or frame.get(f"w:tblp{axis.upper()}")) / 20 for axis in "xy")
    return not (page.across(x) and page.down(y))


def shape_unseen(element: Element, page: Page) -> str | None:
    """Why an element of a drawing is not seen, by what it says itself; None where it may be."""
    if element.tag in ("wp:anchor", "wp:inline"):
        shown, size = element.find("wp:docPr"), element.find("wp:extent")
        if element.get("hidden") in ("1", "true") or (shown is not None and shown.get("hidden") in ("1", "true")):
            return "hidden"
        width, height = (0.0, 0.0) if size is None else (number(size.get("cx")) / _POINT, number(size.get("cy")) / _POINT)
        if size is not None and min(width, height) < SMALLEST:
            return "clipped"
        across, down = (_offset(element.find(f"wp:position{axis}")) for axis in "HV")
        return None if _on_page(across, width, page.width) and _on_page(down, height, page.height) else "outside"
    if element.tag.startswith("v:") and "style" in element.attrib:
        style = dict(part.strip().lower().split(":", 1) for part in element.attrib["style"].split(";") if ":" in part)
        if style.get("visibility") == "hidden" or style.get("display") == "none":
            return "hidden"
        left, top = (_points(style.get(f"margin-{side}") or style.get(side)) for side in ("left", "top"))
        return None if page.across(left, _points(style.get("width"))) and page.down(top, _points(style.get("height"))) else "outside"
    return None


def _offset(position: Element | None) -> tuple[float, bool] | None:
    """(points, whether from the page's edge) of a drawing's place; None where it is aligned to something."""
    text = None if position is None else position.findtext("wp:posOffset")
    return None if position is None or text is None else (number(text) / _POINT, position.get("relativeFrom") == "page")


def _on_page(offset: tuple[float, bool] | None, length: float, page: float) -> bool:
    if offset is None:
        return True
    begin, from_edge = offset
    return (-length if from_edge else -page - length) < begin < page


def _points(text: str | None) -> float:
    """A length of VML in points; a number alone counts pixels."""
    text = (text or "").strip()
    return number(text) * (_POINTS.get(text[-2:], 1.0) if text[-2:].isalpha() else 0.75)


def shape_fill(element: Element, theme: Theme) -> Colour | None:
    """The colour that a shape has behind its text; None where it has none, or one that nothing says."""
    if element.tag == "wps:wsp":
        shape = element.find("wps:spPr")
        if shape is not None and shape.find("a:noFill") is not None:
            return None
        solid = None if shape is None else shape.find("a:solidFill")
        if solid is not None:
            return theme.drawn(solid)
        gradient = descendant(shape, "a:gradFill", "a:gsLst")
        steps = [] if gradient is None else [theme.drawn(each) for each in gradient]
        known = [colour for colour in steps if colour is not None]
        if known:
            return min(known, key=sum)  # the darkest: some of a white text is seen on it
        reference = descendant(element, "wps:style", "a:fillRef")
        return None if reference is None or reference.get("idx") in (None, "0") else theme.drawn(reference)
    if element.tag in ("v:shape", "v:rect", "v:roundrect", "v:oval") and element.get("filled") not in ("f", "false"):
        found = css_colour(element.get("fillcolor", "").partition(" [")[0])
        return WHITE if found is None else found[0]
    return None
