"""What the rungs of the ladder share: operands at the sizes of a workload, a step of a plan, and how a rung says what it is.

Axes: B rows, K inner dimension, N columns, E experts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import cuda

from bench.gpu.checks import distance
from bench.speed.workloads import Workload, parameters, plan_of, random_batch
from minirank.kernels.adam import Adam
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.cuda.product import product_forward
from minirank.kernels.cuda.sizes import PRODUCT_THREADS, TM, TN
from minirank.kernels.parameters import TrainState
from minirank.kernels.reference import ReferenceExecutor

TINY = Workload("tiny", 2, 4, 20, 2, 2, 20, 8, 6, 9, 1, 1, 8)


@dataclass(frozen=True)
class Rung:
    """One step up.

    Args:
        title: what it shows. predicted: time of `before` divided by that of `after`, estimated before it was measured.
        before, after: what is compared; each queues its launches. error: the largest relative error of what `after` left.
        flop: of one run, 0 where it is no matter of arithmetic. executors: of whole steps, before and after.
        by_host: the host's time to launch is what it is about, so the GPU may wait for it.
    """

    title: str
    predicted: float
    before: Callable[[], None]
    after: Callable[[], None]
    error: Callable[[], float]
    flop: int = 0
    executors: list[CudaExecutor] = field(default_factory=list)
    by_host: bool = False


class Layer:
    """y = max(x W + b, 0) on the GPU, for `count` layers side by side, in the arenas that kernels/cuda/product.py reads."""

    def __init__(self, workload: Workload, count: int = 1) -> None:
        rng = np.random.default_rng(0)
        self.shape = b, k, n = workload.rows, workload.inputs, workload.h1
        self.count, self.flop = count, 2 * b * k * n * count
        self.x = rng.normal(size=(b, k)).astype(np.float32)
        self.weight = rng.normal(size=(count, k, n)).astype(np.float32)
        self.bias = rng.normal(size=(count, n)).astype(np.float32)
        self.activations = cuda.to_device(np.concatenate([self.x.ravel(), np.zeros(count * b * n, np.float32)]))
        self.parameters = cuda.to_device(np.concatenate([self.weight.ravel(), self.bias.ravel()]))
        self.tiles = -(-n // TN)  # of one layer
        self.ints = cuda.to_device(np.array([0, b, 1, 0], np.int32))  # the head of a batch: rows and slices (kernels/cuda/layout.py)

    def launch(self, kernel: Callable, grid: object, threads: int) -> Callable[[], None]:
        """Queues one of the ladder's own kernels."""
        rows, inner, columns = self.shape
        return lambda: kernel[grid, threads](self.activations, self.parameters, rows, inner, columns, self.x.size)

    def product(
        self, kernel: Callable = product_forward, layers: Sequence[int] = (), bias: bool = True, relu: bool = True
    ) -> Callable[[], None]:
        """Queues a kernel of kernels/cuda/product.py for some of the layers, by default all in one launch."""
        layers = layers or range(self.count)
        table, grid = self.table(bias, relu), (-(-self.shape[0] // TM), self.tiles * len(layers))
        first = 2 * self.count + layers[0] * self.tiles
        return lambda: kernel[grid, PRODUCT_THREADS](table, self.activations, self.parameters, self.ints, first, 0)

    def rung(self, title: str, predicted: float, before: Callable, after: Callable, **which: bool) -> Rung:
        """Two ways to compute these layers; which: what `expected` takes."""
        return Rung(title, predicted, before, after, lambda: distance(self.found(), self.expected(**which)), self.flop)

    def table(self, bias: bool, relu: bool) -> object:
        """The table of kernels/cuda/product.py: segments and problems of the layers, then their tiles."""
        b, k, n = self.shape
        segments = [[0, k, k, e * k * n, n, -1, 0, 0, 0] for e in range(self.count)]
        start, end = b * k, self.count * k * n
        problems = [[start + e * b * n, n, n, 0, end + e * n if bias else -1, int(relu), 0, e, e + 1] for e in range(self.count)]
        tiles = [[self.count + e, column] + [0] * 7 for e in range(self.count) for column in range(0, n, TN)]
        return cuda.to_device(np.array(segments + problems + tiles, np.int64))

    def found(self) -> np.ndarray:
        """(count, B, N) what lies on the GPU."""
        b, _, n = self.shape
        return self.activations.copy_to_host()[self.x.size :].reshape(self.count, b, n)

    def expected(self, bias: bool = True, relu: bool = True) -> np.ndarray:
        """The same in float64."""
        y = self.x.astype(float) @ self.weight.astype(float)
        y = y + self.bias[:, None] if bias else y
        return np.maximum(y, 0) if relu else y


class Step:
    """The launches of a training step of a model of these sizes."""

    def __init__(self, workload: Workload, **settings) -> None:
        self.plan, self.batch = plan_of(workload, "full"), random_batch(workload, workload.rows, 0)
        self.executor = CudaExecutor(self.plan, **settings)
        self.values, self.began = parameters(self.plan), False

    def run(self) -> None:
        """The first time a whole step; then its launches again, without the host's part."""
        if self.began:
            self.executor.repeat()
        else:
            self.executor.step(TrainState(self.values.copy()), self.batch, Adam())
            self.began = True

    def rung(self, title: str, predicted: float, before: Step, by_host: bool = False) -> Rung:
        """This step after another one."""
        executors = [before.executor, self.executor]
        return Rung(title, predicted, before.run, self.run, self.error, executors=executors, by_host=by_host)

    def error(self) -> float:
        """Of the dense gradient, against the float64 reference, at the initial values."""
        expected = ReferenceExecutor(self.plan).gradients(self.values.copy(np.float64), self.batch)
        return distance(self.executor.gradients(self.values, self.batch).dense, expected.dense)
