"""Embedding tables: sparse gradients and row-lazy Adam, sorted (deterministic) or atomic (in no fixed order).

Sorted: the host lists all uses of each row of each table, in row order (`batches.py`), cut into pieces
of at most PIECE uses. One launch sums the pieces, the next adds the pieces of a row and takes its step:
a fixed order, and an id that half of the batch uses costs no more than others.

Atomic: one launch adds dy to a gradient as large as the tables, the next takes the step on each row
that was touched: the first thread to exchange its stamp has it, and clears its gradient again.

    pieces    (n + 1, 3) int64   first use, last use, width              row 0: n
    segments  (n + 1, 4) int64   first element of the row in the parameters, width, first piece, last piece
    uses      (n,) int64         first element of dy in the activations; shares (n,) float32: 1, or 1 / size of the bag
    sources   (n, 8) int64       one a gather or bag: BAG, DY, DY_STRIDE, WIDTH, TABLE, IDS, STAMPS (see below)
"""

from __future__ import annotations

import numpy as np

from .adam import adam_element
from .jit import cuda, device, kernel
from .sizes import FLAT_THREADS

ZERO, ONE = np.float32(0), np.float32(1)
PIECE = 64
BAG, DY, DY_STRIDE, WIDTH, TABLE, IDS, STAMPS = range(7)  # BAG -1: a gather, whose ids start at IDS; else IDS are its entities
CLOCK = 0  # place in the stamps of the number of the step, which every scatter raises


@kernel("void(int64[:,::1], int64[::1], float32[::1], float32[::1], float32[::1], int64)", threads=FLAT_THREADS)
def sum_pieces(pieces, uses, shares, activations, sums, lanes):
    """sums[piece, j] = sum over the piece's uses of share * dy_j; `lanes` threads, the largest width, take a piece."""
    for unit in range(cuda.grid(1), pieces[0, 0] * lanes, cuda.gridsize(1)):
        piece, j = 1 + unit // lanes, unit % lanes
        if j < pieces[piece, 2]:
            total = ZERO
            for use in range(pieces[piece, 0], pieces[piece, 1]):
                total += shares[use] * activations[uses[use] + j]
            sums[(piece - 1) * lanes + j] = total


@device
def segment_gradient(segments, segment, sums, lanes, j):
    """Element j of the gradient of a segment's row: its pieces in order."""
    total = ZERO
    for piece in range(segments[segment, 2], segments[segment, 3]):
        total += sums[piece * lanes + j]
    return total


@kernel("void(int64[:,::1], float32[::1], int64, float32[::1], float32[::1], float32[::1], float32[::1])", threads=FLAT_THREADS)
def adam_rows(segments, sums, lanes, parameters, m, v, settings):
    """A row-lazy step on the row of each segment."""
    for unit in range(cuda.grid(1), segments[0, 0] * lanes, cuda.gridsize(1)):
        segment, j = 1 + unit // lanes, unit % lanes
        if j < segments[segment, 1]:
            gradient = segment_gradient(segments, segment, sums, lanes, j)
            adam_element(parameters, m, v, segments[segment, 0] + j, gradient, settings)


@kernel("void(int64[:,::1], float32[::1], int64, float32[::1])", threads=FLAT_THREADS)
def write_row_gradients(segments, sums, lanes, gradients):
    """gradients[segment, j], for whoever asks for them instead of a step."""
    for unit in range(cuda.grid(1), segments[0, 0] * lanes, cuda.gridsize(1)):
        segment, j = 1 + unit // lanes, unit % lanes
        if j < segments[segment, 1]:
            gradients[unit] = segment_gradient(segments, segment, sums, lanes, j)


@device
def uses_of(sources, source, ints, lists, row):
    """(first, last, share) of the ids that a row uses: places in ints for a gather, in lists for a bag."""
    if sources[source, BAG] < 0:
        place = sources[source, IDS] + row
        return place, place + 1, ONE
    entity = lists[2 * sources[source, BAG]] + ints[sources[source, IDS] + row]
    ids = lists[2 * sources[source, BAG] + 1]
    start, end = np.int64(ids + lists[entity]), np.int64(ids + lists[entity + 1])
    return start, end, ONE / np.float32(end - start) if end > start else ONE


@kernel("void(int64[:,::1], int32[::1], int32[::1], float32[::1], float32[::1], int32[::1], int64, int64)", threads=FLAT_THREADS)
def scatter_rows(sources, ints, lists, activations, table_gradients, stamps, dense, rows):
    """Add dy to the gradient of each row that it came from; `dense` is the size of the dense arena, before the tables."""
    if cuda.blockIdx.x + cuda.blockIdx.y + cuda.threadIdx.x == 0:
        stamps[CLOCK] += 1
    source = cuda.blockIdx.y
    width, bag = sources[source, WIDTH], sources[source, BAG]
    for unit in range(cuda.grid(1), rows * width, cuda.blockDim.x * cuda.gridDim.x):
        row, j = unit // width, unit % width
        start, end, share = uses_of(sources, source, ints, lists, row)
        dy = share * activations[sources[source, DY] + row * sources[source, DY_STRIDE] + j]
        for use in range(start, end):
            id = ints[use] if bag < 0 else lists[use]
            cuda.atomic.add(table_gradients, sources[source, TABLE] - dense + id * width + j, dy)


@kernel(
    "void(int64[:,::1], int32[::1], int32[::1], int32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64, int64)",
    threads=FLAT_THREADS,
)
def adam_touched_rows(sources, ints, lists, stamps, table_gradients, parameters, m, v, settings, dense, rows):
    """A row-lazy step on every row that the batch used; its gradient is 0 afterwards."""
    source = cuda.blockIdx.y
    width, bag, now = sources[source, WIDTH], sources[source, BAG], stamps[CLOCK]
    for row in range(cuda.grid(1), rows, cuda.blockDim.x * cuda.gridDim.x):
        start, end, _ = uses_of(sources, source, ints, lists, row)
        for use in range(start, end):
            id = ints[use] if bag < 0 else lists[use]
            if cuda.atomic.exch(stamps, sources[source, STAMPS] + id, now) != now:
                first = sources[source, TABLE] + id * width
                for j in range(width):
                    gradient = table_gradients[first - dense + j]
                    table_gradients[first - dense + j] = ZERO
                    adam_element(parameters, m, v, first + j, gradient, settings)
