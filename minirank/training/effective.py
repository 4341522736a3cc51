"""How many rows the weighted ones of a loss by inverse propensity are worth: the effective sample size.

    w = o / max(pCTR, floor) times the label's confidence,      (sum w)^2 / sum w^2

n rows of equal weight are worth n; where a few have most of the weight, a gradient is as noisy as that of these few.
Source: Kish, Survey Sampling, 1965.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..config.model import TaskConfig
from ..data import Dataset
from ..kernels.executor import Executor
from ..kernels.ops.losses import sigmoid
from ..kernels.parameters import Arena
from ..run.prediction import parts_of

SMALL = 0.2  # of the rows that are weighted


def effective_rows(executor: Executor, values: Arena, dataset: Dataset, tasks: Sequence[TaskConfig]) -> dict[str, dict[str, float]]:
    """Of each task with the loss ips or dr the training rows that are weighted, and how many they are worth.

    Args:
        executor: runs the plan. values: its parameters, whose propensities are taken. tasks: of the dataset.
    Returns:
        task -> {"rows", "effective"}; rows without the given label, or without one of their own, have no weight and do not count.
    """
    names, found = [task.name for task in tasks], {}
    for column, task in enumerate(tasks):
        if not {"ips", "dr"} & set(task.loss):
            continue
        given, train = names.index(str(task.given)), dataset.train
        labels, confidence = dataset.rows.labels[train], dataset.rows.weights[train, column]
        rows = train[(labels[:, given] == 1) & ~np.isnan(labels[:, column]) & (confidence > 0)]
        parts = [executor.logits(values, part)[:, given] for part in parts_of(dataset.rows, rows)]
        logits = np.concatenate(parts or [np.zeros(0)])
        weights = dataset.rows.weights[rows, column] / np.maximum(sigmoid(logits.astype(float)), task.least_propensity)
        found[task.name] = {"rows": len(rows), "effective": effective_size(weights)}
    return found


def effective_size(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2 of (n,) weights >= 0; 0 without any."""
    total = (weights**2).sum()
    return float(weights.sum() ** 2 / total) if total else 0.0


def few_effective(found: dict[str, dict[str, float]], tasks: Sequence[TaskConfig]) -> list[str]:
    """A line for each task whose weighted rows are worth little, with the remedy."""
    least = {task.name: task.least_propensity for task in tasks}
    return [
        f"{name}: {each['rows']:,} weighted rows are worth {each['effective']:,.0f}, for a few have most of the weight; "
        f"raise tasks.least_propensity (it is {least[name]:g}), or take a larger log"
        for name, each in found.items()
        if each["effective"] < SMALL * each["rows"]
    ]
