"""Distinct texts of a column: lists without a Python object for each of a million numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np


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

    def __len__(self) -> int:
        return len(self.begins)

    def _text(self, place: int) -> str:
        return self.content[self.begins[place] : self.ends[place]].tobytes().decode()

    def __iter__(self) -> Iterator[str | None]:
        content = self.content.tobytes()
        for place, (begin, end) in enumerate(zip(self.begins.tolist(), self.ends.tolist())):
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
        """Some of them, (V,) bool, of which one is the missing one by now."""
        return Texts(self.content, self.begins[kept], self.ends[kept], missing)

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
        """Some of them, (V,) bool, of which one is the missing one by now."""
        return WrittenNumbers(self.values[kept], missing)

    def numbers(self) -> tuple[np.ndarray, list[int]]:
        """(V,) float64, NaN for the missing one, and the places of those that are not finite."""
        values = self.values.astype(np.float64)
        left = np.flatnonzero(~np.isfinite(values)).tolist()
        if self.missing >= 0:
            values[self.missing] = np.nan
        return values, [place for place in left if place != self.missing]
