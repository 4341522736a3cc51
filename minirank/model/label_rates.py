"""How often each loss has a label in the training rows: what the losses are divided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..config.model import OF_GIVEN, Loss, TaskConfig
from ..errors import ConfigError
from ..kernels.batch import Batch
from ..kernels.ops.group_losses import adds_something
from ..kernels.ops.losses import entire_label


@dataclass(frozen=True)
class LabelRates:
    """What a plan takes from the training rows; enough to compile it again without them.

    Args:
        rows: N, the number of training rows.
        rates: `task.loss` -> its `label_rate`.
    """

    rows: int
    rates: dict[str, float]


def label_rates(tasks: tuple[TaskConfig, ...], rows: Batch) -> LabelRates:
    """The rate of every loss in the training rows.

    Raises:
        ConfigError: a loss without a label.
    """
    names, rates = [task.name for task in tasks], {}
    for t, task in enumerate(tasks):
        given = -1 if task.given is None else names.index(task.given)
        for loss in task.loss:
            rates[f"{task.name}.{loss}"] = rate = label_rate(loss, rows, t, given)
            if rate <= 0:
                raise ConfigError(f"task {task.name}: no training row has a label for its loss {loss!r}; drop the task or the loss")
    return LabelRates(len(rows), rates)


def label_rate(loss: Loss, rows: Batch, task: int, given: int) -> float:
    """What a masked mean divides by, beside B: the mean of weight [label is there] over the training rows.

    Args:
        rows: the training rows. task: its column. given: the column of the task it is conditional on.
    Returns:
        A rate >= 0; for a loss within a search the share of rows in searches that add something.
    """
    labels, weights = rows.labels[:, task], rows.weights[:, task]
    if loss in ("pairwise", "listwise"):
        starts = np.flatnonzero(np.diff(rows.groups, prepend=rows.groups[0] - 1))
        sizes = np.diff(np.append(starts, len(labels)))
        useful = [adds_something(loss, part) for part in np.split(labels, starts[1:])]
        return float(sizes[np.array(useful, bool)].sum() / len(labels))
    if loss in OF_GIVEN:
        labels = entire_label(rows.labels[:, given], labels)
    return float(np.where(np.isnan(labels), 0, weights).mean(dtype=np.float64))
