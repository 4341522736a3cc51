"""A table larger than memory: what `training.memory` takes and costs the first time, beside the same training in memory.

    python bench/speed/stream_tables.py [--rows 10000000] [--memory 2GB] [--work DIR] [--kind csv] [--only COMMAND ...]
    python bench/speed/stream_tables.py --rows 1000000 --memory 560MB --only train --rounds 5

The table has 10 numbers, some of them missing in up to 40 % of the rows, 10 categories of 10 to 1,000,000 values, and a binary label.
Each command runs in a control group whose memory is limited to what is asked for, page cache and all; see `streams.py`. `--kind npz` is the
table as an uncompressed NPZ. `in memory` is the first training without a limit, where nothing is kept: its model must be the same bytes.
`--rounds` trains again and again on what is kept, in turns with and without a limit, and notes how fast the epochs are.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.speed.folders import digest, parameters
from bench.speed.streams import epoch, timed
from bench.tables import Report, machine, markdown, paragraphs
from minirank.config.byte_sizes import bytes_of

SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000, 100_000, 300_000, 1_000_000)  # of the categories
NUMBERS = 10
MISSING = (0.0, 0.01, 0.1, 0.4)  # shares, in turns
CHUNK = 100_000  # rows that are made at a time
TRAINING = {"epochs": 1, "batch_rows": 8192}
COMMANDS = {
    "train": "the first time: the table is read, the encoder fitted, rows encoded and kept, one epoch",
    "train again": "rows are kept: one epoch",
    "evaluate": "the run's validation rows, with intervals",
    "score": "every row, read and encoded anew, into an NPZ",
}
WHOLE, WHOLE_AGAIN = "in memory", "in memory again"


def columns_of(chance: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """Some rows: categories as numbers, NaN where a number is missing, and labels that hang on both."""
    effects, logit, columns = np.random.default_rng(0), np.full(rows, -1.0), {}
    for place, size in enumerate(SIZES):
        ids = (size * chance.random(rows) ** 2).astype(np.int64)
        logit += 0.4 * effects.normal(size=size)[ids]
        columns[f"cat{place}"] = ids
    for place in range(NUMBERS):
        x = chance.normal(size=rows)
        logit += (0.3 * np.sin(2 * x), 0.2 * x)[place % 2]
        x = (x, np.round(np.exp(3 + x), 2), np.floor(np.exp(2 + 1.5 * x)), np.round(x, 4), np.round(50 * x))[place % 5]
        columns[f"num{place}"] = np.where(chance.random(rows) < MISSING[place % 4], np.nan, x)
    return {"clicked": (chance.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int64), **columns}


def write_table(path: Path, rows: int, seed: int) -> None:
    """A table as a CSV, or as an NPZ of a column each."""
    draft, chance, parts = path.with_name(f".{path.name}"), np.random.default_rng(seed), []
    with open(draft, "w", encoding="utf-8") as stream:
        for first in range(0, rows, CHUNK):
            columns = columns_of(chance, min(CHUNK, rows - first))
            if path.suffix == ".npz":
                parts.append({name: values.astype(np.float32 if "num" in name else np.int32) for name, values in columns.items()})
                continue
            texts = {}
            for name, values in columns.items():
                if "cat" in name:
                    texts[name] = [f"value{value}" for value in values.tolist()]
                elif name in ("num2", "num4", "num7", "num9"):
                    texts[name] = ["" if value != value else str(int(value)) for value in values.tolist()]
                else:
                    texts[name] = ["" if value != value else repr(value) for value in values.tolist()]
            texts["clicked"] = list(map(str, columns["clicked"].tolist()))
            stream.write("" if first else ",".join(columns) + "\n")
            stream.writelines(",".join(cells) + "\n" for cells in zip(*texts.values()))
    if parts:
        with open(draft, "wb") as stream:
            np.savez(stream, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})  # type: ignore[arg-type]
    draft.rename(path)


def measured(data: Path, work: Path, memory: str, commands: list[str]) -> dict:
    """What each command takes, and a digest of what trainings made."""
    found = {}
    columns = {"categorical": ["cat*"], "dense": ["num*"], "tasks": [{"name": "clicked", "column": "clicked"}]}
    files, run = {"train": str(data), "valid_share": 0.1, "valid_rows": "last"}, work / f"run-{data.suffix[1:]}"
    for command in commands:
        is_limited, limit = command not in (WHOLE, WHOLE_AGAIN), bytes_of(memory)
        config, folder = work / "ranker.yaml", run if is_limited else work / "run-in-memory"
        training = TRAINING | {"memory": memory if is_limited else None}
        config.write_text(json.dumps({"data": {"table": files, "columns": columns}, "training": training}))
        if command == "train":
            shutil.rmtree(data.parent / ".minirank" / data.name, ignore_errors=True)
        if command == "evaluate":
            found[command] = timed(limit, "evaluate", run, "--split", "valid")
        elif command == "score":
            found[command] = timed(limit, "score", run, data, "--out", work / "scores.npz", "--force")
        else:
            words = ["train", config, "--run", folder, "--force", *(["--no-cache"] if command == WHOLE else [])]
            made = timed(limit if is_limited else None, *words) | epoch(folder)
            made |= {"model": parameters(folder / "model.npz"), "metrics": digest(folder / "metrics.jsonl", folder / "data.json")}
            made["rates"] = [*found.get(command, {}).get("rates", []), made["rows_per_second"]]
            found[command] = made
    return found


def ratios(commands: dict) -> str | None:
    """How fast epochs were in each round, divided by those in memory: median and range; None where there were no rounds."""
    if WHOLE_AGAIN not in commands:
        return None
    found = [limited / whole for limited, whole in zip(commands["train again"]["rates"], commands[WHOLE_AGAIN]["rates"])]
    return f"{median(found):.2f} ({min(found):.2f} to {max(found):.2f} in {len(found)} rounds)"


def in_a_line(tables: dict) -> str:
    """What is in memory at most, and what an epoch costs, of the largest tables that were measured so."""
    largest = max(tables.values(), key=lambda size: size["megabytes"])
    told = f"The largest table, of {largest['megabytes']:,.0f} MB, trains the first time within {largest['memory']}"
    raced = [found for size in tables.values() if (found := ratios(size["commands"]))]
    if raced:
        told += f"; rows that are read part by part train at {raced[-1]} of the speed of those in memory"
    return f"{told}."


def table(results: dict) -> str:
    """Markdown."""
    parts = [in_a_line(results["tables"])]
    for name, size in results["tables"].items():
        found, rows = size["commands"], []
        for command, what in COMMANDS.items():
            if command in found:
                each = found[command]
                peak = "" if each["peak"] is None else f"{each['peak'] / 1e6:,.0f}"
                rows.append([f"{command}: {what}", f"{each['seconds']:,.0f}", f"{each['anonymous'] / 1e6:,.0f}", peak])
        first, again, whole, whole_again = (found.get(command) for command in ("train", "train again", WHOLE, WHOLE_AGAIN))
        text = f"{name} and {len(SIZES) + NUMBERS} columns, {size['megabytes']:,.0f} MB, within {size['memory']} ({first['how']})"
        if speeds := ratios(found):
            text += f": epochs at {speeds} of the speed in memory, median {median(whole_again['rates']):,.0f} rows a second"
        if whole:
            text += f"; in memory the first training takes {whole['seconds']:,.0f} s and {whole['anonymous'] / 1e6:,.0f} MB"
        others = [each for each in (again, whole, whole_again) if each]
        if others:
            same = all(each[key] == first[key] for each in others for key in ("model", "metrics"))
            text += "; the same bytes" if same else "; OTHER BYTES"
        parts += [f"{text}. {first['plan']}.", markdown(["command", "seconds", "MB anonymous", "MB with page cache"], rows)]
    return paragraphs(*parts, f"One epoch of the default model in batches of {TRAINING['batch_rows']:,} rows. {results['machine']}.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--kind", choices=("csv", "npz"), default="csv")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "minirank-stream-tables", help="holds tables and runs")
    parser.add_argument("--only", nargs="+", choices=(*COMMANDS, WHOLE), default=[*COMMANDS, WHOLE])
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    data = options.work / f"train-{options.rows}.{options.kind}"
    if not data.exists():
        write_table(data, options.rows, 1)
    found = measured(data, options.work, options.memory, [*options.only, *["train again", WHOLE_AGAIN] * options.rounds])
    results, name = REPORT.read(), f"{options.kind.upper()} of {options.rows:,} rows"
    before = results.get("tables", {}).get(name, {}).get("commands", {})
    size = {"memory": options.memory, "megabytes": data.stat().st_size / 1e6, "commands": before | found}
    REPORT.publish(results | {"machine": machine("minirank", "numpy", "numba"), "tables": results.get("tables", {}) | {name: size}})


if __name__ == "__main__":
    main()
