"""Predictions of the `cpu` executor: a request at a time on all cores, or many requests side by side.

What a request would cost beside its arithmetic, and what is done about it:

    weights    packing them takes as long as some 30 rows do. Parameters that nothing can change (`Arena.freeze`) are packed once,
               for all requests; others are packed at every call, so that no answer is ever one of old weights.
    threads    rows are cut into tiles, and every thread claims one after the other: who wakes late does fewer. A request that is
               alone takes all threads; one that comes while others compute runs on its own.
    memory     a thread computes in buffers of a pool. It has those of twice as many threads as there are threads or cores, which bounds the
               memory of any number of requests: who finds none waits.
    the job    what inputs that all rows share add to the first layers is added to the biases once.

A row's bits depend on none of this: tiles and threads only say who computes it, and when; for the job see `Executor.logits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from ..batch import Inputs
from ..checks import check_ids, check_inputs, check_shapes, check_values
from ..parameters import Arena, cannot_change
from ..plan import Slot
from . import walk
from .bags import FlatBags
from .buffers import BufferPool, Buffers, contiguous, fill_inputs, fill_work, reuse, weight_buffers
from .encode import Encoded
from .jit import driver, kernel
from .plans import EncodedPlans, RequestPlan
from .team import run_part
from .tiles import tiles_to_claim
from .vector import pointer
from .work import Work
from .workers import Workers, available_threads

SPLIT = 2**23  # operations; SPEED: a thread does as many before another one is awake


@driver
def rows_are_fine(ids, sizes, fields, dense, columns):
    """Whether ids lie in their tables, and all rows are the same in these runs of columns. SPEED: NumPy takes 0.1 ms for it.

    Args:
        ids: (B, C) int32. sizes: (C,) int32. dense: (B, ND). fields, columns: of ids and dense, [first, end, first, end, ...].
    """
    good = rows_are_the_same(pointer(ids), ids.shape, fields) & rows_are_the_same(pointer(dense), dense.shape, columns)
    p, limits, width = pointer(ids), pointer(sizes), ids.shape[1]
    for i in range(len(ids)):
        for j in range(width):
            good &= (p[i * width + j] >= 0) & (p[i * width + j] < limits[j])
    return good


@kernel
def rows_are_the_same(p, shape, runs):
    """Whether all rows of an array are the same in these runs of columns."""
    good = True
    for run in range(0, len(runs), 2):
        for i in range(1, shape[0]):
            for j in range(runs[run], runs[run + 1]):
                good &= p[i * shape[1] + j] == p[j]
    return good


@dataclass(frozen=True)
class Weights:
    """Dense parameters `of` an arena as kernels read them; see `Work` for the other arrays."""

    of: np.ndarray
    dense_values: np.ndarray
    panels: np.ndarray
    biases: np.ndarray


class Predictor:
    """Predicts with a plan; any number of threads may at once.

    Args:
        plans, threads, workers, bags: those of the executor.
    """

    def __init__(self, plans: EncodedPlans, threads: int, workers: Workers, bags: FlatBags) -> None:
        self.plan, self.dtype, self.threads, self._plans = plans.plan, plans.dtype, threads, plans
        self._workers, self._bags, self._row_flops = workers, bags, self.plan.flops()
        self._pool = BufferPool(threads, 2 * max(threads, available_threads()))
        self._packed: Weights | None = None  # of parameters that are frozen

    def predict(self, values: Arena, inputs: Inputs, slots: tuple[Slot, ...], shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, sum of widths) values of slots, side by side; see `Executor.logits`."""
        check_values(self.plan, self.dtype, values)
        request = self._plans.for_request(tuple(shared))
        inputs = self._checked(request, inputs)
        encoded = request.encoded
        out = np.empty((len(inputs), sum(slot.width for slot in slots)), self.dtype)
        buffers = self._pool.take(min(self.threads, 1 + len(inputs) * self._row_flops // SPLIT))
        try:
            work = self._work(encoded, values, inputs, buffers)
            blocks = [(*encoded.blocks[slot.block], slot) for slot in slots]
            places = np.array([(start + slot.column, stride, slot.width) for start, stride, slot in blocks], np.int64).reshape(-1, 3)
            kernel = walk.walk_tiles.address(self.dtype)
            if shared:
                biases = reuse(buffers[0], "folded", encoded.biases, self.dtype)
                biases[:] = work.shared("biases")
                work.share(biases=biases, table=request.fold, operations=len(request.fold))
                work.share(tiles=np.array([0, 1]), borders=2, claimed=np.zeros(1, np.int64))
                run_part(kernel, work.place)
            tiles = tiles_to_claim(len(inputs), len(buffers), self._plans.tile_rows)
            work.share(
                table=request.tiles, operations=len(request.tiles), slots=places, outputs=len(places), out=out, out_width=out.shape[1]
            )
            work.share(tiles=tiles, borders=len(tiles), claimed=np.zeros(1, np.int64))
            calls = [partial(run_part, kernel, work.place + thread * work.size) for thread in range(len(buffers))]
            self._workers.run(calls, optional=True)  # it is no matter when the others begin, or if
        finally:
            self._pool.give_back(buffers)
        return out

    def _checked(self, request: RequestPlan, inputs: Inputs) -> Inputs:
        """The inputs with the arrays that are read as drivers are compiled for.

        Raises:
            ValueError: see `check_inputs` and `SharedInputs`.
        """
        check_shapes(self.plan, inputs)
        if inputs.ids.dtype != np.int32:  # others may lose what makes them wrong
            check_ids(self.plan, inputs)
        inputs = Inputs(contiguous(inputs.ids, np.int32), inputs.bags, contiguous(inputs.dense, self.dtype))
        shared = request.shared
        same_bags = all((inputs.bags[number].entity == inputs.bags[number].entity[0]).all() for number in shared.same.bags)
        if not (same_bags and rows_are_fine(inputs.ids, self.plan.spec.sizes, shared.fields, inputs.dense, shared.columns)):
            check_inputs(self.plan, inputs)
            shared.same.check(inputs)
        return inputs

    def _work(self, encoded: Encoded, values: Arena, inputs: Inputs, buffers: list[Buffers]) -> Work:
        """What the thread of each of `buffers` reads and writes, weights packed."""
        weights, parameters = self._packed, values.dense  # read once: another thread may freeze them meanwhile
        frozen = cannot_change(parameters)
        known = frozen and weights is not None and weights.of is parameters
        if not known:  # frozen ones are packed into arrays of their own
            dense = np.array(parameters) if frozen else contiguous(parameters, self.dtype)
            weights = Weights(parameters, dense, **weight_buffers(encoded, {} if frozen else buffers[0], self.dtype))
        work = Work(len(buffers))
        work.share(dense_values=weights.dense_values, panels=weights.panels, biases=weights.biases)
        work.share(row=encoded.table.shape[1], tasks=len(self.plan.spec.tasks), scale=1.0)
        fill_inputs(work, self.dtype, inputs, self._bags)
        fill_work(work, encoded, self.dtype, values, buffers)
        for thread, mine in enumerate(buffers):
            work.give(thread, ticks=reuse(mine, "ticks", 2 * len(encoded.table), np.int64))
        if not known:
            work.share(table=encoded.table, operations=len(encoded.table), parts=1, dense_size=len(parameters))
            run_part(walk.pack_weights.address(self.dtype), work.place)
            if frozen:
                self._packed = weights
        return work
