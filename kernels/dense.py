"""A dense layer with an optional ReLU, and the copy of dense features into the input vector.

    z = x W + b,   y = max(z, 0)  or  y = z
    x (B, K), W (K, N), b (N,), y (B, N)

Backward, with dy = dL/dy given. Each line inverts the forward line it quotes:

    y = max(z, 0)   =>  dz = dy * [y > 0]              (the gradient at the kink is taken as 0)
    z = x W + b     =>  dW += x^T dz,   db += sum_b dz_b,   dx += dz W^T

because z_bn = sum_k x_bk W_kn + b_n gives dz_bn / dW_kn = x_bk and dz_bn / dx_bk = W_kn.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .layout import FIRST, INPUT, OUTPUT, PARAMETER, slot_start


def dense_forward(y, x, weight, bias, relu):
    """y = x W + b, then max(., 0) if `relu`.

    Args:
        x: (B, K). weight: (K, N). bias: (N,). relu: bool.
    Writes:
        y: (B, N).
    """
    y[...] = x @ weight + bias
    if relu:
        np.maximum(y, 0, out=y)


def dense_backward(dx, dweight, dbias, dy, x, y, weight, relu):
    """Gradient of `dense_forward`; derivation at the top of this file.

    Args:
        dy: (B, N); becomes dz in place. x: (B, K). y: (B, N), saved. weight: (K, N).
    Adds to:
        dx: (B, G), the first G <= K columns, those that need a gradient. dweight: (K, N). dbias: (N,).
    """
    if relu:
        dy *= y > 0
    dweight += x.T @ dy
    dbias += dy.sum(axis=0)
    dx += dy @ weight[: dx.shape[1]].T


class Dense:
    """Operation `dense`: inputs (x,), parameters (W, b), attribute relu."""

    @staticmethod
    def forward(op, state):
        weight, bias = state.values(op.parameters)
        dense_forward(state.value(op.output), state.value(op.inputs[0]), weight, bias, op.attributes["relu"])

    @staticmethod
    def backward(op, state):
        (x,) = op.inputs
        dweight, dbias = state.gradients(op.parameters)
        dense_backward(
            state.gradient(x), dweight, dbias, state.gradient(op.output),
            state.value(x), state.value(op.output), state.values(op.parameters)[0], op.attributes["relu"],
        )


class Copy:
    """Operation `copy`: dense features into the output slot; no parameters, no gradient."""

    @staticmethod
    def forward(op, state):
        state.value(op.output)[...] = state.batch.dense

    @staticmethod
    def backward(op, state):
        pass


# --- Numba, one tile of rows ---------------------------------------------------------------


@kernel
def matmul_add(y, y0, ys, x, x0, xs, weight, w0, ws, rows, inner, width):
    """y += x W on flat arrays: element (i, j) of y is y[y0 + i * ys + j], likewise x and W.

    SPEED: the inner loop runs along a row of y and of W, so it vectorises without a reduction;
    eight products a pass (4 of k, 2 rows) so that each load of W and y serves several of them.
    """
    pairs = rows - rows % 2
    fours = inner - inner % 4
    for i in range(0, pairs, 2):
        ya = y[y0 + i * ys : y0 + i * ys + width]
        yb = y[y0 + (i + 1) * ys : y0 + (i + 1) * ys + width]
        xa = x[x0 + i * xs : x0 + i * xs + inner]
        xb = x[x0 + (i + 1) * xs : x0 + (i + 1) * xs + inner]
        for k in range(0, fours, 4):
            wa = weight[w0 + k * ws : w0 + k * ws + width]
            wb = weight[w0 + (k + 1) * ws : w0 + (k + 1) * ws + width]
            wc = weight[w0 + (k + 2) * ws : w0 + (k + 2) * ws + width]
            wd = weight[w0 + (k + 3) * ws : w0 + (k + 3) * ws + width]
            a0, a1, a2, a3 = xa[k], xa[k + 1], xa[k + 2], xa[k + 3]
            b0, b1, b2, b3 = xb[k], xb[k + 1], xb[k + 2], xb[k + 3]
            for j in range(width):
                ya[j] += a0 * wa[j] + a1 * wb[j] + a2 * wc[j] + a3 * wd[j]
                yb[j] += b0 * wa[j] + b1 * wb[j] + b2 * wc[j] + b3 * wd[j]
        for k in range(fours, inner):
            wa = weight[w0 + k * ws : w0 + k * ws + width]
            a0, b0 = xa[k], xb[k]
            for j in range(width):
                ya[j] += a0 * wa[j]
                yb[j] += b0 * wa[j]
    for i in range(pairs, rows):
        ya = y[y0 + i * ys : y0 + i * ys + width]
        for k in range(inner):
            wa = weight[w0 + k * ws : w0 + k * ws + width]
            a0 = x[x0 + i * xs + k]
            for j in range(width):
                ya[j] += a0 * wa[j]


@kernel
def outer_add(dweight, w0, ws, x, x0, xs, dz, z0, zs, rows, inner, width):
    """dW += x^T dz on flat arrays, four rows at a time."""
    fours = rows - rows % 4
    for i in range(0, fours, 4):
        za = dz[z0 + i * zs : z0 + i * zs + width]
        zb = dz[z0 + (i + 1) * zs : z0 + (i + 1) * zs + width]
        zc = dz[z0 + (i + 2) * zs : z0 + (i + 2) * zs + width]
        zd = dz[z0 + (i + 3) * zs : z0 + (i + 3) * zs + width]
        for k in range(inner):
            a, b = x[x0 + i * xs + k], x[x0 + (i + 1) * xs + k]
            c, d = x[x0 + (i + 2) * xs + k], x[x0 + (i + 3) * xs + k]
            dw = dweight[w0 + k * ws : w0 + k * ws + width]
            for j in range(width):
                dw[j] += a * za[j] + b * zb[j] + c * zc[j] + d * zd[j]
    for i in range(fours, rows):
        za = dz[z0 + i * zs : z0 + i * zs + width]
        for k in range(inner):
            a = x[x0 + i * xs + k]
            dw = dweight[w0 + k * ws : w0 + k * ws + width]
            for j in range(width):
                dw[j] += a * za[j]


@kernel
def transpose(out, weight, w0, inner, width):
    """out (width, inner) = the first `inner` rows of W (., width), transposed."""
    for k in range(inner):
        row = weight[w0 + k * width : w0 + (k + 1) * width]
        for j in range(width):
            out[j * inner + k] = row[j]


@kernel
def dense_forward_tile(op, work, first, rows):
    """y = act(x W + b) for one tile."""
    y0, ys, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    x0, xs, inner = slot_start(op, INPUT, work.capacity), op[INPUT + 1], op[INPUT + 3]
    weight, bias = op[PARAMETER], op[PARAMETER + 1]
    b = work.dense_values[bias : bias + width]
    for i in range(rows):
        y = work.values[y0 + i * ys : y0 + i * ys + width]
        for j in range(width):
            y[j] = b[j]
    matmul_add(work.values, y0, ys, work.values, x0, xs, work.dense_values, weight, width, rows, inner, width)
    if op[FIRST] == 1:
        for i in range(rows):
            y = work.values[y0 + i * ys : y0 + i * ys + width]
            for j in range(width):
                if y[j] < 0:
                    y[j] = 0


@kernel
def dense_backward_tile(op, work, first, rows):
    """dz = dy [y > 0]; dW += x^T dz; db += sum dz; dx += dz W^T, for one tile."""
    y0, ys, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    x0, xs, inner = slot_start(op, INPUT, work.capacity), op[INPUT + 1], op[INPUT + 3]
    weight, bias = op[PARAMETER], op[PARAMETER + 1]
    db = work.dense_gradients[bias : bias + width]
    for i in range(rows):
        y = work.values[y0 + i * ys : y0 + i * ys + width]
        dz = work.gradients[y0 + i * ys : y0 + i * ys + width]
        if op[FIRST] == 1:
            for j in range(width):
                if y[j] <= 0:
                    dz[j] = 0
        for j in range(width):
            db[j] += dz[j]
    outer_add(work.dense_gradients, weight, width, work.values, x0, xs, work.gradients, y0, ys, rows, inner, width)
    inner = op[INPUT + 4]
    if inner > 0:
        transpose(work.scratch, work.dense_values, weight, inner, width)
        matmul_add(work.gradients, x0, xs, work.gradients, y0, ys, work.scratch, 0, inner, rows, width, inner)


@kernel
def copy_forward_tile(op, work, first, rows):
    """Dense features of the tile's rows into the output slot."""
    y0, ys, width = slot_start(op, OUTPUT, work.capacity), op[OUTPUT + 1], op[OUTPUT + 3]
    for i in range(rows):
        y = work.values[y0 + i * ys : y0 + i * ys + width]
        for j in range(width):
            y[j] = work.dense[first + i, j]
