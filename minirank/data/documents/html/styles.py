"""How an element of a page looks, as far as its own styles and the page's `<style>` rules tell: what inherits, and why it is not seen.

Style sheets elsewhere are not fetched. Of `@media` only what holds for every screen counts, of selectors those that JustHTML matches.

Source: CSS 2.2 (cascade, visual formatting), CSS Color 4, CSS Custom Properties 1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from justhtml import Element, SelectorError, matches

from ..colours import WHITE, Colour, cannot_be_told, css_colour, mixed

SMALLEST = 2.67  # pixels (2 points): smaller letters are dots
FAR = -400.0  # pixels: what lies so far to the left of its place or above it is off the screen
_FONT_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0}
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "vw": 12.8, "vh": 7.2}
# Attributes that pages had before there were styles -> what they set.
_GROUND = (("bgcolor", "background-color"),)
_OLD_ATTRIBUTES = {
    "font": (("color", "color"),),
    "body": (*_GROUND, ("text", "color")),
    **dict.fromkeys(("table", "tr", "td", "th"), _GROUND),
}
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.S)
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([^()]*\)|\b[a-z]+\b")
_CUT = re.compile(r"inset\(\s*(?:100|[5-9]\d)%|circle\(0|polygon\(\s*0(?:px)? 0(?:px)?\s*,?\s*0(?:px)? 0(?:px)?\s*,?\s*0(?:px)? 0(?:px)?\)")
_NUMBER = re.compile(r"(-?\d{0,9}\.?\d+)([a-z%]*)")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_PARTS = re.compile(r"::?[\w-]+(?:\([^()]*\))?|#[\w-]+|\.[\w-]+|\[[^\]]*\]|[\w*-]+")


@dataclass(frozen=True)
class Look:
    """What an element has of its own and of those around it.

    Args:
        why: why nothing within it is seen, a key of `WHYS`. shown: `visibility`. size: of letters, pixels. colour, behind: of text, and
            of what lies behind. opacity: of the text's colour, 0 to 1. indent: of a block's first line, pixels. variables: `--name`.
    """

    why: str | None = None
    shown: bool = True
    size: float = 16.0
    colour: Colour = (0, 0, 0)
    opacity: float = 1.0
    behind: Colour = WHITE
    indent: float = 0.0
    block: bool | None = None
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def unseen(self) -> str | None:
        """Why a text in it is not seen, a key of `WHYS`; None where it is seen."""
        if self.why is not None:
            return self.why
        if not self.shown:
            return "hidden"
        if self.size < SMALLEST:
            return "tiny"
        if self.indent < FAR:
            return "outside"
        if self.opacity < 0.1:
            return "transparent"
        return "white" if cannot_be_told(mixed(self.colour, self.behind, self.opacity), self.behind) else None


@dataclass(frozen=True)
class Rule:
    """A selector with what it sets; rules apply in the order of `rank`, (important, weight, place)."""

    selector: str
    declarations: tuple[tuple[str, str, bool], ...]
    rank: tuple[tuple[int, int, int], int]


class Sheet:
    """The rules of a page's `<style>` elements."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._rules: defaultdict[str, list[Rule]] = defaultdict(list)  # by the tag, .class or #id that the last part names
        for number, (selectors, body) in enumerate(_rules(_COMMENT.sub(" ", "\n".join(texts)))):
            declared = tuple(declarations(body))
            for selector in _split(selectors, ",") if declared else ():
                rule = Rule(selector.strip(), declared, (_weight(selector), number))
                self._rules[_key(rule.selector)].append(rule)

    def style(self, element: Element) -> dict[str, str]:
        """The declared values of an element, its own `style` included."""
        attributes = element.attrs or {}
        old = {name: attributes[key] for key, name in _OLD_ATTRIBUTES.get(element.name, ()) if attributes.get(key)}
        keys = [element.name, "*", *(f".{name}" for name in (attributes.get("class") or "").split()), f"#{attributes.get('id')}"]
        found: list[tuple[tuple, str, str]] = []
        for rule in (rule for key in keys for rule in self._rules.get(key, ())):
            if _matches(element, rule.selector):
                found += [((important, 0, *rule.rank), name, text) for name, text, important in rule.declarations]
        for name, text, important in declarations(attributes.get("style") or ""):
            found.append(((important, 1, (0, 0, 0), 0), name, text))
        return old | {name: text for _, name, text in sorted(found, key=lambda each: each[0])}


def _matches(element: Element, selector: str) -> bool:
    try:
        return matches(element, selector)
    except SelectorError:
        return False


def declarations(text: str) -> Iterator[tuple[str, str, bool]]:
    """(name, value, important) of each declaration, in small letters."""
    for part in _split(_COMMENT.sub(" ", text), ";"):
        name, colon, value = part.partition(":")
        if colon:
            value, important = re.subn(r"!\s*important\s*$", "", _unescaped(value).strip().lower())
            name = _unescaped(name).strip().lower()
            yield name, value.strip(), bool(important)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: m[2] or (chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else ""), text)


def _split(text: str, sign: str) -> list[str]:
    """Parts of a text between signs, those in brackets or quotes left whole."""
    parts, depth, quote, begin = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth = max(0, depth - 1)
        elif char == sign and not depth:
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of each rule; of `@media` and the like those that hold for every screen."""
    at = 0
    while (opened := text.find("{", at)) >= 0:
        before = text[at:opened]
        prelude = before[before.rfind(";") + 1 :].strip()  # behind `@import ...;`
        depth, end = 1, opened + 1
        for end in (m.end() for m in re.compile(r"[{}]").finditer(text, opened + 1)):
            depth += 1 if text[end - 1] == "{" else -1
            if not depth:
                break
        body, at = text[opened + 1 : end - (not depth)], max(end, opened + 1)
        if not prelude.startswith("@"):
            yield prelude, body
        elif re.fullmatch(r"@(?:media\s+(?:all|(?:only\s+)?screen)|layer\b[^;]*|supports\b.*)", prelude.lower(), re.S):
            yield from _rules(body)


def _weight(selector: str) -> tuple[int, int, int]:
    """Specificity: ids; classes, attributes and pseudo-classes; tags."""
    parts = _PARTS.findall(selector)
    ids = sum(part.startswith("#") for part in parts)
    classes = sum(part.startswith((".", "[", ":")) for part in parts)
    return ids, classes, sum(part not in "*" for part in parts) - ids - classes


def _key(selector: str) -> str:
    """What the last part of a selector asks of an element: its #id, .class or tag, else `*`."""
    last = re.split(r"[\s>+~]+(?![^\[(]*[\])])", selector)[-1]
    parts = [part for part in _PARTS.findall(re.sub(r":[\w-]+\([^)]*\)", "", last)) if not part.startswith((":", "["))]
    return min(parts, key=lambda part: "#.".find(part[0]) % 3, default="*") if parts else "*"


def look_of(element: Element, style: dict[str, str], around: Look) -> Look:
    """How an element looks.

    Args:
        style: what is declared for it. around: the look of the element around it.
    """
    variables = around.variables | {name: text for name, text in style.items() if name.startswith("--")}
    if any("var(" in text for text in style.values()):
        style = {name: _resolved(text, variables) for name, text in style.items()}
    size = _font_size(style, around.size)
    colour, opacity = around.colour, around.opacity
    for name in ("color", "-webkit-text-fill-color"):
        if (known := css_colour(style.get(name, ""))) is not None:
            colour, opacity = known
    behind = around.behind
    for name in ("background", "background-color"):
        if (ground := _ground(style.get(name, ""))) is not None:
            behind = mixed(ground[0], around.behind, ground[1])
    shown = {"hidden": False, "collapse": False, "visible": True}.get(style.get("visibility", ""), around.shown)
    indent = _pixels(style["text-indent"], size) if "text-indent" in style else around.indent
    display = style.get("display", "")
    block = None if not display or display == "none" else not display.startswith(("inline", "contents"))
    why = around.why or _why(element, style, size)
    return Look(why, shown, size, colour, opacity, behind, indent, block, variables)


def _resolved(text: str, variables: dict[str, str]) -> str:
    for _ in range(8):  # variables within variables
        if "var(" not in text or len(text) > 1_000:
            break
        text = _VARIABLE.sub(lambda m: variables.get(m[1], (m[2] or "").strip()), text)
    return text


def _why(element: Element, style: dict[str, str], size: float) -> str | None:
    """Why nothing in an element is seen, by what is declared for it alone."""
    attributes = element.attrs or {}
    display = style.get("display", "none" if "hidden" in attributes and attributes["hidden"] != "until-found" else "")
    if display == "none" or style.get("content-visibility") == "hidden":
        return "hidden"
    filters = re.search(r"opacity\(\s*([\d.]+)(%?)", style.get("filter", ""))
    if _share(style.get("opacity", "")) < 0.1 or (filters is not None and float(filters[1]) / (100 if filters[2] else 1) < 0.1):
        return "transparent"
    placed = style.get("position", "") in ("absolute", "fixed")
    if placed or style.get("position") == "relative":
        if any(_pixels(style.get(side, ""), size) < FAR for side in ("left", "top", "right", "bottom")):
            return "outside"
        if placed and _pixels(style.get("left", ""), size) > 20_000:
            return "outside"
    if any(_pixels(style.get(f"margin-{side}", ""), size) < FAR for side in ("left", "top")):
        return "outside"
    moved = style.get("transform", "") + style.get("translate", "") + " scale(" + style.get("scale", "1") + ")"
    if any(_pixels(text, size) < FAR for text in re.findall(r"-\d[\d.]*[a-z]*", moved)):
        return "outside"
    if re.search(r"scale[xy3d]*\(\s*0?(?:\.0\d*)?[,)\s]", moved) or style.get("zoom") == "0":
        return "tiny"
    if placed and re.match(r"rect\(\s*([01](?:px)?)[\s,]+([01](?:px)?)[\s,]+([01](?:px)?)[\s,]+([01](?:px)?)\s*\)", style.get("clip", "")):
        return "clipped"
    cut = style.get("overflow", style.get("overflow-y", "")).startswith(("hidden", "clip"))
    flat = any(name in style and 0 <= _pixels(style[name], size, 99.0) <= 1 for name in ("height", "width", "max-height", "max-width"))
    return "clipped" if _CUT.search(style.get("clip-path", "")) or (cut and flat) else None


def _font_size(style: dict[str, str], around: float) -> float:
    text = style.get("font-size", "")
    if not text and "font" in style:
        text = next((word.partition("/")[0] for word in style["font"].split() if word[:1].isdigit() and not word.isdigit()), "")
        text = text or ("0" if re.search(r"(?:^|\s)0(?:/|\s)", style["font"]) else "")
    if text in _FONT_SIZES:
        return _FONT_SIZES[text]
    return _pixels(text, around, around, percent=around)


@lru_cache(4096)
def _pixels(text: str, size: float, none: float = 0.0, percent: float = 450.0) -> float:
    """A length in pixels.

    Args:
        size: of letters, pixels. none: what a text that is no length counts. percent: what 100 % are; of a place,
            more than `FAR`.
    """
    m = _NUMBER.match(text)
    if m is None:
        return none
    number, unit = float(m[1]), m[2]
    if unit == "%":
        return number * percent / 100
    return number * (size if unit in ("em", "ex", "ch") else 16.0 if unit == "rem" else _PIXELS.get(unit, 1.0))


def _share(text: str) -> float:
    m = _NUMBER.match(text)
    return 1.0 if m is None else float(m[1]) / (100 if m[2] == "%" else 1)


@lru_cache(1024)
def _ground(text: str) -> tuple[Colour, float] | None:
    """(colour, opacity) of a background; of a gradient its darkest, on which some of a white text is seen."""
    known = [found for part in _COLOUR.findall(text) if (found := css_colour(part)) is not None]
    return min(known, key=lambda each: sum(mixed(each[0], WHITE, each[1]))) if known else None
