"""The first layer of all experts in one launch: one expert alone has too few tiles to fill the GPU."""

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload


def rung(workload: Workload) -> Rung:
    """Before: a launch an expert. After: one."""
    layer = Layer(workload, workload.experts)
    each = [layer.product(layers=[expert]) for expert in range(workload.experts)]
    return layer.rung("all experts in one launch", 2.0, lambda: [launch() for launch in each], layer.product())
