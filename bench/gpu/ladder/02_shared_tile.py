"""A block of SIDE x SIDE threads loads a square of x and of W into shared memory once, and reads it SIDE times."""

import importlib

import numpy as np

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.jit import cuda, kernel
from minirank.kernels.cuda.sizes import SMALL

ZERO = np.float32(0)
SIDE = 4 if SMALL else 16
SQUARE = SIDE * SIDE


@kernel("void(float32[::1], float32[::1], int64, int64, int64, int64)", threads=SQUARE)
def ladder_shared(activations, parameters, rows, inner, columns, out):
    """One element of y a thread; two barriers a square, one before it is read and one before it is overwritten."""
    left = cuda.shared.array(SQUARE, np.float32)
    right = cuda.shared.array(SQUARE, np.float32)
    thread = cuda.threadIdx.x
    i, j = thread // SIDE, thread % SIDE
    row, column = cuda.blockIdx.x * SIDE + i, cuda.blockIdx.y * SIDE + j
    total = ZERO
    for k0 in range(0, inner, SIDE):
        left[thread] = activations[row * inner + k0 + j] if row < rows and k0 + j < inner else ZERO
        right[thread] = parameters[(k0 + i) * columns + column] if column < columns and k0 + i < inner else ZERO
        cuda.syncthreads()
        for k in range(SIDE):
            total += left[i * SIDE + k] * right[k * SIDE + j]
        cuda.syncthreads()
    if row < rows and column < columns:
        activations[out + row * columns + column] = total


def rung(workload: Workload) -> Rung:
    """Before: naive. After: squares in shared memory."""
    layer, naive = Layer(workload), importlib.import_module("bench.gpu.ladder.01_naive")
    grid = -(-workload.rows // SIDE), -(-workload.h1 // SIDE)
    flat = -(-workload.rows * workload.h1 // naive.THREADS)
    before, after = layer.launch(naive.ladder_naive, flat, naive.THREADS), layer.launch(ladder_shared, grid, SQUARE)
    return layer.rung("squares in shared memory", 1.5, before, after, bias=False, relu=False)
