"""Memory that is used again, so that neither a step nor a request allocates anything large; what a tile's kernels read of it."""

from __future__ import annotations

from threading import Condition, Lock

import numpy as np

from ..batch import Inputs
from ..forks import renew_in_forks
from ..parameters import Arena, aligned
from .bags import FlatBags, entities
from .encode import Encoded
from .tile import WIDE, panel_product
from .vector import BYTES
from .work import Work

KIND = "CAW"  # of a batch's arrays: a read-only one is another type, for which all would be compiled anew
WHOLE = 32  # rows that scratch is for at least, and a multiple of: those of two matrix tiles
Buffers = dict[str, np.ndarray]  # of one thread, by name


def contiguous(array: np.ndarray, dtype) -> np.ndarray:
    """The array as drivers are compiled for: aligned, contiguous, writable."""
    return array if array.dtype == dtype and array.flags.carray else np.require(array, dtype, KIND)


def reuse(buffers: Buffers, name: str, size: int, dtype) -> np.ndarray:
    """`size` numbers or more that stay in `buffers` for the next time; 0 when they are new."""
    found = buffers.get(name)
    if found is None or len(found) < size:
        found = buffers[name] = aligned(size, dtype)
    return found


def weight_buffers(encoded: Encoded, buffers: Buffers, dtype: np.dtype) -> Buffers:
    """Where weights are packed: `panels` and `biases` of a `Work`."""
    panels = encoded.panels + WIDE * (BYTES // dtype.itemsize)
    return {"panels": reuse(buffers, "panels", panels, dtype), "biases": reuse(buffers, "biases", encoded.biases, dtype)}


def fill_inputs(work: Work, dtype: np.dtype, inputs: Inputs, bags: FlatBags) -> None:
    """Write into `work` what every walk reads of a batch."""
    (rows, fields), columns = inputs.ids.shape, inputs.dense.shape[1]
    work.share(batch=rows, fields=fields, bags=len(inputs.bags), columns=columns)
    work.share(ids=contiguous(inputs.ids, np.int32), dense=contiguous(inputs.dense, dtype))
    if inputs.bags:
        work.share(**bags.lists(inputs), entities=entities(inputs))


def fill_work(work: Work, encoded: Encoded, dtype: np.dtype, values: Arena, buffers: list[Buffers]) -> None:
    """Write into `work` what every walk reads beside it: the plan, the tables, and for the thread of each of `buffers` its memory."""
    work.share(table_values=contiguous(values.tables, dtype), panel_product=panel_product.address(dtype))
    work.share(runs=encoded.runs, reals=encoded.reals)
    capacity = encoded.capacity
    scratch = -(-capacity // WHOLE) * WHOLE * (WIDE * BYTES // dtype.itemsize + encoded.scratch)
    for thread, mine in enumerate(buffers):
        values_of_rows = reuse(mine, f"values of {capacity} rows", encoded.arena, dtype)
        work.give(thread, values=values_of_rows, scratch=reuse(mine, "scratch", scratch, dtype))


class BufferPool:
    """Buffers for threads that compute at the same time.

    Args:
        threads: a request that is alone takes as many. count: all that there are.
    """

    def __init__(self, threads: int, count: int) -> None:
        self._count, self._reserve = count, count - threads
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """All buffers are free; none is filled yet."""
        self._free: list[Buffers] = [{} for _ in range(self._count)]
        self._change = Condition(Lock())

    def take(self, most: int) -> list[dict[str, np.ndarray]]:
        """Buffers of one thread, for which it waits, and up to `most - 1` more as long as no more than `threads` are in use."""
        with self._change:
            while not self._free:
                self._change.wait()
            number = max(min(most, len(self._free) - self._reserve), 1)
            return [self._free.pop() for _ in range(number)]

    def give_back(self, taken: list[dict[str, np.ndarray]]) -> None:
        """The first one last, so that who comes next finds it in its caches."""
        with self._change:
            self._free.extend(reversed(taken))
            self._change.notify(len(taken))
