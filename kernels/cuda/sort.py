"""The uses of table rows, sorted by row on the GPU: what the deterministic table gradients add up (tables.py).

A block takes a table. It lists the table's uses in the order of operations and rows, then sorts them
by id, a digit of BINS values at a time, the lowest first: each thread counts the digits in its part of
the list, a prefix sum over digits and threads says where each goes, and equal ids keep their order.
No atomics: the same batch gives the same bytes. The host has no part in it.

    groups    (tables, 6) int64   FIRST, LAST of its sources; START, where its part of the lists begins;
                                  PASSES, digits of its ids; WIDTH; TABLE, its first element in the parameters
    sorted    int32   how many uses each table has; then `half` ids, and as many again: a pass reads one
                      half and writes the other; then the places of the uses in the list, likewise
    uses      int64   first element of dy in the activations;   shares  float32: 1, or 1 / size of the bag
    sources   see tables.py
"""

from __future__ import annotations

import numpy as np

from .jit import cuda, device, kernel
from .layout import BATCH_ROWS
from .reduce import block_prefix
from .sizes import BINS, SORT_THREADS

ONE = np.float32(1)
FIRST, LAST, START, PASSES, WIDTH, TABLE = range(6)
BAG, DY, DY_STRIDE, IDS, IDS_STRIDE, GROUP, STAMPS = range(7)  # BAG -1: a gather, whose ids start at IDS; else IDS are its entities
DIGIT = BINS.bit_length() - 1
COUNTERS = BINS * SORT_THREADS * 33 // 32


@device
def uses_of(sources, source, ints, lists, row):
    """(first, last, share) of the ids that a row uses: places in ints for a gather, in lists for a bag."""
    place = sources[source, IDS] + row * sources[source, IDS_STRIDE]
    if sources[source, BAG] < 0:
        return place, place + 1, ONE
    entity = lists[2 * sources[source, BAG]] + ints[place]
    ids = lists[2 * sources[source, BAG] + 1]
    start, end = np.int64(ids + lists[entity]), np.int64(ids + lists[entity + 1])
    return start, end, ONE / np.float32(end - start) if end > start else ONE


@device
def sorted_ids(groups, table, half):
    """Where the sorted ids of a table start in `sorted`; their places start 2 * half further."""
    return groups.shape[0] + groups[table, START] + groups[table, PASSES] % 2 * half


@device
def counter(digit, thread):
    """Place of a counter: digit by digit, and one in 33 is left out, so that no two threads of a warp wait for one bank."""
    place = digit * SORT_THREADS + thread
    return place + place // 32


@device
def list_use(groups, sources, sorted, uses, shares, half, table, source, row, place, id, share):
    """Write the use of a row of the table as number `place` of its list."""
    start = groups[table, START] + place
    sorted[groups.shape[0] + start] = id
    sorted[groups.shape[0] + 2 * half + start] = place
    uses[start] = sources[source, DY] + row * sources[source, DY_STRIDE]
    shares[start] = share


@device
def list_uses(groups, sources, ints, lists, sorted, uses, shares, half, table, parts):
    """Write the list, in the order of sources and rows; how many there are."""
    rows, thread, count = np.int64(ints[BATCH_ROWS]), cuda.threadIdx.x, 0
    for source in range(groups[table, FIRST], groups[table, LAST]):
        if sources[source, BAG] < 0:
            for row in range(thread, rows, SORT_THREADS):
                id = ints[sources[source, IDS] + row * sources[source, IDS_STRIDE]]
                list_use(groups, sources, sorted, uses, shares, half, table, source, row, count + row, id, ONE)
            count += rows
        else:
            for row0 in range(0, rows, SORT_THREADS):
                row = row0 + thread
                begin, end, share = uses_of(sources, source, ints, lists, min(row, rows - 1))
                if row >= rows:
                    end = begin
                before, all = block_prefix(parts, end - begin)
                for use in range(begin, end):
                    list_use(
                        groups, sources, sorted, uses, shares, half, table, source, row, count + before + use - begin, lists[use], share
                    )
                count += all
    return count


@kernel("void(int64[:,::1], int64[:,::1], int32[::1], int32[::1], int32[::1], int64[::1], float32[::1], int64)", threads=SORT_THREADS)
def sort_uses(groups, sources, ints, lists, sorted, uses, shares, half):
    """The uses of table blockIdx.x, sorted by id."""
    counts = cuda.shared.array(COUNTERS, np.int32)
    parts = cuda.shared.array(SORT_THREADS, np.int32)
    table, thread = cuda.blockIdx.x, cuda.threadIdx.x
    count = list_uses(groups, sources, ints, lists, sorted, uses, shares, half, table, parts)
    if thread == 0:
        sorted[table] = count
    part = (count + SORT_THREADS - 1) // SORT_THREADS
    begin, end = min(thread * part, count), min(thread * part + part, count)
    here = groups.shape[0] + groups[table, START]
    there = here + half
    for digit in range(groups[table, PASSES]):
        for value in range(BINS):
            counts[counter(value, thread)] = 0
        cuda.syncthreads()  # the list, or the pass before, is written
        for i in range(begin, end):
            counts[counter(sorted[here + i] >> DIGIT * digit & BINS - 1, thread)] += 1
        cuda.syncthreads()
        own = 0
        for i in range(BINS):
            own += counts[counter(0, thread * BINS + i)]
        before, _ = block_prefix(parts, own)
        for i in range(BINS):
            place = counter(0, thread * BINS + i)
            counts[place], before = before, before + counts[place]
        cuda.syncthreads()
        for i in range(begin, end):
            id = sorted[here + i]
            place = counter(id >> DIGIT * digit & BINS - 1, thread)
            to = there + counts[place]
            counts[place] += 1
            sorted[to] = id
            sorted[to + 2 * half] = sorted[here + i + 2 * half]
        here, there = there, here
