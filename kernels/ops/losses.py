"""Losses of single rows, from logits, with missing labels and a confidence a label.

    bce          l = softplus(z) - y z                       a label y in [0, 1], soft or hard
    bce_entire   l = -y log p - (1 - y) log(1 - p),          p = sigmoid(a) sigmoid(b)      (ESMM)
    mse          l = (z - y)^2                               a regression

Every loss of a task is a masked mean,  L = factor / B * sum_b w_b l_b [label b is there],  where
factor = weight / rate and rate is the mean of w [label is there] over the *training rows*: a
constant, where the count in the batch would be noise and may be 0. B is that of the whole batch
where these rows are a part of one (`Batch.part`), so that the L of its parts add up to its L.

Gradients:

    d/dz (softplus(z) - y z) = sigmoid(z) - y
    d/dz (z - y)^2           = 2 (z - y)

`bce_entire`, with ls = log sigmoid = -softplus(-.):

    log p      = ls(a) + ls(b)
    log(1 - p) = LSE(-a, -b, -a-b) + ls(a) + ls(b)          since 1 - p = (e^-a + e^-b + e^-a-b) p
    dp/da      = p sigmoid(-a)
    dl/da      = -y sigmoid(-a) + (1 - y) exp(log p + ls(-a) - log(1 - p)),     dl/db likewise

so the gradient comes from the same logarithms and nothing is divided by a vanishing 1 - p.
Its label: y = 0 where a's label is 0, whatever b's says; b's label where a's is 1; masked where
a's label is missing, or is 1 and b's is missing. Source: Ma et al., SIGIR 2018 (ESMM).
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.work import tile_kernel
from .kind import Count, Kind


def softplus(z):
    """log(1 + exp(z)) without overflow: max(z, 0) + log1p(exp(-|z|))."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def sigmoid(z):
    """1 / (1 + exp(-z)), exp only ever taken of -|z|."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def bce(z, label):
    """(loss, dloss/dz), elementwise; z and label (n,)."""
    return softplus(z) - label * z, sigmoid(z) - label


def mse(z, label):
    """(loss, dloss/dz), elementwise; z and label (n,)."""
    return (z - label) ** 2, 2 * (z - label)


def bce_entire(a, b, label):
    """(loss, dloss/da, dloss/db), elementwise; a, b and label (n,)."""
    log_a, log_b = -softplus(-a), -softplus(-b)
    log_p = log_a + log_b
    top = np.maximum(np.maximum(-a, -b), -a - b)
    log_not = top + np.log(np.exp(-a - top) + np.exp(-b - top) + np.exp(-a - b - top)) + log_p
    loss = -label * log_p - (1 - label) * log_not
    da = -label * sigmoid(-a) + (1 - label) * np.exp(log_p - softplus(a) - log_not)
    db = -label * sigmoid(-b) + (1 - label) * np.exp(log_p - softplus(b) - log_not)
    return loss, da, db


def entire_label(first, second):
    """The label of `bce_entire` from those of a and b: see the top of this file. NaN = masked."""
    return np.where(first == 0, first.dtype.type(0), np.where(np.isnan(first), first, second))


def loss_scale(op, state):
    """factor / B, times exp(-s) where the task's weight is learned (s = log variance), times `Batch.gains` of the task."""
    task = op.attributes["task"]
    gain = state.batch.gains[task] if state.batch.gains else 1.0
    return op.attributes["factor"] / state.batch.whole * math.exp(-state.log_variance(task)) * gain


class Loss(Kind):
    """Base of the losses: a row without an output; attributes task, factor."""

    integer_attributes, float_attribute = ("task",), "factor"
    flop_a_label = 0

    def labels(self, op, batch) -> np.ndarray:
        """(B,) the labels of its task; NaN = masked."""
        return batch.labels[:, op.attributes["task"]]

    def count(self, op, batch, tiles, overwrites):
        """5 numbers a label."""
        there = int((~np.isnan(self.labels(op, batch))).sum())
        return Count(self.flop_a_label * float(there), 5 * there), Count()


class RowLoss(Loss):
    """Inputs are logits; `loss` gives the loss, and its gradient for each of them (but for last ones that have none), elementwise."""

    loss = None

    def terms(self, op, batch, there, logits, label):
        """(loss, *gradients) of the rows that are `there`, (B,) bool; logits: theirs, (n,) each input. label: theirs, (n,)."""
        return self.loss(*logits, label)

    def forward(self, op, state):
        label, weight = self.labels(op, state.batch), state.batch.weights[:, op.attributes["task"]]
        there, logits = ~np.isnan(label), [state.value(slot)[:, 0] for slot in op.inputs]
        known = label[there].astype(logits[0].dtype)
        loss, *dlogits = self.terms(op, state.batch, there, [z[there] for z in logits], known)
        state.add_loss(op, op.attributes["factor"] / state.batch.whole * float((weight[there] * loss).sum()))
        state.save(op, (there, [weight[there] * dlogit for dlogit in dlogits]))

    def backward(self, op, state):
        there, dlogits = state.saved(op)
        for slot, dlogit in zip(op.inputs, dlogits):
            state.gradient(slot)[there, 0] += loss_scale(op, state) * dlogit


class Bce(RowLoss, name="bce"):
    """Binary cross-entropy from a logit, over rows with a label: for CVR those that were clicked and whose conversion is known."""

    loss, flop_a_label = staticmethod(bce), 17


class Mse(RowLoss, name="mse"):
    """Squared error of a regression."""

    loss, flop_a_label, precompiled = staticmethod(mse), 9, False


class BceEntire(RowLoss, name="bce_entire"):
    """Inputs (a, b); attribute task is that of b, given that of a."""

    loss, integer_attributes, flop_a_label, precompiled = staticmethod(bce_entire), ("task", "given"), 66, False

    def labels(self, op, batch):
        return entire_label(batch.labels[:, op.attributes["given"]], batch.labels[:, op.attributes["task"]])


# --- Numba, one tile of rows ---------------------------------------------------------------

TASK, GIVEN = L.INTEGERS


@kernel
def softplus_scalar(z):
    """`softplus` of one number."""
    return max(z, z * 0) + math.log1p(math.exp(-abs(z)))


@kernel
def sigmoid_scalar(z):
    """`sigmoid` of one number."""
    small = math.exp(-abs(z))
    return (1 if z >= 0 else small) / (1 + small)


@kernel
def task_scale(op, work):
    """factor / B, times exp(-s) where the task's weight is learned, times the task's gain."""
    scale = work.reals[op[L.NUMBER]] * work.scale * work.gains[op[TASK]]
    if op[L.PARAMETER] >= 0:
        scale *= math.exp(-work.dense_values[op[L.PARAMETER]])
    return scale


@tile_kernel
def bce_tile(op, work, first, rows):
    """`bce`: its sum into losses, its gradient into the logit's."""
    add_row_losses(op, work, first, rows, False)


@tile_kernel
def mse_tile(op, work, first, rows):
    """`mse`: its sum into losses, its gradient into the logit's."""
    add_row_losses(op, work, first, rows, True)


@kernel
def add_row_losses(op, work, first, rows, squared):
    """`bce` (squared False) or `mse` (True)."""
    z0, zs = op[L.IN], op[L.IN_STRIDE]
    task, total, scale = op[TASK], 0.0, task_scale(op, work)
    for i in range(rows):
        place = (first + i) * work.tasks + task
        label, weight = work.labels[place], work.weights[place]
        if not math.isnan(label):
            z = float(work.values[z0 + i * zs])
            if squared:
                loss, dloss = (z - label) * (z - label), 2 * (z - label)
            else:
                loss, dloss = softplus_scalar(z) - label * z, sigmoid_scalar(z) - label
            total += weight * loss
            work.gradients[z0 + i * zs] += scale * weight * dloss
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * total


@tile_kernel
def entire_loss_tile(op, work, first, rows):
    """`bce_entire`: its sum into losses, its gradients into those of both logits."""
    a0, a_stride = op[L.IN], op[L.IN_STRIDE]
    b0, b_stride = op[L.EXTRA + L.START], op[L.EXTRA + L.STRIDE]
    task, given, total, scale = op[TASK], op[GIVEN], 0.0, task_scale(op, work)
    for i in range(rows):
        place = (first + i) * work.tasks
        label, weight = work.labels[place + given], work.weights[place + task]
        if label != 0 and not math.isnan(label):
            label = work.labels[place + task]
        if not math.isnan(label):
            a, b = float(work.values[a0 + i * a_stride]), float(work.values[b0 + i * b_stride])
            log_p = -softplus_scalar(-a) - softplus_scalar(-b)
            top = max(-a, -b, -a - b)
            log_not = top + math.log(math.exp(-a - top) + math.exp(-b - top) + math.exp(-a - b - top)) + log_p
            total += weight * (-label * log_p - (1 - label) * log_not)
            da = -label * sigmoid_scalar(-a) + (1 - label) * math.exp(log_p - softplus_scalar(a) - log_not)
            db = -label * sigmoid_scalar(-b) + (1 - label) * math.exp(log_p - softplus_scalar(b) - log_not)
            work.gradients[a0 + i * a_stride] += scale * weight * da
            work.gradients[b0 + i * b_stride] += scale * weight * db
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * total


Bce.forward_tile, Mse.forward_tile, BceEntire.forward_tile = bce_tile, mse_tile, entire_loss_tile
