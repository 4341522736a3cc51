"""The mathematics: the plan, one file an operation, and the executors that run any plan.

Imported as `minirank.kernels`. Knows nothing of jobs, resumes or files. README.md says in which order to read the files here and
in ops/. Beside them lie checks.py, what executors refuse; executor.py, what all of them give; cpu/ and cuda/, the fast ones.

The names below, which a program that runs a plan needs, are imported when they are first asked for: they load Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adam import Adam, adam_rows
    from .batch import Bag, Batch, Inputs, InputSpec
    from .executor import make_executor
    from .gradcheck import projection_error
    from .parameters import Arena, TrainState, initial_values
    from .plan import Plan, PlanBuilder

MODULES = {
    "adam": ("Adam", "adam_rows"),
    "batch": ("Bag", "Batch", "InputSpec", "Inputs"),
    "executor": ("make_executor",),
    "gradcheck": ("projection_error",),
    "parameters": ("Arena", "TrainState", "initial_values"),
    "plan": ("Plan", "PlanBuilder"),
}
__all__ = [
    "Adam",
    "Arena",
    "Bag",
    "Batch",
    "InputSpec",
    "Inputs",
    "Plan",
    "PlanBuilder",
    "TrainState",
    "adam_rows",
    "initial_values",
    "make_executor",
    "projection_error",
]


def __getattr__(name: str) -> Any:
    """One of these names, from its module."""
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    """What completion and `help` offer: these names beside what is here already."""
    return sorted({*globals(), *__all__})
