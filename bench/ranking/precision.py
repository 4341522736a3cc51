"""Do products of bfloat16 cost quality: the same models trained with `training.precision` float32 and bfloat16, paired by seed.

    python bench/ranking/precision.py census_income_kdd [--seeds 1 2 3 4 5]        needs a processor with matrix tiles

Census-Income: examples/census.yaml, AUC on the tenth of the training file that chooses the epoch. Simulated worlds: the default model on
50,000 impressions read by rules, figures of the test rows. It goes on where it was stopped. `--backend reference` computes in NumPy what
tiles would, on any processor, slowly.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import Market, answer_cells, paired, read_by_rules
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, FolderConfig, load_config
from minirank.config.features import FeatureConfig
from minirank.data import Dataset
from minirank.evaluation.format_metrics import COLUMNS
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.simulate import WorldConfig
from minirank.training import train

PRECISIONS = ("float32", "bfloat16")
IMPRESSIONS = 50_000


def census(data: Path) -> Callable[[int], tuple[Config, Dataset]]:
    """Seed -> configuration and data, which are the same for all seeds."""
    config = load_config(CHECKOUT / "examples" / "census.yaml", [f"data.table.train={(data / 'train.csv.bz2').resolve()}"])
    config = replace(config, data=replace(config.data, table=replace(config.data.table, test=None)))
    dataset = load_dataset(config)
    return lambda seed: (config, dataset)


def world(seed: int) -> tuple[Config, Dataset]:
    """Configuration and data of a simulated world."""
    with tempfile.TemporaryDirectory() as path:
        market = Market(WorldConfig(seed, IMPRESSIONS), Path(path))
        return Config(FolderConfig(Path(path))), market.dataset(read_by_rules, FeatureConfig())


def of_census(folder: Path, config: Config, dataset: Dataset, best_epoch: int) -> dict[str, float]:
    """AUC of the validation rows at the epoch that is kept."""
    valid = read_metrics(folder)[best_epoch - 1]["valid"]
    return {"income AUC": valid["income.auc"], "marital AUC": valid["marital.auc"]}


def of_world(folder: Path, config: Config, dataset: Dataset, best_epoch: int) -> dict[str, float]:
    """Figures of the test rows."""
    tasks = evaluate_run(load_run(folder), "test", dataset=dataset, bootstrap=0)["overall"]["tasks"]
    return {title: tasks[task]["metrics"][metric]["value"] for title, task, metric in COLUMNS}


def measure(name: str, make: Callable, figures: Callable, seeds: list[int], backend: str, held: list[dict]) -> Iterator[dict]:
    """A record for each seed and precision that is not held yet."""
    known = {(one["data"], one["seed"], one["precision"]) for one in held}
    for seed in seeds:
        missing = [precision for precision in PRECISIONS if (name, seed, precision) not in known]
        config, dataset = make(seed) if missing else (None, None)
        for precision in missing:
            training = replace(config.training, seed=seed, precision=precision, backend=backend)
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                ended = train(replace(config, training=training), Path(folder) / "run", dataset=dataset)
                seconds = time.perf_counter() - start
                found = figures(Path(folder) / "run", config, dataset, ended.best_epoch)
            yield {"data": name, "seed": seed, "precision": precision, "figures": found, "epochs": ended.epoch, "seconds": seconds}


def table(results: dict) -> str:
    """Markdown: means, and the paired difference with its interval."""
    rows, worst = [], []
    for name in dict.fromkeys(one["data"] for one in results["runs"]):
        of = {(one["precision"], one["seed"]): one["figures"] for one in results["runs"] if one["data"] == name}
        seeds = [seed for precision, seed in of if precision == PRECISIONS[1] and (PRECISIONS[0], seed) in of]
        for title in of[PRECISIONS[0], seeds[0]]:
            exact, rounded = (np.array([of[precision, seed][title] for seed in seeds]) for precision in PRECISIONS)
            change = paired((rounded - exact)[:, None])
            worst += [f"{name}: {title}"] if change["high"][0] < 0 else []
            levels = [f"{exact.mean():.4f}", f"{exact.std(ddof=1):.4f}", f"{rounded.mean():.4f}"]
            rows.append([name, title, *levels, *answer_cells(change)])
    told = f"clearly worse: {', '.join(worst)}" if worst else "no figure is clearly worse"
    return paragraphs(
        f"Of {len(rows)} figures with products of bfloat16 in place of float32, {told}.",
        markdown(["data", "figure", "float32", "its deviation over seeds", "bfloat16", "difference"], rows, left=2),
        f"Means over seeds, and of the paired difference the 95 % t interval. {results['machine']}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder with train.csv.bz2")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--backend", choices=("cpu", "reference"), default="cpu")
    options = parser.parse_args()
    runs = REPORT.read().get("runs", [])
    for name, make, figures in (("five worlds", world, of_world), ("Census-Income", census(options.data), of_census)):
        for record in measure(name, make, figures, options.seeds, options.backend, runs):
            runs.append(record)
            print(json.dumps(record), flush=True)
            if len({one["seed"] for one in runs if one["data"] == record["data"] and one["precision"] == PRECISIONS[1]}) > 1:
                REPORT.publish({"runs": runs, "machine": machine("minirank", "numpy", "numba")})


if __name__ == "__main__":
    main()
