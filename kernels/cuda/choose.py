"""`top_k` and `expert_dropout` as steps of the walk: a thread takes one row of one gate."""

from __future__ import annotations

import math

import numpy as np

from ..ops.dropout import LOW
from . import layout as L
from .dropout import mix
from .jit import cuda, device

EXPERTS, K, THRESHOLD = L.INTEGERS
LAYER = K
ZERO, NOTHING = np.float32(0), np.float32(-math.inf)


@device
def last_chosen(z, start, experts, k):
    """Place of the k-th largest of z[start], ..., z[start + experts - 1], of equal ones the first coming first."""
    last = -1
    for _ in range(k):
        best = -1
        for e in range(start, start + experts):
            behind = last < 0 or z[e] < z[last] or (z[e] == z[last] and e > last)
            if behind and (best < 0 or z[e] > z[best]):
                best = e
        if best < 0:  # the others are NaN
            return last
        last = best
    return last


@device
def top_k_rows(work, step, first, count):
    """z_e = -inf for all but the k largest of each gate."""
    z0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    experts, z = work.steps[step, EXPERTS], work.activations
    gates = width // experts
    for unit in range(cuda.threadIdx.x, count * gates, cuda.blockDim.x):
        start = z0 + (first + unit // gates) * stride + unit % gates * experts
        last = last_chosen(z, start, experts, work.steps[step, K])
        least = z[last]
        for e in range(start, start + experts):
            if z[e] < least or (z[e] == least and e > last):
                z[e] = NOTHING


@device
def expert_dropout_rows(work, step, first, count):
    """z_e = -inf for the experts that a row loses; a row that would lose all of a gate's loses none."""
    z0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    experts, least = work.steps[step, EXPERTS], work.steps[step, THRESHOLD]
    gates = width // experts
    h = mix(int(work.ints[L.KEY]) & LOW)
    h = mix(h ^ (int(work.ints[L.KEY_HIGH]) & LOW))
    h = mix(h ^ int(work.steps[step, LAYER]))
    for unit in range(cuda.threadIdx.x, count * gates, cuda.blockDim.x):
        row, start, kept = first + unit // gates, unit % gates * experts, 0
        of_row = mix(h ^ int(row))
        for e in range(start, start + experts):
            if mix(of_row ^ int(e)) >= least:
                kept += 1
        for e in range(start, start + experts):
            if kept > 0 and mix(of_row ^ int(e)) < least:
                work.activations[z0 + row * stride + e] = NOTHING


@device
def choose_backward_rows(work, step, first, count):
    """dz_e = 0 where z_e is -inf."""
    z0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        z = z0 + (first + unit // width) * stride + unit % width
        if work.activations[z] == NOTHING:
            work.activations[work.shift + z] = ZERO


STEPS = {
    "top_k": top_k_rows,
    "top_k_backward": choose_backward_rows,
    "expert_dropout": expert_dropout_rows,
    "expert_dropout_backward": choose_backward_rows,
}
