"""The grouped products of product.py on tensor cores, in TF32: an opt-in, `CudaExecutor(tf32=True)`, never the default.

TF32 keeps float32's exponent and 10 bits of its mantissa: the operands are rounded, products and sums are float32. A relative
error of about 5e-4 a product is the price. Tables and tiles are those of product.py; a warp computes 32 x 64
elements of a tile as 2 x 8 products of m16n8k8, whose operands it reads from shared memory.
"""

from __future__ import annotations

import numpy as np

from .intrinsics import mma, tf32
from .jit import cuda, device, kernel
from .product import (
    ADD,
    BIAS,
    COLUMNS,
    FIRST_SEGMENT,
    INNER,
    LAST_SEGMENT,
    MASK,
    RELU,
    SIGNATURE,
    TO,
    TO_STRIDE,
    load_left,
    load_weight,
    load_weight_transposed,
    store_along,
)  # fmt: skip
from .sizes import PRODUCT_THREADS, STEP, TM, TN
from .tiles import LEFT, OWN, RIGHT, TWO_LEFT, TWO_RIGHT

ZERO = np.float32(0)
HIGH, WIDE = 32, 64  # of a warp's part of a tile
UP, ALONG = HIGH // 16, WIDE // 8  # products of m16n8k8


@device
def warp_place(thread):
    """(first row, first column) of the part of the tile that a thread's warp computes."""
    warp = thread // 32
    return warp // (TN // WIDE) * HIGH, warp % (TN // WIDE) * WIDE


@device
def tensor_multiply(total, left, right, buffer, thread):
    """total += left^T right over the STEP k of one buffer; total in the order of `tensor_epilogue`."""
    row, column = warp_place(thread)
    for up in range(UP):
        for along in range(ALONG):
            mma(
                total, 4 * (up * ALONG + along), left, buffer * LEFT + row + 16 * up, TM,
                right, buffer * RIGHT + column + 8 * along, TN, thread % 32,
            )  # fmt: skip


@device
def tensor_finish(table, problem, activations, parameters, value, row, column, rows, shift):
    """Bias, ReLU, addition and mask of one element, and its store."""
    if row < rows and column < table[problem, COLUMNS]:
        place = table[problem, TO] + row * table[problem, TO_STRIDE] + column
        if table[problem, BIAS] >= 0:
            value += parameters[table[problem, BIAS] + column]
        if table[problem, RELU] == 1:
            value = max(value, ZERO)
        if table[problem, ADD] == 1:
            value += activations[place]
        if table[problem, MASK] == 1 and not activations[place - shift] > ZERO:
            value = ZERO
        activations[place] = value


@device
def finish_piece(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece):
    """A lane's four elements of one product of m16n8k8."""
    row, column = warp_place(thread)
    row += row0 + piece // ALONG * 16 + thread % 32 // 4
    column += column0 + piece % ALONG * 8 + thread % 4 * 2
    tensor_finish(table, problem, activations, parameters, total[4 * piece], row, column, rows, shift)
    tensor_finish(table, problem, activations, parameters, total[4 * piece + 1], row, column + 1, rows, shift)
    tensor_finish(table, problem, activations, parameters, total[4 * piece + 2], row + 8, column, rows, shift)
    tensor_finish(table, problem, activations, parameters, total[4 * piece + 3], row + 8, column + 1, rows, shift)


@device
def finish_four(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece):
    """Four products side by side."""
    finish_piece(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece)
    finish_piece(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece + 1)
    finish_piece(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece + 2)
    finish_piece(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, piece + 3)


@device
def tensor_epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift):
    """The fragments into the output; written out for the reason that product.py gives."""
    finish_four(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 0)
    finish_four(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 4)
    finish_four(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 8)
    finish_four(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 12)


@device
def load_right(table, segment, parameters, k, column, columns, side_k, side, across_k, across, transposed):
    """Four elements of W or of W^T, as the thread has its place in the tile."""
    if transposed:
        return load_weight_transposed(table, segment, parameters, k + side_k, column + side, columns)
    return load_weight(table, segment, parameters, k + across_k, column + across, columns)


@device
def store_right(right, buffer, side_k, side, across_k, across, transposed, a, b, c, d):
    """The same four elements into a buffer, rounded."""
    if transposed:
        store_along(right, buffer * RIGHT + side_k * TN + side, TN, tf32(a), tf32(b), tf32(c), tf32(d))
    else:
        store_along(right, buffer * RIGHT + across_k * TN + across, 1, tf32(a), tf32(b), tf32(c), tf32(d))


@device
def tensor_product(table, activations, parameters, ints, first_tile, shift, rows, left, right, transposed):
    """One tile; see product.py, whose order of loads, products and barriers this is."""
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    problem, column0 = table[first_tile + cuda.blockIdx.y, 0], table[first_tile + cuda.blockIdx.y, 1]
    row0, columns = cuda.blockIdx.x * TM, table[problem, COLUMNS]
    side, side_k = thread // (STEP // 4), thread % (STEP // 4) * 4
    across_k, across = thread // (TN // 4), thread % (TN // 4) * 4
    segment, last, start, buffer = table[problem, FIRST_SEGMENT], table[problem, LAST_SEGMENT], 0, 0
    a, b, c, d = load_left(table, segment, activations, ints, row0 + side, side_k, rows)
    e, f, g, h = load_right(table, segment, parameters, 0, column0, columns, side_k, side, across_k, across, transposed)
    store_along(left, side_k * TM + side, TM, tf32(a), tf32(b), tf32(c), tf32(d))
    store_right(right, 0, side_k, side, across_k, across, transposed, e, f, g, h)
    cuda.syncthreads()
    while segment < last:
        start += STEP
        following = segment
        if start >= table[segment, INNER]:
            following, start = segment + 1, 0
        if following < last:
            a, b, c, d = load_left(table, following, activations, ints, row0 + side, start + side_k, rows)
            e, f, g, h = load_right(table, following, parameters, start, column0, columns, side_k, side, across_k, across, transposed)
        tensor_multiply(total, left, right, buffer, thread)
        buffer = 1 - buffer
        if following < last:
            store_along(left, buffer * LEFT + side_k * TM + side, TM, tf32(a), tf32(b), tf32(c), tf32(d))
            store_right(right, buffer, side_k, side, across_k, across, transposed, e, f, g, h)
        cuda.syncthreads()
        segment = following
    tensor_epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift)


@kernel(SIGNATURE, threads=PRODUCT_THREADS)
def product_forward_tf32(table, activations, parameters, ints, first_tile, shift, rows):
    """y = act(x W + b), of operands rounded to TF32."""
    left = cuda.shared.array(TWO_LEFT, np.float32)
    right = cuda.shared.array(TWO_RIGHT, np.float32)
    tensor_product(table, activations, parameters, ints, first_tile, shift, rows, left, right, False)


@kernel(SIGNATURE, threads=PRODUCT_THREADS)
def product_backward_tf32(table, activations, parameters, ints, first_tile, shift, rows):
    """dx = sum of dz W^T, of operands rounded to TF32."""
    left = cuda.shared.array(TWO_LEFT, np.float32)
    right = cuda.shared.array(TWO_RIGHT, np.float32)
    tensor_product(table, activations, parameters, ints, first_tile, shift, rows, left, right, True)
