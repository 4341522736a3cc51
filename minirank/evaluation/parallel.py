"""Independent parts of an evaluation, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from minirank.kernels.cpu.workers import available_threads

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """[function(item) for item in items], on the cores of this process.

    NumPy and the compiled loops release the interpreter's lock; nothing that one call computes
    depends on another, so the numbers do not depend on how many cores there are.
    """
    with ThreadPoolExecutor(available_threads()) as pool:
        return list(pool.map(function, items))
