"""`dropout` as a step of the walk: a thread takes one element."""

from __future__ import annotations

import numpy as np

from ..ops.dropout import FIRST, LOW, SECOND
from . import layout as L
from .jit import cuda, device

LAYER, THRESHOLD, _ = L.INTEGERS
ZERO, ONE = np.float32(0), np.float32(1)


@device
def mix(h):
    """`ops.dropout.mix` of one number of 32 bits."""
    h = (h ^ (h >> 16)) * FIRST & LOW
    h = (h ^ (h >> 15)) * SECOND & LOW
    return h ^ (h >> 15)


@device
def dropout_rows(work, step, first, count):
    """y = y k / (1 - p)."""
    y0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    least, scale = work.steps[step, THRESHOLD], ONE / (ONE - work.reals[step])
    h = mix(int(work.ints[L.KEY]) & LOW)
    h = mix(h ^ (int(work.ints[L.KEY_HIGH]) & LOW))
    h = mix(h ^ int(work.steps[step, LAYER]))
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        y = y0 + row * stride + j
        kept = mix(mix(h ^ int(row)) ^ int(j)) >= least
        work.activations[y] = work.activations[y] * scale if kept else ZERO


@device
def dropout_backward_rows(work, step, first, count):
    """dy = dy / (1 - p); the ReLU's backward pass does the rest."""
    y0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    scale = ONE / (ONE - work.reals[step])
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        work.activations[work.shift + y0 + (first + unit // width) * stride + unit % width] *= scale


STEPS = {"dropout": dropout_rows, "dropout_backward": dropout_backward_rows}
