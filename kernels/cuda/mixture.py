"""`mixture` as a step of the walk: a thread takes one element of m, then of the experts' gradients."""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device

ZERO = np.float32(0)


@device
def mixture_rows(work, step, first, count):
    """m_b = sum_e g_be h_eb."""
    m0, m_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    g0, g_stride, experts = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.COUNT]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        total = ZERO
        for e in range(experts):
            place = L.EXTRA + 4 * e
            h = work.activations[work.steps[step, place] + row * work.steps[step, place + L.STRIDE] + j]
            total += work.activations[g0 + row * g_stride + e] * h
        work.activations[m0 + row * m_stride + j] = total


@device
def mixture_backward_rows(work, step, first, count):
    """m = sum_e g_e h_e => dg_e += <dm, h_e>, dh_e += g_e dm."""
    m0, m_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    g0, g_stride, experts = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, L.COUNT]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        dm = work.activations[work.shift + m0 + row * m_stride + j]
        for e in range(experts):
            place = L.EXTRA + 4 * e
            dh = work.shift + work.steps[step, place] + row * work.steps[step, place + L.STRIDE] + j
            work.activations[dh] += work.activations[g0 + row * g_stride + e] * dm
    for unit in range(cuda.threadIdx.x, count * experts, cuda.blockDim.x):
        row, place = first + unit // experts, L.EXTRA + 4 * (unit % experts)
        h = work.steps[step, place] + row * work.steps[step, place + L.STRIDE]
        dm = work.shift + m0 + row * m_stride
        total = ZERO
        for j in range(width):
            total += work.activations[dm + j] * work.activations[h + j]
        work.activations[work.shift + g0 + row * g_stride + unit % experts] += total


STEPS = {"mixture": mixture_rows, "mixture_backward": mixture_backward_rows}
