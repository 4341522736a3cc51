"""The compiled drivers of the `cpu` executor: one thread walks a plan for its tiles of rows.

An operation's mathematics is in its own file; here is only the order of things. Each driver is
compiled once for float32 (and once for float64, for whoever checks gradients) whatever the plan is,
because a plan is data to it: the integer table of `layout.py`, with the addresses of the kernels that it needs.
"""

from __future__ import annotations

from ..adam import adam_elements, scale, sum_of_squares
from ..ops import KINDS
from ..ops.embedding import scatter
from . import layout as L
from .jit import driver, kernel
from .vector import at, copy, fetch_add, pointer, prefetch, ticks
from .work import call, work_of

PIECE = 4096  # elements; SPEED: of all arrays of a dense step they stay in the cache


@driver
def pack_weights(table, arrays, part, parts, training):
    """Pack the dense parameters of every `parts`-th operation into panels; W^T only for `training`."""
    work, width = work_of(arrays), table.shape[1]
    for number in range(part, len(table), parts):
        op = at(pointer(table), number * width)
        if op[L.PACK] > 0:
            call(op[L.PACK], op, work, training, 0)


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


@driver
def walk_tiles(table, cleared, arrays, tiles, claimed, training, slots, out):
    """Walk the plan for the tiles tiles[i] .. tiles[i + 1], i = claimed[0], ..., which threads that share `claimed` share out.

    Forward through the rows of `table`. Then, if `training`, backwards from the last row to the first, adding to
    this thread's accumulators; else the columns of `slots` (n, 3), each start, stride, width, go side by side to out.
    """
    work, width = work_of(arrays), table.shape[1]
    arrays.dense_gradients[:] = 0
    arrays.losses[:] = 0
    arrays.ticks[:] = 0
    i = fetch_add(pointer(claimed))
    while i < len(tiles) - 1:
        first, rows = tiles[i], tiles[i + 1] - tiles[i]
        if training:
            for block in range(len(cleared)):
                arrays.gradients[cleared[block, 0] : cleared[block, 0] + cleared[block, 1]] = 0
        for number in range(len(table)):
            op, start = at(pointer(table), number * width), ticks()
            call(op[L.FORWARD], op, work, first, rows)
            arrays.ticks[number, 0] += ticks() - start
        if training:
            for number in range(len(table) - 1, -1, -1):
                op, start = at(pointer(table), number * width), ticks()
                if op[L.BACKWARD] != 0:
                    call(op[L.BACKWARD], op, work, first, rows)
                arrays.ticks[number, 1] += ticks() - start
        else:
            for row in range(rows):
                place = (first + row) * out.shape[1]
                for each in range(len(slots)):
                    copy(at(pointer(out), place), at(work.values, slots[each, 0] + row * slots[each, 1]), slots[each, 2])
                    place += slots[each, 2]
        i = fetch_add(pointer(claimed))


@driver
def begin_searches(table, cleared, arrays, searches, first):
    """Forward through a plan of searches for those of a thread, `searches` from `first` on; their gradients become 0."""
    work, width = work_of(arrays), table.shape[1]
    arrays.ticks[:] = 0
    for block in range(len(cleared)):
        arrays.gradients[cleared[block, 0] : cleared[block, 0] + cleared[block, 1]] = 0
    for number in range(len(table) if searches > 0 else 0):
        op, start = at(pointer(table), number * width), ticks()
        call(op[L.FORWARD], op, work, first, searches)
        arrays.ticks[number, 0] += ticks() - start


@driver
def end_searches(table, arrays, searches, first):
    """Back through a plan of searches, once the gradients of what their rows began with are there."""
    work, width = work_of(arrays), table.shape[1]
    for number in range(len(table) - 1 if searches > 0 else -1, -1, -1):
        op, start = at(pointer(table), number * width), ticks()
        if op[L.BACKWARD] != 0:
            call(op[L.BACKWARD], op, work, first, searches)
        arrays.ticks[number, 1] += ticks() - start


@kernel
def sum_table(table, sources, work, unique, sums, position):
    """Sum the gradients of every id of one table; returns the number of unique ids.

    Args:
        table: (5,) a row of `EmbeddingUpdate.rows`. sources: (n, 3) see there.
    Writes:
        unique: (n,) ids in order of first use. sums: (n * D,) their gradients.
    NOTE: position (V,) is -1 everywhere before and after.
    """
    count = 0
    for i in range(table[2], table[3]):
        count = scatter(count, unique, sums, position, table[1], work, sources[i])
    for i in range(count):
        position[unique[i]] = -1
    return count


@driver
def table_gradient(table, sources, arrays, unique, sums, position):
    """`sum_table` for one table."""
    work = work_of(arrays)
    return sum_table(pointer(table), sources, work, pointer(unique), pointer(sums), at(pointer(position), table[4]))


@driver
def square_tables(tables, sources, arrays, unique, sums, position, squares):
    """squares[0] += the squares of the gradients of `tables`, in which repeated ids are summed."""
    work = work_of(arrays)
    for number in range(len(tables)):
        table = at(pointer(tables), number * tables.shape[1])
        count = sum_table(table, sources, work, pointer(unique), pointer(sums), at(pointer(position), table[4]))
        for start in range(0, count * table[1], PIECE):
            squares[0] += sum_of_squares(at(pointer(sums), start), min(count * table[1] - start, PIECE))


@driver
def step_tables(tables, sources, arrays, unique, sums, position, w, m, v, factor, gain1, gain2, rate, correction, epsilon):
    """For each of `tables`: sum the gradients of repeated ids, scale, then row-lazy Adam on the rows that occurred."""
    work = work_of(arrays)
    for number in range(len(tables)):
        table = at(pointer(tables), number * tables.shape[1])
        count = sum_table(table, sources, work, pointer(unique), pointer(sums), at(pointer(position), table[4]))
        width = table[1]
        if factor != 1:
            scale(pointer(sums), count * width, factor)
        for i in range(count):
            if i + 8 < count:  # SPEED: rows lie anywhere in memory, so ask for those that come soon
                ahead = table[0] + unique[i + 8] * width
                prefetch(pointer(w), ahead)
                prefetch(pointer(m), ahead)
                prefetch(pointer(v), ahead)
            start = table[0] + unique[i] * width
            row = at(pointer(w), start), at(pointer(m), start), at(pointer(v), start), at(pointer(sums), i * width)
            adam_elements(*row, width, gain1, gain2, rate, correction, epsilon)


@driver
def square_arena(gradients, low, high, squares):
    """Sum the threads' gradients (threads, P') into the first, for elements low .. high; squares[0] += the squares of the sums."""
    for start in range(low, high, PIECE):
        end = min(start + PIECE, high)
        sum_threads(gradients, start, end)
        squares[0] += sum_of_squares(at(pointer(gradients), start), end - start)


@kernel
def sum_threads(gradients, start, end):
    """The first accumulator becomes the sum of all, for elements start .. end."""
    for thread in range(1, len(gradients)):
        for i in range(start, end):
            gradients[0, i] += gradients[thread, i]


@driver
def adam_arena(w, m, v, gradients, decay, low, high, factor, gain1, gain2, rate, correction, epsilon, shrink):
    """A dense step on elements low .. high of the arenas: sum the threads' gradients, scale, decay weights, Adam.

    Args:
        gradients: (threads, P'), the accumulators; the first becomes the sum.
    """
    for start in range(low, high, PIECE):
        end = min(start + PIECE, high)
        sum_threads(gradients, start, end)
        if factor != 1:
            scale(at(pointer(gradients), start), end - start, factor)
        if shrink > 0:
            for i in range(start, end):
                w[i] -= shrink * decay[i] * w[i]
        part = at(pointer(w), start), at(pointer(m), start), at(pointer(v), start), at(pointer(gradients), start)
        adam_elements(*part, end - start, gain1, gain2, rate, correction, epsilon)
