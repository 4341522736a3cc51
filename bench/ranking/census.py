"""Census-Income: five seeds of examples/census.yaml and the mean of their logits, beside boosted trees, as they come and tuned.

    python bench/ranking/census.py census_income_kdd --choose       a tenth of the training rows; adds to census_search.jsonl
    python bench/ranking/census.py census_income_kdd --trees        LightGBM on the test file
    python bench/ranking/census.py census_income_kdd [--threads 2]  the network on the test file, once

Needs `pip install -e ".[bench]"`. A tenth of the training file, drawn by a generator of seed 0 (`data.table.valid_share` and `seed`),
chose everything in examples/census.yaml, the number of epochs too, and LightGBM's settings and number of trees; the log of the search
holds what was tried. What is tested is trained with these settings on the whole training file. The test is the data set's other file,
half of the official test file. `before` and `start` in the record are what this script found when numbers entered as ranks alone, and
where the search began, there with nine tenths of the training file and the best of the epochs.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.search_log import SearchLog
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, load_config
from minirank.data import Dataset
from minirank.evaluation.metrics import auc
from minirank.progress import Progress
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.training import train
from minirank.tuning.random_search import Encoded, validated

EXAMPLE = CHECKOUT / "examples" / "census.yaml"
LOG = SearchLog(CHECKOUT / "bench" / "ranking" / "results" / "census_search.jsonl")
FILES = {"train": "train.csv.bz2", "test": "valid.csv.bz2"}
TASKS = ("income", "marital")
WHOLE = ("data.table.valid_share=0", "training.early_stopping=null")  # every training row, all epochs
START = "model.embedding=8 model.experts=4 model.expert_hidden=[64,32] training.optimiser.beta2=0.999"  # where the search began
SMALL, WIDE = "model.embedding=4", "model.embedding=4 model.expert_hidden=[128,64] model.experts=2"
NETWORKS = (  # what was changed; in examples/census.yaml is what did best
    "",
    "data.columns.dense_transform=[quantile,bins,piecewise]",
    "model.field_unknown_share=0.2",
    SMALL,
    f"{SMALL} training.optimiser.weight_decay=1.0",
    f"{SMALL} data.columns.bin_rows=100 data.columns.min_count=20",
    f"{SMALL} data.columns.bin_rows=10",
    f"{SMALL} training.batch_rows=512 training.optimiser.learning_rate=2e-3",
    f"{SMALL} model.architecture=single_task",
    f"{SMALL} training.optimiser.beta2=0.95",
    WIDE,
    f"{WIDE} data.columns.bin_rows=10",
    f"{WIDE} data.columns.bin_rows=10 training.optimiser.beta2=0.95",
    f"{WIDE} training.optimiser.beta2=0.95",
    f"{WIDE} training.optimiser.beta2=0.9",
    f"{WIDE} training.optimiser.beta2=0.95 training.epochs=6",
)
BEST = f"{WIDE} training.optimiser.beta2=0.95"
LATER = (  # the second search: what is added to the best of the first, and the seed; nothing did better by more than seeds differ
    ("model.dropout=0.1", 0),
    ("model.experts=1", 0),
    ("training.batch_rows=2048 training.optimiser.learning_rate=6e-3", 0),
    ("training.optimiser.clip_norm=0.1", 0),
    ("", 1),
    ("training.optimiser.beta2=0.999", 1),
    ("model.dropout=0.1", 1),
    ("training.average=0.995", 0),
)
TREES_READ = ("data.columns.dense_transform=standard", "data.columns.min_count=1")  # a tree does not mind the scale
MOST_TREES, PATIENCE = 3000, 60
PLAIN_TREES, DRAWN = 200, 11
STEPS = {  # in the record -> what they are called
    "chosen": "minirank, mmoe: examples/census.yaml",
    "start": "where the search began: embedding 8, 4 experts 64-32",
    "before": "before: numbers as ranks alone, 8 experts of 16",
}
ELSEWHERE = (  # AUC income, marital, on the same two files; one seed each, the MMoEs at their best epoch
    ("LightGBM, 200 trees a task", 0.9547, 0.9950),
    ("MMoE in PyTorch, embedding 4, 8 experts of 16", 0.9446, 0.9944),
    ("the same, quantile-embedded numbers, experts 128-64, dropout", 0.9484, 0.9948),
)


def configured(data: Path, test: bool, threads: int, *overrides: str) -> Config:
    """examples/census.yaml on the files of a folder, the test file only where it is asked for."""
    files = [f"data.table.train={(data / FILES['train']).resolve()}"]
    files.append(f"data.table.test={(data / FILES['test']).resolve()}" if test else "data.table.test=null")
    return load_config(EXAMPLE, [*files, f"training.threads={threads}", *overrides])


def load(data: Path, test: bool, threads: int, *overrides: str) -> tuple[Config, Dataset]:
    """The configuration, and the data that it names."""
    config = configured(data, test, threads, *overrides)
    return config, load_dataset(config)


def choose(data: Path, threads: int) -> None:
    """Train with every setting that the log lacks, and note the AUC of the held-out tenth."""
    tries = [*((each, 0) for each in NETWORKS), *((f"{BEST} {added}".strip(), seed) for added, seed in LATER)]
    encoded = Encoded()
    for setting, seed in (each for each in tries if not LOG.has("minirank", each[0], seed=each[1])):
        config = configured(data, False, threads, *START.split(), *setting.split(), f"training.seed={seed}")
        dataset, cpu = encoded.of(config), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            ended = validated(config, dataset, Path(folder) / "run", Progress(sys.stderr))
        found: dict[str, float] = {task: round(ended["valid"][f"{task}.auc"], 5) for task in TASKS}
        found |= {name: ended[name] for name in ("best_epoch", "epochs")} | {"cpu_seconds": round(time.process_time() - cpu, 1)}
        LOG.add("minirank", setting, seed=seed, **found)
    left = [settings for settings in tree_settings() if not LOG.has("LightGBM", as_text(settings))]
    if left:
        _, dataset = load(data, False, threads, *TREES_READ)
        for settings in left:
            booster = boosted(dataset, 0, settings, dataset.valid)
            LOG.add("LightGBM", as_text(settings), income=round(booster.best_score["held out"]["auc"], 5), trees=booster.best_iteration)


def as_text(settings: dict) -> str:
    """One line of YAML."""
    return yaml.safe_dump(settings, default_flow_style=True, width=1000).strip()


def tree_settings() -> list[dict]:
    """Of LightGBM: two that are common, and random ones of what its users change, most of all how it treats categories."""
    draw = np.random.default_rng(0)
    common = {"learning_rate": 0.05, "num_leaves": 31, "cat_smooth": 10}
    slow = {"learning_rate": 0.03, "num_leaves": 31, "min_data_in_leaf": 50, "feature_fraction": 0.5}
    grid: dict[str, list] = {
        "learning_rate": [0.02, 0.03, 0.05],
        "num_leaves": [15, 31, 63, 127],
        "min_data_in_leaf": [10, 20, 50, 100],
        "feature_fraction": [0.2, 0.3, 0.5, 0.8],
        "bagging_fraction": [0.6, 0.8, 1.0],
        "cat_smooth": [1.0, 10.0, 30.0, 100.0],
        "cat_l2": [1.0, 10.0, 50.0],
        "lambda_l2": [0.0, 1.0, 10.0],
        "min_data_per_group": [20, 100, 200],
        "max_cat_to_onehot": [4, 8, 20],
    }
    drawn = [{name: draw.choice(values).item() for name, values in grid.items()} for _ in range(DRAWN)]
    bagged = [{**slow, "bagging_fraction": 0.8, "cat_smooth": 30}, *drawn]
    return [common, *({**settings, "bagging_freq": 1} for settings in bagged)]


def boosted(dataset: Dataset, task: int, settings: dict, held_out: np.ndarray | None = None, trees: int = MOST_TREES):
    """LightGBM's trees for one task on the training rows: as many as do best on the rows held out, or a number of them."""
    import lightgbm

    x, y = np.concatenate([dataset.rows.ids, dataset.rows.dense], axis=1), dataset.rows.labels[:, task]
    categories = list(range(dataset.rows.ids.shape[1]))
    known = lightgbm.Dataset(x[dataset.train], y[dataset.train], categorical_feature=categories)
    settings = {"objective": "binary", "metric": "auc", "num_threads": 1, "verbose": -1, "seed": 0, **settings}
    if held_out is None:
        return lightgbm.train(settings, known, trees)
    watched = lightgbm.Dataset(x[held_out], y[held_out], reference=known)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    return lightgbm.train(settings, known, trees, valid_sets=[watched], valid_names=["held out"], callbacks=[stop])


def auc_of(dataset: Dataset, scores: np.ndarray) -> dict[str, float]:
    """Task -> AUC of the test rows (n, T); every label is there."""
    labels = dataset.rows.labels[dataset.test]
    return {task: auc(labels[:, place], scores[:, place]) for place, task in enumerate(TASKS)}


def measure_trees(data: Path) -> dict:
    """LightGBM as it comes, and for income with the settings and the number of trees that did best on the held-out tenth; the test rows."""
    _, dataset = load(data, True, 1, *WHOLE, *TREES_READ)
    rows, labels = np.concatenate([dataset.rows.ids, dataset.rows.dense], axis=1)[dataset.test], dataset.rows.labels[dataset.test]
    best = best_line("LightGBM")
    plain = {task: auc(labels[:, i], boosted(dataset, i, {}, trees=PLAIN_TREES).predict(rows)) for i, task in enumerate(TASKS)}
    tuned = auc(labels[:, 0], boosted(dataset, 0, yaml.safe_load(best["set"]), trees=best["trees"]).predict(rows))
    return {"plain": plain, "tuned": tuned, "trees": best["trees"], "settings": best["set"]}


def best_line(model: str) -> dict:
    """The line of the log with the highest AUC of income on the held-out tenth."""
    return max(LOG.lines(model), key=lambda line: line["income"])


def searched() -> dict:
    """Model -> how many settings were tried on the held-out tenth, the first AUC of income there and the best."""
    found = {}
    for name in ("minirank", "LightGBM"):
        lines = [line for line in LOG.lines(name) if line.get("seed", 0) == 0]
        tried, best = len({line["set"] for line in lines}), max(line["income"] for line in lines)
        found[name] = {"tried": tried, "first": lines[0]["income"], "best": best}
    of_set: dict[str, list[float]] = {}
    for line in LOG.lines("minirank"):
        of_set.setdefault(line["set"], []).append(line["income"])
    found["minirank"]["seeds_apart"] = max(max(each) - min(each) for each in of_set.values())
    return found


def measure(config: Config, dataset: Dataset, folder: Path) -> tuple[dict, np.ndarray]:
    """One seed, trained and tested: its figures, and the logits of the test rows (n, T)."""
    start, cpu = time.perf_counter(), time.process_time()
    ended = train(config, folder, dataset=dataset, progress=Progress(sys.stderr))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    run = load_run(folder)
    tasks = evaluate_run(run, dataset=dataset)["overall"]["tasks"]
    entries = {task: tasks[task]["metrics"]["auc"] for task in TASKS}
    found = {"seed": config.training.seed, "auc": {task: entry["value"] for task, entry in entries.items()}}
    found["interval"] = {task: [entry["low"], entry["high"]] for task, entry in entries.items()}
    found |= {"epochs": ended.epoch, "parameters": run.plan.size(False) + run.plan.size(True), "seconds": seconds, "cpu_seconds": cpu}
    return found, run.executor.logits(run.values, dataset.rows.take(dataset.test))


def table(results: dict) -> str:
    """Markdown."""
    rows, trees, search, means, together = [], results["trees"], results["search"], [], []
    steps = {name: results[key] for key, name in STEPS.items() if results.get(key)}
    for name, step in steps.items():
        seeds = step["seeds"]
        values = [np.array([one["auc"][task] for one in seeds]) for task in TASKS]
        means.append([each.mean() for each in values])
        cells = [f"**{each.mean():.4f}** ± {each.std(ddof=1):.4f}" for each in values]
        rows.append([name, f"mean ± deviation of {len(seeds)} seeds", f"{seeds[0]['parameters']:,}", *cells])
        if "ensemble" in step:
            together.append([step["ensemble"][task] for task in TASKS])
            rows.append(["", f"ensemble of these {len(seeds)}", "", *(f"**{each:.4f}**" for each in together[-1])])
    if trees:
        rows.append([f"LightGBM as it comes, {PLAIN_TREES} trees a task", "one", "", *(f"{trees['plain'][task]:.4f}" for task in TASKS)])
        rows.append([f"LightGBM tuned for income, {trees['trees']} trees", "one", "", f"{trees['tuned']:.4f}", ""])
    rows += [[name, "elsewhere", "", f"{income:.4f}", f"{marital:.4f}"] for name, income, marital in ELSEWHERE]
    (income, marital), (many_income, many_marital) = means[0], together[0]
    plain, of_marital = (trees["plain"][task] for task in TASKS) if trees else ELSEWHERE[0][1:]
    of_tuned = f" ({trees['tuned']:.4f} of income where it is tuned)" if trees else ""
    ours, theirs = search["minirank"], search["LightGBM"]
    untested = "" if "chosen" in results else " The settings chosen since are not tested yet."
    return paragraphs(
        f"Mean AUC {income:.4f} of income and {marital:.4f} of marital status, {many_income:.4f} and {many_marital:.4f} of the seeds "
        f"together, beside {plain:.4f} and {of_marital:.4f} of LightGBM{of_tuned}. "
        f"With numbers as ranks alone it was {means[-1][0]:.4f} and {means[-1][1]:.4f}.",
        "Census-Income (KDD), UCI, CC BY 4.0. AUC on the test file. On the tenth of the training file that chooses, AUC of income: "
        f"{ours['first']:.4f}\nwhere the search began, {ours['best']:.4f} the best of {ours['tried']} settings of the network "
        f"(seed 0, best epoch; two seeds of one setting are up to {ours['seeds_apart']:.4f} apart), "
        f"{theirs['best']:.4f} the best of\n{theirs['tried']} of LightGBM (best number of trees).{untested}",
        markdown(["model", "runs", "parameters", "income", "marital"], rows, left=2),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help=f"folder with {' and '.join(FILES.values())}")
    parser.add_argument("--choose", action="store_true", help="search for settings on a tenth of the training file")
    parser.add_argument("--trees", action="store_true", help="test LightGBM instead of the network")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="seeds that are trained at a time")
    options = parser.parse_args()
    for name in FILES.values():
        if not (options.data / name).exists():
            parser.error(f"{options.data} holds no {name}: UCI's Census-Income (KDD), without a header, packed with bzip2")
    if len(options.seeds) < 2:
        parser.error("a deviation needs two seeds or more")
    if options.choose:
        choose(options.data, options.threads)
        REPORT.publish(REPORT.read() | {"search": searched()})
        return
    results = REPORT.read() | {"search": searched()}
    if options.trees:
        REPORT.publish(results | {"trees": measure_trees(options.data)})
        return
    config, dataset = load(options.data, True, options.threads, *WHOLE)
    found: list[tuple[dict, np.ndarray]] = []
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.workers, get_context("fork")) as pool:
        runs = [replace(config, training=replace(config.training, seed=seed)) for seed in options.seeds]
        waiting = [pool.submit(measure, run, dataset, Path(folder) / str(run.training.seed)) for run in runs]
        for done in as_completed(waiting):
            found = sorted([*found, done.result()], key=lambda one: one[0]["seed"])
            ensemble = auc_of(dataset, np.mean([logits for _, logits in found], axis=0))
            results |= {"chosen": {"seeds": [figures for figures, _ in found], "ensemble": ensemble}, "machine": machine("numpy", "numba")}
            if len(found) > 1:  # after each, so that what was measured stays, whatever comes
                REPORT.publish(results)


if __name__ == "__main__":
    main()
