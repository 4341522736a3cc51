"""Tensor cores: the same tiles by mma.sync, of operands rounded to TF32. Ten bits of mantissa, so never the default."""

from __future__ import annotations

from bench.gpu.ladder.rungs import Layer, Rung, Sizes, distance
from minirank.kernels.cuda.product import product_forward, product_forward_tf32
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM, TN


def rung(sizes: Sizes) -> Rung:
    """Before: float32. After: TF32."""
    layer = Layer(sizes, sizes.experts)
    table, first, tiles = layer.table(bias=True, relu=True, tile=TN)
    grid = -(-sizes.rows // TM), tiles * sizes.experts
    arguments = table, layer.activations, layer.parameters, layer.ints, first, 0
    return Rung(
        "tensor cores in TF32", 2.5, lambda: product_forward[grid, PRODUCT_THREADS](*arguments),
        lambda: product_forward_tf32[grid, PRODUCT_THREADS](*arguments), lambda: distance(layer.found(), layer.expected()), layer.flop,
    )  # fmt: skip
