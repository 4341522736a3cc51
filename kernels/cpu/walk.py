"""The parts of a step and of a prediction: what one thread does in each of them, for its tiles of rows, weights and tables.

An operation's mathematics is in its own file; here is only the order of things. Each kernel is
compiled once for float32 (and once for float64, for whoever checks gradients) whatever the plan is,
because a plan is data to it: the integer table of `layout.py`, with the addresses of the kernels that it needs.
"""

from __future__ import annotations

from ..adam import adam_elements, scale, sum_of_squares
from ..ops import KINDS
from ..ops.embedding import scatter
from . import layout as L
from .atomics import fetch_add, ticks
from .jit import kernel
from .vector import at, copy, lanes, load, prefetch, prefetch_to_read, store
from .work import call, part_kernel

PIECE, BLOCK = 4096, 1024  # elements of what is squared, or stepped, at once; SPEED: of all arrays of a dense step they stay in the cache
FACTOR, GAIN1, GAIN2, RATE, CORRECTION, EPSILON, SHRINK, SETTINGS = range(8)
TABLE, SOURCE = 5, 4  # numbers of a row of `EmbeddingUpdate.rows`, of `sources`


@kernel
def ids_are_fine(work):
    """Whether the ids in this thread's share of the rows lie in their tables. SPEED: NumPy takes three times as long as packing does."""
    good, ids, sizes, fields = True, work.ids, work.sizes, work.fields
    for i in range(work.checked * work.part // work.parts, work.checked * (work.part + 1) // work.parts):
        for j in range(fields):
            id = ids[i * fields + j]
            good &= (id >= 0) & (id < sizes[j])
    return good


@part_kernel
def pack_weights(work):
    """Pack the dense parameters into panels; for training W^T as well. found[0] = whether ids of this thread's share are wrong.

    SPEED: a thread packs the weights that it updates, which are in its cache: of another core they would come at 30 ns a line.
    """
    for number in range(work.operations):
        op = at(work.table, number * work.row)
        if op[L.PACK] > 0 and op[L.PARAMETER] * work.parts // work.dense_size == work.part:
            call(op[L.PACK], op, work, work.training, 0)
    if work.checked > 0:
        work.found[0] = not ids_are_fine(work)


def link(table, operations, dtype, training):
    """Write into the rows of a table where the kernels lie that do these operations."""
    for row, op in zip(table, operations):
        kind = KINDS[op.kind]
        if kind.training_only and not training:
            continue
        kernels = {L.FORWARD: kind.forward_tile, L.PACK: kind.pack} | ({L.BACKWARD: kind.backward_tile} if training else {})
        for place, compiled in kernels.items():
            if compiled and row[place] == 0:
                row[place] = compiled.address(dtype)


def summing(table, operations, before, dtype):
    """The table of the walk that takes sums over the batch: `before`, the rows that lead to what is summed, then those that sum."""
    kinds = [KINDS[op.kind] for op in operations]
    of_batch = [number for number, kind in enumerate(kinds) if kind.of_batch]
    rows = table[before + of_batch]
    for row, number in zip(rows[len(before) :], of_batch):
        row[L.FORWARD] = kinds[number].sum_tile.address(dtype)
    return rows


def folding(table, operations, dtype):
    """The table of a walk through one row, which adds to the packed biases what all rows share: inputs, and the layers that fold them."""
    kinds = [KINDS[op.kind] for op in operations]
    chosen = [number for number, kind in enumerate(kinds) if kind.fold or (kind.reads and not kind.adds_to_output)]
    rows = table[chosen]
    for row, number in zip(rows, chosen):
        if kinds[number].fold:
            row[L.FORWARD] = kinds[number].fold.address(dtype)
    return rows


@kernel
def clear(p, size):
    """p[:size] = 0."""
    for i in range(size):
        p[i] = 0


@part_kernel
def walk_tiles(work):
    """Walk the plan for the tiles tiles[i] .. tiles[i + 1], i = claimed[0], ..., which threads that share `claimed` share out.

    Forward through the rows of the table. Then, in training, backwards from the last row to the first, adding to
    this thread's accumulators; else the columns of `slots` (n, 3), each start, stride, width, go side by side to out.
    """
    clear(work.losses, work.summed)
    clear(work.ticks, 2 * work.ticked)
    operations, width, spent, cleared = work.operations, work.row, work.ticks, 0
    i = fetch_add(work.claimed)
    while i < work.borders - 1:
        first, rows = work.tiles[i], work.tiles[i + 1] - work.tiles[i]
        if work.training:
            for block in range(work.clears):
                clear(at(work.gradients, work.cleared[2 * block]), work.cleared[2 * block + 1])
        begin = ticks()
        for number in range(operations):
            op = at(work.table, number * width)
            if cleared < work.accumulated:  # SPEED: a part before each operation, during which its lines come from another core
                upto = work.accumulated * (number + 1) // operations
                clear(at(work.dense_gradients, cleared), upto - cleared)
                cleared = upto
            call(op[L.FORWARD], op, work, first, rows)
            end = ticks()
            spent[2 * number] += end - begin
            begin = end
        if work.training:
            for number in range(operations - 1, -1, -1):
                op = at(work.table, number * width)
                if op[L.BACKWARD] != 0:
                    call(op[L.BACKWARD], op, work, first, rows)
                    end = ticks()
                    spent[2 * number + 1] += end - begin
                    begin = end
        else:
            for row in range(rows):
                place = (first + row) * work.out_width
                for each in range(work.outputs):
                    slot = at(work.slots, 3 * each)
                    copy(at(work.out, place), at(work.values, slot[0] + row * slot[1]), slot[2])
                    place += slot[2]
        i = fetch_add(work.claimed)
    clear(at(work.dense_gradients, cleared), work.accumulated - cleared)  # of a thread without a tile


@part_kernel
def begin_searches(work):
    """Forward through a plan of searches for those of this thread; their gradients become 0."""
    clear(work.ticks, 2 * work.ticked)
    for block in range(work.clears):
        clear(at(work.gradients, work.cleared[2 * block]), work.cleared[2 * block + 1])
    for number in range(work.operations if work.its_searches > 0 else 0):
        op, begin = at(work.table, number * work.row), ticks()
        call(op[L.FORWARD], op, work, work.first_search, work.its_searches)
        work.ticks[2 * number] += ticks() - begin


@part_kernel
def end_searches(work):
    """Back through a plan of searches, once the gradients of what their rows began with are there."""
    for number in range(work.operations - 1 if work.its_searches > 0 else -1, -1, -1):
        op, begin = at(work.table, number * work.row), ticks()
        if op[L.BACKWARD] != 0:
            call(op[L.BACKWARD], op, work, work.first_search, work.its_searches)
        work.ticks[2 * number + 1] += ticks() - begin


@kernel
def sum_table(table, work):
    """Sum the gradients of every id of one table; returns the number of unique ids.

    Args:
        table: (TABLE,) a row of `EmbeddingUpdate.rows`.
    Writes:
        unique: (n,) ids in order of first use. id_sums: (n * D,) their gradients.
    NOTE: position (V,) is -1 everywhere before and after.
    """
    count, unique, position = 0, work.unique, at(work.position, table[4])
    rows = at(work.table_values, table[0]), at(work.table_m, table[0]), at(work.table_v, table[0])
    for i in range(table[2], table[3]):
        count = scatter(count, unique, work.id_sums, position, table[1], work, at(work.sources, SOURCE * i), rows)
    for i in range(count):
        position[unique[i]] = -1
    return count


@part_kernel
def sum_one_table(work):
    """`sum_table` for the first table of the share; found[0] = the number of unique ids."""
    work.found[0] = sum_table(work.shares, work)


@part_kernel
def square_gradients(work):
    """found[0] = the squares of this thread's gradients: of its elements of the dense arena, summed over threads, and of its tables, in
    which repeated ids are summed."""
    total, last = 0.0, work.dense_size * (work.part + 1) // work.parts
    for start in range(work.dense_size * work.part // work.parts, last, PIECE):
        end = min(start + PIECE, last)
        sum_threads(work.piece, work, start, end)
        total += sum_of_squares(work.piece, end - start)
    for number in range(work.shared_out):
        table = at(work.shares, number * TABLE)
        size = sum_table(table, work) * table[1]
        for start in range(0, size, PIECE):
            total += sum_of_squares(at(work.id_sums, start), min(size - start, PIECE))
    work.found[0] = total


@part_kernel
def update_tables(work):
    """For each table of this thread: sum the gradients of repeated ids, scale, then row-lazy Adam on the rows that occurred."""
    unique, sums, s = work.unique, work.id_sums, work.settings
    factor, gain1, gain2, rate, correction, epsilon = s[FACTOR], s[GAIN1], s[GAIN2], s[RATE], s[CORRECTION], s[EPSILON]
    for number in range(work.shared_out):
        table = at(work.shares, number * TABLE)
        count, width = sum_table(table, work), table[1]
        w, m, v = at(work.table_values, table[0]), at(work.table_m, table[0]), at(work.table_v, table[0])
        if factor != 1:
            scale(sums, count * width, factor)
        for i in range(count):
            if i + 8 < count:  # SPEED: rows lie anywhere in memory, so ask for those that come soon
                ahead = unique[i + 8] * width
                prefetch(w, ahead)
                prefetch(m, ahead)
                prefetch(v, ahead)
            start = unique[i] * width
            row = at(w, start), at(m, start), at(v, start), at(sums, i * width)
            adam_elements(*row, width, gain1, gain2, rate, correction, epsilon)


@kernel
def sum_threads(total, work, start, end):
    """total (end - start,) = the sum of the threads' gradients of elements start .. end, in the order of threads."""
    first, size, n = at(work.accumulators, start), end - start, lanes(total)
    second = at(first, work.accumulated)
    for i in range(0, size, n):  # there is room for whole vectors behind both
        prefetch_to_read(first, i + BLOCK)  # SPEED: one of both lies in the cache of another core
        prefetch_to_read(second, i + BLOCK)
        store(total, i, load(first, i) + load(second, i) if work.parts > 1 else load(first, i))
    for thread in range(2, work.parts):
        more = at(first, thread * work.accumulated)
        for i in range(0, size, n):
            prefetch_to_read(more, i + BLOCK)
            store(total, i, load(total, i) + load(more, i))


@part_kernel
def update_dense(work):
    """A dense step on this thread's elements of the arenas: sum the threads' gradients, scale, decay weights, Adam.

    settings: (SETTINGS,) what gradients are multiplied by, then those of `adam_update`, then learning rate times weight decay.
    """
    w, m, v, decay, gradients, s = work.dense_values, work.dense_m, work.dense_v, work.decay, work.piece, work.settings
    factor, gain1, gain2, rate, correction, epsilon, shrink = s[FACTOR], s[GAIN1], s[GAIN2], s[RATE], s[CORRECTION], s[EPSILON], s[SHRINK]
    last = work.dense_size * (work.part + 1) // work.parts
    for start in range(work.dense_size * work.part // work.parts, last, BLOCK):
        end = min(start + BLOCK, last)
        sum_threads(gradients, work, start, end)
        if factor != 1:
            scale(gradients, end - start, factor)
        if shrink > 0:
            for i in range(start, end):
                w[i] -= shrink * decay[i] * w[i]
        part = at(w, start), at(m, start), at(v, start), gradients
        adam_elements(*part, end - start, gain1, gain2, rate, correction, epsilon)
