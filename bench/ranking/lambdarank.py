"""Graded relevance within searches: a network beside LightGBM on the sample of LightGBM's own example.

    python bench/ranking/lambdarank.py lambdarank_sample --choose       quarters of the training queries; adds to lambdarank_search.jsonl
    python bench/ranking/lambdarank.py lambdarank_sample                the test queries, once, with the best settings of both

Needs `pip install -e ".[bench]"`. The training queries are cut into quarters by a generator of seed 0; a setting is trained on three of
them and scores the fourth, and the setting with the best mean NDCG@10 of all four is taken, of the network as of LightGBM. The test
queries are read after that: five seeds of each on all training queries, the mean NDCG of a query over the seeds, and a bootstrap over the
queries, the same ones for both. NDCG as LightGBM counts it: a query without a relevant row counts as 1.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.search_log import SearchLog
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.configuration import config_from_dict
from minirank.config.yaml_files import with_override
from minirank.data.table.svmlight import read_svmlight
from minirank.evaluation.metrics import ndcg
from minirank.progress import Progress
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import train

FILES = ("rank.train", "rank.train.query", "rank.test", "rank.test.query")
LOG = SearchLog(CHECKOUT / "bench" / "ranking" / "results" / "lambdarank_search.jsonl")
FEATURES, QUARTERS, CUTS, SEEDS, RESAMPLES = 300, 4, (1, 3, 5, 10), (0, 1, 2, 3, 4), 10_000
NETWORK = """
data:
  columns: {dense: [x], group: query, tasks: [{name: gain, column: gain}]}
tasks: [{name: gain, loss: {listwise: 1.0}}]
model: {architecture: shared_bottom, expert_hidden: [32], tower_hidden: [], members: 5}
training: {epochs: 10, batch_rows: 128, schedule: cosine, early_stopping: null}
"""
NETWORKS = ("model.members=1", "model.members=5", "model.members=5 data.columns.dense_transform=quantile training.epochs=20")
TREES = (
    {},
    {"min_data_in_leaf": 50, "min_sum_hessian_in_leaf": 5.0, "bagging_fraction": 0.9, "bagging_freq": 1},  # of LightGBM's example
    {"learning_rate": 0.05, "num_leaves": 15, "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1, "rounds": 200},
    {
        "learning_rate": 0.03,
        "num_leaves": 8,
        "feature_fraction": 0.2,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "min_data_in_leaf": 10,
        "rounds": 300,
    },
)


@dataclass(frozen=True)
class Queries:
    """Rows of searches: x (n, FEATURES) float32, grade (n,) 0 .. 4, query (n,) rising numbers."""

    x: np.ndarray
    grade: np.ndarray
    query: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Queries":
        """SVMlight rows, and beside them the sizes of the queries."""
        rows = read_svmlight(path)
        x = np.column_stack([rows.column(f"x[{number}]") for number in range(1, FEATURES + 1)])
        return cls(x.astype(np.float32), rows.label.astype(np.float32), rows.column("query"))

    def take(self, rows: np.ndarray) -> "Queries":
        """Some of the rows."""
        return Queries(self.x[rows], self.grade[rows], self.query[rows])

    def write(self, path: Path) -> None:
        """As a table: the gain of a grade, 2^g - 1, as a share of the highest."""
        np.savez(path, x=self.x, query=self.query, gain=(2**self.grade - 1) / 15)

    def ndcg(self, scores: np.ndarray) -> np.ndarray:
        """(cuts, queries) NDCG@k, as LightGBM counts it."""
        return np.array([ndcg(self.grade, scores, self.query, cut, "lightgbm").scores for cut in CUTS])


def network(setting: str, train_on: Queries, score: Queries, seeds: tuple[int, ...]) -> list[np.ndarray]:
    """Scores of each seed."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, mapping = Path(temporary), yaml.safe_load(NETWORK)
        train_on.write(folder / "train.npz")
        score.write(folder / "test.npz")
        mapping["data"]["table"] = {"train": str(folder / "train.npz"), "test": str(folder / "test.npz")}
        for override in setting.split():
            mapping = with_override(mapping, override)
        config = config_from_dict(mapping)
        dataset, found = load_dataset(config), []
        for seed in seeds:
            of_seed = replace(config, training=replace(config.training, seed=seed))
            train(of_seed, folder / str(seed), dataset=dataset, progress=Progress(sys.stderr))
            run = load_run(folder / str(seed))
            found.append(run.executor.logits(run.values, dataset.rows.take(dataset.test))[:, 0])
        return found


def trees(setting: str, train_on: Queries, score: Queries, seeds: tuple[int, ...]) -> list[np.ndarray]:
    """Scores of each seed."""
    import lightgbm

    settings = {"objective": "lambdarank", "num_threads": 1, "verbose": -1, **yaml.safe_load(setting)}
    rounds, (_, sizes) = settings.pop("rounds", 100), np.unique(train_on.query, return_counts=True)
    data = lightgbm.Dataset(train_on.x, train_on.grade, group=sizes, free_raw_data=False)
    return [lightgbm.train({**settings, "seed": seed}, data, rounds).predict(score.x) for seed in seeds]


MODELS: dict[str, tuple[Callable[..., list[np.ndarray]], list[str]]] = {
    "minirank": (network, list(NETWORKS)),
    "LightGBM": (trees, [yaml.safe_dump(each, default_flow_style=True, width=1000).strip() for each in TREES]),
}


def choose(queries: Queries) -> None:
    """Train every setting that the log lacks on three quarters, and note how it orders the fourth."""
    count = queries.query.max() + 1
    quarter = (np.random.default_rng(0).permutation(count) % QUARTERS)[queries.query]
    for model, (score, settings) in MODELS.items():
        for setting in (each for each in settings if not LOG.has(model, each)):
            scores = np.zeros(len(quarter))
            for number in range(QUARTERS):
                held_out = quarter == number
                scores[held_out] = score(setting, queries.take(~held_out), queries.take(held_out), (0,))[0]
            LOG.add(model, setting, ndcg=dict(zip(map(str, CUTS), queries.ndcg(scores).mean(1).round(4).tolist())))


def best(model: str) -> dict:
    """The line of the setting with the highest NDCG@10 in the quarters."""
    return max(LOG.lines(model), key=lambda line: line["ndcg"]["10"])


def compare(folder: Path) -> dict:
    """The best setting of each model on the test queries."""
    known, asked = Queries.read(folder / FILES[0]), Queries.read(folder / FILES[2])
    results, each = {}, {}
    for model, (score, _) in MODELS.items():
        chosen = best(model)
        found = [asked.ndcg(scores) for scores in score(chosen["set"], known, asked, SEEDS)]
        each[model] = np.mean(found, axis=0)  # (cuts, queries)
        results[model] = {"setting": chosen["set"], "quarters": chosen["ndcg"], "tried": len(LOG.lines(model))}
        results[model]["seeds"] = np.mean(found, axis=2).tolist()
    difference = each["minirank"] - each["LightGBM"]
    drawn = np.random.default_rng(0).integers(0, difference.shape[1], (RESAMPLES, difference.shape[1]))
    low, high = np.quantile(difference[:, drawn].mean(2), (0.025, 0.975), axis=1)
    results["difference"] = {str(cut): [difference[i].mean(), low[i], high[i]] for i, cut in enumerate(CUTS)}
    return results | {"queries": difference.shape[1], "machine": machine("numpy", "numba", "lightgbm")}


def table(results: dict) -> str:
    """Markdown."""
    rows = []
    for model in MODELS:
        of_model = results[model]
        seeds, quarters = np.array(of_model["seeds"]), of_model["quarters"]
        rows.append([model, f"test, mean of {len(seeds)} seeds", *(f"{value:.3f}" for value in seeds.mean(0))])
        rows.append(
            [model, f"quarters of the training queries, best of {of_model['tried']}", *(f"{quarters[str(cut)]:.3f}" for cut in CUTS)]
        )
    cells = [f"{mean:+.3f} ({low:+.3f} to {high:+.3f})" for mean, low, high in results["difference"].values()]
    rows.append(["difference", "test", *cells])
    mean, low, high = results["difference"]["10"]
    ours, theirs = (np.array(results[model]["seeds"]).mean(0)[-1] for model in MODELS)
    return paragraphs(
        f"NDCG@10 {ours:.3f} beside {theirs:.3f} of LightGBM, a difference of {mean:+.3f} ({low:+.3f} to {high:+.3f}).",
        f"LightGBM's sample of LambdaRank, MIT; {results['queries']} test queries; 95 % intervals of a bootstrap over the queries, "
        "paired. As LightGBM counts it, a query without a\nrelevant row is 1.",
        markdown(["model", "rows", *(f"NDCG@{cut}" for cut in CUTS)], rows, left=2),
        "Chosen on the quarters: " + "; ".join(f"{model} `{results[model]['setting']}`" for model in MODELS) + ".",
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help=f"folder with {', '.join(FILES)}")
    parser.add_argument("--choose", action="store_true", help="search for settings on quarters of the training queries")
    options = parser.parse_args()
    missing = next((name for name in FILES if not (options.data / name).exists()), None)
    if missing:
        parser.error(f"{options.data} holds no {missing}: examples/lambdarank of LightGBM's repository")
    if options.choose:
        choose(Queries.read(options.data / FILES[0]))
    else:
        REPORT.publish(compare(options.data))


if __name__ == "__main__":
    main()
