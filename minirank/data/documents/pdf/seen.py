"""Which text of a page a person sees: the page is drawn with its text and without, and where nothing differs nothing is seen.

Letters in the colour of what lies behind them, clipped, covered, outside the page, without opacity, in a layer that is off or in
invisible mode all look the same so, whatever else a file does to hide them.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ..colours import BLUE, RED_GREEN
from .pieces import PageText, Piece, TextObject

RESOLUTION = 1.5  # pixels a point
MOST_PIXELS = 3_000_000  # of a page: a larger one is drawn smaller
CONTRAST = 1.2  # of two luminances, as WCAG 2 defines it; light grey #e6e6e6 on white has 1.25, black 21
BEHIND = 0.4  # of the pixels behind a piece: a picture behind letters need not differ from them everywhere
INKED = 0.25  # of a piece's columns of pixels; of ordinary letters 0.6 to 0.9 are
INKED_ROWS = 0.5  # of its rows; of ordinary words 0.75 to 1 are, of white ones across a thin line or black ones behind a slit few
READ = 0.2  # of a text's characters: where fewer are seen those are chance, as a short word of white letters across a thin line
LAYERS = 16  # texts over each other that are drawn apart
OVERLAP = 0.02  # of a piece's area
EDGE = 0.4  # points at the ends of a text: neighbours on a line that touch do not overlap
FAINT = 16  # of 255: no opacity

DRAWS_NOTHING = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)

_CHANNEL = np.arange(256) / 255
_LINEAR = np.where(_CHANNEL <= 0.04045, _CHANNEL / 12.92, ((_CHANNEL + 0.055) / 1.055) ** 2.4)
_RED, _GREEN, _BLUE = (np.float32(weight) * _LINEAR.astype(np.float32) for weight in (0.2126, 0.7152, 0.0722))  # luminance, (256,) each


class Sheets:
    """Arrays of the size of a page, used again for the next one: to get new memory takes longer than to draw on it."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, int], dtype: type, value: int) -> np.ndarray:
        """The (rows, columns) array of this name, filled with a value."""
        sheet = self._kept.get(name)
        if sheet is None or sheet.shape != shape:
            sheet = self._kept[name] = np.empty(shape, dtype)
        sheet.fill(value)
        return sheet


SHEETS = Sheets()


class Drawn:
    """A page as it looks with its text and without.

    It is good until the next page is drawn, on the same sheets.

    Attributes:
        seen: for each piece, whether a person sees it.
    """

    def __init__(self, page: pdfium.PdfPage, text: PageText) -> None:
        self._page, self._sheets = page, SHEETS
        self._scale = min(RESOLUTION, (MOST_PIXELS / max(text.width * text.height, 1)) ** 0.5)
        self._shape = max(round(text.height * self._scale), 1), max(round(text.width * self._scale), 1)
        objects = {piece.number: piece.drawn for piece in text.pieces}
        whole = self._picture("whole")
        with _without(objects.values()):
            self._bare = self._picture("bare")
        ink = self._differs("ink", whole, self._bare)
        can_be = [self._can_be_seen(piece) for piece in text.pieces]
        layers = self._layers([piece for piece, can in zip(text.pieces, can_be) if can])
        inks = dict.fromkeys(layers, ink)
        if len(layers) > 1:
            # Where texts overlap, one that is not seen would pass for the one above it: each has to change something of its own.
            for layer, numbers in layers.items():
                with _without(objects[number] for number in numbers):
                    inks[layer] = ink & self._differs("own", whole, self._picture("less"))
        of = {number: inks[layer] for layer, numbers in layers.items() for number in numbers}
        inked = [can and piece.number in of and self._inked(of[piece.number], piece) for piece, can in zip(text.pieces, can_be)]
        whole_text, read = Counter[int](), Counter[int]()
        for piece, there in zip(text.pieces, inked):
            whole_text[piece.number] += len(piece.text)
            read[piece.number] += len(piece.text) * there
        enough = {number for number, count in whole_text.items() if read[number] >= READ * count}
        self.seen = [there and piece.number in enough for piece, there in zip(text.pieces, inked)]

    def _can_be_seen(self, piece: Piece) -> bool:
        """Whether a piece is drawn at all, on the page and in another colour than what is behind."""
        rows, columns = self._pixels(piece.box)
        if piece.drawn.mode in DRAWS_NOTHING or piece.drawn.opacity < FAINT or rows.stop == 0:
            return False
        return any(self._stands_out(colour[:3], rows, columns) for colour in piece.drawn.colours if colour[3] >= FAINT)

    def _stands_out(self, colour: tuple[int, int, int], rows: slice, columns: slice) -> bool:
        """Whether a colour can be told from what is behind: from its middle, else from a good part of it."""
        middle = self._bare[(rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2] if self._holds(rows, columns) else None
        if middle is None or contrasts_colour(colour, tuple(_channels(middle[None])[0].tolist())):
            return True
        part = _channels(self._bare[rows, columns].ravel())
        return bool(len(part)) and bool(contrasts(np.array([colour], np.uint8), part).mean() >= BEHIND)

    def _holds(self, rows: slice, columns: slice) -> bool:
        return (rows.start + rows.stop) // 2 < self._shape[0] and (columns.start + columns.stop) // 2 < self._shape[1]

    def behind(self, piece: Piece) -> tuple[int, int, int]:
        """(red, green, blue) of the middle of what is behind a piece."""
        rows, columns = self._pixels(piece.box)
        part = _channels(self._bare[rows, columns].ravel())
        if not len(part):
            return 255, 255, 255
        red, green, blue = np.median(part, axis=0).astype(int).tolist()
        return red, green, blue

    def _inked(self, ink: np.ndarray, piece: Piece) -> bool:
        part = ink[self._pixels(piece.box)]
        if not part.size:
            return False
        upright = piece.drawn.angle not in (90, 270)
        part = part if upright else part.T
        margin = len(part) // 6  # where neighbours above and below may reach in
        part = part[margin : len(part) - margin]
        if part.any(axis=0).mean() < INKED:
            return False
        signs = not any(letter.isalnum() for letter in piece.text)  # a colon's rows are mostly blank
        return signs or bool(part.any(axis=1).mean() >= INKED_ROWS)

    def _pixels(self, box: tuple[float, float, float, float]) -> tuple[slice, slice]:
        """Rows and columns of a box, one of each at least where it is on the page."""
        left, top, right, bottom = (edge * self._scale for edge in box)
        rows, columns = self._shape
        if right <= 0 or bottom <= 0 or left >= columns or top >= rows:
            return slice(0, 0), slice(0, 0)
        y, x = max(int(top), 0), max(int(left), 0)
        return slice(y, max(int(np.ceil(bottom)), y + 1)), slice(x, max(int(np.ceil(right)), x + 1))

    def _layers(self, pieces: list[Piece]) -> dict[int, set[int]]:
        """Text objects so that those of a layer do not overlap; twice the same text is one. What is above the last layer is in none."""
        layers: dict[int, set[int]] = {0: set()}
        owners = [self._sheets.get("owners", self._shape, np.int32, -1)]
        words: dict[int, str] = {}
        boxes: dict[int, list[tuple[slice, slice]]] = {}
        for piece in pieces:
            words[piece.number] = words.get(piece.number, "") + piece.text
            boxes.setdefault(piece.number, []).append(self._place(piece.box))
        for number, places in boxes.items():
            for layer in range(LAYERS):
                if layer == len(owners):
                    owners.append(np.full(self._shape, -1, np.int32))
                    layers[layer] = set()
                if all(_is_free(owners[layer][place], words, number) for place in places):
                    layers[layer].add(number)
                    for place in places:
                        owners[layer][place] = number
                    break
        return layers

    def _place(self, box: tuple[float, float, float, float]) -> tuple[slice, slice]:
        """Pixels of a box without the ends of its text, and with one more above and below, into which the edges of letters run."""
        left, top, right, bottom = box
        edge, more = min(EDGE, (right - left) / 4), 1 / self._scale
        return self._pixels((left + edge, top - more, right - edge, bottom + more))

    def _picture(self, name: str) -> np.ndarray:
        """(rows, columns) uint32, the colour of every pixel."""
        rows, columns = self._shape
        pixels = self._sheets.get(name, self._shape, np.uint32, 0xFFFFFFFF)
        bitmap = raw.FPDFBitmap_CreateEx(columns, rows, raw.FPDFBitmap_BGRx, pixels.ctypes.data_as(ctypes.c_void_p), columns * 4)
        if not bitmap:
            raise MemoryError
        try:
            raw.FPDF_RenderPageBitmap(bitmap, self._page.raw, 0, 0, columns, rows, 0, raw.FPDF_RENDER_LIMITEDIMAGECACHE)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return pixels

    def _differs(self, name: str, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """(rows, columns) bool, where a person sees two pictures differ."""
        found = self._sheets.get(name, one.shape, bool, False)
        places = np.flatnonzero(one != other)
        found.ravel()[places] = contrasts(_channels(one.ravel()[places]), _channels(other.ravel()[places]))
        return found


def _is_free(owners: np.ndarray, words: Mapping[int, str], number: int) -> bool:
    """Whether a piece of a text object has its place for itself, or shares it with the same text."""
    others = owners[owners >= 0]
    return len(others) <= OVERLAP * owners.size or all(words[other] == words[number] for other in np.unique(others).tolist())


@contextmanager
def _without(objects: Iterable[TextObject]) -> Iterator[None]:
    """Within it the page is drawn without these text objects."""
    handles = [each.handle for each in objects]
    for handle in handles:
        raw.FPDFPageObj_SetIsActive(handle, False)
    yield
    for handle in handles:
        raw.FPDFPageObj_SetIsActive(handle, True)


def _channels(pixels: np.ndarray) -> np.ndarray:
    """(N, 3) uint8, red, green and blue of (N,) pixels."""
    return np.ascontiguousarray(pixels).view(np.uint8).reshape(-1, 4)[:, 2::-1]


def contrasts(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,) bool, whether the eye tells two colours apart; (N, 3) uint8 of red, green and blue."""
    light, dark = (_RED[each[:, 0]] + _GREEN[each[:, 1]] + _BLUE[each[:, 2]] + np.float32(0.05) for each in (one, other))
    ratio = np.maximum(light, dark) / np.minimum(light, dark)
    apart = np.abs(one.astype(np.int16) - other)
    return (ratio >= CONTRAST) | (apart[:, :2].max(axis=1) >= RED_GREEN) | (apart[:, 2] >= BLUE)


@lru_cache(1000)
def contrasts_colour(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether the eye tells two colours apart, each (red, green, blue) of 0 to 255."""
    return bool(contrasts(np.array([one], np.uint8), np.array([other], np.uint8))[0])
