"""How long the commands of a data folder take, this checkout beside another, with what is kept beside the data and without.

    python bench/speed/folders.py --before ../before --impressions 100000 [--rounds 1] [--work DIR]

A market of that size is simulated and read once into DIR (kept there); each round runs the commands of both builds one after the other.
Seconds are those of the processor, which other programs lengthen little; memory is the most that a command held. What the commands
write and print must be the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
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
    "rank": "one job, all candidates",
    "rank again": "nothing changed since",
}
STAGES = {  # file, function: whose seconds are shown
    "read the folder": ("data_folder.py", "read_folder"),
    "read the features": ("feature_files.py", "read_features"),
    "other words for names": ("links.py", "fit"),
    "resumes as arrays": ("profiles.py", "resume_profiles"),
    "inputs of pairs": ("inputs.py", "column"),
    "epochs": ("trainer.py", "run"),
    "metrics at the end": ("measured.py", "measure"),
}
PROFILE = "import cProfile, sys; from minirank.cli import main; cProfile.run('main(sys.argv[2:])', sys.argv[1])"


def environment(build: Path) -> dict[str, str]:
    """Of the processes of a build."""
    return os.environ | {"PYTHONPATH": str(build), "COLUMNS": "120"}


def timed(build: Path, out: Path, *words: object) -> dict:
    """A command's seconds of the processor, megabytes at most, and its output in a file."""
    with open(out, "wb") as stream:
        child = subprocess.Popen([sys.executable, "-m", "minirank", *map(str, words)], cwd=build, env=environment(build), stdout=stream)
        _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{build}: minirank {' '.join(map(str, words))} failed")
    return {"seconds": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}


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


def measured(build: Path, data: Path, work: Path) -> tuple[dict, dict]:
    """Seconds and memory of each command, and digests of what they made."""
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


def profile(build: Path, data: Path, work: Path) -> dict[str, float]:
    """Seconds of the stages of a first training, as a share of all."""
    shutil.rmtree(data / ".minirank", ignore_errors=True)
    stats = work / "stats"
    words = ["train", str(work / "ranker.yaml"), "--run", str(work / "run"), "--force"]
    subprocess.run([sys.executable, "-c", PROFILE, str(stats), *words], cwd=build, env=environment(build), check=True, capture_output=True)
    found = pstats.Stats(str(stats)).stats  # type: ignore[attr-defined]
    total = max(cumulative for _, _, _, cumulative, _ in found.values())
    return {
        name: sum(each[3] for (path, _, function), each in found.items() if (Path(path).name, function) == where) / total
        for name, where in STAGES.items()
    }


def table(results: dict) -> str:
    """Markdown."""
    parts, totals = [], []
    for size, found in results["sizes"].items():
        rows = []
        for name, what in COMMANDS.items():
            before, now = (found[build][name] for build in BUILDS)
            ratio = before["seconds"] / now["seconds"]
            totals.append(f"{name} {ratio:.1f}")
            memory = [f"{each['megabytes']:,.0f}" for each in (before, now)]
            rows.append([f"{name}: {what}", f"{before['seconds']:.1f}", f"{now['seconds']:.1f}", f"{ratio:.1f}", *memory])
        head = ["command", "seconds before", "now", "before / now", "MB before", "now"]
        shares = [[name, *(f"{100 * found['profile'][build][name]:.0f} %" for build in BUILDS)] for name in STAGES]
        kept, data = found["now"]["kept"], found["data"]
        parts += [
            f"{int(size):,} impressions, {found['rounds']} round{'s' * (found['rounds'] > 1)}; kept beside the data: {kept:,.0f} MB "
            f"of {data:,.0f} MB. All outputs are the same bytes."
            if found["same"]
            else "The outputs differ.",
            markdown(head, rows),
            "Where a first training's time goes, of all its time under a profiler (stages may hold each other):",
            markdown(["stage", "before", "now"], shares),
        ]
    return paragraphs(f"Times faster at the largest size: {', '.join(totals[-len(COMMANDS) :])}.", *parts, f"{results['machine']}.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="a checkout")
    parser.add_argument("--impressions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "minirank-folders", help="holds the markets")
    options = parser.parse_args()
    data = options.work / str(options.impressions)
    if not (data / "extraction.json").exists():
        for words in (("simulate", data, "--impressions", options.impressions), ("extract", data, "--rules")):
            timed(CHECKOUT, Path(os.devnull), *words)
    builds = dict(zip(BUILDS, (options.before.resolve(), CHECKOUT)))
    rounds: dict[str, list] = {build: [] for build in BUILDS}
    made, shares = [], {}
    with tempfile.TemporaryDirectory() as place:
        for _ in range(options.rounds):
            for build, folder in builds.items():
                found, digests = measured(folder, data, Path(place))
                rounds[build].append(found)
                made.append(digests)
        for build, folder in builds.items():
            shares[build] = profile(folder, data, Path(place))
    size: dict = {build: {name: middle([each[name] for each in found]) for name in found[0]} for build, found in rounds.items()}
    size |= {"profile": shares, "rounds": options.rounds, "same": all(each == made[0] for each in made)}
    size["data"] = sum(path.stat().st_size for path in data.iterdir() if path.is_file()) / 1e6
    results = REPORT.read()
    sizes = results.get("sizes", {}) | {str(options.impressions): size}
    REPORT.publish({"machine": machine("minirank", "numpy", "numba"), "sizes": dict(sorted(sizes.items(), key=lambda each: int(each[0])))})


def middle(found: list) -> dict | float:
    """Medians of numbers, of dicts by key."""
    if isinstance(found[0], dict):
        return {key: statistics.median(each[key] for each in found) for key in found[0]}
    return statistics.median(found)


if __name__ == "__main__":
    main()
