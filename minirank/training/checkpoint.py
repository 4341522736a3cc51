"""Where training stands, in one file: parameters, Adam's moments, and the place in the data.

There is no state of a random generator: see batches.py.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ..config.dataclass_yaml import build
from ..errors import ConfigError, RunError
from ..kernels.parameters import Arena, TrainState
from ..kernels.plan import Plan
from ..run.folder import CHECKPOINT, METRICS, TIMING
from ..run.trained_with import NAME
from ..storage import load_npz, parse_json, save_npz

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


def save_checkpoint(folder: Path, state: TrainState, cursor: Cursor, facts: np.ndarray) -> None:
    """Write checkpoint.npz, whole or not at all.

    Args:
        facts: as `trained_with` gives them.

    Raises:
        RunError: it cannot be written.
    """
    arrays = arrays_of(state)
    place = {"format": FORMAT, "step": state.step, **asdict(cursor)}
    arrays["place"] = np.frombuffer(json.dumps(place).encode(), np.uint8)
    arrays[NAME] = facts
    save_npz(folder / CHECKPOINT, arrays)


def arrays_of(state: TrainState) -> dict[str, np.ndarray]:
    """The numbers of a state under the names of a checkpoint."""
    names = (*ARENAS, "average") if state.average is not None else ARENAS
    return {f"{name}.{part}": getattr(getattr(state, name), part) for name in names for part in ("dense", "tables")}


def load_checkpoint(folder: Path, plan: Plan, dtype: np.dtype, averaged: bool = False) -> tuple[TrainState, Cursor]:
    """What `save_checkpoint` wrote.

    Args:
        plan: that is being trained. dtype: of its parameters. averaged: whether a moving average of them is kept.
    Raises:
        RunError: missing, truncated, of another format, of another plan, or the metrics that belong to it are gone.
    """
    path = folder / CHECKPOINT
    state = TrainState(Arena(plan, dtype), averaged)
    parts = arrays_of(state)
    expected = {"place": ((None,), np.uint8)} | {name: (array.shape, array.dtype) for name, array in parts.items()}
    arrays = load_npz(path, AGAIN, expected)
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
    state.step = step
    for name, array in parts.items():
        array[:] = arrays[name]
    for name, size in cursor.sizes.items():
        if size and (not (folder / name).exists() or (folder / name).stat().st_size < size):
            raise RunError(f"{folder / name}: shorter than when the checkpoint was written; {AGAIN}")
    return state, cursor
