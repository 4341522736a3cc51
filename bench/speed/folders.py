"""How long the commands of a data folder take, this checkout beside another, with what is kept beside the data and without.

    python bench/speed/folders.py --before ../before --impressions 100000 [--rounds 1] [--work DIR] [--only train score ...]

A market of that size is simulated and read once into DIR (kept there); each round runs the commands of both builds one after the other.
Seconds are those of the processor, which other programs lengthen little; memory is the most that a command held. What the commands
write and print must be the same bytes. Commands that are left out by `--only` keep what was measured before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs

BUILDS = ("before", "now")
# What is measured, and what it is measured beside.
COMMANDS = {
    "train": "the first time",
    "train again": "nothing changed since",
    "evaluate": "the run's test rows",
    "score": "every impression, into a CSV",
    "rank": "one job, all candidates, after a training",
    "rank again": "nothing changed since",
}
STAGES = {  # functions whose seconds are shown, in either build
    "read the folder": ("minirank.run.load_data:read_folder",),
    "read the features": ("minirank.run.load_data:read_features",),
    "words of texts counted": ("minirank.features.tfidf:hashed_counts", "minirank.features.word_counts:_count"),
    "other words for names": ("minirank.features.links:Links.fit",),
    "resumes as arrays": ("minirank.features.profiles:resume_profiles",),
    "jobs as arrays": ("minirank.features.profiles:job_profiles",),
    "inputs of pairs": ("minirank.features.inputs:Feature.column",),
    "kept for the next time": ("minirank.features.kept_rows:KeptRows.write_rows", "minirank.data.folder.kept_folder:keep_folder"),
    "epochs": ("minirank.training.trainer:Trainer._epoch",),
    "metrics at the end": ("minirank.training.trainer:_measure",),
}
STAGE_SECONDS = Path(__file__).with_name("stage_seconds.py")


def environment(build: Path) -> dict[str, str]:
    """Of the processes of a build, which keep their bytecode as an installed package does."""
    kept = {"PYTHONPATH": str(build), "COLUMNS": "120", "PYTHONPYCACHEPREFIX": f"{tempfile.gettempdir()}/minirank-bytecode"}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | kept


def timed(build: Path, out: Path, *words: object, program: tuple[str, ...] = ("-m", "minirank"), processors: int | None = None) -> dict:
    """A command's seconds of the processor and of the clock, megabytes at most, and its output in a file.

    Args:
        program: what Python runs. processors: that it may use; None = all.
    """
    command, began, all_of_them = [sys.executable, *program, *map(str, words)], time.perf_counter(), os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, sorted(all_of_them)[:processors])
        with open(out, "wb") as stream:
            child = subprocess.Popen(command, cwd=build, env=environment(build), stdout=stream)
            _, status, used = os.wait4(child.pid, 0)
    finally:
        os.sched_setaffinity(0, all_of_them)
    if status:
        sys.exit(f"{build}: minirank {' '.join(map(str, words))} failed")
    seconds = used.ru_utime + used.ru_stime
    return {"seconds": seconds, "elapsed": time.perf_counter() - began, "megabytes": used.ru_maxrss / 1024}


def digest(*paths: Path) -> str:
    """SHA-256 of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def parameters(path: Path) -> str:
    """SHA-256 of a model's parameters; what it was trained with names every key of the configuration, of which builds have others."""
    total = hashlib.sha256()
    with np.load(path) as arrays:
        for name in sorted(set(arrays.files) - {"trained_with"}):
            total.update(name.encode() + arrays[name].tobytes())
    return total.hexdigest()


def measured(build: Path, data: Path, work: Path, only: list[str]) -> tuple[dict, dict]:
    """Seconds and memory of each command, with the stages of the first training, and digests of what they made."""
    shutil.rmtree(data / ".minirank", ignore_errors=True)
    config, run = work / "ranker.yaml", work / "run"
    config.write_text(json.dumps({"data": {"folder": str(data)}, "training": {"epochs": 1}}))
    job = json.loads((data / "jobs.jsonl").open(encoding="utf-8").readline())["job_id"]
    out, scores = work / "out", work / "scores.csv"
    found, made = {}, {}
    for name, words in {
        "train": ("train", config, "--run", run, "--force"),
        "train again": ("train", config, "--run", run, "--force"),
        "evaluate": ("evaluate", run),
        "score": ("score", run, data, "--out", scores, "--force"),
        "rank": ("rank", run, "--job", job, "--role", "executive"),
        "rank again": ("rank", run, "--job", job, "--role", "executive"),
    }.items():
        if name not in only:
            continue
        if name == "train":
            stats = work / "stages.json"
            places = [place for of_stage in STAGES.values() for place in of_stage]
            found[name] = timed(build, out, *words, program=(str(STAGE_SECONDS), str(stats), *places, "--"))
            seconds = json.loads(stats.read_text())
            found["stages"] = {stage: sum(seconds.get(place, 0.0) for place in of_stage) for stage, of_stage in STAGES.items()}
        else:
            found[name] = timed(build, out, *words)
        if name.startswith("train"):
            timing = [json.loads(line) for line in (run / "timing.jsonl").read_text().splitlines()]
            found[name]["epoch"] = sum(line["seconds"] + line["valid_seconds"] for line in timing)
        made[name] = parameters(run / "model.npz") if name.startswith("train") else digest(scores if name == "score" else out)
        if name.startswith("train"):
            made[f"facts of {name}"] = digest(run / "data.json", run / "encoder.json", run / "encoder.npz")
        print(f"{build.name}: {name}: {found[name]}", file=sys.stderr, flush=True)
    found["kept"] = sum(path.stat().st_size for path in (data / ".minirank").glob("*")) / 1e6
    return found, made


def extraction(builds: dict[str, Path], data: Path, rounds: int) -> dict:
    """Seconds of `extract` by rules on one processor and on all, medians of the rounds, and whether the files are the same."""
    files = [data / name for name in ("job_features.jsonl", "resume_features.jsonl", "hiring_signals.jsonl")]
    found: dict = {build: {"one": [], "all": []} for build in builds}
    made = set()
    for _ in range(rounds):
        for build, folder in builds.items():
            for part, processors in (("one", 1), ("all", None)):
                found[build][part].append(timed(folder, Path(os.devnull), "extract", data, "--rules", "--force", processors=processors))
                made.add(digest(*files))
                print(f"{build}: extract on {part}: {found[build][part][-1]}", file=sys.stderr, flush=True)
    medians = {build: {part: middle(each) for part, each in parts.items()} for build, parts in found.items()}
    return medians | {"processors": len(os.sched_getaffinity(0)), "same": len(made) == 1}


def table(results: dict) -> str:
    """Markdown."""
    parts: list[str] = []
    totals: list[str] = []
    for size, found in results["sizes"].items():
        rows, told = [], []
        totals.clear()
        for name, what in COMMANDS.items():
            if any(name not in found[build] for build in BUILDS):
                continue
            before, now = (found[build][name] for build in BUILDS)
            ratio = before["seconds"] / now["seconds"]
            totals.append(f"{name} {ratio:.1f}")
            memory = [f"{each['megabytes']:,.0f}" for each in (before, now)]
            rows.append([f"{name}: {what}", f"{before['seconds']:.1f}", f"{now['seconds']:.1f}", f"{ratio:.1f}", *memory])
        extract = found.get("extract")
        if extract:
            (one, all_before), (alone, together) = ([extract[build][part]["elapsed"] for part in ("one", "all")] for build in BUILDS)
            told.append(
                f"`extract --rules` on one processor: {one:.1f} s by the clock before, {alone:.1f} now ({one / alone:.2f} times less); on "
                f"{extract['processors']}: {all_before:.1f} before, {together:.1f} now ({all_before / together:.2f} times less), "
                f"{alone / together:.2f} times as fast as on one. The files are {'the same bytes' if extract['same'] else 'others'}."
            )
        head = ["command", "seconds before", "now", "before / now", "MB before", "now"]
        timed_stages = [found[build].get("stages") for build in BUILDS]
        stages = [[name, *(f"{each[name]:.1f}" for each in timed_stages)] for name in STAGES] if all(timed_stages) else []
        kept, data = found["now"]["kept"], found["data"]
        parts += [
            f"{int(size):,} impressions, {found['rounds']} round{'s' * (found['rounds'] > 1)}; kept beside the data: {kept:,.0f} MB "
            f"of {data:,.0f} MB. All outputs are the same bytes."
            if found["same"]
            else "The outputs differ.",
            markdown(head, rows),
            *told,
        ]
        if stages:
            parts += ["Where a first training's seconds go, those of all threads (stages may hold each other):"]
            parts += [markdown(["stage", "before", "now"], stages)]
    return paragraphs(f"Times faster at the largest size: {', '.join(totals)}.", *parts, f"{results['machine']}.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="a checkout")
    parser.add_argument("--impressions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="these commands")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "minirank-folders", help="holds the markets")
    parser.add_argument("--extract", action="store_true", help="measure extract alone, which needs an idle machine")
    options = parser.parse_args()
    data = options.work / str(options.impressions)
    if not (data / "extraction.json").exists():
        for words in (("simulate", data, "--impressions", options.impressions), ("extract", data, "--rules")):
            timed(CHECKOUT, Path(os.devnull), *words)
    builds = dict(zip(BUILDS, (options.before.resolve(), CHECKOUT)))
    for folder in builds.values():  # nobody's first start is measured
        timed(folder, Path(os.devnull), "warm")
    results = REPORT.read()
    sizes = results.get("sizes", {})
    if options.extract:
        sizes.setdefault(str(options.impressions), {})["extract"] = extraction(builds, data, options.rounds)
        REPORT.publish(results | {"sizes": sizes})
        return
    rounds: dict[str, list] = {build: [] for build in BUILDS}
    made = []
    with tempfile.TemporaryDirectory() as place:
        for _ in range(options.rounds):
            for build, folder in builds.items():
                found, digests = measured(folder, data, Path(place), options.only)
                rounds[build].append(found)
                made.append(digests)
    size: dict = {build: {name: middle([each[name] for each in found]) for name in found[0]} for build, found in rounds.items()}
    size |= {"rounds": options.rounds, "same": all(each == made[0] for each in made)}
    size["data"] = sum(path.stat().st_size for path in data.iterdir() if path.is_file()) / 1e6
    earlier = sizes.get(str(options.impressions), {})
    size |= {name: earlier[name] for name in ("extract",) if name in earlier}
    for build in BUILDS:
        size[build] = earlier.get(build, {}) | size[build]
    sizes |= {str(options.impressions): size}
    REPORT.publish({"machine": machine("minirank", "numpy", "numba"), "sizes": dict(sorted(sizes.items(), key=lambda each: int(each[0])))})


def middle(found: list) -> dict | float:
    """Medians of numbers, of dicts by key."""
    if isinstance(found[0], dict):
        return {key: statistics.median(each[key] for each in found) for key in found[0]}
    return statistics.median(found)


if __name__ == "__main__":
    main()
