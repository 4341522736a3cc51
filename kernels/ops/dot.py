"""The inner product of two vectors a row: how much they say the same, as an attention asks.

    z_b = scale <a_b, h_b>          a, h (B, N), z (B, 1)

Backward:  da += scale dz h,   dh += scale dz a

Check by hand: a = (1, 2), h = (3, -1), scale 1/2: z = 1/2; dz = 2: da = (3, -1), dh = (1, 2).
Source: Vaswani et al. 2017 (scale = 1 / sqrt(N)); Xi et al., KDD 2021 (AITM).
"""

from __future__ import annotations

from ..cpu import layout as L
from ..cpu.vector import at, lanes, load, number, reduce_sum, splat, store
from ..cpu.work import tile_kernel
from .kind import Count, Kind, whole_blocks


def dot_forward(z, a, h, scale):
    """z = scale <a, h>. Args: a, h: (B, N). scale: float. Writes: z: (B, 1)."""
    z[:, 0] = scale * (a * h).sum(axis=1)


def dot_backward(da, dh, dz, a, h, scale):
    """Gradient of `dot_forward`. Args: dz: (B, 1). Adds to: da, dh: (B, N)."""
    da += scale * dz * h
    dh += scale * dz * a


class Dot(Kind, name="dot"):
    """Inputs (a, h), attribute scale; the output is one column."""

    float_attribute, precompiled = "scale", False

    def check(self, op, before):
        whole_blocks(*op.inputs)
        if op.output.width != 1 or op.inputs[0].width != op.inputs[1].width:
            raise ValueError(f"dot takes two inputs of one width into one column, got {[slot.width for slot in (*op.inputs, op.output)]}")

    def forward(self, op, state):
        a, h = (state.value(slot) for slot in op.inputs)
        dot_forward(state.value(op.output), a, h, op.attributes["scale"])

    def backward(self, op, state):
        (da, dh), (a, h) = (state.gradient(slot) for slot in op.inputs), (state.value(slot) for slot in op.inputs)
        dot_backward(da, dh, state.gradient(op.output), a, h, op.attributes["scale"])

    def count(self, op, batch, tiles, overwrites):
        """2BN, B(2N + 1); backward 4BN, B(6N + 1)."""
        rows, width = len(batch), op.inputs[0].width
        return Count(2 * rows * width, rows * (2 * width + 1)), Count(4 * rows * width, rows * (6 * width + 1))


# --- Numba, one tile of rows: inputs are whole blocks, whose rows are filled up to whole vectors (cpu/layout.py) ----


@tile_kernel
def dot_forward_tile(op, work, first, rows):
    """z = scale <a, h> for one tile."""
    a, h = at(work.values, op[L.IN]), at(work.values, op[L.EXTRA + L.START])
    scale = number(a, work.reals[op[L.NUMBER]])
    for i in range(rows):
        sums = splat(number(a, 0))
        for j in range(0, op[L.IN_WIDTH], lanes(a)):
            sums = sums + load(a, i * op[L.IN_STRIDE] + j) * load(h, i * op[L.EXTRA + L.STRIDE] + j)
        work.values[op[L.OUT] + i * op[L.OUT_STRIDE]] = scale * reduce_sum(sums)


@tile_kernel
def dot_backward_tile(op, work, first, rows):
    """da += scale dz h; dh += scale dz a, for one tile."""
    a, h = at(work.values, op[L.IN]), at(work.values, op[L.EXTRA + L.START])
    da, dh = at(work.gradients, op[L.IN]), at(work.gradients, op[L.EXTRA + L.START])
    scale = number(a, work.reals[op[L.NUMBER]])
    for i in range(rows):
        d = splat(scale * work.gradients[op[L.OUT] + i * op[L.OUT_STRIDE]])
        for j in range(0, op[L.IN_WIDTH], lanes(a)):
            of_a, of_h = i * op[L.IN_STRIDE] + j, i * op[L.EXTRA + L.STRIDE] + j
            x, y = load(a, of_a), load(h, of_h)
            store(da, of_a, load(da, of_a) + d * y)
            store(dh, of_h, load(dh, of_h) + d * x)


Dot.forward_tile, Dot.backward_tile = dot_forward_tile, dot_backward_tile
