"""The mixture: what a task sees of the experts.

    m_b = sum_e g_be h_eb            g (B, E), each h_e (B, H), m (B, H)

Backward: m is linear in g and in h, so

    dg_be += <dm_b, h_eb>,       dh_eb += g_be dm_b

Source: Ma et al., KDD 2018, eq. 6; PLE (Tang et al., RecSys 2020) gives each task a subset of experts.
"""

from __future__ import annotations

from .jit import kernel
from .layout import ADDEND, COUNT, INPUT, OUTPUT, slot_start


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


class Mixture:
    """Operation `mixture`: inputs (gates, h_1, ..., h_E)."""

    @staticmethod
    def forward(op, state):
        gates, *experts = (state.value(slot) for slot in op.inputs)
        mixture_forward(state.value(op.output), gates, experts)

    @staticmethod
    def backward(op, state):
        gates, *experts = (state.value(slot) for slot in op.inputs)
        dgates, *dexperts = (state.gradient(slot) for slot in op.inputs)
        mixture_backward(dgates, dexperts, state.gradient(op.output), gates, experts)


# --- Numba, one tile of rows ---------------------------------------------------------------


@kernel
def mixture_forward_tile(op, work, first, rows):
    """m = sum_e g_e h_e for one tile."""
    m0, ms, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    g0, gs = slot_start(op, INPUT, work.capacity), op[INPUT + 1]
    for i in range(rows):
        m = work.values[m0 + i * ms : m0 + i * ms + width]
        for j in range(width):
            m[j] = 0
        for e in range(op[COUNT]):
            place = ADDEND + 5 * e
            start = slot_start(op, place, work.capacity) + i * op[place + 1]
            h = work.values[start : start + width]
            g = work.values[g0 + i * gs + e]
            for j in range(width):
                m[j] += g * h[j]


@kernel
def mixture_backward_tile(op, work, first, rows):
    """dg_e += <dm, h_e>; dh_e += g_e dm, for one tile."""
    m0, ms, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    g0, gs = slot_start(op, INPUT, work.capacity), op[INPUT + 1]
    for i in range(rows):
        dm = work.gradients[m0 + i * ms : m0 + i * ms + width]
        for e in range(op[COUNT]):
            place = ADDEND + 5 * e
            start = slot_start(op, place, work.capacity) + i * op[place + 1]
            h = work.values[start : start + width]
            dh = work.gradients[start : start + width]
            g = work.values[g0 + i * gs + e]
            total = work.values.dtype.type(0)
            for j in range(width):
                total += dm[j] * h[j]
                dh[j] += g * dm[j]
            work.gradients[g0 + i * gs + e] += total
