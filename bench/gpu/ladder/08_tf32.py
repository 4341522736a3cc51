"""Tensor cores: the same tiles by mma.sync, of operands rounded to TF32. Ten bits of mantissa, so never the default."""

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.product import product_forward_tf32


def rung(workload: Workload) -> Rung:
    """Before: float32. After: TF32."""
    layer = Layer(workload, workload.experts)
    return layer.rung("tensor cores in TF32", 2.5, layer.product(), layer.product(product_forward_tf32))
