"""Sets of names as sparse rows with hashed columns, and products over pairs of rows.

A name's column is its hash, so sets built at different times, with names that training never
saw, can be intersected without a shared vocabulary. Rows are only ever taken, multiplied
element by element and summed: none of that costs memory for columns that nobody uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array

from minirank.features.sparse_kernels import dot_counts, dot_sorted, dot_spread, dot_spread_three

COLUMNS = 2**31 - 1  # the most that 32-bit indices address: 1,000 names collide once in 4,000 worlds
ROWS = 4_096  # of `Weights`, or pairs of theirs, that are computed at a time
_MANY = 16_384  # pairs that two threads share


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
    of_each = None if weights is None else np.fromiter(chain.from_iterable(weights), np.float64, len(columns))
    return sets_of(np.repeat(np.arange(len(lists)), lengths), columns, len(lists), of_each)


def sets_of(row: np.ndarray, columns: np.ndarray, count: int, weights: np.ndarray | None = None) -> csr_array:
    """`sets` of entries.

    Args:
        row: (entries,) of each. columns: (entries,) of its name. count: n. weights: (entries,) float64, or None.
    """
    keys = row.astype(np.int64) * 2**31 + columns
    if weights is None:
        keys = np.unique(keys)
        values = np.ones(len(keys))
    else:
        keys, entry = np.unique(keys, return_inverse=True)
        values = np.full(len(keys), -np.inf)
        np.maximum.at(values, entry, weights)
    row, columns = np.divmod(keys, 2**31)
    return csr_array((values, columns.astype(np.int32), offsets_of(row, count)), shape=(count, COLUMNS))


def offsets_of(row: np.ndarray, count: int) -> np.ndarray:
    """(count + 1,) int64, where the entries of each row begin; `row` is that of each entry, ascending."""
    return np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))])


def row_of_entries(rows: csr_array) -> np.ndarray:
    """(entries,) the row of each stored entry."""
    return np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))


def sizes(rows: csr_array) -> np.ndarray:
    """(n,) float64, stored entries of each row."""
    return np.diff(rows.indptr).astype(np.float64)


def squares(rows: csr_array | Weights) -> np.ndarray:
    """(n,) float64, the squared length of each row."""
    if isinstance(rows, Weights):
        return np.concatenate([np.empty(0), *(squares(rows_of(rows, some)) for some in _in_parts(len(rows.by_row)))])
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
    for rows in (a, b):
        rows.sum_duplicates()  # and in the order of columns; nothing where they are so already
    out = np.zeros(len(i))
    arrays, i, j = (*_parts(a), *_parts(b)), np.asarray(i, np.int64), np.asarray(j, np.int64)
    _in_two(len(i), lambda first, last: dot_sorted(*arrays[:3], i, *arrays[3:], j, first, last, out))
    return out


def dot_shared(a: csr_array | Weights, i: np.ndarray, b: csr_array | Weights, j: np.ndarray) -> np.ndarray:
    """`dot` where few rows of `a` serve many pairs each, and columns are few enough for a dense row."""
    if isinstance(a, Weights):
        out = np.empty(len(i))
        for pairs in _in_parts(len(i)):
            used, place = np.unique(i[pairs], return_inverse=True)
            out[pairs] = dot_shared(rows_of(a, used), place, b, j[pairs])
        return out
    a.sum_duplicates()
    out, order = np.zeros(len(i)), np.argsort(i, kind="stable")
    ours, i, j = _parts(a), np.asarray(i, np.int64), np.asarray(j, np.int64)
    kernel, theirs = (dot_counts, b.parts) if isinstance(b, Weights) else (dot_spread, _parts(b))
    if len(a.data):
        _in_two(len(i), lambda first, last: kernel(*ours, i, *theirs, j, order, first, last, np.zeros(a.shape[1]), out))
    return out


@dataclass(frozen=True)
class Weights:
    """(n, columns) weights that are computed from counts where they are multiplied, of the columns alone that the other side has: a job
    meets some hundred of the terms of ten thousands of resumes. They have the bits of `tfidf.py`, whose formulas these are.

    Args:
        begins, ends: (n,) int64, the entries of each row; rows that are taken share what is large.
        columns: (entries,) int32, ascending within a row.
        codes: (entries,) uint8 or uint16, the place of each count in `numbers`.
        numbers: (codes,) float64 x, what is made of each count.
        idf: (columns,) float64, a weight is x idf / by_row; or empty, it is x / (x + by_row).
        by_row: (n,) float64.
    """

    begins: np.ndarray
    ends: np.ndarray
    columns: np.ndarray
    codes: np.ndarray
    numbers: np.ndarray
    idf: np.ndarray
    by_row: np.ndarray

    def take(self, rows: np.ndarray) -> Weights:
        """Some of the rows, in the given order."""
        return replace(self, begins=self.begins[rows], ends=self.ends[rows], by_row=self.by_row[rows])

    @classmethod
    def of_counts(cls, counts: csr_array) -> Weights:
        """Counts, (n, columns) float64 of whole numbers, without what their weights are made with."""
        most = int(counts.data.max(initial=0))
        codes = counts.data.astype(np.uint8 if most < 2**8 else np.uint16 if most < 2**16 else np.int64)
        starts, none = counts.indptr.astype(np.int64), np.empty(0)
        return cls(starts[:-1], starts[1:], counts.indices, codes, np.arange(most + 1, dtype=np.float64), none, none)

    def counts(self, columns: int) -> csr_array:
        """The inverse of `of_counts`."""
        starts = np.append(self.begins, self.ends[-1:] if len(self.ends) else 0)
        made = csr_array((self.codes.astype(np.float64), self.columns, starts), shape=(len(self.begins), columns))
        made.has_canonical_format = True
        return made

    @classmethod
    def joined(cls, several: Sequence[Weights]) -> Weights:
        """The rows of several below each other, whose entries are copied, and those of no other row."""
        lengths = np.concatenate([each.ends - each.begins for each in several])
        ends = np.cumsum(lengths)
        total, codes_as = int(lengths.sum()), max((each.codes.dtype for each in several), key=lambda kind: kind.itemsize)
        columns, codes, at = np.empty(total, np.int32), np.empty(total, codes_as), 0
        for each in several:
            entries = entries_of(each.begins, each.ends)
            columns[at : at + len(entries)], codes[at : at + len(entries)] = each.columns[entries], each.codes[entries]
            at += len(entries)
        for array in (columns, codes):
            array.setflags(write=False)  # one form to compile, whether they lie in a file or not
        numbers = max((each.numbers for each in several), key=len)
        by_row = np.concatenate([each.by_row for each in several])
        return cls(ends - lengths, ends, columns, codes, numbers, several[0].idf, by_row)

    def rows(self) -> csr_array:
        """The rows themselves, (n, columns) float64."""
        at, lengths = entries_of(self.begins, self.ends), self.ends - self.begins
        columns, x, of_row = self.columns[at], self.numbers[self.codes[at]], np.repeat(self.by_row, lengths)
        values = x * self.idf[columns] / of_row if len(self.idf) else x / (x + of_row)
        width = len(self.idf) or int(columns.max(initial=0)) + 1
        return csr_array((values, columns, np.concatenate([[0], np.cumsum(lengths)])), shape=(len(lengths), width))

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """As `dot_counts` takes them."""
        return self.begins, self.ends, self.columns, self.codes, self.numbers, self.idf, self.by_row


def rows_of(text: csr_array | Weights, rows: np.ndarray) -> csr_array:
    """Some rows of a matrix."""
    return text.take(rows).rows() if isinstance(text, Weights) else text[rows]


def entries_of(begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Where the entries of rows are that have begins[i] .. ends[i] - 1."""
    lengths = ends - begins
    return np.repeat(begins - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))


def dots_shared(a: Sequence[csr_array], i: np.ndarray, b: Sequence[csr_array], j: np.ndarray) -> np.ndarray:
    """(3, N) float64, `dot_shared` of three pairs of matrices at once.

    Args:
        a: 3 matrices of as many rows. b: 3 matrices that hold the same columns in each row.
    """
    for rows in a:
        rows.sum_duplicates()
    out, order, width = np.zeros((3, len(i))), np.argsort(i, kind="stable"), a[0].shape[1]
    i, j, ours, theirs = np.asarray(i, np.int64), np.asarray(j, np.int64), list(map(_parts, a)), list(map(_parts, b))
    starts, columns, _ = theirs[0]
    values = [each[2] for each in theirs]
    assert all(len(each) == len(columns) for each in values)
    most = sum(int(np.diff(each[0]).max(initial=0)) for each in ours)

    def compute(first: int, last: int) -> None:
        scratch = np.zeros(width, np.int32), np.empty((most + 1, 3))
        dot_spread_three(*ours, i, starts, columns, *values, j, order, first, last, *scratch, out)

    _in_two(len(i), compute)
    return out


def _parts(rows: csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return rows.indptr.astype(np.int64, copy=False), rows.indices.astype(np.int32, copy=False), rows.data.astype(np.float64, copy=False)


def _in_parts(count: int) -> Iterator[np.ndarray]:
    """The places 0 .. count - 1, some after others."""
    return (np.arange(first, min(first + ROWS, count)) for first in range(0, count, ROWS))


def _in_two(pairs: int, compute: Callable[[int, int], None]) -> None:
    """Compute the pairs first .. last - 1 for each half of them, in two threads where there are many."""
    if pairs < _MANY:
        compute(0, pairs)
        return
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(compute, 0, pairs // 2), threads.submit(compute, pairs // 2, pairs)]:
            done.result()
