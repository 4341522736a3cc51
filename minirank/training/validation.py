"""The metrics of an epoch, and the one that early stopping watches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data import Dataset
from ..errors import ConfigError
from ..evaluation import evaluate
from ..evaluation.targets import DIRECTIONS

MEAN = "mean"


def validation_metrics(dataset: Dataset, rows: np.ndarray, predictions: dict[str, np.ndarray]) -> dict[str, float | None]:
    """Every metric of every task, and for each metric its mean over the data's tasks that have it.

    Args:
        rows: (n,) row indices. predictions: name -> (n,), as `prediction.predict` gives them.
    Returns:
        `task.metric` and `mean.metric` -> value; None where the rows do not define it.
    """
    plain = replace(dataset, role=None, truth=None)
    tasks = evaluate(plain, rows, known_predictions(dataset, predictions), bootstrap=0)["overall"]["tasks"]
    found = {f"{task}.{name}": entry["value"] for task, facts in tasks.items() for name, entry in facts["metrics"].items()}
    means: dict[str, list] = {}
    for task in dataset.inputs.tasks:
        for name in tasks[task]["metrics"]:
            means.setdefault(name, []).append(found[f"{task}.{name}"])
    for name, values in means.items():
        found[f"{MEAN}.{name}"] = None if None in values else float(np.mean(values))
    return found


def known_predictions(dataset: Dataset, predictions: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The predictions that `evaluate` knows for this data: the tasks', and `ctcvr`."""
    known = {*dataset.inputs.tasks, "ctcvr"}
    return {name: values for name, values in predictions.items() if name in known}


def direction(metric: str) -> str:
    """ "max" where more of the metric is better, else "min"."""
    return DIRECTIONS[metric.rpartition(".")[2]]


def stopping_metric(metric: str | None, dataset: Dataset) -> str:
    """The metric that early stopping watches, checked on the validation rows.

    Args:
        metric: its name, or None for mean.log_loss (mean.mse where every task is a regression).
    Raises:
        ConfigError: it is unknown or not defined there; names metrics that are.
    """
    guess = {task: np.full(len(dataset.valid), 0.5) for task in dataset.inputs.tasks}
    measured = validation_metrics(dataset, dataset.valid, guess)
    if metric is None:
        metric = next((name for name in ("mean.log_loss", "mean.mse") if name in measured), "mean.log_loss")
    useful = [name for name, value in measured.items() if value is not None and name.rpartition(".")[2] in DIRECTIONS]
    if metric not in useful:
        what = "is not defined on the validation rows" if metric in measured else "is unknown"
        raise ConfigError(f"training.early_stopping.metric: {metric} {what}; choose one of {', '.join(useful)}")
    return metric
