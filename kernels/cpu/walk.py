"""The compiled drivers of the `cpu` executor: one thread walks a plan for its tiles of rows.

An operation's mathematics is in its own file; here is only the order of things. Each driver is
compiled once for float32 (and once for float64, for whoever checks gradients) whatever the plan is,
because a plan is data to it: the integer table of `layout.py`, with the addresses of the kernels that it needs.
"""

from __future__ import annotations

import numpy as np

from ..adam import adam_elements
from ..ops import by_id, dense, embedding, group_losses, losses, mixture, softmax
from ..ops.registry import OPCODES
from .jit import driver, kernel
from .layout import BACKWARD, CODE, FORWARD
from .vector import at, claim, copy, pointer, prefetch, ticks
from .work import call, work_of

GATHER, BAG, COPY, DENSE, DENSE_BY_ID = (OPCODES[kind] for kind in ("gather", "bag", "copy", "dense", "dense_by_id"))
FORWARD_KERNELS = {
    "gather": embedding.gather_forward_tile,
    "bag": embedding.bag_forward_tile,
    "copy": dense.copy_forward_tile,
    "dense": dense.dense_forward_tile,
    "bias_by_id": by_id.bias_by_id_forward_tile,
    "dense_by_id": by_id.dense_by_id_forward_tile,
    "softmax": softmax.softmax_forward_tile,
    "mixture": mixture.mixture_forward_tile,
    "bce": losses.bce_tile,  # a loss writes its gradient at once
    "mse": losses.mse_tile,
    "bce_entire": losses.entire_loss_tile,
    "pairwise": group_losses.pairwise_tile,
    "listwise": group_losses.listwise_tile,
}
BACKWARD_KERNELS = {
    "gather": embedding.input_backward_tile,
    "bag": embedding.input_backward_tile,
    "dense": dense.dense_backward_tile,
    "bias_by_id": by_id.bias_by_id_backward_tile,
    "dense_by_id": by_id.dense_by_id_backward_tile,
    "softmax": softmax.softmax_backward_tile,
    "mixture": mixture.mixture_backward_tile,
}


@driver
def pack_weights(table, arrays, part, parts, training):
    """Pack the dense parameters of every `parts`-th operation into panels; W^T only for `training`."""
    work, width = work_of(arrays), table.shape[1]
    for number in range(part, len(table), parts):
        op = at(pointer(table), number * width)
        if op[CODE] == DENSE:
            dense.pack_dense(op, work, training)
        elif op[CODE] == DENSE_BY_ID:
            by_id.pack_by_id(op, work, training)


def kernels_of(kind):
    """The kernels of one kind of operation."""
    return [kernels[kind] for kernels in (FORWARD_KERNELS, BACKWARD_KERNELS) if kind in kernels]


def link(table, operations, dtype, training):
    """Write into the rows of a table where the kernels lie that do these operations."""
    for row, op in zip(table, operations):
        row[FORWARD] = FORWARD_KERNELS[op.kind].address(dtype)
        if training and op.kind in BACKWARD_KERNELS:
            row[BACKWARD] = BACKWARD_KERNELS[op.kind].address(dtype)


def folding(table, dtype):
    """The table of a walk through one row, which adds to the packed biases what all rows share."""
    chosen = table[np.isin(table[:, CODE], [GATHER, BAG, COPY, DENSE])]
    chosen[chosen[:, CODE] == DENSE, FORWARD] = dense.fold_shared_columns.address(dtype)
    return chosen


@driver
def walk_tiles(table, cleared, arrays, tiles, claimed, training, slot, out):
    """Walk the plan for the tiles tiles[i] .. tiles[i + 1], i = claimed[0], ..., which threads that share `claimed` share out.

    Forward through the rows of `table`. Then, if `training`, backwards from the last row to the first, adding to
    this thread's accumulators; else the columns of `slot` = (start, stride, width) go to out (B, width).
    """
    work, width = work_of(arrays), table.shape[1]
    arrays.dense_gradients[:] = 0
    arrays.losses[:] = 0
    arrays.ticks[:] = 0
    i = claim(pointer(claimed))
    while i < len(tiles) - 1:
        first, rows = tiles[i], tiles[i + 1] - tiles[i]
        if training:
            for block in range(len(cleared)):
                arrays.gradients[cleared[block, 0] : cleared[block, 0] + cleared[block, 1]] = 0
        for number in range(len(table)):
            op, start = at(pointer(table), number * width), ticks()
            call(op[FORWARD], op, work, first, rows)
            arrays.ticks[number, 0] += ticks() - start
        if training:
            for number in range(len(table) - 1, -1, -1):
                op, start = at(pointer(table), number * width), ticks()
                if op[BACKWARD] != 0:
                    call(op[BACKWARD], op, work, first, rows)
                arrays.ticks[number, 1] += ticks() - start
        else:
            for row in range(rows):
                copy(at(pointer(out), (first + row) * slot[2]), at(work.values, slot[0] + row * slot[1]), slot[2])
        i = claim(pointer(claimed))


@kernel
def sum_table(table, sources, work, unique, sums, position):
    """Sum the gradients of every id of one table; returns the number of unique ids.

    Args:
        table: (5,) a row of `TableReaders.rows`. sources: (n, 3) opcode, column or bag, columns before it in input_gradients.
    Writes:
        unique: (n,) ids in order of first use. sums: (n * D,) their gradients.
    NOTE: position (V,) is -1 everywhere before and after.
    """
    count = 0
    for i in range(table[2], table[3]):
        code, column, place = sources[i, 0], sources[i, 1], sources[i, 2]
        if code == GATHER:
            count = embedding.scatter_gather(count, unique, sums, position, table[1], work, column, place)
        else:
            count = embedding.scatter_bag(count, unique, sums, position, table[1], work, column, place)
    for i in range(count):
        position[unique[i]] = -1
    return count


@driver
def table_gradient(table, sources, arrays, unique, sums, position):
    """`sum_table` for one table."""
    work = work_of(arrays)
    return sum_table(pointer(table), sources, work, pointer(unique), pointer(sums), at(pointer(position), table[4]))


@driver
def step_tables(tables, sources, arrays, unique, sums, position, w, m, v, gain1, gain2, rate, correction, epsilon):
    """For each of `tables`: sum the gradients of repeated ids, then row-lazy Adam on the rows that occurred."""
    work = work_of(arrays)
    for number in range(len(tables)):
        table = at(pointer(tables), number * tables.shape[1])
        count = sum_table(table, sources, work, pointer(unique), pointer(sums), at(pointer(position), table[4]))
        width = table[1]
        for i in range(count):
            if i + 8 < count:  # SPEED: rows lie anywhere in memory, so ask for those that come soon
                ahead = table[0] + unique[i + 8] * width
                prefetch(pointer(w), ahead)
                prefetch(pointer(m), ahead)
                prefetch(pointer(v), ahead)
            start = table[0] + unique[i] * width
            adam_elements(
                at(pointer(w), start),
                at(pointer(m), start),
                at(pointer(v), start),
                at(pointer(sums), i * width),
                width,
                gain1,
                gain2,
                rate,
                correction,
                epsilon,
            )


@driver
def adam_arena(w, m, v, gradients, decay, low, high, gain1, gain2, rate, correction, epsilon, shrink):
    """A dense step on elements low .. high of the arenas: sum the threads' gradients, decay weights, Adam.

    Args:
        gradients: (threads, P'), the accumulators; the first becomes the sum.
    """
    for start in range(low, high, 4096):
        end = min(start + 4096, high)
        for thread in range(1, len(gradients)):
            for i in range(start, end):
                gradients[0, i] += gradients[thread, i]
        if shrink > 0:
            for i in range(start, end):
                w[i] -= shrink * decay[i] * w[i]
        adam_elements(
            at(pointer(w), start),
            at(pointer(m), start),
            at(pointer(v), start),
            at(pointer(gradients), start),
            end - start,
            gain1,
            gain2,
            rate,
            correction,
            epsilon,
        )
