"""`balance`: one block takes the whole batch, for the sums that each row's gradient needs."""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device
from .reduce import block_sum

EXPERTS, TASKS, _ = L.INTEGERS
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@device
def balance_batch(work, step, start, end):
    """L = factor 1/E sum_e (E I_e - 1)^2, I_e the mean of g_be;  dg_be += gain factor / B 2 (E I_e - 1). Row 0 holds the loss."""
    g0, stride, width = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.IN + L.WIDTH]
    experts, rows, loss = np.float32(work.steps[step, EXPERTS]), np.float32(end - start), ZERO
    gain = ZERO
    for task in range(work.steps[step, TASKS]):
        gain += work.floats[work.steps[step, L.PARAM2] + task]
    gain /= np.float32(work.steps[step, TASKS])
    for e in range(width):
        share = ZERO
        for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
            share += work.activations[g0 + i * stride + e]
        excess = experts * block_sum(share) / rows - ONE
        loss += excess * excess / experts
        for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
            work.activations[work.shift + g0 + i * stride + e] += gain * work.reals[step] / rows * TWO * excess
    for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
        work.activations[work.steps[step, L.OUT] + i] = work.reals[step] * loss if i == start else ZERO


BATCHES = {"balance": balance_batch}
