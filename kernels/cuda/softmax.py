"""`softmax` as a step of the walk: a thread takes one row of one group of experts."""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device

EXPERTS = L.INTEGERS[0]
ZERO = np.float32(0)


@device
def softmax_rows(work, step, first, count):
    """g_e = exp(z_e / tau) / sum_k exp(z_k / tau), shifted by the largest z."""
    g0, g_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride, experts = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, EXPERTS]
    groups, tau = width // experts, work.reals[step]
    for unit in range(cuda.threadIdx.x, count * groups, cuda.blockDim.x):
        row, start = first + unit // groups, unit % groups * experts
        g, z = g0 + row * g_stride + start, z0 + row * z_stride + start
        top = work.activations[z]
        for e in range(1, experts):
            top = max(top, work.activations[z + e])
        total = ZERO
        for e in range(experts):
            power = np.float32(math.exp((work.activations[z + e] - top) / tau))
            work.activations[g + e] = power
            total += power
        for e in range(experts):
            work.activations[g + e] /= total


@device
def softmax_backward_rows(work, step, first, count):
    """g = softmax(z / tau) => dz_k += g_k (dg_k - sum_e dg_e g_e) / tau."""
    g0, g_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    z0, z_stride, experts = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, EXPERTS]
    groups, tau = width // experts, work.reals[step]
    for unit in range(cuda.threadIdx.x, count * groups, cuda.blockDim.x):
        row, start = first + unit // groups, unit % groups * experts
        g, z = g0 + row * g_stride + start, z0 + row * z_stride + start
        inner = ZERO
        for e in range(experts):
            inner += work.activations[work.shift + g + e] * work.activations[g + e]
        for e in range(experts):
            change = work.activations[g + e] * (work.activations[work.shift + g + e] - inner) / tau
            work.activations[work.shift + z + e] += change


STEPS = {"softmax": softmax_rows, "softmax_backward": softmax_backward_rows}
