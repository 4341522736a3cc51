"""Masks of tasks: which rows count, by another label or by a categorical field.

A row outside the mask of a task has no label there, and weight 0: so no loss sees it, no metric, no count of labels. `Dataset.outside`
remembers it for what is measured of two tasks together. A task that is given a masked one is masked with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..config.model import TaskConfig
from ..data import Dataset, TableEncoder
from ..errors import ConfigError, suggestion


def outside_masks(dataset: Dataset, tasks: Sequence[TaskConfig]) -> np.ndarray | None:
    """(N, T) bool, the rows that the mask of each task leaves out; None where no task has one.

    Args:
        dataset: with the labels and fields that the masks name.
    Raises:
        ConfigError: a mask names what is not there.
    """
    if not any(task.mask for task in tasks):
        return None
    own = {task.name: np.zeros(len(dataset.rows), bool) for task in tasks}
    for task in tasks:
        for name, values in task.mask.items():
            own[task.name] |= ~_inside(dataset, task.name, name, values if isinstance(values, tuple) else (values,))
    given, found = {task.name: task.given for task in tasks}, []
    for task in tasks:
        outside, seen = own[task.name], {task.name}
        following = task.given
        while following in own and following not in seen:  # a circle is refused elsewhere
            outside, seen, following = outside | own[following], seen | {following}, given[following]
        found.append(outside)
    return np.stack(found, axis=1)


def _inside(dataset: Dataset, task: str, name: str, values: tuple[int | float | str, ...]) -> np.ndarray:
    """(N,) bool, the rows in which a label or a field has one of the values."""
    if name in dataset.inputs.tasks:
        labels, found = dataset.rows.labels[:, dataset.inputs.tasks.index(name)], [value for value in values if isinstance(value, str)]
        if found:
            raise ConfigError(f"task {task}: mask.{name} must be a number, for {name} is a label, got {found[0]!r}")
        return np.isin(labels, np.array(values, np.float32))
    fields = _fields(dataset)
    if name not in fields:
        hint = suggestion(name, [*dataset.inputs.tasks, *fields])
        raise ConfigError(f"task {task}: mask.{name} is no label and no field that masks know; {hint}")
    codes, names = fields[name]
    for value in map(str, values):
        if value not in names:
            raise ConfigError(f"task {task}: mask.{name}: no row has {value!r}, or too few; {suggestion(value, names)}")
    return np.isin(codes, [names.index(str(value)) for value in values])


def _fields(dataset: Dataset) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Name of a field -> (N,) codes, and the values that they stand for; of a table its categorical fields, else the role alone."""
    found = {}
    if isinstance(dataset.encoder, TableEncoder):
        for column, field in enumerate(dataset.encoder.categorical):
            values = ["missing" if value is None else value for value in field.values]
            found[field.name] = dataset.rows.field(column) - 1, values
    if dataset.role is not None:
        found["role"] = dataset.role, list(dataset.role_names)
    return found
