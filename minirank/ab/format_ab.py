"""The comparison of two runs as text."""

from __future__ import annotations

from typing import Any

from ..evaluation.format_metrics import aligned, decimals
from .off_policy import ESTIMATORS, METRICS

TRUSTED = 200  # effective rows from which an interval is taken for one


def format_ab(results: dict[str, Any]) -> str:
    """What `compare_runs` found."""
    seen = "the test part of its log" if results["part"] == "test" else "all of its log"
    blocks = [
        [
            f"A: {results['a']}",
            f"B: {results['b']}",
            f"{results['searches']:,} searches, {results['impressions']:,} candidates of {results['data']}, {seen}: each ranks the "
            "candidates that a search showed; neither was trained on them",
        ]
    ]
    truth = results["simulated"]
    blocks.append(_simulated(truth) if truth else [f"{results['data']} has no known truth: nothing is simulated, the log alone is asked"])
    blocks.append(_off_policy(results["off_policy"], truth))
    return "\n\n".join("\n".join(block) for block in blocks)


def _simulated(found: dict[str, dict[str, Any]]) -> list[str]:
    rows = [["simulated A/B", "A", "B", "lift of B", "95 % interval", "without chance", "searches an arm", "paired"]]
    for metric in METRICS:
        each = found[metric]
        sizes = [_count(each[name]) for name in ("needed", "needed_paired")]
        rows.append([metric, decimals(each["a"]), decimals(each["b"]), *_lift(each), _percent(each["expected"]), *sizes])
    return [
        *aligned(rows),
        "Users act by the market's own chances, with the same dice in both arms; intervals are paired, by search. `without chance`: the",
        "lift in expectation over the dice. `searches an arm`: for a live test to show that lift with power .8 at the level .05; `paired`:",
        "where both arms answer the same searches with the same dice.",
    ]


def _off_policy(found: dict[str, Any] | None, simulated: dict[str, dict[str, Any]] | None) -> list[str]:
    if found is None:
        return ["no estimate from the log: no search has a propensity and a position for each of its candidates"]
    rows = [["from the log", "metric", "A", "B", "lift of B", "95 % interval", *(["without chance"] if simulated else [])]]
    for estimator in ESTIMATORS:
        for metric in METRICS:
            each = found["lift"][estimator][metric]
            row = [estimator if metric == METRICS[0] else "", metric, decimals(each["a"]), decimals(each["b"]), *_lift(each)]
            rows.append(row + ([_percent(simulated[metric]["expected"])] if simulated else []))
    clip = "no weight is clipped" if found["clip"] is None else f"weights above {found['clip']:g} are clipped"
    left_out = f"; {found['left_out']:,} searches lack a propensity or a position" if found["left_out"] else ""
    lines = [*aligned(rows), f"From {found['rows']:,} rows of {found['searches']:,} searches, {clip}{left_out}."]
    for name in "ab":
        each = found["weights"][name]
        clipped = f", {each['clipped']:,} clipped" if found["clip"] is not None else ""
        few = "; too few for its intervals to be trusted" if each["effective"] < TRUSTED else ""
        stay = f"{name.upper()} leaves {each['matched']:,} candidates where the log has them{clipped}"
        size = f"effective sample size {each['effective']:,.0f}, largest weight {each['largest']:.3g}"
        lines.append(f"{stay}: {size}, mean weight {each['mean']:.3f} (1 where all is right){few}")
    lines += ["It is assumed that a click depends on the candidate, the search and the position, not on the others on the page."]
    return lines


def _lift(each: dict[str, Any]) -> list[str]:
    """The lift, and its interval, or that there is no difference to speak of."""
    if each["lift"] is None:
        negative = each["a"] is not None and each["a"] < 0  # as a doubly robust estimate may be
        return ["-", "A is below 0" if negative else "B has none" if each["a"] else "A has none"]
    if each["low"] is None:
        return [_percent(each["lift"]), "-"]
    interval = f"{_percent(each['low'])} to {_percent(each['high'])}"
    return [_percent(each["lift"]), f"{interval}, no difference" if each["low"] <= 0 <= each["high"] else interval]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value + 0.0:+.1f} %" if abs(value) >= 5e-4 else "0.0 %"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
