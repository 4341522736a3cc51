"""Where training stands, in one file: parameters, Adam's moments, and the place in the data.

There is no state of a random generator: see batches.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ..config.dataclass_yaml import build
from ..errors import ConfigError, RunError
from ..kernels.parameters import Arena, TrainState
from ..kernels.plan import Plan
from ..parallel.ranks import Ranks
from ..parallel.shards import Shards
from ..run import folder as files
from ..run.folder import CHECKPOINT, METRICS, TIMING
from ..run.trained_with import NAME
from ..storage import Parts, load_npz, load_parts, parse_json, save_npz

FORMAT = 1
MOST = 2**62  # of anything that is counted
AGAIN = "train again with --force, or take the file from a backup"
ARENAS = ("values", "m", "v")


@dataclass
class Cursor:
    """The place in the data, and what the epoch has come to so far.

    Args:
        seed: how many seeds are done. epoch: of this seed, from 1. batch: steps of it that are done. rows: rows of it that are done.
        total: sum of the objective over these steps. losses: the same of each loss operation. clipped: steps whose gradient was.
        weights: of tasks, where a rule sets them and has set them; known: losses of tasks that the rule remembers; see weighing.py.
        best: the best value of early stopping's metric; best_epoch: when that was; 0 = not yet.
        sizes: file name -> bytes of it that belong to the epochs before this one.
    """

    seed: int = 0
    epoch: int = 1
    batch: int = 0
    rows: int = 0
    total: float = 0.0
    losses: list[float] = field(default_factory=list)
    clipped: int = 0
    weights: list[float] = field(default_factory=list)
    known: list[list[float]] = field(default_factory=list)
    best: float | None = None
    best_epoch: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    def is_place(self, losses: int, tasks: int) -> bool:
        """Whether this can be a place in a training with so many losses and tasks."""
        counts = (self.seed, self.epoch - 1, self.batch, self.rows, self.clipped, self.best_epoch, *self.sizes.values())
        weighed = len(self.weights) in (0, tasks) and len(self.known) <= 2 and all(len(each) == tasks for each in self.known)
        whole = all(0 <= count < MOST for count in counts) and set(self.sizes) <= {METRICS, TIMING}
        return whole and weighed and len(self.losses) == losses


def save_checkpoint(folder: Path, shards: Shards, state: TrainState, cursor: Cursor, facts: np.ndarray) -> None:
    """Write checkpoint.npz, whole or not at all; all ranks call this, rank 0 writes.

    Args:
        facts: as `trained_with` gives them.

    Raises:
        RunError: it cannot be written.
    """
    arrays: dict[str, np.ndarray | Parts] = {}
    for name, arena in arenas_of(state).items():
        whole = Parts((shards.plan.size(table=True),), arena.tables.dtype, shards.whole(arena))
        arrays |= {f"{name}.dense": arena.dense, f"{name}.tables": whole if shards.names else arena.tables}
    place = {"format": FORMAT, "step": state.step, **asdict(cursor)}
    arrays["place"] = np.frombuffer(json.dumps(place).encode(), np.uint8)
    arrays[NAME] = facts
    write_on_first(shards.ranks, arrays, lambda: save_npz(folder / CHECKPOINT, arrays))


def write_model(folder: Path, shards: Shards, values: Arena, facts: np.ndarray, name: str) -> None:
    """`run.folder.write_model` of parameters that are spread over ranks; all of them call this, rank 0 writes."""
    arrays: dict[str, np.ndarray | Parts] = dict(values.items())
    for split in shards.names:
        arrays[split] = Parts(shards.plan.parameters[split].shape, values.tables.dtype, shards.whole(values, split))
    write_on_first(shards.ranks, arrays, lambda: files.write_model(folder, arrays, facts, name))


def write_on_first(ranks: Ranks, arrays: Mapping[str, np.ndarray | Parts], write: Callable[[], None]) -> None:
    """Let rank 0 write arrays, to whose parts the others add theirs."""
    if ranks.is_first:
        write()
        return
    for array in arrays.values():
        for _ in array.parts if isinstance(array, Parts) else ():
            pass


def arenas_of(state: TrainState) -> dict[str, Arena]:
    """The numbers of a state under the names of a checkpoint."""
    return {name: getattr(state, name) for name in (*ARENAS, "average") if getattr(state, name) is not None}


def load_place(folder: Path, plan: Plan, dtype: np.dtype, averaged: bool = False) -> tuple[int, Cursor]:
    """Steps that were taken, and the place in the data, of what `save_checkpoint` wrote.

    Args:
        plan: that is being trained. dtype: of its parameters. averaged: whether a moving average of them is kept.
    Raises:
        RunError: missing, truncated, of another format, of another plan, or the metrics that belong to it are gone.
    """
    path = folder / CHECKPOINT
    names = (*ARENAS, "average") if averaged else ARENAS
    sizes = {"dense": plan.size(table=False), "tables": plan.size(table=True)}
    numbers = {f"{name}.{part}": ((size,), dtype) for name in names for part, size in sizes.items()}
    arrays = load_npz(path, AGAIN, {"place": ((None,), np.uint8), **numbers}, later=numbers)
    try:
        place = parse_json(arrays["place"].tobytes())
        version, step = place.pop("format"), place.pop("step")
        if version != FORMAT:
            raise RunError(f"{path}: format {version}, this minirank reads {FORMAT}; train again with --force")
        cursor = build(Cursor, place)
        if not (type(step) is int and 0 <= step < MOST and cursor.is_place(len(plan.losses), len(plan.spec.tasks))):
            raise ValueError
    except (AttributeError, ConfigError, KeyError, TypeError, ValueError):
        raise RunError(f"{path}: no checkpoint of minirank; {AGAIN}") from None
    for name, size in cursor.sizes.items():
        if size and (not (folder / name).exists() or (folder / name).stat().st_size < size):
            raise RunError(f"{folder / name}: shorter than when the checkpoint was written; {AGAIN}")
    return step, cursor


def load_numbers(folder: Path, shards: Shards, state: TrainState) -> None:
    """Take the numbers of a state from checkpoint.npz, at whose place `load_place` has looked; all ranks call this, rank 0 reads.

    Raises:
        RunError: truncated, damaged, or a number is not finite.
    """
    path, ranks = folder / CHECKPOINT, shards.ranks
    for name, arena in arenas_of(state).items():
        dense: Iterable[np.ndarray] = load_parts(path, AGAIN, f"{name}.dense", [len(arena.dense)]) if ranks.is_first else [arena.dense]
        for part in dense:
            ranks.copy_first(part)
            arena.dense[:] = part
        shapes = [(end - first, *table.shape[1:]) for table, first, end in shards.parts()]
        rows: Iterable[np.ndarray] = (np.empty(math.prod(shape), arena.tables.dtype) for shape in shapes)
        if ranks.is_first:
            rows = load_parts(path, AGAIN, f"{name}.tables", map(math.prod, shapes))
        for part, shape, (table, first, _) in zip(rows, shapes, shards.parts()):
            ranks.copy_first(part)
            shards.place(arena, table, first, part.reshape(shape))
