"""Modulation: each unit is scaled by a gate of its own, between 0 and 2, and by 1 where its logit is 0.

    y_bn = 2 s_bn h_bn,      s = sigmoid(z)          z, h, y (B, N)

Backward, with ds/dz = s (1 - s):

    dh += 2 s dy,            dz += 2 s (1 - s) h dy

Check by hand: z = 0, h = 3, dy = 1: y = 3, dh = 1, dz = 1.5.
Source: Chang et al., KDD 2023 (PEPNet, its Gate Neural Unit with a factor of 2).
"""

from __future__ import annotations

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.vector import at, exponential, lanes, load, number, splat, store, where_positive
from ..cpu.work import tile_kernel
from .kind import Count, Kind, whole_blocks
from .losses import sigmoid


def modulate_forward(y, z, h):
    """y = 2 sigmoid(z) h. Args: z, h: (B, N). Writes: y: (B, N)."""
    y[...] = 2 * sigmoid(z) * h


def modulate_backward(dz, dh, dy, z, h):
    """Gradient of `modulate_forward`. Adds to dz and to dh, the first G <= N columns of it, those that need a gradient."""
    s, width = sigmoid(z), dh.shape[1]
    dz += 2 * s * (1 - s) * h * dy
    dh += (2 * s * dy)[:, :width]


class Modulate(Kind, name="modulate"):
    """Inputs (z, h)."""

    precompiled = False

    def check(self, op, before):
        whole_blocks(op.output, *op.inputs)

    def forward(self, op, state):
        modulate_forward(state.value(op.output), *(state.value(slot) for slot in op.inputs))

    def backward(self, op, state):
        dz, dh = (state.gradient(slot) for slot in op.inputs)
        modulate_backward(dz, dh, state.gradient(op.output), *(state.value(slot) for slot in op.inputs))

    def count(self, op, batch, tiles, overwrites):
        """6BN, 3BN; backward 11BN, 7BN."""
        size = len(batch) * op.output.width
        return Count(6 * size, 3 * size), Count(11 * size, 7 * size)


# --- Numba, one tile of rows: whole blocks, whose rows are filled up to whole vectors (cpu/layout.py) ----


@kernel(forceinline=True)
def sigmoids(z, one):
    """1 / (1 + exp(-z)) of a vector, exp only ever taken of -|z|; one: a vector of ones."""
    above = where_positive(z, z)
    small = exponential(z - above - above)
    return (small + where_positive(z, one - small)) / (one + small)


@tile_kernel
def modulate_forward_tile(op, work, first, rows):
    """y = 2 sigmoid(z) h for one tile."""
    y, z, h = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), at(work.values, op[L.EXTRA + L.START])
    one = splat(number(y, 1))
    for i in range(rows):
        for j in range(0, op[L.OUT_WIDTH], lanes(y)):
            s = sigmoids(load(z, i * op[L.IN_STRIDE] + j), one)
            store(y, i * op[L.OUT_STRIDE] + j, (s + s) * load(h, i * op[L.EXTRA + L.STRIDE] + j))


@tile_kernel
def modulate_backward_tile(op, work, first, rows):
    """dh += 2 s dy; dz += 2 s (1 - s) h dy, for one tile."""
    dy, z, dz = at(work.gradients, op[L.OUT]), at(work.values, op[L.IN]), at(work.gradients, op[L.IN])
    h, dh = at(work.values, op[L.EXTRA + L.START]), at(work.gradients, op[L.EXTRA + L.START])
    one = splat(number(dy, 1))
    for i in range(rows):
        for j in range(0, op[L.OUT_WIDTH], lanes(dy)):
            of_z, of_h = i * op[L.IN_STRIDE] + j, i * op[L.EXTRA + L.STRIDE] + j
            s, d = sigmoids(load(z, of_z), one), load(dy, i * op[L.OUT_STRIDE] + j)
            d = (s + s) * d
            store(dz, of_z, load(dz, of_z) + (one - s) * load(h, of_h) * d)
            if op[L.EXTRA + L.DIFFERENTIABLE] > 0:
                store(dh, of_h, load(dh, of_h) + d)


Modulate.forward_tile, Modulate.backward_tile = modulate_forward_tile, modulate_backward_tile
