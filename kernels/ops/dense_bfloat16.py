"""A dense layer with a ReLU whose products are of bfloat16: `dense` for processors with matrix tiles (cpu/bfloat16.py).

    y = max(r(x) r(W) + b, 0)          r(v): the nearest bfloat16, 8 bits of precision

Parameters, sums, activations and Adam stay float32; only what is multiplied is rounded, a factor of at most 1 + 2^-9 a number. The
backward pass takes r as the identity, and rounds what it multiplies itself:

    dz = dy * [y > 0],   db += sum_b dz_b,   dW += r(x)^T r(dz),   dx += r(dz) r(W)^T

Range is no trouble as it is with float16: a bfloat16 has the exponent of a float32, so no loss needs to be scaled.

Layers without a ReLU (the logits of gates and towers) stay float32: they are a hundredth of the work, and a softmax or a sigmoid sees
what they are off by. Sources: Kalamkar et al. 2019 (training with bfloat16), Fedus et al., JMLR 2022 (float32 for what routes).
"""

from __future__ import annotations

import numpy as np

from ..cpu import bfloat16
from ..cpu import layout as L
from ..cpu.bfloat16 import (
    DEPTH,
    PAIRS,
    SIDE,
    TILE,
    pair_rows,
    product,
    round_pairs,
    round_rows,
    transpose_pairs,
    transpose_rows,
    whole_tiles,
)
from ..cpu.jit import kernel
from ..cpu.tile import ADD, BIAS
from ..cpu.vector import at, copy, lanes, load, positive_part, store, where_positive
from ..cpu.work import tile_kernel
from .dense import Dense, dense_forward
from .kind import Sizes, up_to_vectors


def round_to_bfloat16(values):
    """r(v): the nearest bfloat16 of each number, ties to even, in the type of `values`; NaN stays NaN."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(values), values, rounded.view(np.float32).astype(np.asarray(values).dtype))


def dense_bfloat16_backward(dx, dweight, dbias, dy, x, y, weight):
    """Gradient; derivation at the top of this file. Arguments as those of `dense.dense_backward`."""
    dy *= y > 0
    dz = round_to_bfloat16(dy)
    dweight += round_to_bfloat16(x).T @ dz
    dbias += dy.sum(axis=0)
    dx += dz @ round_to_bfloat16(weight[: dx.shape[1]]).T


class DenseBfloat16(Dense, name="dense_bfloat16"):
    """Inputs (x,), parameters (W, b), attribute relu, which is 1."""

    precompiled, rounds = False, True

    def forward(self, op, state):
        weight, bias = state.values(op.parameters)
        x = round_to_bfloat16(state.value(op.inputs[0]))
        dense_forward(state.value(op.output), x, round_to_bfloat16(weight), bias, relu=True)

    def backward(self, op, state):
        (x,) = op.inputs
        dweight, dbias = state.gradients(op.parameters)
        x_value, y, dy, weight = state.value(x), state.value(op.output), state.gradient(op.output), state.values(op.parameters)[0]
        dense_bfloat16_backward(state.gradient(x), dweight, dbias, dy, x_value, y, weight)

    def why_not(self):
        return bfloat16.why_not()

    def sizes(self, op, lanes):
        (x,), n = op.inputs, op.output.width
        k, g = x.width, x.differentiable
        panels = _tiles(k, DEPTH) * _tiles(n, SIDE) + _tiles(n, DEPTH) * _tiles(g, SIDE)
        deep, broad = DEPTH * _tiles(k, DEPTH), DEPTH * _tiles(n, DEPTH)
        scratch = up_to_vectors(max(deep // 2 + deep // DEPTH, deep // 2 + broad), lanes)
        return Sizes(panels=panels * TILE, biases=up_to_vectors(n, lanes), scratch=scratch)


def _tiles(size, side):
    return -(-size // side)


# --- Numba, one tile of rows ---------------------------------------------------------------

# Packed weights, from PANELS on: tiles of W, then tiles of W^T. Memory of a tile, in `scratch`: EDGE places for what does not fill
# a tile of the processor, then what is multiplied, rounded.

EDGE = 2 * SIDE * DEPTH // 2


@kernel
def tiles_of(size, side):
    """Tiles that `size` rows or columns take."""
    return whole_tiles(size, side) // side


@tile_kernel
def pack_bfloat16(op, work, training, _):
    """Pack the bias and W of a layer; for `training` W^T as well."""
    inner, width, differentiable = op[L.IN_WIDTH], op[L.OUT_WIDTH], op[L.IN_DIFFERENTIABLE]
    weight, panels, bias = at(work.dense_values, op[L.PARAMETER]), at(work.panels, op[L.PANELS]), at(work.biases, op[L.BIASES])
    copy(bias, at(work.dense_values, op[L.PARAMETER + 1]), width)
    pair_rows(panels, weight, width, inner, width, work.scratch)
    if training:
        transposed = at(panels, tiles_of(inner, DEPTH) * tiles_of(width, SIDE) * TILE)
        transpose_rows(transposed, weight, width, width, differentiable, work.scratch)


@kernel
def run_of(runs, number, inverted, inner):
    """(first, end) of a run of columns; `inverted`: of one of those between the runs."""
    if not inverted:
        return runs[1 + 2 * number], runs[2 + 2 * number]
    return runs[2 * number] if number > 0 else 0, runs[1 + 2 * number] if number < runs[0] else inner


@kernel
def multiply_runs(y, ys, x, xs, panels, runs, inverted, inner, rows, width, start, bias, memory):
    """y = start + x W over the runs of columns. Runs that begin in the last tile of the one before are multiplied with it.

    NOTE: which are depends on the order of the runs alone, so that a request's columns have the same bits wherever they are added.
    """
    number, count = 0, runs[0] + inverted
    edge, rounded = memory, at(memory, EDGE)
    while number < count:
        low, high = run_of(runs, number, inverted, inner)
        first, number, border = low // DEPTH, number + 1, high
        if high <= low:
            continue
        begin = number - 1
        while number < count:
            next_low, next_high = run_of(runs, number, inverted, inner)
            if next_high <= next_low or next_low <= border or next_low // DEPTH > (border - 1) // DEPTH:
                break
            border, number = next_high, number + 1
        steps = tiles_of(border, DEPTH) - first
        if number - begin == 1 and low % DEPTH == 0 and (high % DEPTH == 0 or high == inner):
            round_rows(rounded, at(x, low), xs, rows, high - low, edge)
        else:
            round_some_columns(rounded, x, xs, rows, runs, begin, number, inverted, inner, first, steps)
        some = at(panels, first * TILE)
        product(y, ys, rounded, steps * TILE, some, tiles_of(inner, DEPTH) * TILE, steps, rows, width, start, bias)
        start = ADD


@kernel
def round_some_columns(target, source, stride, rows, runs, begin, end, inverted, inner, first, steps):
    """A (rows, steps tiles) from tile `first` on, with the columns of some runs, and 0 elsewhere."""
    size = steps * DEPTH
    row = at(target, whole_tiles(rows, SIDE) * size // 2)
    for j in range(size):
        row[j] = 0
    for i in range(rows):
        for number in range(begin, end):
            low, high = run_of(runs, number, inverted, inner)
            copy(at(row, low - first * DEPTH), at(source, i * stride + low), high - low)
        for j in range(0, size, DEPTH):
            round_pairs(at(target, (i // SIDE * steps + j // DEPTH) * TILE + i % SIDE * PAIRS), at(row, j))


@tile_kernel
def fold_shared_bfloat16(op, work, first, rows):
    """bias += x W over the columns that `runs` leave out, which are the same in every row; x is that of the first."""
    x, bias, runs = at(work.values, op[L.IN]), at(work.biases, op[L.BIASES]), at(work.runs, op[L.RUNS])
    inner, width, panels = op[L.IN_WIDTH], op[L.OUT_WIDTH], at(work.panels, op[L.PANELS])
    multiply_runs(bias, width, x, inner, panels, runs, 1, inner, 1, width, ADD, bias, work.scratch)


@tile_kernel
def bfloat16_forward_tile(op, work, first, rows):
    """y = max(x W + b, 0) for one tile."""
    y, x, ys = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), op[L.OUT_STRIDE]
    panels, bias, runs = at(work.panels, op[L.PANELS]), at(work.biases, op[L.BIASES]), at(work.runs, op[L.RUNS])
    inner, width = op[L.IN_WIDTH], op[L.OUT_WIDTH]
    multiply_runs(y, ys, x, op[L.IN_STRIDE], panels, runs, 0, inner, rows, width, BIAS, bias, work.scratch)
    for i in range(0, rows * ys, lanes(y)):
        store(y, i, positive_part(load(y, i)))


@tile_kernel
def bfloat16_backward_tile(op, work, first, rows):
    """dz = dy [y > 0]; dW += x^T dz; db += sum dz; dx += dz W^T, for one tile."""
    y, dz = at(work.values, op[L.OUT]), at(work.gradients, op[L.OUT])
    x, dx = at(work.values, op[L.IN]), at(work.gradients, op[L.IN])
    ys, xs, inner, width, differentiable = op[L.OUT_STRIDE], op[L.IN_STRIDE], op[L.IN_WIDTH], op[L.OUT_WIDTH], op[L.IN_DIFFERENTIABLE]
    dweight, dbias = at(work.dense_gradients, op[L.PARAMETER]), at(work.dense_gradients, op[L.PARAMETER + 1])
    gradient_of_relu(dz, y, dbias, ys, rows, width)
    deep, broad = tiles_of(rows, DEPTH), tiles_of(width, DEPTH)
    edge, columns = work.scratch, at(work.scratch, EDGE)  # x^T, then the pairs of dz
    pairs = at(columns, deep * tiles_of(inner, SIDE) * TILE)
    transpose_pairs(columns, x, xs, rows, inner, edge)
    pair_rows(pairs, dz, ys, rows, width, edge)
    product(dweight, width, columns, deep * TILE, pairs, deep * TILE, deep, inner, width, ADD, dbias)
    if differentiable > 0:
        transposed = at(work.panels, op[L.PANELS] + tiles_of(inner, DEPTH) * tiles_of(width, SIDE) * TILE)
        start = 0 if op[L.IN_OVERWRITE] == 1 else ADD
        round_rows(columns, dz, ys, rows, width, edge)
        product(dx, xs, columns, broad * TILE, transposed, broad * TILE, broad, rows, differentiable, start, dbias)


@kernel
def gradient_of_relu(dz, y, dbias, stride, rows, width):
    """dz = dy [y > 0] in place; dbias += sum dz."""
    n = lanes(dz)
    for j in range(0, whole_tiles(width, n), n):
        sums = load(dz, j)
        sums = sums - sums
        for i in range(rows):
            d = where_positive(load(y, i * stride + j), load(dz, i * stride + j))
            store(dz, i * stride + j, d)
            sums = sums + d
        if j + n <= width:
            store(dbias, j, load(dbias, j) + sums)
        else:
            for column in range(j, width):
                for i in range(rows):
                    dbias[column] += dz[i * stride + column]


DenseBfloat16.forward_tile, DenseBfloat16.backward_tile = bfloat16_forward_tile, bfloat16_backward_tile
DenseBfloat16.pack, DenseBfloat16.fold = pack_bfloat16, fold_shared_bfloat16
