"""Large dense layers: grouped matrix products, all layers that are ready at once in one launch.

    forward    y  = max(x W + b, 0)              bias and ReLU in the epilogue
    backward   dx = sum over layers of dz W^T    every layer that reads x is a segment of one product

A block computes TM x TN elements of one output, STEP of the inner dimension at a time, two buffers
alternately: while the threads multiply one, the other is being loaded; one barrier a step. Segments lie
one behind the other along the inner dimension, so no block adds to what another one wrote.
Each is there twice, in float32 (tiles.py) and in TF32 (tensor_tiles.py).

Rows of `table` (int64), each kind at its own columns:

    tile      problem's row, first column                       (grid y; grid x is rows of the batch)
    problem   TO, TO_STRIDE, COLUMNS   the output               ADD     1: add to it
              BIAS     its place in the parameters, or -1       RELU    1: max(., 0)
              MASK     1: times [value > 0] at the same place `shift` before, the ReLU of the layer that wrote it
              FIRST_SEGMENT, LAST_SEGMENT   rows of the table
    segment   FROM, FROM_STRIDE, INNER   the left operand       WEIGHT, WEIGHT_STRIDE   the right one
              IDS, IDS_STRIDE, ID   only rows whose ints[IDS + row * IDS_STRIDE] is ID; IDS -1: all
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4_within, store4_within
from .jit import cuda, device, kernel
from .layout import BATCH_ROWS
from .sizes import FRAGMENT, PRODUCT_THREADS, STEP, TM, TN
from .tensor_tiles import ALONG, rounded, tensor_column, tensor_multiply, tensor_place, tensor_row
from .tiles import GROUPS, OWN, TWO_BUFFERS, multiply, store_across, store_along, tile_column, tile_row

ZERO = np.float32(0)
TO, TO_STRIDE, COLUMNS, ADD, BIAS, RELU, MASK, FIRST_SEGMENT, LAST_SEGMENT = range(9)
FROM, FROM_STRIDE, INNER, WEIGHT, WEIGHT_STRIDE, IDS, IDS_STRIDE, ID = range(8)
SIGNATURE = "void(int64[:,::1], float32[::1], float32[::1], int32[::1], int64, int64)"


@device
def load_left(table, segment, activations, ints, row, k, rows):
    """Four elements of the left operand along the inner dimension; 0 outside."""
    left = table[segment, INNER] - k if row < rows else 0
    if table[segment, IDS] >= 0 and row < rows:
        left = left if ints[table[segment, IDS] + row * table[segment, IDS_STRIDE]] == table[segment, ID] else 0
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
def load_right(table, segment, parameters, start, column0, columns, thread, transposed):
    """A thread's four elements of W, or of W^T, for the step that begins at `start`."""
    if transposed:
        return load_weight_transposed(
            table, segment, parameters, start + thread % (STEP // 4) * 4, column0 + thread // (STEP // 4), columns
        )
    return load_weight(table, segment, parameters, start + thread // (TN // 4), column0 + thread % (TN // 4) * 4, columns)


@device
def store_both(left, right, buffer, thread, transposed, tensor, a, b, c, d, e, f, g, h):
    """What a thread has loaded of the left operand (a to d) and of the right one into a buffer."""
    a, b, c, d = rounded(a, b, c, d, tensor)
    e, f, g, h = rounded(e, f, g, h, tensor)
    store_along(left, buffer, thread % (STEP // 4) * 4, thread // (STEP // 4), a, b, c, d)
    if transposed:
        store_along(right, buffer, thread % (STEP // 4) * 4, thread // (STEP // 4), e, f, g, h)
    else:
        store_across(right, buffer, thread // (TN // 4), thread % (TN // 4) * 4, e, f, g, h)


@device
def finish(table, problem, activations, parameters, place, column, shift, a, b, c, d):
    """Bias, ReLU and mask for four elements of the output, at `place`: in 16 bytes where it is aligned, else one by one."""
    left, bias = table[problem, COLUMNS] - column, table[problem, BIAS]
    aligned = (table[problem, TO] | table[problem, TO_STRIDE]) % 4 == 0
    if bias >= 0:
        e, f, g, h = load4_within(parameters, bias + column, left, bias % 4 == 0)
        a, b, c, d = a + e, b + f, c + g, d + h
    if table[problem, RELU] == 1:
        a, b, c, d = max(a, ZERO), max(b, ZERO), max(c, ZERO), max(d, ZERO)
    if table[problem, ADD] == 1:
        e, f, g, h = load4_within(activations, place, left, aligned)
        a, b, c, d = a + e, b + f, c + g, d + h
    if table[problem, MASK] == 1:
        e, f, g, h = load4_within(activations, place - shift, left, aligned and shift % 4 == 0)
        a, b, c, d = a if e > ZERO else ZERO, b if f > ZERO else ZERO, c if g > ZERO else ZERO, d if h > ZERO else ZERO
    store4_within(activations, place, left, aligned, a, b, c, d)


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


@device
def finish_one(table, problem, activations, parameters, place, column, shift, value):
    """Bias, ReLU and mask for one element of the output."""
    if column < table[problem, COLUMNS]:
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
def finish_half(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, half):
    """A row of a lane's elements into the output."""
    row = row0 + tensor_row(thread, half)
    if row < rows:
        place = table[problem, TO] + row * table[problem, TO_STRIDE]
        for along in range(ALONG):
            column, at = column0 + tensor_column(thread, along), tensor_place(half, along)
            finish_one(table, problem, activations, parameters, place + column, column, shift, total[at])
            finish_one(table, problem, activations, parameters, place + column + 1, column + 1, shift, total[at + 1])


@device
def tensor_epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift):
    """The same of a lane's elements; written out for the same reason."""
    finish_half(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 0)
    finish_half(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 1)
    finish_half(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 2)
    finish_half(table, problem, activations, parameters, total, thread, row0, column0, rows, shift, 3)


@device
def tile_product(table, activations, parameters, ints, first_tile, shift, left, right, transposed, tensor):
    """One tile; `transposed`: of W^T, `tensor`: on tensor cores, both constants."""
    rows, row0 = np.int64(ints[BATCH_ROWS]), cuda.blockIdx.x * TM
    if row0 >= rows:
        return
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    problem, column0 = table[first_tile + cuda.blockIdx.y, 0], table[first_tile + cuda.blockIdx.y, 1]
    row, k, columns = row0 + thread // (STEP // 4), thread % (STEP // 4) * 4, table[problem, COLUMNS]
    segment, last, start, buffer = table[problem, FIRST_SEGMENT], table[problem, LAST_SEGMENT], 0, 0
    a, b, c, d = load_left(table, segment, activations, ints, row, k, rows)
    e, f, g, h = load_right(table, segment, parameters, 0, column0, columns, thread, transposed)
    store_both(left, right, 0, thread, transposed, tensor, a, b, c, d, e, f, g, h)
    cuda.syncthreads()
    while segment < last:
        start += STEP
        following = segment
        if start >= table[segment, INNER]:
            following, start = segment + 1, 0
        if following < last:
            a, b, c, d = load_left(table, following, activations, ints, row, start + k, rows)
            e, f, g, h = load_right(table, following, parameters, start, column0, columns, thread, transposed)
        if tensor:
            tensor_multiply(total, left, right, buffer, thread)
        else:
            multiply(total, left, right, buffer, thread)
        buffer = 1 - buffer
        if following < last:
            store_both(left, right, buffer, thread, transposed, tensor, a, b, c, d, e, f, g, h)
        cuda.syncthreads()
        segment = following
    if tensor:
        tensor_epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift)
    else:
        epilogue(table, problem, activations, parameters, total, thread, row0, column0, rows, shift)


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def product_forward(table, activations, parameters, ints, first_tile, shift):
    """y = act(x W + b); see the top of this file."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_product(table, activations, parameters, ints, first_tile, shift, left, right, False, False)


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def product_backward(table, activations, parameters, ints, first_tile, shift):
    """dx = sum of dz W^T; see the top of this file."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_product(table, activations, parameters, ints, first_tile, shift, left, right, True, False)


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def product_forward_tf32(table, activations, parameters, ints, first_tile, shift):
    """y = act(x W + b), of operands rounded to TF32."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_product(table, activations, parameters, ints, first_tile, shift, left, right, False, True)


@kernel(SIGNATURE, threads=PRODUCT_THREADS, blocks=2)
def product_backward_tf32(table, activations, parameters, ints, first_tile, shift):
    """dx = sum of dz W^T, of operands rounded to TF32."""
    left = cuda.shared.array(TWO_BUFFERS, np.float32)
    right = cuda.shared.array(TWO_BUFFERS, np.float32)
    tile_product(table, activations, parameters, ints, first_tile, shift, left, right, True, True)
