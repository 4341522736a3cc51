"""What runs a plan: the interface of the three executors, and the choice of one by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from .adam import Adam, adam_dense, adam_rows
from .batch import Batch, Inputs
from .objective import add_objective
from .ops.losses import sigmoid
from .parameters import Arena, TrainState
from .plan import Plan

CLASSES = {
    "reference": ("reference", "ReferenceExecutor"),
    "cpu": ("cpu.executor", "CpuExecutor"),
    "cuda": ("cuda.executor", "CudaExecutor"),
}


class Unavailable(RuntimeError):
    """A backend that cannot run on this machine: why, and what helps, in one line."""


@dataclass(frozen=True)
class Gradients:
    """The gradient of one batch.

    Attributes:
        total: the objective.
        losses: (number of `plan.losses`,) each loss operation's share, its factor included.
        dense: (dense,) gradient of the dense arena.
        tables: name -> (ids (n,) unique and ascending, rows (n, D)), the sparse gradient of each table.
        whole: the same with all rows, for the length of the gradient, where `tables` has only those that are held here; else None.
    """

    total: float
    losses: np.ndarray
    dense: np.ndarray
    tables: dict[str, tuple[np.ndarray, np.ndarray]]
    whole: dict[str, tuple[np.ndarray, np.ndarray]] | None = None


class Executor(Protocol):
    """Runs a plan. Several threads may predict at once; steps are for one at a time.

    Attributes:
        plan: the plan. dtype: of its parameters.

    Methods raise `ValueError` where rows or parameters do not fit the plan.
    """

    plan: Plan
    dtype: np.dtype

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits.

        Args:
            shared: names of inputs that are the same in all rows, such as those of the job in a request: an executor may
                compute once what they add to the first layers. With `InputSpec.of_request` the bits are those without it.
        Raises:
            ValueError: there is no such input, or rows differ in it.
        """

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Gradients`.

        Args:
            objective: False leaves out of `dense` what `objective.py` adds to the gradient of the rows' losses.
        """

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere, in place.

        Args:
            found: without the objective's part, which is added here.
        """
        dense = found.dense.copy()
        add_objective(self.plan, state.values, found.losses, dense)
        adam_step(state, dense, found, adam)

    @contextmanager
    def resident(self, state: TrainState) -> Iterator[Callable[[], None]]:
        """While steps are taken, let an executor with a memory of its own keep `state` there; others do nothing.

        Yields:
            A function that brings `state` up to date for whoever reads it in between; afterwards it is.
        """
        yield lambda: None

    def move_average(self, state: TrainState, gain: float) -> None:
        """average += gain (values - average) of a state that keeps a moving average, where the executor keeps the state."""
        assert state.average is not None
        for mean, now in ((state.average.dense, state.values.dense), (state.average.tables, state.values.tables)):
            mean += mean.dtype.type(gain) * (now - mean)

    def keep(self, values: Arena) -> None:
        """Nobody changes these values any more: an executor with a memory of its own takes them there once; others do nothing."""
        return None


def adam_step(state: TrainState, dense: np.ndarray, found: Gradients, settings: Adam) -> None:
    """One step on all parameters along a gradient, which is clipped where that is asked for; in place.

    Args:
        dense: (P,) float, with the objective's part. found: the gradient whose tables take the step.
    """
    state.step += 1
    factor, state.norm = clip_factor(dense, found, settings)
    adam_dense(state.values.dense, state.m.dense, state.v.dense, factor * dense, state.decay, settings, state.step)
    for name, (ids, rows) in found.tables.items():
        adam_rows(state.values[name], state.m[name], state.v[name], ids, factor * rows, settings, state.step)


def clip_factor(dense: np.ndarray, found: Gradients, settings: Adam) -> tuple[float, float]:
    """(what a gradient is multiplied by, its length): (1, 0) where it is not clipped; the arguments are those of `adam_step`."""
    if not settings.clip_norm:
        return 1.0, 0.0
    parts = [dense, *(rows for _, rows in (found.tables if found.whole is None else found.whole).values())]
    norm = math.sqrt(sum(float(np.square(part, dtype=np.float64).sum()) for part in parts))
    return settings.clipped(norm), norm


def make_executor(backend: str, plan: Plan, dtype: DTypeLike = np.float32, threads: int | None = None, **of_cuda: bool) -> Executor:
    """The executor called `backend`, which is imported only now.

    Args:
        backend: "reference", "cpu" or "cuda".
        threads: of the cpu backend. of_cuda: settings of the cuda backend, see `CudaExecutor`; the others have none.
    Raises:
        ValueError: unknown backend, or a dtype that it does not compute in.
        Unavailable: no GPU that kernels can run on.
    """
    check_available(backend)
    module, name = CLASSES[backend]
    settings: dict[str, dict[str, Any]] = {"reference": {}, "cpu": {"threads": threads}, "cuda": of_cuda}
    return getattr(import_module(f".{module}", __package__), name)(plan, dtype, **settings[backend])


def check_available(backend: str) -> None:
    """Refuse a backend that cannot run here.

    Raises:
        ValueError: there is no such backend.
        Unavailable: why it cannot, and what helps.
    """
    if backend not in CLASSES:
        raise ValueError(f"backend must be reference, cpu or cuda, got {backend!r}")
    if backend == "cuda":
        from .cuda.probe import why_not

        reason = why_not()
        if reason is not None:
            raise Unavailable(reason)


def probabilities(plan: Plan, logits: np.ndarray) -> np.ndarray:
    """(B, T) predictions from (B, T) logits: sigmoid, or the logit itself for a regression."""
    linked = logits.astype(np.float64)
    for task, link in enumerate(plan.links):
        if link == "sigmoid":
            linked[:, task] = sigmoid(linked[:, task])
    return linked
