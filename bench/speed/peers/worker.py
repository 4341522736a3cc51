"""What runs in each competitor's process: it reads one JSON command a line, and does, times and answers it.

A competitor is a class with
    prepare(problem, threads, variant)   load the parameters and compile what it compiles
    loss(batch), logits(batch)           of one batch, by number, before anything is timed
    step(batch) -> float                 one training step, the loss before it; done when it returns
    request(number, shared) -> (n, T)    logits of one request; `shared`: the job's part is computed once
    bulk(chunk) -> (n, T)                logits of many unrelated rows, `chunk` rows at a time
of which it leaves out what it cannot do. Times are taken here, around the calls, so that pipes cost nothing. This file
needs the standard library and NumPy alone, for it runs in the peers' environment as well as in ours.
"""

import json
import os
import sys
import threading
import time
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np


class Problem:
    """The folder that `workloads.write` wrote.

    Attributes:
        gate: `bias` or `full`. sizes: of `Workload`, by its names. kinds: (kind, seed) of each batch. facts: see workloads.facts_of.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        held = json.loads((self.folder / "problem.json").read_text(encoding="utf-8"))
        self.gate, self.kinds, self.sizes = held["gate"], held["batches"], SimpleNamespace(**held["sizes"])
        self.facts = held["facts"]

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Name -> parameter but the tables, read anew."""
        with np.load(self.folder / "network.npz") as arrays:
            return dict(arrays)

    @property
    def tables(self) -> np.ndarray:
        """The tables, read anew: who asks owns them."""
        return np.load(self.folder / "tables.npy")

    def rows(self, number: int) -> SimpleNamespace:
        """ids (B, C) of each field's own table, role (B,) with 0 = unknown, dense, labels, scale."""
        with np.load(self.folder / f"batch{number}.npz") as held:
            made = SimpleNamespace(**held)
        made.ids = made.ids.astype(np.int64)
        return made

    def batch(self, number: int) -> SimpleNamespace:
        """The same with ids of the concatenated tables."""
        made = self.rows(number)
        made.ids += np.arange(self.sizes.fields) * self.sizes.vocabulary
        return made

    def batches(self) -> list[SimpleNamespace]:
        """All of them: those of training, or requests and, last, the bulk rows."""
        return [self.batch(number) for number in range(len(self.kinds))]


def limit_cores(threads: int) -> None:
    """Keep this process on `threads` cores, for libraries that take the number of their threads from that."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Worker:
    """Answers commands with one competitor."""

    def __init__(self, competitor) -> None:
        self.competitor = competitor

    def prepare(self, folder: str, threads: int, variant: str) -> None:
        self.competitor.prepare(Problem(folder), threads, variant)

    def loss(self, batch: int) -> float:
        return float(self.competitor.loss(batch))

    def logits(self, batch: int) -> list:
        return np.asarray(self.competitor.logits(batch), float).tolist()

    def steps(self, batches: list[int]) -> list[list[float]]:
        """Of each step its seconds and its loss."""
        made = []
        for batch in batches:
            began = time.perf_counter()
            loss = self.competitor.step(batch)
            made.append([time.perf_counter() - began, float(loss)])
        return made

    def scores(self, number: int, shared: bool) -> list:
        return np.asarray(self.competitor.request(number, shared), float).tolist()

    def requests(self, numbers: list[int], shared: bool, clients: int) -> dict:
        """Seconds that each request took, with `clients` of them at a time, and all together."""
        waiting, seconds = reversed(numbers), []  # all clients take from one iterator

        def client():
            for number in waiting:
                began = time.perf_counter()
                self.competitor.request(number, shared)
                seconds.append(time.perf_counter() - began)

        others = [threading.Thread(target=client) for _ in range(clients - 1)]
        start = time.perf_counter()
        for thread in others:
            thread.start()
        client()
        for thread in others:
            thread.join()
        return {"each": seconds, "all": time.perf_counter() - start}

    def bulk(self, chunk: int) -> float:
        """Seconds for all the rows."""
        began = time.perf_counter()
        self.competitor.bulk(chunk)
        return time.perf_counter() - began

    def bulk_scores(self, chunk: int) -> list:
        return np.asarray(self.competitor.bulk(chunk), float).tolist()

    def peak(self) -> float:
        """Most memory that this process has held, in MB. Not ru_maxrss: that starts at what the parent held when it forked."""
        with open("/proc/self/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))

    def versions(self) -> dict[str, str]:
        return {name: metadata.version(name) for name in self.competitor.packages}


def serve(competitor) -> None:
    """Answer until the input ends. What libraries print goes to stderr, so that it cannot garble an answer."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(competitor)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"answer": getattr(worker, name)(**arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
