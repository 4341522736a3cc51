"""Checks of what executors are given: batches and parameters that do not fit a plan are refused before a kernel reads them."""

from __future__ import annotations

import numpy as np

from .batch import Batch, Inputs, InputSpec, same_in_searches
from .parameters import Arena
from .plan import Plan


def check_batch(plan: Plan, batch: Batch) -> None:
    """Refuse a training batch that the plan's kernels would read out of bounds.

    Raises:
        ValueError: names the array, what was expected and what came.
    """
    check_inputs(plan, batch)
    check_labels(plan, batch)


def check_labels(plan: Plan, batch: Batch) -> None:
    """The part of `check_batch` that is not about inputs."""
    rows, tasks = len(batch), len(plan.spec.tasks)
    _check_shapes(batch, labels=(rows, tasks), weights=(rows, tasks), groups=(rows,))
    if len(batch.gains) not in (0, tasks):
        raise ValueError(f"gains must be {tasks} numbers, or none, got {len(batch.gains)}")


def check_inputs(plan: Plan, inputs: Inputs) -> None:
    """Refuse inputs that the plan's kernels would read out of bounds.

    Raises:
        ValueError: names the array, what was expected and what came.
    """
    check_shapes(plan, inputs)
    check_ids(plan, inputs)


def check_values(plan: Plan, dtype: np.dtype, values: Arena) -> None:
    """Refuse parameters of another precision, or of a plan of other sizes.

    Raises:
        ValueError: says what was expected and what came.
    """
    if values.dense.dtype != dtype:
        raise ValueError(f"values must be {dtype}, got {values.dense.dtype}")
    if values.plan is not plan:
        for kind, array, size in (("dense", values.dense, plan.size(table=False)), ("tables", values.tables, plan.size(table=True))):
            if len(array) != size:
                raise ValueError(f"values.{kind} must hold the {size} numbers of this plan, got {len(array)}")


def check_shapes(plan: Plan, inputs: Inputs) -> None:
    """All of `check_inputs` but the ids of categorical fields."""
    spec, rows = plan.spec, len(inputs)
    _check_shapes(inputs, ids=(rows, len(spec.categorical)), dense=(rows, len(spec.dense)))
    if len(inputs.bags) != len(spec.bags):
        raise ValueError(f"bags must be {len(spec.bags)}, got {len(inputs.bags)}")
    if rows == 0:
        raise ValueError("a batch must have at least one row, got 0")
    for (name, _), bag in zip(spec.bags, inputs.bags):
        if len(bag.entity) != rows or bag.entity.min() < 0 or bag.entity.max() >= len(bag.offsets) - 1:
            raise ValueError(f"bag {name} must give each of {rows} rows an entity in 0..{len(bag.offsets) - 2}")


def _check_shapes(rows: Inputs, **expected: tuple[int, ...]) -> None:
    for name, shape in expected.items():
        got = getattr(rows, name).shape
        if got != shape:
            raise ValueError(f"{name} must be {shape}, got {got}")


def check_ids(plan: Plan, inputs: Inputs) -> None:
    """The rest of `check_inputs`."""
    if inputs.ids.dtype.kind not in "iu":
        raise ValueError(f"ids must be integers, got {inputs.ids.dtype}")
    if (inputs.ids < 0).any() or (inputs.ids >= plan.spec.sizes).any():
        for (name, size), ids in zip(plan.spec.categorical, inputs.ids.T):
            if ids.min() < 0 or ids.max() >= size:
                raise ValueError(f"ids of {name} must lie in 0..{size - 1}, got {ids.min()}..{ids.max()}")


class SharedInputs:
    """Inputs that are the same in all rows of a batch, by their names.

    Attributes:
        fields, bags, dense: their columns of `Inputs.ids`, numbers of bags, columns of `Inputs.dense`.
    Raises:
        ValueError: there is no such input.
    """

    def __init__(self, spec: InputSpec, names: tuple[str, ...]) -> None:
        kinds = [name for name, _ in spec.categorical], [name for name, _ in spec.bags], list(spec.dense)
        self.fields, self.bags, self.dense = ([kind.index(name) for name in kind if name in set(names)] for kind in kinds)
        self._names = [kind[column] for kind, columns in zip(kinds, (self.fields, self.bags, self.dense)) for column in columns]
        unknown = {*names} - {*self._names}
        if unknown:
            raise ValueError(
                f"shared must name inputs, got {min(unknown)!r}; there are {', '.join(name for kind in kinds for name in kind)}"
            )

    def check(self, inputs: Inputs) -> None:
        """Refuse rows that differ.

        Raises:
            ValueError: names an input in which they do.
        """
        bags = [inputs.bags[number].entity[:, None] for number in self.bags]
        parts = [inputs.ids[:, self.fields], *bags, inputs.dense[:, self.dense]]
        differ = np.concatenate(
            [((part != part[:1]) & ((part == part) | (part[:1] == part[:1]))).any(axis=0) for part in parts]
        )  # NaN is NaN
        if differ.any():
            raise ValueError(f"shared names {self._names[int(differ.argmax())]}, but rows differ in it")


def check_shared(spec: InputSpec, batch: Batch) -> None:
    """Refuse `Batch.shared` where rows of a search differ.

    Raises:
        ValueError: names an input in which they do, or that there is not.
    """
    if batch.shared:
        wrong = {*batch.shared} - {*same_in_searches(batch, spec)}
        if wrong:
            SharedInputs(spec, batch.shared)  # raises for a name that is none
            raise ValueError(f"shared names {min(wrong)}, but rows of a search differ in it")


def check_bag_ids(plan: Plan, inputs: Inputs) -> None:
    """Refuse bags whose shared lists hold an id out of range; once a data set, since batches share them."""
    for (name, size), bag in zip(plan.spec.bags, inputs.bags):
        if bag.offsets[0] != 0 or bag.offsets[-1] != len(bag.ids) or (np.diff(bag.offsets) < 0).any():
            raise ValueError(f"offsets of bag {name} must rise from 0 to {len(bag.ids)}, the number of its ids")
        if len(bag.ids) and (bag.ids.min() < 0 or bag.ids.max() >= size):
            raise ValueError(f"ids of bag {name} must lie in 0..{size - 1}, got {bag.ids.min()}..{bag.ids.max()}")
