"""One dense layer by itself, multiplied as the executor multiplies all of them: for whoever times or teaches it."""

from __future__ import annotations

import numpy as np

from ..parameters import aligned
from .jit import driver
from .matmul import multiply, pack
from .tile import BIAS, WIDE, panel_product
from .vector import BYTES, pointer


class PackedLayer:
    """y = x W + b, then max(., 0) if `relu`, with W in panels (`matmul.py`).

    Args:
        weight: (K, N) float32 or float64; copied into panels, once. bias: (N,) of the same type.
    Raises:
        ValueError: shapes or types do not fit.
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        if weight.dtype not in (np.float32, np.float64):
            raise ValueError(f"weight must be float32 or float64, got {weight.dtype}")
        self.depth, self.width, self.dtype = *weight.shape, weight.dtype
        self._check("bias", bias, (self.width,))
        lanes = BYTES // self.dtype.itemsize
        self._panels = aligned(self.depth * (-(-self.width // lanes) * lanes), self.dtype)
        self._bias = aligned(len(self._panels) // self.depth, self.dtype)
        self._bias[: self.width] = bias
        self._lanes = lanes
        _pack(self._panels, np.ascontiguousarray(weight))

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
        edge = aligned(len(x) * WIDE * self._lanes, self.dtype)
        _multiply(panel_product.address(self.dtype), y, x, self._panels, self._bias, relu, edge)

    def _check(self, name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
        if array.shape != shape or array.dtype != self.dtype:
            raise ValueError(f"{name} must be {shape} {self.dtype}, got {array.shape} {array.dtype}")
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} must be contiguous, row by row; see numpy.ascontiguousarray")


@driver
def _pack(panels, weight):
    pack(pointer(panels), pointer(weight), weight.shape[1], weight.shape[0], weight.shape[1])


@driver
def _multiply(product, y, x, panels, bias, relu, edge):
    rows, depth, width = len(x), x.shape[1], y.shape[1]
    c, a, b, added, last = pointer(y), pointer(x), pointer(panels), pointer(bias), pointer(edge)
    multiply(product, c, width, width, a, depth, b, depth, 0, depth, rows, width, BIAS, added, relu, last)
