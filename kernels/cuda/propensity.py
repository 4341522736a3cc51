"""`ips` and `dr` as steps of the walk: a thread takes a row, as in losses.py."""

from __future__ import annotations

import math

from . import layout as L
from .jit import cuda, device
from .losses import GIVEN, LABELS, WEIGHTS, ZERO, sigmoid_scalar, softplus_scalar, task_scale


@device
def of_seen(work, step, first, count, doubly):
    """ips (doubly False): l = w d(b, y);  dr: l = d(b, q + w (y - q)) + w d(c, y); derivation in ../ops/propensity.py."""
    b0, b_stride, out = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.OUT]
    c0, c_stride = work.steps[step, L.EXTRA], work.steps[step, L.EXTRA + L.STRIDE]
    last = L.EXTRA + 4 if doubly else L.EXTRA
    a0, a_stride = work.steps[step, last], work.steps[step, last + L.STRIDE]
    unweighted, scale = task_scale(work, step)
    floor = work.reals[work.steps.shape[0] + step]
    for row in range(first + cuda.threadIdx.x, first + count, cuda.blockDim.x):
        seen, label = work.floats[work.steps[step, GIVEN] + row], work.floats[work.steps[step, LABELS] + row]
        weight, loss = work.floats[work.steps[step, WEIGHTS] + row], ZERO
        if seen == ZERO:
            label = seen
        if not (math.isnan(seen) or math.isnan(label)):
            b = work.activations[b0 + row * b_stride]
            w = seen / max(sigmoid_scalar(work.activations[a0 + row * a_stride]), floor)
            loss, db = w * (softplus_scalar(b) - label * b), w * (sigmoid_scalar(b) - label)
            if doubly:
                c = work.activations[c0 + row * c_stride]
                q = sigmoid_scalar(c)
                corrected = q + w * (label - q)
                loss, db = softplus_scalar(b) - corrected * b + w * (softplus_scalar(c) - label * c), sigmoid_scalar(b) - corrected
                work.activations[work.shift + c0 + row * c_stride] += scale * weight * w * (q - label)
            work.activations[work.shift + b0 + row * b_stride] += scale * weight * db
            loss *= unweighted * weight
        work.activations[out + row] = loss


@device
def ips_rows(work, step, first, count):
    """`ips`."""
    of_seen(work, step, first, count, False)


@device
def dr_rows(work, step, first, count):
    """`dr`."""
    of_seen(work, step, first, count, True)


STEPS = {"ips": ips_rows, "dr": dr_rows}
