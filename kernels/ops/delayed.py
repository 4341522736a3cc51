"""Cross-entropy with labels that may yet become 1: what has not happened within the time that was there counts as little as it says.

Of those that will ever be positive a share F has shown it within the time that passed. So a row is seen positive with p F, and

    seen positive       l = -log p                      (and -log F, which no parameter changes)
    not yet             l = -log(1 - p F)               F = 1: the time was up, the usual -log(1 - p);  F = 0: the row says nothing

    y = 1   seen positive           y = 0   the time was up           y = -r, 0 < r <= 1   not yet, r = 1 - F of the positives still to come

are one formula, with y+ = max(y, 0), y- = max(-y, 0), for 1 - p F = (1 + y- e^z) / (1 + e^z):

    l = softplus(z) - y+ z - softplus(z + log y-),      dl/dz = sigmoid(z) - y+ - sigmoid(z + log y-)

So a row that may yet become positive is a negative one of importance F (1 - p) / (1 - p F): the chance, by the model itself, that it
stays negative, times F. These are the weights of feedback shift, each row weighted by its F as the likelihood wants it.
Sources: Chapelle, KDD 2014 (the likelihood); Yasui et al., WWW 2020 (the weights). Their F depends on x; here on the time alone.
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.work import tile_kernel
from .losses import TASK, RowLoss, sigmoid, sigmoid_scalar, softplus, softplus_scalar, task_scale


def bce_delayed(z, label):
    """(loss, dloss/dz), elementwise; z and label (n,), a label below 0 is one that may yet become 1."""
    with np.errstate(divide="ignore"):
        later = z + np.log(np.maximum(-label, 0))
    positive = np.maximum(label, 0)
    return softplus(z) - positive * z - softplus(later), sigmoid(z) - positive - sigmoid(later)


class BceDelayed(RowLoss, name="bce_delayed"):
    """Cross-entropy from a logit, over rows with a label that may be open."""

    loss, flop_a_label, precompiled = staticmethod(bce_delayed), 34, False


# --- Numba, one tile of rows ---------------------------------------------------------------


@tile_kernel
def delayed_tile(op, work, first, rows):
    """`bce_delayed`: its sum into losses, its gradient into the logit's."""
    z0, zs = op[L.IN], op[L.IN_STRIDE]
    task, total, scale = op[TASK], 0.0, task_scale(op, work)
    for i in range(rows):
        place = (first + i) * work.tasks + task
        label, weight = work.labels[place], work.weights[place]
        if not math.isnan(label):
            z, positive = float(work.values[z0 + i * zs]), max(label, 0)
            loss, dloss = softplus_scalar(z) - positive * z, sigmoid_scalar(z) - positive
            if label < 0:
                later = z + math.log(-np.float64(label))
                loss, dloss = loss - softplus_scalar(later), dloss - sigmoid_scalar(later)
            total += weight * loss
            work.gradients[z0 + i * zs] += scale * weight * dloss
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * total


BceDelayed.forward_tile = delayed_tile
