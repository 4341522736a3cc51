"""The synthetic regression of Ma et al., KDD 2018: losses of shared_bottom, omoe and mmoe by how far two tasks go together.

    python bench/ranking/synthetic.py [--seeds 10] [--picture]        it goes on where it was stopped

    w1 = c u1,  w2 = c (rho u1 + sqrt(1 - rho^2) u2),  y_k = w_k . x + sum_j sin(a_j w_k . x + b_j) + N(0, 0.1^2),  j = 1 .. 5

u1 and u2 are orthonormal in R^100, c = 0.3, x is standard normal; 10,000 rows to learn from, 1,000 that choose the epoch and 1,000 that
are measured. 8 experts of 16 units and towers of 8, as published; the shared bottom is so wide that it has as many parameters. Ours: a_j
and b_j, standard normal for each seed, since their values were not published, and x in hundredths. A seed is a data set and an
initialisation; all architectures and correlations get the same ones, with the same x, noise, a and b.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import add_line, answer_cells, paired, read_lines
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.configuration import config_from_dict
from minirank.data import Dataset
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.training import train

WIDTH, SCALE, WAVES, NOISE = 100, 0.3, 5, 0.1
ROWS = {"train": 10_000, "valid": 1_000, "test": 1_000}
CORRELATIONS = (0.0, 0.5, 0.9, 1.0)
MODELS = {
    "shared_bottom": {"architecture": "shared_bottom", "expert_hidden": [126]},
    "omoe": {"architecture": "omoe", "experts": 8, "expert_hidden": [16]},
    "mmoe": {"architecture": "mmoe", "experts": 8, "expert_hidden": [16]},
}
TRAINING = {"epochs": 40, "batch_rows": 128, "threads": 1, "early_stopping": {"metric": "mean.mse", "patience": 5}}
PUBLISHED = "a public implementation reports 0.0218 and 0.0217 on validation rows for mmoe, with a and b of its own"


def data(correlation: float, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Part -> x (n, WIDTH), y1 and y2 (n,)."""
    draw = np.random.default_rng(seed)
    u1, u2 = np.linalg.qr(draw.normal(size=(WIDTH, 2)))[0].T
    weights = SCALE * np.array([u1, correlation * u1 + (1 - correlation**2) ** 0.5 * u2])
    a, b = draw.normal(size=(2, WAVES))
    parts = {}
    for part, rows in ROWS.items():
        x = draw.normal(size=(rows, WIDTH)).round(2)
        y = x @ weights.T
        y = y + np.sin(a * y[:, :, None] + b).sum(2) + draw.normal(0, NOISE, (rows, 2))
        parts[part] = {"x": x, "y1": y[:, 0], "y2": y[:, 1]}
    return parts


def dataset_of(correlation: float, seed: int, folder: Path) -> Dataset:
    """The rows as a table."""
    for part, arrays in data(correlation, seed).items():
        np.savez(folder / f"{part}.npz", **arrays)
    return load_dataset(config_from_dict(configuration(folder, "mmoe", seed)))


def configuration(folder: Path, name: str, seed: int) -> dict:
    """As YAML would have it."""
    tasks = [{"name": task, "column": task} for task in ("y1", "y2")]
    return {
        "data": {
            "table": {part: str(folder / f"{part}.npz") for part in ROWS},
            "columns": {"dense": ["x"], "dense_transform": "standard", "tasks": tasks},
        },
        "tasks": [{"name": task, "loss": {"mse": 1.0}} for task in ("y1", "y2")],
        "model": {"tower_hidden": [8], **MODELS[name]},
        "training": {**TRAINING, "seed": seed},
    }


def measure(dataset: Dataset, name: str, seed: int, folder: Path) -> dict:
    """Mean squared error of the test rows, the mean of both tasks, and what was trained."""
    ended = train(config_from_dict(configuration(folder, name, seed)), folder / name, dataset=dataset)
    run = load_run(folder / name)
    tasks = evaluate_run(run, dataset=dataset, bootstrap=0)["overall"]["tasks"]
    loss = float(np.mean([tasks[task]["metrics"]["mse"]["value"] for task in ("y1", "y2")]))
    return {"loss": round(loss, 6), "epochs": ended.best_epoch, "parameters": run.plan.size(False)}


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="data sets and initialisations")
    parser.add_argument("--picture", action="store_true", help="draw the record, and train nothing")
    options = parser.parse_args()
    if options.picture:
        return draw(REPORT.read())
    lines = REPORT.record.with_suffix(".jsonl")
    for seed in range(options.seeds):
        for correlation in CORRELATIONS:
            keys = {name: json.dumps([name, correlation, seed]) for name in MODELS}
            missing = [name for name in MODELS if keys[name] not in read_lines(lines)]
            with tempfile.TemporaryDirectory() as folder:
                dataset = dataset_of(correlation, seed, Path(folder)) if missing else None
                for name in missing:
                    found = measure(dataset, name, seed, Path(folder))
                    add_line(lines, {"key": keys[name], "architecture": name, "correlation": correlation, "seed": seed, **found})
                    print(keys[name], found, flush=True)
    order = list(MODELS)
    runs = sorted(read_lines(lines).values(), key=lambda run: (run["correlation"], order.index(run["architecture"]), run["seed"]))
    REPORT.publish({"runs": runs, "machine": machine("minirank", "numpy", "numba")})


def losses(results: dict, name: str, correlation: float) -> np.ndarray:
    """(seeds,) test losses of an architecture."""
    return np.array([run["loss"] for run in results["runs"] if (run["architecture"], run["correlation"]) == (name, correlation)])


def table(results: dict) -> str:
    """Markdown."""
    if not results:
        return ""
    rows, verdicts = [], []
    for correlation in CORRELATIONS:
        reference = losses(results, "mmoe", correlation)
        for name in MODELS:
            found = losses(results, name, correlation)
            low, middle, high = np.quantile(found, (0.25, 0.5, 0.75))
            cells = [f"{found.mean():.4f} ± {found.std(ddof=1):.4f}", f"{middle:.4f} ({low:.4f} to {high:.4f})", f"{found.max():.4f}"]
            if name == "mmoe":
                rows.append([f"{correlation:g}", name, *cells, ""])
                continue
            answer = paired((found - reference)[:, None])
            rows.append([f"{correlation:g}", name, *cells, *answer_cells(answer)])
            if answer["low"][0] > 0 or answer["high"][0] < 0:
                verdicts.append(f"{name} at {correlation:g} {'above' if answer['mean'][0] > 0 else 'below'} mmoe")
    seeds = len(losses(results, "mmoe", CORRELATIONS[0]))
    parameters = {run["architecture"]: run["parameters"] for run in results["runs"]}
    sizes = ", ".join(f"{name} {count:,}" for name, count in parameters.items())
    told = f"clear differences: {'; '.join(verdicts)}" if verdicts else "no difference between the architectures at any correlation"
    return paragraphs(
        f"Test losses of the synthetic regression over {len(CORRELATIONS)} correlations and {seeds} seeds: {told}.",
        "![Test losses of each architecture by the correlation of the tasks](results/synthetic.png)",
        markdown(["correlation", "architecture", "mean ± deviation", "median (quartiles)", "worst", "over mmoe (95 %)"], rows, left=2),
        f"Mean squared error of 1,000 rows, mean of both tasks; the noise alone is {NOISE**2:g}. Differences are paired over seeds. "
        f"Parameters: {sizes}.\nFor scale, {PUBLISHED}. {results['machine']}.",
    )


def draw(results: dict) -> None:
    """Each loss as a dot, the median as a line."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for place, name in enumerate(MODELS):
        for at, correlation in enumerate(CORRELATIONS):
            found, x = losses(results, name, correlation), at + 0.25 * (place - 1)
            spread = np.random.default_rng(0).uniform(-0.06, 0.06, len(found))
            axes.scatter(x + spread, found, s=12, color=f"C{place}", alpha=0.7, label=name if at == 0 else None)
            axes.hlines(np.median(found), x - 0.1, x + 0.1, color=f"C{place}")
    axes.set(
        xticks=range(len(CORRELATIONS)), xticklabels=[f"{each:g}" for each in CORRELATIONS], xlabel="correlation of the tasks' weights"
    )
    axes.set(ylabel="test loss", ylim=(0, None))
    axes.legend(frameon=False)
    figure.savefig(REPORT.record.with_suffix(".png"), dpi=110)


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
