"""How good a model is and whether its probabilities come true: the results of `evaluate` as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..evaluation.format_metrics import METRICS, decimals, plural
from ..evaluation.targets import HIGHER_IS_BETTER, OBSERVED
from .contents_learned import Bin, Calibration, Entry, Metric, Quality, TaskCalibration, TaskQuality
from .trained import task_title

MAIN = ("auc", "gauc", "ndcg@10", "concordance", "mse")  # that sum a task up
# What roles are compared by, the first that there is: the order of the candidates that a recruiter sees.
OF_ROLES = (("ctr", "gauc"), ("ranking", "ndcg@10"), ("ctr", "auc"))
LEAST_ROWS = 300  # of a role, that it may be called the worst
CALIBRATED = 0.1  # how far observed / predicted may be from 1
Results = Mapping[str, Any]


def quality(results: Results, part: str, stored: str = "") -> Quality:
    """The metrics of each task, on all rows and for each role.

    Args:
        results: of `evaluate`. part: "test" or "valid".
        stored: see `Quality`.
    """
    overall, roles = results["overall"], dict(sorted(results["roles"].items(), key=lambda item: -item[1]["rows"]))
    is_table = results["kind"] == "table"
    tasks = tuple(
        TaskQuality(task, task_title(task, is_table), tuple(_metric(name, task, overall, roles) for name in facts["metrics"]))
        for task, facts in overall["tasks"].items()
    )
    worst, rule = worst_role(tasks)
    return Quality(
        part=part,
        rows=overall["rows"],
        roles=tuple(roles),
        interval=_interval(results["bootstrap"]),
        stored=stored,
        ceilings=any(metric.overall.reachable is not None for task in tasks for metric in task.metrics),
        tasks=tasks,
        worst_role=worst,
        worst_rule=rule,
    )


def calibration(results: Results, part: str) -> Calibration | None:
    """Of each task that predicts a probability; None where no task does."""
    tasks = []
    for task, facts in results["overall"]["tasks"].items():
        if not facts["calibration"]:
            continue
        found, ratio = facts["calibration"], _entry(facts, facts["metrics"][OBSERVED])
        title = task_title(task, results["kind"] == "table")
        tasks.append(TaskCalibration(task, title, found["ece"], ratio, tuple(Bin(**each) for each in found["bins"]), verdict(ratio)))
    return Calibration(part, tuple(tasks)) if tasks else None


def verdict(ratio: Entry) -> str:
    """What observed over predicted says, a sentence."""
    value = ratio.value
    if value is None:
        return f"Not known: {ratio.reason.removeprefix('not defined: ')}."
    if abs(value - 1) <= CALIBRATED:
        return f"Calibrated: what is observed is {value:.2f} of what is predicted."
    low, high = ratio.low, ratio.high
    how = "too high" if value < 1 else "too low"
    text = f"predictions are {how}, what is observed is {value:.2f} of what is predicted"
    if low is not None and high is not None and low <= 1 <= high:
        return f"Not known: {text}, but the interval, {low:.2f} to {high:.2f}, holds 1, so that this may be chance."
    return f"Not calibrated: {text}."


def worst_role(tasks: tuple[TaskQuality, ...]) -> tuple[str | None, str]:
    """The role that is served worst, and a sentence that says why; the share of the reachable decides where it is known."""
    found = {(task.task, metric.name): metric for task in tasks for metric in task.metrics}
    metric = next((found[key] for key in OF_ROLES if key in found and found[key].roles), None)
    task = next((key[0] for key in OF_ROLES if found.get(key) is metric), "")
    if metric is None:
        return None, "No role can be called the worst: the data have no roles, or nothing that roles are compared by."
    few = [role for role, entry in metric.roles.items() if entry.value is None or entry.rows < LEAST_ROWS]
    rest = {role: entry for role, entry in metric.roles.items() if role not in few}
    name = f"{metric.title} of {task}"
    if len(rest) < 2:
        enough = "one role alone" if rest else "no role"
        return None, f"No role can be called the worst: {name} is measured on {LEAST_ROWS:,} rows or more of {enough}."
    by_share = all(entry.share is not None for entry in rest.values())
    worst, best = (pick(rest, key=lambda role: _of(rest[role], by_share)) for pick in (min, max))
    told = [f"{role} {decimals(rest[role].value)}{_interval_of(rest[role])}" for role in (worst, best)]
    text = f"By {name}: {told[0]}, the best role {told[1]}"
    if by_share:
        shares = [f"{100 * _of(rest[role], True):.0f} %" for role in (worst, best)]
        text += f"; of the way from guessing to what is reachable for the role that is {shares[0]} against {shares[1]}"
    low, high = rest[best].low, rest[worst].high
    if low is not None and high is not None and low <= high:
        text += "; the intervals overlap, so that this may be chance"
    left_out = f" Too few rows to say: {', '.join(few)}." if few else ""
    return worst, f"{text}.{left_out}"


def _of(entry: Entry, by_share: bool) -> float:
    value = entry.share if by_share else entry.value
    assert value is not None
    return value


def _interval_of(entry: Entry) -> str:
    return "" if entry.low is None else f" ({decimals(entry.low)} to {decimals(entry.high)})"


def _metric(name: str, task: str, overall: Results, roles: Mapping[str, Results]) -> Metric:
    title, meaning = METRICS[name]
    return Metric(
        name=name,
        title=title,
        meaning=meaning,
        better="one" if name == OBSERVED else "higher" if name in HIGHER_IS_BETTER else "lower",
        main=name in MAIN,
        overall=_entry(overall["tasks"][task], overall["tasks"][task]["metrics"][name]),
        roles={
            role: _entry(segment["tasks"][task], segment["tasks"][task]["metrics"][name])
            for role, segment in roles.items()
            if name in segment["tasks"].get(task, {"metrics": ()})["metrics"]
        },
    )


def _entry(facts: Results, entry: Results) -> Entry:
    values = {key: entry[key] for key in ("value", "low", "high", "reachable", "oracle", "share")}
    return Entry(rows=facts["rows"], positives=facts["positives"], **values, reason=entry["reason"] or "")


def _interval(drawn: Results) -> str:
    if not drawn["replicates"]:
        return ""
    unit = plural(drawn["unit"])
    return f"Intervals: {100 * drawn['level']:.0f} %, bootstrap over {drawn['clusters']:,} {unit}, {drawn['replicates']:,} times."
