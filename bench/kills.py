"""Training, extraction and searches killed at random moments: nothing is lost, nothing refuses to go on, the bytes end up the same.

    python bench/kills.py [kills [seed [train|stream|simulate|extract|tune|keep|table ...]]]

Processes get SIGKILL. A training goes on with --resume until it is finished, and is compared with one that was left alone; each time
what the kill left is read: it is a model, or one line says why not. A training whose rows stay on the disk must end as one in memory,
also where kills hit its first reading, fitting and encoding in parts. A simulation leaves a whole world or none. An extraction by rules
is started again without --force, and half of one never counts as made. A search goes on with --resume, and all its files are compared
but for seconds. What keeps encoded data beside them is killed while it writes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "worlds")]

import numpy as np  # noqa: E402
from training_world import write_table  # noqa: E402

from minirank.config.table import TableColumns, TableConfig, TableFiles, TaskColumn  # noqa: E402
from minirank.data import Dataset, read_table  # noqa: E402
from minirank.data.kept.store import FOLDER, Kept  # noqa: E402
from minirank.errors import RunError  # noqa: E402
from minirank.extract.made_files import EXTRACTED, MADE_FILE, made_with, not_ours  # noqa: E402
from minirank.locking import LOCK, holder  # noqa: E402
from minirank.run.load_run import load_run  # noqa: E402
from minirank.run.memory_plan import PROCESS  # noqa: E402

SLOW = "training.epochs=3 training.checkpoint_seconds=1e-9 training.batch_rows=8 training.early_stopping.patience=9".split()
SLOW.append("model.task_weights=gradnorm")  # a rule that remembers something of each step
SAME = ("model.npz", "metrics.jsonl", "config.yaml", "data.json", "plan.txt", "table_encoder.json")
OF_FOLDER = ("model.npz", "metrics.jsonl", "data.json", "plan.txt", "encoder.json", "encoder.npz", "evaluation.json")


def command(*words: object) -> list[str]:
    """`minirank` with these words."""
    return [sys.executable, "-m", "minirank", *map(str, words)]


def run(*words: object) -> float:
    """Run a command to its end; the seconds that it took."""
    start = time.monotonic()
    subprocess.run(command(*words), cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - start


def killed(seconds: float, *words: object) -> bool:
    """Whether a command was killed after some seconds; False where it had ended well before."""
    process = subprocess.Popen(command(*words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return process.returncode == -signal.SIGKILL
    if process.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {said}")
    return False


def read(folder: Path) -> str:
    """What is there after a kill."""
    if holder(folder) is not None:
        sys.exit(f"{folder}: the lock of a killed process holds")
    try:
        load_run(folder)
    except RunError as error:
        return "not begun" if "no run" in str(error) else "no epoch yet" if "no epoch is finished" in str(error) else sys.exit(str(error))
    return "a model"


def kill_trainings(base: Path, kills: int, chance: random.Random) -> None:
    """Kill trainings at random moments and finish them."""
    train = ["train", write_table(base), *(word for each in SLOW for word in ("--set", each))]
    seconds = run(*train, "--run", base / "whole")
    finish_killed(base, kills, chance, train, seconds, SAME)


def kill_streams(base: Path, kills: int, chance: random.Random) -> None:
    """Kill trainings that read their rows part by part, half of them without anything kept: these fit and encode in parts first."""
    data, config = base / "data", base / "config.yaml"
    run("simulate", data, "--impressions", 300)
    run("extract", data)
    config.write_text(f"data: {{folder: {data}}}\n")
    train = ["train", config, *(word for each in SLOW for word in ("--set", each))]
    run(*train, "--run", base / "whole")
    train += ["--set", f"training.memory={(PROCESS + 90 * 300) / 1e6}MB"]

    def forget() -> None:
        if chance.random() < 0.5:
            shutil.rmtree(data / FOLDER, ignore_errors=True)

    shutil.rmtree(data / FOLDER)
    seconds = run(*train, "--run", base / "streamed")
    finish_killed(base, kills, chance, train, seconds, OF_FOLDER, forget)


def finish_killed(
    base: Path, kills: int, chance: random.Random, train: list, seconds: float, same: tuple[str, ...], before: Callable[[], None] = tuple
) -> None:
    """Kill trainings of so many seconds, finish them, and compare with that in `whole`; before: called before each start."""
    whole = base / "whole"
    left: dict[str, int] = {}
    done = number = 0
    while done < kills:
        folder, number = base / f"run{number}", number + 1
        while done < kills:
            before()
            begun = folder.exists() and any(path.name != LOCK for path in folder.iterdir())
            if not killed(chance.uniform(0, seconds), *train, "--run", folder, *(["--resume"] if begun else [])):
                break
            done += 1
            found = read(folder)
            left[found] = left.get(found, 0) + 1
        before()
        run(*train, "--run", folder, *(["--resume"] if any(path.name != LOCK for path in folder.glob("*")) else []))
        different = [name for name in same if (folder / name).read_bytes() != (whole / name).read_bytes()]
        if different:
            sys.exit(f"{folder}: {different[0]} differs from that of the training that was left alone")
    print(f"{done} kills of {number} trainings of {seconds:.1f} s, found then: {left}; all ended with the same bytes")


def kill_simulations(base: Path, kills: int, chance: random.Random) -> None:
    """Kill simulations at random moments and start them again; there is a world only once it is whole."""
    words = "--impressions", 20_000, "--propensities"
    seconds, done, number = run("simulate", base / "whole", *words), 0, 0
    wanted = files_of(base / "whole")
    while done < kills:
        folder, number = base / f"world{number}", number + 1
        while done < kills and killed(chance.uniform(0.2 * seconds, seconds), "simulate", folder, *words):
            done += 1
            if folder.exists():
                break
        if not folder.exists():
            run("simulate", folder, *words)
        if files_of(folder) != wanted or (base / f".{folder.name}.part").exists():
            sys.exit(f"{folder}: differs from the world that was left alone")
        shutil.rmtree(folder)
    print(f"{done} kills of {number} simulations of {seconds:.1f} s; no half of a world, and all ended with the same bytes")


def kill_extractions(base: Path, kills: int, chance: random.Random) -> None:
    """Kill extractions by rules at random moments and start them again."""
    for name in ("whole", "data"):
        run("simulate", base / name, "--impressions", 2000)
    seconds, done = run("extract", base / "whole", "--rules"), 0

    def same() -> bool:
        return all((base / "data" / name).read_bytes() == (base / "whole" / name).read_bytes() for name in (*EXTRACTED, MADE_FILE))

    while done < kills:
        done += killed(chance.uniform(0.3 * seconds, seconds), "extract", base / "data", "--rules")
        if not_ours(base / "data", EXTRACTED) is not None:
            sys.exit("an extraction that was killed left files that nobody claims")
        if "by" in made_with(base / "data") and not same():
            sys.exit("an extraction that was killed counts as made, with other bytes")
    run("extract", base / "data", "--rules")
    if not same():
        sys.exit("an extraction that was killed ended with other bytes")
    print(f"{done} kills of extractions by rules of {seconds:.1f} s; none needed --force, and the bytes are the same")


def files_of(folder: Path) -> dict[str, bytes]:
    """File of a search -> what it holds, but for seconds."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != "timing.jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def kill_searches(base: Path, kills: int, chance: random.Random) -> None:
    """Kill searches at random moments and finish them."""
    config, space = write_table(base), base / "space.yaml"
    rates = "training.optimiser.learning_rate: {choice: [0.01, 1.0e+30]}"
    space.write_text(f"config: {config.name}\ntrials: 2\nseeds: 2\nspace: {{{rates}}}\n")
    tune = ["tune", space, *(word for each in SLOW for word in ("--set", each))]
    whole = base / "whole"
    seconds = run(*tune, "--run", whole)
    wanted, done, number = files_of(whole), 0, 0
    while done < kills:
        folder, number = base / f"search{number}", number + 1
        while done < kills and killed(chance.uniform(0, seconds), *tune, "--run", folder, *resuming(folder)):
            done += 1
        run(*tune, "--run", folder, *resuming(folder))
        found = files_of(folder)
        if found != wanted:
            sys.exit(f"{folder}: differs from the search that was left alone")
    print(f"{done} kills of {number} searches of {seconds:.1f} s; all ended with the same bytes")


def resuming(folder: Path) -> list[str]:
    """The option of a search that has begun."""
    return ["--resume"] if (folder / "search.json").exists() else []


KEEPING = """
import sys, numpy as np
from pathlib import Path
from minirank.data.kept.store import Kept
columns = {str(number): np.random.default_rng(number).random(500_000) for number in range(10)}
print("begins", flush=True)
while True:
    Kept(print).write(Path(sys.argv[1]), "rows", {}, columns, {"whole": True}, 10**9)
"""


def kill_keeping(base: Path, kills: int, chance: random.Random) -> None:
    """Kill what keeps 40 MB beside data again and again; what is found then is whole, or nothing."""
    wanted = {str(number): np.random.default_rng(number).random(500_000) for number in range(10)}
    cut_off = found = 0
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", KEEPING, base], cwd=ROOT, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(chance.uniform(0, 2))
        process.kill()
        process.communicate()
        kept = Kept().read(base, "rows", {})
        if kept is not None and not (kept[1] == {"whole": True} and all((kept[0][name] == wanted[name]).all() for name in wanted)):
            sys.exit("what was kept is neither whole nor nothing")
        found += kept is not None
        parts = list((base / FOLDER).glob(".*.part"))
        cut_off += bool(parts)
        for path in (base / FOLDER).glob("*.bin") if chance.random() < 0.5 else ():
            path.unlink()
        for path in parts:
            path.unlink()
    print(
        f"{kills} kills of what keeps 40 MB beside data, {cut_off} of them within a file; {found} found it whole, {kills - found} nothing"
    )


KEEPING_TABLE = """
import sys
from pathlib import Path
from kills import table_of
from minirank.data.kept.store import Kept
from minirank.data.table.kept_table import KeptTable, entry_of, key_of
from minirank.data.table.read_table import read_table
config, base = table_of(), Path(sys.argv[1])
entry, table = entry_of(read_table(config, base)), KeptTable(Kept(print), [base / "rows.csv"], key_of(config))
print("begins", flush=True)
while True:
    table.write("table", entry)
"""


def table_of() -> TableConfig:
    """A table of many columns."""
    numbers = [f"x{number}" for number in range(20)]
    return TableConfig(TableFiles(Path("rows.csv")), TableColumns((TaskColumn("y", "y"),), dense=tuple(numbers)))


def kill_keeping_tables(base: Path, kills: int, chance: random.Random) -> None:
    """Kill what keeps a table again and again; whoever reads it then has the rows of the file, from what was kept or from the file."""
    config, values = table_of(), np.random.default_rng(0).normal(size=(100_000, 20))
    lines = [",".join([f"{value:.5f}" for value in row] + [str(int(row[0] > 0))]) for row in values]
    (base / "rows.csv").write_text("\n".join([",".join([*config.columns.dense, "y"]), *lines]) + "\n")
    wanted, cut_off, found = digest(read_table(config, base)), 0, 0
    for _ in range(kills):
        words = [sys.executable, "-c", KEEPING_TABLE, str(base)]
        process = subprocess.Popen(words, cwd=ROOT / "bench", env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(chance.uniform(0, 1))
        process.kill()
        process.communicate()
        parts, entries = ([*(base / FOLDER).glob(f"*/{name}")] for name in (".*.part", "*.bin"))
        cut_off, found = cut_off + bool(parts), found + bool(entries)
        if digest(read_table(config, base, Kept())) != wanted:
            sys.exit("what was kept of a table is not what its file holds")
        for path in [*parts, *((base / FOLDER).glob("*/*.bin") if chance.random() < 0.5 else ())]:
            path.unlink()
    left = f"{cut_off} of them within a file; {found} left an entry"
    print(f"{kills} kills of what keeps a table, {left}; each time the rows were those of the file")


def digest(dataset: Dataset) -> str:
    """SHA-256 of rows and encoder."""
    rows = dataset.rows
    return sha256(b"".join([rows.ids.tobytes(), rows.dense.tobytes(), rows.labels.tobytes(), repr(dataset.encoder).encode()])).hexdigest()


def main(kills: int = 40, seed: int = 0, *which: str) -> None:
    """Print what was killed and found."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        every = {"train": kill_trainings, "stream": kill_streams, "simulate": kill_simulations, "extract": kill_extractions}
        for name, kill in (every | {"tune": kill_searches, "keep": kill_keeping, "table": kill_keeping_tables}).items():
            if which and name not in which:
                continue
            base = Path(folder) / name
            base.mkdir()
            kill(base, kills // 4 if name == "extract" else kills, chance)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
