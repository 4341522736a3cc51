"""Dropout of hidden units, in training alone: in place, on what a ReLU gave.

    y_bj <- y_bj k_bj / (1 - p),    k_bj = [u_bj >= p],    u_bj = hash(key, layer, row b, unit j), even in [0, 1)

so that E y is what it was (inverted scaling), and a prediction has nothing to do. k depends on nothing but these four numbers: it is
the same for any tile, any number of threads, any executor, and after a resumed training; nobody draws or keeps random numbers. The
batch brings the key (`Batch.key`), another one for each step.

Backward, with dy = dL/dy given, k being constant:

    dy_bj <- dy_bj k_bj / (1 - p)

k need not be computed again: the ReLU's own backward pass multiplies by [y > 0], and y is 0 wherever k is. So dy / (1 - p) is enough.

Sources: Srivastava et al., JMLR 2014; counters in place of a generator's state: Salmon et al., SC 2011; the mixing function with the
constants found by C. Wellons' search (hash-prospector, 2018).
"""

from __future__ import annotations

import numpy as np

from ..cpu import layout as L
from ..cpu.jit import kernel
from ..cpu.vector import at, number
from ..cpu.work import tile_kernel
from .kind import Count, Kind

LOW, FIRST, SECOND = 0xFFFF_FFFF, 0x21F0_AAAD, 0x735A_2D97


def mix(h):
    """A one-to-one mapping of (n,) uint32 in which each bit of h turns over about half of the bits of the result."""
    h = (h ^ (h >> np.uint32(16))) * np.uint32(FIRST)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(SECOND)
    return h ^ (h >> np.uint32(15))


def threshold(share):
    """p as a number of 32 bits."""
    return int(share * 2**32)


def kept_units(key, layer, rows, width, share, before=0):
    """(rows, width) bool, k.

    Args:
        key: of the batch, in 0 .. 2^63 - 1. layer: number of the operation among those of its kind. share: p.
        before: rows of the batch before these.
    """
    h = mix(np.array([key & LOW], np.uint32))
    h = mix(h ^ np.uint32(key >> 32))
    h = mix(h ^ np.uint32(layer))
    of_row = mix(h ^ np.arange(before, before + rows, dtype=np.uint32))
    return mix(of_row[:, None] ^ np.arange(width, dtype=np.uint32)) >= np.uint32(threshold(share))


class Dropout(Kind, name="dropout"):
    """Inputs (y,), which is its output as well; attributes layer, share."""

    integer_attributes, float_attribute, training_only, precompiled = ("layer",), "share", True, False

    def check(self, op, before):
        after_relu = bool(before) and (before[-1].attributes.get("relu") or before[-1].kind == "relu")
        if not after_relu or not before[-1].output == op.output == op.inputs[0]:
            raise ValueError(f"dropout must follow a layer with a ReLU, in place, but {op.output} is another one's output")
        if not 0 < op.attributes["share"] < 1:
            raise ValueError(f"share must lie in (0, 1), got {op.attributes['share']}")

    def forward(self, op, state):
        y, share = state.value(op.output), op.attributes["share"]
        kept = kept_units(state.batch.key, op.attributes["layer"], *y.shape, share, state.batch.before)
        y[...] = np.where(kept, y / (1 - share), 0)

    def backward(self, op, state):
        state.gradient(op.output)[...] /= 1 - op.attributes["share"]

    def attributes(self, op):
        """The layer, and p as `threshold` gives it."""
        return op.attributes["layer"], threshold(op.attributes["share"])

    def count(self, op, batch, tiles, overwrites):
        """11 BN (3 shifts, 4 exclusive or, 2 products, a comparison, a product), 2BN; backward BN, 2BN."""
        size = len(batch) * op.output.width
        return Count(11 * size, 2 * size), Count(size, 2 * size)


# --- Numba, one tile of rows ---------------------------------------------------------------


LAYER, THRESHOLD = L.INTEGERS
A, B, C16, C15 = np.uint32(FIRST), np.uint32(SECOND), np.uint32(16), np.uint32(15)


@kernel
def mix_one(h):
    """`mix` of one uint32. NOTE: Numba makes 64 bits of every operation on 32, so each is cut again."""
    h = np.uint32(np.uint32(h ^ np.uint32(h >> C16)) * A)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> C15)) * B)
    return np.uint32(h ^ np.uint32(h >> C15))


@tile_kernel
def dropout_forward_tile(op, work, first, rows):
    """y = y k / (1 - p) for one tile."""
    y, stride, width = at(work.values, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    none = number(work.values, 0)
    least, scale = np.uint32(op[THRESHOLD]), number(work.values, 1 / (1 - work.reals[op[L.NUMBER]]))
    h = mix_one(np.uint32(work.key & LOW))
    h = mix_one(np.uint32(h ^ np.uint32(work.key >> 32)))
    h = mix_one(np.uint32(h ^ np.uint32(op[LAYER])))
    for i in range(rows):
        of_row, start = mix_one(np.uint32(h ^ np.uint32(work.before + first + i))), i * stride
        for j in range(width):
            y[start + j] = y[start + j] * scale if mix_one(np.uint32(of_row ^ np.uint32(j))) >= least else none


@tile_kernel
def dropout_backward_tile(op, work, first, rows):
    """dy = dy / (1 - p) for one tile; the ReLU's backward pass does the rest."""
    dy, stride, width = at(work.gradients, op[L.OUT]), op[L.OUT_STRIDE], op[L.OUT_WIDTH]
    scale = number(work.values, 1 / (1 - work.reals[op[L.NUMBER]]))
    for i in range(rows):
        for j in range(width):
            dy[i * stride + j] *= scale


Dropout.forward_tile, Dropout.backward_tile = dropout_forward_tile, dropout_backward_tile
