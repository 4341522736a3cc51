"""A ReLU by itself, for what more than one operation has added to (a layer of its own has one inside: `dense`).

y = max(z, 0)          backward: dz += dy [y > 0], the gradient at the kink taken as 0
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.vector import at, lanes, load, positive_part, store, where_positive
from ..cpu.work import tile_kernel
from .kind import Count, Kind, whole_blocks


def relu_forward(y, z):
    """y = max(z, 0). Args: z: (B, N). Writes: y: (B, N)."""
    np.maximum(z, 0, out=y)


def relu_backward(dz, dy, y):
    """Gradient of `relu_forward`. Args: dy: (B, N). y: (B, N), saved. Adds to: dz: (B, N)."""
    dz += dy * (y > 0)


class Relu(Kind, name="relu"):
    """Inputs (z,)."""

    precompiled = False

    def check(self, op, before):
        whole_blocks(op.output, *op.inputs)

    def forward(self, op, state):
        relu_forward(state.value(op.output), state.value(op.inputs[0]))

    def backward(self, op, state):
        relu_backward(state.gradient(op.inputs[0]), state.gradient(op.output), state.value(op.output))

    def overwrites(self, number):
        return True

    def count(self, op, batch, tiles, overwrites):
        """BN, 2BN; backward 2BN, 3BN, BN more where it adds."""
        size = len(batch) * op.output.width
        return Count(size, 2 * size), Count(2 * size, (3 if overwrites[0] else 4) * size)


# --- Numba, one tile of rows: whole blocks, whose rows are filled up to whole vectors (cpu/layout.py) ----


@tile_kernel
def relu_forward_tile(op, work, first, rows):
    """y = max(z, 0) for one tile."""
    y, z = at(work.values, op[L.OUT]), at(work.values, op[L.IN])
    for i in range(rows):
        for j in range(0, op[L.OUT_WIDTH], lanes(y)):
            store(y, i * op[L.OUT_STRIDE] + j, positive_part(load(z, i * op[L.IN_STRIDE] + j)))


@tile_kernel
def relu_backward_tile(op, work, first, rows):
    """dz += dy [y > 0] for one tile."""
    y, dy, dz = at(work.values, op[L.OUT]), at(work.gradients, op[L.OUT]), at(work.gradients, op[L.IN])
    for i in range(rows):
        for j in range(0, op[L.OUT_WIDTH], lanes(y)):
            place, into = i * op[L.OUT_STRIDE] + j, i * op[L.IN_STRIDE] + j
            d = where_positive(load(y, place), load(dy, place))
            store(dz, into, d if op[L.IN_OVERWRITE] == 1 else load(dz, into) + d)


Relu.forward_tile, Relu.backward_tile = relu_forward_tile, relu_backward_tile
