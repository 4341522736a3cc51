"""Independent parts of an evaluation on all cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from minirank.kernels.cpu.executor import available_threads


def side_by_side(function, items) -> list:
    """[function(item) for item in items], on the cores of this process.

    NumPy and the compiled cores release the interpreter's lock; nothing that one call computes
    depends on another, so the numbers do not depend on how many cores there are.
    """
    with ThreadPoolExecutor(available_threads()) as pool:
        return list(pool.map(function, items))
