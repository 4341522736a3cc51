"""Columns of numbers in fewer bytes, without the loss of a bit: what a million rows repeat is written once.

A column of N numbers becomes one of

    constant    the number
    bits        two numbers, and a bit a row
    codes       at most 65,536 numbers, and a place among them a row, of one byte or two
    raw         N numbers

Rows stay in their order and each can be had alone: whoever needs some of them unpacks only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROWS = 4_096  # unpacked at a time: the rows of a table of some hundred columns stay in the cache meanwhile


@dataclass(frozen=True)
class Packed:
    """A column of N numbers of 4 or 8 bytes.

    Args:
        dtype: of the numbers. length: N. kind: see above.
        numbers: the different ones, as `dtype`; of a raw column all. codes: (N,) uint8 or uint16; bits as bytes of eight; else empty.
    """

    dtype: np.dtype
    length: int
    kind: str
    numbers: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Packed:
        """(N,) numbers packed."""
        from minirank.data.kept.pack_kernels import MOST, SLOTS, factorise  # with numba, which a reader has no need of

        values = np.ascontiguousarray(values)
        nothing = np.empty(0, np.uint8)
        whole = values.view(np.int32) if values.itemsize == 4 else _narrow(values)
        if whole is None or not len(values):
            return cls(values.dtype, len(values), "raw", values, nothing)
        codes, numbers = np.empty(len(whole), np.uint16), np.empty(MOST, np.int32)
        count = int(factorise(whole, codes, numbers, np.empty(SLOTS, np.int32)))
        if count < 0:
            return cls(values.dtype, len(values), "raw", values, nothing)
        found = numbers[:count].view(values.dtype) if values.itemsize == 4 else numbers[:count].astype(np.int64) + int(values[0])
        if count <= 2:
            return cls(values.dtype, len(values), ("constant", "bits")[count - 1], found, nothing if count == 1 else np.packbits(codes > 0))
        return cls(values.dtype, len(values), "codes", found, codes.astype(np.uint8) if count <= 256 else codes)

    def rows(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """The numbers of rows first .. last - 1."""
        last = self.length if last is None else min(last, self.length)
        if self.kind == "raw":
            return self.numbers[first:last]
        if self.kind == "constant":
            return np.full(last - first, self.numbers[0], self.dtype)
        if self.kind == "bits":
            begin = first // 8
            bits = np.unpackbits(self.codes[begin : -(-last // 8)])[first - 8 * begin : last - 8 * begin]
            return self.numbers[bits]
        return self.numbers[self.codes[first:last]]


def table(columns: Sequence[Packed], rows: int, dtype: type) -> np.ndarray:
    """(rows, columns) numbers, row by row in memory, as batches are taken from them."""
    made: np.ndarray = np.empty((rows, len(columns)), dtype)
    for first in range(0, rows, ROWS):
        for place, column in enumerate(columns):
            made[first : first + ROWS, place] = column.rows(first, first + ROWS)
    return made


def _narrow(values: np.ndarray) -> np.ndarray | None:
    """Whole numbers of 8 bytes as their distances from the first one, of 4 bytes; None where that is not possible."""
    if values.dtype != np.int64 or not len(values):
        return None
    low, high = int(values.min()) - int(values[0]), int(values.max()) - int(values[0])
    return (values - values[0]).astype(np.int32) if low >= -(2**31) and high < 2**31 else None
