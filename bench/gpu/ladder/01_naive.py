"""A thread for each element of y = x W: every operand comes from global memory again for every product."""

import numpy as np

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.jit import cuda, kernel

ZERO = np.float32(0)
THREADS = 64
SIGNATURE = "void(float32[::1], float32[::1], int64, int64, int64, int64)"


@kernel(SIGNATURE, threads=THREADS)
def ladder_uncoalesced(activations, parameters, rows, inner, columns, out):
    """Neighbouring threads take neighbouring rows: each of their loads of x lies in a line of its own."""
    i = cuda.grid(1)
    if i < rows * columns:
        row, column = i % rows, i // rows
        total = ZERO
        for k in range(inner):
            total += activations[row * inner + k] * parameters[k * columns + column]
        activations[out + row * columns + column] = total


@kernel(SIGNATURE, threads=THREADS)
def ladder_naive(activations, parameters, rows, inner, columns, out):
    """Neighbouring threads take neighbouring columns: their loads of W are one line, that of x is the same for all."""
    i = cuda.grid(1)
    if i < rows * columns:
        row, column = i // columns, i % columns
        total = ZERO
        for k in range(inner):
            total += activations[row * inner + k] * parameters[k * columns + column]
        activations[out + row * columns + column] = total


def rung(workload: Workload) -> Rung:
    """Before: threads along rows. After: threads along columns."""
    layer = Layer(workload)
    grid = -(-workload.rows * workload.h1 // THREADS)
    before, after = (layer.launch(each, grid, THREADS) for each in (ladder_uncoalesced, ladder_naive))
    return layer.rung("neighbouring threads read neighbouring columns", 6.0, before, after, bias=False, relu=False)
