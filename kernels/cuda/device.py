"""What lies on the GPU: arrays made once and reused, so that a step allocates nothing."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ..batch import Batch, Inputs
from ..parameters import Arena, TrainState
from .batches import pack_head, pack_labels
from .encode import EncodedSchedule, Groups, Places, constants, encode_groups, encode_sums, encode_weight_gradients
from .sort import PASSES, WIDTH


def empty(size: int, dtype=np.float32):
    """An array of at least one element on the GPU; its content is whatever was there."""
    return cuda.device_array(max(size, 1), dtype)


def zeros(size: int, dtype=np.float32):
    """An array of at least one zero on the GPU."""
    return cuda.to_device(np.zeros(max(size, 1), dtype))


def put(ours, start: int, host: np.ndarray, stream) -> None:
    """Copy an array of the host, flat, to the place `start` of one on the GPU."""
    if host.size:
        flat = np.ascontiguousarray(host, ours.dtype).ravel()
        ours[start : start + flat.size].copy_to_device(flat, stream=stream)


class Tables:
    """A schedule's integers on the GPU."""

    def __init__(self, encoded: EncodedSchedule) -> None:
        self.sections = encoded.sections
        self.steps, self.reals, self.products = map(cuda.to_device, (encoded.steps, encoded.reals, encoded.products))


class Buffers:
    """Arrays for batches of at most `places.capacity` rows."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.activations, self.partials = empty(places.activations), zeros(places.partials)
        self.ints, self.floats = empty(places.ints, np.int32), empty(places.floats)
        table, self.weight_tiles = encode_weight_gradients(places)
        self.weight_gradients = cuda.to_device(table)
        self.sums, self.sum_reals = map(cuda.to_device, encode_sums(places))
        known = encode_groups(places)
        self.groups, self.sources, self.table_groups = known, cuda.to_device(known.sources), cuda.to_device(known.groups)
        self.uses = Uses(known)

    def upload(self, inputs: Inputs, batch: Batch | None, slices: int, stream) -> None:
        """Copy inputs, and what a training batch has besides; `slices` of the partial sums."""
        places = self.places
        groups, key = (np.zeros(0, np.int32), 0) if batch is None else (batch.groups, batch.key)
        put(self.ints, 0, pack_head(places, inputs, groups, slices, key), stream)
        put(self.ints, places.head, inputs.ids, stream)
        for number, bag in enumerate(inputs.bags):
            put(self.ints, places.entities + number * places.capacity, bag.entity, stream)
        if batch is not None:
            put(self.floats, 0, pack_labels(places, batch), stream)
            put(self.floats, places.gains, np.array(batch.gains or (1.0,) * batch.labels.shape[1]), stream)
        put(self.floats, places.dense_columns, inputs.dense, stream)


class Uses:
    """Memory for the uses of table rows, listed and sorted (sort.py); it grows with what batches have.

    Attributes:
        groups, sorted, uses, shares, sums: the arrays. half: of `sorted`. most: uses of a table that fit.
    """

    def __init__(self, known: Groups) -> None:
        self.known, self.capacity = known, np.full(len(known.names), -1)

    def fit(self, needed: np.ndarray) -> bool:
        """Make memory for (tables,) uses; whether arrays have moved. A half more where it has to grow, so that it seldom does."""
        if (needed <= self.capacity).all():
            return False
        self.capacity = np.where(needed <= self.capacity, self.capacity, np.where(self.capacity < 0, needed, needed * 3 // 2))
        self.half, self.most = int(self.capacity.sum()), int(self.capacity.max())
        self.groups = cuda.to_device(self.known.with_starts(self.capacity))
        self.sorted = empty(len(self.known.names) + 4 * self.half, np.int32)
        self.uses, self.shares, self.sums = empty(self.half, np.int64), empty(self.half), empty(self.half * self.known.lanes)
        return True

    def gradients(self, found: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """name -> (ids (n,) unique and ascending, rows (n, D)) of what `write_row_gradients` wrote."""
        ids, gradients = self.sorted.copy_to_host(), {}
        starts, count = np.cumsum(self.capacity) - self.capacity, len(self.known.names)
        for number, (name, start, group) in enumerate(zip(self.known.names, starts, self.known.groups)):
            first = count + start + group[PASSES] % 2 * self.half
            used = ids[first : first + ids[number]]
            heads = np.flatnonzero(np.diff(used, prepend=-1))
            gradients[name] = used[heads], found.reshape(-1, self.known.lanes)[start + heads, : group[WIDTH]]
        return gradients


class GrowingArray:
    """An array on the GPU that grows with what is put into it."""

    def __init__(self, dtype) -> None:
        self.array = empty(0, dtype)

    def put(self, host: np.ndarray, stream) -> bool:
        """Copy an array (n,) to its start; whether it has moved: half as large again where it has to grow."""
        moves = self.array.size < host.size
        if moves:
            self.array = empty(host.size * 3 // 2, host.dtype)
        put(self.array, 0, host, stream)
        return moves


class DeviceArenas:
    """Parameters, and Adam's moments where they are trained, on the GPU.

    Attributes:
        average: the moving average of a state that keeps one, else None.
    """

    def __init__(self, places: Places, trained: bool) -> None:
        self.dense, self.average = places.dense, None
        self.arenas = [zeros(places.parameters) for _ in range(3 if trained else 1)]
        self.constants = empty(2 * places.dense)

    def upload(self, arenas: tuple[Arena, ...], decay: np.ndarray) -> None:
        """Copy values (and m and v) to the GPU, and where weight decay applies."""
        for ours, arena in zip(self.arenas, arenas):
            put(ours, 0, arena.dense, 0)
            put(ours, self.dense, arena.tables, 0)
        put(self.constants, 0, constants(arenas[0].plan, self.dense, decay), 0)

    def upload_average(self, average: Arena | None) -> None:
        """Copy a moving average to the GPU, where there is one."""
        if average is None:
            self.average = None
            return
        self.average = zeros(self.arenas[0].size) if self.average is None else self.average
        put(self.average, 0, average.dense, 0)
        put(self.average, self.dense, average.tables, 0)

    def download(self, state: TrainState) -> None:
        """Copy them back."""
        averages = [] if self.average is None or state.average is None else [(self.average, state.average)]
        for ours, arena in (*zip(self.arenas, (state.values, state.m, state.v)), *averages):
            for start, part in ((0, arena.dense), (self.dense, arena.tables)):
                if part.size:
                    ours[start : start + part.size].copy_to_host(part)
