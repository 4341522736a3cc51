"""Arrays that are made part by part, so that of what a row takes on the way there is never more than a part in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

CHUNK = 1 << 15  # rows at a time, so that the work stays in the cache; another number may change the last bits of truth.npz
Empty = Callable[..., np.ndarray]  # such as np.empty and Scratch.empty: (shape, dtype) -> an array to be written to


def parts(size: int, length: int = CHUNK) -> list[slice]:
    """0 .. size - 1 in slices of at most `length`."""
    return [slice(begin, min(begin + length, size)) for begin in range(0, size, length)]


def filled(size: int, dtype: Any, make: Callable[[slice], Any], empty: Empty = np.empty) -> np.ndarray:
    """(size,) values, `make(rows)` for one part of the rows after another.

    What a generator gives is the same in parts as at once.
    """
    made = empty((size,), dtype)
    for rows in parts(size):
        made[rows] = make(rows)
    return made


def total(values: Callable[[slice], np.ndarray], size: int, begin: int = 0) -> float:
    """`np.sum` of the `size` float64 values from `begin` on, to the last bit: halves are added up as NumPy does it.

    Source: pairwise summation (Higham, SIAM J. Sci. Comput. 1993), with halves of a multiple of 8.
    """
    if size <= CHUNK:
        return float(values(slice(begin, begin + size)).sum())
    half = size // 2 // 8 * 8
    return total(values, half, begin) + total(values, size - half, begin + half)


def column(name: str) -> Any:
    """An attribute that is a field of all of an object's `rows`."""
    return property(lambda self: getattr(self.rows(slice(None)), name))


class Coded:
    """An array of few different numbers, a byte each. It is indexed like the array.

    Args:
        numbers: (n,), n <= 256. codes: uint8 of any shape, places in `numbers`.
    """

    def __init__(self, numbers: np.ndarray, codes: np.ndarray) -> None:
        self.numbers, self.codes = numbers, codes

    def __getitem__(self, index: Any) -> Any:
        return self.numbers[self.codes[index]]
