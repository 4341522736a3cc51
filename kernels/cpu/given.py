"""The kernel of a step along a gradient that was put together elsewhere: from those of several tasks, or of the parts of a batch."""

from __future__ import annotations

from ..adam import adam_elements
from .jit import driver
from .vector import at, pointer, prefetch

AHEAD = 8  # rows; SPEED: they lie anywhere in memory, so ask for those that come soon


@driver
def adam_given_rows(w, m, v, ids, rows, table, width, low, high, gain1, gain2, rate, correction, epsilon):
    """Row-lazy Adam on a table's rows ids[low] .. ids[high - 1], which are unique.

    Args:
        w, m, v: the arenas, in which the table begins at element `table`. rows: (n * width,) the gradient of each of ids (n,).
    """
    for i in range(low, high):
        if i + AHEAD < high:
            ahead = table + ids[i + AHEAD] * width
            prefetch(pointer(w), ahead)
            prefetch(pointer(m), ahead)
            prefetch(pointer(v), ahead)
        start = table + ids[i] * width
        row = at(pointer(w), start), at(pointer(m), start), at(pointer(v), start), at(pointer(rows), i * width)
        adam_elements(*row, width, gain1, gain2, rate, correction, epsilon)
