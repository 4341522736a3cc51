"""Compile for the first time in processes of their own, while something else is done.

    with compiling() as processes:      # none where the disk holds it compiled from these very sources, or cannot keep it
        read_data()
        wait_for(processes)
    train()                             # loads it from the cache

Numba compiles with one thread and holds the interpreter's lock. `python -m minirank.kernels.cpu.compile PART...` compiles parts
for float32, into the cache that every later process reads. An executor whose kernels are not there shares their compilation with
another process (`compile_together`). The kernels of rarer operations (RARE) are compiled by the executor whose
plan has them, a second or less each, or by `minirank warm`.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

import numpy as np
from numba import types

from ..ops import KINDS
from ..plan import Operation
from . import given, predict, searches, team, walk, workers
from .address import AddressedKernel
from .cache import notice, why_compiled
from .cache_folders import can_keep
from .jit import is_missing
from .tile import panel_product
from .workers import available_threads

# Two shares that take about as long: what most models need of a walk through rows, and the rest of a step. And what few models need.
ROWS, REST, RARE = "rows", "rest", "rare"
# Of what trains, evaluates, ranks and writes predictions.
OWN_KERNELS = ("minirank.evaluation.compiled", "minirank.features.sparse_kernels", "minirank.data.float_text")
BESIDE = "compiling the kernels beside the next steps, once; they are cached afterwards ... ({})"
FLOAT32 = np.dtype(np.float32)
INT, IDS, NUMBERS, TABLE, MATRIX = types.int64, types.int32[::1], types.int64[::1], types.int64[:, ::1], types.float32[:, ::1]
DRIVERS = {
    ROWS: {team.lead: (NUMBERS, INT, types.boolean, INT)},
    REST: {
        team.follow: (NUMBERS, INT, INT, INT),
        team.run_part: (INT, INT),
        predict.rows_are_fine: (types.int32[:, ::1], IDS, NUMBERS, MATRIX, NUMBERS),
        workers.wait_for_change: (NUMBERS, INT, INT),
    },
    RARE: {searches.find_searches: (IDS, types.int32[:, ::1], NUMBERS, MATRIX, NUMBERS, TABLE, NUMBERS, IDS, TABLE, NUMBERS, NUMBERS)},
}
PARTS = {
    ROWS: (walk.walk_tiles, walk.update_dense),
    REST: (walk.pack_weights, walk.update_tables),
    RARE: (walk.square_gradients, walk.sum_one_table, walk.begin_searches, walk.end_searches, given.update_given_rows),
}


@contextmanager
def compiling(*parts: str, say: Callable[[str], None] | None = None) -> Iterator[list[subprocess.Popen]]:
    """Starts two processes that compile what the disk does not hold; any that still run when it ends are ended.

    Args:
        parts: RARE, and further modules with `DRIVERS` and a function `run_drivers`.
        say: told why, where something is compiled.
    NOTE: what fails there is compiled where it is needed, and says there what is wrong.
    """
    shares = [[part for part in share if missing(part)] for share in ((ROWS,), (REST, *parts))] if can_keep() else []
    command, shares = [sys.executable, "-m", __name__], [share for share in shares if share]
    if shares and say is not None:
        notice.said = True
        say(why(*shares[0]))
    processes = [
        subprocess.Popen([*command, *share], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for share in shares
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        wait_for(processes)


def compile_together(kernels: list[AddressedKernel]) -> None:
    """Compile for float32 what the disk does not hold of these, where that is the first of them: from the front to the end here, and
    from the end to the front in another process, until they meet.

    NOTE: what fails there is compiled here.
    """
    if not is_missing(kernels[0].of(FLOAT32)) or not can_keep() or available_threads() < 2 or not sys.executable:
        return
    names = [f"{__package__}.{name}" for name in ("team:follow", "workers:wait_for_change", "team:lead")]
    command = [sys.executable, "-m", f"{__package__}.compile", *names, *map(name_of, reversed(kernels))]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for kernel in kernels:
                kernel.address(FLOAT32)
        finally:
            process.kill()


def name_of(kernel: AddressedKernel) -> str:
    """MODULE:NAME, where another process finds it."""
    module = kernel.function.__module__
    return f"{module}:{next((name for name, value in vars(sys.modules.get(module, object)).items() if value is kernel), '')}"


def kernels_of_steps(operations: tuple[Operation, ...]) -> list[AddressedKernel]:
    """What steps of a plan with these operations call by its address; what takes longest stands at both ends."""
    kinds = [KINDS[name] for name in dict.fromkeys(op.kind for op in operations)]
    of_kinds = [kernel for kind in kinds for kernel in (kind.backward_tile, kind.forward_tile, kind.pack) if kernel]
    return [panel_product, *dict.fromkeys(of_kinds), walk.walk_tiles, walk.pack_weights, walk.update_dense, walk.update_tables]


def wait_for(processes: list[subprocess.Popen]) -> None:
    """Until all of them have ended."""
    for process in processes:
        process.wait()


def drivers_of(part: str) -> list:
    """What a part of the executor, or a module, has compiled."""
    if part not in DRIVERS:
        return [*import_module(part).DRIVERS]
    all_kinds = [kind for kind in KINDS.values() if kind.why_not() is None]
    usual = [kind for kind in all_kinds if kind.precompiled]
    tiles = [panel_product, *(kernel for kind in usual for kernel in (kind.forward_tile, kind.backward_tile))]
    rest = [kernel for kind in usual for kernel in (kind.pack, *((kind.forward_tile, kind.backward_tile) if kind.by_id else ()))]
    rows = [kernel for kernel in tiles if kernel not in rest]
    rare = [kernel for kind in all_kinds for kernel in (kind.forward_tile, kind.backward_tile, kind.pack, kind.fold)]
    kernels = {ROWS: rows, REST: rest, RARE: [kernel for kernel in rare if kernel not in (*rows, *rest)]}[part]
    return [*(kernel.of(FLOAT32) for kernel in dict.fromkeys((*kernels, *PARTS[part])) if kernel), *DRIVERS[part]]


def missing(*parts: str) -> list:
    """What the disk does not hold of these parts."""
    return [compiled for part in parts for compiled in drivers_of(part) if is_missing(compiled)]


def why(*parts: str) -> str:
    """Why something of these parts is missing; empty where nothing is."""
    found = missing(*parts)
    return why_compiled(found[0]._cache.made_of) if found else ""


def stamps(*parts: str) -> list[dict[str, str]]:
    """What these parts are made of, see `cache.made_of`; each once."""
    return list({id(made): made for part in parts for compiled in drivers_of(part) for made in [compiled._cache.made_of]}.values())


def compile_part(part: str) -> None:
    """Compile a part for float32, a module's drivers, or one kernel (`name_of`)."""
    module, _, name = part.partition(":")
    if name:
        compiled = getattr(import_module(module), name)
        compiled = compiled.of(FLOAT32) if isinstance(compiled, AddressedKernel) else compiled
        types_of = next((drivers[compiled] for drivers in DRIVERS.values() if compiled in drivers), None)
        if is_missing(compiled):
            compiled.compile(*([types_of] if types_of else []))
        return
    if part not in DRIVERS:
        import_module(part).run_drivers()
        return
    for compiled in drivers_of(part):
        compiled.compile(*([DRIVERS[part][compiled]] if compiled in DRIVERS[part] else []))


if __name__ == "__main__":
    gc.disable()  # SPEED: a tenth of the time, and the process is short
    for name in sys.argv[1:]:
        compile_part(name)
