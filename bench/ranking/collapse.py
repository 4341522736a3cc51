"""What mends a gate that has collapsed, and what the look inside costs: two tables of bench/ranking/RESULTS.md.

    python bench/ranking/collapse.py     measures what is missing in results/collapse.json, then writes the tables

A collapse is planted: in four markets candidates are wanted for different things, there are four experts, and the gate begins with biases
by which it gives one expert all, or, where it asks two for each row, never asks the other two. Each remedy trains from the same start.

The cost: epochs of a training on a table with the look inside and without, in turn, in one process.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench import tables
from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.data import Dataset
from minirank.kernels import Adam, Batch, InputSpec, TrainState, initial_values, make_executor
from minirank.kernels.executor import probabilities
from minirank.model import compile_plan
from minirank.run.gates import entropies
from minirank.training.inside import Inside


@dataclass(frozen=True)
class Plant:
    """A gate that begins badly.

    Args:
        first, bias: that of the first experts is so much above the others'. rate: learning rate. steps: of training. gate: its settings.
    """

    first: int
    bias: float
    rate: float
    steps: int
    gate: dict = field(default_factory=dict)


SEEDS = range(20, 30)  # none of those by which anything was chosen (5)
PLANTS = {
    "one gets all": Plant(first=1, bias=16.0, rate=0.003, steps=600),
    "two are never asked": Plant(first=2, bias=4.0, rate=0.01, steps=400, gate={"top_k": 2}),
}
REMEDIES = {
    "none": {},
    "temperature 10": {"temperature": 10.0},
    "expert dropout .1": {"expert_dropout": 0.1},
    "balance .1": {"balance": 0.1},
    "expert dropout and balance .1": {"expert_dropout": 0.1, "balance": 0.1},
}
BATCH_ROWS = 64
MARKETS = ("north", "south", "east", "west")
TASTES = np.array([[3, 0], [-3, 0], [0, 3], [0, -3]])  # what counts in each market


@dataclass(frozen=True)
class Collapse:
    """What came of it, on the training rows, as a prediction sees them.

    Args:
        loss: cross-entropy. busiest, idlest: the largest and the smallest share of all weight that an expert gets.
        entropy: mean, 1 is even.
    """

    loss: float
    busiest: float
    idlest: float
    entropy: float


def collapse(plant: str, remedy: str, seed: int, rows: int = 2000) -> Collapse:
    """Train with a remedy from a gate that begins badly."""
    rng, planted = np.random.default_rng(seed), PLANTS[plant]
    market, signals = rng.integers(0, 4, rows), rng.normal(size=(rows, 2))
    clicked = (rng.random(rows) < 1 / (1 + np.exp(-(signals * TASTES[market]).sum(axis=1)))).astype(np.float32)
    x = np.column_stack([signals, np.eye(4)[market]]).astype(np.float32)
    gate = GateConfig("none", **planted.gate, **REMEDIES[remedy])
    config = ModelConfig(experts=4, expert_hidden=(4,), tower_hidden=(), gate=gate)
    spec = InputSpec(dense=("skills", "years", *MARKETS), tasks=("ctr",))
    batch = Batch(np.zeros((rows, 0), np.int32), (), x, clicked[:, None], np.ones((rows, 1), np.float32), np.arange(rows, dtype=np.int32))
    plan = compile_plan(config, (TaskConfig("ctr"),), spec, batch)
    executor, state = make_executor("reference", plan, np.float32), TrainState(initial_values(plan, seed, np.float32))
    state.values["gate.bias"][: planted.first] = planted.bias
    for step in range(planted.steps):
        drawn = batch.take(rng.integers(0, rows, BATCH_ROWS))
        executor.step(state, replace(drawn, key=step), Adam(learning_rate=planted.rate))
    gates = executor.outputs(state.values, batch, ("gates",))["gates"].astype(float)
    p = np.clip(probabilities(plan, executor.logits(state.values, batch))[:, 0], 1e-7, 1 - 1e-7)
    loss, load = -np.where(clicked == 1, np.log(p), np.log(1 - p)).mean(), gates.mean(axis=0)
    return Collapse(float(loss), float(load.max()), float(load.min()), float(entropies(gates).mean()))


# --- the cost -------------------------------------------------------------------------------------

COST = {"small": (20_000, 4, (64, 32)), "base": (50_000, 8, (256, 128))}  # training rows, experts, widths
BATCH, PAIRS = 1024, 7


def cost(name: str) -> dict[str, list[float]]:
    """Seconds of an epoch's steps, and of the look inside behind it, in turn."""
    rows, experts, widths = COST[name]
    rng = np.random.default_rng(0)
    spec = InputSpec((("role", 5), *((f"field{i}", 1000) for i in range(16))), (), tuple(f"dense{i}" for i in range(16)), ("ctr", "cvr"))
    total = rows + 2000
    ids = np.column_stack([rng.integers(0, size, total) for _, size in spec.categorical]).astype(np.int32)
    labels = (rng.random((total, 2)) < 0.3).astype(np.float32)
    dense, ones = rng.normal(size=(total, 16)).astype(np.float32), np.ones((total, 2), np.float32)
    batch = Batch(ids, (), dense, labels, ones, np.arange(total, dtype=np.int32))
    config = ModelConfig(experts=experts, expert_hidden=widths, gate=GateConfig("full"))
    plan = compile_plan(config, (TaskConfig("ctr"), TaskConfig("cvr", given="ctr")), spec, batch)
    executor, state = make_executor("cpu", plan), TrainState(initial_values(plan, 0))
    train, valid, none = np.arange(rows), np.arange(rows, total), np.arange(0)
    names = ("none", "a", "b", "c", "d")
    dataset = Dataset(spec, batch, train, valid, none, None, None, ids[:, 0], names, None, "", None)
    inside = Inside(dataset, executor, config)
    found: dict[str, list[float]] = {"rows": [], "epoch": [], "look": []}
    for pair in range(PAIRS + 1):
        start = time.perf_counter()
        for first in range(0, rows, BATCH):
            executor.step(state, batch.take(train[first : first + BATCH]), Adam())
        middle = time.perf_counter()
        inside.look(state.values)
        end = time.perf_counter()
        if pair:  # the first one compiles
            found["rows"].append(inside.rows)
            found["epoch"].append(middle - start)
            found["look"].append(end - middle)
    return found


def table(results: dict) -> str:
    """The record as Markdown."""

    def spread(values: list[float]) -> str:
        return f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"

    of_plants, of_models = results.get("collapse", {}), results.get("cost", {})
    rows = [
        [plant, remedy, *(spread([cell[key] for cell in cells.values()]) for key in ("loss", "busiest", "idlest", "entropy"))]
        for plant, of_remedies in of_plants.items()
        for remedy, cells in of_remedies.items()
    ]
    costs = []
    for name, times in of_models.items():
        shares = [100 * look / epoch for epoch, look in zip(times["epoch"], times["look"])]
        epoch, look = (statistics.median(times[key]) for key in ("epoch", "look"))
        told = f"{statistics.median(shares):.1f} % ({min(shares):.1f} to {max(shares):.1f})"
        costs.append([name, f"{COST[name][0]:,}", f"{times['rows'][0]:,}", f"{epoch:.2f}", f"{1000 * look:.1f}", told])
    cost_of = f"What a look inside takes beside an epoch's steps, in turn, {PAIRS} times, two threads, float32: medians, least and most."
    return tables.paragraphs(
        f"What helps a gate that begins badly: {len(SEEDS)} seeds, means, least and most.",
        tables.markdown(["planted", "remedy", "cross-entropy", "busiest expert", "idlest expert", "entropy"], rows, left=2),
        cost_of,
        tables.markdown(["model", "training rows", "rows looked at", "an epoch, s", "a look, ms", "share"], costs),
        f"{results.get('machine', '')}.",
    )


REPORT = tables.Report(__file__, table)


def main() -> None:
    """Measure what is missing, cell by cell, and write the tables."""
    found = {"machine": tables.machine("numpy", "numba"), "collapse": {}, "cost": {}} | REPORT.read()
    for plant, remedy in product(PLANTS, REMEDIES):
        cells = found["collapse"].setdefault(plant, {}).setdefault(remedy, {})
        for seed in (str(seed) for seed in SEEDS if str(seed) not in cells):
            cells[seed] = asdict(collapse(plant, remedy, int(seed)))
            tables.write_record(REPORT.record, found)
    for name in (name for name in COST if name not in found["cost"]):
        found["cost"][name] = cost(name)
        tables.write_record(REPORT.record, found)
    REPORT.publish(found)


if __name__ == "__main__":
    main()
