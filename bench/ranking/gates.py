"""Why the role in the gates helps where it does, and how the way in which it enters by default was chosen.

    python bench/ranking/gates.py                                                       the campaign; it goes on where it was stopped
    python bench/ranking/gates.py --ways "*cosine"                                      some cells; the others keep the record's figures
    python bench/ranking/gates.py --seeds 11 --strengths 0 2 --ways "in x*" --out try   a part of it, printed only

Worlds in which roles share one taste (strength 0), differ as in the simulator (1) or twice as much (2), read by the rules or by a
perfect reader. A strength has the people, texts and searches of strength 1, with clicks, answers and grades of its own; past hires,
too, are those of strength 1. The worlds are others than those of other tables, for the default was chosen here. AUCs count each row
with its planted chance as positive and with the rest as negative, and gains in NDCG are expected ones: that spares the luck of some 750
clicks a world. Beside the figures a run gives the mean weights of the experts for each role; the network without the role in its gates
the cosines between the roles' gradients on the parameters that they share: what each of them still wants changed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import RARE, RULES, Market, add_line, answer_cells, expected_auc, paired, read_by_rules, read_lines, read_with
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.data import Dataset
from minirank.kernels.plan import Slot
from minirank.model import architectures
from minirank.model.network import Network
from minirank.run.folder import read_config, read_data_facts, read_model
from minirank.run.gates import gate_statistics
from minirank.run.load_run import Run
from minirank.run.scoring import predictions_of
from minirank.simulate import World, WorldConfig
from minirank.simulate.truth import in_chunks
from minirank.training import train

SEEDS, IMPRESSIONS, STRENGTHS = (11, 12, 13), 50_000, (0.0, 1.0, 2.0)
PERFECT = "perfect reader"
READ = {RULES: read_by_rules, PERFECT: partial(read_with, 1.0, 0.0)}
LEAST = 3  # worlds that an interval is told of
SHOWN = ("CTR AUC", "CVR AUC", "CTCVR AUC", "NDCG@10", f"CTR AUC, {RARE}", f"CTCVR AUC, {RARE}")


@dataclass(frozen=True)
class Way:
    """How the role enters, and how it is trained.

    Args:
        model: what is trained. training: changes of the configuration's `training`.
        dropped: share of the training rows that lose the role in x, and keep it in the gates.
        linear: the logits also get a linear part of x whose weights the role chooses.
    """

    model: ModelConfig
    training: dict[str, Any] = field(default_factory=dict)
    dropped: float = 0.0
    linear: bool = False


def gates(role: str = "full", penalty: float = GateConfig().penalty, in_x: bool = True) -> ModelConfig:
    """The default model but for these settings."""
    return ModelConfig(role_in_x=in_x, gate=GateConfig(role=role, penalty=penalty))


IN_X, BOTH = "in x", "in x and the gates"
WAYS = {
    IN_X: Way(gates("none")),
    BOTH: Way(gates()),
    "in x and the gates, penalty 300": Way(gates(penalty=300.0)),
    "in x and the gates, penalty 1000": Way(gates(penalty=1000.0)),
    "in the gates alone": Way(gates(in_x=False)),
    "in the gates, and in x for half of the rows": Way(gates(in_x=False), dropped=0.5),
    "in x, and a linear part of the logits": Way(gates("none"), linear=True),
    "in x and the gates, moving average 0.998": Way(gates(), {"average": 0.998}),
    "in x and the gates, cosine": Way(gates(), {"schedule": "cosine"}),
}


def main() -> None:
    """Train what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--strengths", type=float, nargs="+", default=list(STRENGTHS), help="how much roles differ")
    parser.add_argument("--reads", nargs="+", default=["*"], help="patterns of who reads (default: all)")
    parser.add_argument("--ways", nargs="+", default=["*"], help="patterns of names of ways (default: all)")
    parser.add_argument("--impressions", type=int, default=IMPRESSIONS)
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    names, readers = chosen(WAYS, options.ways), chosen(READ, options.reads)
    for seed in options.seeds:
        run_world(WorldConfig(seed, options.impressions), options.strengths, readers, names, folder / "gates.jsonl")
    results = summarise(read_lines(folder / "gates.jsonl").values()) | {"impressions": options.impressions}
    results["machine"] = machine("minirank", "numpy", "numba")
    if options.out:
        write_record(folder / "gates.json", results)
        print(table(results))
    else:
        REPORT.publish(with_others(results, REPORT.read()))


def with_others(results: dict, held: dict) -> dict:
    """Results, with what the record holds of worlds of their size that were not trained now."""
    cells = held["cells"] if held.get("impressions") == results["impressions"] else {}
    return results | {"cells": cells | {name: cells.get(name, {}) | worlds for name, worlds in results["cells"].items()}}


def chosen(names: Iterable[str], patterns: list[str]) -> list[str]:
    """Those that fit a pattern."""
    return [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]


def run_world(world: WorldConfig, strengths: list[float], readers: list[str], names: list[str], lines: Path) -> None:
    """A record a cell; those in `lines` already are not trained again."""
    held, market = read_lines(lines), None
    with tempfile.TemporaryDirectory() as temporary:
        for read in readers:
            dataset = None
            for strength in strengths:
                for name in names:
                    key = json.dumps([replace(world, role_strength=strength).to_json(), read, name])
                    if key in held:
                        continue
                    start = time.process_time()
                    market = market or Market(world, Path(temporary) / "data")
                    dataset = dataset or market.dataset(READ[read], FeatureConfig())
                    record = {"key": key, "world": world.seed, "strength": strength, "read": read, "way": name}
                    folder = Path(temporary) / f"{read}, {strength:g}, {name}"
                    record |= run_way(relabelled(dataset, replace(world, role_strength=strength)), WAYS[name], folder)
                    record["seconds"] = round(time.process_time() - start, 1)
                    add_line(lines, record)
                    print(f"world {world.seed}, strength {strength:g}, {read}: {name}, {record['seconds']} s", flush=True)


def relabelled(dataset: Dataset, config: WorldConfig) -> Dataset:
    """The rows of a world of strength 1 with the labels and the truth of another strength."""
    if config.role_strength == 1:
        return dataset
    world = World(config)
    log, labels = world.log, world.labels
    clicked, converted = (np.where(found < 0, np.nan, found).astype(float) for found in (labels.clicked, labels.converted))
    columns = np.stack([clicked, np.where(clicked == 1, converted, np.nan), labels.relevance], axis=1).astype(np.float32)
    weights = np.ones_like(columns)
    weights[:, 2] = np.where(np.isnan(labels.confidence), 1.0, labels.confidence)
    reachable = in_chunks(world.truth.observables, log.role, log.job, log.snapshot)
    truth = dict(world.logged._asdict()) | {f"{name}_reachable": found for name, found in reachable._asdict().items()}
    return replace(dataset, rows=replace(dataset.rows, labels=columns, weights=weights), truth=truth)


def run_way(dataset: Dataset, way: Way, folder: Path) -> dict[str, Any]:
    """Train, and look at it: figures of the test rows, gates by role, cosines of the roles' gradients."""
    dataset = with_second_role(dataset, way.dropped) if way.dropped else dataset
    config = Config(FolderConfig(folder.parent / "data"), model=way.model)
    config = replace(config, training=replace(config.training, seed=0, threads=1, **way.training))
    with linear_part() if way.linear else nullcontext():
        epochs = train(config, folder, dataset=dataset).epoch
        run = run_of(folder, dataset)
        found: dict[str, Any] = {"figures": figures(dataset, predictions_of(run, dataset, dataset.test)), "epochs": epochs}
        if way.model.gate.role != "none":
            tasks = gate_statistics(run, dataset, dataset.test)
            found["maps"] = {task: {role: part["weights"] for role, part in facts["roles"].items()} for task, facts in tasks.items()}
        elif not way.linear:
            found["cosines"] = cosines(run, dataset)
    return found


def run_of(folder: Path, dataset: Dataset) -> Run:
    """The run in a folder; `load_run` would refuse a field that the encoder does not make."""
    config, facts = read_config(folder), read_data_facts(folder)
    plan = architectures.compile_plan(config.model, config.tasks, facts.inputs, facts.label_rates)
    return Run(folder, config, plan, read_model(folder, plan, config), dataset.encoder, dataset.fingerprint, {})


def figures(dataset: Dataset, scores: dict[str, np.ndarray]) -> list[float]:
    """SHOWN, of the test rows, by planted chances."""
    rows = dataset.test
    click, answer = dataset.truth["click"][rows], dataset.truth["conversion"][rows]
    both, rare = scores["ctr"] * scores["cvr"], dataset.role[rows] == dataset.role_names.index(RARE)
    found = [expected_auc(click, scores["ctr"]), expected_auc(answer, scores["cvr"], click), expected_auc(click * answer, both)]
    found.append(expected_ndcg(click * (1 + 2 * answer), both, dataset.search[rows]))
    click, answer, clicks, both = (values[rare] for values in (click, answer, scores["ctr"], both))
    return [*found, expected_auc(click, clicks), expected_auc(click * answer, both)]


def expected_ndcg(gains: np.ndarray, scores: np.ndarray, search: np.ndarray) -> float:
    """NDCG@10 where each row has its expected gain: that of 2^g - 1, g = 0 not clicked, 1 clicked, 2 clicked and converted."""
    found, discounts = [], 1 / np.log2(np.arange(2, 12))
    for rows in np.split(np.arange(len(search)), np.flatnonzero(np.diff(search)) + 1):
        best, ours = np.sort(gains[rows])[::-1][:10], gains[rows][np.argsort(-scores[rows], kind="stable")][:10]
        found.append(ours @ discounts[: len(ours)] / (best @ discounts[: len(best)]))
    return float(np.mean(found))


def with_second_role(dataset: Dataset, dropped: float) -> Dataset:
    """The rows with the role as a further field, hidden from a share of the training rows."""
    spec = dataset.inputs
    ids = dataset.rows.ids[:, [spec.column("role")]].copy()
    ids[dataset.train[np.random.default_rng(0).random(len(dataset.train)) < dropped]] = 0
    field = ("role_in_x", dict(spec.categorical)["role"])
    rows = replace(dataset.rows, ids=np.hstack([dataset.rows.ids, ids]))
    return replace(dataset, inputs=replace(spec, categorical=(*spec.categorical, field)), rows=rows)


class WithLinearPart(Network):
    """s_t += x u_{r,t} + c_{r,t}: what a role wants, as plainly as possible; the penalty is that of the gates."""

    def inputs(self, name: str = "x", owner: str = "") -> Slot:
        self.x = super().inputs(name, owner)
        return self.x

    def towers(self, inputs: list[Slot], logits: Slot) -> None:
        super().towers(inputs, logits)
        field = self.spec.column(self.role)
        roles = self.spec.categorical[field][1] - 1
        for kind, read, shape in (("bias", (), (roles, logits.width)), ("dense", (self.x,), (roles, self.x.width, logits.width))):
            weight = self.plan.parameter(f"linear.{kind}", shape, "zero", penalty=self.config.gate.penalty)
            self.plan.add(f"{kind}_by_id", logits, read, (weight,), field=field)


@contextmanager
def linear_part() -> Iterator[None]:
    """Within, plans have the linear part."""
    architectures.Network = WithLinearPart
    try:
        yield
    finally:
        architectures.Network = Network


def cosines(run: Run, dataset: Dataset) -> dict[str, float]:
    """Cosines of gradients on the dense parameters that all roles share, means over roles: of two halves of a role's training rows,
    and of halves of two roles. The first says how much of a gradient is more than noise."""
    shared = np.concatenate([np.full(p.size, not p.table and p.penalty == 0) for p in dense_parameters(run)])
    halves = []
    for code in range(len(dataset.role_names)):
        of_role = dataset.train[dataset.role[dataset.train] == code]
        halves += [of_role[dataset.search[of_role] % 2 == half] for half in range(2)]
    gradients = np.array([run.executor.gradients(run.values, dataset.rows.take(rows)).dense[shared] for rows in halves], float)
    unit = gradients / np.linalg.norm(gradients, axis=1, keepdims=True)
    products, roles = unit @ unit.T, np.arange(len(halves)) // 2
    same, upper = roles[:, None] == roles, np.triu(np.ones_like(products, bool), 1)
    return {"within": float(products[same & upper].mean()), "between": float(products[~same].mean())}


def dense_parameters(run: Run) -> list:
    """Those of the dense arena, in its order."""
    return sorted((p for p in run.plan.parameters.values() if not p.table), key=lambda p: p.offset)


def summarise(records: Iterable[dict]) -> dict:
    """(way, read, strength) -> world -> figures, cosines, maps, as far as a run has them; and the time that a cell takes."""
    records = list(records)
    cells: dict[str, dict[str, dict]] = defaultdict(dict)
    order = {name: place for place, name in enumerate(WAYS)}
    for record in sorted(records, key=lambda record: (order[record["way"]], record["read"], record["strength"], record["world"])):
        cell = json.dumps([record["way"], record["read"], record["strength"]])
        cells[cell][str(record["world"])] = {name: record[name] for name in ("figures", "maps", "cosines") if name in record}
    return {"cells": cells, "seconds": float(np.median([record["seconds"] for record in records if "seconds" in record]))}


def cell_of(results: dict, way: str, read: str, strength: float) -> dict[str, dict]:
    """World -> what a cell gave; {} where it was not trained."""
    return results["cells"].get(json.dumps([way, read, strength]), {})


def gain(results: dict, way: str, over: str, read: str, strength: float) -> tuple[int, dict] | None:
    """In how many worlds a way was trained beside another, and what it gains, SHOWN."""
    ours, theirs = cell_of(results, way, read, strength), cell_of(results, over, read, strength)
    shared = [world for world in ours if world in theirs]
    differences = np.array([np.subtract(ours[world]["figures"], theirs[world]["figures"]) for world in shared])
    return (len(shared), paired(differences)) if shared else None


def apart(maps: dict[str, list[float]]) -> float:
    """How different the roles' mean weights are, over pairs: 0 the same, 1 no expert in common."""
    weights = np.array(list(maps.values()))
    pairs = [(a, b) for a in range(len(weights)) for b in range(a)]
    return float(np.mean([np.abs(weights[a] - weights[b]).sum() / 2 for a, b in pairs]))


def table(results: dict) -> str:
    """Markdown: what the role in the gates gains, what is seen in gates and gradients, what else was tried."""
    told = (
        f"Simulated worlds: {', '.join(map(str, SEEDS))} or some of them, {results['impressions']:,} impressions each, 1 initialisation; "
        f"test rows. Gains are means over worlds, from {LEAST} on with the 95 % t interval of the paired difference, bold if it excludes 0."
    )
    others = [_gains(results, way, BOTH) for way in WAYS if way not in (IN_X, BOTH)]
    tried = ["What else was tried, over the role in x and the gates:", *others] if any(others) else []
    parts = [_headline(results), _picture(), _gains(results, BOTH, IN_X), _seen(results), *tried]
    return paragraphs(*filter(None, parts), f"{told}\nA cell takes {results['seconds']:.0f} s of one core. {results['machine']}.")


def _headline(results: dict) -> str:
    told = []
    for read in READ:
        found = [(strength, gain(results, BOTH, IN_X, read, strength)) for strength in STRENGTHS]
        told.append(f"{read} " + ", ".join(f"{_clicks(*answer)} at {strength:g}" for strength, answer in found if answer))
    return f"CTR AUC that the role in the gates adds to the role in x, by role strength: {'; '.join(told)}."


def _clicks(worlds: int, answer: dict) -> str:
    """CTR AUC gained, with its interval where there are worlds enough for one."""
    interval = f" ({answer['low'][0]:+.4f} to {answer['high'][0]:+.4f})" if worlds >= LEAST else " (too few worlds for an interval)"
    return f"{answer['mean'][0]:+.4f}{interval}"


def _picture() -> str:
    drawn = REPORT.record.with_suffix(".png").exists()
    return "![Mean weights of the experts for each role, and what they gain](results/gates.png)" if drawn else ""


def _gains(results: dict, way: str, over: str) -> str:
    rows = []
    for read in READ:
        for strength in STRENGTHS:
            found = gain(results, way, over, read, strength)
            if found:
                answer = found[1] if found[0] >= LEAST else found[1] | {"low": None}
                rows.append([read, f"{strength:g}", str(found[0]), *answer_cells(answer)])
    head = ["read by", "role strength", "worlds", *SHOWN]
    return f"Role {way}{', over role in x' if over == IN_X else ''}:\n\n" + markdown(head, rows, left=2) if rows else ""


def _seen(results: dict) -> str:
    rows = []
    for read in READ:
        for strength in STRENGTHS:
            plain, steered = cell_of(results, IN_X, read, strength), cell_of(results, BOTH, read, strength)
            plain, steered = ([found for found in cell.values() if name in found] for cell, name in ((plain, "cosines"), (steered, "maps")))
            if plain and steered:
                within, between = (np.mean([found["cosines"][name] for found in plain]) for name in ("within", "between"))
                tasks = [np.mean([apart(found["maps"][task]) for found in steered]) for task in ("ctr", "cvr", "relevance")]
                rows.append([read, f"{strength:g}", f"{within:+.3f}", f"{between:+.3f}", *(f"{value:.3f}" for value in tasks)])
    head = ["read by", "role strength", "cosine within a role", "between roles", "gates apart: ctr", "cvr", "relevance"]
    told = (
        "What is seen: cosines of the roles' gradients where the network with the role in x ended, of halves of a role's training rows and "
        "of two roles; how far the roles' mean weights of experts lie apart with the role in the gates (0 the same, 1 no expert in common):"
    )
    return f"{told}\n\n" + markdown(head, rows, left=2) if rows else ""


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
