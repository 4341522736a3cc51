"""dW += x^T dz and db += sum_b dz_b of all layers in one launch: the rows of the batch are split over blocks.

The product x^T dz is small and its inner dimension, the batch, is long: with one block a tile most of
the GPU would idle. So `splits` blocks share a tile, each sums its part of the rows into its own slice
of `partials`, and adam.py adds the slices in order: two stages, no atomics, the same bytes every time.

dW_r += x_b^T dz_b of `dense_by_id` is the same product over the rows of one id, which `order` lists.

Rows of `table` (int64):

    tile      problem's row, first row and first column of dW
    problem   X, X_STRIDE, INNER      left operand, (rows, INNER)
              DZ, DZ_STRIDE, COLUMNS  right operand, (rows, COLUMNS)
              WEIGHT, BIAS            where both go within a slice; BIAS -1: none
              ORDER, STARTS           ints[ORDER + i] for i in ints[STARTS] .. ints[STARTS + 1] are the rows; ORDER -1: all
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4_within, store4
from .jit import cuda, device, kernel
from .sizes import FRAGMENT, PRODUCT_THREADS, STEP, TM, TN
from .tiles import ACROSS, GROUPS, LEFT, OWN, RIGHT, TWO_LEFT, TWO_RIGHT, multiply, tile_column, tile_row

ZERO = np.float32(0)
X, X_STRIDE, INNER, DZ, DZ_STRIDE, COLUMNS, WEIGHT, BIAS, ORDER, STARTS = range(10)


@device
def load_row(activations, start, stride, row, column, columns, there):
    """Elements column .. column + 3 of a row, 0 outside."""
    left = columns - column if there else 0
    return load4_within(activations, start + row * stride + column, left, (start | stride) % 4 == 0)


@kernel("void(int64[:,::1], float32[::1], int32[::1], float32[::1], int64, int64)", threads=PRODUCT_THREADS)
def weight_gradients(table, activations, ints, partials, size, rows):
    """Slice blockIdx.y of the partial sums of tile blockIdx.x; a slice has `size` elements."""
    left = cuda.shared.array(TWO_LEFT, np.float32)
    right = cuda.shared.array(TWO_RIGHT, np.float32)
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    below = cuda.local.array(FRAGMENT, np.float32)
    for i in range(FRAGMENT):
        below[i] = ZERO
    thread = cuda.threadIdx.x
    tile, problem = cuda.blockIdx.x, table[cuda.blockIdx.x, 0]
    row0, column0 = table[tile, 1], table[tile, 2]
    inner, columns, order = table[problem, INNER], table[problem, COLUMNS], table[problem, ORDER]
    begin, end = 0, rows
    if order >= 0:
        begin, end = np.int64(ints[table[problem, STARTS]]), np.int64(ints[table[problem, STARTS] + 1])
    part = (end - begin + cuda.gridDim.y - 1) // cuda.gridDim.y
    begin = begin + cuda.blockIdx.y * part
    end = min(begin + part, end)
    left_k, left_row = thread // (TM // 4), thread % (TM // 4) * 4
    right_k, right_column = thread // (TN // 4), thread % (TN // 4) * 4
    bias = table[problem, BIAS] >= 0 and row0 == 0 and thread < ACROSS
    buffer, start = 0, begin
    while start < end:
        there = start + left_k < end  # left_k is right_k, for a tile is as high as it is wide
        row = start + left_k if there else begin
        if order >= 0:
            row = np.int64(ints[order + row])
        a, b, c, d = load_row(activations, table[problem, X], table[problem, X_STRIDE], row, row0 + left_row, inner, there)
        e, f, g, h = load_row(activations, table[problem, DZ], table[problem, DZ_STRIDE], row, column0 + right_column, columns, there)
        store4(left, buffer * LEFT + left_k * TM + left_row, a, b, c, d)
        store4(right, buffer * RIGHT + right_k * TN + right_column, e, f, g, h)
        cuda.syncthreads()
        multiply(total, left, right, buffer, thread)
        if bias:
            for k in range(STEP):
                for j in range(FRAGMENT):
                    below[j] += right[buffer * RIGHT + k * TN + tile_column(thread, j // 4) + j % 4]
        buffer = 1 - buffer
        start += STEP
    base = cuda.blockIdx.y * size
    for i in range(FRAGMENT):
        row = row0 + tile_row(thread, i)
        if row < inner:
            for group in range(GROUPS):
                for j in range(4):
                    column = column0 + tile_column(thread, group) + j
                    if column < columns:
                        partials[base + table[problem, WEIGHT] + row * columns + column] = total[i * FRAGMENT + group * 4 + j]
    if bias:
        for j in range(FRAGMENT):
            column = column0 + tile_column(thread, j // 4) + j % 4
            if column < columns:
                partials[base + table[problem, BIAS] + column] = below[j]
