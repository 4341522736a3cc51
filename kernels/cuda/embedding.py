"""`gather` and `bag`: a step of the walk each, one thread for each element of the input vector.

Their backward passes, dW[id_b] += dy_b and dW[i] += dy_b / n_b, are in tables.py: rows of one id
may come from anywhere in the batch.
"""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device

IDS, ID_STRIDE, _ = L.INTEGERS  # of a gather
ENTITIES, BAG, _ = L.INTEGERS
ZERO = np.float32(0)


@device
def gather_rows(work, step, first, count):
    """y_b = W[id_b]."""
    y0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    table, ids, fields = work.steps[step, L.PARAM], work.steps[step, IDS], work.steps[step, ID_STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * stride + j] = work.parameters[table + work.ints[ids + row * fields] * width + j]


@device
def bag_rows(work, step, first, count):
    """y_b = 1/n_b sum_{i in bag b} W[i], 0 for an empty bag."""
    y0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    table, entities, bag = work.steps[step, L.PARAM], work.steps[step, ENTITIES], work.steps[step, BAG]
    offsets, ids = work.lists[2 * bag], work.lists[2 * bag + 1]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        entity = offsets + work.ints[entities + row]
        start, end = work.lists[entity], work.lists[entity + 1]
        total = ZERO
        for k in range(start, end):
            total += work.parameters[table + work.lists[ids + k] * width + j]
        if end > start:
            total /= np.float32(end - start)
        work.activations[y0 + row * stride + j] = total


STEPS = {"gather": gather_rows, "bag": bag_rows}
