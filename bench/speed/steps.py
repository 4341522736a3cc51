"""Whole training steps and scoring beside PyTorch, torch.compile, JAX, ONNX Runtime, torch-rechub and DeepCTR-Torch.

    python bench/speed/steps.py --make-peers FOLDER            once: an environment with the peers (2 GB, Linux)
    python bench/speed/steps.py --peers FOLDER                 all cells, about 20 minutes; it goes on where it was stopped
    python bench/speed/steps.py --peers FOLDER --quick         two workloads, two threads, fewer rounds: 5 minutes
    python bench/speed/steps.py --peers FOLDER --kinds train --workloads base --threads 1 --only JAX --out try
    python bench/speed/steps.py --build before=CHECKOUT --workloads small base     two builds of ours; no peers are needed

The peers are the extra `bench` (`pip install .[bench]` would install them beside minirank; here they have their own
environment). Every competitor, ours too, is a process of its own. All get the same parameters and rows; loss and logits
are compared with the float64 reference before anything is timed, and the losses of the next steps with ours, so that
gradients and Adam are compared as well. Whoever differs is reported and not timed. Then rounds: in each, every competitor
is measured, in an order that rotates, while the others wait; in training the FMA peak of the machine is measured as
well. After two rounds the slower variants of a family end. Ratios are those of medians over rounds; the range is that of
the quartiles of the ratios within a round.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed import steps_tables, workloads
from bench.speed.ceilings import Probe
from bench.speed.competitors import MINIRANK, OURS, SCORING, STARTING, TRAINING, Competitor, PeerError, Process, build, make_peers
from bench.speed.workloads import GATES, WORKLOADS, Workload
from bench.tables import CHECKOUT, Report, machine, write_record
from minirank.kernels.executor import make_executor

KINDS = ("train", "score", "start")
TOLERANCE = 1e-4  # of a loss, and of logits beside the largest one, in float32 against float64
TRAJECTORY = 1e-3  # of a loss after steps: Adam divides by the root of a gradient, so rounding shows more
STEPS_A_ROUND = {"small": 20, "base": 2, "wide": 1}
REQUESTS_A_ROUND = {"small": 40, "base": 12, "wide": 4}
BATCHES, REQUESTS = 4, 8
CHUNKS = (512, 2048, 8192)
SLOWER = 1.15  # a variant that takes this many times as long as the best one of its family ends after two rounds
PAUSE = 0.03  # seconds between two of them, so that the threads of the last one have gone to sleep
REPORT = Report(__file__, steps_tables.tables, ((CHECKOUT / "README.md", "speed", steps_tables.summary),))


class Competition:
    """The competitors of one cell that are still in it."""

    def __init__(self, competitors, threads, folder, options, stack) -> None:
        self.threads, self.folder, self.options = threads, folder, options
        self.records = {one.name: {"family": one.family, "variant": one.variant, "own_model": one.own_model} for one in competitors}
        self.running = {one.name: Process(one, options.peers) for one in competitors}  # they import side by side
        for process in self.running.values():
            stack.callback(process.close)
        self.rotation = 0
        for name in list(self.running):
            self.attempt(name, self._prepare)

    def _prepare(self, process, record):
        process.ask("prepare", folder=str(self.folder), threads=self.threads, variant=record["variant"])
        record["versions"] = process.ask("versions")

    def attempt(self, name: str, function: Callable) -> None:
        """function(process, record) of a competitor; a peer that fails is out, and its record says why."""
        try:
            function(self.running[name], self.records[name])
        except PeerError as error:
            if name == OURS:
                raise
            self.records[name]["problem"] = str(error)
            self.running.pop(name).close()
            print(f"  {name} is out: {error}", flush=True)

    def for_each(self, function: Callable) -> None:
        """The same for all that are left, in an order of which the first is another one each time."""
        for name in rotated(list(self.running), self.rotation):
            time.sleep(PAUSE)
            self.attempt(name, function)
        self.rotation += 1

    def drop_slow(self, seconds: Callable[[dict], float]) -> None:
        """End the variants that are slower than the best one of their family; seconds: record -> of a step."""
        for name in list(self.running):
            record, others = self.records[name], [self.records[other] for other in self.running]
            if seconds(record) > SLOWER * min(seconds(other) for other in others if other["family"] == record["family"]):
                record["peak_mb"] = self.running[name].ask("peak")
                self.running.pop(name).close()

    def rounds(self, function: Callable, seconds: Callable[[dict], float], probe: Probe | None = None) -> int:
        """As many rounds as fit into the time, three at least; returns their number.

        Args:
            function: measures one of them, as in `attempt`. seconds: see `drop_slow`. probe: of the ceilings, measured once a round.
        """
        began = time.perf_counter()
        for number in itertools.count(1):
            self.for_each(function)
            if probe:
                probe.round()
            spent = time.perf_counter() - began
            if number == 2:
                self.drop_slow(seconds)
            if number >= self.options.rounds or (number >= 3 and spent * (number + 1) / number > self.options.seconds):
                break
        for name, process in self.running.items():
            self.records[name]["peak_mb"] = process.ask("peak")
        return number


def rotated(names: list, number: int) -> list:
    """The same names, another one first for each number."""
    first = number % len(names)
    return names[first:] + names[:first]


def far(name: str, got: list, expected: np.ndarray | float, tolerance: float) -> float:
    """Raise for a competitor whose numbers are not those of the reference; returns how far they are."""
    error = float(np.abs(np.asarray(got) - expected).max() / np.abs(expected).max())
    if not error <= tolerance:
        raise PeerError(f"{name} differ by {error:.1e} from the expected ones")
    return error


def train_cell(
    workload: Workload,
    gate: str,
    threads: int,
    options: argparse.Namespace,
    competitors: tuple[Competitor, ...] | None = None,
    tolerances: tuple[float, float] = (TOLERANCE, TRAJECTORY),
    more_steps: int = 1,
    kind: str = "train",
) -> dict:
    """Seconds of a training step.

    Args:
        kind: of the rows, see `workloads.batch_of`.
        competitors: by default those that the cell admits. tolerances: of a loss and of logits; of a loss after steps.
        more_steps: times as many steps a round, for ones that end soon: the first finds the caches of another process.
    """
    plan = workloads.plan_of(workload, gate)
    batch = workloads.batch_of(workload, kind, 0)
    expected = make_executor("reference", plan, np.float64).logits(workloads.parameters(plan).copy(np.float64), batch)
    main_cell = gate == GATES[0] and threads == 2 and workload.name != "wide"
    competitors = competitors or chosen(TRAINING, options, every_variant=main_cell or options.all, own_models=gate == GATES[0])
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        workloads.write(Path(folder), workload, gate, [(kind, seed) for seed in range(BATCHES)])
        competition = Competition(competitors, threads, folder, options, stack)
        trajectory = []

        def check(process, record):
            if not record["own_model"]:
                record["error"] = {"logits": far("logits", process.ask("logits", batch=0), expected, tolerances[0])}
                loss = workloads.loss(batch, expected)
                record["error"]["loss"] = far("losses", process.ask("loss", batch=0), loss, tolerances[0])
            losses = [loss for _, loss in process.ask("steps", batches=[0, 0, 0])]
            if not record["own_model"]:
                trajectory.extend([] if trajectory else losses)
                record["error"]["steps"] = far("losses after steps", losses, trajectory, tolerances[1])

        def measure(process, record):
            count = more_steps * STEPS_A_ROUND[workload.name]
            first = len(record.setdefault("seconds", [])) * count
            made = process.ask("steps", batches=[(first + i) % BATCHES for i in range(count)])
            record["seconds"].append(statistics.median(seconds for seconds, _ in made))

        competition.for_each(check)
        probe = Probe(threads)
        rounds = competition.rounds(measure, lambda record: statistics.median(record["seconds"]), probe)
        probe.close()
    facts = {"rounds": rounds, "gflop": workloads.step_flop(workload, gate) / 1e9, "peak_gflops": probe.ceilings().fma / 1e9}
    return facts | {"competitors": competition.records}


def score_cell(
    workload: Workload,
    gate: str,
    threads: int,
    options: argparse.Namespace,
    competitors: tuple[Competitor, ...] | None = None,
    tolerance: float = TOLERANCE,
) -> dict:
    """Seconds of a request, with the job's share computed once and without, and rows a second of many rows; arguments: see `train_cell`."""
    plan = workloads.plan_of(workload, gate)
    kinds = [*(("request", seed) for seed in range(REQUESTS)), ("bulk", 0)]
    reference, values = make_executor("reference", plan, np.float64), workloads.parameters(plan).copy(np.float64)
    one, bulk = (reference.logits(values, workloads.batch_of(workload, *kinds[i])) for i in (0, -1))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        workloads.write(Path(folder), workload, gate, kinds)
        competition = Competition(competitors or chosen(SCORING, options), threads, folder, options, stack)
        cases = {case(*each): each for each in itertools.product((False, True), (1, 4))}

        def check(process, record):
            record["requests"] = {}
            for name, (shared, clients) in cases.items():
                try:
                    far("scores", process.ask("scores", number=0, shared=shared), one, tolerance)
                    process.ask("requests", numbers=list(range(REQUESTS)), shared=shared, clients=clients)
                    record["requests"][name] = []
                except PeerError as error:
                    record.setdefault("cannot", {})[name] = str(error)
            far("scores of many rows", process.ask("bulk_scores", chunk=CHUNKS[0]), bulk, tolerance)
            seconds = {chunk: process.ask("bulk", chunk=chunk) for chunk in CHUNKS for _ in range(2)}  # the second one counts
            record["chunk"], record["bulk"] = min(seconds, key=seconds.get), []

        def measure(process, record):
            numbers = [i % REQUESTS for i in range(REQUESTS_A_ROUND[workload.name])]
            for name, found in record["requests"].items():
                shared, clients = cases[name]
                found.append(process.ask("requests", numbers=numbers, shared=shared, clients=clients))
            record["bulk"].append(process.ask("bulk", chunk=record["chunk"]))

        def seconds(record):
            return np.median([seconds for one in record["requests"][case(False, 1)] for seconds in one["each"]])

        competition.for_each(check)
        rounds = competition.rounds(measure, seconds)
    for record in competition.records.values():
        record["requests"] = {name: summary(rounds) for name, rounds in record.get("requests", {}).items() if rounds}
    return {"rounds": rounds, "rows": workload.bulk_rows, "candidates": workloads.CANDIDATES, "competitors": competition.records}


def case(shared: bool, clients: int) -> str:
    """The name of a kind of request."""
    return f"{'job once' if shared else 'every row'}, {clients} at a time"


def summary(rounds: list[dict]) -> dict:
    """Percentiles of all requests in seconds; of each round their median, and the seconds of the round divided by its requests."""
    every = np.concatenate([one["each"] for one in rounds])
    found = {"p50": float(np.median(every)), "p99": float(np.percentile(every, 99)), "n": len(every)}
    found["medians"] = [statistics.median(one["each"]) for one in rounds]
    return found | {"intervals": [one["all"] / len(one["each"]) for one in rounds]}


def start_cell(workload: Workload, gate: str, threads: int, options: argparse.Namespace) -> dict:
    """Seconds from the start of a process to its import and to its first trained batch; cold without compiled code on disk."""
    with tempfile.TemporaryDirectory() as folder:
        workloads.write(Path(folder), workload, gate, [("train", 0)])
        competitors = chosen(STARTING, options)
        records = {one.name: {"family": one.family, "warm": [], "cold": []} for one in competitors}
        for number in range(options.starts + 1):  # the first round fills caches and is not kept
            for one in rotated(competitors, number):
                seconds = start(one, folder, threads, options)
                records[one.name]["warm"] += [seconds] if number else []
        for number in range(options.cold_starts):
            for one in rotated(competitors, number):
                with tempfile.TemporaryDirectory() as empty:
                    records[one.name]["cold"].append(start(one, folder, threads, options, Path(empty)))
    return {"rounds": options.starts, "competitors": records}


def start(competitor: Competitor, folder: str, threads: int, options: argparse.Namespace, cache: Path | None = None) -> list[float]:
    """[seconds to the import, to the first trained batch] of one process."""
    time.sleep(PAUSE)
    began = time.perf_counter()
    process = Process(competitor, options.peers, cache)
    try:
        process.ask("peak")
        imported = time.perf_counter() - began
        process.ask("prepare", folder=str(folder), threads=threads, variant=competitor.variant)
        process.ask("steps", batches=[0])
        return [imported, time.perf_counter() - began]
    finally:
        process.close()


def chosen(
    peers: tuple[Competitor, ...], options: argparse.Namespace, every_variant: bool = True, own_models: bool = True
) -> tuple[Competitor, ...]:
    """Ours, the other builds, and of the peers, where there is an environment, those that `--only` asks for and the cell admits."""
    peers = [one for one in peers if one.name.startswith(tuple(options.only)) and options.peers]
    builds = [build(f"{OURS} {name}", checkout) for name, _, checkout in (text.partition("=") for text in options.build)]
    return (MINIRANK, *builds, *(one for one in peers if (every_variant or one.everywhere) and (own_models or not one.own_model)))


def cells(options: argparse.Namespace) -> Iterator[tuple[str, str, str, int]]:
    """(kind, workload, gate, threads) of all cells: by default those of the tables, one thread not for `wide`."""
    for kind, name, gate, threads in itertools.product(options.kinds, options.workloads, options.gates, options.threads):
        two, first = threads == 2, gate == GATES[0]
        usual = {"train": two or (first and name != "wide"), "score": two and first, "start": two and first and name == "small"}
        if options.all or usual[kind]:
            yield kind, name, gate, threads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--make-peers", type=Path, metavar="FOLDER", help="make the peers' environment, and end")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="the peers' environment")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--gates", nargs="+", choices=GATES, default=GATES)
    parser.add_argument("--threads", nargs="+", type=int, default=[2, 1])
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="of the peers those whose names begin so")
    told = "another build of minirank takes part (may be repeated)"
    parser.add_argument("--build", action="append", default=[], metavar="NAME=CHECKOUT", help=told)
    parser.add_argument("--rounds", type=int, default=12, help="at most so many")
    parser.add_argument("--seconds", type=float, default=30, help="for the rounds of a cell; three rounds are made in any case")
    parser.add_argument("--starts", type=int, default=5, help="rounds of starts")
    parser.add_argument("--cold-starts", type=int, default=1, help="rounds of starts without compiled code on disk")
    told = "also the cells and variants that no table needs, such as scoring with one thread"
    parser.add_argument("--all", action="store_true", help=told)
    parser.add_argument("--quick", action="store_true", help="small and base, gates bias, two threads, 15 seconds a cell")
    parser.add_argument("--again", action="store_true", help="measure cells anew that the record holds")
    told = "name of the record in results/: `steps`, for which alone RESULTS.md is written, or with --build `builds`"
    parser.add_argument("--out", help=told)
    options = parser.parse_args()
    if options.make_peers:
        return make_peers(options.make_peers)
    if (options.peers and not options.peers.is_dir()) or not (options.peers or options.build):
        parser.error("--peers must name the folder that --make-peers made")
    for text in options.build:
        if not build(*text.partition("=")[0::2]).program.exists():
            parser.error(f"--build must be NAME=CHECKOUT, a folder with bench/ of minirank, got {text}")
    options.out = options.out or ("builds" if options.build else "steps")
    if options.quick:
        options.workloads, options.gates, options.threads, options.seconds = ["small", "base"], GATES[:1], [2], 15
    record = REPORT.record.with_stem(options.out)
    results = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {"cells": {}}
    measure = {"train": train_cell, "score": score_cell, "start": start_cell}
    for kind, name, gate, threads in cells(options):
        key = f"{kind}, {name}, gates {gate}, {threads} thread{'s' * (threads > 1)}"
        if key in results["cells"] and not options.again:
            print(f"{key}: measured before; --again measures it anew")
            continue
        print(key, flush=True)
        began = time.perf_counter()
        cell = {"kind": kind, "workload": name, "gate": gate, "threads": threads} | measure[kind](WORKLOADS[name], gate, threads, options)
        cell["seconds"] = time.perf_counter() - began
        results["cells"][key] = cell
        results["machine"] = machine("minirank", "numpy", "numba")
        write_record(record, results)
        print(f"  {cell['rounds']} rounds, {cell['seconds']:.0f} s", flush=True)
    if record == REPORT.record:
        REPORT.publish(results)
    else:
        print(steps_tables.tables(results))


if __name__ == "__main__":
    main()
