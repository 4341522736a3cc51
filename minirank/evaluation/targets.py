"""Which rows and labels each task's metrics see. They never follow the mask of the loss.

Recruiting data, by names that are the same everywhere:

| task | rows | label | groups |
| --- | --- | --- | --- |
| ctr | click known | clicked | searches |
| cvr | clicked, conversion known | converted | jobs (too few searches hold both classes) |
| ctcvr | no click, or clicked and conversion known | clicked and converted | searches |
| relevance | graded | the soft grade | searches |
| ranking | as ctcvr | 0 not clicked, 1 clicked, 2 clicked and converted | searches |
| cvr_all | all, simulated worlds only | the true conversion probability | searches |

A table's task is evaluated on its labelled rows: `binary` (labels 0 and 1), `soft` (between), `real`.
Every row counts the same: confidences weigh the loss, not the metrics.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ConfigError
from . import metrics
from .bootstrap import Auc, Fixed, Ratio

DIRECTIONS = {
    "auc": "max",
    "gauc": "max",
    "ndcg@10": "max",
    "concordance": "max",
    "spearman": "max",
    "log_loss": "min",
    "kl": "min",
    "brier": "min",
    "mse": "min",
}
OBSERVED = "observed_over_predicted"  # best at 1, so it has no direction and nothing stops on it
BINARY = ("auc", "gauc", "log_loss", "brier", OBSERVED)
RECRUITING = {
    "ctr": ("auc", "gauc", "ndcg@10", "log_loss", "brier", OBSERVED),
    "cvr": BINARY,
    "ctcvr": BINARY,
    "relevance": ("concordance", "ndcg@10", "log_loss", "kl", OBSERVED),
    "ranking": ("ndcg@10",),
    "cvr_all": ("concordance", "spearman", "kl", OBSERVED),
}
TABLE = {"binary": BINARY, "soft": ("concordance", "log_loss", "kl", OBSERVED), "real": ("mse",)}

# task: what there is no row of; what is true of no row, of every row, when one class is missing
REASONS = {
    "ctr": ("no row has a click label", "no row was clicked", "every row was clicked"),
    "cvr": ("no clicked row has a conversion label", "no clicked row converted", "every clicked row converted"),
    "ctcvr": ("no row has known labels", "no row was clicked and converted", "every row was clicked and converted"),
}


class NotDefined(Exception):
    """A metric that its rows do not define; str() is the reason."""


@dataclass(frozen=True)
class Rows:
    """The part of a data set that is evaluated, n rows.

    Args:
        tasks: names of the T label columns.
        kinds: "binary", "soft" or "real" for each task, from every row of the data set.
        labels: (n, T) float, NaN = missing.
        search, job, role: (n,) int codes, or None.
        cluster: (n,) int in 0 .. clusters-1, the bootstrap's unit.
        clusters: how many clusters the whole evaluation has.
        unit: what a cluster is: "job", "search", or "row".
        truth: name -> (n,) simulated probability, or None.
    """

    tasks: tuple[str, ...]
    kinds: tuple[str, ...]
    labels: np.ndarray
    search: np.ndarray | None
    job: np.ndarray | None
    role: np.ndarray | None
    cluster: np.ndarray
    clusters: int
    unit: str
    truth: dict[str, np.ndarray] | None

    def __len__(self) -> int:
        return len(self.labels)

    def label(self, task) -> np.ndarray:
        return self.labels[:, self.tasks.index(task)]

    def take(self, positions) -> Rows:
        """The given rows; clusters keep their numbers."""

        def part(values):
            return None if values is None else values[positions]

        truth = None if self.truth is None else {name: values[positions] for name, values in self.truth.items()}
        columns = (part(self.search), part(self.job), part(self.role), self.cluster[positions])
        return Rows(self.tasks, self.kinds, self.labels[positions], *columns, self.clusters, self.unit, truth)


@dataclass(frozen=True)
class Target:
    """What a task's predictions are held against, m rows.

    Args:
        task: its name.
        kind: "binary", "soft", "graded" or "real".
        index: (m,) int, the rows that count, as positions in `Rows`.
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
    index: np.ndarray
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

    def reason(self, metric) -> str:
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
        if metric == "ndcg@10":
            return f"no {self.group_name} has a label above 0"
        if metric == "gauc":
            return f"no {self.group_name} holds both classes"
        return "all labels are equal" if self.groups is None else f"no {self.group_name} has two different labels"


def is_recruiting(tasks) -> bool:
    """Whether these tasks mean clicks and conversions, so that ctcvr is defined."""
    return "ctr" in tasks and "cvr" in tasks


def select(dataset, rows) -> Rows:
    """The rows of a data set that are evaluated, with the bootstrap's clusters.

    A cluster is a job with all its searches (a search belongs to the job of its first row); a
    search where jobs are not known; a row where neither is.

    Args:
        dataset: a Dataset.
        rows: (n,) int64 indices into `dataset.rows`.
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
    return Rows(tasks, kinds, labels[rows], search, job, part(dataset.role), cluster, clusters, name, truth)


def renumbered(codes) -> np.ndarray:
    """(n,) int64: the codes >= 0 that occur become 0, 1, ... in their order."""
    occurs = np.bincount(codes) > 0
    return (np.cumsum(occurs) - 1)[codes]


def target(rows, task, scores) -> Target:
    """The rows and labels that `task` is measured on; the table at the top of this file says which.

    Args:
        rows: from `select`.
        task: a label column, or for recruiting data also "ctcvr", "ranking", "cvr_all".
        scores: (n,) predictions for `rows`.
    """
    group_name, groups = "search", rows.search
    if is_recruiting(rows.tasks) and task in RECRUITING:
        labels = recruiting_labels(rows, task)
        kind = {"relevance": "soft", "cvr_all": "soft", "ranking": "graded"}.get(task, "binary")
        names = RECRUITING[task]
        if task == "cvr":
            group_name, groups = "job", rows.job
    else:
        labels = rows.label(task)
        kind = rows.kinds[rows.tasks.index(task)]
        names = TABLE[kind]
    if groups is None:
        names = tuple(name for name in names if name not in ("gauc", "ndcg@10"))
    index = np.flatnonzero(~np.isnan(labels))
    groups = None if groups is None else groups[index]
    labels = labels[index].astype(float)
    return Target(task, kind, index, labels, scores[index], names, groups, group_name, rows.cluster[index], rows.clusters)


def recruiting_labels(rows, task) -> np.ndarray:
    """(n,) labels of one of the `RECRUITING` tasks, NaN where a row does not count."""
    if task == "cvr_all":
        return rows.truth["conversion"]
    if task in ("ctr", "relevance"):
        return rows.label(task)
    clicked, converted = rows.label("ctr"), rows.label("cvr")
    after_click = np.where(clicked == 1, converted, np.nan)
    if task == "cvr":
        return after_click
    both = np.where(clicked == 0, 0, after_click)  # no click, no conversion, whatever `converted` says
    return both if task == "ctcvr" else clicked + both


def label_kind(labels) -> str:
    """ "binary" where every label is 0 or 1, "soft" where all lie in [0, 1], else "real"."""
    labels = labels[~np.isnan(labels)]
    if ((labels == 0) | (labels == 1)).all():
        return "binary"
    return "soft" if ((labels >= 0) & (labels <= 1)).all() else "real"


def statistic(metric, held):
    """A metric as something that has a value and can be resampled.

    Args:
        metric: a name in `held.metrics`.
        held: a Target.
    Returns:
        (statistic, coverage): coverage is None, or {"unit", "groups", "rows"}, the shares that count.
    Raises:
        NotDefined: these rows do not define the metric.
    """
    if len(held.labels) == 0:
        raise NotDefined(held.reason(metric))
    coverage = None
    if metric == "auc":
        made = Auc(held.labels, held.scores, held.cluster, held.clusters, held.order)
    elif metric == "spearman":
        made = Fixed(metrics.spearman(held.labels, held.scores))
    elif metric in ("gauc", "ndcg@10", "concordance"):
        function = {"gauc": metrics.gauc, "ndcg@10": metrics.ndcg, "concordance": metrics.concordance}[metric]
        grouped = function(held.labels, held.scores, held.groups)
        made = Ratio(grouped.scores * grouped.weights, grouped.weights, held.cluster[grouped.first], held.clusters)
        if held.groups is not None:
            coverage = {"unit": held.group_name, "groups": grouped.group_share, "rows": grouped.row_share}
    else:
        made = row_ratio(metric, held)
    if np.isnan(made.value):
        raise NotDefined(held.reason(metric))
    return made, coverage


def row_ratio(metric, held) -> Ratio:
    """The metrics that are sums over rows: "log_loss", "kl", "brier", "mse", observed over predicted."""
    if metric == OBSERVED:
        return Ratio(held.labels, held.scores, held.cluster, held.clusters)
    if metric == "log_loss":
        values = metrics.row_log_loss(held.labels, held.scores)
    elif metric == "kl":
        values = metrics.row_log_loss(held.labels, held.scores) - metrics.row_entropy(held.labels)
    else:
        values = (held.labels - held.scores) ** 2
    return Ratio(values, np.ones(len(values)), held.cluster, held.clusters)


def metric_names(tasks) -> tuple[str, ...]:
    """Names that a configuration can stop on: `ctr.auc`, `relevance.concordance`, `<task>.log_loss`, ...

    Args:
        tasks: names of the data set's tasks.
    """
    offered = dict.fromkeys(tasks, tuple(dict.fromkeys(name for names in TABLE.values() for name in names)))
    if is_recruiting(tasks):
        offered |= {task: names for task, names in RECRUITING.items() if task in (*tasks, "ctcvr", "ranking")}
    return tuple(f"{task}.{name}" for task, names in offered.items() for name in names if name in DIRECTIONS)


def metric_direction(name, tasks) -> str:
    """ "max" where larger is better, else "min".

    Raises:
        ConfigError: no such metric for these tasks; suggests the nearest.
    """
    names = metric_names(tasks)
    if name not in names:
        nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=0)[0]
        raise ConfigError(f"unknown metric {name!r}; did you mean {nearest!r}? There are {', '.join(names)}")
    return DIRECTIONS[name.rsplit(".", 1)[1]]
