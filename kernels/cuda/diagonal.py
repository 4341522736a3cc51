"""`diagonal` as a step of the walk: a thread takes one element; the gradient of the scale needs all rows (sums.py)."""

from __future__ import annotations

from . import layout as L
from .jit import cuda, device


@device
def diagonal_rows(work, step, first, count):
    """y = x diag(r)."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x0, x_stride, scale = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.PARAM]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * y_stride + j] = work.activations[x0 + row * x_stride + j] * work.parameters[scale + j]


@device
def diagonal_backward_rows(work, step, first, count):
    """y = x diag(r) => dx += dy diag(r)."""
    dy0, y_stride = work.shift + work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE]
    dx0, x_stride, scale = work.shift + work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.PARAM]
    width = work.steps[step, L.IN + L.DIFFERENTIABLE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[dx0 + row * x_stride + j] += work.activations[dy0 + row * y_stride + j] * work.parameters[scale + j]


STEPS = {"diagonal": diagonal_rows, "diagonal_backward": diagonal_backward_rows}
