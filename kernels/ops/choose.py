"""Which experts a gate may ask. Those that it may not ask get the logit -inf, in place, and so nothing from the softmax behind.

    top_k            y_e = z_e for the k largest of each gate's E logits, else -inf; of equal ones the first
    expert_dropout   y_be = z_be where k_be = 1, else -inf, in training alone; k as in dropout.py, one for each expert of each gate.
                     A row that would lose all experts of a gate loses none of them.

The softmax shares 1 out among those that are left. Backward: -inf is a constant, so

    dz_e = dy_e where e was chosen, else 0

With k = 1 the chosen expert gets 1 whatever its logit is: no loss moves such a gate.

Sources: Shazeer et al., ICLR 2017 (top-k); Zhao et al., RecSys 2019 (gates that lose experts in training, against gates that settle).
"""

from __future__ import annotations

import math

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.vector import at, number
from ..cpu.work import tile_kernel
from .dropout import LOW, kept_units, mix_one, threshold
from .kind import Count, Kind


def in_top_k(z, k):
    """Bool, shape of z (..., E): whether a logit is among the k largest of its gate; of equal ones the first are."""
    chosen = np.zeros(z.shape, bool)
    np.put_along_axis(chosen, np.argsort(-z, axis=-1, kind="stable")[..., :k], True, axis=-1)
    return chosen


def kept_experts(key, layer, rows, gates, experts, share, before=0):
    """(B, G, E) bool: the experts that a row keeps, see `dropout.kept_units`; all of a gate's where it would lose all."""
    kept = kept_units(key, layer, rows, gates * experts, share, before).reshape(rows, gates, experts)
    return kept | ~kept.any(axis=-1, keepdims=True)


class Choose(Kind):
    """Base of both: inputs (z,), which is its output as well; attribute experts: E of each of the gates that lie side by side."""

    precompiled = False

    def check(self, op, before):
        if op.inputs != (op.output,):
            raise ValueError(f"{self.name} works in place, but reads {', '.join(map(str, op.inputs))} and writes {op.output}")
        if op.output.width % op.attributes["experts"]:
            raise ValueError(f"{op.output} of width {op.output.width} is not made of gates over {op.attributes['experts']} experts")

    def behind(self, op, read):
        return [read]

    def chosen(self, op, state, z):
        """(B, G, E) bool of logits (B, G, E)."""
        raise NotImplementedError

    def forward(self, op, state):
        y = state.value(op.output)
        z = y.reshape(len(y), -1, op.attributes["experts"])
        y[...] = np.where(self.chosen(op, state, z), z, -np.inf).reshape(y.shape)

    def backward(self, op, state):
        state.gradient(op.output)[np.isneginf(state.value(op.output))] = 0


class TopK(Choose, name="top_k"):
    """Attributes experts, k."""

    integer_attributes = ("experts", "k")

    def check(self, op, before):
        super().check(op, before)
        if not 0 < op.attributes["k"] <= op.attributes["experts"]:
            raise ValueError(f"k must lie in 1 .. {op.attributes['experts']}, got {op.attributes['k']}")

    def chosen(self, op, state, z):
        return in_top_k(z, op.attributes["k"])

    def count(self, op, batch, tiles, overwrites):
        """(2k + 2)BN comparisons, 2BN; backward BN comparisons, 3BN."""
        size = len(batch) * op.output.width
        return Count((2 * op.attributes["k"] + 2) * size, 2 * size), Count(size, 3 * size)


class ExpertDropout(Choose, name="expert_dropout"):
    """Attributes experts, layer, share; layer is its number among all operations that draw masks."""

    integer_attributes, float_attribute, training_only = ("experts", "layer"), "share", True

    def check(self, op, before):
        super().check(op, before)
        if not 0 < op.attributes["share"] < 1:
            raise ValueError(f"share must lie in (0, 1), got {op.attributes['share']}")

    def chosen(self, op, state, z):
        return kept_experts(state.batch.key, op.attributes["layer"], *z.shape, op.attributes["share"], state.batch.before)

    def attributes(self, op):
        """Experts, layer, and for float32 kernels p as `threshold` gives it."""
        return op.attributes["experts"], op.attributes["layer"], threshold(op.attributes["share"])

    def count(self, op, batch, tiles, overwrites):
        """11BN as dropout, BN comparisons, 2BN; backward BN comparisons, 3BN."""
        size = len(batch) * op.output.width
        return Count(12 * size, 2 * size), Count(size, 3 * size)


# --- Numba, one tile of rows ---------------------------------------------------------------

EXPERTS, K = L.INTEGERS
LAYER = K


@kernel
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


@tile_kernel
def top_k_tile(op, work, first, rows):
    """z_e = -inf for all but the k largest of each gate, for one tile."""
    experts, k = op[EXPERTS], op[K]
    for i in range(rows):
        z = at(work.values, op[L.OUT] + i * op[L.OUT_STRIDE])
        for start in range(0, op[L.OUT_WIDTH], experts):
            last = last_chosen(z, start, experts, k)
            least = z[last]
            for e in range(start, start + experts):
                if z[e] < least or (z[e] == least and e > last):
                    z[e] = number(z, -math.inf)


@tile_kernel
def expert_dropout_tile(op, work, first, rows):
    """z_e = -inf for the experts that a row loses, for one tile."""
    experts, least = op[EXPERTS], np.uint32(work.reals[op[L.NUMBER]] * 4294967296.0)
    h = mix_one(np.uint32(work.key & LOW))
    h = mix_one(np.uint32(h ^ np.uint32(work.key >> 32)))
    h = mix_one(np.uint32(h ^ np.uint32(op[LAYER])))
    for i in range(rows):
        of_row, z = mix_one(np.uint32(h ^ np.uint32(work.before + first + i))), at(work.values, op[L.OUT] + i * op[L.OUT_STRIDE])
        for start in range(0, op[L.OUT_WIDTH], experts):
            kept = 0
            for e in range(start, start + experts):
                kept += mix_one(np.uint32(of_row ^ np.uint32(e))) >= least
            for e in range(start, start + experts):
                if kept and mix_one(np.uint32(of_row ^ np.uint32(e))) < least:
                    z[e] = number(z, -math.inf)


@tile_kernel
def choose_backward_tile(op, work, first, rows):
    """dz_e = 0 where z_e is -inf, for one tile."""
    for i in range(rows):
        place = op[L.OUT] + i * op[L.OUT_STRIDE]
        z, dz = at(work.values, place), at(work.gradients, place)
        for e in range(op[L.OUT_WIDTH]):
            if z[e] == -math.inf:
                dz[e] = number(dz, 0)


TopK.forward_tile, ExpertDropout.forward_tile = top_k_tile, expert_dropout_tile
TopK.backward_tile = ExpertDropout.backward_tile = choose_backward_tile
