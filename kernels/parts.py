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
    unique, place = np.unique(np.concatenate([ids for ids, _ in parts]), return_inverse=True)
    sums, start = np.zeros((len(unique), parts[0][1].shape[1]), parts[0][1].dtype), 0
    for ids, rows in parts:
        sums[place[start : start + len(ids)]] += rows
        start += len(ids)
    return unique, sums
