"""Simulated worlds as the campaigns of this folder use them: what is read, encoded, trained and measured, and gains with intervals."""

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import ModelConfig, TaskConfig
from minirank.data import Dataset, read_folder, split_by_time
from minirank.evaluation import evaluate, metrics
from minirank.evaluation.format_metrics import COLUMNS
from minirank.extract import Features, extract_folder
from minirank.features import Encoder
from minirank.run.load_run import load_run
from minirank.run.scoring import predictions_of
from minirank.simulate import Reader, World, WorldConfig
from minirank.training import train

TITLES = [title for title, _, _ in COLUMNS]
FIGURES = ("CTR AUC", "CVR AUC", "CTCVR AUC", "NDCG@10", "relevance order")
TASKS = {"ctr": TaskConfig("ctr"), "cvr": TaskConfig("cvr", given="ctr"), "relevance": TaskConfig("relevance")}
ALL = tuple(TASKS)
RARE = "executive"
RARE_ROWS = 1.44  # times as many impressions, so that 25 of its searches are 2 % of those of training


class Market:
    """A world, simulated into a folder, and what rules and readers make of its texts.

    Args:
        like: a market with the same texts (of the same seed and size), whose rules and reader are taken.
    """

    def __init__(self, world: WorldConfig, path: Path, like: "Market | None" = None):
        self.world, self._like = World(world), like
        self.world.write(path)
        self.folder = read_folder(path)
        self.split = split_by_time(self.folder)

    @cached_property
    def reader(self) -> Reader:
        return self._like.reader if self._like else Reader(self.world)

    @cached_property
    def rules(self) -> Features:
        return self._like.rules if self._like else extract_folder(self.folder)

    def dataset(self, read: "Read", config: FeatureConfig) -> Dataset:
        """The rows, encoded from what is read."""
        features, split = read(self), self.split
        return Encoder.fit(self.folder, features, split.train, config).dataset(self.folder, features, split)


Read = Callable[[Market], Features]


def read_by_rules(market: Market) -> Features:
    return market.rules


def read_with(recall: float, made_up: float, market: Market) -> Features:
    return market.reader.read(recall, made_up)


def changed(change: Callable, read: Read, market: Market) -> Features:
    """What is read, with a change to every job and resume."""
    found = read(market)
    return Features([change(job) for job in found.jobs], [change(resume) for resume in found.resumes])


def without_open_forms(item):
    """Without the spans that no lexicon names."""
    lists = {f.name: getattr(item, f.name) for f in fields(item) if f.default == () and f.name not in ("flagged", "masked")}
    return replace(item, **{name: tuple(v for v in values if v.source != "tagger") for name, values in lists.items()})


RULES, NAMES, NOTHING = "rules", "rules, names alone", "nothing"
READ = {RULES: read_by_rules, NAMES: partial(changed, without_open_forms, read_by_rules), NOTHING: partial(read_with, 0.0, 0.0)}
READ |= {f"recall {r:g}, made up {m:g}": partial(read_with, r, m) for r, m in ((0.5, 0.1), (1.0, 0.1), (1.0, 0.0))}


@dataclass(frozen=True)
class Cell:
    """What is trained, on what; the defaults are those of minirank.

    Args:
        read: what is read, of READ.
        world: how the world differs.
        together: the tasks that each run learns.
        noise: share of the grades of training and validation rows that are those of other rows.
        searches: of the rare role, that are left for training; None = all.
    """

    read: str = RULES
    features: FeatureConfig = FeatureConfig()
    model: ModelConfig = ModelConfig()
    world: dict = field(default_factory=dict)
    together: tuple[tuple[str, ...], ...] = (ALL,)
    noise: float = 0.0
    searches: int | None = None

    def world_of(self, seed: int, impressions: int) -> WorldConfig:
        """The world of a seed."""
        return WorldConfig(seed, impressions if self.searches is None else round(impressions * RARE_ROWS), **self.world)


class Campaign:
    """Some cells in the world of a seed.

    Args:
        lines: file of records, to which those that are missing are added.
    """

    def __init__(self, cells: dict[str, Cell], seed: int, impressions: int, lines: Path):
        self.cells, self.seed, self.impressions, self.lines = cells, seed, impressions, lines
        self.held, self.markets = read_lines(lines), {}

    def run(self, inits: int) -> list[dict]:
        """One record a cell and initialisation; those that `lines` hold, made with the same settings, are not run again."""
        runs = defaultdict(list)
        for name, cell in self.cells.items():
            runs[self.rows_of(cell)] += [(name, cell, init, self.key(cell, init)) for init in range(inits)]
        with tempfile.TemporaryDirectory() as temporary:
            for each in runs.values():
                dataset = None
                for name, cell, init, key in each:
                    if key not in self.held:
                        dataset = dataset or self.dataset(cell, Path(temporary))
                        self.train(dataset, name, cell, init, key)
        return [self.held[key] | {"cell": name} for each in runs.values() for name, _, _, key in each]

    def rows_of(self, cell: Cell) -> str:
        """What the encoded rows of a cell depend on but the code, as one text."""
        return json.dumps([cell.world_of(self.seed, self.impressions).to_json(), cell.read, asdict(cell.features)], sort_keys=True)

    def key(self, cell: Cell, init: int) -> str:
        """What a record depends on but the code, as one text."""
        trained = {name: value for name, value in asdict(cell).items() if name not in ("read", "features", "world")}
        return json.dumps([self.rows_of(cell), trained, init], sort_keys=True)

    def dataset(self, cell: Cell, temporary: Path) -> Dataset:
        """The rows of a cell; what cells of one world share is made once."""
        world = cell.world_of(self.seed, self.impressions)
        if world not in self.markets:
            like = next((market for other, market in self.markets.items() if other.impressions == world.impressions), None)
            self.markets[world] = Market(world, temporary / str(len(self.markets)), like)
        return self.markets[world].dataset(READ[cell.read], cell.features)

    def train(self, dataset: Dataset, name: str, cell: Cell, init: int, key: str) -> None:
        """Train the runs of a cell and add its record."""
        start = time.monotonic()
        record = {"key": key, "world": self.seed, "init": init} | train_cell(dataset, cell, self.seed, init)
        record["seconds"] = round(time.monotonic() - start, 2)
        add_line(self.lines, record)
        self.held[key] = record
        print(f"world {self.seed}, init {init}: {name}, {record['epochs']} epochs, {record['seconds']} s", flush=True)


def train_cell(dataset: Dataset, cell: Cell, seed: int, init: int) -> dict:
    """Figures of the test rows and of the reachable ceiling, overall and by role; parameters and epochs, the sum of its runs."""
    found: dict[str, np.ndarray] = {}
    parameters = epochs = 0
    training = thinned(noisy(dataset, cell.noise, seed), cell.searches, seed)
    for tasks in cell.together:
        learned = tuple(TASKS[task] if "ctr" in tasks else replace(TASKS[task], given=None) for task in tasks)
        config = Config(FolderConfig(Path("data")), cell.features, learned, cell.model)
        config = replace(config, training=replace(config.training, seed=init, threads=1))
        with tempfile.TemporaryDirectory() as folder:
            predictions, facts = train_and_predict(with_tasks(training, tasks), config, Path(folder) / "run")
        found |= {task: predictions[task] for task in tasks}
        parameters, epochs = parameters + facts["parameters"], epochs + facts["epochs"]
    truth = {task: dataset.truth[f"{name}_reachable"][dataset.test] for task, name in zip(ALL, ("click", "conversion", "relevance"))}
    return {"figures": figures(dataset, found), "ceiling": figures(dataset, truth), "parameters": parameters, "epochs": epochs}


def with_tasks(dataset: Dataset, tasks: tuple[str, ...]) -> Dataset:
    """The rows with the labels of these tasks alone."""
    columns = [ALL.index(task) for task in tasks]
    rows = replace(dataset.rows, labels=dataset.rows.labels[:, columns], weights=dataset.rows.weights[:, columns])
    return replace(dataset, rows=rows, inputs=replace(dataset.inputs, tasks=tasks))


def noisy(dataset: Dataset, share: float, seed: int) -> Dataset:
    """The rows with a share of the grades of training and validation rows dealt out anew among themselves."""
    if not share:
        return dataset
    draw, labels = np.random.default_rng([seed, 1]), dataset.rows.labels.copy()
    grades = labels[:, ALL.index("relevance")]
    graded = np.concatenate([dataset.train, dataset.valid])
    graded = graded[~np.isnan(grades[graded])]
    chosen = graded[draw.random(len(graded)) < share]
    grades[chosen] = grades[draw.permutation(chosen)]
    return replace(dataset, rows=replace(dataset.rows, labels=labels))


def thinned(dataset: Dataset, searches: int | None, seed: int) -> Dataset:
    """The rows with so many training searches of the rare role, and validation ones in proportion."""
    if searches is None:
        return dataset
    draw, rare = np.random.default_rng([seed, 2]), dataset.role == dataset.role_names.index(RARE)
    there, kept = np.unique(dataset.search[dataset.train][rare[dataset.train]]), {}
    for name in ("train", "valid"):
        rows = getattr(dataset, name)
        theirs = draw.permutation(np.unique(dataset.search[rows][rare[rows]]))
        left = theirs[: round(len(theirs) * searches / len(there))]
        kept[name] = rows[~rare[rows] | np.isin(dataset.search[rows], left)]
    return replace(dataset, **kept)


def figures(dataset: Dataset, scores: dict[str, np.ndarray]) -> dict[str, list[float | None]]:
    """FIGURES of all test rows under "overall", and of the rows of each role."""
    roles = dataset.role[dataset.test]
    parts = {"overall": np.ones(len(roles), bool)} | {dataset.role_names[code]: roles == code for code in np.unique(roles)}
    return {name: figures_of(dataset, scores, part) for name, part in parts.items()}


def figures_of(dataset: Dataset, scores: dict[str, np.ndarray], part: np.ndarray) -> list[float | None]:
    """FIGURES of some test rows: AUCs by planted chances, NDCG by what was logged, the order of a search by the planted grade.

    Args:
        part: (n,) bool, of the test rows.
    Returns: None where a task has no score, or nothing to tell apart.
    """
    rows = dataset.test[part]
    click, answer, grade = (dataset.truth[name][rows] for name in ("click", "conversion", "relevance"))
    search, scores = dataset.search[rows], {task: values[part] for task, values in scores.items()}
    found: dict[str, float] = {}
    if "ctr" in scores:
        both, (clicked, converted) = scores["ctr"] * scores["cvr"], dataset.rows.labels[rows, :2].T
        known = (clicked == 0) | ~np.isnan(converted)
        gains = np.where(clicked == 1, 1 + np.nan_to_num(converted), 0.0)
        found["CTR AUC"], found["CTCVR AUC"] = expected_auc(click, scores["ctr"]), expected_auc(click * answer, both)
        found["CVR AUC"] = expected_auc(answer, scores["cvr"], click)
        found["NDCG@10"] = metrics.ndcg(gains[known], both[known], search[known]).value
    if "relevance" in scores:
        found["relevance order"] = metrics.concordance(grade, scores["relevance"], search).value
    return [round(found[title], 6) if np.isfinite(found.get(title, np.nan)) else None for title in FIGURES]


def expected_auc(chance: np.ndarray, scores: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The AUC where row i, of weight w, is positive with p and negative with 1 - p; 0.5 where all p are equal.

    sum_ij w_i p_i w_j (1 - p_j) [s_i > s_j] / sum_ij w_i p_i w_j (1 - p_j)

    Args:
        chance: (n,) p. scores: (n,). weight: (n,) w; None = 1.
    """
    weight = np.ones(len(chance)) if weight is None else weight
    place = np.unique(scores, return_inverse=True)[1]
    positive, negative = np.bincount(place, weight * chance), np.bincount(place, weight * (1 - chance))
    return float((positive * (np.cumsum(negative) - negative / 2)).sum() / (positive.sum() * negative.sum()))


def train_once(dataset: Dataset, config: Config, folder: Path) -> dict:
    """Train and evaluate by what was logged: figures of the test rows (TITLES) and of the reachable ceiling, parameters and epochs."""
    predictions, facts = train_and_predict(dataset, config, folder)
    tasks = evaluate(dataset, dataset.test, predictions, bootstrap=0)["overall"]["tasks"]
    entries = {title: tasks[task]["metrics"][metric] for title, task, metric in COLUMNS}
    found = {
        name: {title: entry[key] for title, entry in entries.items()} for name, key in (("figures", "value"), ("ceiling", "reachable"))
    }
    return found | facts


def train_and_predict(dataset: Dataset, config: Config, folder: Path) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Train a run: its predictions for the test rows, and its parameters and epochs."""
    ended = train(config, folder, dataset=dataset)
    run = load_run(folder)
    facts = {"parameters": run.plan.size(table=False) + run.plan.size(table=True), "epochs": ended.epoch}
    return predictions_of(run, dataset, dataset.test), facts


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


def add_line(path: Path, record: dict) -> None:
    """Append what `read_lines` reads."""
    with open(path, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


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


def answer_cells(answer: dict) -> list[str]:
    """Such as `**+0.0123** (+0.0020 to +0.0226)`."""
    if answer["low"] is None:
        return [f"{mean:+.4f}" for mean in answer["mean"]]
    cells = []
    for mean, low, high in zip(answer["mean"], answer["low"], answer["high"]):
        text = f"{mean:+.4f}"
        cells.append(f"{f'**{text}**' if low > 0 or high < 0 else text} ({low:+.4f} to {high:+.4f})")
    return cells
