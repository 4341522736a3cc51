"""Losses that compare the rows of one search: pairwise and listwise.

For one search of n rows with logits z and labels y (missing labels left out):

    pairwise   l = 1/|P| sum_{(i,j) in P} softplus(z_j - z_i),     P = {(i, j): y_i > y_j}
    listwise   l = -sum_i (y_i / sum_k y_k) log softmax(z)_i

A search counts as much as it has rows: L = factor / B * sum_searches n l, a search without a pair
(or without a positive label) adds 0, and factor = weight / rate, rate being the share of training
rows in searches that add something: again a constant.

Gradients:

    softplus(z_j - z_i):  with s = sigmoid(z_j - z_i),  dz_i -= s / |P|,  dz_j += s / |P|
    listwise:             dz_i = softmax(z)_i - y_i / sum_k y_k

Sources: Burges et al., ICML 2005 (RankNet); Cao et al., ICML 2007 (ListNet, top-one).
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.work import tile_kernel
from .kind import Count
from .losses import TASK, Loss, loss_scale, sigmoid, sigmoid_scalar, softplus, softplus_scalar, task_scale


def pairwise(z, label):
    """(loss, dloss/dz (n,)) of one search; (0, zeros) without a pair of different labels."""
    better, worse = np.nonzero(label[:, None] > label[None, :])
    dz = np.zeros_like(z)
    if len(better) == 0:
        return 0.0, dz
    margin = z[worse] - z[better]
    push = sigmoid(margin) / len(better)
    np.subtract.at(dz, better, push)
    np.add.at(dz, worse, push)
    return float(softplus(margin).mean()), dz


def listwise(z, label):
    """(loss, dloss/dz (n,)) of one search; (0, zeros) without a positive label."""
    total = label.sum()
    if total <= 0:
        return 0.0, np.zeros_like(z)
    target = label / total
    log_softmax = z - z.max() - np.log(np.exp(z - z.max()).sum())
    return float(-(target * log_softmax).sum()), np.exp(log_softmax) - target


def adds_something(kind, label):
    """Whether a search with these labels (n,) has any loss: a pair, or a positive label."""
    label = label[~np.isnan(label)]
    if len(label) == 0:
        return False
    return bool(label.max() > label.min()) if kind == "pairwise" else bool(label.sum() > 0)


class GroupLoss(Loss):
    """Inputs (logit,); `loss` gives loss and gradient of one search."""

    compares_rows, precompiled, loss = True, False, None

    def forward(self, op, state):
        z = state.value(op.inputs[0])[:, 0]
        label = state.batch.labels[:, op.attributes["task"]].astype(z.dtype)
        dz, total = np.zeros_like(z), 0.0
        starts = np.flatnonzero(np.diff(state.batch.groups, prepend=state.batch.groups[0] - 1))
        for start, end in zip(starts, [*starts[1:], len(z)]):
            there = start + np.flatnonzero(~np.isnan(label[start:end]))
            if len(there):
                loss, gradient = self.loss(z[there], label[there])
                total += (end - start) * loss
                dz[there] = (end - start) * gradient
        state.add_loss(op, op.attributes["factor"] / state.batch.whole * total)
        state.save(op, dz)

    def backward(self, op, state):
        state.gradient(op.inputs[0])[:, 0] += loss_scale(op, state) * state.saved(op)


class Pairwise(GroupLoss, name="pairwise"):
    """RankNet within a search."""

    loss, flop_a_pair = staticmethod(pairwise), 18

    def count(self, op, batch, tiles, overwrites):
        """18 a pair, 5 numbers a label."""
        label = self.labels(op, batch)
        searches = np.split(label, np.flatnonzero(np.diff(batch.groups)) + 1)
        pairs = sum(int((some[:, None] > some[None, :]).sum()) for some in searches)
        return Count(self.flop_a_pair * float(pairs), 5 * int((~np.isnan(label)).sum())), Count()


class Listwise(GroupLoss, name="listwise"):
    """ListNet within a search."""

    loss, flop_a_label = staticmethod(listwise), 14


# --- Numba, one tile of rows; a tile never splits a search ------------------------------------


@kernel
def group_end(work, start, last):
    """First row after `start` that belongs to another search, at most `last`."""
    end = start + 1
    while end < last and work.groups[end] == work.groups[start]:
        end += 1
    return end


@tile_kernel
def pairwise_tile(op, work, first, rows):
    """`pairwise` of every search of the tile."""
    z0, zs, task = op[L.IN], op[L.IN_STRIDE], op[TASK]
    sum_of_losses, scale, start = 0.0, task_scale(op, work), first
    while start < first + rows:
        end = group_end(work, start, first + rows)
        pairs, total = 0, 0.0
        for i in range(start, end):
            for j in range(start, end):
                if work.labels[i * work.tasks + task] > work.labels[j * work.tasks + task]:
                    pairs += 1
        for i in range(start, end):
            for j in range(start, end):
                if work.labels[i * work.tasks + task] > work.labels[j * work.tasks + task]:
                    zi, zj = z0 + (i - first) * zs, z0 + (j - first) * zs
                    margin = float(work.values[zj]) - float(work.values[zi])
                    total += softplus_scalar(margin)
                    push = scale * (end - start) * sigmoid_scalar(margin) / pairs
                    work.gradients[zi] -= push
                    work.gradients[zj] += push
        if pairs:
            sum_of_losses += (end - start) * total / pairs
        start = end
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * sum_of_losses


@tile_kernel
def listwise_tile(op, work, first, rows):
    """`listwise` of every search of the tile."""
    z0, zs, task = op[L.IN], op[L.IN_STRIDE], op[TASK]
    sum_of_losses, scale, start = 0.0, task_scale(op, work), first
    while start < first + rows:
        end = group_end(work, start, first + rows)
        labels, top = 0.0, -math.inf
        for i in range(start, end):
            if not math.isnan(work.labels[i * work.tasks + task]):
                labels += work.labels[i * work.tasks + task]
                top = max(top, float(work.values[z0 + (i - first) * zs]))
        if labels > 0:
            total = 0.0
            for i in range(start, end):
                if not math.isnan(work.labels[i * work.tasks + task]):
                    total += math.exp(work.values[z0 + (i - first) * zs] - top)
            for i in range(start, end):
                if not math.isnan(work.labels[i * work.tasks + task]):
                    place = z0 + (i - first) * zs
                    log_softmax = work.values[place] - top - math.log(total)
                    target = work.labels[i * work.tasks + task] / labels
                    sum_of_losses -= (end - start) * target * log_softmax
                    work.gradients[place] += scale * (end - start) * (math.exp(log_softmax) - target)
        start = end
    work.losses[op[L.NUMBER]] += work.reals[op[L.NUMBER]] * work.scale * sum_of_losses


Pairwise.forward_tile, Listwise.forward_tile = pairwise_tile, listwise_tile
