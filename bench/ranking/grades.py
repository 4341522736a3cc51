"""What noise in relevance grades costs, and what helps: confidence weights, soft labels, pairs, the grades of the rules.

    python bench/ranking/grades.py                                     the campaign; it goes on where it was stopped
    python bench/ranking/grades.py --seeds 1 --cells "weights*" --out try

Simulated worlds, for only there is known how well a person fits: a share of the training and validation grades is replaced by
grades of other pairs, as if their graders had not looked. Either the confidence tells (the least sure grades are lost first), or it
does not. The network is the default one with its three tasks. Figures are of test rows against the planted truth, which no
grade shows: concordance within searches, and the mean squared error of the predicted grade.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import Market, add_line, answer_cells, paired, read_by_rules, read_lines, train_and_predict
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import TaskConfig
from minirank.data import Dataset
from minirank.evaluation.metrics import concordance
from minirank.extract.grades import Pairs
from minirank.extract.rules.grade_rules import grade_by_rules
from minirank.simulate import WorldConfig

SEEDS, IMPRESSIONS, SHARES = (1, 2, 3), 10_000, (0.0, 0.4, 0.8)
RELEVANCE = 2  # column of the labels
FIGURES = ("concordance", "squared error")


@dataclass(frozen=True)
class Cell:
    """What the relevance task is trained on.

    Args:
        lost: share of the grades that are those of other pairs. told: the least sure ones are lost first.
        weighted: a grade counts as it is sure. threshold: grades from here on are 1, others 0; None keeps them.
        loss: of the task. people, rules: whose grades.
    """

    lost: float = 0.0
    told: bool = True
    weighted: bool = True
    threshold: float | None = None
    loss: str = "bce"
    people: bool = True
    rules: bool = False


PLAIN, ALIKE, HARD, PAIRS = "weights", "no weights", "no weights, 1 from 0.5 on", "weights, pairs"
WAYS = {PLAIN: {}, ALIKE: {"weighted": False}, HARD: {"weighted": False, "threshold": 0.5}, PAIRS: {"loss": "pairwise"}}
SILENT, MOST = ", confidence silent", SHARES[-1]
CELLS = {
    f"{way}, {lost:g} lost": Cell(lost, **WAYS[way]) for lost in SHARES for way in WAYS if lost in (0.0, MOST) or way in (PLAIN, ALIKE)
}
CELLS |= {f"{way}, {MOST:g} lost{SILENT}": Cell(MOST, False, **WAYS[way]) for way in (PLAIN, ALIKE)}
RULES, FILLED = "grades of the rules alone", f"people's grades, {MOST:g} lost, and the rules' for all other pairs"
CELLS |= {RULES: Cell(people=False, rules=True), FILLED: Cell(MOST, rules=True)}
READ = "the rules' own grade, nothing trained"


def main() -> None:
    """Train what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--cells", nargs="+", default=["*"], help="patterns of names of cells (default: all)")
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in CELLS if any(fnmatch(name, pattern) for pattern in options.cells)]
    cells: dict[str, dict] = defaultdict(dict)
    seconds = 0.0
    for seed in options.seeds:
        for record in run_world(WorldConfig(seed, IMPRESSIONS), names, folder / "grades.jsonl"):
            cells[record["cell"]][str(seed)] = record["figures"]
            seconds += record["seconds"]
    results = {"cells": cells, "impressions": IMPRESSIONS, "seconds": round(seconds), "machine": machine("minirank", "numpy", "numba")}
    if options.out:
        write_record(folder / "grades.json", results)
        print(table(results))
    else:
        REPORT.publish(results)


def run_world(world: WorldConfig, names: list[str], lines: Path) -> list[dict]:
    """One record a cell; those in `lines` already are not trained again."""
    held, dataset = read_lines(lines), None
    keys = {name: json.dumps([world.to_json(), name]) for name in [*names, READ]}
    with tempfile.TemporaryDirectory() as temporary:
        for name, key in keys.items():
            if key in held:
                continue
            start = time.process_time()
            if dataset is None:
                dataset, rules = encode(world, Path(temporary) / "data")
            if name == READ:
                figures = measure(dataset, rules[0][dataset.test])
            else:
                figures = measure(dataset, trained(with_grades(dataset, rules, CELLS[name]), CELLS[name], Path(temporary) / name))
            held[key] = {"key": key, "world": world.seed, "cell": name, "figures": figures, "seconds": time.process_time() - start}
            add_line(lines, held[key])
            print(f"world {world.seed}: {name}, {np.round(figures, 4)}, {held[key]['seconds']:.0f} s", flush=True)
    return [held[key] for key in keys.values()]


def encode(world: WorldConfig, path: Path) -> tuple[Dataset, tuple[np.ndarray, np.ndarray]]:
    """The rows of a world, read by rules, and the grades of `minirank grade --rules` for them: (relevance, confidence), (N,) each."""
    market = Market(world, path)
    shown = market.folder.impressions
    grades = grade_by_rules(market.folder, market.rules, Pairs(shown.job, shown.resume))
    rules = np.array([[grade.relevance, grade.confidence] for grade in grades]).T
    return market.dataset(read_by_rules, FeatureConfig()), (rules[0], rules[1])


def with_grades(dataset: Dataset, rules: tuple[np.ndarray, np.ndarray], cell: Cell) -> Dataset:
    """The rows with the grades of a cell; those of the test rows do not matter here."""
    labels, weights = dataset.rows.labels.copy(), dataset.rows.weights.copy()
    grade, sure = labels[:, RELEVANCE], weights[:, RELEVANCE]  # views
    draw = np.random.default_rng(0)
    graded = np.flatnonzero(~np.isnan(grade))
    luck = draw.random(len(graded))
    order = graded[np.lexsort((luck, sure[graded]) if cell.told else (luck,))]
    lost = order[: round(cell.lost * len(order))]
    grade[lost] = grade[draw.permutation(lost)]
    if not cell.people:
        grade[:] = np.nan
    if cell.rules:
        filled = np.isnan(grade) & (rules[1] > 0)
        grade[filled], sure[filled] = rules[0][filled], rules[1][filled]
    if cell.threshold is not None:
        grade[:] = np.where(np.isnan(grade), np.nan, grade >= cell.threshold)
    if not cell.weighted:
        sure[:] = 1.0
    return replace(dataset, rows=replace(dataset.rows, labels=labels, weights=weights))


def trained(dataset: Dataset, cell: Cell, folder: Path) -> np.ndarray:
    """The relevance of the test rows that a network predicts which was trained on these rows."""
    tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance", loss={cell.loss: 1.0}))
    return train_and_predict(dataset, Config(FolderConfig(folder.parent / "data"), tasks=tasks), folder)[0]["relevance"]


def measure(dataset: Dataset, predicted: np.ndarray) -> list[float]:
    """`FIGURES` of the test rows, against what texts and hires tell of the true relevance; those without a prediction do not count."""
    known = ~np.isnan(predicted)
    rows, found = dataset.test[known], predicted[known]
    truth = dataset.truth["relevance_reachable"][rows]
    return [concordance(truth, found, dataset.rows.groups[rows]).value, float(np.mean((found - truth) ** 2))]


def table(results: dict) -> str:
    """Markdown: what noise costs and what each way of training gains over plain weights, then the rules' grades."""
    cells = results["cells"]
    worlds = ", ".join(next(iter(cells.values()), {}))
    told = (
        f"Simulated worlds: seeds {worlds}, {results['impressions']:,} impressions each, of which 30 % have a grade, 1 initialisation; "
        "test rows. Gains are means over worlds, with the 95 % t interval of the paired difference over worlds; bold where it excludes 0."
    )
    parts = [_headline(cells), _ways(cells), _rules(cells)]
    return paragraphs(*filter(None, parts), f"{told}\n{results['seconds'] / 60:.0f} minutes of one core. {results['machine']}.")


def mean_of(cells: dict, name: str) -> np.ndarray:
    """FIGURES of a cell, the mean over worlds."""
    return np.mean(list(cells[name].values()), axis=0)


def gain(cells: dict, name: str, over: str) -> dict:
    """Paired differences of two cells' FIGURES."""
    return paired(np.array([np.subtract(figures, cells[over][world]) for world, figures in cells[name].items()]))


def _headline(cells: dict) -> str:
    best, worst = (f"{PLAIN}, {lost:g} lost" for lost in (SHARES[0], SHARES[-1]))
    if not {best, worst, RULES} <= set(cells):
        return ""
    clean, noisy, rules = (mean_of(cells, name)[0] for name in (best, worst, RULES))
    return (
        f"Pairs of candidates in the right order: {clean:.3f} with clean grades, {noisy:.3f} where {SHARES[-1]:.0%} of them are lost, "
        f"{rules:.3f} with the rules' grades alone."
    )


def _ways(cells: dict) -> str:
    rows = []
    for silent in ("", SILENT):
        for lost in SHARES:
            plain = f"{PLAIN}, {lost:g} lost{silent}"
            if plain not in cells:
                continue
            found = mean_of(cells, plain)
            label = f"{lost:.0%}" + (" at random" if silent else ", the least sure first" if lost else "")
            rows.append([label, PLAIN, f"{found[0]:.4f}", f"{found[1]:.4f}"])
            for way in WAYS:
                name = f"{way}, {lost:g} lost{silent}"
                if way != PLAIN and name in cells:
                    rows.append([label, way, *answer_cells(gain(cells, name, plain))])
    head = ["grades lost", "trained with", "pairs in the right order", "squared error of the grade"]
    return "The figures with weights, and what else gains over them:\n\n" + markdown(head, rows, left=2)


def _rules(cells: dict) -> str:
    rows = []
    if READ in cells:
        rows.append([READ, *(f"{value:.4f}" for value in mean_of(cells, READ)), "", ""])
    for name, cell in CELLS.items():
        if cell.rules and name in cells:
            over = f"{PLAIN}, {cell.lost:g} lost"
            more = answer_cells(gain(cells, name, over)) if over in cells else ["", ""]
            rows.append([name, *(f"{value:.4f}" for value in mean_of(cells, name)), *more])
    head = [
        "grades of the rules",
        "pairs in the right order",
        "squared error",
        "pairs, over people's grades",
        "squared error, over people's grades",
    ]
    return markdown(head, rows) if rows else ""


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
