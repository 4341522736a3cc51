"""Thousands of mutated files through the real commands: what ends in a traceback, a hang, too much memory, a NaN, or nothing at all?

    python bench/fuzz/campaign.py [--seed 1] [--each 300] [--workers 1]
    python bench/fuzz/campaign.py --case impressions.csv:17          one case again, with all that it said

A case is a kind of file and a number: together with the seed they say how the file is changed and which command reads it. Every
command runs in a process forked for it, on a copy of a small world, with 4 GB of address space beside what it starts with and 60
seconds. Past the first parser: the format's own reader (json, csv, yaml, numpy, sqlite3) still takes the changed file whole.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import math
import os
import random
import re
import resource
import select
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.fuzz import mutations
from bench.fuzz.base import write_base
from bench.tables import Report, machine, markdown, paragraphs
from minirank import cli

SECONDS = 60  # until a command hangs
MEMORY = 4 * 2**30  # bytes
STRUCTURE = 0.8  # share of cases that are changed by content
GOOD = ("refused", "accepted")
BAD = ("traceback", "hang", "memory", "not finite", "nothing written", "unclear", "killed")
# A line of an error, and what may precede it: what was done, what somebody should know.
ERROR = re.compile(r"^minirank(?: \w+)?: error: .+$", re.MULTILINE)


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
        seal: makes what vouches for the file (checksums) vouch for the changed one.
    """

    path: str
    content: Callable
    takes: Callable
    commands: tuple[str, ...]
    seal: Callable[[Path], None] | None = None


def seal_arrays(world: Path) -> None:
    """Let encoder.json vouch for a changed encoder.npz."""
    import hashlib

    path = world / "runs/folder/encoder.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["arrays"] = hashlib.sha256((world / "runs/folder/encoder.npz").read_bytes()).hexdigest()
    path.write_text(json.dumps(found), encoding="utf-8")


JSON, LINES, CSV = (mutations.change_json, is_json), (mutations.change_json_lines, is_json_lines), (mutations.change_csv, is_csv)
NPZ, YAML, SQLITE = (mutations.change_npz, is_npz), (mutations.change_yaml, is_yaml), (mutations.change_sqlite, is_sqlite)
AFTER = tuple(command for command in READ_FOLDER if command != EXTRACT)  # what reads extracted features
TABLE = ("train table.yaml --run new --backend reference", "score runs/table rows.csv --out out.csv", "plan table.yaml")
ARRAY = ("train arrays.yaml --run new --backend reference", "score runs/arrays rows.npz --out out.csv", "plan arrays.yaml")
GO_ON = "train table.yaml --run runs/{} --resume --set training.epochs=2"
STORED = (REPLAY, f"{REPLAY} --dry-run", "grade data --replay grading.jsonl --limit 6", f"{REPLAY} --retry-failed")
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
    "config of a run": Kind("runs/folder/config.yaml", *YAML, USE_RUN),
    "model.npz": Kind("runs/folder/model.npz", *NPZ, USE_RUN),
    "encoder.json": Kind("runs/folder/encoder.json", *JSON, USE_RUN),
    "encoder.npz": Kind("runs/folder/encoder.npz", *NPZ, USE_RUN, seal_arrays),
    "table_encoder.json": Kind(
        "runs/table/table_encoder.json", *JSON, ("score runs/table rows.csv --out out.csv", "evaluate runs/table --split valid")
    ),
    "data.json": Kind("runs/folder/data.json", *JSON, USE_RUN),
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


# --- One case


def mutate(kind: Kind, world: Path, chance: random.Random) -> str:
    """Change the file of a world; returns how."""
    path = world / kind.path
    how = chance.random()
    if how < STRUCTURE:
        if kind.content is mutations.change_sqlite:
            mutations.change_sqlite(chance, path)
        else:
            path.write_bytes(kind.content(chance, path.read_bytes()))
    elif how < 0.98:
        change = chance.choice(mutations.BYTES)
        path.write_bytes(change(chance, path.read_bytes()))
        return change.__name__
    else:
        path.unlink()
        way = chance.choice(("missing", "folder", "link to itself"))
        if way == "folder":
            path.mkdir()
        elif way == "link to itself":
            path.symlink_to(path.name)
        return way
    if kind.seal is not None and path.exists():
        kind.seal(world)
    return "content"


def past_parser(kind: Kind, path: Path) -> bool:
    """Whether the first parser takes the changed file."""
    try:
        return kind.takes(path if kind.takes is is_sqlite else path.read_bytes())
    except Exception:  # any parser's, of any kind: that is what is asked
        return False


def run_case(base: Path, seed: int, name: str, number: int, folder: Path) -> dict:
    """What became of a case; runs in a process of its own."""
    kind = KINDS[name]
    chance = random.Random(f"{seed}:{name}:{number}")
    shutil.copytree(base, folder)
    how = mutate(kind, folder, chance)
    words = chance.choice(kind.commands).split()
    os.chdir(folder)
    parsed = past_parser(kind, Path(kind.path))
    out, said = io.StringIO(), io.StringIO()
    found = {"how": how, "command": " ".join(words), "parsed": parsed}
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = cli.main(words)
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        text = traceback.format_exc()
        return found | {"verdict": "traceback", "said": text, "where": _where(text)}
    return (
        found | {"status": status, "said": said.getvalue(), "out": out.getvalue()} | _judged(status, out.getvalue(), said.getvalue(), words)
    )


def _where(text: str) -> str:
    """The last line of a traceback, and the last place of ours in it."""
    places = re.findall(r'File ".*?/(minirank/.*?|llm_client/.*?|kernels/.*?)", line \d+, in (\w+)', text)
    return f"{places[-1][0]} {places[-1][1]}: {text.strip().splitlines()[-1][:120]}" if places else text.strip().splitlines()[-1][:160]


def _judged(status: int | None, out: str, said: str, words: list[str]) -> dict:
    """Verdict of a command that returned."""
    errors = ERROR.findall(said)
    if "Traceback (most recent call last)" in said or "Warning: " in said:
        return {"verdict": "unclear", "where": said.strip().splitlines()[-1][:160]}
    if status == 2:
        fine = len(errors) == 1 and said.rstrip("\n").endswith(errors[0]) and len(errors[0]) < 2_000
        return {"verdict": "refused"} if fine else {"verdict": "unclear", "where": f"{len(errors)} lines of errors, {len(said)} characters"}
    if status == 1:
        return {"verdict": "refused"} if out.strip() else {"verdict": "unclear", "where": "status 1 and nothing said"}
    if status != 0:
        return {"verdict": "unclear", "where": f"status {status}"}
    if not out.strip():
        return {"verdict": "nothing written", "where": "no word on stdout"}
    return _outputs(out, words)


def _outputs(out: str, words: list[str]) -> dict:
    """Verdict of a command that ended well, from what it printed and wrote."""
    wanted = [words[words.index("--out") + 1]] if "--out" in words else ["new/model.npz", "new/metrics.jsonl"] if "new" in words else []
    for path in map(Path, wanted):
        if not path.exists() or not path.stat().st_size:
            return {"verdict": "nothing written", "where": str(path)}
        if path.suffix == ".npz":
            with np.load(path) as archive:
                numbers = [archive[key] for key in archive.files if archive[key].dtype.kind == "f"]
            if not all(np.isfinite(array).all() for array in numbers):
                return {"verdict": "not finite", "where": str(path)}
        elif path.suffix == ".csv":
            rows = list(csv.DictReader(path.open(newline="", encoding="utf-8")))
            numbers = [value for row in rows for key, value in row.items() if key not in ("search_id", "job_id", "resume_id")]
            if not all(value and math.isfinite(float(value)) for value in numbers):
                return {"verdict": "not finite", "where": str(path)}
        elif re.search(r"\b(NaN|Infinity)\b", path.read_text(encoding="utf-8")):
            return {"verdict": "not finite", "where": str(path)}
    if words[0] in ("rank", "evaluate") and re.search(r"(?<![\w\"'])-?(nan|NaN|inf|Infinity)\b", out):
        return {"verdict": "not finite", "where": "stdout"}
    return {"verdict": "accepted"}


# --- Many cases


def cases(each: int, names: list[str]) -> Iterator[tuple[str, int]]:
    """Kinds in turns, so that a part of a campaign has all of them."""
    return ((name, number) for number in range(each) for name in names)


def run_cases(base: Path, scratch: Path, seed: int, wanted: list[tuple[str, int]], workers: int, done: Callable[[dict], None]) -> None:
    """Run cases, each in a process that is forked for it."""
    active: dict[int, tuple[int, str, int, float, Path]] = {}  # descriptor of a process -> what it does
    wanted = wanted[::-1]
    while wanted or active:
        while wanted and len(active) < workers:
            name, number = wanted.pop()
            folder = scratch / f"{zlib.crc32(name.encode()):08x}.{number}"
            pid = os.fork()
            if not pid:
                _child(base, seed, name, number, folder)
            active[os.pidfd_open(pid)] = pid, name, number, time.monotonic(), folder
        for descriptor in _ended(list(active), active):
            pid, name, number, began, folder = active.pop(descriptor)
            seconds = time.monotonic() - began
            hang = seconds > SECONDS
            if hang:
                os.kill(pid, 9)
            _, status, used = os.wait4(pid, 0)
            os.close(descriptor)
            done(_record(name, number, folder, status, used.ru_maxrss * 1024, hang) | {"seconds": round(seconds, 2)})


def _ended(descriptors: list[int], active: dict) -> list[int]:
    """Those of processes that ended, or have been at work for too long."""
    ready = select.select(descriptors, [], [], 1)[0]
    return ready or [each for each in descriptors if time.monotonic() - active[each][3] > SECONDS]


def _child(base: Path, seed: int, name: str, number: int, folder: Path) -> None:
    """Run a case and leave its outcome beside its folder; never returns."""
    try:
        with open("/proc/self/statm", encoding="ascii") as sizes:
            held = int(sizes.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        found = run_case(base, seed, name, number, folder)
        folder.with_suffix(folder.suffix + ".json").write_text(json.dumps(found), encoding="utf-8", errors="backslashreplace")
        os._exit(0)
    except BaseException:
        folder.with_suffix(folder.suffix + ".error").write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(3)


def _record(name: str, number: int, folder: Path, status: int, memory: int, hang: bool) -> dict:
    """The record of a case whose process has ended."""
    left = folder.with_suffix(folder.suffix + ".json")
    case = {"kind": name, "case": number, "memory": memory}
    if left.exists():
        case |= json.loads(left.read_text(encoding="utf-8"))
        left.unlink()
    else:
        trouble = folder.with_suffix(folder.suffix + ".error")
        text = trouble.read_text(encoding="utf-8") if trouble.exists() else f"status {status}"
        trouble.unlink(missing_ok=True)
        case |= {"verdict": "hang" if hang else "killed", "where": text.strip().splitlines()[-1][:160], "said": text, "parsed": False}
    shutil.rmtree(folder, ignore_errors=True)
    if memory > MEMORY and case["verdict"] in GOOD:
        case |= {"verdict": "memory", "where": f"{memory / 2**30:.1f} GiB"}
    return case


def summary(records: list[dict], seed: int, each: int) -> dict:
    """What is kept of a campaign: counts by kind, and every case that went wrong."""
    kinds: dict[str, Counter] = {name: Counter() for name in KINDS}
    for record in records:
        kinds[record["kind"]].update([record["verdict"], *(["parsed"] if record["parsed"] else []), "cases"])
    wrong = [record for record in records if record["verdict"] in BAD]
    kept = ("kind", "case", "command", "how", "verdict", "where")
    return {
        "seed": seed,
        "each": each,
        "kinds": {name: dict(counts) for name, counts in kinds.items() if counts},
        "memory": max(record["memory"] for record in records),
        "seconds": max(record["seconds"] for record in records),
        "wrong": [{key: record.get(key) for key in kept} for record in sorted(wrong, key=lambda record: (record["kind"], record["case"]))],
        "machine": machine("numpy", "PyYAML"),
    }


def table(results: dict) -> str:
    """Markdown."""
    counts = results["kinds"]
    total, parsed = (sum(kind.get(key, 0) for kind in counts.values()) for key in ("cases", "parsed"))
    wrong = {verdict: sum(kind.get(verdict, 0) for kind in counts.values()) for verdict in BAD}
    rows = []
    for name, kind in counts.items():
        others = ", ".join(f"{kind[verdict]} {verdict}" for verdict in BAD if kind.get(verdict)) or "0"
        rows.append([name, *(f"{kind.get(key, 0):,}" for key in ("cases", "parsed", *GOOD)), others])
    return paragraphs(
        f"Of {total:,} mutated files of {len(counts)} kinds, {100 * parsed / total:.0f} % of them past the first parser: "
        + ", ".join(f"{count} {verdict}" for verdict, count in wrong.items())
        + ".",
        f"Seed {results['seed']}; at most {results['memory'] / 2**30:.2f} GiB in memory and {results['seconds']:.1f} s a command. "
        "Refused: one line that says what is wrong, or the report of `validate`. Accepted: status 0, and every output that the command is "
        "to write is there, without NaN. Unclear: an error of another form, or a warning of Python's. `--case KIND:NUMBER` runs one again.",
        markdown(["file", "cases", "past the first parser", *GOOD, "wrong"], rows),
        results["machine"],
    )


REPORT = Report(__file__, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, default in (("seed", 1), ("each", 300), ("workers", 1)):
        parser.add_argument(f"--{name}", type=int, default=default, help="number")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only these kinds of file; nothing is published")
    parser.add_argument("--case", metavar="KIND:NUMBER", help="run one case and print what it said")
    parser.add_argument("--log", type=Path, help="a file of finished cases, a line each: a campaign that was stopped goes on from it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as scratch:
        base = Path(scratch) / "base"
        write_base(base)
        if options.case is not None:
            name, _, number = options.case.rpartition(":")
            run_cases(
                base,
                Path(scratch),
                options.seed,
                [(name, int(number))],
                1,
                lambda case: print(*(f"{k}: {v}" for k, v in case.items()), sep="\n"),
            )
            return
        records = _read_log(options.log)
        known = {(record["kind"], record["case"]) for record in records}
        wanted = [case for case in cases(options.each, options.kind or list(KINDS)) if case not in known]

        def done(record: dict) -> None:
            record = {key: value for key, value in record.items() if key not in ("said", "out")} | {
                "said": str(record.get("said", ""))[-600:]
            }
            records.append(record)
            if options.log is not None:
                with options.log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(record) + "\n")

        run_cases(base, Path(scratch), options.seed, wanted, options.workers, done)
    results = summary(records, options.seed, options.each)
    if options.kind:
        print(table(results), *(f"{r['kind']}:{r['case']} {r['verdict']}: {r['where']}" for r in results["wrong"]), sep="\n")
    else:
        REPORT.publish(results)


def _read_log(path: Path | None) -> list[dict]:
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
