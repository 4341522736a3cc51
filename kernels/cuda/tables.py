"""Embedding tables: sparse gradients and row-lazy Adam, sorted (deterministic) or atomic (in no fixed order).

Sorted: uses of one row lie one behind the other (sort.py), a *run*. One launch sums them PIECE at a
time, the next adds the pieces of a run and takes its row's step: a fixed order, and an id that half of
the batch uses costs no more than others.

Atomic: one launch adds dy to a gradient as large as the tables, the next takes the step on each row
that was touched: the first thread to exchange its stamp has it, and clears its gradient again.

    groups, sorted, uses, shares    see sort.py
    sums      a row of `lanes`, the largest width of a table, for each use: where a run, or a piece, begins, what it comes to
    sources   (n, 7) int64  one a gather or bag: BAG, DY and DY_STRIDE of its output's gradient, IDS and IDS_STRIDE in
              ints, GROUP, its table, and STAMPS, the first stamp of that table
"""

from __future__ import annotations

import numpy as np

from .adam import adam_element
from .jit import cuda, device, kernel
from .layout import BATCH_ROWS
from .sizes import FLAT_THREADS
from .sort import BAG, DY, DY_STRIDE, GROUP, STAMPS, START, TABLE, WIDTH, sorted_ids, uses_of

ZERO = np.float32(0)
PIECE = 64
CLOCK = 0  # place in the stamps of the number of the step, which every scatter raises


@kernel("void(int64[:,::1], int32[::1], int64[::1], float32[::1], float32[::1], float32[::1], int64, int64)", threads=FLAT_THREADS)
def sum_pieces(groups, sorted, uses, shares, activations, sums, half, lanes):
    """sums[i, j] = sum of share * dy_j from use i, where a run or a piece begins, to where either ends."""
    table = cuda.blockIdx.y
    start, width, ids, count = groups[table, START], groups[table, WIDTH], sorted_ids(groups, table, half), np.int64(sorted[table])
    for unit in range(cuda.grid(1), (count + PIECE - 1) // PIECE * width, cuda.gridsize(1)):
        first, j, total = unit // width * PIECE, unit % width, ZERO
        for i in range(first, min(first + PIECE, count)):
            if i > first and sorted[ids + i] != sorted[ids + i - 1]:
                sums[(start + first) * lanes + j] = total
                first, total = i, ZERO
            use = start + sorted[ids + 2 * half + i]
            total += shares[use] * activations[uses[use] + j]
        sums[(start + first) * lanes + j] = total


@device
def run_gradient(groups, sorted, sums, half, lanes, table, ids, count, i, j):
    """Element j of the gradient of the row whose run begins at use i: its pieces in order."""
    start, total = groups[table, START], sums[(groups[table, START] + i) * lanes + j]
    piece = (i // PIECE + 1) * PIECE
    while piece < count and sorted[ids + piece] == sorted[ids + i]:
        total += sums[(start + piece) * lanes + j]
        piece += PIECE
    return total


@kernel(
    "void(int64[:,::1], int32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64, int64)",
    threads=FLAT_THREADS,
)
def adam_runs(groups, sorted, sums, parameters, m, v, settings, half, lanes):
    """A row-lazy step on the row of each run."""
    table = cuda.blockIdx.y
    width, ids, count = groups[table, WIDTH], sorted_ids(groups, table, half), np.int64(sorted[table])
    for unit in range(cuda.grid(1), count * width, cuda.gridsize(1)):
        i, j = unit // width, unit % width
        if i == 0 or sorted[ids + i] != sorted[ids + i - 1]:
            gradient = run_gradient(groups, sorted, sums, half, lanes, table, ids, count, i, j)
            adam_element(parameters, m, v, groups[table, TABLE] + sorted[ids + i] * width + j, gradient, settings)


@kernel("void(int64[:,::1], int32[::1], float32[::1], float32[::1], int64, int64)", threads=FLAT_THREADS)
def write_row_gradients(groups, sorted, sums, gradients, half, lanes):
    """gradients[i, j] where a run begins, for whoever asks for them instead of a step."""
    table = cuda.blockIdx.y
    width, ids, count = groups[table, WIDTH], sorted_ids(groups, table, half), np.int64(sorted[table])
    for unit in range(cuda.grid(1), count * width, cuda.gridsize(1)):
        i, j = unit // width, unit % width
        if i == 0 or sorted[ids + i] != sorted[ids + i - 1]:
            gradients[(groups[table, START] + i) * lanes + j] = run_gradient(groups, sorted, sums, half, lanes, table, ids, count, i, j)


@kernel("void(int64[:,::1], int64[:,::1], int32[::1], int32[::1], float32[::1], float32[::1], int32[::1], int64)", threads=FLAT_THREADS)
def scatter_rows(groups, sources, ints, lists, activations, table_gradients, stamps, dense):
    """Add dy to the gradient of each row that it came from; `dense` is the size of the dense arena, before the tables."""
    if cuda.blockIdx.x + cuda.blockIdx.y + cuda.threadIdx.x == 0:
        stamps[CLOCK] += 1
    source, rows = cuda.blockIdx.y, np.int64(ints[BATCH_ROWS])
    group, bag = sources[source, GROUP], sources[source, BAG]
    table, width = groups[group, TABLE] - dense, groups[group, WIDTH]
    for unit in range(cuda.grid(1), rows * width, cuda.gridsize(1)):
        row, j = unit // width, unit % width
        start, end, share = uses_of(sources, source, ints, lists, row)
        dy = share * activations[sources[source, DY] + row * sources[source, DY_STRIDE] + j]
        for use in range(start, end):
            id = ints[use] if bag < 0 else lists[use]
            cuda.atomic.add(table_gradients, table + id * width + j, dy)


@kernel(
    "void(int64[:,::1], int64[:,::1], int32[::1], int32[::1], int32[::1], float32[::1], float32[::1], float32[::1], float32[::1],"
    " float32[::1], int64)",
    threads=FLAT_THREADS,
)
def adam_touched_rows(groups, sources, ints, lists, stamps, table_gradients, parameters, m, v, settings, dense):
    """A row-lazy step on every row that the batch used; its gradient is 0 afterwards."""
    source, rows = cuda.blockIdx.y, np.int64(ints[BATCH_ROWS])
    group, bag, now = sources[source, GROUP], sources[source, BAG], stamps[CLOCK]
    table, width = groups[group, TABLE], groups[group, WIDTH]
    for row in range(cuda.grid(1), rows, cuda.gridsize(1)):
        start, end, _ = uses_of(sources, source, ints, lists, row)
        for use in range(start, end):
            id = ints[use] if bag < 0 else lists[use]
            if cuda.atomic.exch(stamps, sources[source, STAMPS] + id, now) != now:
                first = table + id * width
                for j in range(width):
                    gradient = table_gradients[first - dense + j]
                    table_gradients[first - dense + j] = ZERO
                    adam_element(parameters, m, v, first + j, gradient, settings)
