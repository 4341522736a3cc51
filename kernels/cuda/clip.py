"""The length of the gradient, and what it is scaled by: settings[FACTOR] <- min(1, settings[LENGTH] / ||g||), settings[LENGTH] <- ||g||.

Each block of the kernels that look at gradients writes one sum of squares; one block adds them up, in their order, so that the
same batch gives the same bytes. With atomic table gradients, which come in no fixed order, whole tables are summed: a row that no
row of the batch used is 0 there.
"""

from __future__ import annotations

import math

import numpy as np

from .adam import FACTOR, LENGTH, dense_gradient
from .jit import cuda, kernel
from .reduce import block_sum
from .sizes import SUM_THREADS
from .sort import WIDTH, sorted_ids
from .tables import run_gradient

ZERO, ONE = np.float32(0), np.float32(1)


@kernel("void(float32[::1], float32[::1], float32[::1], float32[::1], int32[::1], int64, int64, int64, int64, int64)", threads=SUM_THREADS)
def square_dense(squares, parameters, partials, constants, ints, size, tasks, losses, results, learned):
    """squares[block] = the squares of the dense gradient's elements that this block takes."""
    total = ZERO
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        gradient = dense_gradient(i, parameters, partials, constants, ints, size, tasks, losses, results, learned)
        total += gradient * gradient
    total = block_sum(total)
    if cuda.threadIdx.x == 0:
        squares[cuda.blockIdx.x] = total


@kernel("void(int64[:,::1], int32[::1], float32[::1], float32[::1], int64, int64)", threads=SUM_THREADS)
def square_runs(groups, sorted, sums, squares, half, lanes):
    """squares[(1 + table) * blocks + block] = those of the rows that the batch used."""
    table, total = cuda.blockIdx.y, ZERO
    width, ids, count = groups[table, WIDTH], sorted_ids(groups, table, half), np.int64(sorted[table])
    for unit in range(cuda.grid(1), count * width, cuda.gridsize(1)):
        i, j = unit // width, unit % width
        if i == 0 or sorted[ids + i] != sorted[ids + i - 1]:
            gradient = run_gradient(groups, sorted, sums, half, lanes, table, ids, count, i, j)
            total += gradient * gradient
    total = block_sum(total)
    if cuda.threadIdx.x == 0:
        squares[(1 + table) * cuda.gridDim.x + cuda.blockIdx.x] = total


@kernel("void(float32[::1], float32[::1], int64)", threads=SUM_THREADS)
def square_tables(gradients, squares, size):
    """squares[blocks + block] = those of table gradients that were added atomically."""
    total = ZERO
    for i in range(cuda.grid(1), size, cuda.gridsize(1)):
        total += gradients[i] * gradients[i]
    total = block_sum(total)
    if cuda.threadIdx.x == 0:
        squares[cuda.gridDim.x + cuda.blockIdx.x] = total


@kernel("void(float32[::1], float32[::1], int64)", threads=SUM_THREADS)
def find_factor(squares, settings, count):
    """The factor and the length, of `count` sums of squares; one block."""
    total = ZERO
    for i in range(cuda.threadIdx.x, count, SUM_THREADS):
        total += squares[i]
    total = block_sum(total)
    if cuda.threadIdx.x == 0:
        norm, longest = np.float32(math.sqrt(total)), settings[LENGTH]
        settings[FACTOR] = ONE if norm <= longest else longest / norm
        settings[LENGTH] = norm
