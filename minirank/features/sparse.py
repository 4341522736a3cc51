"""Sets of names as sparse rows with hashed columns, and products over pairs of rows.

A name's column is its hash, so sets built at different times, with names that training never
saw, can be intersected without a shared vocabulary. Rows are only ever taken, multiplied
element by element and summed: none of that costs memory for columns that nobody uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array

COLUMNS = 2**31 - 1  # the most that 32-bit indices address: 1,000 names collide once in 4,000 worlds
_CHUNK = 16_384  # pairs; two long rows each stay within some 50 MB


def column(name: str) -> int:
    """Column of a name."""
    return crc32(name.encode("utf-8", "replace")) % COLUMNS


def sets(lists: Sequence[Sequence[str]], weights: Sequence[Sequence[float]] | None = None) -> csr_array:
    """One sparse row a set.

    Args:
        lists: n sequences of strings; repeats count once.
        weights: likewise, of each string, the greatest where it is repeated; None is 1.
    Returns:
        (n, COLUMNS) float64 of these weights, canonical.
    """
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    columns = np.fromiter(map(cache(column), chain.from_iterable(lists)), np.int64, int(lengths.sum()))
    keys = np.repeat(np.arange(len(lists)), lengths) * 2**31 + columns
    if weights is None:
        keys = np.unique(keys)
        values = np.ones(len(keys))
    else:
        keys, entry = np.unique(keys, return_inverse=True)
        values = np.full(len(keys), -np.inf)
        np.maximum.at(values, entry, np.fromiter(chain.from_iterable(weights), np.float64, len(entry)))
    row, columns = np.divmod(keys, 2**31)
    return csr_array((values, columns.astype(np.int32), offsets_of(row, len(lists))), shape=(len(lists), COLUMNS))


def offsets_of(row: np.ndarray, count: int) -> np.ndarray:
    """(count + 1,) int64, where the entries of each row begin; `row` is that of each entry, ascending."""
    return np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))])


def row_of_entries(rows: csr_array) -> np.ndarray:
    """(entries,) the row of each stored entry."""
    return np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))


def sizes(rows: csr_array) -> np.ndarray:
    """(n,) float64, stored entries of each row."""
    return np.diff(rows.indptr).astype(np.float64)


def squares(rows: csr_array) -> np.ndarray:
    """(n,) float64, the squared length of each row."""
    return np.bincount(row_of_entries(rows), rows.data**2, minlength=rows.shape[0])


def merge(rows: csr_array, offsets: np.ndarray) -> csr_array:
    """Sums of neighbouring rows: row i of the result adds rows offsets[i] .. offsets[i + 1] - 1."""
    merged = csr_array((rows.data.copy(), rows.indices.copy(), rows.indptr[offsets]), shape=(len(offsets) - 1, rows.shape[1]))
    merged.sum_duplicates()
    return merged


def product(a: csr_array, i: np.ndarray, b: csr_array, j: np.ndarray) -> csr_array:
    """Row p is a[i[p]] * b[j[p]], element by element: the intersection, where both are sets."""
    return a[i].multiply(b[j]).tocsr()


def dot(a: csr_array, i: np.ndarray, b: csr_array, j: np.ndarray) -> np.ndarray:
    """(N,) float64, the inner products of rows a[i[p]] and b[j[p]].

    A pair's result does not depend on the other pairs, to the last bit.
    """
    out = np.zeros(len(i))
    for start in range(0, len(i), _CHUNK):
        part = slice(start, start + _CHUNK)
        both = product(a, i[part], b, j[part])
        out[part] = np.bincount(row_of_entries(both), both.data, minlength=both.shape[0])
    return out


def dot_shared(a: csr_array, i: np.ndarray, b: csr_array, j: np.ndarray) -> np.ndarray:
    """`dot` where few rows of `a` serve many pairs each, and columns are few enough for a dense row."""
    out = np.zeros(len(i))
    dense = np.zeros(a.shape[1])
    order = np.argsort(i, kind="stable")
    rows, starts = np.unique(i[order], return_index=True)
    for row, pairs in zip(rows, np.split(order, starts[1:])):
        own = slice(a.indptr[row], a.indptr[row + 1])
        dense[a.indices[own]] = a.data[own]
        out[pairs] = b[j[pairs]] @ dense
        dense[a.indices[own]] = 0
    return out
