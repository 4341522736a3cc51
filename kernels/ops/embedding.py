"""Embeddings: one row of a table for a categorical field, the mean of several for a multi-valued one.

    gather   y_b = W[id_b]
    bag      y_b = 1/n_b sum_{i in bag b} W[i],     y_b = 0 for an empty bag

Backward. W enters linearly, so each use of row i sends its share of dy back to that row:

    y_b = W[id_b]              =>  dW[id_b] += dy_b
    y_b = 1/n_b sum W[i]       =>  dW[i]    += dy_b / n_b      for every i in the bag

dW is sparse: only rows that the batch used are touched, and it is stored as pairs (ids, rows), never
as a dense gradient of a table.
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.vector import add_scaled, at, copy_row, number, prefetch, prefetch_to_read, set_scaled
from ..cpu.work import tile_kernel
from .kind import Count, Kind, Sizes


def gather_forward(y, ids, table):
    """y_b = table[ids_b].

    Args:
        ids: (B,) int in 0 .. V-1. table: (V, D).
    Writes:
        y: (B, D).
    """
    y[...] = table[ids]


def gather_backward(dy, ids):
    """The sparse gradient of `gather_forward`.

    Args:
        dy: (B, D). ids: (B,) int.
    Returns:
        (ids (n,) unique and ascending, rows (n, D)).
    """
    return sum_by_id(ids, dy)


def bag_forward(y, bag, table):
    """y_b = mean of table[i] over the ids of row b's entity; 0 if it has none.

    Args:
        bag: `batch.Bag` of B rows. table: (V, D).
    Writes:
        y: (B, D).
    """
    rows, ids, share = bag_entries(bag)
    y[...] = 0
    np.add.at(y, rows, table[ids] * share[:, None].astype(y.dtype))


def bag_backward(dy, bag):
    """The sparse gradient of `bag_forward`: each of the n ids of a bag gets dy / n.

    Returns:
        (ids (n,) unique and ascending, rows (n, D)).
    """
    rows, ids, share = bag_entries(bag)
    return sum_by_id(ids, dy[rows] * share[:, None].astype(dy.dtype))


def bag_entries(bag):
    """One entry for each (row, id) of a bag: (row (n,), id (n,), 1 / size of the row's bag (n,))."""
    starts, ends = bag.offsets[bag.entity], bag.offsets[bag.entity + 1]
    sizes = ends - starts
    rows = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return rows, bag.ids[starts[rows] + within], 1.0 / sizes[rows]


def sum_by_id(ids, rows):
    """Sum the rows that share an id: (unique ids ascending (n,), sums (n, D))."""
    unique, inverse = np.unique(ids, return_inverse=True)
    sums = np.zeros((len(unique), rows.shape[1]), rows.dtype)
    np.add.at(sums, inverse, rows)
    return unique, sums


class _Lookup(Kind):
    """What the two have in common: a parameter (table,), all of whose columns need a gradient."""

    table = True

    def check(self, op, before):
        if op.output.differentiable < op.output.width:
            raise ValueError(f"a {op.kind} needs a gradient for all its columns, but {op.output} has one for {op.output.differentiable}")

    def sizes(self, op, lanes):
        return Sizes(gradients=op.output.width)

    def inputs_of(self, op, spec):
        names = spec.bags if self.reads == "bag" else spec.categorical
        return [names[op.attributes[self.reads]][0]] * op.output.width

    def used_ids(self, op, batch) -> np.ndarray:
        """(n,) the id of every use of a row of the table."""
        raise NotImplementedError


class Gather(_Lookup, name="gather"):
    """Attribute field, the column of the ids."""

    integer_attributes, reads = ("field",), "field"

    def forward(self, op, state):
        gather_forward(state.value(op.output), self.used_ids(op, state.batch), *state.values(op.parameters))

    def backward(self, op, state):
        state.add_table_gradient(op.parameters[0], *gather_backward(state.gradient(op.output), self.used_ids(op, state.batch)))

    def used_ids(self, op, batch):
        return batch.ids[:, op.attributes["field"]]

    def count(self, op, batch, tiles, overwrites):
        """0, 2BD; backward 0, 2BD: saved for the step of the table."""
        moved = Count(0, 2 * len(batch) * op.output.width)
        return moved, moved


class MeanBag(_Lookup, name="bag"):
    """Attribute bag, the number of the bag."""

    integer_attributes, reads = ("bag",), "bag"

    def forward(self, op, state):
        bag = state.batch.bags[op.attributes["bag"]]
        bag_forward(state.value(op.output), bag, *state.values(op.parameters))

    def backward(self, op, state):
        bag = state.batch.bags[op.attributes["bag"]]
        state.add_table_gradient(op.parameters[0], *bag_backward(state.gradient(op.output), bag))

    def used_ids(self, op, batch):
        return bag_entries(batch.bags[op.attributes["bag"]])[1]

    def count(self, op, batch, tiles, overwrites):
        """2nD + BD, nD + 2BD; backward 0, 2BD."""
        entries, width, rows = len(self.used_ids(op, batch)), op.output.width, len(batch)
        return Count(2 * entries * width + rows * width, entries * width + 2 * rows * width), Count(0, 2 * rows * width)


# --- Numba, one tile of rows ---------------------------------------------------------------

FIELD = BAG = L.INTEGERS[0]


@tile_kernel
def gather_forward_tile(op, work, first, rows):
    """y = table[id] for one tile."""
    y, stride, width = at(work.values, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    table, ids, fields = at(work.table_values, op[L.PARAMETER]), at(work.ids, first * work.fields + op[FIELD]), work.fields
    for i in range(rows):
        if i + 32 < rows:
            prefetch_to_read(table, ids[(i + 32) * fields] * width)  # SPEED: rows lie anywhere in a table
        copy_row(at(y, i * stride), at(table, ids[i * fields] * width), width)


@tile_kernel
def bag_forward_tile(op, work, first, rows):
    """y = mean of the rows of a bag for one tile."""
    y, stride, width = at(work.values, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    table, bag = at(work.table_values, op[L.PARAMETER]), op[BAG]
    for i in range(rows):
        entity = work.bag_starts[bag] + work.entities[(first + i) * work.bags + bag]
        start, end = work.bag_offsets[entity], work.bag_offsets[entity + 1]
        mean = at(y, i * stride)
        for j in range(width):
            mean[j] = 0
        for k in range(start, end):
            add_scaled(mean, at(table, work.bag_ids[k] * width), number(mean, 1), width)
        size = number(mean, max(end - start, 1))
        for j in range(width):
            mean[j] /= size


@tile_kernel
def input_backward_tile(op, work, first, rows):
    """Keep dy of a gather or a bag for `scatter`: block (B, D) of input_gradients."""
    dy, stride, width = at(work.gradients, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    saved = at(work.input_gradients, op[L.INPUT_GRADIENT] * work.batch + first * width)
    for i in range(rows):
        prefetch(saved, (i + 32) * width)  # SPEED: the thread that steps the table has these lines since the last step
        copy_row(at(saved, i * width), at(dy, i * stride), width)


@kernel
def add_row(count, unique, sums, position, width, id, row, share, tables):
    """sums[id] += share * row, where `position` finds the sum of an id; a new id gets the next place."""
    place = position[id]
    if place < 0:
        position[id] = place = count
        unique[place] = id
        count += 1
        for table in tables:
            prefetch(table, id * width)  # SPEED: rows lie anywhere in a table, perhaps in the cache of another core
        set_scaled(at(sums, place * width), row, share, width)
    else:
        add_scaled(at(sums, place * width), row, share, width)
    return count


@kernel
def scatter(count, unique, sums, position, width, work, source, tables):
    """Add the gradients of one operation that reads a table, of rows or of searches.

    Args:
        source: see `EmbeddingUpdate.sources`. tables: the table, and of the same shape its m and v, which are fetched into the cache.
    """
    if source[3] == 0:
        rows, ids, entities, gradients = work.batch, work.ids, work.entities, work.input_gradients
    else:
        rows, ids, entities, gradients = work.searches, work.search_ids, work.search_entities, work.search_input_gradients
    gradients = at(gradients, source[2] * rows)
    if source[0] == 0:
        return scatter_gather(count, unique, sums, position, width, at(ids, source[1]), work.fields, gradients, rows, tables)
    return scatter_bag(count, unique, sums, position, width, work, source[1], entities, gradients, rows, tables)


@kernel
def scatter_gather(count, unique, sums, position, width, ids, fields, gradients, rows, tables):
    """Add every row's dy to the sum of its id, in row order (so the bytes never depend on threads).

    NOTE: `unique` (n,) and `sums` (n * D,) are filled in the order in which ids first occur.
    """
    one = number(sums, 1)
    for i in range(rows):
        if i + 16 < rows:
            prefetch(position, ids[(i + 16) * fields])  # SPEED: ids lie anywhere in a table
        count = add_row(count, unique, sums, position, width, ids[i * fields], at(gradients, i * width), one, tables)
    return count


@kernel
def scatter_bag(count, unique, sums, position, width, work, bag, entities, gradients, rows, tables):
    """Add every row's dy / n to the sums of the n ids of its bag, in row order."""
    for i in range(rows):
        entity = work.bag_starts[bag] + entities[i * work.bags + bag]
        low, high = work.bag_offsets[entity], work.bag_offsets[entity + 1]
        share = number(sums, 1) / number(sums, max(high - low, 1))
        for k in range(low, high):
            count = add_row(count, unique, sums, position, width, work.bag_ids[k], at(gradients, i * width), share, tables)
    return count


Gather.forward_tile, MeanBag.forward_tile = gather_forward_tile, bag_forward_tile
Gather.backward_tile = MeanBag.backward_tile = input_backward_tile
