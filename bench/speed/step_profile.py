"""Where the time of a training step goes: every operation forward and backward, packing, Adam, tables, and the rest."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.speed import kernel_counts as counts
from bench.speed.ceilings import Ceilings, Probe, ticks_a_second
from bench.speed.kernel_counts import Count
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Batch
from minirank.kernels.cpu import walk
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.parameters import Arena, TrainState
from minirank.kernels.plan import Plan

PACK, WALK, ADAM, TABLES = walk.pack_weights, walk.walk_tiles, walk.update_dense, walk.update_tables
OTHER = "other programs"
REPLAYS = 5
NOTHING = Count()


@dataclass(frozen=True)
class Part:
    """A row of a profile: all operations of one kind and shape in one direction, or another part of the step.

    Args:
        seconds: of a step; of an operation the mean over threads, which run side by side.
        size: bytes of a thread that it works on; "lines" for rows anywhere in memory; None without a ceiling.
    """

    name: str
    direction: str
    calls: int
    seconds: float
    count: Count = NOTHING
    size: float | str | None = None


@dataclass
class Profile:
    """A step of `rows` rows, its parts, and the ceilings that were measured alternately with it.

    Args:
        seconds: of a step; of it and of every part the mean of the fastest quarter, as of the ceilings.
        median: of all steps.
    """

    name: str
    rows: int
    threads: int
    seconds: float
    median: float
    ceilings: Ceilings
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def of(cls, record: dict) -> Profile:
        """From JSON."""
        parts = [Part(**part | {"count": Count(**part["count"])}) for part in record["parts"]]
        return cls(**record | {"ceilings": Ceilings.of(record["ceilings"]), "parts": parts})

    @property
    def undisturbed(self) -> float:
        """Seconds of all parts but other programs."""
        return sum(part.seconds for part in self.parts if part.name != OTHER)

    @property
    def count(self) -> Count:
        """Of all parts."""
        return sum((part.count for part in self.parts), NOTHING)

    def bound(self, part: Part) -> tuple[float, str]:
        """(share of the ceiling that it reaches, which one that is); (0, "") where there is none."""
        if part.size is None or part.seconds <= 0:
            return 0.0, ""
        arithmetic = part.count.flop / self.ceilings.fma
        if part.size == "lines":
            bandwidth, name = self.ceilings.lines, "random lines"
        else:
            level = self.ceilings.level(part.size)
            bandwidth, name = level.copy, level.name
        moving = part.count.bytes / bandwidth
        return max(arithmetic, moving) / part.seconds, "FMA peak" if arithmetic >= moving else name


class TimedExecutor(CpuExecutor):
    """A `cpu` executor that notes the seconds of every part of a step."""

    def __init__(self, plan: Plan, threads: int) -> None:
        super().__init__(plan, threads=threads)
        self.run_together, self._steps.run = self._steps.run, self._timed_run

    def _timed_run(self, *jobs):
        for kernel, work in jobs:
            began = time.perf_counter()
            self.run_together((kernel, work))
            self.noted[kernel] = self.noted.get(kernel, 0.0) + time.perf_counter() - began

    def timed_step(self, state: TrainState, batch: Batch, adam: Adam) -> float:
        """Seconds of a step, in `noted` those of its parts."""
        self.noted = {}
        began = time.perf_counter()
        self.step(state, batch, adam)
        return time.perf_counter() - began

    @property
    def steps(self):
        """What takes the steps."""
        return self._steps


def profile(
    name: str, plan: Plan, values: Arena, batches: list[Batch], threads: int, seconds: float = 10, probe: Probe | None = None
) -> Profile:
    """Train on the batches in turn, measuring the ceilings in between, for about so many seconds."""
    executor, state, adam = TimedExecutor(plan, threads), TrainState(values), Adam()
    probe, rate = probe or Probe(threads), ticks_a_second()
    for batch in batches:
        executor.timed_step(state, batch, adam)
    steps, packed = [], []
    began, rounds = time.perf_counter(), 0
    while rounds < 3 or time.perf_counter() - began < seconds:
        probe.round()
        until = time.perf_counter() + seconds / 20
        while time.perf_counter() < until or len(steps) <= rounds:
            spent = executor.timed_step(state, batches[len(steps) % len(batches)], adam)
            parts, clock = executor.noted, executor.steps.ticks.mean(axis=0) / rate
            steps.append((spent, parts, clock, parts[WALK] - clock.sum(), spent - sum(parts.values())))
        packed += [_pack_once(executor) for _ in range(REPLAYS)]
        rounds += 1
    seconds, parts, clocks, waiting, python = zip(*steps)
    made = Profile(name, len(batches[0]), threads, float(fast(seconds)), statistics.median(seconds), probe.ceilings())
    _add_operations(made, plan, batches[0], executor, fast(clocks))
    made.parts.append(Part("threads wait, gradients are cleared", "", 1, float(fast(waiting))))
    spent = {part: float(fast([one[part] for one in parts])) for part in parts[0]}
    _add_rest(made, plan, batches[0], executor, spent, fast(packed))
    made.parts.append(Part("Python between the drivers", "", 1, float(fast(python))))
    rest = made.seconds - sum(part.seconds for part in made.parts)
    made.parts.append(Part(OTHER, "", 1, max(rest, 0.0)))
    return made


def fast(seconds: Sequence) -> np.ndarray:
    """Mean of the shortest quarter, of numbers or of each element of arrays."""
    return np.sort(np.asarray(seconds), axis=0)[: max(len(seconds) // 4, 1)].mean(axis=0)


def _pack_once(executor):
    """Seconds of packing W, and of packing W and W^T, the last step's weights once more."""
    times = []
    for training in (0, 1):
        executor.steps.work.share(training=training)
        began = time.perf_counter()
        executor.run_together((PACK, executor.steps.work))
        times.append(time.perf_counter() - began)
    return times


def _add_operations(made, plan, batch, executor, clock):
    """A part for each kind and shape of operations and each direction."""
    work, found = executor.steps.work, {}
    activations = work.held(0, "values").nbytes + work.held(0, "gradients").nbytes
    tiles = sum(len(work.held(thread, "tiles")) - 1 for thread in range(executor.threads))
    for op, each, spent in zip(plan.operations, counts.operations(plan, batch, tiles), clock):
        for direction, count, of_op in zip(("forward", "backward"), each, spent):
            if direction == "backward" and (op.output is None or op.kind == "copy"):
                continue
            size = "lines" if op.kind in ("gather", "bag") and direction == "forward" else activations
            found.setdefault((counts.name_of(op), direction), []).append((of_op, count, size))
    for (name, direction), members in found.items():
        spent, count = float(sum(spent for spent, _, _ in members)), sum((count for _, count, _ in members), Count())
        made.parts.append(Part(name, direction, len(members), spent, count, members[0][2]))


def _add_rest(made, plan, batch, executor, spent, packed):
    """Packing, Adam, and tables."""
    threads = made.threads
    plain, transposed = counts.packing(plan)
    share = float(packed[0] / max(packed[1], packed[0]))
    size = 2 * executor.steps.work.shared("panels").nbytes / threads
    made.parts.append(Part("pack", "W, bias", 1, spent[PACK] * share, plain, size))
    made.parts.append(Part("pack_transposed", "W^T", 1, spent[PACK] * (1 - share), transposed, size))
    dense = counts.adam(plan, threads)
    made.parts.append(Part("update_dense", "dense Adam", 1, spent[ADAM], dense, dense.bytes / threads))
    made.parts.append(Part("update_tables", "row-lazy Adam", 1, spent[TABLES], counts.tables(plan, batch), "lines"))
