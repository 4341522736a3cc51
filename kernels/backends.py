"""Which executor runs a plan: each backend is imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from .parameters import Arena, TrainState
from .plan import Plan


class Unavailable(RuntimeError):
    """A backend that cannot run on this machine: why, and what helps, in one line."""


def make_executor(backend: str, plan: Plan, dtype=np.float32, threads: int | None = None, **of_cuda):
    """The executor called `backend`: "reference", "cpu" or "cuda".

    Args:
        threads: of the cpu backend. of_cuda: settings of the cuda backend, see `CudaExecutor`; the others have none.
    Raises:
        ValueError: unknown backend, or a dtype that it does not compute in.
        Unavailable: no GPU that kernels can run on.
    """
    if backend == "reference":
        from .reference import ReferenceExecutor

        return ReferenceExecutor(plan, dtype)
    if backend == "cpu":
        from .cpu.executor import CpuExecutor

        return CpuExecutor(plan, dtype, threads)
    if backend == "cuda":
        check_available(backend)
        from .cuda.executor import CudaExecutor

        return CudaExecutor(plan, dtype, **of_cuda)
    raise ValueError(f"backend must be reference, cpu or cuda, got {backend!r}")


def check_available(backend: str) -> None:
    """Refuse a backend that cannot run here.

    Raises:
        Unavailable: why, and what helps.
    """
    if backend == "cuda":
        from .cuda.probe import why_not

        reason = why_not()
        if reason is not None:
            raise Unavailable(reason)


@contextmanager
def resident(executor, state: TrainState) -> Iterator[Callable[[], None]]:
    """Let an executor with a memory of its own keep `state` there while steps are taken.

    Yields:
        A function that brings `state` up to date for whoever reads it in between; afterwards it is.
    """
    if hasattr(executor, "resident"):
        with executor.resident(state) as settle:
            yield settle
    else:
        yield lambda: None


def keep(executor, values: Arena) -> None:
    """Tell an executor with a memory of its own that nobody changes these values any more: it takes them there once."""
    if hasattr(executor, "keep"):
        executor.keep(values)
