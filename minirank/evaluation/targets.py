"""Which rows and labels each task's metrics see, whatever its loss; a task with a `mask` is measured within it, as it is trained.

Recruiting data, by names that are the same everywhere:

| task | rows | label | groups |
| --- | --- | --- | --- |
| ctr | click known | clicked | searches |
| cvr | clicked, conversion known | converted | jobs (too few searches hold both classes) |
| ctcvr | no click, or clicked and conversion known | clicked and converted | searches |
| relevance | graded | the soft grade | searches |
| ranking | as ctcvr | 0 not clicked, 1 clicked, 2 clicked and converted | searches |
| cvr_all | all, simulated worlds only | the true conversion probability | searches |

A task of a table that is given another is measured twice: on its labelled rows, and, under a name of its own, as the joint probability
of both: label 0 where the other one is 0, its own label where that is 1.

A table's task is evaluated on its labelled rows: `binary` (labels 0 and 1), `soft` (between), `graded` (whole numbers 0 .. 31),
`real`. Within groups the order counts as well: NDCG, and for labels of which 0 means irrelevant MAP. A regression has its mean squared
error in place of the metrics of probabilities, and keeps those of an order.
Every row counts the same: confidences weigh the loss, not the metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType

import numpy as np

from ..data import Dataset
from . import metrics
from .bootstrap import Auc, Fixed, Ratio, Statistic

HIGHER_IS_BETTER = ("auc", "gauc", "ndcg@1", "ndcg@10", "map", "concordance", "spearman")
OF_GROUPS = ("gauc", "ndcg@1", "ndcg@10", "map")
MOST_GRADE = 31  # of a graded label, whose gain is 2^g - 1
OBSERVED = "observed_over_predicted"  # best at 1, so it has no direction and nothing stops on it
OF_PROBABILITIES = ("log_loss", "kl", "brier", OBSERVED)
BINARY = ("auc", "gauc", "log_loss", "brier", OBSERVED)
RECRUITING = {
    "ctr": ("auc", "gauc", "ndcg@10", "log_loss", "brier", OBSERVED),
    "cvr": BINARY,
    "ctcvr": BINARY,
    "relevance": ("concordance", "ndcg@10", "log_loss", "kl", OBSERVED),
    "ranking": ("ndcg@10",),
    "cvr_all": ("concordance", "spearman", "kl", OBSERVED),
}
TABLE = {
    "binary": ("auc", "gauc", "ndcg@10", "map", "log_loss", "brier", OBSERVED),
    "soft": ("concordance", "ndcg@10", "log_loss", "kl", OBSERVED),
    "graded": ("concordance", "ndcg@1", "ndcg@10", "map", "mse"),
    "real": ("mse",),
}
GROUPED: dict[str, Callable[..., metrics.Grouped]] = {
    "gauc": metrics.gauc,
    "ndcg@1": partial(metrics.ndcg, k=1),
    "ndcg@10": metrics.ndcg,
    "map": metrics.average_precision,
    "concordance": metrics.concordance,
}
MASKED = {"ctcvr": ("ctr", "cvr"), "cvr_all": ("cvr",), "ranking": ("ctr", "cvr")}  # whose masks these tasks are measured within
SOURCES = {"ctcvr": ("ctr", "cvr"), "cvr_all": ("cvr",), "ranking": ()}  # whose predictions these tasks are measured on

# task: what there is no row of; what is true of no row, of every row, when one class is missing
REASONS = {
    "ctr": ("no row has a click label", "no row was clicked", "every row was clicked"),
    "cvr": ("no clicked row has a conversion label", "no clicked row converted", "every clicked row converted"),
    "ctcvr": ("no row has known labels", "no row was clicked and converted", "every row was clicked and converted"),
}


class NotDefined(Exception):
    """A metric that its rows do not define; str() is the reason, `coverage` as `statistic` gives it."""

    def __init__(self, reason: str, coverage: dict | None = None) -> None:
        super().__init__(reason)
        self.coverage = coverage


@dataclass(frozen=True)
class Rows:
    """The part of a data set that is evaluated, n rows.

    Args:
        tasks: names of the T label columns.
        kinds: "binary", "soft", "graded" or "real" for each task, from every row of the data set.
        regressions: tasks whose predictions are no probabilities.
        labels: (n, T) float, NaN = missing.
        search, job, role: (n,) int codes, or None.
        cluster: (n,) int in 0 .. clusters-1, the bootstrap's unit.
        clusters: how many clusters the whole evaluation has.
        unit: what a cluster is: "job", "search", or "row".
        truth: name -> (n,) simulated probability, or None.
        joint: name of a joint probability -> the task that is given, and the one that is conditional on it; both have binary labels.
        outside: (n, T) bool, rows that the mask of a task leaves out, or None.
    """

    tasks: tuple[str, ...]
    kinds: tuple[str, ...]
    regressions: frozenset[str]
    labels: np.ndarray
    search: np.ndarray | None
    job: np.ndarray | None
    role: np.ndarray | None
    cluster: np.ndarray
    clusters: int
    unit: str
    truth: dict[str, np.ndarray] | None
    joint: Mapping[str, tuple[str, str]]
    outside: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def label(self, task: str) -> np.ndarray:
        """(n,) the label column of a task."""
        return self.labels[:, self.tasks.index(task)]

    def is_regression(self, task: str) -> bool:
        """Whether the predictions for a task, or those that they are made of, are no probabilities."""
        sources = SOURCES.get(task, (task,)) if is_recruiting(self.tasks) else (task,)
        return not self.regressions.isdisjoint(sources)

    def take(self, positions: np.ndarray | slice) -> Rows:
        """The given rows; clusters keep their numbers."""

        def part(values):
            return None if values is None else values[positions]

        truth = None if self.truth is None else {name: values[positions] for name, values in self.truth.items()}
        columns = {name: part(getattr(self, name)) for name in ("labels", "search", "job", "role", "cluster", "outside")}
        return replace(self, **columns, truth=truth)


@dataclass(frozen=True)
class Target:
    """What a task's predictions are measured against, m rows.

    Args:
        task: its name.
        kind: "binary", "soft", "graded" or "real".
        labels: (m,) float64, none missing.
        scores: (m,) float64, the predictions for these rows.
        metrics: names of the metrics that make sense.
        groups: (m,) int, or None.
        group_name: "search" or "job".
        cluster: (m,) int.
        clusters: how many clusters the whole evaluation has.
    """

    task: str
    kind: str
    labels: np.ndarray
    scores: np.ndarray
    metrics: tuple[str, ...]
    groups: np.ndarray | None
    group_name: str
    cluster: np.ndarray
    clusters: int

    @cached_property
    def order(self) -> np.ndarray:
        """(m,) int64, the rows by rising score."""
        return metrics.rising(self.scores)

    def reason(self, metric: str) -> str:
        """Why `metric` has no value on these rows."""
        none, zero, one = REASONS.get(
            self.task, (f"no row has a {self.task} label", f"no {self.task} label is 1", f"every {self.task} label is 1")
        )
        if len(self.labels) == 0:
            return none
        if metric in ("auc", "gauc") and self.labels.min() == self.labels.max():
            return one if self.labels.all() else zero
        if metric == OBSERVED:
            return "every prediction is 0"
        if metric == "spearman":
            return "the predictions or the labels are constant"
        if metric in ("ndcg@1", "ndcg@10", "map"):
            return f"no {self.group_name} of two candidates or more has a label above 0"
        if metric == "gauc":
            return f"no {self.group_name} holds both classes"
        return "all labels are equal" if self.groups is None else f"no {self.group_name} has two different labels"


def is_recruiting(tasks: Collection[str]) -> bool:
    """Whether these tasks mean clicks and conversions, so that ctcvr is defined."""
    return "ctr" in tasks and "cvr" in tasks


def select(
    dataset: Dataset, rows: np.ndarray, regressions: Collection[str] = (), joint: Mapping[str, tuple[str, str]] = MappingProxyType({})
) -> Rows:
    """The rows of a data set that are evaluated, with the bootstrap's clusters.

    A cluster is a job with all its searches (a search belongs to the job of its first row); a
    search where jobs are not known; a row where neither is.

    Args:
        rows: (n,) int64 indices into `dataset.rows`.
        regressions: tasks whose predictions are no probabilities; those with labels outside [0, 1] need not be named.
        joint: as in `Rows`.
    """

    def part(values):
        return None if values is None else np.asarray(values)[rows]

    tasks, labels = dataset.inputs.tasks, dataset.rows.labels
    search, job = part(dataset.search), part(dataset.job)
    unit = search if job is None else job
    if job is not None and search is not None and len(rows):
        first = np.empty(search.max() + 1, np.int64)
        first[search[::-1]] = np.arange(len(rows))[::-1]  # of repeated codes the last one written stays
        unit = job[first[search]]
    cluster = np.arange(len(rows)) if unit is None else renumbered(unit)
    name = "job" if job is not None else "search" if search is not None else "row"
    truth = None if dataset.truth is None else {key: part(values) for key, values in dataset.truth.items()}
    clusters = int(cluster.max(initial=-1)) + 1
    kinds = tuple(label_kind(labels[:, t]) for t in range(len(tasks)))
    free = frozenset(regressions).union(task for task, kind in zip(tasks, kinds) if kind in ("graded", "real"))
    outside = part(dataset.outside)
    return Rows(tasks, kinds, free, labels[rows], search, job, part(dataset.role), cluster, clusters, name, truth, joint, outside)


def renumbered(codes: np.ndarray) -> np.ndarray:
    """(n,) int64: the codes >= 0 that occur become 0, 1, ... in their order."""
    occurs = np.bincount(codes) > 0
    return (np.cumsum(occurs) - 1)[codes]


def target_of(rows: Rows, task: str, scores: np.ndarray) -> Target:
    """The rows and labels that `task` is measured on; the table at the top of this file says which.

    Args:
        rows: from `select`.
        task: a label column, or for recruiting data also "ctcvr", "ranking", "cvr_all".
        scores: (n,) predictions for `rows`.
    """
    group_name, groups = "search", rows.search
    names: Sequence[str]
    if task in rows.joint:
        first, second = map(rows.label, rows.joint[task])
        labels, kind, names = both_labels(first, second), "binary", TABLE["binary"]
    elif is_recruiting(rows.tasks) and task in RECRUITING:
        labels = recruiting_labels(rows, task)
        kind = {"relevance": "soft", "cvr_all": "soft", "ranking": "graded"}.get(task, "binary")
        names = RECRUITING[task]
        if task == "cvr":
            group_name, groups = "job", rows.job
    else:
        labels = rows.label(task)
        kind = rows.kinds[rows.tasks.index(task)]
        names = TABLE[kind]
    if rows.outside is not None:
        columns = [rows.tasks.index(name) for name in rows.joint.get(task) or MASKED.get(task, (task,)) if name in rows.tasks]
        labels = np.where(rows.outside[:, columns].any(axis=1), np.nan, labels)
    if groups is None:
        names = [name for name in names if name not in OF_GROUPS]
    if rows.is_regression(task):
        negative = task in rows.tasks and rows.kinds[rows.tasks.index(task)] == "real"  # maybe: no gain of an NDCG
        names = [name for name in names if name not in (*OF_PROBABILITIES, "mse") and not (negative and name in OF_GROUPS)] + ["mse"]
    index = np.flatnonzero(~np.isnan(labels))
    groups = None if groups is None else groups[index]
    labels = labels[index].astype(float)
    return Target(task, kind, labels, scores[index], tuple(names), groups, group_name, rows.cluster[index], rows.clusters)


def both_labels(given: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(n,) the label of both: no click, no conversion, whatever the second label says; NaN where that is not known."""
    return np.where(given == 0, 0, np.where(given == 1, label, np.nan))


def recruiting_labels(rows: Rows, task: str) -> np.ndarray:
    """(n,) labels of one of the `RECRUITING` tasks, NaN where a row does not count."""
    if task == "cvr_all":
        return rows.truth["conversion"]
    if task in ("ctr", "relevance"):
        return rows.label(task)
    clicked, converted = rows.label("ctr"), rows.label("cvr")
    after_click = np.where(clicked == 1, converted, np.nan)
    if task == "cvr":
        return after_click
    both = both_labels(clicked, converted)
    return both if task == "ctcvr" else clicked + both


def label_kind(labels: np.ndarray) -> str:
    """ "binary" where every label is 0 or 1, "soft" where all lie in [0, 1], "graded" where all are whole up to 31, else "real"."""
    labels = labels[~np.isnan(labels)]
    if ((labels == 0) | (labels == 1)).all():
        return "binary"
    if ((labels >= 0) & (labels <= 1)).all():
        return "soft"
    return "graded" if ((labels >= 0) & (labels <= MOST_GRADE) & (labels == np.floor(labels))).all() else "real"


def statistic(metric: str, target: Target) -> tuple[Statistic, dict | None]:
    """A metric as something that has a value and can be resampled.

    Args:
        metric: a name in `target.metrics`.
    Returns:
        (statistic, coverage): coverage is None, or {"unit", "groups", "rows", "empty", "single"}: the shares that count, and
        how many groups are left out because of their labels, and because they are of one row.
    Raises:
        NotDefined: these rows do not define the metric.
    """
    if len(target.labels) == 0:
        raise NotDefined(target.reason(metric))
    made: Statistic
    coverage = None
    if metric == "auc":
        made = Auc(target.labels, target.scores, target.cluster, target.clusters, target.order)
    elif metric == "spearman":
        made = Fixed(metrics.spearman(target.labels, target.scores))
    elif metric in GROUPED:
        grouped = GROUPED[metric](target.labels, target.scores, target.groups)
        made = Ratio(grouped.scores * grouped.weights, grouped.weights, target.cluster[grouped.first], target.clusters)
        if target.groups is not None:
            coverage = {"unit": target.group_name, "groups": grouped.group_share, "rows": grouped.row_share}
            coverage |= {"empty": grouped.empty, "single": grouped.single}
    else:
        made = row_ratio(metric, target)
    if np.isnan(made.value):
        raise NotDefined(target.reason(metric), coverage)
    return made, coverage


def row_ratio(metric: str, target: Target) -> Ratio:
    """The metrics that are sums over rows: "log_loss", "kl", "brier", "mse", observed over predicted."""
    if metric == OBSERVED:
        return Ratio(target.labels, target.scores, target.cluster, target.clusters)
    of_rows = {"log_loss": metrics.row_log_loss, "kl": metrics.row_kl}.get(metric, metrics.row_squared_error)
    values = of_rows(target.labels, target.scores)
    return Ratio(values, np.ones(len(values)), target.cluster, target.clusters)
