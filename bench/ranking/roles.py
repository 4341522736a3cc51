"""Ways for the recruiter's role to enter, side by side: what each finds and costs, and what another role does to the lists of many jobs.

    python bench/ranking/roles.py [--seeds 1 2 3]        the campaign; it goes on with the world in which it was stopped

Every way is the default of minirank but for how the role enters, trained on the same simulated worlds as parts.py, read by rules. AUCs
count each row with its planted chance as positive and with the rest as negative; gains are paired over worlds. `role_gates` stands here,
not in the product: gates that see the role alone, so that a role has the same experts in every search, nearly one expert at a temperature
of 0.1. Lists: of every job of the test rows with LEAST candidates or more, ranked by pCTR pCVR for each role in turn, all else equal.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import FIGURES, Market, add_line, answer_cells, figures_of, paired, read_by_rules, read_lines
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.data import Dataset
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState
from minirank.model.architectures import architecture
from minirank.run.load_run import Run, load_run
from minirank.run.scoring import predictions_of
from minirank.simulate import WorldConfig
from minirank.training import train

IMPRESSIONS, SEEDS, LEAST, FIRST = 50_000, (1, 2, 3), 20, 10
SHOWN = [FIGURES.index(name) for name in ("CTR AUC", "CVR AUC")]
STEPS, ROUNDS, BATCH = 10, 5, 1024


def role_gates(net):
    """Experts that each task mixes by a gate which sees the role alone."""
    x, config, width = net.inputs(), net.config, net.config.embedding
    experts = net.experts([f"expert.{e}" for e in range(config.experts)], x)
    field, role = net.spec.column(net.role), net.plan.block("role", width)
    table = net.plan.parameter("gate.role", (net.spec.categorical[field][1], width), "embedding", table=True)
    net.plan.add("gather", role, (), (table,), field=field)
    net.outputs["gates"] = g = net.gates("gate", role, len(net.tasks), len(experts))
    return [net.mixture(f"mixture.{t}", g.columns(t * len(experts), len(experts)), experts) for t in range(len(net.tasks))]


def way(name: str = "mmoe", role: str = "none", in_x: bool = True, temperature: float = 1.0) -> ModelConfig:
    """The default model but for these settings."""
    return ModelConfig(name, role_in_x=in_x, gate=GateConfig(role=role, temperature=temperature))


IN_X = "in x alone"
WAYS = {
    "nowhere": way(in_x=False),
    IN_X: way(),
    "gates: bias": way(role="bias"),
    "gates: full": way(role="full"),
    "gates: full, not in x": way(role="full", in_x=False),
    "gates: mlp": way(role="mlp"),
    "gates that see the role alone": way("role_gates"),
    "gates that see the role alone, nearly hard": way("role_gates", temperature=0.1),
    "role towers": way("role_towers", "full"),
    "pepnet": way("pepnet", "full"),
}


def main() -> None:
    """Train what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--impressions", type=int, default=IMPRESSIONS)
    options = parser.parse_args()
    architecture()(role_gates)  # here alone: whoever imports this file for its table has the product's architectures
    lines = REPORT.record.with_suffix(".jsonl")
    for seed in options.seeds:
        run_world(WorldConfig(seed, options.impressions), lines)
    order = list(WAYS)
    wanted = [record for record in read_lines(lines).values() if record["impressions"] == options.impressions]
    runs = sorted(wanted, key=lambda record: (order.index(record["way"]), record["world"]))
    REPORT.publish({"runs": runs, "impressions": options.impressions, "machine": machine("minirank", "numpy", "numba")})


def run_world(world: WorldConfig, lines: Path) -> None:
    """A record a way; those in `lines` already are not trained again. Then a step of each is timed, in turns."""
    keys = {name: json.dumps([world.to_json(), name]) for name in WAYS}
    missing = [name for name in WAYS if keys[name] not in read_lines(lines)]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as temporary:
        dataset = Market(world, Path(temporary) / "data").dataset(read_by_rules, FeatureConfig())
        made = {name: run_way(dataset, WAYS[name], Path(temporary) / str(place)) for place, name in enumerate(missing)}
        seconds = step_seconds({name: run for name, (run, _) in made.items()}, dataset)
        for name, (_, found) in made.items():
            add_line(
                lines,
                {"key": keys[name], "world": world.seed, "impressions": world.impressions, "way": name, **found, "step": seconds[name]},
            )


def run_way(dataset: Dataset, model: ModelConfig, folder: Path) -> tuple[Run, dict]:
    """Train: figures of the test rows, parameters, lists by role."""
    start = time.process_time()
    config = Config(FolderConfig(folder.parent / "data"), model=model)
    train(replace(config, training=replace(config.training, seed=0, threads=1)), folder, dataset=dataset)
    run = load_run(folder)
    found = figures_of(dataset, predictions_of(run, dataset, dataset.test), np.ones(len(dataset.test), bool))
    facts = {"figures": found, "parameters": run.plan.size(table=False) + run.plan.size(table=True), "lists": lists(run, dataset)}
    print(folder.name, model.architecture, model.gate.role, f"{time.process_time() - start:.1f} s", flush=True)
    return run, facts


def lists(run: Run, dataset: Dataset) -> dict[str, float]:
    """Over jobs and pairs of roles: the share of the first ten that both lists have, and Kendall's tau of the whole lists."""
    column, kept, taus = dataset.inputs.column("role"), [], []
    assert dataset.job is not None
    jobs, counts = np.unique(dataset.job[dataset.test], return_counts=True)
    chosen = jobs[counts >= LEAST]
    for job in chosen:
        rows = dataset.rows.take(dataset.test[dataset.job[dataset.test] == job])
        orders, scores = [], []
        for role in range(1, dict(dataset.inputs.categorical)["role"]):
            rows.ids[:, column] = role
            both = 1 / (1 + np.exp(-run.executor.logits(run.values, rows)[:, :2].astype(float)))
            scores.append(both.prod(1))
            orders.append(np.argsort(-scores[-1], kind="stable")[:FIRST])
        for one, other in combinations(range(len(scores)), 2):
            kept.append(len(np.intersect1d(orders[one], orders[other])) / FIRST)
            taus.append(kendalltau(scores[one], scores[other]).statistic)
    return {"jobs": len(chosen), "kept": float(np.mean(kept)), "tau": float(np.nanmean(taus))}


def step_seconds(runs: dict[str, Run], dataset: Dataset) -> dict[str, float]:
    """Median seconds of a training step of each run, one thread, in turns."""
    batches = [dataset.rows.take(rows) for rows in np.resize(dataset.train, (STEPS, BATCH))]
    ready = {name: (make_executor("cpu", run.plan, np.float32, threads=1), TrainState(run.values.copy())) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (executor, state) in ready.items():
            for batch in batches:
                start = time.perf_counter()
                executor.step(state, batch, Adam())
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(each)) for name, each in times.items()}


def table(results: dict) -> str:
    """Markdown."""
    if not results:
        return ""
    of: dict[str, dict[int, dict]] = {}
    for run in results["runs"]:
        of.setdefault(run["way"], {})[run["world"]] = run
    worlds, rows, clear = list(of[IN_X]), [], []
    for name, runs in of.items():
        values = np.array([[runs[world]["figures"][place] for place in SHOWN] for world in worlds])
        cells = [f"{mean:.4f}" for mean in values.mean(0)]
        gains = ["", ""]
        if name != IN_X:
            base = np.array([[of[IN_X][world]["figures"][place] for place in SHOWN] for world in worlds])
            answer = paired(values - base)
            gains = answer_cells(answer)
            if answer["low"] and (answer["low"][0] > 0 or answer["high"][0] < 0):
                clear.append(f"{name} {answer['mean'][0]:+.3f}")
        step = 1e3 * np.mean([run["step"] for run in runs.values()])
        kept, tau = (np.mean([run["lists"][key] for run in runs.values()]) for key in ("kept", "tau"))
        rows.append([name, *cells, *gains, f"{runs[worlds[0]]['parameters']:,}", f"{step:.2f}", f"{kept:.2f}", f"{tau:.2f}"])
    told = f"clearly otherwise than in x alone: {', '.join(clear)}" if clear else "none differs clearly from the role in x alone"
    head = [
        "the role",
        "CTR AUC",
        "CVR AUC",
        "CTR AUC over x alone",
        "CVR AUC over x alone",
        "parameters",
        "ms a step",
        "first ten kept",
        "tau",
    ]
    jobs = sum(of[IN_X][world]["lists"]["jobs"] for world in worlds)
    return paragraphs(
        f"Ways for the role to enter, by CTR AUC: {told}.",
        markdown(head, rows),
        f"Simulated worlds {', '.join(map(str, worlds))}, {results['impressions']:,} impressions each, 1 initialisation; gains with the "
        "95 % t interval over worlds, bold where it excludes 0.\n"
        f"A step: {BATCH:,} rows, one thread. First ten kept, and Kendall's tau of the whole list: means over {jobs} jobs with {LEAST} "
        f"candidates or more and all\npairs of roles; 1 is the same list for every role. {results['machine']}.",
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
