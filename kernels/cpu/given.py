"""The kernel of a step along a gradient that was put together elsewhere: from those of several tasks, or of the parts of a batch."""

from __future__ import annotations

from ..adam import adam_elements
from .vector import at, prefetch
from .walk import CORRECTION, EPSILON, GAIN1, GAIN2, RATE
from .work import part_kernel

AHEAD = 8  # rows; SPEED: they lie anywhere in memory, so ask for those that come soon


@part_kernel
def update_given_rows(work):
    """Row-lazy Adam on this thread's share of some rows of each table of its `shares`: first element, width D, and how many rows.

    unique holds the ids of these rows, those of the first table first, id_sums the gradient of each, scaled.
    """
    unique, gradients, s = work.unique, work.id_sums, work.settings
    for number in range(work.shared_out):
        table = at(work.shares, 3 * number)
        width, count = table[1], table[2]
        w, m, v = at(work.table_values, table[0]), at(work.table_m, table[0]), at(work.table_v, table[0])
        high = count * (work.part + 1) // work.parts
        for i in range(count * work.part // work.parts, high):
            if i + AHEAD < high:
                ahead = unique[i + AHEAD] * width
                prefetch(w, ahead)
                prefetch(m, ahead)
                prefetch(v, ahead)
            start = unique[i] * width
            row = at(w, start), at(m, start), at(v, start), at(gradients, i * width)
            adam_elements(*row, width, s[GAIN1], s[GAIN2], s[RATE], s[CORRECTION], s[EPSILON])
        unique, gradients = at(unique, count), at(gradients, count * width)
