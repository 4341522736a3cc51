"""A text after replacements; any span of it can be traced to the text before, and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping


class EditedText:
    """A text in which spans were replaced, in turns; any span of it can be traced to the source.

    Args:
        source: the text before.
        edits: (start, end, replacement), sorted, without overlaps; offsets into the source.

    `text` is the text after all edits.
    """

    def __init__(self, source: str, edits: Iterable[tuple[int, int, str]] = ()) -> None:
        self.source = self.text = source
        self._layers: list[_Layer] = []
        self.edit(edits)

    def edit(self, edits: Iterable[tuple[int, int, str]]) -> None:
        """Replace spans of `text`: (start, end, replacement), sorted, without overlaps."""
        edits = list(edits)
        if edits:
            layer = _Layer(self.text, edits)
            self._layers.append(layer)
            self.text = layer.text

    def translate(self, table: Mapping[int, int]) -> None:
        """Replace characters of `text`, one for one."""
        self.text = self.text.translate(table)

    def cut(self, length: int) -> None:
        """Keep so many characters of `text`."""
        self.text = self.text[:length]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of a span of `text` that is not empty; a replaced piece counts as a whole."""
        for layer in reversed(self._layers):
            start, end = layer.before(start, end)
        return start, end

    def text_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `text` of what became of a span of the source, empty where nothing of it is left."""
        for layer in self._layers:
            start, end = layer.after(start), layer.after(end, begins=False)
        length = len(self.text)
        return min(start, length), min(max(start, end), length)


class _Layer:
    """One turn of replacements."""

    def __init__(self, source: str, edits: list[tuple[int, int, str]]) -> None:
        pieces: list[str] = []
        self._at: list[int] = []  # where a piece begins in `text`
        self._from: list[int] = []  # and in the source
        self._to: list[int | None] = []  # where a replaced piece ends in the source; None for one that is kept
        length = position = 0
        for start, end, replacement in (*edits, (len(source), len(source), "")):
            for piece, begin, finish in ((source[position:start], position, None), (replacement, start, end)):
                if piece:
                    pieces.append(piece)
                    self._at.append(length)
                    self._from.append(begin)
                    self._to.append(finish)
                    length += len(piece)
            position = end
        self.text = "".join(pieces)

    def before(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of a span of the text."""
        first, last = bisect_right(self._at, start) - 1, bisect_right(self._at, end - 1) - 1
        begin = self._from[first] + (0 if self._to[first] is not None else start - self._at[first])
        finish = self._to[last]
        return begin, finish if finish is not None else self._from[last] + end - self._at[last]

    def after(self, position: int, begins: bool = True) -> int:
        """Offset in the text of an offset in the source at which a span begins, or ends."""
        piece = bisect_right(self._from, position if begins else position - 1) - 1
        if piece < 0:
            return 0
        begin = self._at[piece]
        end = self._at[piece + 1] if piece + 1 < len(self._at) else len(self.text)
        finish = self._to[piece]
        if finish is None:
            return min(begin + position - self._from[piece], end)
        return begin if begins and position < finish else end
