"""dW += x^T dz and db += sum_b dz_b of all layers in one launch: the rows of the batch are split over blocks.

The product x^T dz is small and its inner dimension, the batch, is long: with one block a tile most of
the GPU would idle. So some blocks share a tile, each sums its part of the rows into its own slice of
`partials`, and adam.py adds the slices in order: two stages, no atomics, the same bytes every time.
How many slices there are is a number of the batch (ints[SLICES]), whatever batches came before it.
Buffers are filled ahead as in product.py; db is summed from what a thread loads of dz, never rounded.

dU_r += x_b^T dz_b of `dense_by_id` is the same product over the rows of one id, which `order` lists.

Rows of `table` (int64):

    tile      problem's row, first row and first column of dW
    problem   X, X_STRIDE, INNER      left operand, (rows, INNER)
              DZ, DZ_STRIDE, COLUMNS  right operand, (rows, COLUMNS)
              WEIGHT, BIAS            where both go within a slice; BIAS -1: none
              ORDER, STARTS           ints[ORDER + i] for i in ints[STARTS] .. ints[STARTS + 1] are the rows; ORDER -1: all
              NEXT                    problem of the next layer with these very parameters, whose product is added; -1: none
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4_within, store4_within
from .jit import cuda, device, kernel
from .layout import BATCH_ROWS, SLICES
from .sizes import FRAGMENT, PRODUCT_THREADS, STEP, TN
from .tensor_tiles import ALONG, rounded, tensor_column, tensor_multiply, tensor_place, tensor_row
from .tiles import GROUPS, OWN, PITCH, TWO_BUFFERS, multiply, store_across, tile_column, tile_row

ZERO = np.float32(0)
X, X_STRIDE, INNER, DZ, DZ_STRIDE, COLUMNS, WEIGHT, BIAS, ORDER, STARTS, NEXT = range(11)
SIGNATURE = "void(int64[:,::1], float32[::1], int32[::1], float32[::1], int64)"


@device
def load_row(table, problem, operand, activations, row, column, there):
    """Elements column .. column + 3 of a row of the operand at X or at DZ, 0 outside."""
    start, stride = table[problem, operand], table[problem, operand + 1]
    left = table[problem, operand + 2] - column if there else 0
    return load4_within(activations, start + row * stride + column, left, (start | stride) % 4 == 0)


@device
def row_of(ints, order, number, there):
    """The number-th row of a problem; any where there is none."""
    if there and order >= 0:
        return np.int64(ints[order + number])
    return number if there else 0


@device
def store_weights(table, problem, partials, base, total, thread, row0, column0, i):
    """The i-th row of a thread's fragment of dW."""
    row, columns = row0 + tile_row(thread, i), table[problem, COLUMNS]
    if row < table[problem, INNER]:
        place, aligned, at = base + table[problem, WEIGHT] + row * columns, (base | table[problem, WEIGHT] | columns) % 4 == 0, i * FRAGMENT
        column = column0 + tile_column(thread, 0)
        store4_within(partials, place + column, columns - column, aligned, total[at], total[at + 1], total[at + 2], total[at + 3])
        if GROUPS > 1:
            column = column0 + tile_column(thread, 1)
            store4_within(partials, place + column, columns - column, aligned, total[at + 4], total[at + 5], total[at + 6], total[at + 7])


@device
def store_half(table, problem, partials, base, total, thread, row0, column0, half):
    """A row of a lane's elements of dW."""
    row, columns = row0 + tensor_row(thread, half), table[problem, COLUMNS]
    if row < table[problem, INNER]:
        place = base + table[problem, WEIGHT] + row * columns
        for along in range(ALONG):
            column, at = column0 + tensor_column(thread, along), tensor_place(half, along)
            if column < columns:
                partials[place + column] = total[at]
            if column + 1 < columns:
                partials[place + column + 1] = total[at + 1]


@device
def store_tile(table, problem, partials, base, total, thread, row0, column0, tensor):
    """A thread's part of a tile of dW; written out for the reason that product.py gives."""
    if tensor:
        store_half(table, problem, partials, base, total, thread, row0, column0, 0)
        store_half(table, problem, partials, base, total, thread, row0, column0, 1)
        store_half(table, problem, partials, base, total, thread, row0, column0, 2)
        store_half(table, problem, partials, base, total, thread, row0, column0, 3)
        return
    store_weights(table, problem, partials, base, total, thread, row0, column0, 0)
    store_weights(table, problem, partials, base, total, thread, row0, column0, 1)
    store_weights(table, problem, partials, base, total, thread, row0, column0, 2)
    store_weights(table, problem, partials, base, total, thread, row0, column0, 3)
    if FRAGMENT > 4:
        store_weights(table, problem, partials, base, total, thread, row0, column0, 4)
        store_weights(table, problem, partials, base, total, thread, row0, column0, 5)
        store_weights(table, problem, partials, base, total, thread, row0, column0, 6)
        store_weights(table, problem, partials, base, total, thread, row0, column0, 7)


@device
def tile_gradient(table, activations, ints, partials, size, left, right, tensor):
    """Slice blockIdx.y of tile blockIdx.x; `tensor`: on tensor cores, a constant."""
    if cuda.blockIdx.y >= ints[SLICES]:
        return
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    tile, problem = cuda.blockIdx.x, table[cuda.blockIdx.x, 0]
    row0, column0, of_layer = table[tile, 1], table[tile, 2], problem
    k, place, buffer = thread // (TN // 4), thread % (TN // 4) * 4, 0  # of both operands alike, for a tile is as high as it is wide
    w, x, y, z = ZERO, ZERO, ZERO, ZERO
    while of_layer >= 0:
        order, start, end = table[of_layer, ORDER], 0, np.int64(ints[BATCH_ROWS])
        if order >= 0:
            start, end = np.int64(ints[table[of_layer, STARTS]]), np.int64(ints[table[of_layer, STARTS] + 1])
        part = (end - start + ints[SLICES] - 1) // ints[SLICES]
        start = start + cuda.blockIdx.y * part
        end = min(start + part, end)
        there = start + k < end
        row = row_of(ints, order, start + k, there)
        a, b, c, d = load_row(table, of_layer, X, activations, row, row0 + place, there)
        e, f, g, h = load_row(table, of_layer, DZ, activations, row, column0 + place, there)
        w, x, y, z = w + e, x + f, y + g, z + h
        a, b, c, d = rounded(a, b, c, d, tensor)
        e, f, g, h = rounded(e, f, g, h, tensor)
        store_across(left, buffer, k, place, a, b, c, d)
        store_across(right, buffer, k, place, e, f, g, h)
        cuda.syncthreads()
        while start < end:
            start += STEP
            if start < end:
                there = start + k < end
                row = row_of(ints, order, start + k, there)
                a, b, c, d = load_row(table, of_layer, X, activations, row, row0 + place, there)
                e, f, g, h = load_row(table, of_layer, DZ, activations, row, column0 + place, there)
            if tensor:
                tensor_multiply(total, left, right, buffer, thread)
            else:
                multiply(total, left, right, buffer, thread)
            buffer = 1 - buffer
            if start < end:
                w, x, y, z = w + e, x + f, y + g, z + h
                a, b, c, d = rounded(a, b, c, d, tensor)
                e, f, g, h = rounded(e, f, g, h, tensor)
                store_across(left, buffer, k, place, a, b, c, d)
                store_across(right, buffer, k, place, e, f, g, h)
            cuda.syncthreads()
        of_layer = table[of_layer, NEXT]
    base = cuda.blockIdx.y * size
    store_tile(table, problem, partials, base, total, thread, row0, column0, tensor)
    if table[problem, BIAS] >= 0 and row0 == 0:
        store_across(right, 0, k, place, w, x, y, z)
        cuda.syncthreads()
        column = column0 + thread
        if thread < TN and column < table[problem, COLUMNS]:
            below = ZERO
            for step in range(STEP):
                below += right[step * PITCH + thread]
            partials[base + table[problem, BIAS] + column] = below


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def weight_gradients(table, activations, ints, partials, size):
    """The partial sums of a tile in one slice; a slice has `size` elements."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_gradient(table, activations, ints, partials, size, left, right, False)


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def weight_gradients_tf32(table, activations, ints, partials, size):
    """The same, of operands rounded to TF32."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_gradient(table, activations, ints, partials, size, left, right, True)
