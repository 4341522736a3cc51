"""The kinds of files that the campaign changes: how, by which commands they are read, and what their first parser takes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from bench.fuzz import binary, mutations
from minirank.run import trained_with

# --- What the first parser takes


def is_json(content: bytes) -> bool:
    return isinstance(json.loads(content), (dict, list))


def is_json_lines(content: bytes) -> bool:
    lines = content.decode("utf-8-sig").split("\n")
    return all(isinstance(json.loads(line), dict) for line in lines if line.strip()) and bool(content.strip())


def is_yaml(content: bytes) -> bool:
    return isinstance(yaml.safe_load(content.decode()), dict)


def is_csv(content: bytes) -> bool:
    rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True) if row]
    return len(rows) > 1 and len({len(row) for row in rows}) == 1


def is_text(content: bytes) -> bool:
    return bool(content.decode().strip())


def is_npz(content: bytes) -> bool:
    with np.load(io.BytesIO(content)) as archive:
        return all(isinstance(archive[name], np.ndarray) for name in archive.files)


def is_sqlite(path: Path) -> bool:
    base = sqlite3.connect(path)
    try:
        return base.execute("PRAGMA integrity_check").fetchone()[0] == "ok" and bool(base.execute("SELECT * FROM sqlite_master").fetchall())
    finally:
        base.close()


# --- Kinds of files, and the commands that read them

TRAIN = "train folder.yaml --run new --backend reference"
SCORE = "score runs/folder data --out out.csv"
RANK = "rank runs/folder --job j1 --role hr --top 5 --json"
EVALUATE = "evaluate runs/folder --bootstrap 2 --json"
EXTRACT = "extract data --rules"
REPLAY = "extract data --replay cassette.jsonl"
READ_FOLDER = (
    "validate data",
    EXTRACT,
    TRAIN,
    SCORE,
    RANK,
    "grade data --rules",
    "plan folder.yaml",
    "evaluate runs/folder --choose-exponents",
)
USE_RUN = (
    SCORE,
    RANK,
    EVALUATE,
    "rank runs/folder --job j1 --role hr --versus headhunter",
    "score runs/folder data --out out.npz --backend reference",
)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Args:
        path: in the world.
        content: how its content is changed.
        takes: whether its first parser takes it.
        commands: that read it.
        seal: of the file's folder; makes what vouches for the file (checksums) vouch for the changed one, in nine of ten cases.
    """

    path: str
    content: Callable
    takes: Callable
    commands: tuple[str, ...]
    seal: Callable[[Path], None] | None = None


def unseal(run: Path) -> None:
    """Take from model.npz what vouches for the other files of its run, as in the runs of earlier versions."""
    with np.load(run / "model.npz") as archive:
        arrays = {name: archive[name] for name in archive.files if name != trained_with.NAME}
    (run / "model.npz").unlink()
    np.savez(run / "model.npz", **arrays)


def seal_arrays(run: Path) -> None:
    """Let encoder.json vouch for a changed encoder.npz."""
    unseal(run)
    path = run / "encoder.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    found["arrays"] = hashlib.sha256((run / "encoder.npz").read_bytes()).hexdigest()
    path.write_text(json.dumps(found), encoding="utf-8")


JSON, LINES, CSV = (mutations.change_json, is_json), (mutations.change_json_lines, is_json_lines), (mutations.change_csv, is_csv)
NPZ, YAML, SQLITE = (binary.change_npz, is_npz), (mutations.change_yaml, is_yaml), (binary.change_sqlite, is_sqlite)
AFTER = tuple(command for command in READ_FOLDER if command != EXTRACT)  # what reads extracted features
TABLE = ("train table.yaml --run new --backend reference", "score runs/table rows.csv --out out.csv", "plan table.yaml")
ARRAY = ("train arrays.yaml --run new --backend reference", "score runs/arrays rows.npz --out out.csv", "plan arrays.yaml")
GO_ON = "train table.yaml --run runs/{} --resume --set training.epochs=2"
STORED = (
    "extract data --base-url URL --model m --timeout 5",
    REPLAY,
    f"{REPLAY} --dry-run",
    "grade data --replay grading.jsonl --limit 6",
    f"{REPLAY} --retry-failed",
)
KINDS = {
    "jobs.jsonl": Kind("data/jobs.jsonl", *LINES, READ_FOLDER),
    "resumes.jsonl": Kind("data/resumes.jsonl", *LINES, READ_FOLDER),
    "recruiters.csv": Kind("data/recruiters.csv", *CSV, READ_FOLDER),
    "hires.csv": Kind("data/hires.csv", *CSV, READ_FOLDER),
    "impressions.csv": Kind("data/impressions.csv", *CSV, READ_FOLDER),
    "protected.csv": Kind("data/protected.csv", *CSV, READ_FOLDER),
    "truth.npz": Kind("data/truth.npz", *NPZ, ("validate data", TRAIN, EVALUATE)),
    "relevance_grades.csv": Kind("data/relevance_grades.csv", *CSV, (TRAIN, "plan folder.yaml", EVALUATE)),
    "job_features.jsonl": Kind("data/job_features.jsonl", *LINES, (TRAIN, SCORE, RANK, "grade data --rules")),
    "resume_features.jsonl": Kind("data/resume_features.jsonl", *LINES, (TRAIN, SCORE, RANK, "grade data --rules")),
    "extraction.json": Kind("data/extraction.json", *JSON, (TRAIN, RANK, EVALUATE)),
    "config of a folder": Kind(
        "folder.yaml", *YAML, ("plan folder.yaml", TRAIN, "validate data --config folder.yaml", f"{EXTRACT} --config folder.yaml")
    ),
    "config of a table": Kind("table.yaml", *YAML, TABLE[::2]),
    "table.csv": Kind("rows.csv", *CSV, TABLE),
    "table.npz": Kind("rows.npz", *NPZ, ARRAY),
    "config of a run": Kind("runs/folder/config.yaml", *YAML, USE_RUN, unseal),
    "model.npz": Kind("runs/folder/model.npz", *NPZ, USE_RUN),
    "encoder.json": Kind("runs/folder/encoder.json", *JSON, USE_RUN, unseal),
    "encoder.npz": Kind("runs/folder/encoder.npz", *NPZ, USE_RUN, seal_arrays),
    "table_encoder.json": Kind(
        "runs/table/table_encoder.json", *JSON, ("score runs/table rows.csv --out out.csv", "evaluate runs/table --split valid"), unseal
    ),
    "data.json": Kind("runs/folder/data.json", *JSON, USE_RUN, unseal),
    "versions.json": Kind("runs/folder/versions.json", *JSON, (SCORE,)),
    "metrics.jsonl": Kind("runs/stopped/metrics.jsonl", *LINES, (GO_ON.format("stopped"), "score runs/stopped rows.csv --out out.csv")),
    "metrics of a finished run": Kind("runs/table/metrics.jsonl", *LINES, ("train table.yaml --run runs/table --resume",)),
    "checkpoint.npz": Kind("runs/stopped/checkpoint.npz", *NPZ, (GO_ON.format("stopped"),)),
    "llm.sqlite": Kind("llm.sqlite", *SQLITE, tuple(f"{words} --store llm.sqlite" for words in STORED)),
    "recorded exchanges": Kind("cassette.jsonl", *LINES, (REPLAY, f"{REPLAY} --concurrency 1")),
    "batch answers": Kind("batch.jsonl", *LINES, (f"{REPLAY} --batch-in batch.jsonl",)),
    "gazetteer of ESCO": Kind("labels.csv", *CSV, (f"{EXTRACT} --gazetteer labels.csv", RANK + " --resumes new.jsonl", TRAIN)),
    "gazetteer": Kind("labels.txt", mutations.change_labels, is_text, (f"{EXTRACT} --gazetteer labels.txt",)),
    "resumes to rank": Kind("new.jsonl", *LINES, (f"{RANK} --resumes new.jsonl",)),
    "pairs to grade": Kind("pairs.csv", *CSV, ("grade data --rules --pairs pairs.csv",)),
}
