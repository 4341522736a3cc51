"""Evaluation results as plain text."""

from __future__ import annotations

from typing import Any

from ..terminal import columns, pad, printable

METRICS = {  # name: its title, and what it says
    "auc": ("AUC", "chance that a random positive row scores above a random negative one; 0.5 is guessing, 1 is perfect"),
    "gauc": ("GAUC", "AUC within each group (a search, for cvr a job) that has both classes, weighted by its rows"),
    "ndcg@1": ("NDCG@1", "gain of the first of each search, of the best that it has; 1 is perfect"),
    "ndcg@10": ("NDCG@10", "how close the first 10 of each search are to the best order; 1 is perfect"),
    "map": ("MAP", "mean over the relevant rows of a search of the share of relevant ones down to each; 1 is perfect"),
    "concordance": ("concordance", "share of the pairs of a search with different labels that are in the right order; 0.5 is guessing"),
    "spearman": ("Spearman", "correlation of the ranks; 0 is guessing, 1 is perfect"),
    "log_loss": ("log loss", "mean -log probability of what happened; lower is better"),
    "kl": ("log loss - entropy", "log loss less what soft labels make unavoidable; 0 is perfect"),
    "brier": ("Brier", "mean squared error of the probability; lower is better"),
    "mse": ("MSE", "mean squared error; lower is better"),
    "observed_over_predicted": ("observed/predicted", "1 is calibrated, above 1 the model predicts too little"),
}
TASKS = {
    "ctr": "ctr (was the candidate clicked)",
    "cvr": "cvr (did a clicked candidate answer)",
    "ctcvr": "ctcvr (clicked and answered)",
    "relevance": "relevance (the graded fit)",
    "ranking": "ranking (by score: 0 no click, 1 click, 2 click and answer)",
    "cvr_all": "cvr on all rows, clicked or not, against the simulator's truth",
}
COLUMNS = (
    ("CTR AUC", "ctr", "auc"),
    ("CVR AUC", "cvr", "auc"),
    ("CTCVR AUC", "ctcvr", "auc"),
    ("CTR GAUC", "ctr", "gauc"),
    ("NDCG@10", "ranking", "ndcg@10"),
    ("relevance concordance", "relevance", "concordance"),
)
CEILINGS = {"reachable": "ceiling: all that is observable", "oracle": "ceiling: oracle"}


def format_table(results: dict[str, Any]) -> str:
    """Every metric with its interval, ceilings and coverage, then the main ones role by role.

    Args:
        results: from `evaluate`; `left_out`, where it is there, says why tasks were not trained.
    """
    overall, drawn = results["overall"], results["bootstrap"]
    blocks = [(task_title(results, task, facts), titled(facts["metrics"])) for task, facts in overall["tasks"].items()]
    by_role = []
    for title, task, metric in main_columns(results):
        roles = {
            f"{role}, {segment['tasks'][task]['rows']:,} rows": segment["tasks"][task]["metrics"][metric]
            for role, segment in results["roles"].items()
            if metric in segment["tasks"].get(task, {"metrics": ()})["metrics"]
        }
        if roles:
            by_role.append((title, roles))

    entries = [entry for _, block in blocks + by_role for entry in block.values()]
    ceilings = [name for name in CEILINGS if any(entry[name] is not None for entry in entries)]
    covered = any(entry["coverage"] for entry in entries)
    table = [["", "value", "interval", *ceilings]]
    table[0] += ["share of reachable"] * bool(ceilings) + ["coverage"] * covered
    for title, block in blocks + [("", {})] * bool(by_role) + by_role:
        table.append([title])
        for name, entry in block.items():
            defined = entry["value"] is not None
            table.append([f"  {name}", *(entry_cells(entry, ceilings) if defined else [entry["reason"]])])

    lines = [segment_title(overall)]
    if drawn["replicates"]:
        drawn_from = f"{drawn['clusters']:,} {plural(drawn['unit'])}"
        level = f"{100 * drawn['level']:.0f} %"
        lines.append(f"Interval: {level}, bootstrap over {drawn_from}, {drawn['replicates']} times.")
    lines += ["", *aligned(table), "", *left_out_lines(results.get("left_out", {}))]
    used = {metric for facts in overall["tasks"].values() for metric in facts["metrics"]}
    lines += [f"{title}: {note}." for metric, (title, note) in METRICS.items() if metric in used]
    if ceilings:
        lines.append("reachable, oracle: the simulator's probabilities, given what is observable, given everything.")
        lines.append("share of reachable: how far from guessing (0 %) to the reachable ceiling (100 %).")
    if covered:
        lines.append("coverage: the share of groups, and of the rows in them, that the metric is defined on.")
        lines.append("left out are empty groups (no label above 0 for NDCG, all labels equal for the others) and single ones (one row).")
    return "\n".join(map(printable, lines))


def format_comparison(results_by_name: dict[str, dict[str, Any]]) -> str:
    """Models side by side, one row each, and the simulator's ceilings below.

    Args:
        results_by_name: name -> results of `evaluate` on the same rows; a key "parameters" (int) added
            by the caller fills the last column.
    """
    first = next(iter(results_by_name.values()))
    columns = main_columns(first)

    def row(name, results, field, last):
        tasks = results["overall"]["tasks"]
        values = [tasks.get(task, {"metrics": {}})["metrics"].get(metric, {}).get(field) for _, task, metric in columns]
        return [name, *(decimals(value) for value in values), last]

    cells = [["model", *(title for title, _, _ in columns), "parameters"]]
    for name, results in results_by_name.items():
        parameters = results.get("parameters")
        cells.append(row(name, results, "value", "-" if parameters is None else f"{parameters:,}"))
    for ceiling, title in CEILINGS.items():
        tops = row(title, first, ceiling, "")
        if any(cell != "-" for cell in tops[1:-1]):
            cells.append(tops)
    left_out = {task: reason for results in results_by_name.values() for task, reason in results.get("left_out", {}).items()}
    return "\n".join(map(printable, aligned(cells) + left_out_lines(left_out)))


def left_out_lines(left_out: dict[str, str]) -> list[str]:
    """A line for each task that was not trained; left_out: task -> why."""
    return [f"left out: task {task}: {reason}" for task, reason in left_out.items()]


def main_columns(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(title, task, metric) of the figures that sum a model up."""
    if results["kind"] == "recruiting":
        return [column for column in COLUMNS if column[1] in results["overall"]["tasks"]]
    best = {task: next(iter(facts["metrics"])) for task, facts in results["overall"]["tasks"].items()}
    return [(f"{task} {METRICS[metric][0]}", task, metric) for task, metric in best.items()]


def entry_cells(entry: dict[str, Any], ceilings: list[str]) -> list[str]:
    """A metric's value, interval, ceilings and coverage."""
    low, high, share, coverage = entry["low"], entry["high"], entry["share"], entry["coverage"]
    cells = [decimals(entry["value"]), "-" if low is None else f"{decimals(low)} to {decimals(high)}"]
    cells += ["" if entry[name] is None else decimals(entry[name]) for name in ceilings]
    cells += ["" if share is None else f"{100 * share:.0f} %"] * bool(ceilings)
    if coverage:
        left_out = ", ".join(f"{coverage[name]:,} {name}" for name in ("empty", "single") if coverage[name])
        unit = plural(coverage["unit"]) + (f" ({left_out})" if left_out else "")
        cells.append(f"{100 * coverage['groups']:.0f} % of {unit}, {100 * coverage['rows']:.0f} % of rows")
    return cells


def aligned(cells: list[list[str]]) -> list[str]:
    """Columns of equal width, the first to the left, numbers to the right, a rule under the header; cells are made `printable`.

    A row shorter than the header (a heading, or a reason in place of numbers) takes no part in the widths.
    """
    cells = [[printable(cell) for cell in row] for row in cells]
    full = [row for row in cells if len(row) > 2]
    width = [max(columns(row[i]) for row in full if i < len(row)) for i in range(len(cells[0]))]
    width[0] = max(columns(row[0]) for row in cells if len(row) > 1)
    lines = []
    for row in cells:
        short = len(row) <= 2
        rest = row[1:] if short else [pad(cell, width[i], right=True) for i, cell in enumerate(row) if i]
        lines.append("  ".join([pad(row[0], width[0]), *rest]).rstrip())
    lines.insert(1, "-" * (sum(width) + 2 * (len(width) - 1)))
    return lines


def segment_title(segment: dict[str, Any]) -> str:
    """Such as `1,200 rows, 60 searches, 20 jobs`."""
    counts = {"rows": segment["rows"], "searches": segment["searches"], "jobs": segment["jobs"]}
    return ", ".join(f"{count:,} {unit}" for unit, count in counts.items() if count is not None)


def task_title(results: dict[str, Any], task: str, facts: dict[str, Any]) -> str:
    """What the task asks, and how many rows it has."""
    name = TASKS.get(task, task) if results["kind"] == "recruiting" else task
    positives = "" if facts["positives"] is None else f", {facts['positives']:,} positive"
    return f"{name}: {facts['rows']:,} rows{positives}"


def titled(entries: dict[str, dict]) -> dict[str, dict]:
    """By title in place of name."""
    return {METRICS[metric][0]: entry for metric, entry in entries.items()}


def decimals(value: float | None) -> str:
    """Four decimals."""
    return "-" if value is None else f"{round(value, 4) + 0.0:.4f}"  # + 0.0 turns -0.0 into 0.0


def plural(unit: str) -> str:
    """Such as `jobs`."""
    return {"search": "searches"}.get(unit, f"{unit}s")
