"""Predictions: probabilities by task name, the joint ones, and the ranking score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..config.configuration import ScoreConfig
from ..config.model import TaskConfig
from ..data import Dataset
from ..data.kept.mapped_rows import MappedInputs
from ..errors import ConfigError, RunError
from ..evaluation.targets import label_kind
from ..kernels.batch import Inputs
from ..kernels.executor import Executor, probabilities
from ..kernels.parameters import Arena
from ..kernels.plan import Plan
from ..progress import stage


class NotFinite(RunError):
    """A prediction that is no number: it must not reach a list or a file."""


CHUNK_ROWS = 65_536  # rows encoded for one call


def predict(
    executor: Executor,
    values: Arena,
    inputs: Inputs | MappedInputs,
    position_field: str | None = None,
    shared: tuple[str, ...] = (),
    rows: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """What the model says about rows, whose position it is not told.

    Args:
        executor, values, inputs, position_field, shared, rows: as for `predict_logits`.
    Returns:
        as `predictions_from`.
    Raises:
        NotFinite: one of them is NaN or infinite.
    """
    found = predictions_from(executor.plan, predict_logits(executor, values, inputs, position_field, shared, rows))
    check_finite([found])
    return found


def predict_logits(
    executor: Executor,
    values: Arena,
    inputs: Inputs | MappedInputs,
    position_field: str | None = None,
    shared: tuple[str, ...] = (),
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """(B, T) logits of rows, whose position the model is not told.

    Args:
        executor: runs the plan. values: its parameters. inputs: B rows, or more of which only `rows` (B,) are asked for.
        position_field: the categorical field that is set to unknown: a position only ever serves to explain clicks.
        shared: names of inputs that are the same in all rows; see `Executor.logits`.
    """
    spec = executor.plan.spec
    hidden = spec.column(position_field) if position_field in dict(spec.categorical) else None
    logits: np.ndarray = np.empty((len(inputs) if rows is None else len(rows), len(spec.tasks)), executor.dtype)
    done = 0
    with np.errstate(all="ignore"), stage("predicting", len(logits)) as at:  # whoever uses them looks at what comes of it
        for part in parts_of(inputs, rows):
            if len(part):
                logits[done : done + len(part)] = executor.logits(values, _without(hidden, part), shared)
                done += len(part)
            at(done)
    return logits


def predictions_from(plan: Plan, logits: np.ndarray) -> dict[str, np.ndarray]:
    """task -> (B,) float64 probability (a regression's value) from (B, T) logits, then the joint probability of each task
    that is conditional on another, under the name of `joint_name`."""
    tasks = plan.spec.tasks
    with np.errstate(all="ignore"):
        linked = probabilities(plan, logits)
        found = {task: linked[:, column] for column, task in enumerate(tasks)}
        for task, given in zip(tasks, plan.given):
            if given >= 0:
                found[joint_name(task, tasks[given])] = found[task] * found[tasks[given]]
    return found


def parts_of(inputs: Inputs | MappedInputs, rows: np.ndarray | None = None) -> Iterator[Inputs]:
    """All of some inputs, or the rows (B,) of them, in parts that are made one after the other."""
    if rows is None and isinstance(inputs, Inputs) and len(inputs) <= CHUNK_ROWS:
        yield inputs
        return
    count = len(inputs) if rows is None else len(rows)
    for first in range(0, count, CHUNK_ROWS):
        last = min(first + CHUNK_ROWS, count)
        yield inputs.take(np.arange(first, last) if rows is None else rows[first:last])


def _without(column: int | None, inputs: Inputs) -> Inputs:
    """Inputs without what a column of the ids says."""
    if column is None:
        return inputs
    ids = inputs.ids.copy()
    ids[:, column] = 0
    return replace(inputs, ids=ids)


def joint_tasks(dataset: Dataset, tasks: Sequence[TaskConfig]) -> dict[str, tuple[str, str]]:
    """Name of a joint probability -> the task that is given, and the one that is conditional on it, where both have labels 0 and 1.

    `ctcvr` is not among them, for `evaluate` knows it.
    """
    names = dataset.inputs.tasks
    binary = {name for place, name in enumerate(names) if label_kind(dataset.rows.labels[:, place]) == "binary"}
    found = {
        joint_name(task.name, task.given): (task.given, task.name) for task in tasks if task.given and {task.given, task.name} <= binary
    }
    return {name: pair for name, pair in found.items() if name not in (*names, "ctcvr")}


def check_names(tasks: Sequence[TaskConfig]) -> None:
    """Refuse a task that has the name of something else that is predicted or measured: one would take the other's place.

    Raises:
        ConfigError: names the task.
    """
    names = [task.name for task in tasks]
    taken = {"mean": "the mean over all tasks"}
    if set(names) & set(vars(ScoreConfig())):
        taken |= {"score": "the ranking score", "ranking": "the metrics of the ranking score"}
    for task in tasks:
        if task.given is not None:
            joint, what = joint_name(task.name, task.given), f"the joint probability of {task.given} and {task.name}"
            if joint in taken:
                raise ConfigError(f"{taken[joint]} and {what} would both be called {joint}; rename a task under data.columns.tasks")
            taken[joint] = what
    for name in names:
        if name in taken:
            raise ConfigError(f"a task cannot be called {name}, as {taken[name]} is; rename it under data.columns.tasks")


def known_predictions(dataset: Dataset, predictions: dict[str, np.ndarray], joint: Collection[str] = ()) -> dict[str, np.ndarray]:
    """The predictions that `evaluate` knows for this data: those of its tasks, `ctcvr`, and the `joint` ones that it is told of."""
    return {name: values for name, values in predictions.items() if name in (*dataset.inputs.tasks, "ctcvr", *joint)}


def joint_name(task: str, given: str) -> str:
    """The name of P(given and task): `ctcvr` for a conversion after a click."""
    return "ctcvr" if (given, task) == ("ctr", "cvr") else f"{given}_{task}"


def ranking_score(predictions: dict[str, np.ndarray], exponents: ScoreConfig) -> np.ndarray | None:
    """pCTR^a pCVR^b relevance^c over the tasks that there are, a regression's value below 0 as 0; None without any.

    Raises:
        NotFinite: a score is too large for a float.
    """
    score = unchecked_score(predictions, exponents)
    if score is not None:
        check_finite([{"score": score}])
    return score


def unchecked_score(predictions: dict[str, np.ndarray], exponents: ScoreConfig) -> np.ndarray | None:
    """`ranking_score`, which may hold what is no number."""
    used = {task: exponent for task, exponent in vars(exponents).items() if task in predictions and exponent != 0}
    if not used:
        return None
    with np.errstate(all="ignore"):
        return np.prod([np.maximum(predictions[task], 0) ** exponent for task, exponent in used.items()], axis=0)


def check_finite(parts: Iterable[Mapping[str, np.ndarray]]) -> None:
    """Refuse predictions that are no numbers.

    Args:
        parts: name -> (n,) predictions of neighbouring rows, part by part.
    Raises:
        NotFinite: says which, and of how many rows.
    """
    rows, wrong = 0, Counter[str]()
    for part in parts:
        rows += len(next(iter(part.values())))
        wrong.update({name: int((~np.isfinite(values)).sum()) for name, values in part.items()})
    for name, count in wrong.items():
        if count:
            raise NotFinite(f"{name} is NaN or infinite for {count:,} of {rows:,} rows; train again, or restore the run's files")
