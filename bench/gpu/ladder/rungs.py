"""What the rungs of the ladder share: sizes, operands, a step of a plan, and how a rung says what it is.

Axes: B rows, K inner dimension, N columns, E experts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numba import cuda

from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.reference import ReferenceExecutor
from minirank.model.architectures import compile_plan
from minirank.model.label_rates import LabelRates


@dataclass(frozen=True)
class Sizes:
    """Of everything that a rung computes; those of the workload base by default."""

    rows: int = 4096
    inner: int = 576
    columns: int = 256
    experts: int = 8
    fields: int = 24
    width: int = 16
    vocabulary: int = 100_000
    hidden: tuple[int, int] = (256, 128)
    tower: int = 64


TINY = Sizes(rows=9, inner=10, columns=20, experts=2, fields=2, width=4, vocabulary=20, hidden=(12, 8), tower=6)


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


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """Norm of the difference, divided by that of what is expected."""
    return float(np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-12))


class Layer:
    """y = max(x W + b, 0) on the GPU, for `count` layers side by side, in the arenas that product.py reads."""

    def __init__(self, sizes: Sizes, count: int = 1) -> None:
        rng = np.random.default_rng(0)
        b, k, n = sizes.rows, sizes.inner, sizes.columns
        self.sizes, self.count, self.flop = sizes, count, 2 * b * k * n * count
        self.x = rng.normal(size=(b, k)).astype(np.float32)
        self.weight = rng.normal(size=(count, k, n)).astype(np.float32)
        self.bias = rng.normal(size=(count, n)).astype(np.float32)
        self.activations = cuda.to_device(np.concatenate([self.x.ravel(), np.zeros(count * b * n, np.float32)]))
        self.parameters = cuda.to_device(np.concatenate([self.weight.ravel(), self.bias.ravel()]))
        self.ints = cuda.to_device(np.array([0, b, 1, 0], np.int32))  # the head of a batch: rows and slices (layout.py)

    def table(self, bias: bool, relu: bool, tile: int) -> tuple[object, int, int]:
        """(table of product.py, first tile, number of tiles of one layer)."""
        b, k, n = self.sizes.rows, self.sizes.inner, self.sizes.columns
        segments = [[0, k, k, e * k * n, n, -1, 0, 0, 0] for e in range(self.count)]
        start, end = b * k, self.count * k * n
        problems = [[start + e * b * n, n, n, 0, end + e * n if bias else -1, int(relu), 0, e, e + 1] for e in range(self.count)]
        tiles = [[self.count + e, column] + [0] * 7 for e in range(self.count) for column in range(0, n, tile)]
        return cuda.to_device(np.array(segments + problems + tiles, np.int64)), 2 * self.count, len(tiles) // self.count

    def found(self) -> np.ndarray:
        """(count, B, N) what lies on the GPU."""
        b, n = self.sizes.rows, self.sizes.columns
        return self.activations.copy_to_host()[self.x.size :].reshape(self.count, b, n)

    def expected(self, bias: bool = True, relu: bool = True) -> np.ndarray:
        """The same in float64."""
        y = self.x.astype(float) @ self.weight.astype(float)
        y = y + self.bias[:, None] if bias else y
        return np.maximum(y, 0) if relu else y


class Step:
    """The launches of a training step of a model of these sizes."""

    def __init__(self, sizes: Sizes, **settings) -> None:
        fields = (*((f"field{i}", sizes.vocabulary) for i in range(sizes.fields)), ("role", 5))
        spec = InputSpec(fields, (), ("d0", "d1", "d2", "d3"), ("ctr", "cvr", "relevance"))
        config = ModelConfig(
            embedding=sizes.width, experts=sizes.experts, expert_hidden=sizes.hidden, tower_hidden=(sizes.tower,),
            gate=GateConfig("full"), role_in_x=False,
        )  # fmt: skip
        tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance"))
        self.plan = compile_plan(config, tasks, spec, LabelRates(10_000, {"ctr.bce": 1.0, "cvr.bce": 0.2, "relevance.bce": 0.5}))
        rng = np.random.default_rng(0)
        labels = (rng.random((sizes.rows, 3)) < 0.3).astype(np.float32)
        labels[labels[:, 0] == 0, 1] = np.nan
        ids = np.column_stack(
            [*(rng.integers(0, sizes.vocabulary, sizes.rows) for _ in range(sizes.fields)), rng.integers(0, 5, sizes.rows)]
        )
        self.batch = Batch(
            ids.astype(np.int32), (), rng.normal(size=(sizes.rows, 4)).astype(np.float32), labels,
            np.ones_like(labels), np.arange(sizes.rows, dtype=np.int32) // 10,
        )  # fmt: skip
        self.executor = CudaExecutor(self.plan, **settings)
        self.values, self.began = initial_values(self.plan, 0), False

    def run(self) -> None:
        """The first time a whole step; then its launches again, without the host's part."""
        if self.began:
            self.executor.repeat()
        else:
            self.executor.step(TrainState(self.values.copy()), self.batch, Adam())
            self.began = True

    def error(self) -> float:
        """Of the dense gradient, against the float64 reference, at the initial values."""
        expected = ReferenceExecutor(self.plan).gradients(self.values.copy(np.float64), self.batch)
        return distance(self.executor.gradients(self.values, self.batch).dense, expected.dense)
