"""The softmax of a gate: how much of each expert a row takes.

    g_e = exp(z_e / tau) / sum_k exp(z_k / tau)        over the E experts of each group (task)

Backward. With u = z / tau, dg_e / du_k = g_e ([e = k] - g_k), so

    du_k = sum_e dg_e g_e ([e = k] - g_k) = g_k (dg_k - sum_e dg_e g_e),      dz = du / tau

Check by hand: for E = 2, tau = 1, z = (0, 0), dg = (1, 0): g = (1/2, 1/2), dz = (1/4, -1/4).
Source: Ma et al., KDD 2018 (the gates of MMoE).
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.vector import at, exponential, lanes, load, number, splat, store
from ..cpu.work import tile_kernel
from .kind import Count, Kind, Sizes, up_to_vectors


def softmax_forward(gates, z, temperature):
    """Softmax over the last axis, shifted by its maximum so that no exponential overflows.

    Args:
        z: (B, G, E). temperature: float > 0.
    Writes:
        gates: (B, G, E), each of whose E sum to 1.
    """
    np.subtract(z, z.max(axis=-1, keepdims=True), out=gates)
    gates /= temperature
    np.exp(gates, out=gates)
    gates /= gates.sum(axis=-1, keepdims=True)


def softmax_backward(dz, dgates, gates, temperature):
    """Gradient of `softmax_forward`.

    Args:
        dgates: (B, G, E). gates: (B, G, E), saved.
    Adds to:
        dz: (B, G, E).
    """
    inner = (dgates * gates).sum(axis=-1, keepdims=True)
    dz += gates * (dgates - inner) / temperature


class Softmax(Kind, name="softmax"):
    """Inputs (z,), attributes experts, temperature; groups lie side by side."""

    integer_attributes, float_attribute = ("experts",), "temperature"

    def forward(self, op, state):
        shape = (len(state.batch), -1, op.attributes["experts"])
        gates, z = state.value(op.output), state.value(op.inputs[0])
        result = np.empty_like(z).reshape(shape)
        softmax_forward(result, z.reshape(shape), op.attributes["temperature"])
        gates[...] = result.reshape(z.shape)

    def behind(self, op, read):
        groups = read.reshape(len(read), -1, op.attributes["experts"])
        return [np.broadcast_to(groups.any(axis=2, keepdims=True), groups.shape).reshape(read.shape)]

    def backward(self, op, state):
        shape = (len(state.batch), -1, op.attributes["experts"])
        gates, dgates, dz = state.value(op.output), state.gradient(op.output), state.gradient(op.inputs[0])
        added = np.zeros_like(gates).reshape(shape)
        softmax_backward(added, dgates.reshape(shape), gates.reshape(shape), op.attributes["temperature"])
        dz += added.reshape(dz.shape)

    def sizes(self, op, lanes):
        return Sizes(scratch=up_to_vectors(op.output.width, lanes))

    def count(self, op, batch, tiles, overwrites):
        """6BN, 2BN; backward 5BN, 4BN."""
        size = len(batch) * op.output.width
        return Count(6 * size, 2 * size), Count(5 * size, 4 * size)


# --- Numba, one tile of rows ---------------------------------------------------------------

EXPERTS = L.INTEGERS[0]


@tile_kernel
def softmax_forward_tile(op, work, first, rows):
    """g = softmax(z / tau) for one tile."""
    values, tau, experts, width = work.values, number(work.values, work.reals[op[L.NUMBER]]), op[EXPERTS], op[L.OUT_WIDTH]
    powers = work.scratch
    for i in range(rows):
        g, z = at(values, op[L.OUT] + i * op[L.OUT_STRIDE]), at(values, op[L.IN] + i * op[L.IN_STRIDE])
        for start in range(0, width, experts):
            top = z[start]
            for e in range(start + 1, start + experts):
                top = max(top, z[e])
            for e in range(start, start + experts):
                powers[e] = z[e] - top
        for j in range(0, width, lanes(powers)):  # SPEED: one after the other they take four times as long
            store(powers, j, exponential(load(powers, j) / splat(tau)))
        for start in range(0, width, experts):
            total = number(g, 0)
            for e in range(start, start + experts):
                total += powers[e]
            for e in range(start, start + experts):
                g[e] = powers[e] / total


@tile_kernel
def softmax_backward_tile(op, work, first, rows):
    """dz += g (dg - <dg, g>) / tau for one tile."""
    values, gradients, tau, experts = work.values, work.gradients, number(work.values, work.reals[op[L.NUMBER]]), op[EXPERTS]
    for i in range(rows):
        g, dg = at(values, op[L.OUT] + i * op[L.OUT_STRIDE]), at(gradients, op[L.OUT] + i * op[L.OUT_STRIDE])
        dz = at(gradients, op[L.IN] + i * op[L.IN_STRIDE])
        for start in range(0, op[L.OUT_WIDTH], experts):
            inner = number(g, 0)
            for e in range(start, start + experts):
                inner += dg[e] * g[e]
            for e in range(start, start + experts):
                dz[e] += g[e] * (dg[e] - inner) / tau


Softmax.forward_tile, Softmax.backward_tile = softmax_forward_tile, softmax_backward_tile
