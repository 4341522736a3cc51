"""One dense layer by itself, multiplied as the executor multiplies all of them: for whoever times or teaches it."""

from __future__ import annotations

import numpy as np

from ..executor import Unavailable
from ..parameters import aligned
from . import bfloat16 as tiles
from .jit import driver
from .matmul import multiply, pack
from .tile import BIAS, WIDE, panel_product
from .vector import BYTES, lanes, load, pointer, positive_part, store


class PackedLayer:
    """y = x W + b, then max(., 0) if `relu`, with W packed: in panels (`matmul.py`), or in matrix tiles (`bfloat16.py`).

    Args:
        weight: (K, N) float32 or float64; copied, once. bias: (N,) of the same type.
        bfloat16: multiply numbers rounded to bfloat16 on matrix tiles; float32 alone.
    Raises:
        ValueError: shapes or types do not fit. Unavailable: this processor has no matrix tiles.
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray, bfloat16: bool = False) -> None:
        if weight.dtype not in (np.float32, np.float64):
            raise ValueError(f"weight must be float32 or float64, got {weight.dtype}")
        if bfloat16 and weight.dtype != np.float32:
            raise ValueError(f"with products of bfloat16 weight must be float32, got {weight.dtype}")
        if bfloat16 and tiles.why_not():
            raise Unavailable(str(tiles.why_not()))
        self.depth, self.width, self.dtype, self._bfloat16 = *weight.shape, weight.dtype, bfloat16
        self._check("bias", bias, (self.width,))
        self._lanes = lanes = BYTES // self.dtype.itemsize
        columns = -(-self.width // lanes) * lanes
        self._deep = -(-self.depth // tiles.DEPTH)  # tiles along k
        self._panels = aligned(self._deep * tiles.TILE * columns // tiles.SIDE if bfloat16 else self.depth * columns, self.dtype)
        self._bias = aligned(columns, self.dtype)
        self._bias[: self.width] = bias
        self._edge = aligned(tiles.TILE, self.dtype)
        (_pack_tiles if bfloat16 else _pack)(self._panels, np.ascontiguousarray(weight), self._edge)

    def forward(self, y: np.ndarray, x: np.ndarray, relu: bool) -> None:
        """Run the layer, on this thread.

        Args:
            x: (B, K).
        Writes:
            y: (B, N).
        Raises:
            ValueError: shapes or types do not fit, or rows of x or y do not lie one behind the other.
        """
        self._check("x", x, (len(x), self.depth))
        self._check("y", y, (len(x), self.width))
        if self._bfloat16:
            rounded = aligned(-(-len(x) // tiles.SIDE) * self._deep * tiles.TILE, self.dtype)
            _multiply_tiles(y, x, self._panels, self._bias, relu, rounded, self._edge)
        else:
            edge = aligned(len(x) * WIDE * self._lanes, self.dtype)
            _multiply(panel_product.address(self.dtype), y, x, self._panels, self._bias, relu, edge)

    def _check(self, name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
        if array.shape != shape or array.dtype != self.dtype:
            raise ValueError(f"{name} must be {shape} {self.dtype}, got {array.shape} {array.dtype}")
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous, row by row; see numpy.ascontiguousarray")


@driver
def _pack(panels, weight, edge):
    pack(pointer(panels), pointer(weight), weight.shape[1], weight.shape[0], weight.shape[1])


@driver
def _multiply(product, y, x, panels, bias, relu, edge):
    rows, depth, width = len(x), x.shape[1], y.shape[1]
    c, a, b, added, last = pointer(y), pointer(x), pointer(panels), pointer(bias), pointer(edge)
    multiply(product, c, width, width, a, depth, b, depth, 0, depth, rows, width, BIAS, added, relu, last)


@driver
def _pack_tiles(panels, weight, edge):
    tiles.pair_rows(pointer(panels), pointer(weight), weight.shape[1], weight.shape[0], weight.shape[1], pointer(edge))


@driver
def _multiply_tiles(y, x, panels, bias, relu, rounded, edge):
    rows, depth, width = len(x), x.shape[1], y.shape[1]
    c, a, steps = pointer(y), pointer(rounded), tiles.whole_tiles(depth, tiles.DEPTH) // tiles.DEPTH
    tiles.round_rows(a, pointer(x), depth, rows, depth, pointer(edge))
    block = steps * tiles.TILE
    tiles.product(c, width, a, block, pointer(panels), block, steps, rows, width, BIAS, pointer(bias))
    if relu:
        whole = y.size // lanes(c) * lanes(c)
        for i in range(0, whole, lanes(c)):
            store(c, i, positive_part(load(c, i)))
        for i in range(whole, y.size):
            if c[i] < 0:
                c[i] = 0
