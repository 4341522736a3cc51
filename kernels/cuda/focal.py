"""`focal` as a step of the walk: a thread takes a row, as in losses.py."""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device
from .losses import LABELS, ONE, WEIGHTS, ZERO, sigmoid_scalar, softplus_scalar, task_scale


@device
def focal_rows(work, step, first, count):
    """l = y (1 - p)^g (-log p) + (1 - y) p^g (-log(1 - p)); derivation in ../ops/focal.py."""
    z0, stride, out = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.OUT]
    unweighted, scale = task_scale(work, step)
    gamma = work.reals[work.steps.shape[0] + step]
    for row in range(first + cuda.threadIdx.x, first + count, cuda.blockDim.x):
        label, weight = work.floats[work.steps[step, LABELS] + row], work.floats[work.steps[step, WEIGHTS] + row]
        loss = ZERO
        if not math.isnan(label):
            z = work.activations[z0 + row * stride]
            p, q, log_p, log_q = sigmoid_scalar(z), sigmoid_scalar(-z), softplus_scalar(-z), softplus_scalar(z)
            one, zero = label * np.float32(math.exp(-gamma * log_q)), (ONE - label) * np.float32(math.exp(-gamma * log_p))
            dloss = zero * (p + gamma * q * log_q) - one * (q + gamma * p * log_p)
            work.activations[work.shift + z0 + row * stride] += scale * weight * dloss
            loss = unweighted * weight * (one * log_p + zero * log_q)
        work.activations[out + row] = loss


STEPS = {"focal": focal_rows}
