"""Parameters chosen by an id: what a role, or a position, adds to the shared part.

    bias_by_id    z_b += db_{r_b}             r = 0 ("unknown") adds nothing
    dense_by_id   z_b += x_b dW_{r_b}

The shared part is thus the prior, and what an id adds is a correction that a penalty in the loss,
lambda/2 ||dW, db||^2 once a data set, pulls to zero. An id that was never seen, and id 0, get
exactly the shared part.

Backward, z being the shared output with its gradient dz given:

    z_b += db_r        =>  ddb_r += dz_b
    z_b += x_b dW_r    =>  ddW_r += x_b^T dz_b,    dx_b += dz_b dW_r^T
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .layout import FIRST, INPUT, OUTPUT, PARAMETER, slot_start


def bias_by_id_forward(z, ids, bias):
    """z_b += bias[id_b - 1] where id_b > 0.

    Args:
        ids: (B,) int in 0 .. R. bias: (R, N).
    Adds to:
        z: (B, N).
    """
    known = ids > 0
    z[known] += bias[ids[known] - 1]


def bias_by_id_backward(dbias, dz, ids):
    """Gradient of `bias_by_id_forward`. Adds to dbias (R, N)."""
    known = ids > 0
    np.add.at(dbias, ids[known] - 1, dz[known])


def dense_by_id_forward(z, x, ids, weight):
    """z_b += x_b weight[id_b - 1] where id_b > 0.

    Args:
        x: (B, K). ids: (B,) int in 0 .. R. weight: (R, K, N).
    Adds to:
        z: (B, N).
    """
    for r in range(len(weight)):
        rows = ids == r + 1
        z[rows] += x[rows] @ weight[r]


def dense_by_id_backward(dx, dweight, dz, x, ids, weight):
    """Gradient of `dense_by_id_forward`. Adds to dx (B, G), the first G <= K columns, and dweight (R, K, N)."""
    for r in range(len(weight)):
        rows = ids == r + 1
        dweight[r] += x[rows].T @ dz[rows]
        dx[rows] += dz[rows] @ weight[r][: dx.shape[1]].T


class BiasById:
    """Operation `bias_by_id`: adds to its output; parameter (bias,), attribute field."""

    @staticmethod
    def forward(op, state):
        ids = state.batch.ids[:, op.attributes["field"]]
        bias_by_id_forward(state.value(op.output), ids, *state.values(op.parameters))

    @staticmethod
    def backward(op, state):
        ids = state.batch.ids[:, op.attributes["field"]]
        bias_by_id_backward(*state.gradients(op.parameters), state.gradient(op.output), ids)


class DenseById:
    """Operation `dense_by_id`: inputs (x,), adds to its output; parameter (weight,), attribute field."""

    @staticmethod
    def forward(op, state):
        ids = state.batch.ids[:, op.attributes["field"]]
        x = state.value(op.inputs[0])
        dense_by_id_forward(state.value(op.output), x, ids, *state.values(op.parameters))

    @staticmethod
    def backward(op, state):
        (x,) = op.inputs
        ids = state.batch.ids[:, op.attributes["field"]]
        dense_by_id_backward(
            state.gradient(x), *state.gradients(op.parameters),
            state.gradient(op.output), state.value(x), ids, *state.values(op.parameters),
        )


# --- Numba, one tile of rows ---------------------------------------------------------------


@kernel
def bias_by_id_forward_tile(op, work, first, rows):
    """z += bias[id] for one tile."""
    z0, zs, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    for i in range(rows):
        id = work.ids[first + i, op[FIRST]]
        if id > 0:
            start = op[PARAMETER] + (id - 1) * width
            z = work.values[z0 + i * zs : z0 + i * zs + width]
            bias = work.dense_values[start : start + width]
            for j in range(width):
                z[j] += bias[j]


@kernel
def bias_by_id_backward_tile(op, work, first, rows):
    """dbias[id] += dz for one tile."""
    z0, zs, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    for i in range(rows):
        id = work.ids[first + i, op[FIRST]]
        if id > 0:
            start = op[PARAMETER] + (id - 1) * width
            dz = work.gradients[z0 + i * zs : z0 + i * zs + width]
            dbias = work.dense_gradients[start : start + width]
            for j in range(width):
                dbias[j] += dz[j]


@kernel
def dense_by_id_forward_tile(op, work, first, rows):
    """z += x weight[id] for one tile, row by row, for neighbours seldom share an id."""
    z0, zs, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    x0, xs, inner = slot_start(op, INPUT, work.capacity), op[INPUT + 1], op[INPUT + 3]
    for i in range(rows):
        id = work.ids[first + i, op[FIRST]]
        if id > 0:
            start = op[PARAMETER] + (id - 1) * inner * width
            z = work.values[z0 + i * zs : z0 + i * zs + width]
            x = work.values[x0 + i * xs : x0 + i * xs + inner]
            for k in range(inner):
                weight = work.dense_values[start + k * width : start + (k + 1) * width]
                for j in range(width):
                    z[j] += x[k] * weight[j]


@kernel
def dense_by_id_backward_tile(op, work, first, rows):
    """dweight[id] += x^T dz; dx += dz weight[id]^T, for one tile."""
    z0, zs, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    x0, xs, inner = slot_start(op, INPUT, work.capacity), op[INPUT + 1], op[INPUT + 3]
    differentiable = op[INPUT + 4]
    zero = work.values.dtype.type(0)
    for i in range(rows):
        id = work.ids[first + i, op[FIRST]]
        if id > 0:
            start = op[PARAMETER] + (id - 1) * inner * width
            dz = work.gradients[z0 + i * zs : z0 + i * zs + width]
            x = work.values[x0 + i * xs : x0 + i * xs + inner]
            dx = work.gradients[x0 + i * xs : x0 + i * xs + differentiable]
            for k in range(inner):
                dweight = work.dense_gradients[start + k * width : start + (k + 1) * width]
                for j in range(width):
                    dweight[j] += x[k] * dz[j]
            for k in range(differentiable):
                weight = work.dense_values[start + k * width : start + (k + 1) * width]
                total = zero
                for j in range(width):
                    total += dz[j] * weight[j]
                dx[k] += total
