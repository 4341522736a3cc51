"""Compile for the first time in processes of their own, while something else is done.

    with compiling() as processes:      # none where the disk holds it compiled from these very sources
        read_data()
        wait_for(processes)
    train()                             # loads it from the cache

Numba compiles with one thread and holds the interpreter's lock. `python -m minirank.kernels.cpu.compile PART...` compiles parts
for float32, into the cache that every later process reads. The kernels of rarer operations (`Kind.precompiled` is False)
are compiled by the executor whose plan has them, a second or less each.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import numpy as np
from numba import types

from ..ops import KINDS
from . import predict, walk, workers
from .jit import is_missing
from .tile import panel_product
from .work import work_arrays

# Two shares that take about as long: what most models need of a walk through rows, and the rest of a step.
ROWS, REST = "rows", "rest"
FLOAT32 = np.dtype(np.float32)
INT, REAL, IDS, TABLE, MATRIX = types.int64, types.float32, types.int32[::1], types.int64[:, ::1], types.float32[:, ::1]
DRIVERS = {
    ROWS: {
        walk.walk_tiles: (TABLE, TABLE, work_arrays(FLOAT32), INT[::1], INT[::1], types.boolean, types.UniTuple(INT, 3), MATRIX),
        walk.adam_arena: (*[REAL[::1]] * 3, MATRIX, REAL[::1], INT, INT, *[REAL] * 6),
    },
    REST: {
        walk.pack_weights: (TABLE, work_arrays(FLOAT32), INT, INT, types.boolean),
        walk.step_tables: (TABLE, TABLE, work_arrays(FLOAT32), IDS, REAL[::1], IDS, *[REAL[::1]] * 3, *[REAL] * 5),
        predict.rows_are_fine: (types.int32[:, ::1], IDS, INT[::1], MATRIX, INT[::1]),
        workers.wait_for_change: (INT[::1], INT, INT),
    },
}


@contextmanager
def compiling(*modules: str) -> Iterator[list[subprocess.Popen]]:
    """Starts two processes that compile what the disk does not hold; any that still run when it ends are ended.

    Args:
        modules: further modules with `DRIVERS` and a function `run_drivers`.
    NOTE: what fails there is compiled where it is needed, and says there what is wrong.
    """
    shares = [[part for part in share if any(map(is_missing, drivers_of(part)))] for share in ((ROWS,), (REST, *modules))]
    command = [sys.executable, "-m", __name__]
    processes = [
        subprocess.Popen([*command, *share], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for share in shares
        if share
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        wait_for(processes)


def wait_for(processes: list[subprocess.Popen]) -> None:
    """Until all of them have ended."""
    for process in processes:
        process.wait()


def drivers_of(part: str) -> list:
    """What a part of the executor, or a module, has compiled."""
    if part not in DRIVERS:
        return [*import_module(part).DRIVERS]
    kinds = [kind for kind in KINDS.values() if kind.precompiled]
    tiles = [panel_product, *(kernel for kind in kinds for kernel in (kind.forward_tile, kind.backward_tile))]
    kernels = tiles if part == ROWS else [kind.pack for kind in kinds]
    return [*(kernel.of(FLOAT32) for kernel in dict.fromkeys(kernels) if kernel), *DRIVERS[part]]


def compile_part(part: str) -> None:
    """Compile a part for float32, or a module's drivers."""
    if part not in DRIVERS:
        import_module(part).run_drivers()
        return
    for compiled in drivers_of(part):
        compiled.compile(*([DRIVERS[part][compiled]] if compiled in DRIVERS[part] else []))


if __name__ == "__main__":
    gc.disable()  # SPEED: a tenth of the time, and the process is short
    for name in sys.argv[1:]:
        compile_part(name)
