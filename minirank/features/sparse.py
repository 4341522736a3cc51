"""Sets of names as sparse rows with hashed columns, and products over pairs of rows.

A name's column is its hash, so sets built at different times, with names that training never
saw, can be intersected without a shared vocabulary. Rows are only ever taken, multiplied
element by element and summed: none of that costs memory for columns that nobody uses.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from scipy.sparse import csr_array

COLUMNS = 2**31 - 1  # the most that 32-bit indices address: 1,000 names collide once in 4,000 worlds
_CHUNK = 16_384  # pairs; two long rows each stay within some 50 MB


def column(name: str) -> int:
    """Column of a name."""
    return crc32(name.encode("utf-8", "replace")) % COLUMNS


def sets(lists) -> csr_array:
    """One sparse row a set.

    Args:
        lists: n iterables of strings; repeats count once.
    Returns:
        (n, COLUMNS) float64 of ones, canonical.
    """
    known: dict[str, int] = {}
    flat, sizes = [], []
    for names in lists:
        columns = set()
        for name in names:
            if name not in known:
                known[name] = column(name)
            columns.add(known[name])
        flat.extend(sorted(columns))
        sizes.append(len(columns))
    offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    return csr_array((np.ones(len(flat)), np.array(flat, np.int32), offsets), shape=(len(sizes), COLUMNS))


def sizes(rows: csr_array) -> np.ndarray:
    """(n,) float64, stored entries of each row."""
    return np.diff(rows.indptr).astype(np.float64)


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
        row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
        out[part] = np.bincount(row, both.data, minlength=both.shape[0])
    return out
