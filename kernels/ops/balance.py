"""The load of a gate's experts, as a loss: 0 where they are asked alike, E - 1 where one is asked for everything.

    I_e = 1/B sum_b g_be                                 the share of the batch that expert e gets, its importance
    L   = factor * CV(I)^2 = factor * 1/E sum_e (E I_e - 1)^2          for each gate; those of all gates are added

since the I_e of a gate have the mean 1/E, so that CV^2, variance over squared mean, is the mean of (E I_e - 1)^2. Backward:

    dL/dI_e = factor * 2 (E I_e - 1),            dg_be += dL/dI_e / B

Unlike any other loss it is one of the whole batch: I is taken of all rows before the first of them is walked backwards. It is of no
task: no learned task weight scales it, and where tasks have gains (`Batch.gains`), its gradient counts as an even part of each task's.

Check by hand: B = 2, E = 2, g = (1, 0), (1/2, 1/2): I = (3/4, 1/4), CV^2 = 1/4, dg = (1/2, -1/2) for both rows.
Source: Shazeer et al., ICLR 2017, eq. 6 and 7.
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.vector import number
from ..cpu.work import tile_kernel
from .kind import Count, Kind, Sizes


def balance(importance):
    """(loss, dloss/dI) of gates; importance (G, E), each of whose E sum to 1."""
    excess = importance.shape[-1] * importance - 1
    return float(np.square(excess).mean(axis=-1).sum()), 2 * excess


class Balance(Kind, name="balance"):
    """Inputs (g,), gates side by side; attributes experts, factor; task -1, for it is of none."""

    integer_attributes, float_attribute, of_batch, precompiled = ("experts",), "factor", True, False

    def check(self, op, before):
        if op.attributes["task"] != -1 or op.inputs[0].width % op.attributes["experts"]:
            raise ValueError(f"balance is of task -1, and of gates over {op.attributes['experts']} experts, not of {op.inputs[0]}")

    def forward(self, op, state):
        batch, gates = state.batch, state.value(op.inputs[0])
        importance = batch.add_up(gates.sum(axis=0, dtype=np.float64)) / batch.whole
        loss, dimportance = balance(importance.reshape(-1, op.attributes["experts"]))
        state.add_loss(op, op.attributes["factor"] * loss * (len(batch) / batch.whole))
        state.save(op, dimportance.ravel())

    def backward(self, op, state):
        gain = float(np.mean(state.batch.gains or 1.0))
        state.gradient(op.inputs[0])[...] += gain * op.attributes["factor"] / state.batch.whole * state.saved(op)

    def sizes(self, op, lanes):
        return Sizes(sums=op.inputs[0].width)

    def count(self, op, batch, tiles, overwrites):
        """BN to sum, BN to add; 3BN. The gates that are computed for the sums are not counted."""
        size = len(batch) * op.inputs[0].width
        return Count(2 * size, 3 * size), Count()


# --- Numba, one tile of rows ---------------------------------------------------------------

EXPERTS = L.INTEGERS[0]


@tile_kernel
def add_importance_tile(op, work, first, rows):
    """sums_e += g_be / B over the rows of one tile."""
    for i in range(rows):
        for e in range(op[L.IN_WIDTH]):
            work.sums[op[L.SUMS] + e] += work.scale * work.values[op[L.IN] + i * op[L.IN_STRIDE] + e]


@tile_kernel
def balance_tile(op, work, first, rows):
    """dg_be += factor / B * 2 (E I_e - 1), and this tile's share of the loss; sums hold I."""
    experts, factor, total, gain = op[EXPERTS], work.reals[op[L.NUMBER]], 0.0, 0.0
    for task in range(work.tasks):
        gain += work.gains[task] / work.tasks
    for e in range(op[L.IN_WIDTH]):
        excess = experts * work.sums[op[L.SUMS] + e] - 1
        total += excess * excess / experts
        dg = number(work.gradients, gain * factor * work.scale * 2 * excess)
        for i in range(rows):
            work.gradients[op[L.IN] + i * op[L.IN_STRIDE] + e] += dg
    work.losses[op[L.NUMBER]] += factor * work.scale * rows * total


Balance.forward_tile, Balance.sum_tile = balance_tile, add_importance_tile
