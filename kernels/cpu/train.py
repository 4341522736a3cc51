"""Training steps of the `cpu` executor, in parts that are split over threads in a fixed way (`executor.py` lists them)."""

from __future__ import annotations

import math
import threading
from operator import is_

import numpy as np

from ..adam import Adam
from ..batch import Batch, Inputs
from ..checks import check_ids, check_labels, check_shapes, check_values
from ..executor import Gradients, clip_factor
from ..forks import renew_in_forks
from ..objective import add_objective
from ..parameters import Arena, TrainState, aligned
from . import walk
from .address import AddressedKernel
from .bags import FlatBags
from .buffers import Buffers, contiguous, fill_inputs, fill_work, reuse, weight_buffers
from .compile import FLOAT32, compile_together, kernels_of_steps
from .embedding_update import EmbeddingUpdate
from .encode import Encoded
from .given import update_given_rows
from .plans import EncodedPlans, TrainingPlan
from .searches import Searches, searches_of
from .team import Team
from .tile import WIDE
from .tiles import thread_tiles
from .vector import BYTES
from .work import Work


class StepRunner:
    """Takes training steps, one at a time.

    Args:
        plans, threads, bags: those of the executor.
    Attributes:
        work: what threads read and write. of_searches: in the plan of searches, where a plan is taken apart.
        ticks: (threads, operations, 2) of the last step, see `layout.FIELDS`.
    """

    def __init__(self, plans: EncodedPlans, threads: int, bags: FlatBags) -> None:
        self.plan, self.dtype, self.threads, self._plans, self._bags = plans.plan, plans.dtype, threads, plans, bags
        self._team, self.work, self.of_searches = Team(threads), Work(threads), Work(threads)
        self._updates: dict[tuple[str, ...], EmbeddingUpdate] = {}  # by the inputs that searches share
        self._of_caller, self._in_step = threading.local(), False
        self._settings, self._gains = np.zeros(walk.SETTINGS, self.dtype), ((), np.ones(len(self.plan.spec.tasks)))
        self._claimed, self._found = np.zeros((threads, 1), np.int64), np.zeros((threads, 1))
        self._filled: dict[Work, tuple] = {}  # what is written there already
        self._results: dict[tuple[Work, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.work.share(settings=self._settings, sizes=self.plan.spec.sizes)
        for thread in range(threads):
            self.work.give(thread, claimed=self._claimed[thread], found=self._found[thread])
        renew_in_forks(self)

    def renew(self) -> None:
        """The step that another thread was in has no end here."""
        if self._in_step:
            for update in self._updates.values():
                update.forget()
            self._in_step = False

    def run(self, *jobs: tuple[AddressedKernel, Work]) -> None:
        """Each thread's part of some kernels, see `Team.run`."""
        self._team.run(*((kernel.address(self.dtype), work) for kernel, work in jobs))

    def _buffers(self) -> list[Buffers]:
        """Those of each thread, which the calling thread keeps, so that a step allocates nothing large."""
        of_caller = self._of_caller.__dict__
        if "buffers" not in of_caller:
            of_caller["buffers"], of_caller["searches"] = ([{} for _ in range(self.threads)] for _ in range(2))
        return of_caller["buffers"]

    def _fill(self, made: TrainingPlan, values: Arena, batch: Batch, found: Searches | None, tiles: list[np.ndarray]) -> None:
        """What each thread reads and writes, for rows, and for its searches; the batch and the parameters are shared."""
        check_values(self.plan, self.dtype, values)
        work, buffers = self.work, self._buffers()
        labelled = {"labels": contiguous(batch.labels, np.float32), "weights": contiguous(batch.weights, np.float32)}
        labelled |= {"gains": self._gains_of(batch), "groups": contiguous(batch.groups, np.int32), "tasks": batch.labels.shape[1]}
        labelled |= {"key": batch.key, "before": batch.before, "scale": 1.0 / batch.whole}
        work.share(checked=len(batch), searches=0, **labelled)
        for thread, own in enumerate(tiles):
            work.give(thread, tiles=own, borders=len(own))
        self.losses, self.sums, self.ticks = self._fill_part(work, made.rows, values, batch, buffers)
        if found is not None and made.searches is not None:
            other = self.of_searches
            self._fill_part(other, made.searches, values, found.inputs, self._of_caller.__dict__["searches"])
            other.share(table=made.searches.table, operations=len(made.searches.table), training=1, **labelled)
            work.share(of_search=found.local, searches=len(found.inputs), search_ids=other.shared("ids"))
            work.share(search_input_gradients=other.shared("input_gradients"))
            if found.inputs.bags:
                work.share(search_entities=other.shared("entities"))
            for thread, (first, count) in enumerate(zip(found.first, np.diff(found.first))):
                other.give(thread, first_search=first, its_searches=count)
                work.give(thread, search_values=other.held(thread, "values"), search_gradients=other.held(thread, "gradients"))

    def _fill_part(
        self, work: Work, encoded: Encoded, values: Arena, inputs: Inputs, buffers: list[Buffers]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What threads read and write for one part of a plan; losses, sums and ticks of each thread."""
        real, operations = self.dtype, len(encoded.table)
        fill_inputs(work, real, inputs, self._bags)
        name = f"input gradients of {encoded.inputs} columns"
        work.share(input_gradients=reuse(buffers[0], name, encoded.inputs * len(inputs), real))
        if (work, operations) not in self._results:
            sizes = (operations,), (encoded.sums,), (operations, 2)
            kinds = np.float64, np.float64, np.int64
            self._results[work, operations] = tuple(np.zeros((self.threads, *size), kind) for size, kind in zip(sizes, kinds))
        results = self._results[work, operations]
        now = encoded, buffers, values.dense, values.tables
        if work in self._filled and all(map(is_, self._filled[work], now)):
            return results  # SPEED: nothing else has changed since the last step
        fill_work(work, encoded, real, values, buffers)
        sums = self._accumulators(len(values.dense))
        work.share(dense_values=contiguous(values.dense, real), dense_size=len(values.dense), accumulators=sums, accumulated=sums.shape[1])
        work.share(cleared=encoded.cleared, clears=len(encoded.cleared), **weight_buffers(encoded, buffers[0], real))
        work.share(row=encoded.table.shape[1], ticked=operations, summed=operations)
        for thread, mine in enumerate(buffers):
            gradients = reuse(mine, f"gradients of {encoded.capacity} rows", encoded.arena, real)
            piece, (losses, of_batch, ticks) = reuse(mine, "piece", walk.PIECE, real), (each[thread] for each in results)
            work.give(thread, gradients=gradients, piece=piece, losses=losses, sums=of_batch, ticks=ticks)
            work.give(thread, dense_gradients=self._buffers()[thread]["dense_gradients"])
        self._filled[work] = now
        return results

    def _gains_of(self, batch: Batch) -> np.ndarray:
        """(tasks,) float64."""
        if batch.gains != self._gains[0]:
            self._gains = batch.gains, np.array(batch.gains or (1.0,) * len(self.plan.spec.tasks))
        return self._gains[1]

    def _accumulators(self, size: int) -> np.ndarray:
        """(threads, P') gradient accumulators of P numbers, and some for what a tile may add 0 to behind them."""
        buffers = self._buffers()
        if "accumulators" not in buffers[0]:
            lanes = BYTES // self.dtype.itemsize
            width = -(-size // lanes) * lanes + 2 * WIDE * lanes if size else 0
            buffers[0]["accumulators"] = aligned(self.threads * width, self.dtype).reshape(self.threads, width)
            for mine, sums in zip(buffers, buffers[0]["accumulators"]):
                mine["dense_gradients"] = sums
        return buffers[0]["accumulators"]

    def _rows_backward(self, values: Arena, batch: Batch, objective: bool = True) -> tuple[float, np.ndarray]:
        """Parts 1 and 2: (total, losses); gradients wait in dense_gradients and input_gradients."""
        check_shapes(self.plan, batch)
        check_labels(self.plan, batch)
        if batch.ids.dtype != np.int32:  # others may lose what makes them wrong
            check_ids(self.plan, batch)
        self._in_step, found = True, None
        if batch.shared:
            parts, same = self._plans.split(batch.shared)
            found = searches_of(batch, same, self.plan.spec, self.dtype, self.threads, self._plans.tile_rows) if parts else None
        shared = () if found is None else batch.shared
        tiles = thread_tiles(batch, self.threads, self._plans.tile_rows, self.plan.grouped) if found is None else found.tiles
        even = found is None and not self.plan.grouped
        if self.dtype == FLOAT32 and not self._updates:
            compile_together(kernels_of_steps(self.plan.operations))
        longest = 0 if even else max(int(np.diff(borders).max(initial=0)) for borders in tiles)
        searches = 0 if found is None else int(max(np.diff(found.first)))
        made = self._plans.for_training(max(longest, self._plans.tile_rows), shared, searches)
        if shared not in self._updates:
            self._updates[shared] = EmbeddingUpdate(self.plan, made.tables(), self.dtype, self.threads)
        self._tables = self._updates[shared]
        self._fill(made, values, batch, found, tiles)

        apart = [self.of_searches] if found is not None and made.searches is not None else []
        self.work.share(table=made.rows.table, operations=len(made.rows.table), training=1)
        self.run(*((walk.pack_weights, work) for work in (self.work, *apart)))
        if self._found.any():
            check_ids(self.plan, batch)
        begin, end = ([(kernel, work) for work in apart] for kernel in (walk.begin_searches, walk.end_searches))
        self._claimed[:] = 0
        if len(made.summing):
            self.sums[:] = 0
            self.work.share(table=made.summing, operations=len(made.summing), training=0)
            self.run(*begin, (walk.walk_tiles, self.work))
            self.sums[:], begin = batch.add_up(sum(self.sums)), []
            self.work.share(table=made.rows.table, operations=len(made.rows.table), training=1)
            self._claimed[:] = 0
        self.run(*begin, (walk.walk_tiles, self.work), *end)

        losses = sum(self.losses)[-len(self.plan.losses) :]
        dense = self._buffers()[0]["dense_gradients"][: len(values.dense)]
        return add_objective(self.plan, values, losses, dense if objective else np.zeros_like(dense)), losses

    def _begin_update(self, state: TrainState, adam: Adam) -> None:
        """Count the step, and say what Adam is told in it."""
        state.step += 1
        gains, shrink = (1 - adam.beta1, 1 - adam.beta2), adam.learning_rate * adam.weight_decay
        self._settings[:] = 1, *gains, *adam.corrected(state.step), adam.epsilon, shrink
        m, v = state.m, state.v
        self.work.share(dense_m=m.dense, dense_v=v.dense, table_m=m.tables, table_v=v.tables, decay=state.decay)

    def _update(self, state: TrainState, batch: Batch, adam: Adam) -> None:
        """Parts 3 and 4, which do not wait for each other; before them, where it is asked for, the length of the gradient."""
        self._begin_update(state, adam)
        self._tables.share_out(self.work, batch, self._bags, self.threads)
        state.norm = 0.0
        if adam.clip_norm:
            self.run((walk.square_gradients, self.work))
            state.norm = math.sqrt(self._found.sum())
            self._settings[walk.FACTOR] = adam.clipped(state.norm)
        self.run((walk.update_dense, self.work), (walk.update_tables, self.work))

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere; see `Executor.apply`."""
        _check_trainable(state)
        values, real, work = state.values, self.dtype, self.work
        check_values(self.plan, real, values)
        size, sums, buffers = len(values.dense), self._accumulators(len(values.dense)), self._buffers()
        sums[0, :size], sums[1:] = found.dense, 0
        add_objective(self.plan, values, found.losses, sums[0, :size])
        factor, state.norm = clip_factor(sums[0, :size], found, adam)
        self._begin_update(state, adam)
        self._settings[walk.FACTOR] = factor
        work.share(dense_values=contiguous(values.dense, real), dense_size=size, table_values=contiguous(values.tables, real))
        work.share(accumulators=sums, accumulated=sums.shape[1])
        for thread, mine in enumerate(buffers):
            work.give(thread, piece=reuse(mine, "piece", walk.PIECE, real))
        self._filled.pop(work, None)
        parameters = [self.plan.parameters[name] for name in found.tables]
        counts = [len(ids) for ids, _ in found.tables.values()]
        tables = np.array([(each.offset, each.shape[1], count) for each, count in zip(parameters, counts)], np.int64)
        unique = np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in found.tables.values())]).astype(np.int32, copy=False)
        gradient = np.concatenate([np.zeros(0, real), *(rows.reshape(-1) for _, rows in found.tables.values())]).astype(real, copy=False)
        if factor != 1:
            gradient *= real.type(factor)
        for thread in range(self.threads):
            work.give(thread, shares=tables, shared_out=len(tables), unique=unique, id_sums=gradient)
        self.run((walk.update_dense, work), (update_given_rows, work))

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        _check_trainable(state)
        total, losses = self._rows_backward(state.values, batch)
        self._update(state, batch, adam)
        self._in_step = False
        return total, losses

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Executor.gradients`."""
        total, losses = self._rows_backward(values, batch, objective)
        dense = self._accumulators(len(values.dense))[:, : len(values.dense)].sum(axis=0)
        tables = self._tables.gradients(self.work, batch, self._bags)
        self._in_step = False
        return Gradients(total, losses, dense, tables)


def _check_trainable(state: TrainState) -> None:
    if state.values.frozen:
        raise ValueError("values are frozen: train a copy of them")
