"""The first layer of all experts in one launch: one expert alone has too few tiles to fill the GPU."""

from bench.gpu.ladder.rungs import Layer, Rung, distance
from bench.speed.workloads import Workload
from minirank.kernels.cuda.product import product_forward
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM, TN


def rung(workload: Workload) -> Rung:
    """Before: a launch an expert. After: one."""
    layer = Layer(workload, workload.experts)
    table, first, tiles = layer.table(bias=True, relu=True, tile=TN)
    rows = -(-workload.rows // TM)

    def launch(first_tile: int, count: int) -> None:
        product_forward[(rows, count), PRODUCT_THREADS](table, layer.activations, layer.parameters, layer.ints, first_tile, 0)

    def one_by_one() -> None:
        for expert in range(workload.experts):
            launch(first + expert * tiles, tiles)

    return Rung(
        "all experts in one launch", 2.0, one_by_one, lambda: launch(first, tiles * workload.experts),
        lambda: distance(layer.found(), layer.expected()), layer.flop,
    )  # fmt: skip
