"""`bias_by_id` and `dense_by_id` as steps of the walk.

Their parameters' gradients need all rows of an id: sums.py (bias) and weight_gradients.py (dense).
"""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device

IDS, ID_STRIDE, _ = L.INTEGERS
ZERO = np.float32(0)


@device
def bias_by_id_rows(work, step, first, count):
    """z_b += c_{r_b}, where r_b > 0."""
    z0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    bias, ids, fields = work.steps[step, L.PARAM], work.steps[step, IDS], work.steps[step, ID_STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        id = work.ints[ids + row * fields]
        if id > 0:
            work.activations[z0 + row * stride + j] += work.parameters[bias + (id - 1) * width + j]


@device
def dense_by_id_rows(work, step, first, count):
    """z_b += x_b U_{r_b}, where r_b > 0; neighbouring threads read neighbouring columns of U_r."""
    z0, z_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x0, x_stride, inner = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.IN + L.WIDTH]
    weight, ids, fields = work.steps[step, L.PARAM], work.steps[step, IDS], work.steps[step, ID_STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        id = work.ints[ids + row * fields]
        if id > 0:
            start = weight + (id - 1) * inner * width + j
            total = ZERO
            for k in range(inner):
                total += work.activations[x0 + row * x_stride + k] * work.parameters[start + k * width]
            work.activations[z0 + row * z_stride + j] += total


@device
def dense_by_id_backward_rows(work, step, first, count):
    """z_b += x_b U_r => dx_b += dz_b U_r^T.

    NOTE: threads read U_r a row apart; where a product writes to dx anyhow, it takes this part over.
    """
    z0, z_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x0, x_stride, columns = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.IN + L.DIFFERENTIABLE]
    weight, inner = work.steps[step, L.PARAM], work.steps[step, L.IN + L.WIDTH]
    ids, fields = work.steps[step, IDS], work.steps[step, ID_STRIDE]
    for unit in range(cuda.threadIdx.x, count * columns, cuda.blockDim.x):
        row, k = first + unit // columns, unit % columns
        id = work.ints[ids + row * fields]
        if id > 0:
            start = weight + ((id - 1) * inner + k) * width
            total = ZERO
            for j in range(width):
                total += work.activations[work.shift + z0 + row * z_stride + j] * work.parameters[start + j]
            work.activations[work.shift + x0 + row * x_stride + k] += total


STEPS = {"bias_by_id": bias_by_id_rows, "dense_by_id": dense_by_id_rows, "dense_by_id_backward": dense_by_id_backward_rows}
