"""Compiled inner products of pairs of sparse rows, to the last bit those of SciPy: products are added in the order of the columns."""

from __future__ import annotations

import numba
import numpy as np

from minirank.kernels.cpu.jit import keep_compiled


def _exact(function):
    """Compiled without any liberty: a product that is fused with a sum would round once where SciPy rounds twice."""
    return keep_compiled(numba.njit(nogil=True, error_model="numpy")(function), function)


@_exact
def dot_sorted(a_starts, a_columns, a_values, i, b_starts, b_columns, b_values, j, first, last, out):
    """Inner products of rows whose columns ascend.

    Args:
        a_starts, a_columns, a_values, b_starts, b_columns, b_values: of two matrices. i, j: (N,) rows of theirs.
        first, last: the pairs that are computed.
    Writes:
        out: (N,) float64, pairs first .. last - 1.
    """
    for p in range(first, last):
        at, end = a_starts[i[p]], a_starts[i[p] + 1]
        other, stop = b_starts[j[p]], b_starts[j[p] + 1]
        total = 0.0
        while at < end and other < stop:
            if a_columns[at] == b_columns[other]:
                total += a_values[at] * b_values[other]
                at += 1
                other += 1
            elif a_columns[at] < b_columns[other]:
                at += 1
            else:
                other += 1
        out[p] = total


@_exact
def dot_spread(a_starts, a_columns, a_values, i, b_starts, b_columns, b_values, j, order, first, last, dense, out):
    """Inner products where pairs of the same row of a are neighbours in `order`: that row is spread out once.

    Args:
        order: (N,) pairs; those at first .. last - 1 are computed. dense: (columns,) float64 of zeros, which it is again afterwards.
    Writes:
        out: (N,) float64, these pairs.
    """
    row = -1
    for place in range(first, last):
        p = order[place]
        if i[p] != row:
            if row >= 0:
                for at in range(a_starts[row], a_starts[row + 1]):
                    dense[a_columns[at]] = 0.0
            row = i[p]
            for at in range(a_starts[row], a_starts[row + 1]):
                dense[a_columns[at]] = a_values[at]
        total = 0.0
        for at in range(b_starts[j[p]], b_starts[j[p] + 1]):
            total += b_values[at] * dense[b_columns[at]]
        out[p] = total
    if row >= 0:
        for at in range(a_starts[row], a_starts[row + 1]):
            dense[a_columns[at]] = 0.0


@_exact
def dot_counts(a_starts, a_columns, a_values, i, begins, ends, columns, codes, numbers, idf, by_row, j, order, first, last, dense, out):
    """`dot_spread` where the weights of b are computed from counts, of the columns alone that a has: the others add exactly 0.

    Args:
        begins, ends, columns, codes: of `term_weights.Counts`.
        numbers: (codes,) float64 x. idf: (columns,) float64; where it is empty a weight is x / (x + by_row), else x idf / by_row.
        by_row: (rows of b,) float64.
    Writes:
        out: (N,) float64, pairs order[first] .. order[last - 1].
    """
    row = -1
    for place in range(first, last):
        p = order[place]
        if i[p] != row:
            if row >= 0:
                for at in range(a_starts[row], a_starts[row + 1]):
                    dense[a_columns[at]] = 0.0
            row = i[p]
            for at in range(a_starts[row], a_starts[row + 1]):
                dense[a_columns[at]] = a_values[at]
        total, of_row = 0.0, by_row[j[p]]
        for at in range(begins[j[p]], ends[j[p]]):
            other = dense[columns[at]]
            if other != 0.0:
                x = numbers[codes[at]]
                weight = x * idf[columns[at]] / of_row if len(idf) else x / (x + of_row)
                total += weight * other
        out[p] = total
    if row >= 0:
        for at in range(a_starts[row], a_starts[row + 1]):
            dense[a_columns[at]] = 0.0


DRIVERS = (dot_sorted, dot_spread, dot_counts)


def run_drivers() -> None:
    """Compile them, by use on one pair of rows that hold nothing."""
    starts, nothing, none = np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0)
    row, out = np.zeros(1, np.int64), np.zeros(1)
    rows = starts, nothing, none
    dot_sorted(*rows, row, *rows, row, 0, 1, out)
    dot_spread(*rows, row, *rows, row, row, 0, 1, none, out)
    mapped = np.empty(0, np.int32), np.empty(0, np.uint8)
    for each in mapped:
        each.setflags(write=False)  # as arrays are that lie in a file
    counts = starts[:1], starts[1:], *mapped, none, none, out
    dot_counts(*rows, row, *counts, row, row, 0, 1, none, out)
