"""A scale for each column: how members of an ensemble that share their weights come to differ.

    y = x diag(r),    y_bj = x_bj r_j        x (B, N), r (N,)

Backward:

    dx_bj += dy_bj r_j,     dr_j += sum_b dy_bj x_bj

In front of a layer, (x diag(r)) W = x (diag(r) W): member k multiplies by a matrix of its own, W with row j scaled by r_kj, but keeps
N numbers of its own in place of N times M. Sources: Wen et al., ICLR 2020 (BatchEnsemble); Gorishniy et al., ICLR 2025 (TabM).
"""

from __future__ import annotations

from ..cpu import layout as L
from ..cpu.vector import at
from ..cpu.work import tile_kernel
from .kind import Count, Kind


def diagonal_forward(y, x, scale):
    """y = x diag(scale). Args: x (B, N), scale (N,). Writes y (B, N)."""
    y[...] = x * scale


def diagonal_backward(dx, dscale, dy, x, scale):
    """Gradient of `diagonal_forward`. Adds to dx (B, G), the first G <= N columns, and dscale (N,)."""
    dscale += (dy * x).sum(axis=0)
    dx += dy[:, : dx.shape[1]] * scale[: dx.shape[1]]


class Diagonal(Kind, name="diagonal"):
    """Inputs (x,), parameter (scale,)."""

    precompiled = False

    def check(self, op, before):
        if op.output.differentiable < op.output.width:
            raise ValueError(f"the gradient of the scale needs that of every column, but {op.output} has {op.output.differentiable}")

    def forward(self, op, state):
        diagonal_forward(state.value(op.output), state.value(op.inputs[0]), *state.values(op.parameters))

    def backward(self, op, state):
        (x,), (dscale,) = op.inputs, state.gradients(op.parameters)
        diagonal_backward(state.gradient(x), dscale, state.gradient(op.output), state.value(x), *state.values(op.parameters))

    def count(self, op, batch, tiles, overwrites):
        """BN, 2BN + tN; backward 2BN + 2BG, 2BN + 2BG + 3tN."""
        rows, n, g = len(batch), op.output.width, op.inputs[0].differentiable
        return Count(rows * n, 2 * rows * n + tiles * n), Count(2 * rows * (n + g), 2 * rows * (n + g) + 3 * tiles * n)


# --- Numba, one tile of rows ---------------------------------------------------------------


@tile_kernel
def diagonal_forward_tile(op, work, first, rows):
    """y = x diag(r) for one tile."""
    y, x, r = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), at(work.dense_values, op[L.PARAMETER])
    for i in range(rows):
        to, of = i * op[L.OUT_STRIDE], i * op[L.IN_STRIDE]
        for j in range(op[L.OUT_WIDTH]):
            y[to + j] = x[of + j] * r[j]


@tile_kernel
def diagonal_backward_tile(op, work, first, rows):
    """dr += sum dy x; dx += dy diag(r), for one tile."""
    dy, x, r = at(work.gradients, op[L.OUT]), at(work.values, op[L.IN]), at(work.dense_values, op[L.PARAMETER])
    dx, dr = at(work.gradients, op[L.IN]), at(work.dense_gradients, op[L.PARAMETER])
    for i in range(rows):
        to, of = i * op[L.OUT_STRIDE], i * op[L.IN_STRIDE]
        for j in range(op[L.OUT_WIDTH]):
            dr[j] += dy[to + j] * x[of + j]
        for j in range(op[L.IN_DIFFERENTIABLE]):
            dx[of + j] += dy[to + j] * r[j]


Diagonal.forward_tile, Diagonal.backward_tile = diagonal_forward_tile, diagonal_backward_tile
