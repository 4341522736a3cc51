"""What is the recruiter's role good for: role in x {no, yes} times role in the gates {none, bias, full, mlp}, and baselines.

    python bench/ranking/roles.py                                   the campaign; it goes on where it was stopped
    python bench/ranking/roles.py --worlds 1 --inits 1 --null-worlds 0 --impressions 5000 --models mmoe --out try

Every model gets the same rows, epochs, optimiser and early stopping: the defaults of minirank, which were chosen on
validation rows of world 1000, a seed that no table uses. Figures are those of the test rows, averaged over
initialisations within a world, and paired over worlds: the mean difference with a 95 % t interval. In the null worlds
all roles share one taste, so that the role must not help there.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import Report, machine, markdown, write_record
from minirank.config.configuration import Config, FolderConfig, without_paths
from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.data import Dataset, read_folder, split_by_time
from minirank.evaluation.format_metrics import COLUMNS as FIGURES
from minirank.extract import extract_folder
from minirank.features import Encoder
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.simulate import World, WorldConfig
from minirank.training import train

TASKS = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance"))
ENTIRE = (TASKS[0], TaskConfig("cvr", loss={"entire": 1.0}, given="ctr"), TASKS[2])
GATES = ("none", "bias", "full", "mlp")


def mmoe(in_x: bool, gates: str) -> str:
    """The name of one cell of the design."""
    return f"mmoe, role {'in x' if in_x else 'not in x'}, gates {gates}"


MODELS = {mmoe(x, gates): (ModelConfig(role_in_x=x, gate=GateConfig(role=gates)), TASKS) for x in (False, True) for gates in GATES}
BASELINES = ("shared_bottom", "single_task", "omoe", "ple", "esmm")
MODELS |= {name: (ModelConfig(architecture=name), ENTIRE if name == "esmm" else TASKS) for name in BASELINES}
SQUARE = tuple(mmoe(x, gates) for x in (False, True) for gates in ("none", "full"))  # the models of null worlds
PLAIN = mmoe(True, "none")
QUESTIONS = [("role in x", mmoe(False, "none"), PLAIN)]
for x, where in ((False, "not in x"), (True, "in x too")):
    QUESTIONS += [(f"gates {gates}, role {where}", mmoe(x, "none"), mmoe(x, gates)) for gates in GATES[1:]]
QUESTIONS += [(f"mmoe in place of {name}", name, PLAIN) for name in BASELINES]


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--worlds", type=int, default=5, help="seeds 1, 2, ...")
    parser.add_argument("--null-worlds", type=int, default=5, help="the same seeds without tastes of roles, one initialisation")
    parser.add_argument("--inits", type=int, default=3, help="initialisations of each model in each world")
    parser.add_argument("--impressions", type=int, default=50_000)
    parser.add_argument("--models", nargs="+", default=[""], help="models whose name begins so (default: all)")
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in MODELS if name.startswith(tuple(options.models))]
    plans = [(WorldConfig(seed, options.impressions), names, options.inits) for seed in range(1, options.worlds + 1)]
    square = [name for name in names if name in SQUARE]
    plans += [(WorldConfig(seed, options.impressions, role_strength=0.0), square, 1) for seed in range(1, options.null_worlds + 1)]
    records = []
    for world, models, inits in plans:
        records += run_world(world, models, inits, folder / "roles.jsonl")
    results = summarise(records) | {"titles": [title for title, _, _ in FIGURES], "impressions": options.impressions}
    results["machine"] = machine("minirank", "numpy", "numba")
    if options.out:
        write_record(folder / "roles.json", results)
        print(table(results))
    else:
        REPORT.publish(results)


def run_world(world: WorldConfig, models: list[str], inits: int, lines: Path) -> list[dict]:
    """One record a model and initialisation; those in `lines` already, made with the same settings, are not run again."""
    wanted = [(init, name, settings(world, name, init)) for init in range(inits) for name in models]
    held = read_lines(lines)
    dataset = config = None
    with tempfile.TemporaryDirectory() as temporary:
        for init, name, key in wanted:
            if key in held:
                continue
            if dataset is None:
                dataset, config = encode(world, Path(temporary) / "data")
            start = time.monotonic()
            record = train_once(dataset, with_model(config, name, init), Path(temporary) / f"{name} {init}")
            record = {"key": key, "world": world.seed, "null": world.role_strength == 0, "init": init, "model": name} | record
            record["seconds"] = round(time.monotonic() - start, 2)
            with open(lines, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(record) + "\n")
            held[key] = record
            kind = "null world" if record["null"] else "world"
            print(f"{kind} {world.seed}, init {init}: {name}, {record['epochs']} epochs, {record['seconds']} s", flush=True)
    return [held[key] for _, _, key in wanted]


def encode(world: WorldConfig, path: Path) -> tuple[Dataset, Config]:
    """A world, simulated, read by rules and encoded once for all models."""
    World(world).write(path)
    folder = read_folder(path)
    features = extract_folder(folder)
    split = split_by_time(folder)
    return Encoder.fit(folder, features, split.train).dataset(folder, features, split), Config(FolderConfig(path))


def with_model(config: Config, name: str, init: int) -> Config:
    """The configuration of one training."""
    model, tasks = MODELS[name]
    return replace(config, model=model, tasks=tasks, training=replace(config.training, seed=init))


def settings(world: WorldConfig, name: str, init: int) -> str:
    """All that a record depends on but the code, as one text."""
    config = without_paths(with_model(Config(FolderConfig(Path())), name, init))
    return json.dumps([world.to_json(), config], sort_keys=True)


def train_once(dataset: Dataset, config: Config, folder: Path) -> dict:
    """Train and evaluate: the figures of the test rows and of the reachable ceiling, parameters and epochs."""
    ended = train(config, folder, dataset=dataset)
    run = load_run(folder)
    tasks = evaluate_run(run, "test", dataset=dataset, bootstrap=0)["overall"]["tasks"]
    entries = {title: tasks[task]["metrics"][metric] for title, task, metric in FIGURES}
    found = {
        name: {title: entry[key] for title, entry in entries.items()} for name, key in (("figures", "value"), ("ceiling", "reachable"))
    }
    return found | {"parameters": run.plan.size(table=False) + run.plan.size(table=True), "epochs": ended.epoch}


def read_lines(path: Path) -> dict[str, dict]:
    """key -> record; a line that was cut off is left out."""
    held = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        held[record["key"]] = record
    return held


def summarise(records: list[dict]) -> dict:
    """Means of each model, and the answers to the questions, for worlds and null worlds."""
    found = {}
    for null in (False, True):
        chosen = [record for record in records if record["null"] is null]
        by_model: dict[str, dict[int, list]] = defaultdict(lambda: defaultdict(list))
        for record in chosen:
            by_model[record["model"]][record["world"]].append([record["figures"][title] for title, _, _ in FIGURES])
        means = {}
        for name, worlds in by_model.items():
            means[name] = {world: np.mean(np.array(rows, float), axis=0) for world, rows in worlds.items()}
        ceilings = {record["world"]: [record["ceiling"][title] for title, _, _ in FIGURES] for record in chosen}
        answers = {}
        for asked, a, b in QUESTIONS:
            shared = sorted(set(means.get(a, ())) & set(means.get(b, ())))
            if shared:
                answers[asked] = paired(np.array([means[b][world] - means[a][world] for world in shared]))
        models = {}
        for name, worlds in means.items():
            parameters = round(np.mean([record["parameters"] for record in chosen if record["model"] == name]))
            models[name] = {"parameters": parameters, "figures": np.mean(list(worlds.values()), axis=0).tolist()}
        part = {"seeds": sorted(ceilings), "inits": max((record["init"] + 1 for record in chosen), default=0), "models": models}
        part["ceiling"] = np.mean(np.array(list(ceilings.values()), float), axis=0).tolist() if ceilings else []
        found["null" if null else "worlds"] = part | {"answers": answers}
    return found


def paired(differences: np.ndarray) -> dict:
    """Mean difference of each figure with its 95 % t interval over worlds.

    Args:
        differences: (worlds, figures).
    """
    n, mean = len(differences), differences.mean(axis=0)
    if n < 2:
        return {"mean": mean.tolist(), "low": None, "high": None}
    half = student.ppf(0.975, n - 1) * differences.std(axis=0, ddof=1) / n**0.5
    return {"mean": mean.tolist(), "low": (mean - half).tolist(), "high": (mean + half).tolist()}


def table(results: dict) -> str:
    """Markdown: the answers, and the models with the reachable ceiling, in worlds and in null worlds."""
    titles = [title for title, _, _ in FIGURES]
    parts = []
    for kind, name in (("worlds", "Simulated worlds"), ("null", "Null worlds, in which all roles share one taste")):
        part = results[kind]
        if not part["seeds"]:
            continue
        rows = [[model, *(f"{v:.4f}" for v in facts["figures"]), f"{facts['parameters']:,}"] for model, facts in part["models"].items()]
        rows.append(["ceiling: all that is observable", *(f"{v:.4f}" for v in part["ceiling"]), ""])
        best = max(part["models"], key=lambda model: part["models"][model]["figures"][0])
        seeds, inits = ", ".join(map(str, part["seeds"])), f"{part['inits']} initialisation{'s' * (part['inits'] != 1)}"
        setup = f"{name}: seeds {seeds}, {results['impressions']:,} impressions each, {inits}; test rows."
        gains = [[asked, *answer_cells(answer)] for asked, answer in part["answers"].items()]
        parts += [clear_gains(part["answers"], titles), setup, markdown(["gain from", *titles], gains)] if gains else [setup]
        ceiling, reached = part["ceiling"][0], part["models"][best]["figures"][0]
        parts += [
            f"The best CTR AUC is {reached:.4f} ({best}); all that is observable would allow {ceiling:.4f}.",
            markdown(["model", *titles, "parameters"], rows),
        ]
    told = "Gains are means over worlds, with the 95 % t interval of the paired difference over worlds; bold where it excludes 0."
    return "\n\n".join([*parts, f"{told}\n{results['machine']}."])


def clear_gains(answers: dict, titles: list[str]) -> str:
    """A sentence: how many figures each question changes, of those whose interval excludes 0."""
    told = []
    for asked, answer in answers.items():
        found = [] if answer["low"] is None else zip(titles, answer["mean"], answer["low"], answer["high"])
        clear = [f"{title} {mean:+.4f}" for title, mean, low, high in found if low > 0 or high < 0]
        told.append(f"{asked}: {', '.join(clear) or 'nothing'}")
    return f"Clear gains (interval without 0) from {'; '.join(told)}."


REPORT = Report(__file__, table)


def answer_cells(answer: dict) -> list[str]:
    """Such as `**+0.0123** (+0.0020 to +0.0226)`."""
    if answer["low"] is None:
        return [f"{mean:+.4f}" for mean in answer["mean"]]
    cells = []
    for mean, low, high in zip(answer["mean"], answer["low"], answer["high"]):
        text = f"{mean:+.4f}"
        cells.append(f"{f'**{text}**' if low > 0 or high < 0 else text} ({low:+.4f} to {high:+.4f})")
    return cells


if __name__ == "__main__":
    main()
