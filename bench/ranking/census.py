"""Plain MMoE on Census-Income: five seeds of examples/census.yaml and the mean of their logits, next to figures from elsewhere.

    python bench/ranking/census.py census_income_kdd [--seeds 0 1 2 3 4] [--threads 2]

A tenth of the training file decides which epoch is kept, and chose everything in examples/census.yaml: the ways in which numbers enter,
the sizes, the schedule, the dropout of inputs. The test is the data set's other file, half of the official test file, read at the end
of each seed. `before` in the record is what this script found when numbers entered as ranks alone, with 8 experts of 16.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, load_config
from minirank.data import Dataset
from minirank.evaluation.metrics import auc
from minirank.progress import Progress
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.training import train

EXAMPLE = CHECKOUT / "examples" / "census.yaml"
FILES = {"train": "train.csv.bz2", "test": "valid.csv.bz2"}
TASKS = ("income", "marital")
ELSEWHERE = (  # AUC income, marital, on the same two files; one seed each, the MMoEs at their best epoch
    ("LightGBM, 200 trees a task", 0.9547, 0.9950),
    ("MMoE in PyTorch, embedding 4, 8 experts of 16", 0.9446, 0.9944),
    ("the same, quantile-embedded numbers, experts 128-64, dropout", 0.9484, 0.9948),
)


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
    found |= {"valid_auc": read_metrics(folder)[ended.best_epoch - 1]["valid"]["mean.auc"], "best_epoch": ended.best_epoch}
    found |= {"epochs": ended.epoch, "parameters": run.plan.size(False) + run.plan.size(True), "seconds": seconds, "cpu_seconds": cpu}
    return found, run.executor.logits(run.values, dataset.rows.take(dataset.test))


def auc_of(dataset: Dataset, logits: np.ndarray) -> dict[str, float]:
    """Task -> AUC of the test rows; every label is there."""
    labels = dataset.rows.labels[dataset.test]
    return {task: auc(labels[:, place], logits[:, place]) for place, task in enumerate(TASKS)}


def table(results: dict) -> str:
    """Markdown."""
    seeds, rows = results["seeds"], []
    for one in seeds:
        figures = (f"{one['auc'][task]:.4f}" for task in TASKS)
        rows.append(["minirank, mmoe", str(one["seed"]), *figures, f"{one['best_epoch']} of {one['epochs']}"])
    means = {}
    for name, of_name in (("minirank, mmoe", seeds), ("before: numbers as ranks alone, 8 experts of 16", results["before"])):
        values = [np.array([one["auc"][task] for one in of_name]) for task in TASKS]
        means[name] = [each.mean() for each in values]
        cells = [f"**{each.mean():.4f}** ± {each.std(ddof=1):.4f}" for each in values]
        rows.append([name, f"mean ± deviation of {len(of_name)}", *cells, ""])
    ensemble = [results["ensemble"][task] for task in TASKS]
    rows.insert(len(seeds) + 1, ["the mean of their logits", f"ensemble of {len(seeds)}", *(f"**{each:.4f}**" for each in ensemble), ""])
    rows += [[name, "elsewhere", f"{income:.4f}", f"{marital:.4f}", ""] for name, income, marital in ELSEWHERE]
    (income, marital), (old_income, old_marital), (_, trees, of_trees) = *means.values(), ELSEWHERE[0]
    return paragraphs(
        f"Mean AUC {income:.4f} of income and {marital:.4f} of marital status, {ensemble[0]:.4f} and {ensemble[1]:.4f} of the {len(seeds)} "
        f"together, beside {trees:.4f} and {of_trees:.4f} of LightGBM. With numbers as ranks alone it was {old_income:.4f} and "
        f"{old_marital:.4f}.",
        f"Census-Income (KDD), UCI, CC BY 4.0. AUC on the test file; {seeds[0]['parameters']:,} parameters; the epoch is "
        "chosen on a tenth of the training file.",
        markdown(["model", "seed", "income", "marital", "epochs"], rows, left=2),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help=f"folder with {' and '.join(FILES.values())}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    for name in FILES.values():
        if not (options.data / name).exists():
            parser.error(f"{options.data} holds no {name}: UCI's Census-Income (KDD), without a header, packed with bzip2")
    if len(options.seeds) < 2:
        parser.error("a deviation needs two seeds or more")
    overrides = [f"data.table.{part}={(options.data / name).resolve()}" for part, name in FILES.items()]
    config = load_config(EXAMPLE, [*overrides, f"training.threads={options.threads}"])
    dataset = load_dataset(config)
    seeds, logits = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            of_seed = replace(config, training=replace(config.training, seed=seed))
            found, predicted = measure(of_seed, dataset, Path(folder) / str(seed))
            seeds.append(found)
            logits.append(predicted)
            results = {"seeds": seeds, "ensemble": auc_of(dataset, np.mean(logits, axis=0)), "before": REPORT.read()["before"]}
            if len(seeds) > 1:  # after each, so that what was measured stays, whatever comes
                REPORT.publish(results | {"threads": options.threads, "machine": machine("numpy", "numba")})


if __name__ == "__main__":
    main()
