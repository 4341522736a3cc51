"""Large dense layers: grouped matrix products, all layers that are ready at once in one launch.

    forward    y  = max(x W + b, 0)              bias and ReLU in the epilogue
    backward   dx = sum over layers of dz W^T    every layer that reads x is a segment of one product

A block computes TM x TN elements of one output, STEP of the inner dimension at a time, two buffers
in turn: while the threads multiply one, the other is being loaded; one barrier a step. Segments lie
one behind the other along the inner dimension, so no block adds to what another one wrote.

Rows of `table` (int64), each kind at its own columns:

    tile      problem's row, first column                       (grid y; grid x is rows of the batch)
    problem   TO, TO_STRIDE, COLUMNS   the output               ADD     1: add to it
              BIAS     its place in the parameters, or -1       RELU    1: max(., 0)
              MASK     1: times [value > 0] at the same place `shift` before, the ReLU of the layer that wrote it
              FIRST_SEGMENT, LAST_SEGMENT   rows of the table
    segment   FROM, FROM_STRIDE, INNER   the left operand       WEIGHT, WEIGHT_STRIDE   the right one
              IDS, ID   only rows whose ints[IDS + row] is ID; IDS -1: all
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4_within, store4, store4_within
from .jit import cuda, device, kernel
from .sizes import FRAGMENT, PRODUCT_THREADS, STEP, TM, TN
from .tiles import GROUPS, LEFT, OWN, RIGHT, TWO_LEFT, TWO_RIGHT, multiply, tile_column, tile_row

ZERO = np.float32(0)
TO, TO_STRIDE, COLUMNS, ADD, BIAS, RELU, MASK, FIRST_SEGMENT, LAST_SEGMENT = range(9)
FROM, FROM_STRIDE, INNER, WEIGHT, WEIGHT_STRIDE, IDS, ID = range(7)
SIGNATURE = "void(int64[:,::1], float32[::1], float32[::1], int32[::1], int64, int64, int64)"


@device
def load_left(table, segment, activations, ints, row, k, rows):
    """Four elements of the left operand along the inner dimension; 0 outside."""
    left = table[segment, INNER] - k if row < rows else 0
    if table[segment, IDS] >= 0 and row < rows:
        left = left if ints[table[segment, IDS] + row] == table[segment, ID] else 0
    start, stride = table[segment, FROM], table[segment, FROM_STRIDE]
    return load4_within(activations, start + row * stride + k, left, (start | stride) % 4 == 0)


@device
def load_weight(table, segment, parameters, k, column, columns):
    """W[k, column .. column + 3]; 0 outside."""
    left = columns - column if k < table[segment, INNER] else 0
    start, stride = table[segment, WEIGHT], table[segment, WEIGHT_STRIDE]
    return load4_within(parameters, start + k * stride + column, left, (start | stride) % 4 == 0)


@device
def load_weight_transposed(table, segment, parameters, k, column, columns):
    """W[column, k .. k + 3], which are four elements of W^T along the inner dimension; 0 outside."""
    left = table[segment, INNER] - k if column < columns else 0
    start, stride = table[segment, WEIGHT], table[segment, WEIGHT_STRIDE]
    return load4_within(parameters, start + column * stride + k, left, (start | stride) % 4 == 0)


@device
def store_along(tile, start, pitch, a, b, c, d):
    """Four elements along the inner dimension into a buffer, where that dimension is outside."""
    tile[start], tile[start + pitch], tile[start + 2 * pitch], tile[start + 3 * pitch] = a, b, c, d


@device
def finish(table, problem, activations, parameters, place, column, shift, a, b, c, d):
    """Bias, ReLU and mask for four elements of the output, at `place`: in 16 bytes where it is aligned, else one by one."""
    left, bias = table[problem, COLUMNS] - column, table[problem, BIAS]
    whole = (table[problem, TO] | table[problem, TO_STRIDE]) % 4 == 0
    if bias >= 0:
        e, f, g, h = load4_within(parameters, bias + column, left, bias % 4 == 0)
        a, b, c, d = a + e, b + f, c + g, d + h
    if table[problem, RELU] == 1:
        a, b, c, d = max(a, ZERO), max(b, ZERO), max(c, ZERO), max(d, ZERO)
    if table[problem, ADD] == 1:
        e, f, g, h = load4_within(activations, place, left, whole)
        a, b, c, d = a + e, b + f, c + g, d + h
    if table[problem, MASK] == 1:
        e, f, g, h = load4_within(activations, place - shift, left, whole and shift % 4 == 0)
        a, b, c, d = a if e > ZERO else ZERO, b if f > ZERO else ZERO, c if g > ZERO else ZERO, d if h > ZERO else ZERO
    store4_within(activations, place, left, whole, a, b, c, d)


@device
def finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, i):
    """The i-th row of a thread's fragment into the output."""
    row, at = row0 + tile_row(thread, i), i * FRAGMENT
    if row < rows:
        place = table[problem, TO] + row * table[problem, TO_STRIDE]
        column = column0 + tile_column(thread, 0)
        finish(
            table, problem, activations, parameters, place + column, column, shift,
            total[at], total[at + 1], total[at + 2], total[at + 3],
        )  # fmt: skip
        if GROUPS > 1:
            column = column0 + tile_column(thread, 1)
            finish(
                table, problem, activations, parameters, place + column, column, shift,
                total[at + 4], total[at + 5], total[at + 6], total[at + 7],
            )  # fmt: skip


@device
def epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift):
    """The fragment into the output, a row at a time.

    SPEED: written out, for a register has no index: in a loop too long to be unrolled, `total` would live in memory.
    """
    finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 0)
    finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 1)
    finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 2)
    finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 3)
    if FRAGMENT > 4:
        finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 4)
        finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 5)
        finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 6)
        finish_row(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 7)


@kernel(SIGNATURE, threads=PRODUCT_THREADS)
def product_forward(table, activations, parameters, ints, first_tile, shift, rows):
    """y = act(x W + b); see the top of this file."""
    left = cuda.shared.array(TWO_LEFT, np.float32)
    right = cuda.shared.array(TWO_RIGHT, np.float32)
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    problem, column0 = table[first_tile + cuda.blockIdx.y, 0], table[first_tile + cuda.blockIdx.y, 1]
    row0, columns = cuda.blockIdx.x * TM, table[problem, COLUMNS]
    left_row, left_k = thread // (STEP // 4), thread % (STEP // 4) * 4
    right_k, right_column = thread // (TN // 4), thread % (TN // 4) * 4
    segment, last, start, buffer = table[problem, FIRST_SEGMENT], table[problem, LAST_SEGMENT], 0, 0
    a, b, c, d = load_left(table, segment, activations, ints, row0 + left_row, left_k, rows)
    e, f, g, h = load_weight(table, segment, parameters, right_k, column0 + right_column, columns)
    store_along(left, left_k * TM + left_row, TM, a, b, c, d)
    store4(right, right_k * TN + right_column, e, f, g, h)
    cuda.syncthreads()
    while segment < last:
        start += STEP
        following = segment
        if start >= table[segment, INNER]:
            following, start = segment + 1, 0
        if following < last:
            a, b, c, d = load_left(table, following, activations, ints, row0 + left_row, start + left_k, rows)
            e, f, g, h = load_weight(table, following, parameters, start + right_k, column0 + right_column, columns)
        multiply(total, left, right, buffer, thread)
        buffer = 1 - buffer
        if following < last:
            store_along(left, buffer * LEFT + left_k * TM + left_row, TM, a, b, c, d)
            store4(right, buffer * RIGHT + right_k * TN + right_column, e, f, g, h)
        cuda.syncthreads()
        segment = following
    epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift)


@kernel(SIGNATURE, threads=PRODUCT_THREADS)
def product_backward(table, activations, parameters, ints, first_tile, shift, rows):
    """dx = sum of dz W^T; see the top of this file."""
    left = cuda.shared.array(TWO_LEFT, np.float32)
    right = cuda.shared.array(TWO_RIGHT, np.float32)
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    problem, column0 = table[first_tile + cuda.blockIdx.y, 0], table[first_tile + cuda.blockIdx.y, 1]
    row0, columns = cuda.blockIdx.x * TM, table[problem, COLUMNS]
    side, side_k = thread // (STEP // 4), thread % (STEP // 4) * 4  # row of the left tile, column of the right one
    segment, last, start, buffer = table[problem, FIRST_SEGMENT], table[problem, LAST_SEGMENT], 0, 0
    a, b, c, d = load_left(table, segment, activations, ints, row0 + side, side_k, rows)
    e, f, g, h = load_weight_transposed(table, segment, parameters, side_k, column0 + side, columns)
    store_along(left, side_k * TM + side, TM, a, b, c, d)
    store_along(right, side_k * TN + side, TN, e, f, g, h)
    cuda.syncthreads()
    while segment < last:
        start += STEP
        following = segment
        if start >= table[segment, INNER]:
            following, start = segment + 1, 0
        if following < last:
            a, b, c, d = load_left(table, following, activations, ints, row0 + side, start + side_k, rows)
            e, f, g, h = load_weight_transposed(table, following, parameters, start + side_k, column0 + side, columns)
        multiply(total, left, right, buffer, thread)
        buffer = 1 - buffer
        if following < last:
            store_along(left, buffer * LEFT + side_k * TM + side, TM, a, b, c, d)
            store_along(right, buffer * RIGHT + side_k * TN + side, TN, e, f, g, h)
        cuda.syncthreads()
        segment = following
    epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift)
