"""A batch in parts: where they are cut, and how the gradients of the parts become that of the batch.

Each part is a `Batch` whose `Batch.part` says how many rows the whole batch has, so that the loss of a part is its share of the
batch's mean, and what is added up over parts is the batch's:

    L = sum_p L_p,        dL/dw = sum_p dL_p/dw,        dL/dW[i] = sum of dL_p/dW[i] over the parts p that used row i of a table

Sums are taken in the order of the parts, so that as many parts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .batch import Batch
from .cpu.jit import driver
from .plan import Plan

Rows = tuple[np.ndarray, np.ndarray]  # ids (n,) unique and ascending, and the gradients (n, D) of these rows of a table


def part_borders(plan: Plan, batch: Batch, parts: int) -> list[int] | None:
    """[0, ..., B]: the first row of each part, and the end; None where some part would have no row.

    Parts are as even as can be; a search is not split where losses compare its rows, or an executor shares what they have in common.
    """
    even = [len(batch) * part // parts for part in range(parts + 1)]
    if not (plan.grouped or batch.shared):
        return even if len(batch) >= parts else None
    starts = np.append(np.flatnonzero(np.diff(batch.groups, prepend=batch.groups[0] - 1)), len(batch))
    if len(starts) <= parts:
        return None
    numbers, least = np.searchsorted(starts, even), np.arange(parts + 1)
    numbers = np.maximum.accumulate(numbers - least) + least  # at least one search for each ...
    return starts[np.minimum(numbers, len(starts) - 1 - least[::-1])].tolist()  # ... of those that follow, too


def add_rows(parts: Sequence[Rows]) -> Rows:
    """The sum of sparse gradients of one table, in their order."""
    ids, rows = (np.concatenate(each) for each in zip(*parts))
    (found,) = add_tables(ids.astype(np.int32, copy=False), rows.reshape(-1), np.array([[len(ids)] for ids, _ in parts]), [rows.shape[1]])
    return found


def add_tables(ids: np.ndarray, rows: np.ndarray, lengths: np.ndarray, widths: Sequence[int]) -> list[Rows]:
    """The sum of the sparse gradients of several tables, in the order of the parts; one for each table.

    Args:
        ids: (n,) int32, of the first part those of the first table, then those of the second one, ..., then of the second part.
        rows: the numbers of these rows, likewise. lengths: (parts, tables) int64, rows of each. widths: D of each table.
    """
    unique, sums, counts = np.empty_like(ids), np.empty_like(rows), np.empty(len(widths), np.int64)
    merge_rows(ids, rows, np.ascontiguousarray(lengths), np.array(widths, np.int64), unique, sums, counts)
    ends = np.cumsum(counts)
    numbers = np.cumsum(counts * widths)
    return [
        (unique[end - count : end], sums[last - count * width : last].reshape(count, width))
        for count, end, last, width in zip(counts.tolist(), ends.tolist(), numbers.tolist(), widths)
    ]


@driver
def merge_rows(ids, rows, lengths, widths, unique, sums, counts):
    """Merge the ascending ids of all parts, table by table; arguments as `add_tables`.

    Writes:
        unique (n,), sums: ids and sums of all tables, one behind the other. counts: (tables,) ids of each.
    """
    parts, tables = lengths.shape
    at_id, at_number, ends = np.zeros(parts, np.int64), np.zeros(parts, np.int64), np.zeros(parts, np.int64)
    for part in range(1, parts):
        at_id[part], at_number[part] = at_id[part - 1], at_number[part - 1]
        for table in range(tables):
            at_id[part] += lengths[part - 1, table]
            at_number[part] += lengths[part - 1, table] * widths[table]
    found = number = 0
    for table in range(tables):
        width, first = widths[table], found
        for part in range(parts):
            ends[part] = at_id[part] + lengths[part, table]
        while True:
            least = np.int64(2**31)
            for part in range(parts):
                if at_id[part] < ends[part]:
                    least = min(least, np.int64(ids[at_id[part]]))
            if least == 2**31:
                break
            for column in range(width):
                sums[number + column] = 0
            for part in range(parts):
                if at_id[part] < ends[part] and ids[at_id[part]] == least:
                    for column in range(width):
                        sums[number + column] += rows[at_number[part] + column]
                    at_id[part] += 1
                    at_number[part] += width
            unique[found] = least
            found, number = found + 1, number + width
        counts[table] = found - first


DRIVERS = (merge_rows,)


def run_drivers() -> None:
    """Compile it for float32, by use on a row."""
    add_rows([(np.zeros(1, np.int32), np.zeros((1, 1), np.float32))])
