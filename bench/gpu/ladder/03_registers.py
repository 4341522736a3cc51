"""A thread computes FRAGMENT x FRAGMENT elements: of what it reads from shared memory each number serves FRAGMENT products."""

import importlib

import numpy as np

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.jit import cuda, kernel
from minirank.kernels.cuda.sizes import FRAGMENT, PRODUCT_THREADS, STEP, TM, TN
from minirank.kernels.cuda.tiles import BUFFER, OWN, PITCH, multiply, tile_column, tile_row

ZERO = np.float32(0)


@kernel("void(float32[::1], float32[::1], int64, int64, int64, int64)", threads=PRODUCT_THREADS, blocks=2)
def ladder_registers(activations, parameters, rows, inner, columns, out):
    """One buffer, loads of 4 bytes, two barriers a step."""
    left = cuda.shared.array(BUFFER, np.float32)
    right = cuda.shared.array(BUFFER, np.float32)
    total = cuda.local.array(OWN, np.float32)
    for i in range(OWN):
        total[i] = ZERO
    thread = cuda.threadIdx.x
    row0, column0 = cuda.blockIdx.x * TM, cuda.blockIdx.y * TN
    for k0 in range(0, inner, STEP):
        for place in range(thread, STEP * TM, PRODUCT_THREADS):
            row, k = row0 + place // STEP, k0 + place % STEP
            left[place % STEP * PITCH + place // STEP] = activations[row * inner + k] if row < rows and k < inner else ZERO
        for place in range(thread, STEP * TN, PRODUCT_THREADS):
            k, column = k0 + place // TN, column0 + place % TN
            right[place // TN * PITCH + place % TN] = parameters[k * columns + column] if k < inner and column < columns else ZERO
        cuda.syncthreads()
        multiply(total, left, right, 0, thread)
        cuda.syncthreads()
    for i in range(FRAGMENT):
        for j in range(FRAGMENT):
            row, column = row0 + tile_row(thread, i), column0 + tile_column(thread, j // 4) + j % 4
            if row < rows and column < columns:
                activations[out + row * columns + column] = total[i * FRAGMENT + j]


def rung(workload: Workload) -> Rung:
    """Before: one element a thread. After: FRAGMENT x FRAGMENT."""
    layer, shared = Layer(workload), importlib.import_module("bench.gpu.ladder.02_shared_tile")
    grid = -(-workload.rows // shared.SIDE), -(-workload.h1 // shared.SIDE)
    tiles = -(-workload.rows // TM), -(-workload.h1 // TN)
    before, after = layer.launch(shared.ladder_shared, grid, shared.SQUARE), layer.launch(ladder_registers, tiles, PRODUCT_THREADS)
    return layer.rung("8 x 8 elements in the registers of a thread", 5.0, before, after, bias=False, relu=False)
