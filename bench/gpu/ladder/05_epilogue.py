"""Bias and ReLU while the product is still in registers: a launch, a load and a store of y less."""

import numpy as np

from bench.gpu.ladder.rungs import Layer, Rung
from bench.speed.workloads import Workload
from minirank.kernels.cuda.jit import cuda, kernel
from minirank.kernels.cuda.sizes import FLAT_THREADS

ZERO = np.float32(0)


@kernel("void(float32[::1], float32[::1], int64, int64, int64, int64)", threads=FLAT_THREADS)
def ladder_bias_relu(activations, parameters, count, columns, out, bias):
    """y = max(y + b, 0), in place."""
    i = cuda.blockIdx.x * FLAT_THREADS + cuda.threadIdx.x
    if i < count:
        activations[out + i] = max(activations[out + i] + parameters[bias + i % columns], ZERO)


def rung(workload: Workload) -> Rung:
    """Before: product, then bias and ReLU. After: one launch."""
    layer, count = Layer(workload), workload.rows * workload.h1
    plain, places = layer.product(bias=False, relu=False), (count, workload.h1, layer.x.size, layer.weight.size)

    def apart() -> None:
        plain()
        ladder_bias_relu[-(-count // FLAT_THREADS), FLAT_THREADS](layer.activations, layer.parameters, *places)

    return layer.rung("bias and ReLU in the epilogue", 1.15, apart, layer.product())
