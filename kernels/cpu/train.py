"""Training steps of the `cpu` executor, in four parts that are split over threads in a fixed way (`executor.py` lists them)."""

from __future__ import annotations

import math
import threading
from functools import partial
from itertools import pairwise

import numpy as np

from ..adam import Adam
from ..batch import Batch, Inputs
from ..checks import check_batch, check_values
from ..executor import Gradients, clip_factor
from ..forks import renew_in_forks
from ..objective import add_objective
from ..parameters import Arena, TrainState
from . import walk
from .bags import FlatBags
from .buffers import Buffers, contiguous, fill_work, reuse, weight_buffers
from .embedding_update import EmbeddingUpdate
from .encode import Encoded
from .given import adam_given_rows
from .layout import Work
from .plans import EncodedPlans, TrainingPlan
from .searches import NO_SEARCHES, Searches, searches_of
from .tile import WIDE
from .tiles import even, thread_tiles
from .vector import BYTES
from .workers import Workers

SMALL = 2**18  # numbers; SPEED: packed in less time than it takes to wake a thread


class StepRunner:
    """Takes training steps, one at a time.

    Args:
        plans, threads, workers, bags: those of the executor.
    """

    def __init__(self, plans: EncodedPlans, threads: int, workers: Workers, bags: FlatBags) -> None:
        self.plan, self.dtype, self.threads, self._plans = plans.plan, plans.dtype, threads, plans
        self._workers, self._bags = workers, bags
        self._updates: dict[tuple[str, ...], EmbeddingUpdate] = {}  # by the inputs that searches share
        self._of_caller, self._in_step = threading.local(), False
        renew_in_forks(self)

    def renew(self) -> None:
        """The step that another thread was in has no end here."""
        if self._in_step:
            for update in self._updates.values():
                update.forget()
            self._in_step = False

    def run(self, *jobs: tuple) -> None:
        """Each job is (function, [arguments of each thread]); a thread does its part of one job after the other.

        NOTE: threads do not wait for each other between jobs, so a job must not need what another thread does in an earlier one.
        """

        def part(thread: int) -> None:
            for function, arguments in jobs:
                function(*arguments[thread])

        self._workers.run([partial(part, thread) for thread in range(len(jobs[0][1]))])

    def _buffers(self) -> list[dict[str, np.ndarray]]:
        """Those of each thread, which the calling thread keeps, so that a step allocates nothing large."""
        return self._of_caller.__dict__.setdefault("buffers", [{} for _ in range(self.threads)])

    def _works(self, made: TrainingPlan, values: Arena, batch: Batch, found: Searches | None) -> tuple[list[Work], list[Work]]:
        """What each thread reads and writes, for rows, and for its searches; the batch and the parameters are shared."""
        check_values(self.plan, self.dtype, values)
        buffers, accumulators, encoded = self._buffers(), self._accumulators(len(values.dense)), made.rows
        shared = {name: contiguous(getattr(batch, name), np.float32).reshape(-1) for name in ("labels", "weights")}
        shared |= {"groups": contiguous(batch.groups, np.int32), "tasks": batch.labels.shape[1], "key": batch.key}
        shared |= {"before": batch.before, "scale": 1.0 / batch.whole}
        shared["gains"] = np.array(batch.gains or (1.0,) * shared["tasks"])
        shared |= {"dense_values": contiguous(values.dense, self.dtype)}
        others, of_searches = [{"dense_gradients": sums} | NO_SEARCHES[self.dtype] for sums in accumulators], []
        if found is not None and made.searches is not None:
            of_searches = self._filled(
                made.searches, shared, others, values, found.inputs, [mine.setdefault("searches", {}) for mine in buffers]
            )
            more = {"of_search": found.local, "searches": len(found.inputs)}
            for each, work in zip(others, of_searches):
                each |= more | {"search_values": work.values, "search_gradients": work.gradients, "search_ids": work.ids}
                each |= {"search_entities": work.entities, "search_input_gradients": work.input_gradients}
        return self._filled(encoded, shared, others, values, batch, buffers), of_searches

    def _filled(
        self, encoded: Encoded, shared: Buffers, others: list[Buffers], values: Arena, inputs: Inputs, buffers: list[Buffers]
    ) -> list[Work]:
        """The `Work` of each thread for one part of a plan."""
        shared = shared | weight_buffers(encoded, buffers[0], self.dtype)
        shared["input_gradients"] = reuse(buffers[0], "input_gradients", encoded.inputs * len(inputs), self.dtype)
        name, own = f"gradients of {encoded.capacity} rows", []
        for mine, rest in zip(buffers, others):
            gradients = {"gradients": reuse(mine, name, encoded.arena, self.dtype)}
            own.append(shared | rest | gradients | {"losses": np.zeros(len(encoded.table)), "sums": np.zeros(encoded.sums)})
        return fill_work(encoded, self.dtype, values, inputs, self._bags, buffers, own)

    def _accumulators(self, size: int) -> np.ndarray:
        """(threads, P') gradient accumulators of P numbers, and some for what a tile may add 0 to behind them."""
        lanes = BYTES // self.dtype.itemsize
        width = -(-size // lanes) * lanes + 2 * WIDE * lanes if size else 0
        return reuse(self._buffers()[0], "accumulators", self.threads * width, self.dtype).reshape(self.threads, width)

    def _rows_backward(self, values: Arena, batch: Batch, objective: bool = True) -> tuple[float, np.ndarray, list[Work]]:
        """Parts 1 and 2: (total, losses, works); gradients wait in dense_gradients and input_gradients."""
        check_batch(self.plan, batch)
        self._in_step, found = True, None
        if batch.shared:
            parts, same = self._plans.split(batch.shared)
            found = searches_of(batch, same, self.plan.spec, self.dtype, self.threads, self._plans.tile_rows) if parts else None
        shared = () if found is None else batch.shared
        tiles = thread_tiles(batch, self.threads, self._plans.tile_rows, self.plan.grouped) if found is None else found.tiles
        longest = max(int(np.diff(borders).max(initial=0)) for borders in tiles)
        made = self._plans.for_training(longest, shared, 0 if found is None else int(max(np.diff(found.first))))
        works, of_searches = self._works(made, values, batch, found)
        if shared not in self._updates:
            self._updates[shared] = EmbeddingUpdate(self.plan, made.tables(), self.dtype, self.threads)
        self._tables = self._updates[shared]

        jobs = [(made.rows, works)] + ([(made.searches, of_searches)] if made.searches else [])
        parts = 1 if sum(encoded.panels for encoded, _ in jobs) < SMALL else self.threads
        self.run(*((walk.pack_weights, [(each.table, of[part], part, parts, True) for part in range(parts)]) for each, of in jobs))

        begin, end = [], []
        if found is not None and made.searches is not None:
            counts, table = np.diff(found.first), made.searches.table
            begin = [(walk.begin_searches, [(table, made.searches.cleared, *each) for each in zip(of_searches, counts, found.first)])]
            end = [(walk.end_searches, [(table, *each) for each in zip(of_searches, counts, found.first)])]
        if len(made.summing):
            self.run(*begin, self._walk(made.summing, made.rows, works, tiles, False))
            sums, begin = batch.add_up(sum(work.sums for work in works)), []
            for work in works:
                work.sums[:] = sums
        self.run(*begin, self._walk(made.rows.table, made.rows, works, tiles, True), *end)

        losses = sum(work.losses for work in works)[-len(self.plan.losses) :]
        dense = works[0].dense_gradients[: len(values.dense)]
        return add_objective(self.plan, values, losses, dense if objective else np.zeros_like(dense)), losses, works

    def _walk(self, table: np.ndarray, encoded: Encoded, works: list[Work], tiles: list[np.ndarray], training: bool) -> tuple:
        """The job in which each thread walks its own tiles."""
        nothing = np.zeros((0, 3), np.int64), np.empty((0, 0), self.dtype)
        claimed = (np.zeros(1, np.int64) for _ in works)
        return walk.walk_tiles, [(table, encoded.cleared, *each, training, *nothing) for each in zip(works, tiles, claimed)]

    def _update(self, state: TrainState, works: list[Work], adam: Adam) -> None:
        """Parts 3 and 4, which do not wait for each other; before them, where it is asked for, the length of the gradient."""
        real, size = self.dtype.type, len(state.values.dense)
        settings, shrink = self._begin_update(state, adam)
        sums, readers = self._accumulators(size), self._tables.parts(works[0], self.threads)
        dense = state.values.dense, state.m.dense, state.v.dense
        tables = state.values.tables, state.m.tables, state.v.tables

        borders, factor, state.norm = [*pairwise(even(size, self.threads))], real(1), 0.0
        if adam.clip_norm:
            squares = np.zeros((self.threads, 1))
            self.run(
                (walk.square_arena, [(sums, low, high, mine) for (low, high), mine in zip(borders, squares)]),
                (walk.square_tables, [(*each, mine) for each, mine in zip(readers, squares)]),
            )
            state.norm = math.sqrt(squares.sum())
            sums, factor = sums[:1], real(adam.clipped(state.norm))
        self.run(
            (walk.adam_arena, [(*dense, sums, state.decay, low, high, factor, *settings, shrink) for low, high in borders]),
            (walk.step_tables, [(*each, *tables, factor, *settings) for each in readers]),
        )

    def _begin_update(self, state: TrainState, adam: Adam) -> tuple[tuple, np.floating]:
        """Count the step; what drivers of Adam are told in it: (gain1, gain2, rate, correction, epsilon), shrink."""
        state.step += 1
        real = self.dtype.type
        settings = real(1 - adam.beta1), real(1 - adam.beta2), *map(real, adam.corrected(state.step)), real(adam.epsilon)
        return settings, real(adam.learning_rate * adam.weight_decay)

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere; see `Executor.apply`."""
        _check_trainable(state)
        check_values(self.plan, self.dtype, state.values)
        size, dense = len(state.values.dense), contiguous(found.dense.copy(), self.dtype)
        add_objective(self.plan, state.values, found.losses, dense)
        factor, state.norm = clip_factor(dense, found.tables, adam)
        settings, shrink = self._begin_update(state, adam)
        arenas = state.values.dense, state.m.dense, state.v.dense
        sums, factor = dense.reshape(1, size), self.dtype.type(factor)
        jobs: list[tuple] = [
            (
                walk.adam_arena,
                [(*arenas, sums, state.decay, low, high, factor, *settings, shrink) for low, high in pairwise(even(size, self.threads))],
            )
        ]
        arenas = state.values.tables, state.m.tables, state.v.tables
        for name, (ids, rows) in found.tables.items():
            parameter = self.plan.parameters[name]
            gradient = contiguous(rows if factor == 1 else factor * rows, self.dtype).reshape(-1)
            given = contiguous(ids, np.int32), gradient, parameter.offset, parameter.shape[1]
            jobs.append(
                (adam_given_rows, [(*arenas, *given, low, high, *settings) for low, high in pairwise(even(len(ids), self.threads))])
            )
        self.run(*jobs)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        _check_trainable(state)
        total, losses, works = self._rows_backward(state.values, batch)
        self._update(state, works, adam)
        self._in_step = False
        return total, losses

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Executor.gradients`."""
        total, losses, works = self._rows_backward(values, batch, objective)
        dense = self._accumulators(len(values.dense))[:, : len(values.dense)].sum(axis=0)
        tables = self._tables.gradients(works[0])
        self._in_step = False
        return Gradients(total, losses, dense, tables)


def _check_trainable(state: TrainState) -> None:
    if state.values.frozen:
        raise ValueError("values are frozen: train a copy of them")
