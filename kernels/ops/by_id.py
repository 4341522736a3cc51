"""Parameters chosen by an id: what a role, or a position, adds to the shared part.

    bias_by_id    z_b += c_{r_b}              r = 0 ("unknown") adds nothing
    dense_by_id   z_b += x_b U_{r_b}

The shared part is thus the prior, and what an id adds is a correction that a penalty in the loss,
lambda/2 ||U, c||^2 once a data set, pulls to zero. An id that was never seen, and id 0, get
exactly the shared part.

Backward, z being the shared output with its gradient dz given:

    z_b += c_r         =>  dc_r += dz_b
    z_b += x_b U_r     =>  dU_r += x_b^T dz_b,     dx_b += dz_b U_r^T
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.matmul import add_weight_gradient, multiply, pack, pack_weight, panel_vectors, whole_vectors
from ..cpu.tile import ADD
from ..cpu.vector import add_scaled, at, copy_row, lanes, number
from ..cpu.work import tile_kernel
from .kind import Count, Kind, Sizes, columns_of, up_to_vectors


def bias_by_id_forward(z, ids, bias):
    """z_b += bias[id_b - 1] where id_b > 0.

    Args:
        ids: (B,) int in 0 .. R. bias: (R, N).
    Adds to:
        z: (B, N).
    """
    known = ids > 0
    z[known] += bias[ids[known] - 1]


def bias_by_id_backward(dbias, dz, ids):
    """Gradient of `bias_by_id_forward`. Adds to dbias (R, N)."""
    known = ids > 0
    np.add.at(dbias, ids[known] - 1, dz[known])


def dense_by_id_forward(z, x, ids, weight):
    """z_b += x_b weight[id_b - 1] where id_b > 0.

    Args:
        x: (B, K). ids: (B,) int in 0 .. R. weight: (R, K, N).
    Adds to:
        z: (B, N).
    """
    for r in range(len(weight)):
        rows = ids == r + 1
        z[rows] += x[rows] @ weight[r]


def dense_by_id_backward(dx, dweight, dz, x, ids, weight):
    """Gradient of `dense_by_id_forward`. Adds to dx (B, G), the first G <= K columns, and dweight (R, K, N)."""
    for r in range(len(weight)):
        rows = ids == r + 1
        dweight[r] += x[rows].T @ dz[rows]
        dx[rows] += dz[rows] @ weight[r][: dx.shape[1]].T


class _ById(Kind):
    """What the two have in common: they add to a linear output, parameters chosen by the ids of attribute field."""

    integer_attributes, reads, by_id, adds_to_output = ("field",), "field", True, True

    def check(self, op, before):
        if any(each.attributes.get("relu") and each.output.block == op.output.block for each in before):
            raise ValueError(f"{op.kind} must add to a linear output, but {op.output} is that of a ReLU")

    def ids(self, op, batch) -> np.ndarray:
        """(B,) the ids of its field."""
        return batch.ids[:, op.attributes["field"]]


class BiasById(_ById, name="bias_by_id"):
    """No input, parameter (bias,)."""

    def forward(self, op, state):
        bias_by_id_forward(state.value(op.output), self.ids(op, state.batch), *state.values(op.parameters))

    def backward(self, op, state):
        bias_by_id_backward(*state.gradients(op.parameters), state.gradient(op.output), self.ids(op, state.batch))

    def count(self, op, batch, tiles, overwrites):
        """kN, 3kN; backward the same."""
        added = int((self.ids(op, batch) > 0).sum()) * op.output.width
        return Count(added, 3 * added), Count(added, 3 * added)


class DenseById(_ById, name="dense_by_id"):
    """Inputs (x,), parameter (weight,)."""

    multiplies = True

    def forward(self, op, state):
        z, x = state.value(op.output), state.value(op.inputs[0])
        (weight,) = state.values(op.parameters)
        dense_by_id_forward(z, x, self.ids(op, state.batch), weight[:, columns_of(op)])

    def backward(self, op, state):
        (x,), ids, read = op.inputs, self.ids(op, state.batch), columns_of(op)
        dx, (dweight,), (weight,) = state.gradient(x), state.gradients(op.parameters), state.values(op.parameters)
        dsome = dweight[:, read]
        dense_by_id_backward(dx, dsome, state.gradient(op.output), state.value(x), ids, weight[:, read])
        dweight[:, read] = dsome

    def attributes(self, op):
        """The field, and the number of its ids."""
        return op.attributes["field"], op.parameters[0].shape[0]

    def sizes(self, op, lanes):
        (x,), width = op.inputs, up_to_vectors(op.output.width, lanes)
        transposed = up_to_vectors(x.differentiable, lanes)
        return Sizes(op.parameters[0].shape[0] * (x.width * width + op.output.width * transposed), scratch=x.width + transposed + 2 * width)

    def count(self, op, batch, tiles, overwrites):
        """2kKN + kN, k(2K + 3N) + tRKN; backward 2kKN + 2kNG + kG, k(2K + 3N + 3G) + tR(2KN + NG)."""
        known, roles, n = int((self.ids(op, batch) > 0).sum()), op.parameters[0].shape[0], op.output.width
        k, g = op.inputs[0].width, op.inputs[0].differentiable
        forward = Count(2 * known * k * n + known * n, known * (2 * k + 3 * n) + tiles * roles * k * n)
        return forward, Count(2 * known * n * (k + g) + known * g, known * (2 * k + 3 * n + 3 * g) + tiles * roles * n * (2 * k + g))


# --- Numba, one tile of rows ---------------------------------------------------------------
#
# Neighbours seldom share an id, so for each id the rows that have it are gathered into a small matrix of their own,
# multiplied, and added back. The packed weights, from PANELS on, are for each id: panels of W, panels of W^T.

FIELD, IDS = L.INTEGERS


@tile_kernel
def bias_by_id_forward_tile(op, work, first, rows):
    """z += bias[id] for one tile."""
    z, stride, width = at(work.values, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    bias, ids, fields = at(work.dense_values, op[L.PARAMETER]), at(work.ids, first * work.fields + op[FIELD]), work.fields
    for i in range(rows):
        id = ids[i * fields]
        if id > 0:
            add_scaled(at(z, i * stride), at(bias, (id - 1) * width), number(z, 1), width)


@tile_kernel
def bias_by_id_backward_tile(op, work, first, rows):
    """dbias[id] += dz for one tile."""
    dz, stride, width = at(work.gradients, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    dbias, ids, fields = at(work.dense_gradients, op[L.PARAMETER]), at(work.ids, first * work.fields + op[FIELD]), work.fields
    for i in range(rows):
        id = ids[i * fields]
        if id > 0:
            add_scaled(at(dbias, (id - 1) * width), at(dz, i * stride), number(dz, 1), width)


@tile_kernel
def pack_by_id(op, work, training, _):
    """Pack the weights of every id."""
    inner, width, differentiable = op[L.IN_WIDTH], op[L.OUT_WIDTH], op[L.IN_DIFFERENTIABLE]
    weight, panels, columns = at(work.dense_values, op[L.PARAMETER]), at(work.panels, op[L.PANELS]), at(work.runs, op[L.COLUMNS])
    size, transposed = inner * whole_vectors(panels, width), width * whole_vectors(panels, differentiable)
    for id in range(op[IDS]):
        some, panel = at(weight, id * op[L.MATRIX]), at(panels, id * (size + transposed))
        pack_weight(panel, at(panel, size), some, columns, inner, width, differentiable, training)


@kernel
def common_id(ids, fields, rows):
    """The id of all rows of a tile; -1 where they differ."""
    for i in range(1, rows):
        if ids[i * fields] != ids[0]:
            return -1
    return ids[0]


@kernel
def rows_of_id(target, source, stride, width, ids, fields, id, rows):
    """target (n, width) = the rows of a tile that have this id; returns n."""
    n = 0
    for i in range(rows):
        if ids[i * fields] == id:
            copy_row(at(target, n * width), at(source, i * stride), width)
            n += 1
    return n


@kernel
def add_to_rows_of_id(target, stride, source, source_stride, width, ids, fields, id, rows):
    """The rows of a tile that have this id += source (n, width)."""
    n = 0
    for i in range(rows):
        if ids[i * fields] == id:
            add_scaled(at(target, i * stride), at(source, n * source_stride), number(target, 1), width)
            n += 1


@tile_kernel
def dense_by_id_forward_tile(op, work, first, rows):
    """z += x weight[id] for one tile."""
    x, z, product = at(work.values, op[L.IN]), at(work.values, op[L.OUT]), work.panel_product
    xs, zs, inner, width = op[L.IN_STRIDE], op[L.OUT_STRIDE], op[L.IN_WIDTH], op[L.OUT_WIDTH]
    columns, transposed = whole_vectors(x, width), whole_vectors(x, op[L.IN_DIFFERENTIABLE])
    ids, panels = at(work.ids, first * work.fields + op[FIELD]), at(work.panels, op[L.PANELS])
    some_z = work.scratch
    some_x = at(some_z, rows * columns)
    common = common_id(ids, work.fields, rows)
    if common > 0:  # SPEED: as in a request, whose candidates are all shown to one recruiter
        panels = at(panels, (common - 1) * (inner * columns + width * transposed))
        multiply(product, z, zs, op[L.OUT_WRITABLE], x, xs, panels, inner, 0, inner, rows, width, ADD, panels, False, work.scratch)
    for id in range(1, op[IDS] + 1 if common < 0 else 1):
        n = rows_of_id(some_x, x, xs, inner, ids, work.fields, id, rows)
        multiply(product, some_z, columns, columns, some_x, inner, panels, inner, 0, inner, n, width, 0, panels, False, some_z)
        add_to_rows_of_id(z, zs, some_z, columns, width, ids, work.fields, id, rows)
        panels = at(panels, inner * columns + width * transposed)


@tile_kernel
def dense_by_id_backward_tile(op, work, first, rows):
    """dweight[id] += x^T dz; dx += dz weight[id]^T, for one tile."""
    x, dz = at(work.values, op[L.IN]), at(work.gradients, op[L.OUT])
    dx, dweight = at(work.gradients, op[L.IN]), at(work.dense_gradients, op[L.PARAMETER])
    inner, width, differentiable = op[L.IN_WIDTH], op[L.OUT_WIDTH], op[L.IN_DIFFERENTIABLE]
    columns, transposed = whole_vectors(x, width), whole_vectors(x, differentiable)
    ids, panels = at(work.ids, first * work.fields + op[FIELD]), at(work.panels, op[L.PANELS])
    some_dz, product, read = work.scratch, work.panel_product, at(work.runs, op[L.COLUMNS])
    packed = at(some_dz, rows * columns)
    some_x = at(packed, rows * columns)
    some_dx = at(some_x, rows * inner)
    for id in range(1, op[IDS] + 1):
        n = rows_of_id(some_x, x, op[L.IN_STRIDE], inner, ids, work.fields, id, rows)
        if n > 0:
            rows_of_id(some_dz, dz, op[L.OUT_STRIDE], width, ids, work.fields, id, rows)
            pack(packed, some_dz, width, n, width)
            j = 0
            while j < width:
                vectors = panel_vectors(packed, width - j)
                panel = at(packed, j * n)
                add_weight_gradient(product, at(dweight, j), read, some_x, inner, panel, n, width, vectors)
                j += vectors * lanes(packed)
            if differentiable > 0:
                back, g = at(panels, inner * columns), differentiable
                multiply(product, some_dx, transposed, transposed, some_dz, width, back, width, 0, width, n, g, 0, packed, False, packed)
                add_to_rows_of_id(dx, op[L.IN_STRIDE], some_dx, transposed, differentiable, ids, work.fields, id, rows)
        dweight = at(dweight, op[L.MATRIX])
        panels = at(panels, inner * columns + width * transposed)


BiasById.forward_tile, BiasById.backward_tile = bias_by_id_forward_tile, bias_by_id_backward_tile
DenseById.forward_tile, DenseById.backward_tile, DenseById.pack = dense_by_id_forward_tile, dense_by_id_backward_tile, pack_by_id
