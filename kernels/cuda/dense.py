"""A dense layer that is too small for a launch of its own: a step of the walk (large ones: product.py).

Forward, a thread computes four rows of one column: a weight that it loads serves four products.
Backward, dx += dz W^T reads W by columns; a square of it goes through shared memory, so that both
global memory and shared memory are read along rows.
dW and db need all rows of the batch, not only those of a block: weight_gradients.py.
"""

from __future__ import annotations

import numpy as np

from . import layout as L
from .jit import cuda, device
from .sizes import SQUARE

RELU = L.INTEGERS[0]
DENSE_COLUMNS = L.INTEGERS[0]  # of a copy
ZERO = np.float32(0)
PITCH = SQUARE + 1  # of a square in shared memory: a column of it then lies in as many banks as it has elements
ELEMENTS = SQUARE * PITCH


@device
def dense_rows(work, step, first, count):
    """y = x W + b, then max(., 0) where RELU is 1."""
    y_stride, width = work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x_stride, inner = work.steps[step, L.IN + L.STRIDE], work.steps[step, L.IN + L.WIDTH]
    y0 = work.steps[step, L.OUT] + first * y_stride
    x0 = work.steps[step, L.IN] + first * x_stride
    weight, bias, relu = work.steps[step, L.PARAM], work.steps[step, L.PARAM2], work.steps[step, RELU]
    for unit in range(cuda.threadIdx.x, (count + 3) // 4 * width, cuda.blockDim.x):
        row, j = unit // width * 4, unit % width
        left = count - row  # rows past the last one repeat it, and are not written
        xa = x0 + row * x_stride
        xb = xa + min(1, left - 1) * x_stride
        xc = xa + min(2, left - 1) * x_stride
        xd = xa + min(3, left - 1) * x_stride
        a = b = c = d = work.parameters[bias + j]
        for k in range(inner):
            w = work.parameters[weight + k * width + j]
            a += work.activations[xa + k] * w
            b += work.activations[xb + k] * w
            c += work.activations[xc + k] * w
            d += work.activations[xd + k] * w
        if relu == 1:
            a, b, c, d = max(a, ZERO), max(b, ZERO), max(c, ZERO), max(d, ZERO)
        y = y0 + row * y_stride + j
        work.activations[y] = a
        if left > 1:
            work.activations[y + y_stride] = b
        if left > 2:
            work.activations[y + 2 * y_stride] = c
        if left > 3:
            work.activations[y + 3 * y_stride] = d


@device
def mask_rows(work, step, place, first, count):
    """y = max(z, 0) => dz = dy [y > 0], in place, for the slot at `place` of the step."""
    y0, stride, width = work.steps[step, place], work.steps[step, place + L.STRIDE], work.steps[step, place + L.WIDTH]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        y = y0 + (first + unit // width) * stride + unit % width
        if not work.activations[y] > ZERO:
            work.activations[work.shift + y] = ZERO


@device
def dense_backward_rows(work, step, first, count):
    """y = max(z, 0) => dz = dy [y > 0], where RELU is 1;  z = x W + b => dx += dz W^T."""
    square = cuda.shared.array(ELEMENTS, np.float32)
    z_stride, width = work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x_stride, inner = work.steps[step, L.IN + L.STRIDE], work.steps[step, L.IN + L.DIFFERENTIABLE]
    weight = work.steps[step, L.PARAM]
    if work.steps[step, RELU] == 1:
        mask_rows(work, step, L.OUT, first, count)
    thread = cuda.threadIdx.x
    column, row = thread % SQUARE, thread // SQUARE * 4
    left = count - row
    za = work.shift + work.steps[step, L.OUT] + (first + min(row, count - 1)) * z_stride
    zb = za + max(min(1, left - 1), 0) * z_stride
    zc = za + max(min(2, left - 1), 0) * z_stride
    zd = za + max(min(3, left - 1), 0) * z_stride
    for k0 in range(0, inner, SQUARE):
        a = b = c = d = ZERO
        for j0 in range(0, width, SQUARE):
            cuda.syncthreads()  # dz is masked, and the square before is no longer read
            for place in range(thread, SQUARE * SQUARE, cuda.blockDim.x):
                k, j = k0 + place // SQUARE, j0 + place % SQUARE
                inside = k < inner and j < width
                square[place // SQUARE * PITCH + place % SQUARE] = work.parameters[weight + k * width + j] if inside else ZERO
            cuda.syncthreads()
            for j in range(min(SQUARE, width - j0)):
                w = square[column * PITCH + j]
                a += work.activations[za + j0 + j] * w
                b += work.activations[zb + j0 + j] * w
                c += work.activations[zc + j0 + j] * w
                d += work.activations[zd + j0 + j] * w
        if k0 + column < inner:
            x = work.shift + work.steps[step, L.IN] + (first + row) * x_stride + k0 + column
            if left > 0:
                work.activations[x] += a
            if left > 1:
                work.activations[x + x_stride] += b
            if left > 2:
                work.activations[x + 2 * x_stride] += c
            if left > 3:
                work.activations[x + 3 * x_stride] += d


@device
def copy_rows(work, step, first, count):
    """Dense features into the output slot."""
    y0, stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    source = work.steps[step, DENSE_COLUMNS]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * stride + j] = work.floats[source + row * width + j]


STEPS = {"dense": dense_rows, "dense_backward": dense_backward_rows, "copy": copy_rows}
