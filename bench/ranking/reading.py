"""What reading is worth: rankers trained on what readers of known quality extract, beside what the rules extract.

    python bench/ranking/reading.py                                    the campaign; it goes on where it was stopped
    python bench/ranking/reading.py --cells "*in the gates"            some cells; the others keep the figures of the record
    python bench/ranking/reading.py --seeds 11 --inits 1 --cells rules "recall 1,*" --out try

A reader finds a share of the facts that a text says, its recall, and a share of what it writes is made up; see
`minirank/simulate/reader.py`. The rules stand where their own recall and share of made-up values put them. Each cell is trained with
the defaults of minirank; its figures are those of the test rows, averaged over initialisations within a world, and paired over
worlds: the mean difference with a 95 % t interval. The rules of the first record stay in it as what was before.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.ranking.worlds import (
    NAMES,
    RULES,
    TITLES,
    Market,
    Read,
    add_line,
    answer_cells,
    changed,
    paired,
    read_by_rules,
    read_lines,
    read_with,
    train_once,
    without_open_forms,
)
from bench.tables import Report, machine, markdown, paragraphs, write_record
from minirank.config.configuration import Config, FolderConfig, without_paths
from minirank.config.features import FeatureConfig
from minirank.config.model import GateConfig, ModelConfig
from minirank.extract import Features
from minirank.simulate import WorldConfig

SHOWN = ("CTR AUC", "CVR AUC", "NDCG@10")
RECALLS, MADE_UP = (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.1, 0.3)
SEEDS = [1, 2, 3, 4, 5]
TARGETS = {"CTR AUC": 0.735, "CVR AUC": 0.68, "NDCG@10": 0.48}  # of the rules
REACHABLE_SHARE = 0.9  # of the reachable CTR AUC above 0.5, of a perfect reader
# Not compared with what the rules read: other names, or values that are no feature and those that a file holds anyway.
UNCOUNTED = ("domains", "location", "gap", "schools")
ABOUT = ("years", "tenure", "moves")  # right when off by one at most
FINER = "salary currency start notice leadership conditions employer employers industries stressed tenure moves gap schools".split()
PERFECT = "recall 1, made up 0"
IN_GATES = ", role in the gates"  # after the name of a reading


@dataclass(frozen=True)
class Cell:
    """What is read, and how it becomes inputs.

    Args:
        read: Market -> Features.
        features: of the encoder.
        model: what is trained.
    """

    read: Read
    features: FeatureConfig = FeatureConfig()
    model: ModelConfig = ModelConfig(gate=GateConfig(role="none"))


def without_finer(item):
    """Without pay, notice, leadership, conditions, careers and depths of skills."""
    emptied = {f.name: f.default for f in fields(item) if f.name in FINER}
    skills = {name: getattr(item, name) for name in ("must_have", "nice_to_have", "skills") if hasattr(item, name)}
    return replace(item, **emptied, **{name: tuple(replace(v, depth=None, years=None) for v in found) for name, found in skills.items()})


def reader_name(recall: float, made_up: float) -> str:
    """The name of a reader's cell."""
    return f"recall {recall:g}, made up {made_up:g}"


READERS = {reader_name(r, m): Cell(partial(read_with, r, m)) for r in RECALLS for m in (MADE_UP if r else MADE_UP[:1])}
# A group of inputs -> what is read and made without it, of a reading.
GROUPS: dict[str, Callable[[Read], Cell]] = {
    "open forms": lambda read: Cell(partial(changed, without_open_forms, read)),
    "links": lambda read: Cell(read, FeatureConfig(links=False)),
    "finer signals": lambda read: Cell(partial(changed, without_finer, read)),
    "tastes": lambda read: Cell(read, FeatureConfig(signals=False)),
    "text": lambda read: Cell(read, FeatureConfig(text=False, tokens=False)),
}
READ = {RULES: read_by_rules, PERFECT: partial(read_with, 1.0, 0.0)}
CELLS = {RULES: Cell(read_by_rules)} | READERS
CELLS |= {f"{name}{IN_GATES}": Cell(read, model=ModelConfig(gate=GateConfig(role="full"))) for name, read in READ.items()}
CELLS |= {f"{name} without {group}": make(read) for name, read in READ.items() for group, make in GROUPS.items()}


def main() -> None:
    """Train what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of the worlds")
    parser.add_argument("--inits", type=int, default=3, help="initialisations of each cell in each world")
    parser.add_argument("--impressions", type=int, default=50_000)
    parser.add_argument("--cells", nargs="+", default=["*"], help="patterns of names of cells (default: all)")
    parser.add_argument("--out", type=Path, help="folder of the records; without it they go to results/ and RESULTS.md")
    options = parser.parse_args()
    folder = options.out or REPORT.record.parent
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in CELLS if any(fnmatch(name, pattern) for pattern in options.cells)]
    records = []
    for seed in options.seeds:
        records += run_world(WorldConfig(seed, options.impressions), names, options.inits, folder / "reading.jsonl")
    results = summarise(records) | {"impressions": options.impressions, "inits": options.inits}
    results |= {"before": REPORT.read().get("before", results["cells"].get(RULES, {})), "machine": machine("minirank", "numpy", "numba")}
    if options.out:
        write_record(folder / "reading.json", results)
        print(table(results))
    else:
        REPORT.publish(with_others(results, REPORT.read()))


def run_world(world: WorldConfig, names: list[str], inits: int, lines: Path) -> list[dict]:
    """One record a cell; those in `lines` already, made with the same settings, are not run again."""
    held = read_lines(lines)
    keys = {name: settings(world, name, inits) for name in names}
    market = None
    with tempfile.TemporaryDirectory() as temporary:
        for name, key in keys.items():
            if key in held:
                continue
            start = time.monotonic()
            if market is None:
                market = Market(world, Path(temporary) / "data")
            record = {"key": key, "world": world.seed, "cell": name} | run_cell(market, CELLS[name], inits, Path(temporary) / name)
            if name == RULES:
                for known, features in ((RULES, market.rules), (NAMES, changed(without_open_forms, read_by_rules, market))):
                    record.setdefault("read", {})[known] = compare(features, market.reader.read(1.0))
            record["seconds"] = round(time.monotonic() - start, 2)
            add_line(lines, record)
            held[key] = record
            print(f"world {world.seed}: {name}, {record['seconds']} s", flush=True)
    return [held[key] for key in keys.values()]


def settings(world: WorldConfig, name: str, inits: int) -> str:
    """All that a record depends on but the code, as one text."""
    config = without_paths(Config(FolderConfig(Path()), features=CELLS[name].features, model=CELLS[name].model))
    return json.dumps([world.to_json(), name, inits, config], sort_keys=True)


def run_cell(market: Market, cell: Cell, inits: int, folder: Path) -> dict:
    """Figures of the test rows, the mean over initialisations, and of the reachable ceiling."""
    dataset, found = market.dataset(cell.read, cell.features), []
    config = Config(FolderConfig(market.folder.path), features=cell.features, model=cell.model)
    for init in range(inits):
        found.append(train_once(dataset, replace(config, training=replace(config.training, seed=init)), folder / str(init)))
    figures = {title: float(np.mean([each["figures"][title] for each in found])) for title in TITLES}
    return {"figures": figures, "ceiling": found[0]["ceiling"], "epochs": [each["epochs"] for each in found]}


def compare(found: Features, truth: Features) -> dict[str, list[int]]:
    """Name of a feature -> facts that texts say, those that were found, values that were written, those that nothing bears out.

    A span without a name is right where it overlaps the words of a fact of the same feature.
    """
    counts: dict[str, Counter] = defaultdict(Counter)
    for kind, items, said in (("job", found.jobs, truth.jobs), ("resume", found.resumes, truth.resumes)):
        planted = {name for item in said for name in _values(item) if name not in UNCOUNTED}
        for item, right in zip(items, said, strict=True):
            ours, theirs = _values(item), _values(right)
            for name in planted:
                facts, values = theirs.get(name, ()), ours.get(name, ())
                counts[f"{kind}: {name}"] += Counter(
                    said=len(facts),
                    found=sum(any(_agrees(name, value, fact) for value in values) for fact in facts),
                    written=len(values),
                    wrong=sum(not any(_agrees(name, value, fact) for fact in facts) for value in values),
                )
    return {name: [count[key] for key in ("said", "found", "written", "wrong")] for name, count in sorted(counts.items())}


def _values(item) -> dict[str, tuple]:
    """Name of a feature -> its values, where there are any."""
    found = {f.name: getattr(item, f.name) for f in fields(item) if f.name not in (*item._ids, "flagged", "masked")}
    return {name: held if isinstance(held, tuple) else (held,) for name, held in found.items() if held}


def _agrees(name: str, value, fact) -> bool:
    if value.source == "tagger":
        return value.start < fact.end and fact.start < value.end
    if name == "industries":  # banking, and banking and finance
        return value.value in fact.value or fact.value in value.value
    if name in ABOUT:
        return abs(value.value - fact.value) <= 1
    return value.value == fact.value


def summarise(records: list[dict]) -> dict:
    """Figures by cell and world, the ceilings by world, and what the rules read of what is there, over all worlds."""
    cells: dict[str, dict] = defaultdict(dict)
    for record in records:
        cells[record["cell"]][str(record["world"])] = [record["figures"][title] for title in TITLES]
    read: dict[str, dict] = {}
    for record in records:
        for known, counts in record.get("read", {}).items():
            so_far = read.setdefault(known, {})
            for name, count in counts.items():
                so_far[name] = np.add(so_far.get(name, 0), count).tolist()
    ceilings = {str(record["world"]): [record["ceiling"][title] for title in TITLES] for record in records}
    return {"cells": dict(cells), "ceilings": ceilings, "read": read, "seconds": round(sum(record["seconds"] for record in records))}


def with_others(results: dict, held: dict) -> dict:
    """Results, with those cells of the record that were not trained now."""
    kept = {key: held.get(key, {}) | results[key] for key in ("cells", "ceilings", "read")}
    order = [name for name in CELLS if name in kept["cells"]]
    kept["cells"] = {name: kept["cells"][name] for name in order}
    return results | kept | {"seconds": held.get("seconds", 0) + results["seconds"]}


def gain(results: dict, name: str, over: dict) -> dict:
    """Paired differences of a cell's figures and those of another cell, over the worlds that both have."""
    ours = results["cells"][name]
    return paired(np.array([np.subtract(ours[world], over[world]) for world in sorted(set(ours) & set(over))]))


def share_of_reachable(results: dict, name: str) -> dict:
    """(CTR AUC - 0.5) / (the reachable one - 0.5), with its interval over worlds."""
    ours, best = results["cells"][name], results["ceilings"]
    return paired(np.array([[(figures[0] - 0.5) / (best[world][0] - 0.5)] for world, figures in ours.items()]))


def place(results: dict, known: str) -> tuple[float, float]:
    """Recall and share of made-up values of the rules, over all features."""
    said, found, written, wrong = np.sum(list(results["read"][known].values()), axis=0)
    return found / said, wrong / written


def means(results: dict, name: str) -> np.ndarray:
    """(figures,) of a cell, the mean over worlds."""
    return np.mean(list(results["cells"][name].values()), axis=0)


def table(results: dict) -> str:
    """Markdown: the targets, the curves, what the rules read, and the ablation; without any where the rules were not trained."""
    cells = results["cells"]
    parts = [part(results) for part in (_headline, _targets, _picture, _curves, _read, _ablation) if RULES in cells]
    worlds = ", ".join(next(iter(cells.values()), {}))
    told = (
        f"Simulated worlds: seeds {worlds}, {results['impressions']:,} impressions each, {results['inits']} initialisations; test rows. "
        "Gains are means over worlds, with the 95 % t interval of the paired difference over worlds; bold where it excludes 0."
    )
    return paragraphs(*filter(None, parts), f"{told}\n{len(cells)} cells in {results['seconds'] / 60:.0f} minutes. {results['machine']}.")


def _headline(results: dict) -> str:
    recall, made_up = place(results, RULES)
    read = f"The rules find {recall:.0%} of what the texts say ({made_up:.0%} of their values is made up)"
    told = f"{read} and reach CTR AUC {means(results, RULES)[0]:.3f}"
    if PERFECT not in results["cells"]:
        return f"{told}."
    best = np.mean(list(results["ceilings"].values()), axis=0)[0]
    return f"{told}; a perfect reader reaches {means(results, PERFECT)[0]:.3f}, all that is observable would allow {best:.3f}."


def _targets(results: dict) -> str:
    rows, before = [], results["before"]
    for title, target in TARGETS.items():
        column, reached = TITLES.index(title), means(results, RULES)[TITLES.index(title)]
        was = f"{np.mean([figures[column] for figures in before.values()]):.4f}"
        change = _cells(gain(results, RULES, before), [column]) if set(before) & set(results["cells"][RULES]) else [""]
        rows.append([f"rules: {title}", was, f"{reached:.4f}", *change, f"{target}", "yes" if reached >= target else "no"])
    for cell, where in ((PERFECT, ""), (PERFECT + IN_GATES, IN_GATES)):
        if cell in results["cells"]:
            share = share_of_reachable(results, cell)
            spread = "" if share["low"] is None else f" ({share['low'][0]:.3f} to {share['high'][0]:.3f})"
            reached = share["mean"][0]
            name = f"perfect reader{where}: share of the reachable CTR AUC above 0.5"
            rows.append([name, "", f"{reached:.3f}{spread}", "", f"{REACHABLE_SHARE}", "yes" if reached >= REACHABLE_SHARE else "no"])
    return "Before and after, and what was aimed at:\n\n" + markdown(["", "before", "now", "change", "target", "met"], rows)


def _picture(results: dict) -> str:
    drawn = REPORT.record.with_suffix(".png").exists()
    return "![Click AUC, conversion AUC and NDCG over what is read](results/reading.png)" if drawn else ""


def _cells(answer: dict, columns: list[int]) -> list[str]:
    """`answer_cells` of some columns."""
    return answer_cells({key: None if values is None else [values[column] for column in columns] for key, values in answer.items()})


def _curves(results: dict) -> str:
    rows, columns = [], [TITLES.index(title) for title in SHOWN]
    for name in [RULES, *(name for name in READERS if name in results["cells"])]:
        recall, made_up = place(results, RULES) if name == RULES else _shares(name)
        figures = [f"{means(results, name)[column]:.4f}" for column in columns]
        gains = _cells(gain(results, name, results["cells"][RULES]), columns) if name != RULES else [""] * len(columns)
        rows.append(["rules" if name == RULES else "reader", f"{recall:.2f}", f"{made_up:.2f}", *figures, *gains])
    best = np.mean(list(results["ceilings"].values()), axis=0)
    rows.append(["reachable", "", "", *(f"{best[column]:.4f}" for column in columns), *[""] * len(columns)])
    head = ["", "recall", "made up", *SHOWN, *(f"{title} over the rules" for title in SHOWN)]
    return "What a reader's recall and made-up values are worth:\n\n" + markdown(head, rows)


def _shares(name: str) -> tuple[float, float]:
    recall, made_up = name.split(", ")
    return float(recall.removeprefix("recall ")), float(made_up.removeprefix("made up "))


def _read(results: dict) -> str:
    named, recall, made_up = results["read"][NAMES], *place(results, NAMES)
    whole = place(results, RULES)
    rows = []
    for name, (said, found, written, wrong) in results["read"][RULES].items():
        by_name = named[name][1] / max(named[name][0], 1)
        rows.append([name, f"{said:,}", f"{by_name:.2f}", f"{found / max(said, 1):.2f}", f"{wrong / max(written, 1):.2f}"])
    told = (
        f"By names alone the rules find {recall:.1%} of the facts ({made_up:.1%} made up), with open forms {whole[0]:.1%} ({whole[1]:.1%})."
    )
    head = ["feature", "facts", "found by name", "found with open forms", "made up"]
    return f"{told} An open form is right where it overlaps the words of a fact.\n\n" + markdown(head, rows)


def _ablation(results: dict) -> str:
    rows = []
    for name in READ:
        for group in GROUPS:
            less = f"{name} without {group}"
            if less in results["cells"] and name in results["cells"]:
                label = "perfect reader" if name == PERFECT else name
                rows.append([f"{label} without {group}", *answer_cells(gain(results, less, results["cells"][name]))])
    return "What one group of inputs less costs:\n\n" + markdown(["", *TITLES], rows) if rows else ""


REPORT = Report(__file__, table)


if __name__ == "__main__":
    main()
