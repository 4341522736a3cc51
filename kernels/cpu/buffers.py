"""Memory that is used again, so that neither a step nor a request allocates anything large; what a tile's kernels read of it."""

from __future__ import annotations

from threading import Condition, Lock

import numpy as np

from ..batch import Inputs
from ..forks import renew_in_forks
from ..parameters import Arena, aligned
from .bags import FlatBags, entities
from .encode import Encoded
from .layout import Work
from .tile import WIDE, panel_product
from .vector import BYTES

KIND = "CAW"  # of a batch's arrays: a read-only one is another type, for which all would be compiled anew
WHOLE = 32  # rows that scratch is for at least, and a multiple of: those of two matrix tiles
Buffers = dict[str, np.ndarray]  # of one thread, by name


def contiguous(array: np.ndarray, dtype) -> np.ndarray:
    """The array as drivers are compiled for: aligned, contiguous, writable."""
    return array if array.dtype == dtype and array.flags.carray else np.require(array, dtype, KIND)


def reuse(buffers: Buffers, name: str, size: int, dtype) -> np.ndarray:
    """`size` numbers that stay in `buffers` for the next time; 0 when they are new."""
    if name not in buffers or len(buffers[name]) < size:
        buffers[name] = aligned(size, dtype)
    return buffers[name][:size]


def weight_buffers(encoded: Encoded, buffers: Buffers, dtype: np.dtype) -> Buffers:
    """Where weights are packed: `panels` and `biases` of a `Work`."""
    panels = encoded.panels + WIDE * (BYTES // dtype.itemsize)
    return {"panels": reuse(buffers, "panels", panels, dtype), "biases": reuse(buffers, "biases", encoded.biases, dtype)}


def fill_work(
    encoded: Encoded, dtype: np.dtype, values: Arena, inputs: Inputs, bags: FlatBags, buffers: list[Buffers], others: list[Buffers]
) -> list[Work]:
    """What the thread of each of `buffers` reads and writes; the inputs and the parameters are shared.

    Args:
        others: for each thread the fields of its `Work` that training and prediction fill each in its own way.
    """
    (rows, fields), columns, capacity = inputs.ids.shape, inputs.dense.shape[1], encoded.capacity
    shared = {"batch": rows, "fields": fields, "bags": len(inputs.bags), "columns": columns}
    shared |= {"ids": contiguous(inputs.ids, np.int32).reshape(-1), "dense": contiguous(inputs.dense, dtype).reshape(-1)}
    shared |= bags.lists(inputs) | {"entities": entities(inputs), "table_values": contiguous(values.tables, dtype)}
    shared |= {"runs": encoded.runs, "reals": encoded.reals, "panel_product": panel_product.address(dtype)}
    scratch, works = -(-capacity // WHOLE) * WHOLE * (WIDE * BYTES // dtype.itemsize + encoded.scratch), []
    for mine, rest in zip(buffers, others):
        own = {"values": reuse(mine, f"values of {capacity} rows", encoded.arena, dtype), "scratch": reuse(mine, "scratch", scratch, dtype)}
        works.append(Work(**shared, **rest, **own, ticks=np.zeros((len(encoded.table), 2), np.int64)))
    return works


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
