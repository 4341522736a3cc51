"""What lies on the GPU: arrays made once and reused, so that a step allocates nothing."""

from __future__ import annotations

import numpy as np
from numba import cuda

from ..parameters import Arena
from .encode import Encoded, Places, constants, encode_sources, encode_sums, encode_weight_gradients


def empty(size: int, dtype=np.float32):
    """An array of at least one element on the GPU; its content is whatever was there."""
    return cuda.device_array(max(size, 1), dtype)


def zeros(size: int, dtype=np.float32):
    """An array of at least one zero on the GPU."""
    return cuda.to_device(np.zeros(max(size, 1), dtype))


class Tables:
    """A schedule's integers on the GPU."""

    def __init__(self, encoded: Encoded) -> None:
        self.sections = encoded.sections
        self.steps, self.reals, self.products = map(cuda.to_device, (encoded.steps, encoded.reals, encoded.products))


class Buffers:
    """Arrays for batches of at most `places.capacity` rows."""

    def __init__(self, places: Places, tasks: np.ndarray) -> None:
        self.places = places
        self.activations, self.partials = empty(places.activations), zeros(places.partials)
        self.ints, self.floats = empty(places.ints, np.int32), empty(places.floats)
        self.weight_gradients, self.weight_tiles = encode_weight_gradients(places)
        self.weight_gradients = cuda.to_device(self.weight_gradients)
        self.sums, self.sum_reals = map(cuda.to_device, encode_sums(places))
        self.sum_count = self.sums.shape[0]
        self.sources = cuda.to_device(encode_sources(places))
        self.tasks = cuda.to_device(tasks)


class Growing:
    """Arrays on the GPU that grow with what is put into them; `generation` changes whenever one of them moves."""

    def __init__(self) -> None:
        self.arrays: dict[str, object] = {}
        self.generation = 0

    def __getitem__(self, name: str):
        return self.arrays[name]

    def put(self, name: str, host: np.ndarray, stream) -> None:
        """Copy an array (n,) or (n, width) to the start of the one called `name`."""
        self.room(name, host.shape, host.dtype)
        if host.size:
            self.arrays[name][: len(host)].copy_to_device(np.ascontiguousarray(host), stream=stream)

    def room(self, name: str, shape: tuple[int, ...], dtype) -> None:
        """Make an array have at least shape[0] rows; half as many again, so that it seldom moves."""
        known = self.arrays.get(name)
        if known is None or known.shape[0] < shape[0]:
            self.arrays[name] = cuda.device_array((max(shape[0] * 3 // 2, 1), *shape[1:]), dtype)
            self.generation += 1


class Numbers:
    """Parameters, and Adam's moments where they are trained, on the GPU."""

    def __init__(self, places: Places, trained: bool) -> None:
        self.dense = places.dense
        self.arenas = [zeros(places.parameters) for _ in range(3 if trained else 1)]
        self.constants = None

    def upload(self, arenas: tuple[Arena, ...], decay: np.ndarray | None = None) -> None:
        """Copy values (and m and v) to the GPU."""
        for ours, arena in zip(self.arenas, arenas):
            for start, part in ((0, arena.dense), (self.dense, arena.tables)):
                if part.size:
                    ours[start : start + part.size].copy_to_device(part)
        if decay is not None:
            self.constants = cuda.to_device(constants(arenas[0].plan, self.dense, decay))

    def download(self, arenas: tuple[Arena, ...]) -> None:
        """Copy them back."""
        for ours, arena in zip(self.arenas, arenas):
            for start, part in ((0, arena.dense), (self.dense, arena.tables)):
                if part.size:
                    part[:] = ours[start : start + part.size].copy_to_host()
