"""Plain MMoE on Census-Income: three seeds of examples/census.yaml, next to figures from elsewhere.

    python bench/ranking/census.py census_income_kdd [--seeds 0 1 2] [--threads 2]

A tenth of the training file decides when training stops, and chose the learning rate among 0.001, 0.002 and 0.004. The
test is the data set's other file, half of the official test file, read at the end of each seed; the first trial, with
0.001 and 20 epochs, was also tested: 0.9446 and 0.9947.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.configuration import load_config
from minirank.progress import Progress
from minirank.run.folder import read_metrics
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


def measure(data: Path, seed: int, threads: int, folder: Path) -> dict:
    """One seed, trained and tested."""
    overrides = [f"data.table.{part}={(data / name).resolve()}" for part, name in FILES.items()]
    config = load_config(EXAMPLE, [*overrides, f"training.seed={seed}", f"training.threads={threads}"])
    start = time.perf_counter()
    ended = train(config, folder, progress=Progress(sys.stderr))
    seconds = time.perf_counter() - start
    run = load_run(folder)
    tasks = evaluate_run(run)["overall"]["tasks"]
    entries = {task: tasks[task]["metrics"]["auc"] for task in TASKS}
    found = {"seed": seed, "auc": {task: entry["value"] for task, entry in entries.items()}}
    found["interval"] = {task: [entry["low"], entry["high"]] for task, entry in entries.items()}
    found |= {"valid_auc": read_metrics(folder)[ended.best_epoch - 1]["valid"]["mean.auc"], "best_epoch": ended.best_epoch}
    return found | {"epochs": ended.epoch, "parameters": run.plan.size(False) + run.plan.size(True), "seconds": seconds}


def table(results: dict) -> str:
    """Markdown."""
    seeds, rows = results["seeds"], []
    for one in seeds:
        figures = (f"{one['auc'][task]:.4f}" for task in TASKS)
        rows.append(["minirank, mmoe", str(one["seed"]), *figures, f"{one['best_epoch']} of {one['epochs']}"])
    values = {task: np.array([one["auc"][task] for one in seeds]) for task in TASKS}
    cells = [f"**{each.mean():.4f}** ± {each.std(ddof=1):.4f}" for each in values.values()]
    rows.append(["minirank, mmoe", "mean ± deviation", *cells, ""])
    rows += [[name, "elsewhere", f"{income:.4f}", f"{marital:.4f}", ""] for name, income, marital in ELSEWHERE]
    means, (_, plain, _) = [each.mean() for each in values.values()], ELSEWHERE
    return paragraphs(
        f"Mean AUC {means[0]:.4f} of income and {means[1]:.4f} of marital status, beside {plain[1]:.4f} and {plain[2]:.4f} of an MMoE in "
        "PyTorch.",
        f"Census-Income (KDD), UCI, CC BY 4.0. AUC on the test file; {seeds[0]['parameters']:,} parameters; the epoch is "
        "chosen on a tenth of the training file.",
        markdown(["model", "seed", "income", "marital", "epochs"], rows, left=2),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help=f"folder with {' and '.join(FILES.values())}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    for name in FILES.values():
        if not (options.data / name).exists():
            parser.error(f"{options.data} holds no {name}: UCI's Census-Income (KDD), without a header, packed with bzip2")
    if len(options.seeds) < 2:
        parser.error("a deviation needs two seeds or more")
    with tempfile.TemporaryDirectory() as folder:
        seeds = [measure(options.data, seed, options.threads, Path(folder) / str(seed)) for seed in options.seeds]
    results = {"seeds": seeds, "threads": options.threads, "machine": machine("numpy", "numba")}
    REPORT.publish(results)


if __name__ == "__main__":
    main()
