"""Compile for the first time in processes of their own, while something else is done.

    with compiling() as processes:      # none where the disk holds it compiled from these very sources
        read_data()
        wait_for(processes)
    train()                             # loads it from the cache

Numba compiles with one thread and holds the interpreter's lock. `python -m minirank.kernels.compile PART...` compiles parts by
running their drivers on one row, into the cache that every later process reads.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import numpy as np

from . import walk
from .adam import Adam
from .batch import Batch, InputSpec
from .cpu import CpuExecutor
from .jit import is_missing
from .parameters import TrainState, initial_values
from .plan import PlanBuilder

ROWS, REST = "rows", "rest"  # of the cpu executor, each as long to compile as the other and the metrics
DRIVERS = {ROWS: (walk.walk_tiles,), REST: (walk.pack_weights, walk.adam_arena, walk.step_tables)}


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


def drivers_of(part: str) -> tuple:
    """The drivers of a part of the executor, or of a module."""
    return DRIVERS[part] if part in DRIVERS else import_module(part).DRIVERS


def run_part(part: str) -> None:
    """Run the drivers of a part on one row of the smallest plan, in float32; or those of a module."""
    if part not in DRIVERS:
        return import_module(part).run_drivers()
    build = PlanBuilder(InputSpec((("id", 2),), (), (), ("label",)))
    x, logits = build.block("x", 1), build.block("logits", 1)
    build.add("gather", x, (), (build.parameter("table", (2, 1), "embedding", table=True),), field=0)
    build.add("dense", logits, (x,), (build.parameter("weight", (1, 1), "glorot"), build.parameter("bias", (1,), "zero")), relu=0)
    build.add("bce", None, (logits,), task=0, factor=1.0)
    rest = {"given": (-1,), "links": ("sigmoid",), "unknown_share": {}, "training_rows": 1, "log_variance": None, "outputs": {}}
    plan = build.build(logits, **rest)
    one = np.ones((1, 1), np.float32)
    batch = Batch(np.ones((1, 1), np.int32), (), np.zeros((1, 0), np.float32), one, one, np.zeros(1, np.int32))
    executor, state = CpuExecutor(plan, np.float32, threads=1), TrainState(initial_values(plan, 0))
    encoded, works, tiles = executor._prepare(state.values, batch)
    if part == ROWS:
        executor._walk(encoded, works, tiles)
    else:
        executor._pack(encoded, works)
        executor._update(state, works, Adam())
    return None


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run_part(name)
