"""Where the perfect reader loses: what of the planted truth, given to the model as columns, closes the distance to what is reachable.

    python bench/ranking/lost.py                              the campaign; it goes on where it was stopped
    python bench/ranking/lost.py --seeds 11 --cells "role*"   some cells, printed only

A cell adds columns of `minirank/simulate/match.py`, in the very form in which tastes weigh them, to what a perfect reader gives.
Shares are those of the reachable CTR AUC above 0.5 on test rows: of the clicks that were drawn, and of the chance of a click
(each row a click with that weight, and none with the rest), which spares the luck of some 750 clicks. The worlds are others than
those of `reading.py`, for choices are made here.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import Market, add_line, expected_auc, read_lines, read_with
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.data import Dataset
from minirank.evaluation.metrics import auc
from minirank.model.architectures import compile_plan
from minirank.run.backend import executor_of
from minirank.run.folder import read_config, read_data_facts, read_model
from minirank.run.prediction import predict
from minirank.simulate import World, WorldConfig
from minirank.simulate.match import appeals
from minirank.simulate.tastes import APPEALS, SIGNALS
from minirank.training import train

SEEDS, IMPRESSIONS = (11, 12, 13), 50_000
PERFECT = partial(read_with, 1.0, 0.0)
CLIP = 5.0  # standard deviations, as the encoder has it
GROUPS = {
    "requirements": ("coverage", "weakest", "core_depth", "nice", "nice_if_fit"),
    "level": ("under", "over", "stretch"),
    "tenure": ("stayer", "mover"),
    "notice, pay, leadership": ("free", "pricey", "leads"),
    "place, education, title, industry, breadth": ("local", "education", "title", "industry", "breadth"),
    "schools' names and pauses, which are never features": ("prestige", "pedigree", "gap"),
    "the team's skills": ("team_skills",),
    "the team's background": ("team_background",),
    "the team's drift": ("team_drift",),
    "all of the team": SIGNALS,
    "all but the team": tuple(name for name in APPEALS if name not in SIGNALS),
    "all": APPEALS,
}


@dataclass(frozen=True)
class Trial:
    """What is added, and whether the role steers the gates."""

    added: tuple[str, ...] = ()
    gates: bool = True


PLAIN, STEERED = "gates without the role", "role in the gates"
CELLS = {PLAIN: Trial(gates=False), STEERED: Trial()} | {f"{STEERED}, and {name}": Trial(added) for name, added in GROUPS.items()}


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--cells", nargs="+", default=["*"], help="patterns of names of cells (default: all)")
    options = parser.parse_args()
    names = [name for name in CELLS if any(fnmatch(name, pattern) for pattern in options.cells)]
    lines, cells = REPORT.record.with_suffix(".jsonl"), defaultdict(dict)
    for seed in options.seeds:
        for name, shares in run_world(WorldConfig(seed, IMPRESSIONS), names, lines).items():
            cells[name][str(seed)] = shares
    results = {"cells": dict(cells), "impressions": IMPRESSIONS, "machine": machine("minirank", "numpy", "numba")}
    if set(names) == set(CELLS) and set(options.seeds) == set(SEEDS):
        REPORT.publish(results)
    else:
        print(table(results))


def run_world(config: WorldConfig, names: list[str], lines: Path) -> dict[str, list[float]]:
    """Shares of each cell; those in `lines` already are not trained again."""
    held, found, dataset = read_lines(lines), {}, None
    for name in names:
        key = json.dumps([config.to_json(), name])
        if key not in held:
            with tempfile.TemporaryDirectory() as temporary:
                if dataset is None:
                    market = Market(config, Path(temporary) / "data")
                    dataset, world = market.dataset(PERFECT, FeatureConfig()), market.world
                held[key] = {"key": key, "shares": shares(dataset, world, CELLS[name], Path(temporary) / "run")}
            add_line(lines, held[key])
            print(f"world {config.seed}: {name}, {held[key]['shares']}", flush=True)
        found[name] = held[key]["shares"]
    return found


def shares(dataset: Dataset, world: World, trial: Trial, folder: Path) -> list[float]:
    """Shares of the reachable AUC above 0.5: of the clicks, and of the chance of one."""
    dataset = with_truth(dataset, world, trial.added)
    config = Config(FolderConfig(folder.parent / "data"), model=ModelConfig(gate=GateConfig(role="full" if trial.gates else "none")))
    train(config, folder, dataset=dataset)
    config, facts = read_config(folder), read_data_facts(folder)
    plan = compile_plan(config.model, config.tasks, facts.inputs, facts.label_rates)
    rows = dataset.test[np.isfinite(dataset.rows.labels[dataset.test, 0])]
    values = read_model(folder, plan, config)
    scores = predict(executor_of(config, plan), values, dataset.rows.take(rows), config.model.position_field)["ctr"]
    clicked, chance, reachable = dataset.rows.labels[rows, 0], dataset.truth["click"][rows], dataset.truth["click_reachable"][rows]
    above = [
        [measure(labels, found) - 0.5 for found in (scores, reachable)] for measure, labels in ((auc, clicked), (expected_auc, chance))
    ]
    return [ours / best for ours, best in above]


def with_truth(dataset: Dataset, world: World, added: tuple[str, ...]) -> Dataset:
    """The rows with appeals as further columns, standardised as the encoder does it."""
    if not added:
        return dataset
    columns = appeals(*world.truth.population, world.truth.industry_of, world.log.job, world.log.snapshot)
    columns = columns[:, [APPEALS.index(name) for name in added]]
    mean, std = columns[dataset.train].mean(0), columns[dataset.train].std(0)
    columns = np.clip((columns - mean) / np.where(std > 1e-9, std, 1.0), -CLIP, CLIP).astype(np.float32)
    spec = replace(dataset.inputs, dense=(*dataset.inputs.dense, *(f"true_{name}" for name in added)))
    return replace(dataset, inputs=spec, rows=replace(dataset.rows, dense=np.hstack([dataset.rows.dense, columns])))


def table(results: dict) -> str:
    """Markdown: a sentence, the shares of each cell, means over worlds, and what each adds to the role in the gates."""
    means = {name: np.mean(list(worlds.values()), axis=0) for name, worlds in results["cells"].items()}
    rows = []
    for name, found in means.items():
        gain = found[1] - means[STEERED][1] if STEERED in means and name != STEERED else None
        label = name.replace(f"{STEERED}, and ", "and, from the truth: ")
        rows.append([label, f"{found[0]:.3f}", f"{found[1]:.3f}", "" if gain is None else f"{gain:+.3f}"])
    worlds = ", ".join(next(iter(results["cells"].values())))
    told = f"Simulated worlds: seeds {worlds}, {results['impressions']:,} impressions each, 1 initialisation; test rows."
    head = ["a perfect reader", "share, clicks", "share, chances", "over the role in the gates, chances"]
    return paragraphs(_headline(means), markdown(head, rows), f"{told}\n{results['machine']}.")


def _headline(means: dict[str, np.ndarray]) -> str:
    if not set(CELLS) <= set(means):
        return ""
    plain, steered = means[PLAIN], means[STEERED]
    team, rest, whole = (means[f"{STEERED}, and {name}"][1] - steered[1] for name in ("all of the team", "all but the team", "all"))
    return (
        f"Role in the gates: {plain[0]:.3f} to {steered[0]:.3f} of the reachable CTR AUC above 0.5 ({plain[1]:.3f} to {steered[1]:.3f} of "
        f"that by chances). On top, the teams' true tastes would add {team:.3f}, the planted form of all else {rest:.3f}, both {whole:.3f}."
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
