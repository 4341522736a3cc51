"""`pairwise` and `listwise`: a block takes a search, a thread some of its rows.

A row's thread sums over the other rows of its search, so nothing is added by two threads and the
order is fixed. Like losses.py a step writes each row's loss and adds to the gradient of its logit.
"""

from __future__ import annotations

import math

import numpy as np

from . import layout as L
from .jit import cuda, device
from .losses import LABELS, sigmoid_scalar, softplus_scalar, task_scale
from .reduce import block_sum

ZERO = np.float32(0)


@device
def pairwise_search(work, step, start, end):
    """l = 1/|P| sum_{(i,j) in P} softplus(z_j - z_i);  dz_i -= s / |P|, dz_j += s / |P| with s = sigmoid(z_j - z_i)."""
    z0, stride, labels = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, LABELS]
    unweighted, scale = task_scale(work, step)
    better = ZERO
    for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
        for j in range(start, end):
            if work.floats[labels + i] > work.floats[labels + j]:
                better += np.float32(1)
    pairs = block_sum(better)
    share = np.float32(end - start) / pairs if pairs > ZERO else ZERO
    for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
        loss, dz, z = ZERO, ZERO, work.activations[z0 + i * stride]
        for j in range(start, end):
            other = work.activations[z0 + j * stride]
            if work.floats[labels + i] > work.floats[labels + j]:
                loss += softplus_scalar(other - z)
                dz -= sigmoid_scalar(other - z)
            elif work.floats[labels + i] < work.floats[labels + j]:
                dz += sigmoid_scalar(z - other)
        work.activations[work.steps[step, L.OUT] + i] = unweighted * share * loss
        work.activations[work.shift + z0 + i * stride] += scale * share * dz


@device
def listwise_search(work, step, start, end):
    """l = -sum_i (y_i / sum_k y_k) log softmax(z)_i;  dz_i = softmax(z)_i - y_i / sum_k y_k."""
    z0, stride, labels = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE], work.steps[step, LABELS]
    unweighted, scale = task_scale(work, step)
    size = np.float32(end - start)
    for i in range(start + cuda.threadIdx.x, end, cuda.blockDim.x):
        label = work.floats[labels + i]
        total, top = ZERO, np.float32(-math.inf)
        for j in range(start, end):
            if not math.isnan(work.floats[labels + j]):
                total += work.floats[labels + j]
                top = max(top, work.activations[z0 + j * stride])
        loss = ZERO
        if total > ZERO and not math.isnan(label):
            powers = ZERO
            for j in range(start, end):
                if not math.isnan(work.floats[labels + j]):
                    powers += np.float32(math.exp(work.activations[z0 + j * stride] - top))
            log_softmax = work.activations[z0 + i * stride] - top - np.float32(math.log(powers))
            loss = -unweighted * size * label / total * log_softmax
            work.activations[work.shift + z0 + i * stride] += scale * size * (np.float32(math.exp(log_softmax)) - label / total)
        work.activations[work.steps[step, L.OUT] + i] = loss


SEARCHES = {"pairwise": pairwise_search, "listwise": listwise_search}
