"""How good the model of a run is on rows that training did not see, kept in the run folder.

evaluation.json     written when training is finished: metrics with intervals, mean gates by role, what the parts of the rows hold

Nothing of training depends on it. `minirank report` shows it without reading the data again, also where they have moved since;
`minirank evaluate` measures anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..config.configuration import Config
from ..data import Dataset
from ..errors import RunError
from ..storage import read_json, reading, write_json
from .folder import EVALUATION, MODEL, RESTORE
from .gates import gate_statistics
from .load_run import Run
from .scoring import evaluate_run

FORMAT = 1
PARTS = ("train", "valid", "test")
BOOTSTRAP = 200  # replicates, as many as those of `minirank evaluate`


def measure(run: Run, dataset: Dataset) -> dict[str, Any] | None:
    """Metrics and gates on the test rows, or on the validation rows where there are none; None without either.

    Args:
        dataset: the rows of the run.
    Returns:
        What JSON can hold: {"format", "minirank", "model": sha256 of model.npz, "score": exponents, "part": "test" or "valid",
        "results": as `evaluate` gives them, "gates": as `gate_statistics` does, "parts": as `part_facts` does}.
    Raises:
        RunError: a prediction is not finite.
    """
    part = next((name for name in ("test", "valid") if len(getattr(dataset, name))), None)
    if part is None:
        return None
    results = evaluate_run(run, part, dataset=dataset, bootstrap=BOOTSTRAP)
    about = {"format": FORMAT, "minirank": __version__, "model": _checksum(run.folder), "score": asdict(run.config.score), "part": part}
    gates = gate_statistics(run, dataset, getattr(dataset, part))
    return about | {"results": results, "gates": gates, "parts": {name: part_facts(dataset, name) for name in PARTS}}


def part_facts(dataset: Dataset, part: str) -> dict[str, Any]:
    """What a part of the rows holds: {"rows", "searches", "jobs": distinct ones or None, "tasks": task -> {"labelled", "mean"}}."""
    rows = getattr(dataset, part)

    def distinct(codes: np.ndarray | None) -> int | None:
        return None if codes is None else len(np.unique(codes[rows]))

    tasks = {}
    for column, task in enumerate(dataset.inputs.tasks):
        labels = dataset.rows.labels[rows, column]
        known = labels[~np.isnan(labels)]
        tasks[task] = {"labelled": len(known), "mean": float(known.mean(dtype=float)) if len(known) else None}
    return {"rows": len(rows), "searches": distinct(dataset.search), "jobs": distinct(dataset.job), "tasks": tasks}


def keep(folder: Path, measured: dict[str, Any]) -> None:
    """Write what was measured into the run folder.

    Raises:
        RunError: it cannot be written.
    """
    write_json(folder / EVALUATION, measured | {"sha256": _sha256(measured)})


def kept(folder: Path, config: Config) -> dict[str, Any] | None:
    """What was measured before, where it is of this very model and score; None where it is not, is damaged, or is not there.

    Raises:
        RunError: the model cannot be read.
    """
    try:
        found = read_json(folder / EVALUATION, RESTORE)
    except RunError:
        return None
    if not isinstance(found, dict) or found.pop("sha256", None) != _sha256(found):
        return None
    wanted = {"format": FORMAT, "model": _checksum(folder), "score": asdict(config.score)}
    return found if all(found.get(key) == value for key, value in wanted.items()) else None


def _sha256(measured: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(measured, sort_keys=True).encode()).hexdigest()


def _checksum(folder: Path) -> str:
    with reading(folder / MODEL, RESTORE), open(folder / MODEL, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
