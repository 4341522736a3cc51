"""How the time of a training step and the memory of a process grow: with threads, rows, vocabulary and experts.

    python bench/speed/scaling.py [--groups threads rows vocabulary experts] [--seconds 10]

Every case is a process of its own with one set of sizes; those of a group are alive together and take turns, in an order
that rotates. Ratios are those of medians over rounds, to the first case of the group; in brackets the quartiles of the
ratios within a round. Memory is the peak of the process: parameters, Adam's moments, gradients, four batches, and Python.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import resource
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.steps_tables import ratio
from bench.speed.workloads import GATES, WORKLOADS, batch_of, parameters, plan_of
from bench.tables import Report, machine, markdown
from minirank.kernels.adam import Adam
from minirank.kernels.cpu.executor import CpuExecutor, available_threads
from minirank.kernels.parameters import TrainState

BATCHES = 4
TURN = 0.15  # seconds of steps in a turn, one step at least


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
    made["vocabulary"] = [
        Case(f"{small.vocabulary * n:,} ids a field", "small", threads, n, {"vocabulary": small.vocabulary * n}) for n in (1, 10, 100)
    ]
    made["experts"] = [Case(f"{n} expert{'s' * (n > 1)}", "small", threads, n, {"experts": n}) for n in (1, 4, 16, 64)]
    return made


def work(connection, case):
    """A process: build the case, then answer "turn" with the median seconds of a step, and "end" with the peak in MB."""
    workload = replace(WORKLOADS[case.workload], **case.change)
    plan = plan_of(workload, GATES[0])
    executor, state = CpuExecutor(plan, threads=case.threads), TrainState(parameters(plan))
    batches = itertools.cycle([batch_of(workload, "train", seed) for seed in range(BATCHES)])
    for _ in range(BATCHES):
        executor.step(state, next(batches), Adam())
    connection.send("ready")
    while connection.recv() == "turn":
        steps, until = [], time.perf_counter() + TURN
        while not steps or time.perf_counter() < until:
            began = time.perf_counter()
            executor.step(state, next(batches), Adam())
            steps.append(time.perf_counter() - began)
        connection.send(statistics.median(steps))
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(cases, seconds):
    """(seconds of a step in each round, peak MB) of each case."""
    spawn = multiprocessing.get_context("spawn")
    ends, processes = [], []
    for case in cases:
        ours, theirs = spawn.Pipe()
        processes.append(spawn.Process(target=work, args=(theirs, case), daemon=True))
        processes[-1].start()
        theirs.close()
        ends.append(ours)
    for end in ends:
        end.recv()
    taken, began = [[] for _ in cases], time.perf_counter()
    for number in itertools.count():
        if number >= 3 and time.perf_counter() - began > seconds:
            break
        for i in (number + j for j in range(len(cases))):
            ends[i % len(cases)].send("turn")
            taken[i % len(cases)].append(ends[i % len(cases)].recv())
    peaks = []
    for end, process in zip(ends, processes):
        end.send("end")
        peaks.append(end.recv())
        process.join()
    return taken, peaks


def table(results: dict) -> str:
    """Markdown: a row for each case."""
    rows, grown = [], []
    for group, cases in results["groups"].items():
        first, last = cases[0], cases[-1]
        times = statistics.median(last["seconds"]) / statistics.median(first["seconds"])
        grown.append(f"{times:.2f} with {last['label']} as with {first['label']}{f' ({group[9:]})' if ', ' in group else ''}")
        for case in cases:
            step = statistics.median(case["seconds"])
            rows.append([
                group, case["label"], f"{case['grows']:g}", f"{1e3 * step:.3g}", ratio(case["seconds"], first["seconds"]),
                f"{case['peak_mb']:.0f}", f"{case['peak_mb'] / first['peak_mb']:.2f}",
            ])  # fmt: skip
    head = ["", "", "times the first", "ms a step", "time / first", "peak memory, MB", "memory / first"]
    threads = next((cases[0]["threads"] for group, cases in results["groups"].items() if ", " not in group), 1)
    parts = [f"How many times as long a step takes: {'; '.join(grown)}.", markdown(head, rows, left=2)]
    return "\n\n".join([*parts, f"Rows, vocabulary and experts: workload small, {threads} threads. {results['machine']}"])


REPORT = Report(__file__, table)


def main():
    threads = available_threads()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--groups", nargs="+", choices=groups(threads), default=list(groups(threads)), metavar="GROUP")
    parser.add_argument("--seconds", type=float, default=10, help="for the rounds of a group; three rounds are made in any case")
    options = parser.parse_args()
    found = {}
    for name in options.groups:
        cases = groups(threads)[name]
        taken, peaks = measure(cases, options.seconds)
        found[name] = [
            {"label": case.label, "threads": case.threads, "grows": case.grows, "seconds": each, "peak_mb": peak}
            for case, each, peak in zip(cases, taken, peaks)
        ]
        print(name, *(f"{1e3 * statistics.median(each):.3g}" for each in taken), flush=True)
    results = {"machine": machine("minirank", "numpy", "numba"), "groups": found}
    if list(found) == list(groups(threads)):
        REPORT.publish(results)
    else:
        print(table(results))


if __name__ == "__main__":
    main()
