"""The compiled drivers of the `cpu` executor: one thread walks a plan for its tiles of rows.

An operation's mathematics is in its own file; here is only the order of things. Each driver is
compiled once for float32 (and once for float64, for whoever checks gradients) whatever the plan is,
because a plan is data to it: the integer table of `layout.py`.
"""

from __future__ import annotations

from . import adam, by_id, dense, embedding, group_losses, losses, mixture, softmax
from .jit import driver
from .layout import CODE, NUMBER
from .operations import OPCODES

GATHER, BAG, COPY = OPCODES["gather"], OPCODES["bag"], OPCODES["copy"]
DENSE, BIAS_BY_ID, DENSE_BY_ID = OPCODES["dense"], OPCODES["bias_by_id"], OPCODES["dense_by_id"]
SOFTMAX, MIXTURE = OPCODES["softmax"], OPCODES["mixture"]
BCE, MSE, BCE_ENTIRE = OPCODES["bce"], OPCODES["mse"], OPCODES["bce_entire"]
PAIRWISE, LISTWISE = OPCODES["pairwise"], OPCODES["listwise"]


@driver
def walk_tiles(table, places, work, tiles, training, slot, out):
    """Walk the plan for the tiles tiles[i] .. tiles[i + 1].

    Forward through the rows of `table`; a loss also adds its gradient to its logit's. Then, if
    `training`, backwards from the last row to the first, adding to this thread's accumulators;
    otherwise the columns of `slot` = (offset, stride, column, width) go to out (B, width).

    NOTE: one driver for both, for compiling each operation once is what a cold start costs.
    """
    work.dense_gradients[:] = 0
    work.losses[:] = 0
    for i in range(len(tiles) - 1):
        first, rows = tiles[i], tiles[i + 1] - tiles[i]
        work.gradients[:] = 0
        for number in range(len(table)):
            op = table[number]
            code = op[CODE]
            if code == DENSE:
                dense.dense_forward_tile(op, work, first, rows)
            elif code == GATHER:
                embedding.gather_forward_tile(op, work, first, rows)
            elif code == BAG:
                embedding.bag_forward_tile(op, work, first, rows)
            elif code == COPY:
                dense.copy_forward_tile(op, work, first, rows)
            elif code == BIAS_BY_ID:
                by_id.bias_by_id_forward_tile(op, work, first, rows)
            elif code == DENSE_BY_ID:
                by_id.dense_by_id_forward_tile(op, work, first, rows)
            elif code == SOFTMAX:
                softmax.softmax_forward_tile(op, work, first, rows)
            elif code == MIXTURE:
                mixture.mixture_forward_tile(op, work, first, rows)
            elif code == BCE or code == MSE:
                losses.row_loss_tile(op, work, first, rows, code == MSE)
            elif code == BCE_ENTIRE:
                losses.entire_loss_tile(op, work, first, rows)
            elif code == PAIRWISE:
                group_losses.pairwise_tile(op, work, first, rows)
            elif code == LISTWISE:
                group_losses.listwise_tile(op, work, first, rows)
        if not training:
            offset, stride, column, width = slot
            for row in range(rows):
                start = offset * work.capacity + row * stride + column
                for j in range(width):
                    out[first + row, j] = work.values[start + j]
            continue
        for number in range(len(table) - 1, -1, -1):
            op = table[number]
            code = op[CODE]
            if code == DENSE:
                dense.dense_backward_tile(op, work, first, rows)
            elif code == GATHER or code == BAG:
                embedding.input_backward_tile(op, work, first, rows, places[op[NUMBER]])
            elif code == BIAS_BY_ID:
                by_id.bias_by_id_backward_tile(op, work, first, rows)
            elif code == DENSE_BY_ID:
                by_id.dense_by_id_backward_tile(op, work, first, rows)
            elif code == SOFTMAX:
                softmax.softmax_backward_tile(op, work, first, rows)
            elif code == MIXTURE:
                mixture.mixture_backward_tile(op, work, first, rows)


@driver
def table_gradient(sources, width, rows, ids, entities, starts, offsets, bag_ids, gradients, unique, sums, position):
    """Sum the gradients of every id of one table: returns the number of unique ids.

    Args:
        sources: (n, 3) opcode, column of ids or bag, place in `gradients`, for each operation that reads the table.
        width: D. rows: B.
    Writes:
        unique: (n,) ids in order of first use. sums: (n * D,) their gradients.
    NOTE: position (V,) is -1 everywhere before and after.
    """
    count = 0
    for i in range(len(sources)):
        code, column, start = sources[i, 0], sources[i, 1], sources[i, 2] * rows
        if code == GATHER:
            count = embedding.scatter_gather(count, unique, sums, position, width, ids, column, gradients, start)
        else:
            count = embedding.scatter_bag(
                count, unique, sums, position, width, entities, column, starts, offsets, bag_ids, gradients, start
            )
    for i in range(count):
        position[unique[i]] = -1
    return count


@driver
def adam_table(w, m, v, start, width, unique, sums, gain1, gain2, rate, correction, epsilon):
    """A row-lazy step on rows `unique` (n,) of the table that starts at `start` of the arenas; sums (n * D,)."""
    for i in range(len(unique)):
        place = start + unique[i] * width
        adam.adam_elements(
            w[place : place + width], m[place : place + width], v[place : place + width],
            sums[i * width : (i + 1) * width], gain1, gain2, rate, correction, epsilon,
        )


@driver
def adam_arena(w, m, v, gradient, decay, low, high, gain1, gain2, rate, correction, epsilon, shrink):
    """A dense step on elements low .. high of the arenas, weight decay first."""
    if shrink > 0:
        for i in range(low, high):
            w[i] -= shrink * decay[i] * w[i]
    adam.adam_elements(
        w[low:high], m[low:high], v[low:high], gradient[low:high], gain1, gain2, rate, correction, epsilon
    )
