"""What a training step costs on several ranks, and what it sends.

    pip install -e ".[mpi]"
    python bench/speed/ranks.py --curves

On one machine: one process with a thread for each core, beside as many ranks of one thread each (`mpirun -n`), on the same batches, in
turns. All of them are alive together, those that are not measured asleep. Bytes are those that a rank
receives (`Ranks.received`). `--curves` trains one model on a simulated market by one process and by ranks. `--split` takes steps of a
model with one large table, whole on each rank and split over them; its moments are written to before, as an epoch does that uses all ids.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.ranks_tables import tables
from bench.speed.workloads import GATES, WORKLOADS, parameters, plan_of, random_batch
from bench.tables import CHECKOUT, Report, machine, write_record
from minirank.kernels.adam import Adam
from minirank.kernels.cpu.workers import available_threads
from minirank.kernels.executor import Executor, make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.parallel.executor import PartsExecutor
from minirank.parallel.launch import Launch
from minirank.parallel.shards import Shards
from minirank.parallel.split_executor import SplitExecutor

BATCHES = 4
SIDES = (("one process", 1, 2), ("2 ranks", 2, 1), ("4 threads", 1, 4), ("4 ranks", 4, 1))  # name, ranks, threads of each
AT_ONCE = 0.4  # seconds of steps in a round, one step at least


LARGE = replace(WORKLOADS["base"], name="large table", fields=1, width=32, vocabulary=2_000_000, job_fields=1)


class Timed(PartsExecutor):
    """Notes how long a step spent on its own rows, and until all gradients were added up."""

    computed = exchanged = 0.0

    def _part_gradients(self, values, batch, borders):
        began = time.perf_counter()
        found = super()._part_gradients(values, batch, borders)
        self.computed = time.perf_counter() - began
        return found

    def _add_up(self, mine):
        began = time.perf_counter()
        found = super()._add_up(mine)
        self.exchanged = time.perf_counter() - began
        return found


class TimedSplit(Timed, SplitExecutor):
    """The same of tables that are split; the rows that owners send count as its own."""

    def _to_owners(self, mine):
        began = time.perf_counter()
        found = super()._to_owners(mine)
        self.exchanged = time.perf_counter() - began
        return found


def work(name: str, threads: int, split: bool = False) -> None:
    """A process, or one of several ranks, that takes as many steps as each line of stdin says; rank 0 reads and answers."""
    ranks = Launch.of().join("bench", may_run=True)
    workload = LARGE if name == LARGE.name else WORKLOADS[name]
    plan, batches = plan_of(workload, GATES[0]), [random_batch(workload, workload.rows, seed) for seed in range(BATCHES)]
    executor: Executor
    if split:
        shards = Shards(plan, ranks, 2**20, 4)
        state = TrainState(shards.initial_values(0, np.dtype(np.float32)))
        executor = TimedSplit(shards, lambda plan: make_executor("cpu", plan, np.float32, threads))
    else:
        own = make_executor("cpu", plan, np.float32, threads)
        state = TrainState(initial_values(plan, 0) if workload is LARGE else parameters(plan))
        executor = Timed(own, ranks) if ranks.size > 1 else own
    for arena in (state.m, state.v) if workload is LARGE else ():
        arena.tables[:] = 0
    while True:
        line = sys.stdin.readline() if ranks.is_first else ""
        ranks.wait()  # asleep
        count = ranks.of_first(int(line or 0))
        if not count:
            return
        steps = []
        for number in range(count):
            before, began = ranks.received, time.perf_counter()
            loss, _ = executor.step(state, batches[number % BATCHES], Adam())
            taken = time.perf_counter() - began
            parts = [executor.computed, executor.exchanged] if ranks.size > 1 else []
            steps.append({"seconds": taken, "parts": parts, "bytes": ranks.received - before, "loss": loss, "memory": 0})
        steps[-1]["memory"] = max(ranks.all_of(own_memory()))
        if ranks.is_first:
            print(json.dumps(steps), flush=True)


def own_memory() -> int:
    """Bytes that this process alone holds."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


class Process:
    """One of the sides."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def steps(self, count: int) -> list[dict]:
        """What `count` steps took."""
        print(count, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._process.args}: ended")
        return json.loads(answer)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def measure(name: str, seconds: float, cores: int) -> dict:
    """Seconds and bytes of a step of both sides, in each round."""
    worker = [sys.executable, __file__, "--worker", name]
    mpirun = str(Path(sys.executable).with_name("mpirun"))
    sides = {"process": Process(*worker, str(cores)), "ranks": Process(mpirun, "-n", str(cores), *worker, "1")}
    warm = {side: each.steps(2 * BATCHES) for side, each in sides.items()}
    first = {side: [step["loss"] for step in found] for side, found in warm.items()}
    assert np.allclose(first["process"], first["ranks"], rtol=1e-5), first
    counts = {side: max(int(AT_ONCE / min(step["seconds"] for step in found)), 1) for side, found in warm.items()}
    rounds: dict[str, list] = {side: [] for side in sides}
    began = time.perf_counter()
    while len(rounds["ranks"]) < 3 or time.perf_counter() - began < seconds:
        for side in list(sides)[:: 1 if len(rounds["ranks"]) % 2 else -1]:
            steps = sides[side].steps(counts[side])
            found = {"seconds": statistics.median(step["seconds"] for step in steps)}
            if side == "ranks":
                found["parts"] = np.median([step["parts"] for step in steps], axis=0).tolist()
                found["bytes"] = statistics.median(step["bytes"] for step in steps)
            rounds[side].append(found)
    for each in sides.values():
        each.close()
    plan = plan_of(WORKLOADS[name], GATES[0])
    return {"rows": WORKLOADS[name].rows, "dense": plan.size(table=False), "tables": plan.size(table=True), **rounds}


def split_table(seconds: float) -> dict:
    """Seconds, bytes and memory of a step with one large table, whole and split, on 2 and on 4 ranks."""
    mpirun, found = str(Path(sys.executable).with_name("mpirun")), {}
    for size in (2, 4):
        command = [mpirun, "-n", str(size), sys.executable, __file__, "--worker", LARGE.name, "1"]
        sides = {"whole": Process(*command), "split": Process(*command, "split")}
        warm = {side: [step["loss"] for step in each.steps(2 * BATCHES)] for side, each in sides.items()}
        assert warm["whole"] == warm["split"], warm  # to the last bit
        rounds: dict[str, list] = {side: [] for side in sides}
        began = time.perf_counter()
        while len(rounds["split"]) < 3 or time.perf_counter() - began < seconds:
            for side in list(sides)[:: 1 if len(rounds["split"]) % 2 else -1]:
                steps = sides[side].steps(BATCHES)
                middle = {key: statistics.median(step[key] for step in steps) for key in ("seconds", "bytes")}
                rounds[side].append(middle | {"memory": steps[-1]["memory"]})
        for each in sides.values():
            each.close()
        found[f"{size} ranks"] = rounds
    return {"rows": LARGE.rows, "shape": [LARGE.vocabulary, LARGE.width], "sides": found}


def curves(epochs: int = 6) -> dict:
    """(training loss, log loss of the validation rows) after each epoch, of each of SIDES."""
    python, losses = [sys.executable, "-m", "minirank"], {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)

        def run(*words: str, ranks: int = 1) -> None:
            launched = [str(Path(sys.executable).with_name("mpirun")), "-n", str(ranks)] if ranks > 1 else []
            subprocess.run([*launched, *python, *words], check=True, cwd=folder, env=os.environ | {"PYTHONPATH": str(CHECKOUT)})

        run("simulate", "data", "--impressions", "20000")
        run("extract", "data")
        (folder / "ranker.yaml").write_text(f"data: {{folder: data}}\ntraining: {{epochs: {epochs}, early_stopping: null}}\n")
        for name, ranks, threads in SIDES:
            run("train", "ranker.yaml", "--run", name, "--threads", str(threads), ranks=ranks)
            lines = map(json.loads, (folder / name / "metrics.jsonl").read_text().splitlines())
            losses[name] = [[line["loss"], line["valid"]["mean.log_loss"]] for line in lines]
        rows = json.loads((folder / SIDES[0][0] / "data.json").read_text())["rows"]["train"]
    return {"rows": rows, "losses": losses}


REPORT = Report(__file__, tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--worker", nargs="+", metavar=("WORKLOAD", "THREADS"), help=argparse.SUPPRESS)
    parser.add_argument("--workloads", nargs="*", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--curves", action="store_true", help="train on a simulated market, too, with one process, 2 and 4 ranks")
    parser.add_argument("--split", action="store_true", help="take steps with a large table, too, whole and split, on 2 and 4 ranks")
    parser.add_argument("--seconds", type=float, default=15, help="for the rounds of a workload; three rounds are made in any case")
    options = parser.parse_args()
    if options.worker:
        work(options.worker[0], int(options.worker[1]), options.worker[2:] == ["split"])
        return
    results, cores = {"workloads": {}} | REPORT.read(), available_threads()
    if options.curves:
        results["curves"] = curves()
        write_record(REPORT.record, results)
    if options.split:
        results["split"] = split_table(options.seconds)
        write_record(REPORT.record, results)
    for name in options.workloads:
        results["workloads"][name] = measure(name, options.seconds, cores)
        results |= {"cores": cores, "machine": machine("numpy", "numba", "mpi4py", "mpich")}
        write_record(REPORT.record, results)
    REPORT.publish(results)


if __name__ == "__main__":
    main()
