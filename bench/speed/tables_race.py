"""From a CSV table to a model: `minirank train` with one epoch beside pandas and LightGBM with 100 trees, first and again.

    python bench/speed/tables_race.py --before CHECKOUT --peers FOLDER [--rows 1000000] [--rounds 3] [--under 'chrt -f 10']

The table has 20 numbers, some of them missing in up to 40 % of the rows, 19 categories of 2 to 50,000 values, and a binary label; as many
rows as a tenth of it are held out. FOLDER is an environment with pandas, pyarrow and LightGBM of the extra `bench`. A contestant is a
process with two threads, timed from its start, imports and all, to the end of its last tree; of ours to the end of the command, whose
epoch is one. They take turns. `first` finds nothing kept beside the table, `again` what `first` kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.speed.competitors import python_of
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs

SIZES = (2, 2, 3, 5, 7, 10, 12, 20, 30, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)  # of the categories
NUMBERS = 20
MISSING = (0.0, 0.01, 0.1, 0.4)  # shares, in turns
TREES, THREADS = 100, 2
PEER = Path(__file__).resolve().parent / "peers" / "pandas_lightgbm.py"
STAMP = "import os, sys, time; print(time.time(), flush=True); os.execvp(sys.argv[1], sys.argv[1:])"  # `under` may have waited
CONTESTANTS = {
    "minirank, first": "",
    "minirank, again": "",
    "minirank before": "",
    "pandas + LightGBM": "c",
    "pandas (pyarrow) + LightGBM": "pyarrow",
}


def write_table(path: Path, rows: int, seed: int) -> None:
    """A table; the same effects in each."""
    effects, chance = np.random.default_rng(0), np.random.default_rng(seed)
    logit, latent, columns = np.full(rows, -1.5), chance.normal(size=rows), {}
    for number, size in enumerate(SIZES):
        shares = 1 / (np.arange(size) + 3.0) ** 0.8
        ids = chance.choice(size, rows, p=shares / shares.sum())
        logit += 0.35 * effects.normal(size=size)[ids]
        names = np.array([f"c{number}_{value}" if number % 3 else str(37 * value + 1_000) for value in range(size)], object)[ids]
        names[chance.random(rows) < 0.02 * (number % 4)] = ""
        columns[f"cat{number}"] = names.tolist()
    for number in range(NUMBERS):
        x = chance.normal(size=rows) + 0.5 * latent * (number % 2)
        logit += (0.25 * np.sin(2 * x), 0.15 * x, 0.2 * (x > 0.7))[number % 3]
        if number % 5 in (1, 3):
            texts = [f"{value:{('.6g', '.4f')[number % 5 // 2]}}" for value in x.tolist()]
        elif number == 4:
            texts = [repr(value) for value in x.tolist()]
        elif number % 5 == 0:  # amounts
            texts = [f"{value:.2f}" for value in np.exp(3 + x).tolist()]
        else:  # counts, and years
            texts = [str(value) for value in (np.exp(2 + 1.5 * x) if number % 5 == 2 else 3 * x + 20).astype(int).tolist()]
        missing = (chance.random(rows) < MISSING[number % 4]).tolist()
        columns[f"num{number}"] = ["" if gone else text for text, gone in zip(texts, missing)]
    labels = (chance.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    columns = {"clicked": [str(label) for label in labels.tolist()], **columns}
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(",".join(columns) + "\n")
        stream.writelines(",".join(cells) + "\n" for cells in zip(*columns.values()))


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve; of equal scores each counts half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    positive = labels > 0
    several = positive.sum()
    return float((ranks[positive].sum() - several * (several + 1) / 2) / (several * (len(labels) - several)))


def run(words: list[str], under: list[str], place: Path, **environment: str) -> tuple[float, float, str]:
    """When a command began in some folder, how many seconds it took, and what it printed."""
    given = {"OMP_NUM_THREADS": str(THREADS), **environment}
    command = [*under, sys.executable, "-c", STAMP, *words]
    ended = subprocess.run(command, cwd=place, env=os.environ | given, check=True, stdout=subprocess.PIPE, text=True)
    begin, _, said = ended.stdout.partition("\n")
    return float(begin), time.time() - float(begin), said


def ours(build: Path, config: Path, data: Path, under: list[str], labels: np.ndarray, first: bool) -> dict:
    """Seconds of a training by one of the builds, those of its epoch, and its AUC on the rows that were held out."""
    folder, scores = config.parent / f"run-{build.name}", config.parent / "scores.csv"
    if first:
        shutil.rmtree(data / ".minirank", ignore_errors=True)
    command, place = [sys.executable, "-m", "minirank"], {"PYTHONPATH": str(build)}
    _, seconds, _ = run([*command, "train", str(config), "--run", str(folder), "--force"], under, build, **place)
    run([*command, "score", str(folder), str(data / "test.csv"), "--out", str(scores), "--force"], [], build, **place)
    epoch = json.loads((folder / "timing.jsonl").read_text(encoding="utf-8").splitlines()[-1])["seconds"]
    with np.load(folder / "model.npz") as arrays:
        values = [arrays[name].tobytes() for name in sorted(set(arrays.files) - {"trained_with"})]
    kept = sum(path.stat().st_size for path in (data / ".minirank" / "train.csv").glob("*")) / 1e6
    found = np.loadtxt(scores, delimiter=",", skiprows=1, usecols=0)
    return {"seconds": seconds, "rest": seconds - epoch, "auc": auc(labels, found), "values": hash(tuple(values)), "kept": kept}


def peer(python: str, engine: str, data: Path, under: list[str]) -> dict:
    """The same of pandas and LightGBM; `rest` is reading alone."""
    words = [python, str(PEER), engine, str(data / "train.csv"), str(data / "test.csv"), str(TREES), str(THREADS)]
    begin, _, said = run(words, under, data)
    found = json.loads(said)
    scored = auc(np.array(found["labels"]), np.array(found["scores"]))
    return {"seconds": found["ended"] - begin, "rest": found["read"], "auc": scored, "versions": found["versions"]}


def table(results: dict) -> str:
    """Markdown."""
    found = results["contestants"]
    base, count = found["minirank, first"]["seconds"], len(found["minirank, first"]["rounds"])
    rows = []
    for name, each in found.items():
        spread = f"{min(each['rounds']):.1f} to {max(each['rounds']):.1f}"
        rows.append([name, f"{each['seconds']:.1f}", spread, f"{each['rest']:.1f}", f"{each['seconds'] / base:.2f}", f"{each['auc']:.4f}"])
    again, before = (found[f"minirank{which}"]["seconds"] for which in (", again", " before"))
    best = min(each["seconds"] for name, each in found.items() if "LightGBM" in name)
    lead = (
        f"From a CSV table of {results['rows']:,} rows and 40 columns to a model: {base:.1f} s the first time, {again:.1f} s again, before "
        f"it were {before:.1f} s; the best of pandas and LightGBM takes {best:.1f} s."
    )
    head = ["contestant", "seconds, median", "least to most", "of these reading", "times our first", "AUC, held out"]
    note = (
        f"Reading: of ours all but the epoch (start, reading, encoding, keeping, writing the run); of the peers `read_csv` alone. "
        f"{count} round{'s' * (count > 1)}. {results['kept']:,.0f} MB are kept beside {results['megabytes']:,.0f} MB. "
        "All runs of both builds have the same parameters."
    )
    if not results["same"]:
        note = note.replace("All runs of both builds have the same parameters.", "The builds' parameters differ.")
    return paragraphs(lead, markdown(head, rows), note, f"{results['machine']}; {', '.join(results['versions'])}; {THREADS} threads.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="a checkout")
    parser.add_argument("--peers", type=Path, required=True, help="an environment with pandas, pyarrow and lightgbm")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--under", default="", help="words before each command that is timed, such as those that raise its priority")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "minirank-tables", help="holds the tables")
    options = parser.parse_args()
    data, under, python = options.work.resolve() / str(options.rows), shlex.split(options.under), python_of(options.peers)
    data.mkdir(parents=True, exist_ok=True)
    for seed, (name, rows) in enumerate({"train": options.rows, "test": options.rows // 10}.items()):
        if not (data / f"{name}.csv").exists():
            write_table(data / f"{name}.csv", rows, seed + 1)
    with open(data / "test.csv", encoding="utf-8") as stream:
        labels = np.array([int(line[0]) for line in stream.readlines()[1:]])
    found: dict[str, list[dict]] = {name: [] for name in CONTESTANTS}
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "ranker.yaml"
        columns = {"categorical": ["cat*"], "dense": ["num*"], "tasks": [{"name": "clicked", "column": "clicked"}]}
        settings: dict = {"data": {"table": {"train": str(data / "train.csv")}, "columns": columns}, "tasks": [{"name": "clicked"}]}
        config.write_text(json.dumps(settings | {"training": {"epochs": 1, "threads": THREADS}}))
        for _ in range(options.rounds):
            for name, engine in CONTESTANTS.items():
                if engine:
                    each = peer(python, engine, data, under)
                else:
                    build = options.before.resolve() if "before" in name else CHECKOUT
                    each = ours(build, config, data, under, labels, name != "minirank, again")
                print(f"{name}: {each}", file=sys.stderr, flush=True)
                found[name].append(each)
    summary: dict = {}
    for name, rounds in found.items():
        summary[name] = {key: statistics.median(each[key] for each in rounds) for key in ("seconds", "rest", "auc")}
        summary[name]["rounds"] = [each["seconds"] for each in rounds]
    mine = [each for name, rounds in found.items() if "minirank" in name for each in rounds]
    REPORT.publish(
        {
            "machine": machine("minirank", "numpy", "numba"),
            "versions": found["pandas (pyarrow) + LightGBM"][0]["versions"],
            "rows": options.rows,
            "megabytes": (data / "train.csv").stat().st_size / 1e6,
            "kept": max(each["kept"] for each in mine),
            "same": len({each["values"] for each in mine}) == 1,
            "contestants": summary,
        }
    )


if __name__ == "__main__":
    main()
