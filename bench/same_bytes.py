"""Do two checkouts compute the same bytes? For a change that must change no number.

    python bench/same_bytes.py record CHECKOUT FILE.json      runs a fixed set of small jobs with that checkout
    python bench/same_bytes.py compare BEFORE.json AFTER.json

Everything goes through the command line, in processes of their own, so that the script knows nothing of either checkout: a
simulated market and what the rules extract of it, every architecture, gate and loss, a folder and a table, float32 and float64, one
thread and two, the reference, and the CUDA kernels in numba's simulator. For each job it keeps SHA-256 of the parameters (by name),
the predictions, the metrics of the epochs, and what `evaluate` and `rank` print. The machine must be the same: other vectors round
otherwise.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import yaml

ARCHITECTURES = ("single_task", "shared_bottom", "omoe", "mmoe", "ple", "esmm")
SMALL = {"embedding": 5, "experts": 3, "expert_hidden": [20, 9], "tower_hidden": [7], "task_experts": 2, "shared_experts": 1}
TRAINING = {"epochs": 2, "batch_rows": 128, "early_stopping": None, "checkpoint_seconds": 1000.0}
TASKS = [{"name": "ctr"}, {"name": "cvr", "given": "ctr"}, {"name": "relevance"}]
ENTIRE = [{"name": "ctr"}, {"name": "cvr", "given": "ctr", "loss": {"entire": 1.0}}, {"name": "relevance"}]
RUNS = tuple(itertools.product(("float32", "float64"), (1, 2)))  # precision and threads
LOSSES = {
    "pairwise": [{"name": "ctr", "loss": {"pairwise": 1.0, "bce": 0.5}}, *TASKS[1:]],
    "listwise": [{"name": "ctr", "loss": {"listwise": 1.0}, "weight": 2.0}, *TASKS[1:]],
    "entire": ENTIRE,
}


def digest(data: bytes) -> str:
    """The first 16 digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def of_arrays(path: Path) -> str:
    """Of an .npz: names, types, shapes and numbers, in the order of names."""
    with np.load(path) as arrays:
        parts = [f"{name} {arrays[name].dtype} {arrays[name].shape}".encode() + arrays[name].tobytes() for name in sorted(arrays.files)]
    return digest(b"\n".join(parts))


class Checkout:
    """Runs the command line of a checkout."""

    def __init__(self, root: Path, work: Path) -> None:
        self.root, self.work = root.resolve(), work
        path = os.pathsep.join(entry for entry in (str(self.root), os.environ.get("PYTHONPATH")) if entry)
        self.environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "120"}

    def run(self, *words: str | Path, simulated: bool = False) -> str:
        """What a command prints.

        Raises:
            SystemExit: it failed.
        """
        environment = self.environment | ({"NUMBA_ENABLE_CUDASIM": "1"} if simulated else {})
        command = [sys.executable, "-m", "minirank", *map(str, words)]
        done = subprocess.run(command, cwd=self.work, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def train(self, name: str, config: dict, data: Path, job: str | None = None, backend: str | None = None) -> dict[str, str]:
        """Digests of a training and of what its model answers."""
        file, run, simulated = self.work / f"{name}.yaml", self.work / f"run-{name}", backend == "cuda"
        file.write_text(yaml.safe_dump(config))
        options = ["--backend", backend] if backend else []
        self.run("train", file, "--run", run, *options, simulated=simulated)
        self.run("score", run, data, "--out", self.work / f"{name}.npz", simulated=simulated)
        found = {
            "model": of_arrays(run / "model.npz"),
            "file": digest((run / "model.npz").read_bytes()),
            "epochs": digest((run / "metrics.jsonl").read_bytes()),
            "predictions": of_arrays(self.work / f"{name}.npz"),
            "evaluate": digest(self.run("evaluate", run, "--json", "--bootstrap", "20", simulated=simulated).encode()),
        }
        if job is not None:
            words = ("rank", run, "--job", job, "--role", "hr", "--versus", "executive", "--json", "--top", "30")
            found["rank"] = digest(self.run(*words, simulated=simulated).encode())
        print(f"  {name}", flush=True)
        return found


def write_table(folder: Path, rows: int, seed: int) -> None:
    """A table with columns of every kind, as train.csv and test.csv."""
    draw = random.Random(seed)
    for part, count in (("train", rows), ("test", rows // 2)):
        lines = ["city,tags,age,pay,search,role,label,grade,trust"]
        for row in range(count):
            tags = "|".join(draw.choices("abcdef", k=draw.randint(0, 4)))
            age, pay = draw.choice(["", str(draw.randint(18, 70))]), round(draw.lognormvariate(3, 1), 2)
            label, grade = draw.choice(["yes", "no", "no", "?"]), draw.choice(["", "0", "2.5", "10"])
            who, city, trust = draw.choice(["sourcer", "agency", "manager"]), draw.choice(["Rome", "Oslo", "Bonn"]), draw.choice([1, 0.5])
            lines.append(f"{city},{tags},{age},{pay},s{row // 5},{who},{label},{grade},{trust}")
        (folder / f"{part}.csv").write_text("\n".join(lines) + "\n")


def table_config(**training) -> dict:
    """Trains on `write_table`'s table, one task with a weight column and soft labels."""
    columns = {"categorical": ["city"], "multi_valued": [{"column": "tags", "separator": "|"}], "group": "search", "role": "role"}
    columns["dense"] = ["age", {"column": "pay", "transform": "log1p"}]
    columns["tasks"] = [{"name": "y", "column": "label", "positive": "yes"}, {"name": "g", "column": "grade", "weight": "trust"}]
    files = {"train": "train.csv", "test": "test.csv", "missing": ["", "?"], "valid_share": 0.2}
    tasks = [{"name": "y", "loss": {"bce": 1.0, "listwise": 0.5}}, {"name": "g", "loss": {"mse": 1.0}}]
    settings = {"model": SMALL | {"gate": {"role": "full"}}, "training": TRAINING | training}
    return {"data": {"table": files, "columns": columns}, "tasks": tasks} | settings


def jobs_of(work: Path) -> list[tuple[str, dict, Path, bool, str | None]]:
    """(name, configuration, what is scored, whether to rank, backend) of every training."""
    jobs, tiny = [], work / "tiny"

    def add(name: str, model: dict, tasks: list = TASKS, rank: bool = False, backend: str | None = None, **training) -> None:
        config = {"data": {"folder": "data"}, "tasks": tasks, "model": SMALL | model, "training": TRAINING | training}
        jobs.append((name, config, work / "data", rank, backend))

    for architecture in ARCHITECTURES:
        model, tasks = {"architecture": architecture}, ENTIRE if architecture == "esmm" else TASKS
        for precision, threads in RUNS:
            add(f"{architecture}-{precision}-{threads}", model, tasks, threads == 2, precision=precision, threads=threads)
        add(f"{architecture}-reference", model, tasks, backend="reference", precision="float64")
    for role, architecture in itertools.product(("none", "bias", "full", "mlp"), ("mmoe", "ple")):
        model = {"architecture": architecture, "gate": {"role": role, "temperature": 0.7}}
        add(f"{architecture}-gate-{role}", model, rank=True, threads=2)
    for (name, tasks), precision in itertools.product(LOSSES.items(), ("float32", "float64")):
        add(f"loss-{name}-{precision}", {}, tasks, precision=precision, threads=2)
    add("uncertainty", {"task_weights": "uncertainty"}, threads=2)
    for precision, threads in RUNS:
        config = table_config(precision=precision, threads=threads)
        jobs.append((f"table-{precision}-{threads}", config, work / "test.csv", False, None))
    for architecture in ("mmoe", "ple"):
        config = table_config(epochs=1, batch_rows=16)
        config["model"] |= {"architecture": architecture, "expert_hidden": [9], "embedding": 3}
        config["data"]["table"] |= {"train": "tiny/train.csv", "test": "tiny/test.csv"}
        jobs.append((f"cuda-simulated-{architecture}", config, tiny / "test.csv", False, "cuda"))
    return jobs


def record(root: Path) -> dict[str, str]:
    """job and what of it -> digest."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        checkout, data = Checkout(root, work), work / "data"
        checkout.run("simulate", data, "--impressions", 4000, "--seed", 3)
        found = {f"simulate {path.name}": digest(path.read_bytes()) for path in sorted(data.iterdir())}
        before = set(data.iterdir())
        checkout.run("extract", data, "--rules")
        found |= {f"extract {path.name}": digest(path.read_bytes()) for path in sorted(set(data.iterdir()) - before)}
        checkout.run("simulate", work / "graded", "--impressions", 1500, "--seed", 4)
        checkout.run("extract", work / "graded", "--rules")
        checkout.run("grade", work / "graded", "--rules")
        found["grade"] = digest((work / "graded" / "relevance_grades.csv").read_bytes())
        write_table(work, 300, seed=1)
        (work / "tiny").mkdir()
        write_table(work / "tiny", 40, seed=2)
        job = json.loads((data / "jobs.jsonl").read_text(encoding="utf-8").splitlines()[-1])["job_id"]

        def train(each):
            name, config, scored, rank, backend = each
            return {f"{name} {what}": value for what, value in checkout.train(name, config, scored, job if rank else None, backend).items()}

        with ThreadPoolExecutor(2) as pool:
            for one in pool.map(train, jobs_of(work)):
                found |= one
    return found


def compare(before: dict[str, str], after: dict[str, str]) -> int:
    """Print what differs, and a table of how many are equal; returns how many are not."""
    kinds: dict[str, list[bool]] = {}
    for name in sorted(before.keys() | after.keys()):
        same = before.get(name) == after.get(name)
        kinds.setdefault(name.split(" ")[0 if name.startswith(("simulate", "extract")) else -1], []).append(same)
        if not same:
            print(f"{name}: {before.get(name, 'none')} before, {after.get(name, 'none')} after")
    print("| what | digests | equal |\n| --- | --- | --- |")
    for kind, same in kinds.items():
        print(f"| {kind} | {len(same)} | {sum(same)} |")
    return sum(not each for same in kinds.values() for each in same)


def main() -> None:
    """Record a checkout, or compare two records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args()
    if options.what == "record":
        options.second.write_text(json.dumps(record(options.first), indent=1) + "\n", encoding="utf-8")
    else:
        raise SystemExit(compare(*(json.loads(path.read_text(encoding="utf-8")) for path in (options.first, options.second))) > 0)


if __name__ == "__main__":
    main()
