"""How long it takes to evaluate many rows: each metric, all of `evaluate`, peak memory, and scikit-learn's answers.

    python bench/speed/evaluation.py [--rows 3000000] [--groups 30000] [--bootstrap 200]

The log is drawn: groups of equal size, a job for each, four roles, 8 % of the rows clicked, 30 % graded. A part of it
goes to scikit-learn as well, whose roc_auc_score and ndcg_score (on the gains 2^label - 1) define the same numbers, one
call a group where there are groups. All times are medians of three calls after one more, taken alternately where several are
compared. That one loads the compiled cores, and takes memory from the system for the first time: the first `evaluate` of three
million rows spends a second more in the system than every later one, with intervals or without. Beside the time that
passes stands the CPU time of the process, both cores and the system's share included, which other programs disturb less.
"""

import os
import resource
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import expit
from sklearn.metrics import ndcg_score, roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, arguments, machine, markdown, paragraphs
from minirank.data.dataset import Dataset
from minirank.evaluation import evaluate, metrics
from minirank.evaluation.bootstrap import Auc, replicates
from minirank.evaluation.calibration import calibration
from minirank.kernels.batch import Batch, InputSpec

ROLES = ("agency", "hiring manager", "hr", "sourcer")
TASKS = ("ctr", "cvr", "relevance")
RUNS = 3


def draw(rows: int, groups: int, seed: int = 0) -> tuple[Dataset, dict[str, np.ndarray]]:
    """A log with labels of all tasks, and predictions that are right up to noise.

    Args:
        rows: N. groups: searches of N / groups rows; five of them share a job.
    Returns:
        (Dataset, task -> (N,) float32 probabilities)
    """
    rng = np.random.default_rng(seed)
    search = np.repeat(np.arange(groups, dtype=np.int32), -(-rows // groups))[:rows]
    job = rng.integers(0, max(groups // 5, 2), groups).astype(np.int32)[search]
    role = rng.integers(0, len(ROLES), groups).astype(np.int32)[search]
    fit = rng.normal(size=rows).astype(np.float32)
    logits = {"ctr": fit - 2.9, "cvr": fit - 1, "relevance": fit}
    labels = np.full((rows, len(TASKS)), np.nan, np.float32)
    labels[:, 0] = rng.random(rows) < expit(logits["ctr"])
    labels[:, 1] = np.where(labels[:, 0] == 1, rng.random(rows) < expit(logits["cvr"]), np.nan)
    graded = rng.random(rows) < 0.3
    labels[graded, 2] = np.round(expit(fit[graded]) * 20) / 20
    predictions = {task: expit(z + rng.normal(0, 0.5, rows).astype(np.float32)) for task, z in logits.items()}
    empty = np.zeros((rows, 0), np.float32)
    batch = Batch(empty.astype(np.int32), (), empty, labels, np.ones_like(labels), search)
    none, every = np.zeros(0, np.int64), np.arange(rows)
    return Dataset(InputSpec(tasks=TASKS), batch, none, none, every, search, job, role, ROLES, None, "", None), predictions


def seconds(*functions, clock=time.perf_counter) -> list[float]:
    """Median of RUNS alternating calls of each, after one call more.

    Args:
        clock: seconds, or an array of several kinds of them.
    """
    taken = [[] for _ in functions]
    for _ in range(RUNS + 1):
        for times, function in zip(taken, functions):
            start = clock()
            function()
            times.append(clock() - start)
    return [np.median(times[1:], axis=0).tolist() for times in taken]


def wall_and_cpu() -> np.ndarray:
    """Seconds that passed, and those that the process computed."""
    return np.array([time.perf_counter(), time.process_time()])


def each_metric(dataset: Dataset, predictions: dict[str, np.ndarray], times: int) -> dict[str, float]:
    """Seconds of one call on all rows, by name."""
    clicked, graded = dataset.rows.labels[:, 0].astype(float), ~np.isnan(dataset.rows.labels[:, 2])
    grade, score, relevance = dataset.rows.labels[graded, 2], predictions["ctr"], predictions["relevance"]
    by_job = Auc(clicked, score, dataset.job, int(dataset.job.max()) + 1)
    calls = {
        "AUC": lambda: metrics.auc(clicked, score),
        "GAUC by search": lambda: metrics.gauc(clicked, score, dataset.search),
        "GAUC by job": lambda: metrics.gauc(clicked, score, dataset.job),
        "NDCG@10": lambda: metrics.ndcg(clicked, score, dataset.search),
        f"concordance of {len(grade):,} graded rows": lambda: metrics.concordance(grade, relevance[graded], dataset.search[graded]),
        "log loss": lambda: metrics.row_log_loss(clicked, score).mean(),
        "calibration": lambda: calibration(clicked, score),
        f"AUC's interval, {times} replicates": lambda: replicates([by_job], int(dataset.job.max()) + 1, times, 0),
    }
    return {name: seconds(call)[0] for name, call in calls.items()}


def agreement(dataset: Dataset, predictions: dict[str, np.ndarray], groups: int = 500) -> dict:
    """The first groups by scikit-learn too: its seconds, ours, and the relative difference."""
    rows = dataset.search < groups
    clicked, score, search = dataset.rows.labels[rows, 0].astype(float), predictions["ctr"][rows], dataset.search[rows]
    starts = np.flatnonzero(np.diff(search, prepend=-1))
    parts = list(zip(np.split(clicked, starts[1:]), np.split(score, starts[1:])))

    def by_group(function, defined):
        found = [(function(*part), len(part[0])) for part in parts if defined(part[0])]
        return np.array(found).T

    def sklearn_gauc():
        values, sizes = by_group(roc_auc_score, lambda label: 0 < label.sum() < len(label))
        return np.average(values, weights=sizes)

    def sklearn_ndcg():
        values, _ = by_group(lambda label, score: ndcg_score([2**label - 1], [score], k=10), lambda label: len(label) > 1 and label.any())
        return values.mean()

    pairs = {
        "AUC": (lambda: metrics.auc(clicked, score), lambda: roc_auc_score(clicked, score)),
        "GAUC": (lambda: metrics.gauc(clicked, score, search).value, sklearn_gauc),
        "NDCG@10": (lambda: metrics.ndcg(clicked, score, search).value, sklearn_ndcg),
    }
    made = {"rows": int(rows.sum()), "groups": groups, "metrics": {}}
    for name, (ours, theirs) in pairs.items():
        difference = abs(ours() - theirs()) / theirs()
        made["metrics"][name] = dict(zip(("ours", "scikit-learn"), seconds(ours, theirs))) | {"difference": difference}
    return made


def table(found: dict) -> str:
    """Markdown of the seconds, and of the agreement with scikit-learn."""
    part, shape = found["agreement"], f"{found['rows']:,} rows in {found['groups']:,} searches"
    compared = []
    times = [[name, f"{value:.2f}", ""] for name, value in found["metric"].items()]
    times += [[name, f"{wall:.2f}", f"{cpu:.2f}"] for name, (wall, cpu) in found["evaluate"].items()]
    used = [cpu for _, cpu in found["evaluate"].values()]
    for name, entry in part["metrics"].items():
        ours, theirs = entry["ours"], entry["scikit-learn"]
        compared.append([name, f"{ours:.3f}", f"{theirs:.3f}", f"{theirs / ours:.1f}", f"{entry['difference']:.0e}"])
    ratios = [entry["scikit-learn"] / entry["ours"] for entry in part["metrics"].values()]
    return paragraphs(
        f"Evaluating {found['rows']:,} rows takes {min(used):.0f} to {max(used):.0f} CPU seconds, with intervals and roles or without.",
        f"{shape}; {found['machine']}.",
        markdown(["", "seconds", "CPU seconds"], times),
        f"Peak memory {found['peak_mb']:,.0f} MB, of which the rows and predictions {found['rows_mb']:,.0f} MB.",
        f"scikit-learn gives the same numbers and takes {min(ratios):.0f} to {max(ratios):.0f} times as long.",
        f"Beside scikit-learn, on {part['rows']:,} rows in {part['groups']:,} searches:",
        markdown(["", "ours, s", "scikit-learn, s", "ratio", "relative difference"], compared),
    )


REPORT = Report(__file__, table)


def main() -> None:
    options = arguments(__doc__, rows=3_000_000, groups=30_000, bootstrap=200)
    dataset, predictions = draw(options.rows, options.groups)
    rows_mb = resident_mb()
    every = np.arange(options.rows)
    plain = Dataset(**(vars(dataset) | {"role": None}))
    calls = {
        "`evaluate`, all rows, no intervals": (plain, 0),
        f"`evaluate`, all rows, {options.bootstrap} replicates": (plain, options.bootstrap),
        "`evaluate`, all rows and four roles, no intervals": (dataset, 0),
        f"`evaluate`, all rows and four roles, {options.bootstrap} replicates": (dataset, options.bootstrap),
    }
    found = {"rows": options.rows, "groups": options.groups, "machine": machine("minirank", "numpy", "numba", "scikit-learn")}
    found["metric"] = each_metric(dataset, predictions, options.bootstrap)
    taken = seconds(*(partial(evaluate, data, every, predictions, bootstrap=times) for data, times in calls.values()), clock=wall_and_cpu)
    found["evaluate"] = dict(zip(calls, taken))
    found |= {"rows_mb": rows_mb, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    found["agreement"] = agreement(dataset, predictions)
    for name, entry in found["agreement"]["metrics"].items():
        if not entry["difference"] < 1e-12:
            sys.exit(f"{name} differs from scikit-learn's by {entry['difference']:.1e}")
    REPORT.publish(found)


def resident_mb() -> float:
    """Memory that the process holds now."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
