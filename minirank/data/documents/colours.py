"""Colours as documents write them, and whether a text can be told from what lies behind it."""

from __future__ import annotations

import re

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
LEAST_CONTRAST = 1.25  # #eeeeee on white has 1.16, the palest grey that people use for text, #d9d9d9, 1.41
# Of 255: what differs so in red or green, or so in blue, to which the eye is duller, is told apart even where it is as light.
RED_GREEN, BLUE = 64, 160  # yellow on white differs by 255 in blue, #ffff99 by 102

# Names of CSS that pages use for text and what lies behind it; an unknown one is no colour, and hides nothing.
_NAMED = {
    "white": "ffffff", "snow": "fffafa", "ivory": "fffff0", "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "mintcream": "f5fffa",
    "azure": "f0ffff", "aliceblue": "f0f8ff", "whitesmoke": "f5f5f5", "seashell": "fff5ee", "honeydew": "f0fff0", "lightyellow": "ffffe0",
    "beige": "f5f5dc", "linen": "faf0e6", "lavender": "e6e6fa", "gainsboro": "dcdcdc", "lightgray": "d3d3d3",
    "lightgrey": "d3d3d3", "silver": "c0c0c0", "darkgray": "a9a9a9", "gray": "808080", "grey": "808080", "dimgray": "696969",
    "black": "000000", "navy": "000080", "darkblue": "00008b", "blue": "0000ff", "teal": "008080", "aqua": "00ffff", "cyan": "00ffff",
    "green": "008000", "darkgreen": "006400", "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "orange": "ffa500",
    "red": "ff0000", "darkred": "8b0000", "maroon": "800000", "purple": "800080", "fuchsia": "ff00ff", "magenta": "ff00ff",
    "darkyellow": "808000", "darkmagenta": "800080", "darkcyan": "008080", "brown": "a52a2a", "pink": "ffc0cb", "tomato": "ff6347",
    "steelblue": "4682b4", "royalblue": "4169e1", "slategray": "708090", "darkslategray": "2f4f4f", "midnightblue": "191970",
}  # fmt: skip
_RGB = re.compile(r"rgba?\(\s*([\d.]+%?)[\s,]+([\d.]+%?)[\s,]+([\d.]+%?)(?:[\s,/]+([\d.]+%?))?\s*\)")
_HSL = re.compile(r"hsla?\(\s*([\d.]+)(?:deg)?[\s,]+([\d.]+)%[\s,]+([\d.]+)%(?:[\s,/]+([\d.]+%?))?\s*\)")


def hex_colour(text: str | None) -> Colour | None:
    """`FFFFFF`, `#fff` or `#ffffffff` as (red, green, blue), 0 to 255; None of all else."""
    digits = (text or "").strip().lstrip("#")
    if len(digits) in (3, 4):
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in (6, 8) or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return None
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def css_colour(text: str) -> tuple[Colour, float] | None:
    """(colour, opacity from 0 to 1) of a colour of CSS; None of what is none, or is not known."""
    text = text.strip().lower()
    if text == "transparent":
        return WHITE, 0.0
    if text.startswith("#"):
        colour = hex_colour(text)
        digits = len(text) - 1
        opacity = int(text[-1] * 2, 16) / 255 if digits == 4 else int(text[-2:], 16) / 255 if digits == 8 else 1.0
        return None if colour is None else (colour, opacity)
    if (m := _RGB.match(text)) is not None:
        return (_channel(m[1]), _channel(m[2]), _channel(m[3])), _share(m[4])
    if (m := _HSL.match(text)) is not None:
        return _from_hsl(float(m[1]), float(m[2]) / 100, float(m[3]) / 100), _share(m[4])
    named = hex_colour(_NAMED.get(text))
    return None if named is None else (named, 1.0)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of one colour over another."""
    red, green, blue = (round(share * a + (1 - share) * b) for a, b in zip(one, other))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two colours, from 1 (the same) to 21 (black on white).

    Source: WCAG 2.2, contrast ratio.
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def cannot_be_told(text: Colour, behind: Colour) -> bool:
    """Whether nobody can tell a text of one colour from another behind it."""
    red, green, blue = (abs(one - other) for one, other in zip(text, behind))
    return contrast(text, behind) < LEAST_CONTRAST and max(red, green) < RED_GREEN and blue < BLUE


def _luminance(colour: Colour) -> float:
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (value / 255 for value in colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channel(text: str) -> int:
    value = float(text.rstrip("%"))
    return min(255, round(value * 2.55 if text.endswith("%") else value))


def _share(text: str | None) -> float:
    return 1.0 if text is None else min(1.0, float(text.rstrip("%")) / (100 if text.endswith("%") else 1))


def _from_hsl(hue: float, saturation: float, lightness: float) -> Colour:
    """Source: CSS Color 4, hsl to rgb."""

    def channel(n: int) -> int:
        k = (n + hue / 30) % 12
        return round(255 * (lightness - saturation * min(lightness, 1 - lightness) * max(-1, min(k - 3, 9 - k, 1))))

    return channel(0), channel(8), channel(4)
