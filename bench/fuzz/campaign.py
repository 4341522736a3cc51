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
import hashlib
import io
import json
import math
import os
import random
import re
import resource
import select
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.fuzz import binary, mutations
from bench.fuzz.base import honest, serving, write_base
from bench.fuzz.kinds import KINDS, Kind, is_sqlite
from bench.tables import Report, machine, markdown, paragraphs
from minirank import cli

SECONDS = 60  # until a command hangs
NOBODY = 65534  # a user who may not read what its owner alone may
MEMORY = 4 * 2**30  # bytes
STRUCTURE = 0.8  # share of cases that are changed by content
GOOD = ("refused", "accepted")
BAD = ("traceback", "hang", "memory", "not finite", "nothing written", "unclear", "killed")
# A line of an error, and what may precede it: what was done, what somebody should know.
ERROR = re.compile(r"^minirank(?: \w+)?: error: .+$", re.MULTILINE)


# --- One case


def mutate(kind: Kind, world: Path, chance: random.Random) -> str:
    """Change the file of a world; returns how."""
    path = world / kind.path
    content, how = path.read_bytes(), chance.random()
    path.unlink()  # a link of the base's
    path.write_bytes(content)
    if how < STRUCTURE:
        if kind.content is binary.change_sqlite:
            binary.change_sqlite(chance, path)
        else:
            path.write_bytes(kind.content(chance, content))
    elif how < 0.98:
        change = chance.choice(mutations.BYTES)
        path.write_bytes(change(chance, content))
        return change.__name__
    else:
        path.unlink()
        way = chance.choice(("missing", "folder", "link to itself", "unreadable"))
        if way == "folder":
            path.mkdir()
        elif way == "link to itself":
            path.symlink_to(path.name)
        elif way == "unreadable":
            path.touch(0)
            for place in (*world.rglob("*"), world, world.parent):
                if place != path:
                    place.chmod(0o777)
            if os.geteuid() == 0:
                os.seteuid(NOBODY)
        return way
    if kind.seal is not None and chance.random() < 0.9:
        kind.seal(path.parent)
    return "content"


def past_parser(kind: Kind, path: Path) -> bool:
    """Whether the first parser takes the changed file."""
    try:
        return kind.takes(path if kind.takes is is_sqlite else path.read_bytes())
    except Exception:  # any parser's, of any kind: that is what is asked
        return False


def _link(source: str, target: str) -> None:
    """A file of the base in a world: a link, or a copy of what commands change in its place."""
    changed = source.endswith((".sqlite", "metrics.jsonl", "timing.jsonl"))
    (shutil.copy if changed else os.link)(source, target)


def checksum(folder: Path) -> str:
    """Of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def run_case(base: Path, seed: int, name: str, number: int, folder: Path) -> dict:
    """What became of a case; runs in a process of its own."""
    kind = KINDS[name]
    chance = random.Random(f"{seed}:{name}:{number}")
    shutil.copytree(base, folder, copy_function=_link)
    how = mutate(kind, folder, chance)
    words = chance.choice(kind.commands).split()
    os.chdir(folder)
    parsed = past_parser(kind, Path(kind.path))
    out, said = io.StringIO(), io.StringIO()
    found = {"how": how, "command": " ".join(words), "parsed": parsed}
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said), contextlib.ExitStack() as servers:
            if "URL" in words:
                words[words.index("URL")] = servers.enter_context(serving(honest))[0]
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
            rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
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
        "to write is there, without NaN. Unclear: an error of another form, or a warning of Python's. `--case KIND:NUMBER` runs one again. "
        + results.get("note", ""),
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
        before = checksum(base)
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
        assert checksum(base) == before, "a command wrote to the world that all cases share"
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
