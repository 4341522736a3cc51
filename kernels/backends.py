"""Which executor runs a plan: each backend is imported only when it is asked for."""

from __future__ import annotations

import numpy as np

from .plan import Plan


def make_executor(backend: str, plan: Plan, dtype=np.float32, threads: int | None = None):
    """The executor called `backend`: "reference" or "cpu".

    Raises:
        ValueError: unknown backend.
    """
    if backend == "reference":
        from .reference import ReferenceExecutor

        return ReferenceExecutor(plan, dtype)
    if backend == "cpu":
        from .cpu import CpuExecutor

        return CpuExecutor(plan, dtype, threads)
    raise ValueError(f"backend must be reference or cpu, got {backend!r}")
