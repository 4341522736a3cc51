"""Does it cost quality to train on whole searches: the same models with `training.batches` rows and searches, paired by world.

    python bench/ranking/batches.py [--seeds 21 22 ...]        worlds that no other campaign here uses; it goes on where it stopped

Simulated worlds: the default model on 50,000 impressions read by rules; figures of the test rows (worlds.py). Three ways: batches of rows
in any order; of whole searches, in which what a search shares is hidden for all of its rows or none; and, to tell the two apart, of
whole searches with inputs hidden row by row, which leaves nothing to share.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import FIGURES, Market, add_line, answer_cells, figures, paired, read_by_rules, read_lines, train_and_predict
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.configuration import Config, FolderConfig
from minirank.config.features import FeatureConfig
from minirank.simulate import WorldConfig
from minirank.training import feed
from minirank.training.batches import hide_inputs

SEEDS, INITS, IMPRESSIONS = tuple(range(21, 37)), 2, 50_000
ROWS, SEARCHES, BY_ROW = "rows", "searches", "searches, hidden row by row"
WAYS = (ROWS, SEARCHES, BY_ROW)


def hide_by_row(batch, *arguments, **shares):
    """`hide_inputs` as if a search shared nothing."""
    hide_inputs(replace(batch, shared=()), *arguments, **shares)


def run_world(seed: int, inits: int, lines: Path) -> None:
    """Add the records of a world that `lines` lacks."""
    held, market = read_lines(lines), None
    for init in range(inits):
        for way in WAYS:
            key = f"{seed}, {init}, {way}"
            if key in held:
                continue
            with tempfile.TemporaryDirectory() as folder:
                if market is None:
                    market = Market(WorldConfig(seed, IMPRESSIONS), Path(folder) / "data")
                    dataset = market.dataset(read_by_rules, FeatureConfig())
                config = Config(FolderConfig(Path("data")))
                config = replace(config, training=replace(config.training, seed=init, threads=1, batches=way.partition(",")[0]))
                start = time.process_time()
                with patch.object(feed, "hide_inputs", hide_by_row if way == BY_ROW else hide_inputs):
                    scores, facts = train_and_predict(dataset, config, Path(folder) / "run")
                record = {"key": key, "world": seed, "init": init, "way": way, "figures": figures(dataset, scores)["overall"]}
            add_line(lines, record | {"epochs": facts["epochs"], "seconds": round(time.process_time() - start, 1)})
            print(key, record["figures"], flush=True)


def table(results: dict) -> str:
    """Markdown: means of the worlds, and differences paired by world."""
    worlds = sorted({one["world"] for one in results["runs"]})
    means = {}
    for way in WAYS:
        of_worlds = ([one["figures"] for one in results["runs"] if (one["way"], one["world"]) == (way, world)] for world in worlds)
        means[way] = np.array([np.mean(each, axis=0) for each in of_worlds])
    epochs = {way: np.mean([one["epochs"] for one in results["runs"] if one["way"] == way]) for way in WAYS}
    rows = [[ROWS, *(f"{mean:.4f}" for mean in means[ROWS].mean(axis=0)), f"{epochs[ROWS]:.1f}"]]
    for way, base in ((SEARCHES, ROWS), (BY_ROW, ROWS), (SEARCHES, BY_ROW)):
        change = paired(means[way] - means[base])
        rows.append([f"{way}, over {base}", *answer_cells(change), f"{epochs[way]:.1f}"])
    inits, change = len({one["init"] for one in results["runs"]}), paired(means[SEARCHES] - means[ROWS])
    bounds = zip(FIGURES, change["mean"], change["low"], change["high"])
    told = ", ".join(f"{name} {mean:+.4f} ({low:+.4f} to {high:+.4f})" for name, mean, low, high in bounds)
    return paragraphs(
        f"What batches of whole searches in place of rows change: {told}.",
        markdown(["batches of", *FIGURES, "epochs"], rows, left=1),
        f"Simulated worlds {worlds[0]} to {worlds[-1]}, {results['impressions']:,} impressions each, {inits} initialisations; the default "
        f"model, test rows. First line: means; others: mean differences with 95 % t intervals over worlds, bold where 0 lies outside. "
        f"{results['machine']}.",
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the worlds")
    parser.add_argument("--inits", type=int, default=INITS)
    parser.add_argument("--train", action="store_true", help="no table: several processes may share the worlds")
    options = parser.parse_args()
    lines = REPORT.record.with_suffix(".jsonl")
    lines.parent.mkdir(exist_ok=True)
    for seed in options.seeds:
        run_world(seed, options.inits, lines)
    if not options.train:
        runs = [one for one in read_lines(lines).values() if one["world"] in options.seeds]
        REPORT.publish({"runs": runs, "impressions": IMPRESSIONS, "machine": machine("minirank", "numpy", "numba")})


if __name__ == "__main__":
    main()
