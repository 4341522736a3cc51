"""The kernel of a step along a gradient that was put together elsewhere: from those of several tasks, or of the parts of a batch."""

from __future__ import annotations

from ..adam import adam_elements
from .vector import at, prefetch
from .walk import CORRECTION, EPSILON, GAIN1, GAIN2, RATE
from .work import part_kernel

AHEAD = 8  # rows; SPEED: they lie anywhere in memory, so ask for those that come soon


@part_kernel
def update_given_rows(work):
    """Row-lazy Adam on this thread's share of some rows of one table, the first of its `shares`: those of ids `unique` (given,).

    id_sums (given * D,) holds the gradient of each, scaled.
    """
    table, width, unique, s = work.shares[0], work.shares[1], work.unique, work.settings
    w, m, v = at(work.table_values, table), at(work.table_m, table), at(work.table_v, table)
    high = work.given * (work.part + 1) // work.parts
    for i in range(work.given * work.part // work.parts, high):
        if i + AHEAD < high:
            ahead = unique[i + AHEAD] * width
            prefetch(w, ahead)
            prefetch(m, ahead)
            prefetch(v, ahead)
        start = unique[i] * width
        row = at(w, start), at(m, start), at(v, start), at(work.id_sums, i * width)
        adam_elements(*row, width, s[GAIN1], s[GAIN2], s[RATE], s[CORRECTION], s[EPSILON])
