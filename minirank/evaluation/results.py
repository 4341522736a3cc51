"""Evaluate predictions for every task and role, with intervals, ceilings and coverage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ..data import Dataset
from .bootstrap import Statistic, interval, replicates
from .calibration import calibration
from .parallel import parallel_map
from .targets import OBSERVED, RECRUITING, NotDefined, Rows, Target, is_recruiting, select, statistic, target_of

LEVEL = 0.95
CHANCE = {"auc": 0.5, "gauc": 0.5, "concordance": 0.5}  # what guessing reaches
CEILINGS = {"oracle": "", "reachable": "_reachable"}  # suffix of the truth's keys
OVERALL = "overall"
Arrays = dict[str, np.ndarray]
Segments = dict[Any, np.ndarray | slice]


@dataclass(frozen=True)
class Measured:
    """One metric on one segment: a statistic, or the reason why there is none."""

    statistic: Statistic | None = None
    coverage: dict[str, Any] | None = None
    reason: str | None = None


def evaluate(
    dataset: Dataset,
    rows: np.ndarray,
    predictions: Arrays,
    *,
    regressions: Collection[str] = (),
    joint: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    bootstrap: int = 200,
    seed: int = 0,
) -> dict[str, Any]:
    """Every metric of every task, on all rows and for each role.

    Args:
        dataset: labels and groups; targets.py says which rows and labels each task is measured on.
        rows: (n,) int64 indices into `dataset.rows`.
        predictions: task -> (n,) probabilities aligned with `rows`. Recruiting data: "ctr", "cvr",
            "relevance", and if they differ from the product of the first two "ctcvr" and the ranking
            "score" (any scale). A task without predictions is left out.
        regressions: tasks whose predictions may lie outside [0, 1]; those with labels outside need not be named.
        joint: further names in `predictions`, of joint probabilities -> the task that is given, and the one that is conditional on it.
        bootstrap: replicates; 0 gives no intervals.
        seed: of the bootstrap.
    Returns:
        What JSON can hold, numbers or None, never NaN:
        {"kind": "recruiting" | "table", "bootstrap": {"replicates", "seed", "level", "unit", "clusters"},
         "overall": segment, "roles": {name: segment}}
        segment: {"rows", "searches", "jobs", "tasks": {task: {"rows", "positives", "kind",
            "metrics": {name: entry}, "calibration": {"ece", "bins": [...]} | None}}}
        entry: {"value", "low", "high", "reason", "coverage": {"unit", "groups", "rows", "empty", "single"} | None,
            "oracle", "reachable", "share"}; `share` is how far from guessing to the reachable ceiling; `empty` and `single`
            count the groups that are left out, see CONVENTIONS.md.
    Raises:
        ValueError: a prediction for an unknown task, of another length, not finite, not a probability.
    """
    chosen = select(dataset, np.asarray(rows), regressions, joint)
    scores = complete(chosen, predictions)
    segments = segments_of(chosen, dataset.role_names)
    found = for_each_target(chosen, scores, segments, lambda target: (measure(target), describe(target)))
    measured = by_metric({key: items for key, (items, _) in found.items()})
    ceilings = {name: ceiling_values(chosen, suffix, segments) for name, suffix in CEILINGS.items()}

    statistics = {key: item.statistic for key, item in measured.items() if item.statistic is not None}
    drawn = dict(zip(statistics, replicates(list(statistics.values()), chosen.clusters, bootstrap, seed)))
    results: dict[Any, dict[str, Any]] = {name: counts_of(chosen.take(positions)) | {"tasks": {}} for name, positions in segments.items()}
    for (name, task), (_, facts) in found.items():
        results[name]["tasks"][task] = facts
    for (name, task, metric), item in measured.items():
        entry: dict[str, Any] = {"value": None, "low": None, "high": None, "reason": item.reason, "coverage": item.coverage}
        if item.statistic is not None:
            entry["value"] = number(item.statistic.value)
            entry["low"], entry["high"] = interval(drawn[name, task, metric], item.statistic.populated, LEVEL)
        for ceiling, at in ceilings.items():
            entry[ceiling] = None if metric == OBSERVED else at.get((name, task, metric))
        entry["share"] = share_of_ceiling(metric, entry["value"], entry["reachable"])
        results[name]["tasks"][task]["metrics"][metric] = entry
    return {
        "kind": "recruiting" if is_recruiting(chosen.tasks) else "table",
        "bootstrap": bootstrap_facts(chosen, bootstrap, seed),
        "overall": results.pop(OVERALL),
        "roles": {name[1]: segment for name, segment in results.items()},
    }


def compare(
    dataset: Dataset,
    rows: np.ndarray,
    predictions_a: Arrays,
    predictions_b: Arrays,
    *,
    regressions: Collection[str] = (),
    bootstrap: int = 200,
    seed: int = 0,
) -> dict[str, Any]:
    """The difference b - a of every metric, with an interval from draws that both share.

    Args:
        dataset, rows, regressions, bootstrap, seed: as for `evaluate`.
        predictions_a, predictions_b: as for `evaluate`, on the same rows.
    Returns:
        {"bootstrap": ..., "overall": {task: {metric: entry}}, "roles": {name: {task: {metric: entry}}}}
        entry: {"a", "b", "difference", "low", "high", "reason"}.
    Raises:
        ValueError: as for `evaluate`.
    """
    chosen = select(dataset, np.asarray(rows), regressions)
    segments = segments_of(chosen, dataset.role_names)
    a, b = (by_metric(for_each_target(chosen, complete(chosen, given), segments, measure)) for given in (predictions_a, predictions_b))
    shared = [key for key in a if key in b]
    keys = [key for key in shared if a[key].statistic is not None and b[key].statistic is not None]
    drawn_a, drawn_b = np.split(replicates([side[key].statistic for side in (a, b) for key in keys], chosen.clusters, bootstrap, seed), 2)
    differences = dict(zip(keys, drawn_b - drawn_a))
    results: dict[Any, dict[str, dict]] = {name: {} for name in segments}
    for key in shared:
        name, task, metric = key
        entry: dict[str, Any] = dict.fromkeys(("a", "b", "difference", "low", "high"))
        entry["reason"] = a[key].reason or b[key].reason
        if key in differences:
            values = a[key].statistic.value, b[key].statistic.value
            entry["a"], entry["b"], entry["difference"] = (number(value) for value in (*values, values[1] - values[0]))
            entry["low"], entry["high"] = interval(differences[key], a[key].statistic.populated, LEVEL)
        results[name].setdefault(task, {})[metric] = entry
    return {
        "bootstrap": bootstrap_facts(chosen, bootstrap, seed),
        "overall": results.pop(OVERALL),
        "roles": {name[1]: tasks for name, tasks in results.items()},
    }


def complete(chosen: Rows, predictions: Arrays) -> Arrays:
    """The predictions checked, in float64, with the score of every target that follows from them."""
    recruiting = is_recruiting(chosen.tasks)
    known = (*chosen.tasks, *chosen.joint, "ctcvr", "score") if recruiting else (*chosen.tasks, *chosen.joint)
    scores = {}
    for name, values in predictions.items():
        if name not in known:
            raise ValueError(f"predictions must be for {', '.join(known)}, got {name!r}")
        values = scores[name] = np.asarray(values, float)
        if values.shape != (len(chosen),):
            raise ValueError(f"predictions[{name!r}] must be ({len(chosen)},), one for each row, got {values.shape}")
        wrong = np.count_nonzero(~np.isfinite(values))
        if wrong:
            raise ValueError(f"predictions[{name!r}] must be finite, got {wrong} of {len(values)} that are not")
        if not (name == "score" or chosen.is_regression(name)) and len(values) and not (values.min() >= 0 and values.max() <= 1):
            raise ValueError(f"predictions[{name!r}] must lie in [0, 1], got {values.min()} .. {values.max()}")
    if recruiting:
        if "ctr" in scores and "cvr" in scores:
            scores.setdefault("ctcvr", scores["ctr"] * scores["cvr"])
        if "score" in scores or "ctcvr" in scores:
            scores["ranking"] = scores.pop("score") if "score" in scores else scores["ctcvr"]
        if "cvr" in scores and chosen.truth is not None and "conversion" in chosen.truth:
            scores["cvr_all"] = scores["cvr"]
        scores = {task: scores[task] for task in (*RECRUITING, *chosen.tasks, *chosen.joint) if task in scores}
    return scores


def truth_scores(chosen: Rows, suffix: str) -> Arrays:
    """What a model that knows the simulator's probabilities would predict, for each target.

    The ranking's ceiling orders by the expected gain of its grades, 1 for a click and 3 for a
    conversion: P(click) (1 + 2 P(conversion)).
    """
    names = {"ctr": f"click{suffix}", "cvr": f"conversion{suffix}", "relevance": f"relevance{suffix}"}
    truth = {task: chosen.truth[key].astype(float) for task, key in names.items() if key in (chosen.truth or {})}
    scores = complete(chosen, {task: values for task, values in truth.items() if task in chosen.tasks})
    if "ranking" in scores:
        scores["ranking"] = truth["ctr"] * (1 + 2 * truth["cvr"])
    return scores


def segments_of(chosen: Rows, role_names: Sequence[str]) -> Segments:
    """All rows under OVERALL, then the positions of each role's rows under ("role", name)."""
    segments: Segments = {OVERALL: slice(None)}
    if chosen.role is not None:
        for code in np.unique(chosen.role):
            segments["role", role_names[code]] = np.flatnonzero(chosen.role == code)
    return segments


def for_each_target(chosen: Rows, scores: Arrays, segments: Segments, function: Callable[[Target], Any]) -> dict[tuple, Any]:
    """function(target) under (segment, task)."""
    parts = {name: chosen.take(positions) for name, positions in segments.items()}
    keys = [(name, task) for name in segments for task in scores]

    def work(key):
        name, task = key
        return function(target_of(parts[name], task, scores[task][segments[name]]))

    return dict(zip(keys, parallel_map(work, keys)))


def measure(target: Target) -> dict[str, Measured]:
    """Every metric of a target."""
    measured = {}
    for metric in target.metrics:
        try:
            measured[metric] = Measured(*statistic(metric, target))
        except NotDefined as reason:
            measured[metric] = Measured(coverage=reason.coverage, reason=f"not defined: {reason}")
    return measured


def by_metric(found: dict[tuple, dict]) -> dict[tuple, Any]:
    """{(segment, task): {metric: ...}} as {(segment, task, metric): ...}."""
    return {(*key, metric): item for key, items in found.items() for metric, item in items.items()}


def ceiling_values(chosen: Rows, suffix: str, segments: Segments) -> dict[tuple, float | None]:
    """What the simulator's probabilities reach, under (segment, task, metric)."""

    def values(target):
        return {name: item.statistic and number(item.statistic.value) for name, item in measure(target).items()}

    return by_metric(for_each_target(chosen, truth_scores(chosen, suffix), segments, values))


def counts_of(part: Rows) -> dict[str, int | None]:
    """How many rows, searches and jobs a segment has."""

    def distinct(codes):
        return None if codes is None else int(np.count_nonzero(np.bincount(codes)))

    return {"rows": len(part), "searches": distinct(part.search), "jobs": distinct(part.job)}


def describe(target: Target) -> dict[str, Any]:
    """A target's rows and calibration; no metrics yet."""
    positives = int(target.labels.sum()) if target.kind == "binary" else None
    calibrated = calibration_facts(target) if OBSERVED in target.metrics else None
    return {"rows": len(target.labels), "positives": positives, "kind": target.kind, "metrics": {}, "calibration": calibrated}


def calibration_facts(target: Target) -> dict[str, Any]:
    """Bins of equal mass with Wilson intervals, and the expected calibration error."""
    found = calibration(target.labels, target.scores, order=target.order)
    columns = ("rows", "predicted", "observed", "low", "high")
    bins = zip(*(getattr(found, column).tolist() for column in columns))
    return {"ece": number(found.ece), "bins": [dict(zip(columns, values)) for values in bins]}


def share_of_ceiling(metric: str, value: float | None, reachable: float | None) -> float | None:
    """How far from guessing (0) to the reachable ceiling (1); None where the two are within 0.01."""
    if metric not in CHANCE or value is None or reachable is None or reachable - CHANCE[metric] < 0.01:
        return None
    return (value - CHANCE[metric]) / (reachable - CHANCE[metric])


def bootstrap_facts(chosen: Rows, times: int, seed: int) -> dict[str, Any]:
    """How the intervals were drawn."""
    return {"replicates": times, "seed": seed, "level": LEVEL, "unit": chosen.unit, "clusters": chosen.clusters}


def number(value: float) -> float | None:
    """A float that JSON can hold."""
    return float(value) if np.isfinite(value) else None
