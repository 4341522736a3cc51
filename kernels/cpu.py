"""The `cpu` executor: threads walk the plan tile by tile, so that activations stay in their caches.

A step has three parts, each split over threads in a fixed way, so that the same number of threads
gives the same bytes however they are scheduled:

    1. tiles of rows: forward, losses, backward; each thread adds to its own gradient accumulator;
    2. the accumulators are summed in the order of threads, and Adam steps on the dense arena;
    3. one table at a time: gradients of repeated ids are summed in row order, and row-lazy Adam
       steps on the rows that occurred.

The compiled drivers release the interpreter's lock, so plain Python threads run them side by side;
nothing global (thread counts, affinity) is touched, and several executors may run at once.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from . import walk
from .adam import Adam
from .batch import Batch
from .executor import Gradients, check_bag_ids, check_batch
from .layout import ADDEND, CODE, COUNT, FIRST, INPUT, NUMBER, OUTPUT, PARAMETER, SECOND, Work
from .objective import add_objective
from .operations import OPCODES
from .parameters import Arena, TrainState, aligned
from .plan import Parameter, Plan, Slot

TILE_ROWS = 128


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class CpuExecutor:
    """Runs a plan on compiled kernels.

    Args:
        plan: the plan. dtype: float32 or float64. threads: parts that a batch is split into,
            by default the cores of this process. tile_rows: rows of a tile.
    """

    def __init__(self, plan: Plan, dtype=np.float32, threads: int | None = None, tile_rows: int = TILE_ROWS) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.threads, self.tile_rows = threads or available_threads(), tile_rows
        self._pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None
        self._table, self._reals = encode(plan)
        self._forward_table = self._table[: len(plan.forward)]
        self._places, self._input_width = input_places(plan)
        self._scratch_size = max((p.size for p in plan.parameters.values() if not p.table), default=0)
        self._bags = None  # the flat copy of the lists that batches share, and whose it is
        self._tables = [TableReader(parameter, plan, self._places) for parameter in plan.parameters.values() if parameter.table]
        self._local = threading.local()

    def _run(self, function, arguments: list[tuple]) -> list:
        """function(*a) for each thread's arguments, the first one on the calling thread."""
        futures = [self._pool.submit(function, *rest) for rest in arguments[1:]]
        first = function(*arguments[0])
        return [first, *(future.result() for future in futures)]

    def _buffer(self, name: str, size: int, dtype=None) -> np.ndarray:
        """A buffer of at least `size` that the calling thread keeps, so that a step allocates nothing."""
        buffers = self._local.__dict__
        if name not in buffers or len(buffers[name]) < size:
            buffers[name] = aligned(size, dtype or self.dtype)
        return buffers[name][:size]

    def _flat_bags(self, batch: Batch):
        """(offsets, ids, starts): the lists of all bags one after the other, made once for batches that share them."""
        key = [array for bag in batch.bags for array in (bag.offsets, bag.ids)]
        kept = self._bags
        if kept is None or len(kept[0]) != len(key) or any(a is not b for a, b in zip(kept[0], key)):
            check_bag_ids(self.plan, batch)
            shift = np.cumsum([0, *(len(bag.ids) for bag in batch.bags)])
            starts = np.cumsum([0, *(len(bag.offsets) - 1 for bag in batch.bags)])[:-1]
            offsets = [bag.offsets[:-1] + base for bag, base in zip(batch.bags, shift)] + [shift[-1:]]
            ids = [np.zeros(0, np.int32), *(bag.ids for bag in batch.bags)]
            flat = np.concatenate(offsets).astype(np.int64), np.concatenate(ids).astype(np.int32), starts.astype(np.int64)
            self._bags = kept = key, flat
        return kept[1]

    def _works(self, values: Arena, batch: Batch, capacity: int, training: bool) -> list[Work]:
        """What each thread reads and writes; the batch and the parameters are shared."""
        if values.dense.dtype != self.dtype:
            raise ValueError(f"values must be {self.dtype}, got {values.dense.dtype}")
        offsets, bag_ids, starts = self._flat_bags(batch)
        rows = len(batch)
        entities = np.empty((rows, len(batch.bags)), np.int32)
        for column, bag in enumerate(batch.bags):
            entities[:, column] = bag.entity
        size, parameters = capacity * self.plan.width, len(values.dense)
        return [
            Work(
                capacity=capacity,
                values=self._buffer(f"values{thread}", size),
                gradients=self._buffer(f"gradients{thread}", size if training else 0),
                scratch=self._buffer(f"scratch{thread}", self._scratch_size if training else 0),
                dense_values=values.dense,
                dense_gradients=self._buffer(f"dense_gradients{thread}", parameters if training else 0),
                table_values=values.tables,
                input_gradients=self._buffer("input_gradients", self._input_width * rows if training else 0),
                ids=np.ascontiguousarray(batch.ids, np.int32),
                entities=entities,
                bag_offsets=offsets,
                bag_ids=bag_ids,
                bag_starts=starts,
                dense=np.ascontiguousarray(batch.dense, np.float32),
                labels=np.ascontiguousarray(batch.labels, np.float32),
                weights=np.ascontiguousarray(batch.weights, np.float32),
                groups=np.ascontiguousarray(batch.groups, np.int32),
                reals=self._reals,
                losses=np.zeros(len(self._table)),
                scale=1.0 / rows,
            )
            for thread in range(self.threads)
        ]

    def _predict(self, values: Arena, batch: Batch, slot: Slot) -> np.ndarray:
        check_batch(self.plan, batch)
        tiles = tile_borders(batch, self.tile_rows, grouped=False)
        out = np.empty((len(batch), slot.width), self.dtype)
        works = self._works(values, batch, self.tile_rows, training=False)
        place = (slot.offset, slot.stride, slot.column, slot.width)
        parts = split_tiles(tiles, self.threads)
        self._run(walk.walk_tiles, [
            (self._forward_table, self._places, *each, False, place, out) for each in zip(works, parts)
        ])
        return out

    def logits(self, values: Arena, batch: Batch) -> np.ndarray:
        """(B, T) logits."""
        return self._predict(values, batch, self.plan.logits)

    def outputs(self, values: Arena, batch: Batch, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        return {name: self._predict(values, batch, self.plan.outputs[name]) for name in names}

    def _rows_backward(self, values: Arena, batch: Batch) -> tuple[float, np.ndarray, np.ndarray, Work]:
        """Part 1: (total, losses, dense gradient, work); the gradients of inputs wait in work.input_gradients."""
        check_batch(self.plan, batch)
        tiles = tile_borders(batch, self.tile_rows, self.plan.grouped)
        works = self._works(values, batch, int(np.diff(tiles).max()), training=True)
        parts = split_tiles(tiles, self.threads)
        nothing = (0, 0, 0, 0), np.empty((0, 0), self.dtype)
        self._run(walk.walk_tiles, [
            (self._table, self._places, *each, True, *nothing) for each in zip(works, parts)
        ])
        dense = works[0].dense_gradients
        for work in works[1:]:
            dense += work.dense_gradients
        losses = sum(work.losses for work in works)[len(self._forward_table) :]
        return add_objective(self.plan, values, losses, dense), losses, dense, works[0]

    def gradients(self, values: Arena, batch: Batch) -> Gradients:
        """The gradient of one batch; see `Gradients`."""
        total, losses, dense, work = self._rows_backward(values, batch)
        tables = {}
        for table in self._tables:
            unique, sums = table.gradient(work)
            order = np.argsort(unique)
            tables[table.name] = unique[order], sums.reshape(len(unique), table.width)[order]
        return Gradients(total, losses, dense.copy(), tables)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        total, losses, dense, work = self._rows_backward(state.values, batch)
        state.step += 1
        real = self.dtype.type
        gains = real(1 - adam.beta1), real(1 - adam.beta2)
        settings = (*gains, *map(real, adam.corrected(state.step)), real(adam.epsilon))
        shrink = real(adam.learning_rate * adam.weight_decay)
        arenas = state.values.dense, state.m.dense, state.v.dense
        borders = np.linspace(0, len(dense), self.threads + 1).astype(int)
        self._run(walk.adam_arena, [
            (*arenas, dense, state.decay, low, high, *settings, shrink) for low, high in zip(borders, borders[1:])
        ])
        arenas = state.values.tables, state.m.tables, state.v.tables
        self._run(step_tables, [
            (self._tables[thread :: self.threads], work, arenas, settings) for thread in range(self.threads)
        ])
        return total, losses


class TableReader:
    """One embedding table, the operations that read it, and the buffers of its sparse gradient."""

    def __init__(self, parameter: Parameter, plan: Plan, places: np.ndarray) -> None:
        self.name, self.offset, (self.rows, self.width) = parameter.name, parameter.offset, parameter.shape
        self.sources = np.array([
            (OPCODES[op.kind], op.attributes["field" if op.kind == "gather" else "bag"], places[number])
            for number, op in enumerate(plan.forward) if parameter in op.parameters
        ], np.int64)
        self._position = np.full(self.rows, -1, np.int32)
        self._unique, self._sums = np.zeros(0, np.int32), None

    def gradient(self, work: Work) -> tuple[np.ndarray, np.ndarray]:
        """(unique ids (n,) in order of first use, sums (n * D,)); valid until the next call."""
        entries = 0
        for code, column, _ in self.sources:
            if code == walk.GATHER:
                entries += len(work.ids)
            else:
                lists = work.bag_starts[column] + work.entities[:, column]
                entries += int((work.bag_offsets[lists + 1] - work.bag_offsets[lists]).sum())
        entries = min(entries, self.rows)
        if len(self._unique) < entries:
            self._unique = np.empty(entries, np.int32)
            self._sums = aligned(entries * self.width, work.values.dtype)
        elif self._sums is None:
            self._sums = aligned(0, work.values.dtype)
        count = walk.table_gradient(
            self.sources, self.width, len(work.ids), work.ids, work.entities, work.bag_starts, work.bag_offsets,
            work.bag_ids, work.input_gradients, self._unique, self._sums, self._position,
        )
        return self._unique[:count], self._sums[: count * self.width]


def step_tables(tables: list[TableReader], work: Work, arenas: tuple, settings: tuple) -> None:
    """Part 3, for the tables of one thread: sum the gradients of repeated ids, then row-lazy Adam."""
    for table in tables:
        unique, sums = table.gradient(work)
        walk.adam_table(*arenas, table.offset, table.width, unique, sums, *settings)


def encode(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """The plan as a driver reads it: (integers (operations, .), floats (operations,)); see layout.py."""
    first = {"dense": "relu", "gather": "field", "bag": "bag", "bias_by_id": "field", "dense_by_id": "field", "softmax": "experts"}
    extra = max(len(op.inputs) for op in plan.operations) - 1
    table = np.zeros((len(plan.operations), ADDEND + 5 * max(extra, 1)), np.int64)
    reals = np.zeros(len(plan.operations))
    for number, (op, row) in enumerate(zip(plan.operations, table)):
        row[CODE], row[NUMBER], row[COUNT] = OPCODES[op.kind], number, len(op.inputs) - 1
        slots = [(OUTPUT, op.output)] if op.output else []
        slots += zip([INPUT, *range(ADDEND, len(row), 5)], op.inputs)
        for place, slot in slots:
            row[place : place + 5] = slot.offset, slot.stride, slot.column, slot.width, slot.differentiable
        row[PARAMETER : PARAMETER + len(op.parameters)] = [parameter.offset for parameter in op.parameters]
        if op.output is None:
            task = op.attributes["task"]
            row[PARAMETER] = -1 if plan.log_variance is None else plan.log_variance.offset + task
            row[FIRST], row[SECOND] = task, op.attributes.get("given", -1)
            reals[number] = op.attributes["factor"]
        else:
            row[FIRST] = op.attributes.get(first.get(op.kind), 0)
            reals[number] = op.attributes.get("temperature", 0)
    return table, reals


def input_places(plan: Plan) -> tuple[np.ndarray, int]:
    """Where the gradients of gathers and bags wait: columns before each operation's block, and all columns."""
    widths = [op.output.width if op.kind in ("gather", "bag") else 0 for op in plan.operations]
    ends = np.cumsum(widths)
    return (ends - widths).astype(np.int64), int(ends[-1])


def tile_borders(batch: Batch, tile_rows: int, grouped: bool) -> np.ndarray:
    """(tiles + 1,) first rows of the tiles and the number of rows; with `grouped` no search is split."""
    rows = len(batch)
    borders = np.append(np.arange(0, rows, tile_rows), rows)
    if grouped:
        starts = np.flatnonzero(np.diff(batch.groups, prepend=batch.groups[0] - 1))
        starts = np.append(starts, rows)
        borders = np.unique(starts[np.searchsorted(starts, borders)])
    return borders.astype(np.int64)


def split_tiles(borders: np.ndarray, threads: int) -> list[np.ndarray]:
    """The borders of each thread's tiles: neighbours, as even as can be; fewer tiles than threads leaves some idle."""
    cuts = np.linspace(0, len(borders) - 1, threads + 1).astype(int)
    return [borders[low : high + 1] for low, high in zip(cuts, cuts[1:])]
