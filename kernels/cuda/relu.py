"""`relu` as a step of the walk: a thread takes one element."""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device

ZERO = np.float32(0)


@device
def relu_rows(work, step, first, count):
    """y = max(z, 0); NaN stays NaN."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        z = work.activations[z0 + row * z_stride + j]
        work.activations[y0 + row * y_stride + j] = ZERO if z < ZERO else z


@device
def relu_backward_rows(work, step, first, count):
    """y = max(z, 0) => dz += dy [y > 0]."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        y = y0 + row * y_stride + j
        if work.activations[y] > ZERO:
            work.activations[work.shift + z0 + row * z_stride + j] += work.activations[work.shift + y]


STEPS = {"relu": relu_rows, "relu_backward": relu_backward_rows}
