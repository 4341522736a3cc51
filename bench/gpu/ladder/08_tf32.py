"""Tensor cores: the same tiles by mma.sync, of operands rounded to TF32. Ten bits of mantissa, so never the default."""

from bench.gpu.ladder.rungs import Layer, Rung, distance
from bench.speed.workloads import Workload
from minirank.kernels.cuda.product import product_forward, product_forward_tf32
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM, TN


def rung(workload: Workload) -> Rung:
    """Before: float32. After: TF32."""
    layer = Layer(workload, workload.experts)
    table, first, tiles = layer.table(bias=True, relu=True, tile=TN)
    grid = -(-workload.rows // TM), tiles * workload.experts
    arguments = table, layer.activations, layer.parameters, layer.ints, first, 0
    return Rung(
        "tensor cores in TF32", 2.5, lambda: product_forward[grid, PRODUCT_THREADS](*arguments),
        lambda: product_forward_tf32[grid, PRODUCT_THREADS](*arguments), lambda: distance(layer.found(), layer.expected()), layer.flop,
    )  # fmt: skip
