"""The mixture: what a task sees of the experts.

    m_b = sum_e g_be h_eb            g (B, E), each h_e (B, H), m (B, H)

Backward: m is linear in g and in h, so

    dg_be += <dm_b, h_eb>,       dh_eb += g_be dm_b

Source: Ma et al., KDD 2018, eq. 6; PLE (Tang et al., RecSys 2020) gives each task a subset of experts.
"""

from __future__ import annotations

from ..cpu import layout as L
from ..cpu.vector import at, lanes, load, number, reduce_sum, splat, store
from ..cpu.work import tile_kernel
from .kind import Count, Kind, whole_blocks


def mixture_forward(m, gates, experts):
    """m = sum_e gates[:, e] experts[e].

    Args:
        gates: (B, E). experts: E arrays (B, H).
    Writes:
        m: (B, H).
    """
    m[...] = 0
    for e, h in enumerate(experts):
        m += gates[:, e, None] * h


def mixture_backward(dgates, dexperts, dm, gates, experts):
    """Gradient of `mixture_forward`. Adds to dgates (B, E) and to each of dexperts (B, H)."""
    for e, (h, dh) in enumerate(zip(experts, dexperts)):
        dgates[:, e] += (dm * h).sum(axis=1)
        dh += gates[:, e, None] * dm


class Mixture(Kind, name="mixture"):
    """Inputs (gates, h_1, ..., h_E)."""

    def check(self, op, before):
        whole_blocks(op.output, *op.inputs[1:])

    def forward(self, op, state):
        gates, *experts = (state.value(slot) for slot in op.inputs)
        mixture_forward(state.value(op.output), gates, experts)

    def backward(self, op, state):
        gates, *experts = (state.value(slot) for slot in op.inputs)
        dgates, *dexperts = (state.gradient(slot) for slot in op.inputs)
        mixture_backward(dgates, dexperts, state.gradient(op.output), gates, experts)

    def overwrites(self, number):
        return number > 0

    def count(self, op, batch, tiles, overwrites):
        """2BEH, B(E + EH + H); backward 4BEH, B(3E + 2EH + H), EH more where it adds."""
        rows, experts, width = len(batch), len(op.inputs) - 1, op.output.width
        moved = 2 * experts * width + width * overwrites[1:].count(False)
        forward = Count(2 * rows * experts * width, rows * (experts + experts * width + width))
        return forward, Count(4 * rows * experts * width, rows * (3 * experts + moved + width))


# --- Numba, one tile of rows ---------------------------------------------------------------


# Outputs and experts are whole blocks, whose rows are filled up to whole vectors (cpu/layout.py).


@tile_kernel
def mixture_forward_tile(op, work, first, rows):
    """m = sum_e g_e h_e for one tile."""
    m = at(work.values, op[L.OUT])
    for i in range(rows):
        g = at(work.values, op[L.IN] + i * op[L.IN_STRIDE])
        for j in range(0, op[L.OUT_WIDTH], lanes(m)):
            sums = splat(number(m, 0))
            for e in range(op[L.COUNT]):
                place = L.EXTRA + L.SLOT * e
                h = load(work.values, op[place + L.START] + i * op[place + L.STRIDE] + j)
                sums = sums + splat(g[e]) * h
            store(m, i * op[L.OUT_STRIDE] + j, sums)


@tile_kernel
def mixture_backward_tile(op, work, first, rows):
    """dg_e += <dm, h_e>; dh_e += g_e dm, for one tile."""
    dm, stride, width = at(work.gradients, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    for e in range(op[L.COUNT]):
        place = L.EXTRA + L.SLOT * e
        h, dh = at(work.values, op[place + L.START]), at(work.gradients, op[place + L.START])
        fresh, inner_stride = op[place + L.OVERWRITE] == 1, op[place + L.STRIDE]
        for i in range(rows):
            gate = op[L.IN] + i * op[L.IN_STRIDE] + e
            g = splat(work.values[gate])
            sums = splat(number(dm, 0))
            for j in range(0, width, lanes(dm)):
                d, place_h = load(dm, i * stride + j), i * inner_stride + j
                sums = sums + d * load(h, place_h)
                store(dh, place_h, g * d if fresh else load(dh, place_h) + g * d)
            work.gradients[gate] += reduce_sum(sums)


Mixture.forward_tile, Mixture.backward_tile = mixture_forward_tile, mixture_backward_tile
