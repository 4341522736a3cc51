"""Compiled work on sparse rows: counts of terms, and inner products of pairs of rows, to the last bit those of SciPy, where products are
added in the order of the columns."""

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
        begins, ends, columns, codes: of `sparse.Weights`.
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


@_exact
def dot_spread_three(a, b, c, i, starts, columns, of_a, of_b, of_c, j, order, first, last, places, dense, out):
    """`dot_spread` of rows of three matrices with the rows of three others, which hold the same columns.

    Args:
        a, b, c: starts, columns and values. of_a, of_b, of_c: the values of those that they are multiplied with.
        places: (columns,) int32 of zeros, which it is again afterwards: the row of `dense` that is a column's; row 0 is zeros.
        dense: (1 + the most columns that three rows hold, 3) float64, scratch; it stays in the cache.
    Writes:
        out: (3, N) float64.
    """
    row, used = -1, 0
    dense[0] = 0.0
    for place in range(first, last):
        p = order[place]
        if i[p] != row:
            if row >= 0:
                _forget(a, row, places)
                _forget(b, row, places)
                _forget(c, row, places)
            row, used = i[p], 0
            used = _spread(a, row, 0, places, used, dense)
            used = _spread(b, row, 1, places, used, dense)
            used = _spread(c, row, 2, places, used, dense)
        total_a = total_b = total_c = 0.0
        for at in range(starts[j[p]], starts[j[p] + 1]):  # SPEED: without a branch, of which every third would be guessed wrong
            held = places[columns[at]]
            total_a += of_a[at] * dense[held, 0]
            total_b += of_b[at] * dense[held, 1]
            total_c += of_c[at] * dense[held, 2]
        out[0, p], out[1, p], out[2, p] = total_a, total_b, total_c
    if row >= 0:
        _forget(a, row, places)
        _forget(b, row, places)
        _forget(c, row, places)


@_exact
def _spread(a, row, which, places, used, dense):
    """Give the columns of a row places in `dense`, and write its values there; how many places are used."""
    starts, columns, values = a
    for at in range(starts[row], starts[row + 1]):
        if places[columns[at]] == 0:
            used += 1
            places[columns[at]] = used
            dense[used] = 0.0
        dense[places[columns[at]], which] = values[at]
    return used


@_exact
def _forget(a, row, places):
    """Take the places of a row's columns back."""
    starts, columns, _ = a
    for at in range(starts[row], starts[row + 1]):
        places[columns[at]] = 0


@_exact
def tfidf(starts, columns, counts, weights, logs, out):
    """Rows of unit length: (1 + ln count) weight.

    Args:
        starts, columns, counts: of rows. weights: (columns,) float64. logs: ln of 0, 1, ... up to the greatest count.
    Writes:
        out: (entries,) float64.
    """
    for row in range(len(starts) - 1):
        total = 0.0
        for at in range(starts[row], starts[row + 1]):
            value = (1.0 + logs[int(counts[at])]) * weights[columns[at]]
            out[at] = value
            total += value * value
        length = np.sqrt(total)
        for at in range(starts[row], starts[row + 1]):
            out[at] /= length


@_exact
def saturate(starts, counts, most, out):
    """count / (count + most of its row).

    Args:
        starts, counts: of rows. most: (rows,) float64.
    Writes:
        out: (entries,) float64.
    """
    for row in range(len(starts) - 1):
        for at in range(starts[row], starts[row + 1]):
            out[at] = counts[at] / (counts[at] + most[row])


@_exact
def keep_largest(starts, values, most, kept):
    """The largest numbers of each row; of equal ones those that come first.

    Args:
        starts, values: of rows. most: numbers of a row.
    Writes:
        kept: (entries,) bool.
    """
    for row in range(len(starts) - 1):
        first, last = starts[row], starts[row + 1]
        if last - first <= most:
            kept[first:last] = True
            continue
        least = np.sort(values[first:last])[last - first - most]
        equal = most
        for at in range(first, last):
            kept[at] = values[at] > least
            equal -= kept[at]
        for at in range(first, last):
            if equal > 0 and values[at] == least:
                kept[at] = True
                equal -= 1


_MIXED = np.uint64(0x9E3779B97F4A7C15)  # an odd number: what it multiplies wraps around, and no two codes meet


@_exact
def count_terms(ids, offsets, starts, columns, codes, bigrams, modulus, seen, ends, found, numbers):
    """Counts of the terms that words stand for, row by row with ascending columns.

    Args:
        ids, offsets: the words of row r are ids[offsets[r]] .. ids[offsets[r + 1] - 1]. starts, columns: likewise the columns of a word's
            terms. codes: of a word's term where it has one alone, whose pairs with the word before are terms, too, if `bigrams`; of such a
            pair the column is 1 + its code % modulus.
        seen: (buckets,) int32 of zeros, which it is again afterwards.
    Writes:
        ends: (rows,) where each row's entries end. found, numbers: columns and counts.
    Returns:
        how many entries there are.
    """
    count = 0
    for row in range(len(offsets) - 1):
        first = count
        for at in range(offsets[row], offsets[row + 1]):
            word = ids[at]
            for term in range(starts[word], starts[word + 1]):
                column = columns[term]
                if seen[column] == 0:
                    found[count] = column
                    count += 1
                seen[column] += 1
            if bigrams and at > offsets[row]:
                column = np.int32((codes[ids[at - 1]] * _MIXED + codes[word]) % modulus) + np.int32(1)
                if seen[column] == 0:
                    found[count] = column
                    count += 1
                seen[column] += 1
        found[first:count].sort()
        for entry in range(first, count):
            numbers[entry] = seen[found[entry]]
            seen[found[entry]] = 0
        ends[row] = count
    return count


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
