"""How good a model is, whether its probabilities come true, and what its experts do; see `contents` for what holds of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Entry:
    """A metric on some rows.

    Args:
        rows: of the segment that count for the task. positives: of these, None where labels are not 0 or 1.
        value: None where it is not defined; `reason` then says why.
        low, high: the interval; None without.
        reachable: what the best model could reach that sees what can be seen; oracle: who knows all. Both of simulated data only.
        share: how far from guessing (0) to `reachable` (1); None where that is not known.
        reason: "" where the metric is defined.
    """

    rows: int
    positives: int | None
    value: float | None
    low: float | None
    high: float | None
    reachable: float | None
    oracle: float | None
    share: float | None
    reason: str = ""


@dataclass(frozen=True)
class Metric:
    """A metric of a task.

    Args:
        name: such as "gauc". title: such as "GAUC". meaning: what it says, a phrase.
        better: "higher", "lower", or "one" where 1 is best. main: one of the few that sum the task up.
        overall: on all rows. roles: role -> on its rows, {} without roles.
    """

    name: str
    title: str
    meaning: str
    better: Literal["higher", "lower", "one"]
    main: bool
    overall: Entry
    roles: dict[str, Entry]


@dataclass(frozen=True)
class TaskQuality:
    """The metrics of a task; title: what it asks, such as "ctr (was the candidate clicked)"."""

    task: str
    title: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class Quality:
    """How good the model is on rows that training did not see.

    Args:
        part: "test", or "valid" where there are no test rows.
        rows: how many. roles: names, most rows first; () without.
        interval: how the intervals were drawn, a sentence; "" without intervals.
        stored: "" where it was measured for this report; else a sentence: from when, and why it was not measured again.
        ceilings: whether `reachable` and `oracle` are known.
        tasks: the metrics of each.
        worst_role: the role that the model serves worst, by the rule of `worst_rule`; None where there are no two roles to compare.
        worst_rule: a sentence with the figures that say so, or why there is no worst role.
    """

    part: str
    rows: int
    roles: tuple[str, ...]
    interval: str
    stored: str
    ceilings: bool
    tasks: tuple[TaskQuality, ...]
    worst_role: str | None
    worst_rule: str


@dataclass(frozen=True)
class Bin:
    """Rows of about equal prediction: how many, the mean prediction, the mean label, and its 95 % interval."""

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class TaskCalibration:
    """Whether a task's probabilities come true.

    Args:
        ece: expected calibration error, mean |observed - predicted|.
        ratio: observed / predicted over all rows, with its interval.
        bins: of rising prediction, of about equal rows.
        verdict: a sentence: calibrated, too high or too low, by the rule of `cautions`.
    """

    task: str
    title: str
    ece: float | None
    ratio: Entry
    bins: tuple[Bin, ...]
    verdict: str


@dataclass(frozen=True)
class Calibration:
    """Of each task that predicts a probability, on the rows of `Quality.part`."""

    part: str
    tasks: tuple[TaskCalibration, ...]


@dataclass(frozen=True)
class GateMatrix:
    """Mean weights of a task's gate.

    Args:
        experts: E names, such as "expert 0". roles: R names; ("all rows",) alone where there are no roles.
        rows: (R,) rows of each role.
        weights: (R, E) mean weight; each row's sum is 1.
        overall: (E,) mean weight over all rows. first: (E,) share of the rows in which the expert has the most weight.
        top: mean over rows of the largest weight; 1 / E where a gate chooses nothing, 1 where it chooses one expert.
        spread: mean over experts of the standard deviation of their weights over rows; 0 where all rows get the same.
    """

    task: str
    title: str
    experts: tuple[str, ...]
    roles: tuple[str, ...]
    rows: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]
    overall: tuple[float, ...]
    first: tuple[float, ...]
    top: float
    spread: float


@dataclass(frozen=True)
class ExpertUse:
    """What an expert does.

    Args:
        expert: its name. tasks: those whose gates can choose it.
        load: mean weight over these tasks' gates and all rows; `even` is what it would be if all experts were alike.
        first: share of (row, task) pairs in which it has the most weight.
        strongest: (task, role, weight) where it weighs most.
        state: by the rule of `cautions`: "works", "idle" (too little load), "dead" (no weight to speak of, or no output).
    """

    expert: str
    tasks: tuple[str, ...]
    load: float
    even: float
    first: float
    strongest: tuple[str, str, float]
    state: Literal["works", "idle", "dead"]


@dataclass(frozen=True)
class Course:
    """What training saw of the gates after each epoch, on a sample of rows; None where an epoch does not say.

    Args:
        epochs: their numbers. entropy: task -> of its gate, 1 where the experts weigh the same, 0 where one has all.
        load: expert -> mean weight over the gates that can choose it. warnings: those that were given, each once.
    """

    epochs: tuple[int, ...]
    entropy: dict[str, tuple[float | None, ...]]
    load: dict[str, tuple[float | None, ...]]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Gates:
    """Who is asked for what.

    Args:
        part, rows: the rows that the means are over.
        role_matters: task -> mean over pairs of roles of half the absolute difference of their weights: 0 the same gates for all
            roles, 1 no expert in common; {} where there are no two roles.
        course: None where metrics.jsonl does not say.
    """

    part: str
    rows: int
    matrices: tuple[GateMatrix, ...]
    experts: tuple[ExpertUse, ...]
    role_matters: dict[str, float]
    course: Course | None = None
