"""The trials of a search as one Markdown table: the mean and the spread over seeds, the best first, and what the spread permits to say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from ..evaluation.targets import HIGHER_IS_BETTER
from ..terminal import printable


@dataclass(frozen=True)
class Trial:
    """A trial and its lines, one a seed.

    Args:
        number: 0 is the configuration as it stands. drawn: key -> value. lines: as in trials.jsonl.
    """

    number: int
    drawn: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def failed(self) -> list[str]:
        """Why seeds failed."""
        return [line["failed"] for line in self.lines if "failed" in line]

    @property
    def values(self) -> np.ndarray:
        """(seeds,) the metric of each seed; only where none failed."""
        return np.array([line["value"] for line in self.lines])


def is_higher_better(metric: str) -> bool:
    """Whether more of a metric is better."""
    return metric.rpartition(".")[2] in HIGHER_IS_BETTER


def best_first(trials: Iterable[Trial], metric: str) -> list[Trial]:
    """The trials that no seed failed in, by their mean; of equal ones the earlier first."""
    sign = -1 if is_higher_better(metric) else 1
    return sorted((trial for trial in trials if not trial.failed), key=lambda trial: (sign * trial.values.mean(), trial.number))


def best_of(trials: Iterable[Trial], metric: str) -> Trial | None:
    """The best trial; None where each has a seed that failed."""
    return next(iter(best_first(trials, metric)), None)


def difference(values: np.ndarray, others: np.ndarray) -> tuple[float, float, float]:
    """The mean of values - others, seed by seed, and its 95 % interval.

        mean(d) +- t(.975; n - 1) sd(d) / sqrt(n),  d = values - others

    Args:
        values, others: (n,) of the same n >= 2 seeds.
    """
    gaps = values - others
    half = float(student.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps)))
    return float(gaps.mean()), float(gaps.mean()) - half, float(gaps.mean()) + half


def one_line(line: dict[str, Any], metric: str) -> str:
    """What came of a trial and a seed."""
    return f"failed: {line['failed']}" if "failed" in line else f"{metric} {line['value']:.5g}"


def format_trials(trials: Sequence[Trial], metric: str) -> str:
    """Markdown: what was measured, and the table."""
    ranked, seeds = best_first(trials, metric), len(trials[0].lines)
    keys = list(dict.fromkeys(key for trial in trials for key in trial.drawn))
    spread = f"mean and standard deviation over {seeds} seeds" if seeds > 1 else "one seed, which tells nothing of the spread"
    lines = [
        f"{metric} on validation rows, {'higher' if is_higher_better(metric) else 'lower'} is better: {spread}. "
        "No test row was looked at. The best of many is the best by luck too: measure it on test rows, with other seeds."
    ]
    if ranked:
        head = ["trial", *keys, "mean", *(["deviation", "against the best"] if seeds > 1 else [])]
        rows = [[*_settings(trial, keys), *_figures(trial, ranked[0], metric)] for trial in ranked]
        lines.append("\n".join(f"| {' | '.join(row)} |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)))
    failed = [trial for trial in trials if trial.failed]
    if failed:
        lines.append("\n".join(f"- {_failure(trial, seeds)}" for trial in failed))
    return "\n\n".join(lines)


def _settings(trial: Trial, keys: Sequence[str]) -> list[str]:
    name = f"{trial.number}, as it stands" if trial.number == 0 else str(trial.number)
    return [name, *(_cell(trial.drawn[key]) if key in trial.drawn else "" for key in keys)]


def _cell(value: Any) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, default=str)).replace("|", "\\|")


def _figures(trial: Trial, best: Trial, metric: str) -> list[str]:
    values = trial.values
    if len(values) < 2:
        return [f"{values.mean():.5g}"]
    if trial is best:
        return [f"{values.mean():.5g}", f"{values.std(ddof=1):.2g}", ""]
    gap, low, high = difference(values, best.values)
    verdict = "no difference" if low <= 0 <= high else f"{gap:+.2g} ({low:+.2g} to {high:+.2g})"
    return [f"{values.mean():.5g}", f"{values.std(ddof=1):.2g}", verdict]


def _failure(trial: Trial, seeds: int) -> str:
    settings = ", ".join(f"{key} {_cell(value)}" for key, value in trial.drawn.items()) or "as it stands"
    often = f" with {len(trial.failed)} of {seeds} seeds" if seeds > 1 else ""
    return f"trial {trial.number} ({settings}) failed{often}: {printable(trial.failed[0])}"
