"""Predictions of the `cpu` executor: a request at a time on all cores, or many requests side by side.

What a request would cost beside its arithmetic, and what is done about it:

    weights    packing them takes as long as some 30 rows do. Parameters that nothing can change (`Arena.freeze`) are packed once,
               for all requests; others are packed at every call, so that no answer is ever one of old weights.
    threads    rows are cut into tiles, and every thread claims one after the other: who wakes late does fewer. A request that is
               alone takes all threads; one that comes while others compute runs on its own.
    memory     a thread computes in a room. There are twice as many as threads or cores, which bounds the memory of any number of requests:
               who finds none waits.
    the job    what inputs that all rows share add to the first layers is added to the biases once.

A row's bits depend on none of this: tiles and threads only say who computes it, and when; for the job see `Executor.logits`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from threading import Condition, Lock

import numpy as np

from ..batch import Inputs
from ..checks import SharedInputs, check_ids, check_inputs, check_shapes, check_values
from ..parameters import Arena, aligned, cannot_change
from ..plan import Plan, Slot
from . import walk
from .bags import FlatBags, entities
from .encode import Encoded, encode
from .jit import driver, kernel
from .layout import Work
from .tile import ROWS, WIDE, panel_product
from .vector import BYTES, pointer
from .workers import Helpers

KIND = "CAW"  # of a batch's arrays: a read-only one is another type, for which all would be compiled anew
SHORT = 48  # rows; SPEED: of the last tiles, so that nobody waits long for who has the last one
SPLIT = 2**23  # operations; SPEED: a thread does as many before another one is awake


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def plain(array: np.ndarray, dtype) -> np.ndarray:
    """The array as drivers are compiled for: aligned, contiguous, writable."""
    return array if array.dtype == dtype and array.flags.carray else np.require(array, dtype, KIND)


def kept(buffers: dict[str, np.ndarray], name: str, size: int, dtype) -> np.ndarray:
    """`size` numbers that are kept in `buffers` for the next time; 0 when they are new."""
    if name not in buffers or len(buffers[name]) < size:
        buffers[name] = aligned(size, dtype)
    return buffers[name][:size]


@dataclass(frozen=True)
class Weights:
    """Dense parameters `of` an arena as kernels read them; see `Work` for the other arrays."""

    of: np.ndarray
    dense_values: np.ndarray
    panels: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class Way:
    """How to predict where some inputs are the same in all rows.

    Attributes:
        fold: table of the walk that adds to the biases what all rows share. tiles: table of the walk of a tile.
        same, fields, columns: how to check that; see `rows_are_fine`.
    """

    encoded: Encoded
    fold: np.ndarray
    tiles: np.ndarray
    same: SharedInputs
    fields: np.ndarray
    columns: np.ndarray


class Rooms:
    """Buffers for threads that compute at the same time.

    Args:
        threads: a request that is alone takes as many. count: all that there are.
    """

    def __init__(self, threads: int, count: int) -> None:
        self._rooms, self._reserve, self._change = [{} for _ in range(count)], count - threads, Condition(Lock())

    def take(self, most: int) -> list[dict[str, np.ndarray]]:
        """A room, for which it waits, and up to `most - 1` more as long as no more than `threads` are in use."""
        with self._change:
            while not self._rooms:
                self._change.wait()
            number = max(min(most, len(self._rooms) - self._reserve), 1)
            return [self._rooms.pop() for _ in range(number)]

    def give_back(self, taken: list[dict[str, np.ndarray]]) -> None:
        """The first one last, so that who comes next finds it in its caches."""
        with self._change:
            self._rooms.extend(reversed(taken))
            self._change.notify(len(taken))


class Predictor:
    """Predicts with a plan; any number of threads may at once.

    Args:
        plan, dtype, threads, tile_rows, helpers, bags: those of the executor.
    """

    def __init__(self, plan: Plan, dtype: np.dtype, threads: int, tile_rows: int, helpers: Helpers, bags: FlatBags) -> None:
        self.plan, self.dtype, self.threads, self.tile_rows = plan, dtype, threads, tile_rows
        self._helpers, self._bags, self._row_flops = helpers, bags, plan.flops()
        self._rooms = Rooms(threads, 2 * max(threads, available_threads()))
        self._ways: dict[tuple[str, ...], Way] = {}
        self._packed: Weights | None = None  # of parameters that are frozen
        reals, ints = (np.zeros(0, kind) for kind in (dtype, np.int32))
        labels = np.zeros(0, np.float32)
        self._unread = {
            "gradients": reals, "dense_gradients": reals, "input_gradients": reals, "labels": labels, "weights": labels, "groups": ints,
            "losses": np.zeros(0), "tasks": len(plan.spec.tasks),
        }  # fmt: skip

    def predict(self, values: Arena, inputs: Inputs, slot: Slot, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, width) values of a slot; see `Executor.logits`."""
        check_values(self.plan, self.dtype, values)
        way = self._way(tuple(shared))
        inputs = self._checked(way, inputs)
        encoded = way.encoded
        out = np.empty((len(inputs), slot.width), self.dtype)
        rooms = self._rooms.take(min(self.threads, 1 + len(inputs) * self._row_flops // SPLIT))
        try:
            works = self._works(encoded, values, inputs, rooms)
            start, stride = encoded.blocks[slot.block]
            place = start + slot.column, stride, slot.width
            if shared:
                biases = kept(rooms[0], "folded", encoded.biases, self.dtype)
                biases[:] = works[0].biases
                works = [work._replace(biases=biases) for work in works]
                walk.walk_tiles(way.fold, encoded.cleared, works[0], np.array([0, 1]), np.zeros(1, np.int64), False, (0, 0, 0), out)
            tiles = tiles_to_claim(len(inputs), len(works), self.tile_rows), np.zeros(1, np.int64)
            self._side_by_side([(way.tiles, encoded.cleared, work, *tiles, False, place, out) for work in works])
        finally:
            self._rooms.give_back(rooms)
        return out

    def _way(self, shared: tuple[str, ...]) -> Way:
        """The plan for these shared inputs."""
        made = self._ways.get(shared)
        if made is None:
            same = SharedInputs(self.plan.spec, shared)
            fields, dense = (np.array(runs_of_columns(columns), np.int64) for columns in (same.fields, same.dense))
            encoded = encode(self.plan, self.tile_rows, self.dtype, shared)
            table = encoded.table[: len(self.plan.forward)]
            walk.link(table, self.plan.forward, self.dtype, training=False)
            fold = walk.folding(table, self.plan.forward, self.dtype) if shared else table[:0]
            made = self._ways[shared] = Way(encoded, fold, table[encoded.needed], same, fields, dense)
        return made

    def _checked(self, way: Way, inputs: Inputs) -> Inputs:
        """The inputs with the arrays that are read as drivers are compiled for.

        Raises:
            ValueError: see `check_inputs` and `SharedInputs`.
        """
        check_shapes(self.plan, inputs)
        if inputs.ids.dtype != np.int32:  # others may lose what makes them wrong
            check_ids(self.plan, inputs)
        inputs = Inputs(plain(inputs.ids, np.int32), inputs.bags, plain(inputs.dense, self.dtype))
        same_bags = all((inputs.bags[number].entity == inputs.bags[number].entity[0]).all() for number in way.same.bags)
        if not (same_bags and rows_are_fine(inputs.ids, self.plan.spec.sizes, way.fields, inputs.dense, way.columns)):
            check_inputs(self.plan, inputs)
            way.same.check(inputs)
        return inputs

    def _side_by_side(self, parts: list[tuple]) -> None:
        """The walk of each part, the first on this thread; it is no matter when the others begin, or if."""
        helpers, begun = self._helpers.take(len(parts) - 1), []
        try:
            for helper, part in zip(helpers, parts[1:]):
                helper.start(walk.walk_tiles, *part)
                begun.append(helper)
            walk.walk_tiles(*parts[0])
        finally:
            errors = [helper.finish() for helper in begun if not helper.withdraw()]  # so nobody reads or writes any more
            self._helpers.give_back(helpers)
        for error in filter(None, errors):
            raise error

    def _works(self, encoded: Encoded, values: Arena, inputs: Inputs, rooms: list[dict[str, np.ndarray]]) -> list[Work]:
        """What the thread of each room reads and writes."""
        weights, parameters = self._packed, values.dense  # read once: another thread may freeze them meanwhile
        frozen = cannot_change(parameters)
        known = frozen and weights is not None and weights.of is parameters
        if not known:
            weights = self._room_for_weights(encoded, parameters, frozen, rooms[0])
        offsets, bag_ids, starts = self._bags.lists(inputs)
        shared = self._unread | {
            "dense_values": weights.dense_values,
            "panels": weights.panels,
            "biases": weights.biases,
            "runs": encoded.runs,
            "table_values": plain(values.tables, self.dtype),
            "ids": inputs.ids.reshape(-1),
            "entities": entities(inputs),
            "bag_offsets": offsets,
            "bag_ids": bag_ids,
            "bag_starts": starts,
            "dense": inputs.dense.reshape(-1),
            "reals": encoded.reals,
            "panel_product": panel_product.address(self.dtype),
            "batch": len(inputs),
            "fields": inputs.ids.shape[1],
            "bags": len(inputs.bags),
            "columns": inputs.dense.shape[1],
            "scale": 1.0 / len(inputs),
        }
        scratch = encoded.capacity * (WIDE * BYTES // self.dtype.itemsize + encoded.scratch)
        works = [
            Work(
                values=kept(room, "values", encoded.arena, self.dtype),
                scratch=kept(room, "scratch", scratch, self.dtype),
                ticks=np.zeros((len(encoded.table), 2), np.int64),
                **shared,
            )
            for room in rooms
        ]
        if not known:
            walk.pack_weights(encoded.table, works[0], 0, 1, False)
            if frozen:
                self._packed = weights
        return works

    def _room_for_weights(self, encoded: Encoded, parameters: np.ndarray, frozen: bool, room: dict[str, np.ndarray]) -> Weights:
        """To be packed into: arrays of their own for parameters that are frozen, else those of a room."""
        buffers, dense = ({}, np.array(parameters)) if frozen else (room, plain(parameters, self.dtype))
        lanes = BYTES // self.dtype.itemsize
        sizes = {"panels": encoded.panels + WIDE * lanes, "biases": encoded.biases}
        return Weights(parameters, dense, *(kept(buffers, name, size, self.dtype) for name, size in sizes.items()))


def runs_of_columns(columns: list[int]) -> list[int]:
    """[first, end, first, end, ...] of ascending columns."""
    breaks = [place for place in range(1, len(columns)) if columns[place] != columns[place - 1] + 1]
    return [border for first, end in zip([0, *breaks], [*breaks, len(columns)]) if end for border in (columns[first], columns[end - 1] + 1)]


@lru_cache(maxsize=64)
def tiles_to_claim(rows: int, threads: int, tile_rows: int) -> np.ndarray:
    """[0, ..., rows]: borders of tiles, of which those at the end are short where threads claim them in turn."""
    borders = [0]
    while borders[-1] < rows:
        share = -(-(rows - borders[-1]) // threads)  # of each thread, of what is left
        if threads > 1 and share > SHORT:
            size = min(-(-share // 2), tile_rows)
        else:
            size = -(-share // -(-share // tile_rows))
        size = min(-(-size // ROWS) * ROWS, tile_rows)
        borders += [min(borders[-1] + size * (thread + 1), rows) for thread in range(threads)]
    return np.unique(np.array(borders, np.int64))
