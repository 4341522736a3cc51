"""What it costs to weigh tasks by a rule, and to look at the cosines between their gradients.

    python bench/speed/weighing.py [--seconds 60]

Seconds of the processor, with one thread, so that other programs matter little: steps of the cpu backend on the same random batches
of three tasks, in rounds, in an order that rotates, with fixed weights and with each rule as a training takes them
(`minirank/training/weighing.py`). The cosines are those of one epoch, beside the fixed steps of the shortest epoch after which they
are noted unasked.
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.steps_tables import ratio
from bench.speed.workloads import GATES, TASKS, WORKLOADS, parameters, plan_of, random_batch
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, TrainingConfig
from minirank.config.model import ModelConfig, TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState
from minirank.training.checkpoint import Cursor
from minirank.training.weighing import STEPS_A_LOOK, Weighing

RULES = ("fixed", "uncertainty", "dwa", "gradnorm", "pcgrad")
CASES = {"small, 256 rows": ("small", 256), "small": ("small", 1024), "base": ("base", 4096)}
STEPS = STEPS_A_LOOK * len(TASKS)  # of that epoch
BATCHES = 4
LOOK = "look"


class Stepper:
    """A training with one rule."""

    def __init__(self, rule: str, name: str, rows: int) -> None:
        workload = replace(WORKLOADS[name], rows=rows)
        plan = plan_of(workload, GATES[0])
        if rule == "uncertainty":
            plan = _learned(plan)
        tasks = tuple(TaskConfig(task) for task in TASKS)
        config = Config(None, tasks=tasks, model=ModelConfig(task_weights=rule), training=TrainingConfig(batch_rows=rows))
        self.weighing = Weighing(config, plan, make_executor("cpu", plan, np.float32, threads=1))
        self.state, self.cursor = TrainState(parameters(plan)), Cursor(weights=[0.9, 1.2, 0.9] if rule == "dwa" else [])
        self.batches = [random_batch(workload, rows, seed) for seed in range(BATCHES)]

    def step(self, number: int) -> None:
        self.weighing.step(self.state, self.batches[number % BATCHES], Adam(), self.cursor, 0)

    def look(self, dataset: SimpleNamespace) -> None:
        assert self.weighing.look(self.state, dataset, 1, 0)


def _learned(plan):
    """The plan with learned weights, behind all other parameters."""
    last = max((p for p in plan.parameters.values() if not p.table), key=lambda p: p.offset)
    learned = replace(last, name="task.log_variance", shape=(len(TASKS),), offset=last.offset + last.size, init="zero", penalty=0.0)
    return replace(plan, parameters=plan.parameters | {learned.name: learned}, log_variance=learned)


def measure(case: str, seconds: float) -> dict:
    """Seconds of a step of each rule, and of the look, in each round."""
    name, rows = CASES[case]
    steppers = {rule: Stepper(rule, name, rows) for rule in RULES}
    many = random_batch(WORKLOADS[name], 10 * rows, BATCHES)
    dataset = SimpleNamespace(rows=many, train=np.arange(STEPS * rows) % len(many))

    def once(what: str, number: int) -> float:
        began = time.process_time()
        steppers["fixed"].look(dataset) if what == LOOK else steppers[what].step(number)
        return time.process_time() - began

    order, taken = [*RULES, LOOK], {what: [] for what in (*RULES, LOOK)}
    spent = {what: min(once(what, number) for number in range(3)) for what in order}
    repeats = {what: max(round(0.1 / each), 1) for what, each in spent.items()}
    began, number = time.process_time(), 0
    while number < 5 or time.process_time() - began < seconds:
        for place in range(len(order)):
            what = order[(number + place) % len(order)]
            taken[what].append(statistics.median(once(what, step) for step in range(repeats[what])))
        number += 1
    return {"rows": rows, "seconds": taken}


def table(results: dict) -> str:
    """Markdown: a row for each case."""
    rows, looks = [], []
    costs: dict[str, list[float]] = {rule: [] for rule in RULES}
    for case, found in results["cases"].items():
        seconds = found["seconds"]
        median = {what: statistics.median(each) for what, each in seconds.items()}
        for rule in RULES:
            costs[rule].append(median[rule] / median["fixed"])
        share = median[LOOK] / (median["fixed"] * STEPS)
        looks.append(100 * share)
        cells = [case, f"{1e3 * median['fixed']:.3g}", *(ratio(seconds[rule], seconds["fixed"]) for rule in RULES[1:])]
        rows.append([*cells, f"{1e3 * median[LOOK]:.3g}", f"{100 * share:.2f} %"])
    told = ", ".join(f"of {rule} {min(costs[rule]):.2f} to {max(costs[rule]):.2f}" for rule in ("dwa", "gradnorm", "pcgrad"))
    return paragraphs(
        f"A step takes so many times as long as with fixed weights, with three tasks: {told}. "
        f"The cosines cost at most {max(looks):.1f} % of an epoch of {STEPS} steps, the shortest that has them unasked.",
        markdown(["", "fixed, ms a step", *RULES[1:], "cosines, ms an epoch", "of the epoch"], rows),
        f"Seconds of the processor, one thread, divided by those of fixed weights, in brackets the quartiles of the ratio within a round. "
        f"{results['machine']}",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seconds", type=float, default=60, help="for the rounds of a case; five rounds are made in any case")
    options = parser.parse_args()
    results = REPORT.read() or {"cases": {}}
    for case in options.cases:
        results["cases"][case] = measure(case, options.seconds)
        results["machine"] = machine("minirank", "numpy", "numba")
        write_record(REPORT.record, results)
    REPORT.publish(results)


if __name__ == "__main__":
    main()
