"""How the time of a training step and the memory of a process grow: with threads, rows, vocabulary and experts.

    python bench/speed/scaling.py [--groups threads rows vocabulary experts] [--seconds 10]

Every case is a process of its own with one set of sizes; those of a group are alive together and measured one after the other, in an order
that rotates. Ratios are those of medians over rounds, to the first case of the group; in brackets the quartiles of the
ratios within a round. Memory is the peak of the process: parameters, Adam's moments, gradients, four batches, and Python.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.competitors import MINIRANK, Process
from bench.speed.steps_tables import ratio
from bench.speed.workloads import GATES, WORKLOADS, write_problem
from bench.tables import Report, machine, markdown
from minirank.kernels.cpu.workers import available_threads

BATCHES = 4
AT_ONCE = 0.15  # seconds of steps in a round, one step at least


@dataclass(frozen=True)
class Case:
    """A workload with one size changed; `grows` is how many times larger that is than in the group's first case."""

    label: str
    workload: str
    threads: int
    grows: float
    change: dict


def groups(threads: int) -> dict[str, list[Case]]:
    """The cases of each group; those that do not scale threads use `threads` of them."""
    small = WORKLOADS["small"]
    numbers = sorted({1, *range(2, threads, 2), threads})
    made = {
        f"threads, {name}": [Case(f"{n} thread{'s' * (n > 1)}", name, n, n, {}) for n in numbers]
        for name in ("small", "base")
    }  # fmt: skip
    made["rows"] = [Case(f"{small.rows * n:,} rows", "small", threads, n, {"rows": small.rows * n}) for n in (1, 10)]
    sizes = [(n, n * small.vocabulary) for n in (1, 10, 100)]
    made["vocabulary"] = [Case(f"{ids:,} ids a field", "small", threads, n, {"vocabulary": ids}) for n, ids in sizes]
    made["experts"] = [Case(f"{n} expert{'s' * (n > 1)}", "small", threads, n, {"experts": n}) for n in (1, 4, 16, 64)]
    return made


def measure(cases: list[Case], seconds: float) -> tuple[list[list[float]], list[float]]:
    """(seconds of a step in each round, peak MB) of each case."""
    taken = [[] for _ in cases]
    with ExitStack() as stack:
        processes, counts = [Process(MINIRANK) for _ in cases], []
        for process, case in zip(processes, cases):
            stack.callback(process.close)
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            workload = replace(WORKLOADS[case.workload], **case.change)
            write_problem(Path(folder), workload, GATES[0], [("train", seed) for seed in range(BATCHES)])
            process.ask("prepare", folder=folder, threads=case.threads, variant="")
            warm = process.ask("steps", batches=2 * list(range(BATCHES)))
            counts.append(max(int(AT_ONCE / min(spent for spent, _ in warm)), 1))
        began = time.perf_counter()
        for number in itertools.count():
            if number >= 3 and time.perf_counter() - began > seconds:
                break
            for i in (i % len(cases) for i in range(number, number + len(cases))):
                steps = processes[i].ask("steps", batches=[step % BATCHES for step in range(counts[i])])
                taken[i].append(statistics.median(spent for spent, _ in steps))
        return taken, [process.ask("peak") for process in processes]


def table(results: dict) -> str:
    """Markdown: a row for each case."""
    rows, grown = [], []
    for group, cases in results["groups"].items():
        first, last = cases[0], cases[-1]
        times = statistics.median(last["seconds"]) / statistics.median(first["seconds"])
        grown.append(f"{times:.2f} with {last['label']} as with {first['label']}{f' ({group[9:]})' if ', ' in group else ''}")
        for case in cases:
            seconds, memory = case["seconds"], case["peak_mb"]
            cells = [group, case["label"], f"{case['grows']:g}", f"{1e3 * statistics.median(seconds):.3g}"]
            rows.append([*cells, ratio(seconds, first["seconds"]), f"{memory:.0f}", f"{memory / first['peak_mb']:.2f}"])
    head = ["", "", "times the first", "ms a step", "time / first", "peak memory, MB", "memory / first"]
    threads = next((cases[0]["threads"] for group, cases in results["groups"].items() if ", " not in group), 1)
    parts = [f"How many times as long a step takes: {'; '.join(grown)}.", markdown(head, rows, left=2)]
    return "\n\n".join([*parts, f"Rows, vocabulary and experts: workload small, {threads} threads. {results['machine']}"])


REPORT = Report(__file__, table)


def main() -> None:
    threads = available_threads()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--groups", nargs="+", choices=groups(threads), default=list(groups(threads)), metavar="GROUP")
    parser.add_argument("--seconds", type=float, default=10, help="for the rounds of a group; three rounds are made in any case")
    options = parser.parse_args()
    found = {}
    for name in options.groups:
        cases = groups(threads)[name]
        taken, peaks = measure(cases, options.seconds)
        heads = [{"label": case.label, "threads": case.threads, "grows": case.grows} for case in cases]
        found[name] = [head | {"seconds": each, "peak_mb": peak} for head, each, peak in zip(heads, taken, peaks)]
        print(name, *(f"{1e3 * statistics.median(each):.3g}" for each in taken), flush=True)
    results = {"machine": machine("minirank", "numpy", "numba"), "groups": found}
    if list(found) == list(groups(threads)):
        REPORT.publish(results)
    else:
        print(table(results))


if __name__ == "__main__":
    main()
