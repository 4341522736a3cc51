"""The `cpu` executor: threads walk the plan tile by tile, so that activations stay in their caches.

A step has four parts, split over threads in a fixed way, so that the same number of threads
gives the same bytes however they are scheduled. Threads are woken for 2, for 3 and 4 together, and for 1 if it is long:

    1. weights are packed into panels (`matmul.py`);
    2. tiles of rows: forward, losses, backward; each thread adds to its own gradient accumulator;
    3. the accumulators are summed in the order of threads, and Adam steps on the dense arena;
    4. tables, each by one thread: gradients of repeated ids are summed in row order, and row-lazy
       Adam steps on the rows that occurred.

The compiled drivers release the interpreter's lock, so plain Python threads run them side by side;
nothing global (thread counts, affinity) is touched, and several executors may run at once.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import numpy as np

from ..adam import Adam
from ..batch import Batch, Inputs
from ..checks import check_batch, check_values
from ..executor import Executor, Gradients
from ..objective import add_objective
from ..ops import KINDS
from ..parameters import Arena, TrainState, aligned
from ..plan import Plan
from . import layout as L
from . import walk
from .bags import FlatBags, entities
from .encode import Encoded, encode
from .layout import Work
from .predict import Predictor, available_threads, kept, plain
from .tile import ROWS, WIDE, panel_product
from .vector import BYTES
from .workers import Helpers

SMALL = 2**18  # numbers; SPEED: packed in less time than it takes to wake a thread
TILE_ROWS = 192  # SPEED: 96 to 384 differ by a few per cent


class CpuExecutor(Executor):
    """Runs a plan on compiled kernels. Several threads may predict at once; steps are for one at a time.

    Args:
        plan: the plan. dtype: float32 or float64. threads: parts that a batch is split into,
            by default the cores of this process. tile_rows: rows of a tile.
    """

    def __init__(self, plan: Plan, dtype=np.float32, threads: int | None = None, tile_rows: int = TILE_ROWS) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        if tile_rows < 1:
            raise ValueError(f"tile_rows must be at least 1, got {tile_rows}")
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.threads, self.tile_rows = threads or available_threads(), tile_rows
        self._helpers = Helpers(self.threads - 1)
        self._encoded: Encoded | None = None
        self._bags = FlatBags(plan)
        self._predictor = Predictor(plan, self.dtype, self.threads, tile_rows, self._helpers, self._bags)
        self._tables = TableReaders(plan, encode(plan, tile_rows, self.dtype).table, self.dtype)
        self._local = threading.local()

    def _encode(self, capacity: int) -> Encoded:
        """The plan for training on tiles of at least `capacity` rows, with the kernels that it needs."""
        made = self._encoded
        if made is None or made.capacity < capacity:
            if made is not None:
                capacity = max(capacity, 2 * made.capacity)  # NOTE: each capacity has buffers of its own, so few of them
            made = encode(self.plan, capacity, self.dtype)
            walk.link(made.table, self.plan.operations, self.dtype, training=True)
            self._encoded = made
        return made

    def _run(self, *jobs: tuple) -> None:
        """Each job is (function, [arguments of each thread]); a thread does its part of one job after the other.

        NOTE: threads do not wait for each other between jobs, so a job must not need what another thread does in an earlier one.
        """

        def part(thread: int) -> None:
            for function, arguments in jobs:
                function(*arguments[thread])

        count = len(jobs[0][1])
        helpers, begun = self._helpers.take(count - 1), []
        try:
            for thread, helper in enumerate(helpers, start=1):
                helper.start(part, thread)
                begun.append(helper)
            for thread in (0, *range(len(helpers) + 1, count)):  # the rest, where another thread predicts and has the helpers
                part(thread)
        finally:
            errors = [helper.finish() for helper in begun]  # whatever happens here, nobody writes to the buffers any more
            self._helpers.give_back(helpers)
        for error in filter(None, errors):
            raise error

    def _buffer(self, name: str, size: int, dtype=None) -> np.ndarray:
        """A buffer of at least `size` that the calling thread keeps, so that a step allocates nothing large; 0 when it is new."""
        return kept(self._local.__dict__, name, size, dtype or self.dtype)

    def _works(self, encoded: Encoded, values: Arena, batch: Batch) -> list[Work]:
        """What each thread reads and writes; the batch and the parameters are shared."""
        check_values(self.plan, self.dtype, values)
        offsets, bag_ids, starts = self._bags.lists(batch)
        rows, lanes, capacity = len(batch), BYTES // self.dtype.itemsize, encoded.capacity
        accumulators = self._accumulators(len(values.dense))
        shared = {
            "panels": self._buffer("panels", encoded.panels + WIDE * lanes),
            "biases": self._buffer("biases", encoded.biases),
            "runs": encoded.runs,
            "dense_values": plain(values.dense, self.dtype),
            "table_values": plain(values.tables, self.dtype),
            "input_gradients": self._buffer("input_gradients", encoded.inputs * rows),
            "ids": plain(batch.ids, np.int32).reshape(-1),
            "entities": entities(batch),
            "bag_offsets": offsets,
            "bag_ids": bag_ids,
            "bag_starts": starts,
            "dense": plain(batch.dense, self.dtype).reshape(-1),
            "labels": plain(batch.labels, np.float32).reshape(-1),
            "weights": plain(batch.weights, np.float32).reshape(-1),
            "groups": plain(batch.groups, np.int32),
            "reals": encoded.reals,
            "panel_product": panel_product.address(self.dtype),
            "batch": rows,
            "fields": batch.ids.shape[1],
            "bags": len(batch.bags),
            "columns": batch.dense.shape[1],
            "tasks": batch.labels.shape[1],
            "scale": 1.0 / rows,
        }
        scratch = capacity * (WIDE * lanes + encoded.scratch)
        return [
            Work(
                values=self._buffer(f"values{thread} of {capacity} rows", encoded.arena),
                gradients=self._buffer(f"gradients{thread} of {capacity} rows", encoded.arena),
                scratch=self._buffer(f"scratch{thread}", scratch),
                dense_gradients=accumulators[thread],
                losses=np.zeros(len(encoded.table)),
                ticks=np.zeros((len(encoded.table), 2), np.int64),
                **shared,
            )
            for thread in range(self.threads)
        ]

    def _accumulators(self, size: int) -> np.ndarray:
        """(threads, P') gradient accumulators of P numbers, and some for what a tile may add 0 to behind them."""
        lanes = BYTES // self.dtype.itemsize
        width = -(-size // lanes) * lanes + 2 * WIDE * lanes if size else 0
        return self._buffer("accumulators", self.threads * width).reshape(self.threads, width)

    def _prepare(self, values: Arena, batch: Batch) -> tuple[Encoded, list[Work], list[np.ndarray]]:
        """For a training step: the plan, what each thread reads and writes, and its tiles."""
        check_batch(self.plan, batch)
        tiles = thread_tiles(batch, self.threads, self.tile_rows, self.plan.grouped)
        encoded = self._encode(max(int(np.diff(borders).max(initial=0)) for borders in tiles))
        return encoded, self._works(encoded, values, batch), tiles

    def _pack(self, encoded: Encoded, works: list[Work]) -> None:
        """Part 1; a small one on the calling thread, for to wake another takes longer."""
        parts = 1 if encoded.panels < SMALL else self.threads
        self._run((walk.pack_weights, [(encoded.table, works[part], part, parts, True) for part in range(parts)]))

    def _walk(self, encoded: Encoded, works: list[Work], tiles: list[np.ndarray]) -> None:
        """Part 2."""
        nothing = (0, 0, 0), np.empty((0, 0), self.dtype)
        claimed = (np.zeros(1, np.int64) for _ in works)  # by each thread of its own tiles
        self._run((walk.walk_tiles, [(encoded.table, encoded.cleared, *each, True, *nothing) for each in zip(works, tiles, claimed)]))

    def _rows_backward(self, values: Arena, batch: Batch) -> tuple[float, np.ndarray, list[Work]]:
        """Parts 1 and 2: (total, losses, works); gradients wait in dense_gradients and input_gradients."""
        encoded, works, tiles = self._prepare(values, batch)
        self._pack(encoded, works)
        self._walk(encoded, works, tiles)
        losses = sum(work.losses for work in works)[len(self.plan.forward) :]
        dense = works[0].dense_gradients[: len(values.dense)]
        return add_objective(self.plan, values, losses, dense), losses, works

    def _update(self, state: TrainState, works: list[Work], adam: Adam) -> None:
        """Parts 3 and 4, which do not wait for each other."""
        state.step += 1
        real = self.dtype.type
        settings = (real(1 - adam.beta1), real(1 - adam.beta2), *map(real, adam.corrected(state.step)), real(adam.epsilon))
        shrink, size = real(adam.learning_rate * adam.weight_decay), len(state.values.dense)
        dense = state.values.dense, state.m.dense, state.v.dense, self._accumulators(size), state.decay
        tables = state.values.tables, state.m.tables, state.v.tables

        borders = even(size, self.threads)
        self._run(
            (walk.adam_arena, [(*dense, low, high, *settings, shrink) for low, high in zip(borders, borders[1:])]),
            (walk.step_tables, [(*readers, *tables, *settings) for readers in self._tables.parts(works[0], self.threads)]),
        )

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        if state.values.frozen:
            raise ValueError("values are frozen: train a copy of them")
        total, losses, works = self._rows_backward(state.values, batch)
        self._update(state, works, adam)
        return total, losses

    def gradients(self, values: Arena, batch: Batch) -> Gradients:
        """The gradient of one batch; see `Gradients`."""
        total, losses, works = self._rows_backward(values, batch)
        dense = self._accumulators(len(values.dense))[:, : len(values.dense)].sum(axis=0)
        return Gradients(total, losses, dense, self._tables.gradients(works[0]))

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; what inputs of `shared` add to the first layers is computed once."""
        return self._predictor.predict(values, inputs, self.plan.logits, shared)

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        return {name: self._predictor.predict(values, inputs, self.plan.outputs[name]) for name in names}


class TableReaders:
    """The embedding tables, the operations that read them, and the buffers of their sparse gradients.

    Attributes:
        rows: (tables, 5) first element in the arena, width D, first and end of its `sources`, first element of its `_position`.
        sources: (n, 3) whether it reads a bag, column of ids or number of the bag, place in `Work.input_gradients`.
    """

    def __init__(self, plan: Plan, table: np.ndarray, dtype: np.dtype) -> None:
        self.parameters = [parameter for parameter in plan.parameters.values() if parameter.table]
        rows, sources, start = [], [], 0
        for parameter in self.parameters:
            first = len(sources)
            for op, row in zip(plan.forward, table):
                if parameter in op.parameters:
                    sources.append((KINDS[op.kind].reads == "bag", row[L.INTEGERS[0]], row[L.INPUT_GRADIENT]))
            rows.append((parameter.offset, parameter.shape[1], first, len(sources), start))
            start += parameter.shape[0]
        self.rows, self.sources = np.array(rows, np.int64).reshape(-1, 5), np.array(sources, np.int64).reshape(-1, 3)
        self._lengths = np.array([parameter.shape[0] for parameter in self.parameters], np.int64)
        self._dtype, self._position, self._buffers, self._shares = dtype, np.full(start, -1, np.int32), [], None

    def _entries(self, work: Work) -> np.ndarray:
        """(tables,) the most ids that each table may meet in a batch."""
        if not self.sources[:, 0].any():
            return np.minimum(work.batch * (self.rows[:, 3] - self.rows[:, 2]), self._lengths)
        entries = np.zeros(len(self.rows), np.int64)
        for number, (_, _, first, end, _) in enumerate(self.rows):
            for is_bag, column, _ in self.sources[first:end]:
                if not is_bag:
                    entries[number] += work.batch
                else:
                    lists = work.bag_starts[column] + work.entities[column :: work.bags]
                    entries[number] += (work.bag_offsets[lists + 1] - work.bag_offsets[lists]).sum()
        return np.minimum(entries, self._lengths)

    def parts(self, work: Work, threads: int) -> list[tuple]:
        """(tables, sources, work, unique, sums, position) of each thread: tables shared out by size, the largest first."""
        entries = self._entries(work)
        key = threads, *entries.tolist()
        if self._shares is None or self._shares[0] != key:
            sizes, loads, shares = entries * self.rows[:, 1], [0] * threads, [[] for _ in range(threads)]
            for number in np.argsort(-sizes, kind="stable"):
                thread = loads.index(min(loads))
                shares[thread].append(number)
                loads[thread] += sizes[number]
            need = int(entries.max(initial=0)), int(sizes.max(initial=0))
            self._shares = key, [self.rows[share] for share in shares], need
        _, shares, need = self._shares
        while len(self._buffers) < threads:
            self._buffers.append((np.zeros(0, np.int32), aligned(0, self._dtype)))
        for thread, (unique, sums) in enumerate(self._buffers):
            if len(unique) < need[0] or len(sums) < need[1]:
                self._buffers[thread] = np.zeros(need[0], np.int32), aligned(need[1], self._dtype)
        return [(tables, self.sources, work, *buffers, self._position) for tables, buffers in zip(shares, self._buffers)]

    def gradients(self, work: Work) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """name -> (ids (n,) unique and ascending, rows (n, D)) of every table."""
        ((_, sources, work, unique, sums, position),) = self.parts(work, 1)
        found = {}
        for parameter, row in zip(self.parameters, self.rows):
            count = walk.table_gradient(row, sources, work, unique, sums, position)
            order = np.argsort(unique[:count])
            found[parameter.name] = unique[:count][order], sums[: count * row[1]].reshape(count, row[1])[order]
        return found


def even(size: int, parts: int) -> list[int]:
    """[0, ..., size]: where `parts` parts begin and end, as even as can be."""
    return [size * part // parts for part in range(parts + 1)]


def thread_tiles(batch: Batch, threads: int, tile_rows: int, grouped: bool) -> list[np.ndarray]:
    """For each thread the first rows of its tiles, and the row behind its last.

    Threads get as many rows as each other, and tiles of a thread too, up to `tile_rows` of them; with `grouped` no search is
    split, however long it is.
    """
    if not grouped:
        return _even_tiles(len(batch), threads, tile_rows)
    starts = np.append(np.flatnonzero(np.diff(batch.groups, prepend=batch.groups[0] - 1)), len(batch))
    return [np.unique(starts[np.searchsorted(starts, borders)]) for borders in _even_tiles(len(batch), threads, tile_rows)]


@lru_cache(maxsize=16)
def _even_tiles(rows: int, threads: int, tile_rows: int) -> list[np.ndarray]:
    """`thread_tiles` of that many rows."""
    cuts, parts = even(rows, threads), []
    for low, high in zip(cuts, cuts[1:]):
        count = max(-(-(high - low) // tile_rows), 1)
        size = min(-(-max(high - low, 1) // (count * ROWS)) * ROWS, tile_rows)
        parts.append(np.append(np.arange(low, high, size), high))
    return parts
