"""The text of a page in pieces, as PDFium finds it: what each says, where it stands, and the text object that draws it."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

Handle = Any  # a pointer of PDFium's
LONGEST = 12  # letters of a piece: what is seen or not is decided for each
UNKNOWN = r"\x00-\x08\x0e-\x1f\ue000-\uf8ff\ufffd-\uffff"  # glyphs whose letters the font does not tell, signs of its own among them
LINES = (raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP)  # modes that draw outlines alone
LINED = (raw.FPDF_TEXTRENDERMODE_FILL_STROKE, raw.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP)
FINE = 1000  # PDFium's map from the page to what is shown rounds to whole pixels: so many a point


@dataclass(frozen=True)
class TextObject:
    """What one operator of a page draws: letters of one font, size and colour on one line.

    Args:
        handle: PDFium's. mode: of rendering; 3 draws nothing. colours: (red, green, blue, opacity), 0 to 255, of its filling, of its
            outlines: of what it has.
        baseline: (x, y) of its first letter. size: of its font. angle: degrees, clockwise as it is shown.
        narrow: how many times as wide as high the font is drawn.
    """

    handle: Handle
    mode: int
    colours: tuple[tuple[int, int, int, int], ...]
    baseline: tuple[float, float]
    size: float
    angle: float
    narrow: float

    @property
    def opacity(self) -> int:
        """Of what can be seen best of it, 0 to 255."""
        return max(colour[3] for colour in self.colours)


@dataclass(frozen=True)
class Piece:
    """A word, or a part of one: letters of one text object without a blank, in points from the upper left corner of the page as it is
    shown.

    Args:
        text: its letters. box: left, top, right, bottom. drawn: the text object. number: of that object on the page.
        spaced: whether a blank or a new line stands before it.
    """

    text: str
    box: tuple[float, float, float, float]
    drawn: TextObject
    number: int
    spaced: bool


@dataclass(frozen=True)
class PageText:
    """The pieces of a page in the order of its content.

    Args:
        pieces: all of them. width, height: of the page as it is shown, points.
        unknown: how many glyphs were left out whose letters the font does not tell.
    """

    pieces: list[Piece]
    width: float
    height: float
    unknown: int


def read_pieces(page: pdfium.PdfPage) -> PageText:
    """The text of a page."""
    width, height = page.get_size()
    handle = raw.FPDFText_LoadPage(page.raw)
    try:
        reader = _Reader(handle, Display(page, width, height))
        pieces = list(reader.pieces())
        return PageText(pieces, width, height, reader.unknown)
    finally:
        raw.FPDFText_ClosePage(handle)


class Display:
    """The map from the page's space to points from the upper left corner of what is shown: crop box and rotation are in it."""

    def __init__(self, page: pdfium.PdfPage, width: float, height: float) -> None:
        def shown(x: float, y: float) -> tuple[float, float]:
            column, row = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(page.raw, 0, 0, round(width * FINE), round(height * FINE), 0, x, y, column, row)
            return column.value / FINE, row.value / FINE

        (self._x, self._y), (ax, ay), (bx, by) = shown(0, 0), shown(100, 0), shown(0, 100)
        self._map = (ax - self._x) / 100, (ay - self._y) / 100, (bx - self._x) / 100, (by - self._y) / 100

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point of the page as it is shown."""
        a, b, c, d = self._map
        return self._x + a * x + c * y, self._y + b * x + d * y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of a box of the page as it is shown."""
        (x1, y1), (x2, y2) = self.point(left, bottom), self.point(right, top)
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def angle(self, x: float, y: float) -> float:
        """Degrees, clockwise, of a direction as it is shown; a multiple of 90 where it is close to one."""
        a, b, c, d = self._map
        angle = math.degrees(math.atan2(b * x + d * y, a * x + c * y)) % 360
        quarter = round(angle / 90) * 90
        return quarter % 360 if abs(angle - quarter) < 3 else angle


class _Reader:
    def __init__(self, page: Handle, display: Display) -> None:
        self._page, self._display = page, display
        self._objects: dict[int, tuple[int, TextObject]] = {}
        self._corner = [ctypes.c_double() for _ in range(4)]
        self._corners = [ctypes.byref(each) for each in self._corner]
        self.unknown = 0

    def pieces(self) -> Iterator[Piece]:
        """Words, cut where the text object changes and after `LONGEST` letters."""
        text = self._characters()
        self.unknown = len(re.findall(f"[{UNKNOWN}]", text))
        for word in re.finditer(rf"[^\s{UNKNOWN}]+", text):
            spaced = True
            for first, last, found in self._of_one_object(*word.span()):
                for begin in range(first, last, LONGEST):
                    end = min(begin + LONGEST, last)
                    yield Piece(text[begin:end], self._box(begin, end - 1), found[1], found[0], spaced)
                    spaced = False

    def _characters(self) -> str:
        """A character of text for each of PDFium's, those that it makes up between words included."""
        count = raw.FPDFText_CountChars(self._page)
        buffer = (ctypes.c_ushort * (count + 1))()
        raw.FPDFText_GetText(self._page, 0, count, buffer)
        text = bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
        if len(text) != count or "\ufffd" in text:  # glyphs without letters are not in it
            codes = (raw.FPDFText_GetUnicode(self._page, at) for at in range(count))
            text = "".join(chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd" for code in codes)
        # PDFium has a sign of its own for a hyphen at the end of a line.
        return re.sub("[\x02\ufffe]", lambda found: "-" if raw.FPDFText_IsHyphen(self._page, found.start()) == 1 else found[0], text)

    def _of_one_object(self, begin: int, end: int) -> Iterator[tuple[int, int, tuple[int, TextObject]]]:
        """(begin, end, object) of the parts of a word."""
        first, last = self._object(begin), self._object(end - 1)
        if first is not None and first is last:
            yield begin, end, first
            return
        for _, group in groupby(range(begin, end), lambda at: (self._object(at) or (-1,))[0]):
            part = list(group)
            found = self._object(part[0])
            if found is not None:
                yield part[0], part[-1] + 1, found

    def _object(self, at: int) -> tuple[int, TextObject] | None:
        handle = raw.FPDFText_GetTextObject(self._page, at)
        if not handle:
            return None
        key = ctypes.addressof(handle.contents)
        if key not in self._objects:
            self._objects[key] = len(self._objects), self._text_object(handle, at)
        return self._objects[key]

    def _text_object(self, handle: Handle, at: int) -> TextObject:
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        drawn = [raw.FPDFPageObj_GetFillColor] * (mode not in LINES) + [raw.FPDFPageObj_GetStrokeColor] * (mode in LINES + LINED)
        colours = tuple(self._colour(handle, read) for read in drawn)
        matrix, x, y = raw.FS_MATRIX(), *self._corner[:2]
        raw.FPDFText_GetMatrix(self._page, at, matrix)
        raw.FPDFText_GetCharOrigin(self._page, at, x, y)
        high, wide = math.hypot(matrix.c, matrix.d), math.hypot(matrix.a, matrix.b)
        size = raw.FPDFText_GetFontSize(self._page, at) * high
        angle = self._display.angle(matrix.a, matrix.b) if wide else 0.0
        return TextObject(handle, mode, colours, self._display.point(x.value, y.value), size, angle, wide / high if high else 1.0)

    def _colour(self, handle: Handle, read: Any) -> tuple[int, int, int, int]:
        red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
        known = read(handle, red, green, blue, opacity)
        return (red.value, green.value, blue.value, opacity.value) if known else (0, 0, 0, 255)

    def _box(self, first: int, last: int) -> tuple[float, float, float, float]:
        """Around two characters and all between them."""
        boxes = []
        for at in (first, last):
            raw.FPDFText_GetCharBox(self._page, at, *self._corners)  # left, right, bottom, top
            left, right, bottom, top = (corner.value for corner in self._corner)
            boxes.append(self._display.box(left, bottom, right, top))
        a, b = boxes
        return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
