"""Losses over all rows of a label that is seen in some: conversions, known after a click alone, for whatever would have been clicked.

a, b, c are the logits of a click, of a conversion, of an imputed one; o = 1 where there was a click, and

    w = o / max(sigmoid(a), floor),     q = sigmoid(c),     d(z, y) = softplus(z) - y z         (cross-entropy)

    ips    l = w d(b, y)                                                        inverse propensity
    dr     l = d(b, q) + w (d(b, y) - d(b, q)) + w d(c, y)                      doubly robust, and what its tower learns from

sigmoid(a) is the model's own pCTR, the propensity, and has no gradient; the floor bounds w. A mean over all rows of w d is that of d
wherever the propensities are right: E[w | x] = 1. In `dr` the imputed error d(b, q) stands in for rows without a click, and w corrects
it where there is one: right in the mean if either propensities or imputations are. An imputed error must follow b: one that does not,
a tower that gives a number, leaves the gradient for b that of `ips`. So the tower gives an imputed conversion q, which has no gradient
from the first two terms. As d is linear in y these are a cross-entropy with a corrected label:

    ips    dl/db = w (sigmoid(b) - y)
    dr     dl/db = sigmoid(b) - (q + w (y - q)),        dl/dc = w (q - y)

A row without a click has w = 0; one whose click is not known, or that was clicked and has no label, is masked (as in `bce_entire`).
Sources: Zhang et al., WWW 2020 (Multi-IPW, Multi-DR); Wang et al., SIGIR 2022 (ESCM2); imputed errors that follow the prediction, and
weights w for the tower: Wang et al., ICML 2019.
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.work import tile_kernel
from .losses import GIVEN, TASK, RowLoss, bce, entire_label, sigmoid, sigmoid_scalar, softplus_scalar, task_scale


def inverse_propensity(a, seen, floor):
    """w, elementwise; a (n,) logits, seen (n,) 0 or 1, floor one number."""
    return seen / np.maximum(sigmoid(a), floor)


def ips(b, label, w):
    """(loss, dloss/db), elementwise; all (n,)."""
    loss, db = bce(b, label)
    return w * loss, w * db


def dr(b, c, label, w):
    """(loss, dloss/db, dloss/dc), elementwise; all (n,)."""
    q = sigmoid(c)
    loss, db = bce(b, q + w * (label - q))
    of_tower, dc = bce(c, label)
    return loss + w * of_tower, db, w * dc


class OfSeen(RowLoss):
    """Inputs are logits, the last that of the propensity, which must need no gradient; attributes task, given, floor."""

    integer_attributes, second_float, precompiled = ("task", "given"), "floor", False

    def check(self, op, before):
        if op.inputs[-1].differentiable:
            raise ValueError(f"the propensity of {op.kind} has no gradient, but {op.inputs[-1]} has {op.inputs[-1].differentiable}")

    def labels(self, op, batch):
        return entire_label(batch.labels[:, op.attributes["given"]], batch.labels[:, op.attributes["task"]])

    def terms(self, op, batch, there, logits, label):
        *own, a = logits
        w = inverse_propensity(a, batch.labels[there, op.attributes["given"]], op.attributes["floor"])
        return self.loss(*own, label, w)


class Ips(OfSeen, name="ips"):
    """Inputs (b, a)."""

    loss, flop_a_label = staticmethod(ips), 29


class Dr(OfSeen, name="dr"):
    """Inputs (b, c, a)."""

    loss, flop_a_label = staticmethod(dr), 52


# --- Numba, one tile of rows ---------------------------------------------------------------


@kernel
def of_seen(op, work, first, rows, doubly):
    """`ips` (doubly False) or `dr` (True)."""
    b0, b_stride = op[L.IN], op[L.IN_STRIDE]
    c0, c_stride = op[L.EXTRA + L.START], op[L.EXTRA + L.STRIDE]
    last = L.EXTRA + (op[L.COUNT] - 1) * L.SLOT
    a0, a_stride, floor = op[last + L.START], op[last + L.STRIDE], work.reals[op[L.SECOND]]
    task, given, total, scale = op[TASK], op[GIVEN], 0.0, task_scale(op, work)
    for i in range(rows):
        place = (first + i) * work.tasks
        seen, label, weight = work.labels[place + given], work.labels[place + task], work.weights[place + task]
        if seen == 0:
            label = seen
        if not (math.isnan(seen) or math.isnan(label)):
            b, w = float(work.values[b0 + i * b_stride]), seen / max(sigmoid_scalar(float(work.values[a0 + i * a_stride])), floor)
            loss, db = w * (softplus_scalar(b) - label * b), w * (sigmoid_scalar(b) - label)
            if doubly:
                c = float(work.values[c0 + i * c_stride])
                q = sigmoid_scalar(c)
                corrected = q + w * (label - q)
                loss, db = softplus_scalar(b) - corrected * b + w * (softplus_scalar(c) - label * c), sigmoid_scalar(b) - corrected
                work.gradients[c0 + i * c_stride] += scale * weight * w * (q - label)
            total += weight * loss
            work.gradients[b0 + i * b_stride] += scale * weight * db
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * total


@tile_kernel
def ips_tile(op, work, first, rows):
    """`ips`: its sum into losses, its gradient into the logit's."""
    of_seen(op, work, first, rows, False)


@tile_kernel
def dr_tile(op, work, first, rows):
    """`dr`: its sum into losses, its gradients into those of both logits."""
    of_seen(op, work, first, rows, True)


Ips.forward_tile, Dr.forward_tile = ips_tile, dr_tile
