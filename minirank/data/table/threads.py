"""Columns side by side: most of what NumPy and compiled loops do with one holds no lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from minirank.kernels.cpu.workers import available_threads
from minirank.progress import counted

T = TypeVar("T")


def in_threads(what: str, work: Callable[..., T], given: Sequence[tuple[Any, ...]], threads: int | None = None) -> list[T]:
    """What a function makes of each of some arguments, in their order; the first error that one raises is raised.

    Args:
        what: is being done, for `progress`. threads: by default as many as there are processors.
    """
    with ThreadPoolExecutor(threads or available_threads()) as pool:
        return [*counted(what, pool.map(lambda each: work(*each), given), len(given), "columns")]
