"""The metrics of an epoch, and the one that early stopping watches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..config.model import TaskConfig
from ..data import Dataset
from ..errors import ConfigError
from ..evaluation import evaluate
from ..evaluation.targets import OBSERVED
from ..run.prediction import joint_tasks, known_predictions

MEAN = "mean"


def validation_metrics(
    dataset: Dataset, tasks: Sequence[TaskConfig], rows: np.ndarray, predictions: dict[str, np.ndarray]
) -> dict[str, float | None]:
    """Every metric of every task, and for each metric its mean over the data's tasks whose labels define it.

    Args:
        tasks: of the dataset. rows: (n,) row indices. predictions: name -> (n,), as `prediction.predict` gives them.
    Returns:
        `task.metric` and `mean.metric` -> value; None where the rows do not define it.
    """
    return _measured(dataset, tasks, rows, predictions)[0]


def _measured(
    dataset: Dataset, tasks: Sequence[TaskConfig], rows: np.ndarray, predictions: dict[str, np.ndarray]
) -> tuple[dict[str, float | None], dict[str, str]]:
    """What `validation_metrics` returns, and why those that are None are not defined."""
    overall = replace(dataset, role=None, truth=None)  # no segments, no ceilings
    regressions = [task.name for task in tasks if task.is_regression]
    joint = joint_tasks(dataset, tasks)
    known = known_predictions(dataset, predictions, joint)
    results = evaluate(overall, rows, known, regressions=regressions, joint=joint, bootstrap=0)["overall"]["tasks"]
    entries = {f"{task}.{name}": entry for task, facts in results.items() for name, entry in facts["metrics"].items()}
    found = {name: entry["value"] for name, entry in entries.items()}
    reasons = {name: entry["reason"] for name, entry in entries.items() if entry["value"] is None}
    means: dict[str, list] = {}
    for task in dataset.inputs.tasks:
        for name in results[task]["metrics"]:
            means.setdefault(name, []).append(found[f"{task}.{name}"])
    for name, values in means.items():
        defined = [value for value in values if value is not None]
        found[f"{MEAN}.{name}"] = float(np.mean(defined)) if defined else None
        if not defined:
            reasons[f"{MEAN}.{name}"] = "not defined: no task has it"
    return found, reasons


@dataclass(frozen=True)
class Definable:
    """What the labels of the validation rows define, whatever is predicted.

    Args:
        metrics: `task.metric` and `mean.metric` that have a value. reasons: those that have none -> why.
    """

    metrics: tuple[str, ...]
    reasons: dict[str, str]

    def by_reason(self) -> dict[str, list[str]]:
        """Reason -> the metrics that are not defined for it, means apart."""
        found: dict[str, list[str]] = {}
        for name, reason in self.reasons.items():
            if not name.startswith(f"{MEAN}."):
                found.setdefault(reason.removeprefix("not defined: "), []).append(name)
        return found


def definable(dataset: Dataset, tasks: Sequence[TaskConfig]) -> Definable:
    """What the validation rows define, none of which is nothing."""
    if not len(dataset.valid):
        return Definable((), {})
    guess = {name: np.full(len(dataset.valid), 0.5) for name in (*dataset.inputs.tasks, *joint_tasks(dataset, tasks))}
    measured, reasons = _measured(dataset, tasks, dataset.valid, guess)
    return Definable(tuple(name for name, value in measured.items() if value is not None), reasons)


def stopping_metric(metric: str | None, known: Definable, left_out: Collection[str] = ()) -> str | None:
    """The metric that early stopping watches.

    Args:
        metric: its name, or None for mean.log_loss (mean.mse where every task is a regression).
        known: what the validation rows define. left_out: names of tasks that are not trained.
    Returns:
        The name; None where none was asked for and the validation rows have no label of any task.
    Raises:
        ConfigError: it is unknown or not defined there; names metrics that are.
    """
    useful = [name for name in known.metrics if name.rpartition(".")[2] != OBSERVED]
    if metric is None:
        return next((name for name in ("mean.log_loss", "mean.mse") if name in useful), None)
    if metric not in useful:
        what = f"is {known.reasons[metric]}, on the validation rows" if metric in known.reasons else "is unknown"
        if metric.rpartition(".")[0] in left_out:
            what = "is of a task that is left out"
        remedy = f"choose one of {', '.join(useful)}" if useful else "set training.early_stopping: null"
        raise ConfigError(f"training.early_stopping.metric: {metric} {what}; {remedy}")
    return metric
