"""`bce_delayed` as a step of the walk: a thread takes a row, as in losses.py."""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device
from .losses import LABELS, WEIGHTS, ZERO, sigmoid_scalar, softplus_scalar, task_scale


@device
def delayed_rows(work, step, first, count):
    """l = softplus(z) - y+ z - softplus(z + log y-); derivation in ../ops/delayed.py."""
    z0, stride, out = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.OUT]
    unweighted, scale = task_scale(work, step)
    for row in range(first + cuda.threadIdx.x, first + count, cuda.blockDim.x):
        label, weight = work.floats[work.steps[step, LABELS] + row], work.floats[work.steps[step, WEIGHTS] + row]
        loss = ZERO
        if not math.isnan(label):
            z, positive = work.activations[z0 + row * stride], max(label, ZERO)
            loss, dloss = softplus_scalar(z) - positive * z, sigmoid_scalar(z) - positive
            if label < ZERO:
                later = z + np.float32(math.log(-label))
                loss, dloss = loss - softplus_scalar(later), dloss - sigmoid_scalar(later)
            work.activations[work.shift + z0 + row * stride] += scale * weight * dloss
            loss *= unweighted * weight
        work.activations[out + row] = loss


STEPS = {"bce_delayed": delayed_rows}
