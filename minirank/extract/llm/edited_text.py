"""A text after replacements, each span of which can be traced to the text before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class EditedText:
    """A text in which spans were replaced; any span of it can be traced to the source.

    Args:
        source: the text before.
        edits: (start, end, replacement), sorted, without overlaps; offsets into the source.

    `text` is the text after.
    """

    def __init__(self, source: str, edits: Iterable[tuple[int, int, str]]) -> None:
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

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of a span of `text` that is not empty; a replaced piece counts as a whole."""
        first, last = bisect_right(self._at, start) - 1, bisect_right(self._at, end - 1) - 1
        begin = self._from[first] + (0 if self._to[first] is not None else start - self._at[first])
        finish = self._to[last]
        return begin, finish if finish is not None else self._from[last] + end - self._at[last]
