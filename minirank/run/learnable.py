"""Which tasks the training rows can teach, and what becomes of the others: one rule for `minirank validate` and `minirank train`.

A task cannot be learned where its training rows have no label, where all their labels are equal, or where a loss that compares the
rows of a search finds no search with two different labels. Such a task is an error where the model is esmm, which is one chain of
tasks, where another task is given it, and where the score needs it; anywhere else it is left out. A class that only the validation
or the test rows lack is no error: the metrics that need it have no value there, and say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..config.configuration import Config, FolderConfig
from ..config.model import OF_GIVEN, TaskConfig
from ..data import Dataset
from ..data.column_names import FILES
from ..data.problems import Problems
from ..errors import DataError
from ..evaluation.format_metrics import aligned
from ..evaluation.targets import label_kind
from ..kernels.ops.losses import entire_label
from ..model.architectures import architecture_of

PARTS = ("train", "valid", "test")
COLUMNS = {"ctr": "clicked", "cvr": "converted", "relevance": "relevance"}  # of impressions.csv: what holds a task's label
OF_SEARCHES = ("pairwise", "listwise")


@dataclass(frozen=True)
class Labels:
    """The labels of a task in one part of the rows.

    Args:
        rows: with a label. positive: of these, the labels 1; None where labels are not 0 or 1. low, high: NaN without a label.
        searches: those with two different labels; None where the data have no searches.
    """

    rows: int
    positive: int | None
    low: float
    high: float
    searches: int | None


@dataclass(frozen=True)
class Learnable:
    """What can be learned.

    Args:
        tasks: those that are trained. left_out: task -> why it is not.
        labels: (task, part) -> `Labels`, of every task that was asked for. problems: why nothing is trained, if there are any.
    """

    tasks: tuple[TaskConfig, ...]
    left_out: dict[str, str]
    labels: dict[tuple[str, str], Labels]
    problems: tuple[DataError, ...]

    def raise_first(self) -> None:
        """Raises the first problem, if there is one."""
        found = Problems()
        for problem in self.problems:
            found.add_error(problem)
        found.raise_first("minirank validate")


def learnable(config: Config, dataset: Dataset) -> Learnable:
    """Judges the tasks of a configuration, or of the data where it names none, by the labels of the training rows.

    Args:
        dataset: with the label columns of `config.tasks`, or with all.
    """
    tasks = config.tasks or _all_tasks(config, dataset.inputs.tasks)
    names = [task.name for task in tasks]
    after_click = ("cvr",) if isinstance(config.data, FolderConfig) else ()
    reasons = {task.name: reason for task in tasks if (reason := _why_not(task, dataset, after_click)) is not None}
    masked = {task.name for task in tasks if task.mask}
    reasons = {name: f"{reason} (those inside its mask)" if name in masked else reason for name, reason in reasons.items()}
    kept = tuple(task for task in tasks if task.name not in reasons)
    labels = {(name, part): _labels(dataset, name, getattr(dataset, part)) for name in names for part in PARTS}
    if not kept:
        return Learnable((), {}, labels, (_nothing(config, reasons),))
    problems, left_out = [], {}
    for name, reason in reasons.items():
        needed = _needed_by(config, name, kept)
        if needed is None:
            left_out[name] = reason
        else:
            remedy = _remedy(config, name, kept, only_score=needed.startswith("score"))
            problems.append(_problem(config, name, f"task {name} cannot be learned: {reason}, and {needed}", remedy))
    return Learnable(kept, left_out, labels, tuple(problems))


def format_labels(found: Learnable) -> str:
    """The labels as a table: for each task and part its rows, positives, and searches with two different labels."""
    cells = [["task", "part", "labels", "positive, or range", "searches with two labels"]]
    for (name, part), labels in found.labels.items():
        values = "-" if not labels.rows else f"{labels.low:g} to {labels.high:g}" if labels.positive is None else f"{labels.positive:,}"
        searches = "-" if labels.searches is None else f"{labels.searches:,}"
        cells.append([name if part == PARTS[0] else "", part, f"{labels.rows:,}", values, searches])
    return "\n".join(aligned(cells))


def _all_tasks(config: Config, names: Sequence[str]) -> tuple[TaskConfig, ...]:
    """A task for each label, with its cross-entropy, less those whose column a data folder is said not to have."""
    absent: set[str] = set()
    if isinstance(config.data, FolderConfig):
        columns = config.data.columns.get("impressions", {})
        absent = {task for task, column in COLUMNS.items() if columns.get(column, column) is None}
        absent |= {"cvr"} if "ctr" in absent else set()  # a conversion counts where there was a click
    names = [name for name in names if name not in absent]
    return tuple(TaskConfig(name, given="ctr" if name == "cvr" and "ctr" in names else None) for name in names)


def _why_not(task: TaskConfig, dataset: Dataset, after_click: Sequence[str]) -> str | None:
    """Why the training rows do not teach a task; None where they do. `after_click`: tasks whose labels stand in clicked rows alone."""
    labels, weights, groups = _of(dataset, task.name, dataset.train)
    known = ~np.isnan(labels)
    if not known.any():
        return f"no {'clicked ' if task.name in after_click else ''}training row has a label"
    known &= weights > 0
    if not known.any():
        return "no training row has a label with a weight above 0"
    if (equal := _all_equal(labels[known])) is not None:
        return equal
    reads_both = next((loss for loss in OF_GIVEN if loss in task.loss), None)
    if reads_both is not None and task.given in dataset.inputs.tasks:
        given, _, _ = _of(dataset, str(task.given), dataset.train)
        both = entire_label(given, labels)[known]
        if not (~np.isnan(both)).any():
            return f"no training row has the labels of {task.given} and {task.name}, which its loss {reads_both!r} reads"
        if (equal := _all_equal(both[~np.isnan(both)])) is not None:
            return f"for its loss {reads_both!r}, the labels of {task.given} and {task.name} together, {equal}"
    loss = next((loss for loss in task.loss if loss in OF_SEARCHES), None)
    if loss is not None and dataset.search is not None and not _searches(labels, groups):
        return f"no search of the training rows has two different labels, which its loss {loss!r} compares"
    return None


def _all_equal(labels: np.ndarray) -> str | None:
    """That labels (n,), at least one, are all the same; None where they are not."""
    if labels.min() != labels.max():
        return None
    how_many = "the only label" if len(labels) == 1 else f"all {len(labels):,} labels"
    return f"{how_many} of the training rows {'is' if len(labels) == 1 else 'are'} {labels[0]:g}"


def _of(dataset: Dataset, task: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(labels, weights, groups) of a task in some rows."""
    column = dataset.inputs.tasks.index(task)
    return dataset.rows.labels[rows, column], dataset.rows.weights[rows, column], dataset.rows.groups[rows]


def _labels(dataset: Dataset, task: str, rows: np.ndarray) -> Labels:
    labels, _, groups = _of(dataset, task, rows)
    known = labels[~np.isnan(labels)]
    classes = label_kind(dataset.rows.labels[:, dataset.inputs.tasks.index(task)]) == "binary"
    low, high = (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)
    searches = None if dataset.search is None else _searches(labels, groups)
    return Labels(len(known), int((known == 1).sum()) if classes else None, low, high, searches)


def _searches(labels: np.ndarray, groups: np.ndarray) -> int:
    """How many searches, whose rows are neighbours, have two different labels."""
    known = ~np.isnan(labels)
    labels, groups = labels[known], groups[known]
    if not len(labels):
        return 0
    starts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    return int((np.minimum.reduceat(labels, starts) < np.maximum.reduceat(labels, starts)).sum())


def _needed_by(config: Config, name: str, kept: Sequence[TaskConfig]) -> str | None:
    """What cannot do without a task, if anything."""
    if architecture_of(config.model).whole:
        return f"{config.model.architecture} trains all its tasks together"
    for task in kept:
        if task.given == name:
            return f"task {task.name} is given it"
    exponent = vars(config.score).get(name, 0)
    return f"score.{name} is {exponent:g}" if exponent else None


def _remedy(config: Config, name: str, kept: Sequence[TaskConfig], only_score: bool) -> str:
    """The setting that trains without a task."""
    given = [task.name for task in kept if task.given == name]
    free = "".join(f" and set tasks.given of {other} to null" for other in given)
    if config.tasks:
        text = f"take {name} out of tasks{free}"
    elif not isinstance(config.data, FolderConfig):
        text = f"take {name} out of data.columns.tasks"
    elif given:  # without clicks there would be no conversions
        text = f"write tasks: [{', '.join(f'{{name: {task.name}}}' for task in kept)}]"
    else:
        text = f"write data.columns.impressions.{COLUMNS[name]}: null"
    return f"{text} to train without it" + (f", or score.{name}: 0 to leave it out" if only_score else "")


def _problem(config: Config, name: str, problem: str, remedy: str) -> DataError:
    """The error about a task, which names the file and the column of its label."""
    data = config.data
    if isinstance(data, FolderConfig):
        return DataError(problem, file=FILES["impressions"], column=_column(data, COLUMNS[name]), remedy=remedy)
    assert data is not None  # the data were read
    column = next(str(task.column) for task in data.columns.tasks if task.name == name)
    return DataError(problem, file=data.table.train.name, column=column, remedy=remedy)


def _column(data: FolderConfig, ours: str) -> str:
    """The name of a column of impressions.csv in the file."""
    return data.columns.get("impressions", {}).get(ours) or ours


def _nothing(config: Config, reasons: dict[str, str]) -> DataError:
    """The error where no task can be learned."""
    problem = "no task can be learned"
    if reasons:
        problem += ": " + "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    data = config.data
    if isinstance(data, FolderConfig):
        named = "name the columns that hold labels, such as data.columns.impressions.clicked: NAME"
        remedy = f"{named}, write null for one that the export does not have, or take a longer log"
        return DataError(problem, file=FILES["impressions"], remedy=remedy)
    assert data is not None
    return DataError(problem, file=data.table.train.name, remedy="give training rows with different labels, and check data.columns.tasks")
