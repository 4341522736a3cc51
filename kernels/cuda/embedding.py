"""`gather`, `bag` and `copy`: a step of the walk each, one thread for each element of the input vector.

Their backward passes, dW[id_b] += dy_b and dW[i] += dy_b / n_b, are in tables.py: rows of one id
may come from anywhere in the batch.
"""

from __future__ import annotations

import numpy as np

from .jit import cuda, device
from .layout import FIRST, OUT, PARAM, SECOND, STRIDE, WIDTH

ZERO = np.float32(0)


@device
def gather_rows(work, step, first, count):
    """y_b = W[id_b]."""
    y0, stride, width = work.steps[step, OUT], work.steps[step, OUT + STRIDE], work.steps[step, OUT + WIDTH]
    table, ids, fields = work.steps[step, PARAM], work.steps[step, FIRST], work.steps[step, SECOND]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * stride + j] = work.parameters[table + work.ints[ids + row * fields] * width + j]


@device
def bag_rows(work, step, first, count):
    """y_b = 1/n_b sum_{i in bag b} W[i], 0 for an empty bag."""
    y0, stride, width = work.steps[step, OUT], work.steps[step, OUT + STRIDE], work.steps[step, OUT + WIDTH]
    table, entities, bag = work.steps[step, PARAM], work.steps[step, FIRST], work.steps[step, SECOND]
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


@device
def copy_rows(work, step, first, count):
    """Dense features into the output slot."""
    y0, stride, width = work.steps[step, OUT], work.steps[step, OUT + STRIDE], work.steps[step, OUT + WIDTH]
    source = work.steps[step, FIRST]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * stride + j] = work.floats[source + row * width + j]
