"""Loads of 16 bytes, and two buffers in turn: the next tiles are on their way while these are multiplied (kernels/cuda/product.py)."""

import importlib

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM


def rung(workload: Workload) -> Rung:
    """Before: loads of 4 bytes, one buffer. After: 16 bytes, two."""
    layer, registers = Layer(workload), importlib.import_module("bench.gpu.ladder.03_registers")
    plain = {"bias": False, "relu": False}
    before = layer.launch(registers.ladder_registers, (-(-workload.rows // TM), layer.tiles), PRODUCT_THREADS)
    return layer.rung("loads of 16 bytes, double buffering", 1.6, before, layer.product(**plain), **plain)
