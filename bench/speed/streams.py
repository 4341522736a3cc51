"""More rows than memory: what `training.memory` takes and costs beside the same training in memory.

    python bench/speed/streams.py --data MARKET --copies 10 --memory 600MB [--work DIR] [--in-memory]
    python bench/speed/streams.py --data MARKET --shuffles 10          what the order of rows does to quality

MARKET is a data folder that was extracted. Its log is written `copies` times below itself, each copy with searches of its own, beside the
same jobs and resumes; with one copy it is read as it is. Each command runs in a control group whose memory is limited to what is asked
for: page cache, child processes and all; the kernel ends what needs more. (Where there are no control groups that can be written to, the
limit is only watched.)
`--in-memory` adds the same training without a limit: its model must be the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.speed.folders import digest, environment, parameters
from bench.tables import CHECKOUT, Report, machine, markdown, paragraphs
from minirank.config.byte_sizes import bytes_of
from minirank.config.configuration import Config, FolderConfig, TrainingConfig
from minirank.data.kept.store import Kept
from minirank.run.load_data import load_dataset
from minirank.training import batches
from minirank.training.trainer import train

GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")  # version 1, version 2
FILES = {"memory.limit_in_bytes": "memory.max", "memory.max_usage_in_bytes": "memory.peak"}
SMALL_WINDOW = 2**13
T_95 = {3: 4.303, 5: 2.776, 10: 2.262}  # of Student, two-sided, for means of so many
COMMANDS = {
    "train": "the first time: the log is read, the encoder fitted, rows encoded and kept",
    "train again": "rows are kept: one epoch, and metrics at the end",
    "evaluate": "the run's test rows, with intervals",
    "score": "every impression, into an NPZ",
}


def written(market: Path, copies: int, folder: Path) -> Path:
    """The market with so many logs."""
    if copies == 1:
        return market
    if (folder / "impressions.csv").exists():
        return folder
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(market, draft, ignore=shutil.ignore_patterns(".minirank*", "truth.npz", "impressions.csv", "world.json"))
    with open(market / "impressions.csv", newline="", encoding="utf-8") as source:
        head, *rows = csv.reader(source)
    at = head.index("search_id")
    with open(draft / "impressions.csv", "w", encoding="utf-8") as stream:
        stream.write(",".join(head) + "\n")
        for copy in range(copies):
            stream.writelines(",".join([*row[:at], f"{row[at]}c{copy}", *row[at + 1 :]]) + "\n" for row in rows)
    draft.rename(folder)
    return folder


class Group:
    """A control group with a limit; without one where the system has none that may be written.

    Attributes:
        how: what limits, in words.
    """

    def __init__(self, limit: int | None) -> None:
        self.folder, self.how = None, "nothing limits" if limit is None else "no control group: watched only"
        for root in GROUPS:
            place = root / f"minirank-{os.getpid()}"
            try:
                place.mkdir(exist_ok=True)
                self.folder, self._new = place, (place / "memory.max").exists()
                if limit is not None:
                    (place / self._file("memory.limit_in_bytes")).write_text(str(limit))
                    self.how = f"control group, {'memory.max' if self._new else 'memory.limit_in_bytes'}"
                return
            except OSError:
                self.folder = None

    def _file(self, name: str) -> str:
        return FILES[name] if self._new else name

    def enter(self) -> None:
        """In the process that is limited."""
        if self.folder is not None:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self) -> int | None:
        """Bytes at most, page cache included."""
        return None if self.folder is None else int((self.folder / self._file("memory.max_usage_in_bytes")).read_text())

    def remove(self) -> None:
        """Once its processes have ended."""
        if self.folder is not None:
            self.folder.rmdir()


def anonymous(process: int) -> int:
    """Bytes of a process that no file backs, now."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon")), 0)


def timed(limit: int | None, *words: object) -> dict:
    """Seconds of a command, its most anonymous memory, and the most that its group took."""
    group, most = Group(limit), 0
    start = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "minirank", *map(str, words)],
        cwd=CHECKOUT,
        env=environment(CHECKOUT),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=group.enter,
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(child.stderr))
    reader.start()
    while child.poll() is None:
        most = max(most, anonymous(child.pid))
        time.sleep(0.02)
    reader.join()
    peak, how = group.peak(), group.how
    group.remove()
    print("".join(said), file=sys.stderr, flush=True)
    if child.returncode:
        sys.exit(f"minirank {' '.join(map(str, words))}: ended with {child.returncode}")
    plan = next((line.strip() for line in said if line.startswith("training.memory")), None)
    return {"seconds": time.monotonic() - start, "anonymous": most, "peak": peak, "how": how, "plan": plan}


def epoch(run: Path) -> dict:
    """Rows a second of the only epoch, and the seconds of its validation."""
    line = json.loads((run / "timing.jsonl").read_text().splitlines()[0])
    return {"rows_per_second": line["rows_per_second"], "valid_seconds": line["valid_seconds"]}


def measured(data: Path, work: Path, memory: str, first: bool, limited: bool) -> dict:
    """What each command takes within a memory, and a digest of what it made."""
    config, run = work / "ranker.yaml", work / "run"
    training = {"epochs": 1, "memory": memory if limited else None}
    config.write_text(json.dumps({"data": {"folder": str(data)}, "training": training}))
    limit = bytes_of(memory) if limited else None
    found = {}
    if first:
        shutil.rmtree(data / ".minirank", ignore_errors=True)
        found["train"] = timed(limit, "train", config, "--run", run, "--force")
    found["train again"] = timed(limit, "train", config, "--run", run, "--force") | epoch(run)
    found["train again"]["model"] = parameters(run / "model.npz")
    if limited:
        found["evaluate"] = timed(limit, "evaluate", run)
        found["score"] = timed(limit, "score", run, data, "--out", work / "scores.npz", "--force")
    found["train again"]["metrics"] = digest(run / "metrics.jsonl", run / "data.json")
    return found


def shuffled(market: Path, work: Path, seeds: int) -> dict:
    """Metrics on test rows of the default training, its rows in any order, and in windows that are as small a share of them as those of
    ten million impressions."""
    found: dict[str, list] = {}
    settings = Config(FolderConfig(market))
    dataset = load_dataset(settings, kept=Kept())
    whole = batches.WINDOW, batches.BLOCK
    for name, (batches.WINDOW, batches.BLOCK) in (("any order", whole), ("windows", (SMALL_WINDOW, SMALL_WINDOW // 128))):
        for seed in range(seeds):
            run = work / f"{name}{seed}"
            train(replace(settings, training=TrainingConfig(seed=seed)), run, dataset=dataset)
            tasks = json.loads((run / "evaluation.json").read_text())["results"]["overall"]["tasks"]
            found.setdefault(name, []).append({metric: tasks["ctr"]["metrics"][metric]["value"] for metric in ("auc", "log_loss")})
            print(name, seed, found[name][-1], file=sys.stderr, flush=True)
    batches.WINDOW, batches.BLOCK = whole
    return found | {"window": SMALL_WINDOW, "rows": len(dataset.train)}


def shuffles(found: dict) -> list[str]:
    """Markdown."""
    rows, seeds = [], len(found["windows"])
    for metric in ("auc", "log_loss"):
        whole, windows = (np.array([each[metric] for each in found[name]]) for name in ("any order", "windows"))
        gain = windows - whole
        low, high = gain.mean() + np.array([-1, 1]) * T_95[seeds] * gain.std(ddof=1) / np.sqrt(seeds)
        rows.append([f"ctr {metric}", f"{whole.mean():.4f}", f"{windows.mean():.4f}", f"{gain.mean():+.4f} ({low:+.4f} to {high:+.4f})"])
    text = f"What windows do to quality: {found['rows']:,} training rows in any order, and in windows of {found['window']:,} rows"
    return [
        f"{text} of 128 blocks, {seeds} seeds, on test rows:",
        markdown(["", "any order", "windows", "difference, 95 % interval over seeds"], rows),
    ]


def table(results: dict) -> str:
    """Markdown."""
    parts: list[str] = []
    for size in reversed(results.get("sizes", {}).values()):
        ours, rows = size["limited"], []
        for name, what in COMMANDS.items():
            if name in ours:
                each = ours[name]
                peak = "" if each["peak"] is None else f"{each['peak'] / 1e6:,.0f}"
                rows.append([f"{name}: {what}", f"{each['seconds']:,.0f}", f"{each['anonymous'] / 1e6:,.0f}", peak])
        again = ours["train again"]
        text = f"{size['rows']:,} impressions of {size['jobs']:,} jobs and {size['resumes']:,} resumes within {size['memory']}"
        text += f" ({again['how']}): {again['rows_per_second']:,.0f} rows a second"
        other = size.get("in memory")
        if other:
            whole = other["train again"]
            same = all(whole[name] == again[name] for name in ("model", "metrics"))
            text += f", {again['rows_per_second'] / whole['rows_per_second']:.2f} of the {whole['rows_per_second']:,.0f} in memory, "
            text += f"which takes {whole['anonymous'] / 1e6:,.0f} MB; {'the same bytes' if same else 'OTHER BYTES'}"
        parts += [f"{text}. {again['plan']}.", markdown(["command", "seconds", "MB anonymous", "MB with page cache"], rows)]
    parts += shuffles(results["shuffles"]) if "shuffles" in results else []
    return paragraphs(*parts, f"One epoch of the default model. {results['machine']}.")


REPORT = Report(__file__, table)


def main() -> None:
    """Measure and write the record and the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="an extracted market")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "minirank-streams", help="holds the logs")
    parser.add_argument("--in-memory", action="store_true", help="also without a limit")
    parser.add_argument("--kept", action="store_true", help="leave out the first training")
    parser.add_argument("--shuffles", type=int, choices=sorted(T_95), help="so many seeds, instead: what the order does to quality")
    options = parser.parse_args()
    options.work.mkdir(exist_ok=True)
    results = REPORT.read()
    if options.shuffles:
        with tempfile.TemporaryDirectory(dir=options.work) as place:
            results["shuffles"] = shuffled(options.data.resolve(), Path(place), options.shuffles)
        REPORT.publish(results | {"machine": machine("minirank", "numpy", "numba")})
        return
    data = written(options.data, options.copies, options.work / f"{options.data.name}x{options.copies}")
    with tempfile.TemporaryDirectory(dir=options.work) as place:
        size: dict = {"memory": options.memory}
        size["limited"] = measured(data, Path(place), options.memory, not options.kept, True)
        if options.in_memory:
            size["in memory"] = measured(data, Path(place), options.memory, False, False)
    counts = {}
    for name in ("jobs.jsonl", "resumes.jsonl", "impressions.csv"):
        with open(data / name, "rb") as stream:
            counts[name] = sum(1 for _ in stream)
    size |= {"rows": counts["impressions.csv"] - 1, "jobs": counts["jobs.jsonl"], "resumes": counts["resumes.jsonl"]}
    size["data"] = sum(path.stat().st_size for path in data.iterdir() if path.is_file())
    size["kept"] = sum(path.stat().st_size for path in (data / ".minirank").glob("*"))
    sizes = results.get("sizes", {}) | {f"{size['rows']} {size['resumes']}": size}
    sizes = dict(sorted(sizes.items(), key=lambda each: tuple(map(int, each[0].split()))))
    REPORT.publish(results | {"machine": machine("minirank", "numpy", "numba"), "sizes": sizes})


if __name__ == "__main__":
    main()
