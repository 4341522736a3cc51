"""`bce`, `mse` and `bce_entire` as steps of the walk: a thread takes a row.

A step writes each row's loss to its column of row losses, which sums.py adds up in a fixed order,
and adds the gradient to that of the logit: there is no other backward pass.
"""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device

LABELS, WEIGHTS, GIVEN = L.INTEGERS
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@device
def softplus_scalar(z):
    """log(1 + exp(z)) without overflow."""
    return max(z, ZERO) + np.float32(math.log1p(math.exp(-abs(z))))


@device
def sigmoid_scalar(z):
    """1 / (1 + exp(-z)), exp only ever taken of -|z|."""
    small = np.float32(math.exp(-abs(z)))
    return (ONE if z >= ZERO else small) / (ONE + small)


@device
def task_scale(work, step):
    """(factor / B, the same times the task's gain, which lies at PARAM2 of floats, and times exp(-s) where its weight is learned)."""
    unweighted, learned = work.reals[step] / np.float32(work.rows), work.steps[step, L.PARAM]
    scale = unweighted * work.floats[work.steps[step, L.PARAM2]]
    return unweighted, scale * np.float32(math.exp(-work.parameters[learned])) if learned >= 0 else scale


@device
def row_loss_rows(work, step, first, count, squared):
    """bce: l = softplus(z) - y z, dz = sigmoid(z) - y;  mse: l = (z - y)^2, dz = 2 (z - y)."""
    z0, stride, out = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.OUT]
    unweighted, scale = task_scale(work, step)
    for row in range(first + cuda.threadIdx.x, first + count, cuda.blockDim.x):
        label, weight = work.floats[work.steps[step, LABELS] + row], work.floats[work.steps[step, WEIGHTS] + row]
        loss = ZERO
        if not math.isnan(label):
            z = work.activations[z0 + row * stride]
            if squared:
                loss, dloss = (z - label) * (z - label), TWO * (z - label)
            else:
                loss, dloss = softplus_scalar(z) - label * z, sigmoid_scalar(z) - label
            work.activations[work.shift + z0 + row * stride] += scale * weight * dloss
            loss *= unweighted * weight
        work.activations[out + row] = loss


@device
def bce_rows(work, step, first, count):
    """`bce`."""
    row_loss_rows(work, step, first, count, False)


@device
def mse_rows(work, step, first, count):
    """`mse`."""
    row_loss_rows(work, step, first, count, True)


@device
def entire_loss_rows(work, step, first, count):
    """l = -y log p - (1 - y) log(1 - p), p = sigmoid(a) sigmoid(b); derivation in ../ops/losses.py."""
    a0, a_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    b0, b_stride = work.steps[step, L.EXTRA], work.steps[step, L.EXTRA + L.STRIDE]
    unweighted, scale = task_scale(work, step)
    out = work.steps[step, L.OUT]
    for row in range(first + cuda.threadIdx.x, first + count, cuda.blockDim.x):
        label, weight = work.floats[work.steps[step, GIVEN] + row], work.floats[work.steps[step, WEIGHTS] + row]
        if label != ZERO and not math.isnan(label):
            label = work.floats[work.steps[step, LABELS] + row]
        loss = ZERO
        if not math.isnan(label):
            a, b = work.activations[a0 + row * a_stride], work.activations[b0 + row * b_stride]
            log_p = -softplus_scalar(-a) - softplus_scalar(-b)
            top = max(max(-a, -b), -a - b)
            powers = math.exp(-a - top) + math.exp(-b - top) + math.exp(-a - b - top)
            log_not = top + np.float32(math.log(powers)) + log_p
            da = -label * sigmoid_scalar(-a) + (ONE - label) * np.float32(math.exp(log_p - softplus_scalar(a) - log_not))
            db = -label * sigmoid_scalar(-b) + (ONE - label) * np.float32(math.exp(log_p - softplus_scalar(b) - log_not))
            loss = unweighted * weight * (-label * log_p - (ONE - label) * log_not)
            work.activations[work.shift + a0 + row * a_stride] += scale * weight * da
            work.activations[work.shift + b0 + row * b_stride] += scale * weight * db
        work.activations[out + row] = loss


STEPS = {"bce": bce_rows, "mse": mse_rows, "bce_entire": entire_loss_rows}
