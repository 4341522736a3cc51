"""Every architecture trained side by side with PyTorch: the same parameters, rows and steps, in float64 and in float32.

    python bench/ranking/parity.py census_income_kdd      100 steps on Census-Income; it goes on where it was stopped
    python bench/ranking/parity.py --record               100 steps on drawn rows in PyTorch, with which the tests compare

Needs `pip install -e ".[bench]"`. PyTorch's networks (bench/speed/peers/torch_architectures.py) are written from the papers, its
gradients are autograd's, its steps those of Adam and SparseAdam. SparseAdam adds its epsilon before the mean of squares is corrected
for its start, Adam afterwards, as ours does for tables as well; so its epsilon is set to what makes both the same. In float32 PyTorch is
also compared with itself: rows of a batch in another order, one thread and two, networks side by side or one after the other.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.census import FILES, WHOLE, configured
from bench.ranking.worlds import add_line, read_lines
from bench.speed import workloads
from bench.speed.workloads import Workload
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.model import TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Batch
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import Arena, TrainState, initial_values
from minirank.kernels.plan import Plan
from minirank.model.architectures import ARCHITECTURES, compile_plan
from minirank.run.load_data import load_dataset

STEPS, ROWS, TOLERANCE = 100, 1024, 1e-8
DRAWN = Workload("drawn", 4, 4, 60, 5, 3, 12, 6, 5, 48, 2, 2, 1)
TRAJECTORY = CHECKOUT / "tests" / "bench" / "torch_trajectory.json"
RUNS: dict[str, dict] = {
    "one thread": {},
    "rows in another order": {"reverse": True},
    "two threads": {"threads": 2},
    "experts side by side": {"form": "wide"},
}


def drawn(name: str) -> tuple[Plan, dict, Arena, list[Batch]]:
    """A small model with roles on rows that a generator draws: plan, facts for PyTorch, parameters in float64, batches."""
    workload = replace(DRAWN, architecture=name)
    plan = workloads.plan_of(workload, "full")
    facts = workloads.facts_of(workloads.config_of(workload, "full"), workloads.TASK_CONFIGS, workloads.spec_of(workload))
    batches = [workloads.random_batch(workload, workload.rows, seed) for seed in range(STEPS)]
    return plan, facts, workloads.parameters(plan).copy(np.float64), batches


def census(data: Path) -> Callable[[str], tuple[Plan, dict, Arena, list[Batch]]]:
    """Architecture -> the same of Census-Income: the model of examples/census.yaml, its first batches of a shuffled file."""
    config = configured(data, False, 1, *WHOLE)
    dataset = load_dataset(config)
    order = np.random.default_rng(0).permutation(dataset.train)[: STEPS * ROWS].reshape(STEPS, ROWS)
    batches = [dataset.rows.take(rows) for rows in order]
    tasks = (TaskConfig("income", given="marital"), TaskConfig("marital"))  # what aitm transfers; no other architecture minds

    def problem(name: str) -> tuple[Plan, dict, Arena, list[Batch]]:
        model = replace(config.model, architecture=name, gate=replace(config.model.gate, role="none"))
        plan = compile_plan(model, tasks, dataset.inputs, dataset.rows.take(dataset.train))
        return plan, workloads.facts_of(model, tasks, dataset.inputs), initial_values(plan, 0).copy(np.float64), batches

    return problem


def our_losses(plan: Plan, values: Arena, batches: list[Batch], dtype=np.float64, backend: str = "cpu") -> list[float]:
    """The objective before each step."""
    executor, state = make_executor(backend, plan, dtype, threads=1), TrainState(values.copy(dtype))
    return [executor.step(state, batch, Adam())[0] for batch in batches]


def torch_losses(
    plan: Plan, facts: dict, values: Arena, batches: list[Batch], dtype=np.float64, form="loop", threads=1, reverse=False
) -> list[float]:
    """PyTorch's objective before each step; reverse: the rows of each batch from the last to the first."""
    import torch

    from bench.speed.peers.torch_architectures import Architecture

    torch.set_num_threads(threads)
    network = Architecture(facts, dict(values.copy(dtype).items()), form)
    factor = {op.attributes["task"]: op.attributes["factor"] for op in plan.losses}
    role = plan.spec.column("role") if "role" in dict(plan.spec.categorical) else None
    settings, optimisers, losses = Adam(), [], []
    for step, batch in enumerate(batches, 1):
        rows = np.arange(len(batch))[:: -1 if reverse else 1].copy()
        ids = torch.from_numpy(batch.ids[rows].astype(np.int64))
        roles = torch.zeros(len(rows), dtype=torch.long) if role is None else ids[:, role]
        fields = [column for column in range(ids.shape[1]) if column != role]
        logits = network(ids[:, fields], roles, torch.from_numpy(batch.dense[rows].astype(dtype)))
        labels, weights = (torch.from_numpy(values[rows].astype(dtype)) for values in (batch.labels, batch.weights))
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
        scale = torch.tensor([factor[task] / len(rows) for task in range(logits.shape[1])], dtype=logits.dtype)
        loss = (torch.where(labels.isnan(), 0, weights) * scale * each).sum()
        if not optimisers:  # the parameters are made when they are first asked for
            both = {"lr": settings.learning_rate, "betas": (settings.beta1, settings.beta2)}
            optimisers = [torch.optim.Adam(network.held.parameters(), eps=settings.epsilon, **both)]
            optimisers.append(torch.optim.SparseAdam(network.tables.parameters(), **both))
        optimisers[1].param_groups[0]["eps"] = settings.epsilon * (1 - settings.beta2**step) ** 0.5
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        losses.append(loss.item())
    return losses


def apart(one: list[float], other: list[float]) -> float:
    """The largest difference of two trajectories, beside the loss."""
    return float(np.max(np.abs(np.subtract(one, other)) / np.abs(other)))


def compare(plan: Plan, facts: dict, values: Arena, batches: list[Batch]) -> dict:
    """How far the losses lie apart: in float64 ours from PyTorch's; in float32 ours from each run of PyTorch, and each two of these."""
    exact = apart(our_losses(plan, values, batches), torch_losses(plan, facts, values, batches))
    ours = our_losses(plan, values, batches, np.float32)
    runs = [torch_losses(plan, facts, values, batches, np.float32, **change) for change in RUNS.values()]
    return {
        "float64": exact,
        "float32": [apart(ours, run) for run in runs],
        "itself": [apart(one, other) for one, other in combinations(runs, 2)],
    }


def record() -> dict:
    """Architecture -> PyTorch's losses on drawn rows, in float64."""
    import torch

    losses = {name: [round(loss, 12) for loss in torch_losses(*drawn(name))] for name in ARCHITECTURES}
    return {"torch": torch.__version__, "losses": losses}


def table(results: dict) -> str:
    """Markdown."""
    if not results:
        return ""
    rows, count = [], len(results["apart"])
    exact = sum(found["float64"] <= TOLERANCE for found in results["apart"].values())
    outside = [name for name, found in results["apart"].items() if np.median(found["float32"]) > max(found["itself"])]
    for name, found in results["apart"].items():
        spans = [f"{min(found[key]):.1e} to {max(found[key]):.1e}" for key in ("float32", "itself")]
        rows.append([name, f"{found['float64']:.1e}", f"{np.median(found['float32']):.1e}", *spans])
    told = f" (not {', '.join(outside)})" if outside else ""
    most = {key: max(max(found[key]) for found in results["apart"].values()) for key in ("float32", "itself")}
    return paragraphs(
        f"Losses of {STEPS} steps beside PyTorch's on Census-Income: in float64 {exact} of {count} architectures agree to {TOLERANCE:g}, "
        f"in float32 {count - len(outside)} of {count} within the spread of PyTorch against itself{told}.",
        markdown(["architecture", "float64", "float32, median", "float32, from each run of PyTorch", "PyTorch from PyTorch"], rows),
        f"Largest difference of a loss over {STEPS} steps of {ROWS:,} rows, as a share of the loss, of our `cpu` executor from PyTorch. In "
        f"float32 PyTorch runs {len(RUNS)} times ({', '.join(RUNS)}):\nwithin its spread is a median difference from them that is no "
        "larger than the largest between two of them. Where rounding turns a\nReLU on or off, which is chance, trajectories "
        f"part: over all architectures ours are up to {most['float32']:.1e} from PyTorch's, PyTorch's up to {most['itself']:.1e}\nfrom "
        f"each other. {results['machine']}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help=f"folder with {FILES['train']}")
    parser.add_argument("--record", action="store_true", help="write what the tests compare with")
    options = parser.parse_args()
    if options.record:
        TRAJECTORY.write_text(json.dumps(record()).replace("], ", "],\n") + "\n", encoding="utf-8")
        return
    if not options.data:
        parser.error("name the folder of Census-Income, or --record")
    lines, problem = REPORT.record.with_suffix(".jsonl"), None
    for name in ARCHITECTURES:
        if name not in read_lines(lines):
            problem = problem or census(options.data)
            add_line(lines, {"key": name, "apart": compare(*problem(name))})
            print(name, read_lines(lines)[name]["apart"], flush=True)
    found = read_lines(lines)
    REPORT.publish({"apart": {name: found[name]["apart"] for name in ARCHITECTURES}, "machine": machine("numpy", "numba", "torch")})


if __name__ == "__main__":
    main()
