"""The focal loss: rows that are right already count less.

    p = sigmoid(z),   l = y (1 - p)^g (-log p) + (1 - y) p^g (-log(1 - p))         g = gamma >= 0; 0 is the cross-entropy

A label between 0 and 1 mixes its two halves. `TaskConfig.positive_weight` is the paper's alpha: a weight of rows of label 1, before
the loss. p is no probability of the data any more, for the loss is no proper score: where y has chance 0.1 and g = 2, p is 0.31.

Gradient, with dp/dz = p (1 - p):

    y = 1   dl/dz = -(1 - p)^g (1 - p + g p (-log p))
    y = 0   dl/dz = p^g (p + g (1 - p) (-log(1 - p)))

-log p and -log(1 - p) are softplus(-z) and softplus(z), and the powers exp(-g softplus(.)): nothing overflows.
Source: Lin et al., ICCV 2017.
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.work import tile_kernel
from .losses import TASK, RowLoss, sigmoid, sigmoid_scalar, softplus, softplus_scalar, task_scale


def focal(z, label, gamma):
    """(loss, dloss/dz), elementwise; z and label (n,), gamma one number."""
    p, log_p, log_q = sigmoid(z), softplus(-z), softplus(z)  # the logarithms with their sign changed, q = 1 - p
    one, zero = np.exp(-gamma * log_q), np.exp(-gamma * log_p)
    loss = label * one * log_p + (1 - label) * zero * log_q
    dz = -label * one * (sigmoid(-z) + gamma * p * log_p) + (1 - label) * zero * (p + gamma * sigmoid(-z) * log_q)
    return loss, dz


class Focal(RowLoss, name="focal"):
    """Attribute gamma."""

    second_float, flop_a_label, precompiled = "gamma", 39, False

    def terms(self, op, batch, there, logits, label):
        return focal(*logits, label, op.attributes["gamma"])


# --- Numba, one tile of rows ---------------------------------------------------------------


@kernel
def focal_scalar(z, label, gamma):
    """`focal` of one number."""
    p, q, log_p, log_q = sigmoid_scalar(z), sigmoid_scalar(-z), softplus_scalar(-z), softplus_scalar(z)
    one, zero = label * math.exp(-gamma * log_q), (1 - label) * math.exp(-gamma * log_p)
    return one * log_p + zero * log_q, zero * (p + gamma * q * log_q) - one * (q + gamma * p * log_p)


@tile_kernel
def focal_tile(op, work, first, rows):
    """`focal`: its sum into losses, its gradient into the logit's."""
    z0, zs, gamma = op[L.IN], op[L.IN_STRIDE], work.reals[op[L.SECOND]]
    task, total, scale = op[TASK], 0.0, task_scale(op, work)
    for i in range(rows):
        place = (first + i) * work.tasks + task
        label, weight = work.labels[place], work.weights[place]
        if not math.isnan(label):
            loss, dloss = focal_scalar(float(work.values[z0 + i * zs]), label, gamma)
            total += weight * loss
            work.gradients[z0 + i * zs] += scale * weight * dloss
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * total


Focal.forward_tile = focal_tile
