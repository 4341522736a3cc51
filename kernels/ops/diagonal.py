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
from .kind import Count, Kind, columns_of


def diagonal_forward(y, x, scale):
    """y = x diag(scale). Args: x (B, N), scale (N,). Writes y (B, N)."""
    y[...] = x * scale


def diagonal_backward(dx, dscale, dy, x, scale):
    """Gradient of `diagonal_forward`. Adds to dx (B, G), the first G <= N columns, and dscale (N,)."""
    dscale += (dy * x).sum(axis=0)
    dx += dy[:, : dx.shape[1]] * scale[: dx.shape[1]]


class Diagonal(Kind, name="diagonal"):
    """Inputs (x,), parameter (scale,)."""

    by_column, precompiled = True, False

    def check(self, op, before):
        if op.output.differentiable < op.output.width:
            raise ValueError(f"the gradient of the scale needs that of every column, but {op.output} has {op.output.differentiable}")

    def forward(self, op, state):
        (scale,) = state.values(op.parameters)
        diagonal_forward(state.value(op.output), state.value(op.inputs[0]), scale[columns_of(op)])

    def backward(self, op, state):
        (x,), (dscale,), (scale,), read = op.inputs, state.gradients(op.parameters), state.values(op.parameters), columns_of(op)
        dsome = dscale[read]
        diagonal_backward(state.gradient(x), dsome, state.gradient(op.output), state.value(x), scale[read])
        dscale[read] = dsome

    def count(self, op, batch, tiles, overwrites):
        """BN, 2BN + tN; backward 2BN + 2BG, 2BN + 2BG + 3tN."""
        rows, n, g = len(batch), op.output.width, op.inputs[0].differentiable
        return Count(rows * n, 2 * rows * n + tiles * n), Count(2 * rows * (n + g), 2 * rows * (n + g) + 3 * tiles * n)


# --- Numba, one tile of rows ---------------------------------------------------------------


@tile_kernel
def diagonal_forward_tile(op, work, first, rows):
    """y = x diag(r) for one tile."""
    y, x, columns, place = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), at(work.runs, op[L.COLUMNS]), 0
    for run in range(columns[0]):
        low, high = columns[1 + 2 * run], columns[2 + 2 * run]
        r = at(work.dense_values, op[L.PARAMETER] + low)
        for i in range(rows):
            to, of = i * op[L.OUT_STRIDE] + place, i * op[L.IN_STRIDE] + place
            for j in range(high - low):
                y[to + j] = x[of + j] * r[j]
        place += high - low


@tile_kernel
def diagonal_backward_tile(op, work, first, rows):
    """dr += sum dy x; dx += dy diag(r), for one tile."""
    dy, x, dx = at(work.gradients, op[L.OUT]), at(work.values, op[L.IN]), at(work.gradients, op[L.IN])
    columns, place = at(work.runs, op[L.COLUMNS]), 0
    for run in range(columns[0]):
        low, high = columns[1 + 2 * run], columns[2 + 2 * run]
        r, dr = at(work.dense_values, op[L.PARAMETER] + low), at(work.dense_gradients, op[L.PARAMETER] + low)
        for i in range(rows):
            to, of = i * op[L.OUT_STRIDE] + place, i * op[L.IN_STRIDE] + place
            for j in range(high - low):
                dr[j] += dy[to + j] * x[of + j]
            for j in range(min(high - low, op[L.IN_DIFFERENTIABLE] - place)):
                dx[of + j] += dy[to + j] * r[j]
        place += high - low


Diagonal.forward_tile, Diagonal.backward_tile = diagonal_forward_tile, diagonal_backward_tile
