"""The metrics of an epoch, and the one that early stopping watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..config.model import TaskConfig
from ..data import Dataset
from ..errors import ConfigError
from ..evaluation import evaluate
from ..evaluation.targets import OBSERVED
from ..run.prediction import known_predictions

MEAN = "mean"


def validation_metrics(
    dataset: Dataset, tasks: Sequence[TaskConfig], rows: np.ndarray, predictions: dict[str, np.ndarray]
) -> dict[str, float | None]:
    """Every metric of every task, and for each metric its mean over the data's tasks that have it.

    Args:
        tasks: of the dataset. rows: (n,) row indices. predictions: name -> (n,), as `prediction.predict` gives them.
    Returns:
        `task.metric` and `mean.metric` -> value; None where the rows do not define it.
    """
    overall = replace(dataset, role=None, truth=None)  # no segments, no ceilings
    regressions = [task.name for task in tasks if task.is_regression]
    results = evaluate(overall, rows, known_predictions(dataset, predictions), regressions=regressions, bootstrap=0)["overall"]["tasks"]
    found = {f"{task}.{name}": entry["value"] for task, facts in results.items() for name, entry in facts["metrics"].items()}
    means: dict[str, list] = {}
    for task in dataset.inputs.tasks:
        for name in results[task]["metrics"]:
            means.setdefault(name, []).append(found[f"{task}.{name}"])
    for name, values in means.items():
        found[f"{MEAN}.{name}"] = None if None in values else float(np.mean(values))
    return found


def stopping_metric(metric: str | None, dataset: Dataset, tasks: Sequence[TaskConfig]) -> str:
    """The metric that early stopping watches, checked on the validation rows.

    Args:
        tasks: of the dataset. metric: its name, or None for mean.log_loss (mean.mse where every task is a regression).
    Raises:
        ConfigError: it is unknown or not defined there; names metrics that are.
    """
    guess = {task: np.full(len(dataset.valid), 0.5) for task in dataset.inputs.tasks}
    measured = validation_metrics(dataset, tasks, dataset.valid, guess)
    if metric is None:
        metric = next((name for name in ("mean.log_loss", "mean.mse") if name in measured), "mean.log_loss")
    useful = [name for name, value in measured.items() if value is not None and name.rpartition(".")[2] != OBSERVED]
    if metric not in useful:
        what = "is not defined on the validation rows" if metric in measured else "is unknown"
        raise ConfigError(f"training.early_stopping.metric: {metric} {what}; choose one of {', '.join(useful)}")
    return metric
