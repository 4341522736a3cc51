"""What conversions that have not come yet cost a young log, and what helps: leave their rows out, take them for negatives, correct.

    python bench/ranking/delayed.py                      the campaign; it goes on where it was stopped
    python bench/ranking/delayed.py --seeds 1 --out try

Simulated worlds, for only there is known what every candidate would have answered, and when. A log of the last days before a border
is trained on as it stood at that border. Every way sees the same rows but the first, which waits until labels are ripe. A fixed
number of epochs, for the labels of later rows come later. Figures are of test rows against planted chances, each row weighted by
that of its click.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import READ, Market, add_line, answer_cells, expected_auc, paired, read_lines, train_and_predict
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig, SplitConfig, TrainingConfig
from minirank.config.features import FeatureConfig
from minirank.config.model import TaskConfig
from minirank.data import Dataset, split_by_time
from minirank.data.folder.delays import as_known_at_the_border
from minirank.data.folder.split import DAY
from minirank.features import Encoder
from minirank.simulate import WorldConfig

SEEDS, IMPRESSIONS, DAYS, EPOCHS = tuple(range(1, 6)), 100_000, 14, 8
INITS = 3
MATURITY = SplitConfig().maturity_days
READER = "recall 1, made up 0"
DROPPED, NEGATIVES, CORRECTED, KNOWN = "left out until ripe", "taken for negatives", "corrected (`delayed: true`)", "all known at once"
WAYS = (DROPPED, NEGATIVES, CORRECTED, KNOWN)
FIGURES = ("mean pCVR / chance - 1", "CVR AUC")
CVR = 1  # column of the labels


def main() -> None:
    """Train what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    ways: dict[str, dict] = defaultdict(dict)
    seconds, shares = 0.0, []
    for seed in options.seeds:
        for record in run_world(WorldConfig(seed, IMPRESSIONS), folder / "delayed.jsonl"):
            ways[record["way"]][str(seed)] = record["figures"]
            seconds += record["seconds"]
            shares.append(record["to_come"])
    results = {"ways": ways, "to_come": float(np.mean(shares)), "impressions": IMPRESSIONS, "days": DAYS, "maturity_days": MATURITY}
    results |= {"seconds": round(seconds), "machine": machine("minirank", "numpy", "numba")}
    if options.out:
        write_record(folder / "delayed.json", results)
        print(table(results))
    else:
        REPORT.publish(results)


def run_world(world: WorldConfig, lines: Path) -> list[dict]:
    """One record a way; those in `lines` already are not trained again."""
    held, keys = read_lines(lines), {way: json.dumps([world.to_json(), way, DAYS, EPOCHS, INITS]) for way in WAYS}
    if set(keys.values()) <= set(held):
        return [held[key] for key in keys.values()]
    with tempfile.TemporaryDirectory() as temporary:
        datasets = encode(world, Path(temporary) / "data")
        for way, key in keys.items():
            if key in held:
                continue
            start = time.process_time()
            runs = [trained(datasets[way], init, Path(temporary) / f"{WAYS.index(way)} {init}") for init in range(INITS)]
            figures = np.mean([measure(datasets[way], predicted) for predicted in runs], axis=0).tolist()
            record = {"key": key, "world": world.seed, "way": way, "figures": figures}
            record |= {"to_come": missing(datasets), "seconds": time.process_time() - start}
            held[key] = record
            add_line(lines, record)
            print(f"world {world.seed}: {way}, {np.round(record['figures'], 4)}, {record['seconds']:.0f} s", flush=True)
    return [held[key] for key in keys.values()]


def encode(world: WorldConfig, path: Path) -> dict[str, Dataset]:
    """Way -> the rows of a young log as it sees them: inputs are the same, labels and training rows are not."""
    market = Market(world, path)
    whole, shown = market.folder, market.folder.impressions
    split = split_by_time(whole, maturity_days=MATURITY, keep_open=True)
    train = split.train[shown.time[split.train] >= split.borders[0] - DAYS * DAY]
    kept = np.concatenate([train, split.test])  # what else there is need not be encoded
    columns = {name: values[kept] for name, values in vars(shown).items() if name != "search_id"}
    truth = {name: values[kept] for name, values in whole.truth.items()}
    folder = replace(whole, impressions=replace(shown, **columns), truth=truth)
    split = replace(split, train=np.arange(len(train)), valid=np.arange(0), test=np.arange(len(train), len(kept)))
    at_border, corrected = as_known_at_the_border(folder, split, MATURITY)
    features = READ[READER](market)
    encoder = Encoder.fit(folder, features, split.train, FeatureConfig())
    known, seen = encoder.dataset(folder, features, split), encoder.dataset(at_border, features, corrected)
    ripe = np.flatnonzero(np.isin(train, split_by_time(whole, maturity_days=MATURITY).train))
    return {DROPPED: replace(known, train=ripe), NEGATIVES: replace(seen, to_come=None), CORRECTED: seen, KNOWN: known}


def missing(datasets: dict[str, Dataset]) -> float:
    """Share of the conversions of training rows that had not come at the border."""
    known, seen = (np.nansum(data.rows.labels[data.train, CVR]) for data in (datasets[KNOWN], datasets[NEGATIVES]))
    return float(1 - seen / known)


def trained(dataset: Dataset, init: int, folder: Path) -> np.ndarray:
    """pCVR of the test rows."""
    tasks = TaskConfig("ctr"), TaskConfig("cvr", given="ctr", delayed=dataset.to_come is not None), TaskConfig("relevance")
    training = TrainingConfig(epochs=EPOCHS, early_stopping=None, seed=init, threads=1)
    return train_and_predict(dataset, Config(FolderConfig(folder.parent / "data"), tasks=tasks, training=training), folder)[0]["cvr"]


def measure(dataset: Dataset, predicted: np.ndarray) -> list[float]:
    """`FIGURES` of the test rows."""
    click, answer = (dataset.truth[name][dataset.test] for name in ("click", "conversion"))
    return [float((click @ predicted) / (click @ answer) - 1), expected_auc(answer, predicted, click)]


def table(results: dict) -> str:
    """Markdown: the figures of each way, and the difference to waiting for ripe labels."""
    ways = results["ways"]
    figures = {way: np.array(list(worlds.values())) for way, worlds in ways.items()}
    bias = {way: each[:, 0].mean() for way, each in figures.items()}
    headline = (
        f"{results['to_come']:.0%} of the conversions had not come yet. The mean pCVR is off by {bias[NEGATIVES]:+.1%} where their rows "
        f"are taken for negatives, by {bias[CORRECTED]:+.1%} corrected, by {bias[DROPPED]:+.1%} where they are left out, by "
        f"{bias[KNOWN]:+.1%} where all is known."
    )
    rows = []
    for way in WAYS:
        own, auc = answer_cells(paired(figures[way]))[0], figures[way][:, 1].mean()
        over = {other: [""] * 2 if way == other else answer_cells(paired(figures[way] - figures[other])) for other in (DROPPED, KNOWN)}
        rows.append([way, own, f"{auc:.4f}", over[DROPPED][1], *over[KNOWN]])
    head = ["open labels", *FIGURES, "AUC, over leaving out", "mean pCVR, over all known", "AUC, over all known"]
    told = (
        f"Simulated worlds: seeds {', '.join(next(iter(ways.values())))}, {results['impressions']:,} impressions in 120 days each, trained "
        f"on the last {results['days']} days before the border, ripe after {results['maturity_days']:g}; {INITS} initialisations. Means "
        "over worlds, with 95 % t intervals, of paired differences where two ways are compared; bold where it excludes 0."
    )
    return paragraphs(
        headline, markdown(head, rows), f"{told}\n{results['seconds'] / 60:.0f} minutes of one core to train. {results['machine']}."
    )


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
