"""What a training step costs on several ranks, and what it sends.

    pip install -e ".[mpi]"
    python bench/speed/ranks.py --curves

On one machine: one process with a thread for each core, beside as many ranks of one thread each (`mpirun -n`), on the same batches, in
turns. All of them are alive together, those that are not measured asleep. Bytes are those that a rank
receives (`Ranks.received`). `--curves` trains one model on a simulated market by one process and by ranks.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.ranks_tables import tables
from bench.speed.workloads import GATES, WORKLOADS, parameters, plan_of, random_batch
from bench.tables import CHECKOUT, Report, machine, write_record
from minirank.kernels.adam import Adam
from minirank.kernels.cpu.workers import available_threads
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState
from minirank.parallel.executor import PartsExecutor
from minirank.parallel.launch import Launch

BATCHES = 4
SIDES = (("one process", 1, 2), ("2 ranks", 2, 1), ("4 threads", 1, 4), ("4 ranks", 4, 1))  # name, ranks, threads of each
AT_ONCE = 0.4  # seconds of steps in a round, one step at least


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


def work(name: str, threads: int) -> None:
    """A process, or one of several ranks, that takes as many steps as each line of stdin says; rank 0 reads and answers."""
    ranks = Launch.of().join("bench", may_run=True)
    workload, plan = WORKLOADS[name], plan_of(WORKLOADS[name], GATES[0])
    state, batches = TrainState(parameters(plan)), [random_batch(workload, workload.rows, seed) for seed in range(BATCHES)]
    own = make_executor("cpu", plan, np.float32, threads)
    executor = Timed(own, ranks) if ranks.size > 1 else own
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
            steps.append({"seconds": taken, "parts": parts, "bytes": ranks.received - before, "loss": loss})
        if ranks.is_first:
            print(json.dumps(steps), flush=True)


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
    parser.add_argument("--worker", nargs=2, metavar=("WORKLOAD", "THREADS"), help=argparse.SUPPRESS)
    parser.add_argument("--workloads", nargs="*", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--curves", action="store_true", help="train on a simulated market, too, with one process, 2 and 4 ranks")
    parser.add_argument("--seconds", type=float, default=15, help="for the rounds of a workload; three rounds are made in any case")
    options = parser.parse_args()
    if options.worker:
        work(options.worker[0], int(options.worker[1]))
        return
    results, cores = {"workloads": {}} | REPORT.read(), available_threads()
    if options.curves:
        results["curves"] = curves()
        write_record(REPORT.record, results)
    for name in options.workloads:
        results["workloads"][name] = measure(name, options.seconds, cores)
        results |= {"cores": cores, "machine": machine("numpy", "numba", "mpi4py", "mpich")}
        write_record(REPORT.record, results)
    REPORT.publish(results)


if __name__ == "__main__":
    main()
