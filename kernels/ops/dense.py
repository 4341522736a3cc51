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

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.matmul import add_weight_gradient, multiply, pack, pack_weight, panel_vectors, whole_vectors
from ..cpu.tile import ADD, BIAS
from ..cpu.vector import at, copy, copy_row, lanes, load, store, where_positive
from ..cpu.work import tile_kernel
from .kind import Count, Kind, Sizes, columns_of, up_to_vectors, whole_blocks


def dense_forward(y, x, weight, bias, relu):
    """y = x W + b, then max(., 0) if `relu`.

    Args:
        x: (B, K). weight: (K, N). bias: (N,), or (B, N) where a row begins with what its search has come to. relu: bool.
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


class Dense(Kind, name="dense"):
    """Inputs (x,), parameters (W, b), attribute relu; with the attribute of_search (`split.py`) the parameter (W,)."""

    integer_attributes, multiplies = ("relu",), True

    def check(self, op, before):
        if op.attributes["relu"]:
            whole_blocks(op.output)

    def forward(self, op, state):
        weight, *bias = state.values(op.parameters)
        (start,) = bias or (state.of_search(op),)
        dense_forward(state.value(op.output), state.value(op.inputs[0]), weight[columns_of(op)], start, op.attributes["relu"])

    def backward(self, op, state):
        (x,), read, dy = op.inputs, columns_of(op), state.gradient(op.output)
        weight, (dweight, *dbias) = state.values(op.parameters)[0][read], state.gradients(op.parameters)
        (dstart,), dsome = dbias or (np.zeros(len(dy.T), dy.dtype),), dweight[read]
        dense_backward(state.gradient(x), dsome, dstart, dy, state.value(x), state.value(op.output), weight, op.attributes["relu"])
        dweight[read] = dsome
        if not dbias:
            state.add_to_search(op, dy)

    def sizes(self, op, lanes):
        (x,), width = op.inputs, up_to_vectors(op.output.width, lanes)
        return Sizes(panels=x.width * width + op.output.width * up_to_vectors(x.differentiable, lanes), biases=width)

    def overwrites(self, number):
        return True

    def count(self, op, batch, tiles, overwrites):
        """2BKN + BN, B(K + N) + tKN; backward 2BKN + 2BNG + 2BN, B(K + 5N + 2G) + t(2KN + NG): dy, y, dz, packed dz and that again."""
        rows, k, g, n = len(batch), op.inputs[0].width, op.inputs[0].differentiable, op.output.width
        added = g if overwrites[0] else 2 * g
        forward = Count(2 * rows * k * n + rows * n, rows * (k + n) + tiles * k * n)
        return forward, Count(2 * rows * n * (k + g + 1), rows * (k + 5 * n + added) + tiles * n * (2 * k + g))


class Copy(Kind, name="copy"):
    """Dense features into the output slot; no parameters, no gradient."""

    reads = "dense"

    def forward(self, op, state):
        state.value(op.output)[...] = state.batch.dense[:, columns_of(op)]

    def inputs_of(self, op, spec):
        return list(spec.dense)

    def count(self, op, batch, tiles, overwrites):
        return Count(0, 2 * len(batch) * op.output.width), Count()


# --- Numba, one tile of rows ---------------------------------------------------------------


# The packed weights of a layer: from PANELS on panels of W, then panels of W^T; from BIASES on the bias, which a request
# has for itself. `runs` lists the columns of x that are multiplied: their number, then (first, one behind the last) of each
# run. All columns are one run; in a request, those that all rows share were multiplied once, and are in its biases.

RELU = L.INTEGERS[0]


@tile_kernel
def pack_dense(op, work, training, _):
    """Pack the bias and W of a layer; for `training` W^T as well."""
    inner, width, differentiable = op[L.IN_WIDTH], op[L.OUT_WIDTH], op[L.IN_DIFFERENTIABLE]
    weight, panels, columns = at(work.dense_values, op[L.PARAMETER]), at(work.panels, op[L.PANELS]), at(work.runs, op[L.COLUMNS])
    if op[L.SEARCH_STRIDE] == 0:
        pack(at(work.biases, op[L.BIASES]), at(work.dense_values, op[L.PARAMETER + 1]), width, 1, width)
    pack_weight(panels, at(panels, inner * whole_vectors(panels, width)), weight, columns, inner, width, differentiable, training)


@tile_kernel
def fold_shared_columns(op, work, first, rows):
    """bias += x W over the columns that `runs` leave out, which are the same in every row; x is that of the first."""
    x, bias, runs = at(work.values, op[L.IN]), at(work.biases, op[L.BIASES]), at(work.runs, op[L.RUNS])
    inner, width, panels = op[L.IN_WIDTH], op[L.OUT_WIDTH], at(work.panels, op[L.PANELS])
    columns, low, product = whole_vectors(bias, width), 0, work.panel_product
    for run in range(runs[0] + 1):
        high = runs[1 + 2 * run] if run < runs[0] else inner
        if high > low:
            multiply(product, bias, columns, columns, x, inner, panels, inner, low, high, 1, width, ADD, bias, False, work.scratch)
        low = runs[2 + 2 * run] if run < runs[0] else inner


@tile_kernel
def dense_forward_tile(op, work, first, rows):
    """y = act(x W + b), or act(x W + Z_s), for one tile."""
    y, x, product = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), work.panel_product
    ys, xs, inner, width = op[L.OUT_STRIDE], op[L.IN_STRIDE], op[L.IN_WIDTH], op[L.OUT_WIDTH]
    panels, bias, runs = at(work.panels, op[L.PANELS]), at(work.biases, op[L.BIASES]), at(work.runs, op[L.RUNS])
    begin = BIAS if op[L.SEARCH_STRIDE] == 0 else ADD
    if begin == ADD:
        for i in range(rows):
            copy_row(at(y, i * ys), at(work.search_values, op[L.OF_SEARCH] + work.of_search[first + i] * op[L.SEARCH_STRIDE]), width)
    for run in range(runs[0]):
        low, high = runs[1 + 2 * run], runs[2 + 2 * run]
        start, relu = begin if run == 0 else ADD, op[RELU] == 1 and run == runs[0] - 1
        multiply(product, y, ys, op[L.OUT_WRITABLE], x, xs, panels, inner, low, high, rows, width, start, bias, relu, work.scratch)


@tile_kernel
def dense_backward_tile(op, work, first, rows):
    """dz = dy [y > 0]; dW += x^T dz; db += sum dz, or dZ_s += sum dz; dx += dz W^T, for one tile."""
    y, dz = at(work.values, op[L.OUT]), at(work.gradients, op[L.OUT])
    x, dx = at(work.values, op[L.IN]), at(work.gradients, op[L.IN])
    ys, xs, inner, width = op[L.OUT_STRIDE], op[L.IN_STRIDE], op[L.IN_WIDTH], op[L.OUT_WIDTH]
    dweight, dbias = at(work.dense_gradients, op[L.PARAMETER]), at(work.dense_gradients, op[L.PARAMETER + 1])
    panel, j, columns = work.scratch, 0, at(work.runs, op[L.COLUMNS])
    while j < width:
        vectors, i = panel_vectors(panel, width - j), 0
        n = vectors * lanes(panel)
        while i < rows:
            end, sums = rows, at(dbias, j)
            if op[L.SEARCH_STRIDE] > 0:  # the rows of one search at a time, each of which has sums of its own
                search, end = work.of_search[first + i], i + 1
                while end < rows and work.of_search[first + end] == search:
                    end += 1
                sums = at(work.search_gradients, op[L.OF_SEARCH] + search * op[L.SEARCH_STRIDE] + j)
            some, dsome = at(panel, i * n), at(dz, i * ys + j)
            if j + n <= op[L.OUT_WRITABLE]:
                pack_gradient(some, sums, dsome, at(y, i * ys + j), ys, end - i, n, op[RELU] == 1)
            else:
                pack_some_gradient(some, sums, dsome, ys, end - i, n, width - j)
            i = end
        add_weight_gradient(work.panel_product, at(dweight, j), columns, x, xs, panel, rows, width, vectors)  # dW += x^T dz
        j += n
    if op[L.IN_DIFFERENTIABLE] > 0:
        transposed = at(work.panels, op[L.PANELS] + inner * whole_vectors(panel, width))
        start = 0 if op[L.IN_OVERWRITE] == 1 else ADD
        columns, product, edge = op[L.IN_DIFFERENTIABLE], work.panel_product, work.scratch
        multiply(product, dx, xs, op[L.IN_WRITABLE], dz, ys, transposed, width, 0, width, rows, columns, start, transposed, False, edge)


@kernel
def pack_gradient(panel, dbias, dz, y, stride, rows, n, relu):
    """dz = dy [y > 0] in place; panel (rows, n) = dz; dbias += sum dz. SPEED: dz is read once for all three."""
    for j in range(0, n, lanes(dz)):
        sums = load(dbias, j)
        for i in range(rows):
            d = load(dz, i * stride + j)
            if relu:
                d = where_positive(load(y, i * stride + j), d)
                store(dz, i * stride + j, d)
            store(panel, i * n + j, d)
            sums = sums + d
        store(dbias, j, sums)


@kernel
def pack_some_gradient(panel, dbias, dz, stride, rows, n, columns):
    """`pack_gradient` of a linear layer whose output is some columns of a block: the panel's others are 0."""
    for i in range(rows):
        for j in range(n):
            panel[i * n + j] = 0
        for j in range(columns):
            panel[i * n + j] = dz[i * stride + j]
            dbias[j] += dz[i * stride + j]


@tile_kernel
def copy_forward_tile(op, work, first, rows):
    """Dense features of the tile's rows into the output slot."""
    y, stride, columns, place = at(work.values, op[L.OUT]), op[L.OUT_STRIDE], at(work.runs, op[L.COLUMNS]), 0
    for run in range(columns[0]):
        low, high = columns[1 + 2 * run], columns[2 + 2 * run]
        for i in range(rows):
            copy(at(y, i * stride + place), at(work.dense, (first + i) * work.columns + low), high - low)
        place += high - low


Dense.forward_tile, Dense.backward_tile = dense_forward_tile, dense_backward_tile
Dense.pack, Dense.fold = pack_dense, fold_shared_columns
Copy.forward_tile = copy_forward_tile
