"""Loads of 16 bytes, and two buffers in turn: the next tiles are on their way while these are multiplied (kernels/cuda/product.py)."""

import importlib

from bench.gpu.ladder.rungs import Layer, Rung, distance
from bench.speed.workloads import Workload
from minirank.kernels.cuda.product import product_forward
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM, TN


def rung(workload: Workload) -> Rung:
    """Before: loads of 4 bytes, one buffer. After: 16 bytes, two."""
    layer, registers = Layer(workload), importlib.import_module("bench.gpu.ladder.03_registers")
    shape = workload.rows, workload.inputs, workload.h1, workload.rows * workload.inputs
    table, first, tiles = layer.table(bias=False, relu=False, tile=TN)
    rows = -(-workload.rows // TM)
    return Rung(
        "loads of 16 bytes, double buffering", 1.6,
        lambda: registers.ladder_registers[(rows, tiles), PRODUCT_THREADS](layer.activations, layer.parameters, *shape),
        lambda: product_forward[(rows, tiles), PRODUCT_THREADS](table, layer.activations, layer.parameters, layer.ints, first, 0),
        lambda: distance(layer.found(), layer.expected(bias=False, relu=False)), layer.flop,
    )  # fmt: skip
