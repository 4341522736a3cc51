"""`dot` as a step of the walk: a thread takes one row, then one element of the gradients."""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device

ZERO = np.float32(0)


@device
def dot_rows(work, step, first, count):
    """z = scale <a, h>."""
    z0, z_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.IN + L.WIDTH]
    for unit in range(cuda.threadIdx.x, count, cuda.blockDim.x):
        row = first + unit
        a, h = (
            work.steps[step, L.IN] + row * work.steps[step, L.IN + L.STRIDE],
            work.steps[step, L.EXTRA] + row * work.steps[step, L.EXTRA + L.STRIDE],
        )
        total = ZERO
        for j in range(width):
            total += work.activations[a + j] * work.activations[h + j]
        work.activations[z0 + row * z_stride] = work.reals[step] * total


@device
def dot_backward_rows(work, step, first, count):
    """z = scale <a, h> => da += scale dz h, dh += scale dz a."""
    z0, z_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.IN + L.WIDTH]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        a = work.steps[step, L.IN] + row * work.steps[step, L.IN + L.STRIDE] + j
        h = work.steps[step, L.EXTRA] + row * work.steps[step, L.EXTRA + L.STRIDE] + j
        d = work.reals[step] * work.activations[work.shift + z0 + row * z_stride]
        of_a, of_h = d * work.activations[h], d * work.activations[a]
        work.activations[work.shift + a] += of_a
        work.activations[work.shift + h] += of_h


STEPS = {"dot": dot_rows, "dot_backward": dot_backward_rows}
