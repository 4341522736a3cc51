"""`modulate` as a step of the walk: a thread takes one element."""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


@device
def sigmoid(z):
    """1 / (1 + exp(-z)), exp only ever taken of -|z|."""
    small = np.float32(math.exp(-abs(z)))
    return (ONE if z >= ZERO else small) / (ONE + small)


@device
def modulate_rows(work, step, first, count):
    """y = 2 sigmoid(z) h."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    h0, h_stride = work.steps[step, L.EXTRA], work.steps[step, L.EXTRA + L.STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        gate = TWO * sigmoid(work.activations[z0 + row * z_stride + j])
        work.activations[y0 + row * y_stride + j] = gate * work.activations[h0 + row * h_stride + j]


@device
def modulate_backward_rows(work, step, first, count):
    """y = 2 s h, s = sigmoid(z) => dh += 2 s dy, dz += 2 s (1 - s) h dy."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    h0, h_stride, needed = work.steps[step, L.EXTRA], work.steps[step, L.EXTRA + L.STRIDE], work.steps[step, L.EXTRA + L.DIFFERENTIABLE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        z, h = z0 + row * z_stride + j, h0 + row * h_stride + j
        s = sigmoid(work.activations[z])
        d = TWO * s * work.activations[work.shift + y0 + row * y_stride + j]
        work.activations[work.shift + z] += (ONE - s) * work.activations[h] * d
        if j < needed:
            work.activations[work.shift + h] += d


STEPS = {"modulate": modulate_rows, "modulate_backward": modulate_backward_rows}
