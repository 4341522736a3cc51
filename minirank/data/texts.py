"""Distinct texts of a column: lists without a Python object for each of a million numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from typing import Self, overload

import numpy as np

DECODED = 2**16  # texts at a time
Put = Callable[[np.ndarray], np.ndarray]


class _Distinct(Sequence[str | None]):
    """Distinct texts, of which one may stand for a missing value, and is None: that at the place `missing`, -1 where there is none."""

    missing: int

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[str | None]: ...
    def __getitem__(self, place: int | slice) -> str | list[str | None] | None:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        return None if place % len(self) == self.missing else self._text(place)

    def __contains__(self, value: object) -> bool:
        return self.missing >= 0 if value is None else any(value == each for each in self)

    def take(self, kept: np.ndarray, missing: int) -> _Distinct:
        """Some of them, (V,) bool, of which one, or with -1 none, is the missing one by now."""
        raise NotImplementedError

    def marked(self, missing: int) -> Self:
        """The same, of which one is the missing one by now."""
        made = copy(self)
        made.missing = missing
        return made

    def _text(self, place: int) -> str:
        """One that is not missing."""
        raise NotImplementedError


class Texts(_Distinct):
    """V distinct texts as bytes of UTF-8; one of them may stand for a missing value, and is None.

    Args:
        content: bytes, with some spare ones behind the last that is used. begins, ends: (V,) int64, of each text in `content`.
        missing: the place of the one that is None, or -1.
    """

    def __init__(self, content: np.ndarray, begins: np.ndarray, ends: np.ndarray, missing: int = -1) -> None:
        self.content, self.begins, self.ends, self.missing = content, begins, ends, missing

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Some distinct texts."""
        parts = [text.encode() for text in texts]
        ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return cls(np.frombuffer(b"".join(parts) + bytes(8), np.uint8), ends[:-1], ends[1:])

    def __len__(self) -> int:
        return len(self.begins)

    def _text(self, place: int) -> str:
        return self.content[self.begins[place] : self.ends[place]].tobytes().decode()

    def __iter__(self) -> Iterator[str | None]:
        for first in range(0, len(self), DECODED):
            begins, ends = self.begins[first : first + DECODED], self.ends[first : first + DECODED]
            start = begins.min()
            content = self.content[start : ends.max()].tobytes()
            for place, (begin, end) in enumerate(zip((begins - start).tolist(), (ends - start).tolist()), first):
                yield None if place == self.missing else content[begin:end].decode()

    def index(self, value: str | None, start: int = 0, stop: int | None = None) -> int:
        """The place of a text, or of the missing one."""
        if value is None and self.missing >= 0:
            return self.missing
        return super().index(value, start, len(self) if stop is None else stop)

    def places(self, texts: frozenset[str]) -> list[int]:
        """Where those of some texts that are there stand, ascending."""
        found = []
        for each in sorted(text.encode() for text in texts):
            alike = np.flatnonzero(self.ends - self.begins == len(each))
            for place, byte in enumerate(each):
                alike = alike[self.content[self.begins[alike] + place] == byte]
            found += alike.tolist()
        return sorted(found)

    def take(self, kept: np.ndarray, missing: int) -> Texts:
        """Some of them."""
        return Texts(self.content, self.begins[kept], self.ends[kept], missing)

    def between(self, first: int, last: int) -> Texts:
        """Those from one place to before another."""
        missing = self.missing - first if first <= self.missing < last else -1
        return Texts(self.content, self.begins[first:last], self.ends[first:last], missing)

    def moved(self, put: Put) -> Texts:
        """The same, of which each array is what a function makes of it."""
        if len(self) and np.shares_memory(self.begins[1:], self.ends[:-1]):  # one text after the other
            offsets = put(np.append(self.begins, self.ends[-1:]))
            return Texts(put(self.content), offsets[:-1], offsets[1:], self.missing)
        return Texts(put(self.content), put(self.begins), put(self.ends), self.missing)

    def numbers(self) -> tuple[np.ndarray, list[int]]:
        """(V,) float64 of the texts that are written as plain numbers, NaN for the others, and the places of these."""
        from minirank.data.csv_kernels import parse_numbers, powers_of_five

        values: np.ndarray = np.empty(len(self))
        left = parse_numbers(self.content, self.begins, self.ends, *powers_of_five(), values.view(np.int64))
        values[left] = np.nan
        if self.missing >= 0:
            values[self.missing] = np.nan
        return values, np.flatnonzero(left).tolist()


class WrittenNumbers(_Distinct):
    """V distinct numbers as `str` writes them; one of them may stand for a missing value, and is None.

    Args:
        values: (V,) numbers of at most 8 bytes. missing: the place of the one that is None, or -1.
    """

    def __init__(self, values: np.ndarray, missing: int = -1) -> None:
        self.values, self.missing = values, missing

    def __len__(self) -> int:
        return len(self.values)

    def _text(self, place: int) -> str:
        return str(self.values[place].item())

    def __iter__(self) -> Iterator[str | None]:
        return (None if place == self.missing else str(value) for place, value in enumerate(self.values.tolist()))

    def places(self, texts: frozenset[str]) -> list[int]:
        """Where those of some texts that are there stand, and the missing one, ascending."""
        found = {self.missing} - {-1}
        for text in texts:
            try:
                alike = np.flatnonzero(self.values == float(text)).tolist()
            except ValueError:
                continue
            found.update(place for place in alike if self[place] == text)
        return sorted(found)

    def take(self, kept: np.ndarray, missing: int) -> WrittenNumbers:
        """Some of them."""
        return WrittenNumbers(self.values[kept], missing)

    def between(self, first: int, last: int) -> WrittenNumbers:
        """Those from one place to before another."""
        return WrittenNumbers(self.values[first:last], self.missing - first if first <= self.missing < last else -1)

    def moved(self, put: Put) -> WrittenNumbers:
        """The same, of which each array is what a function makes of it."""
        return WrittenNumbers(put(self.values), self.missing)

    def numbers(self) -> tuple[np.ndarray, list[int]]:
        """(V,) float64, NaN for the missing one, and the places of those that are not finite."""
        values = self.values.astype(np.float64)
        left = np.flatnonzero(~np.isfinite(values)).tolist()
        if self.missing >= 0:
            values[self.missing] = np.nan
        return values, [place for place in left if place != self.missing]


def chosen(values: Sequence[str | None], kept: np.ndarray) -> list[str | None]:
    """Those of some values, (V,) bool, that are wanted."""
    if isinstance(values, _Distinct):
        missing = values.missing
        return list(values.take(kept, int(kept[:missing].sum()) if missing >= 0 and kept[missing] else -1))
    return [values[place] for place in np.flatnonzero(kept).tolist()]
