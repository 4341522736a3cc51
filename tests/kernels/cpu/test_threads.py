"""The same bytes whatever else runs, executors side by side, and no trace of it in the process."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from checkout import python
from cpu_world import drawn, drawn_batch

from minirank.kernels.adam import Adam
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.parameters import TrainState


class Busy:
    """Threads that want the interpreter and the cores all the time."""

    def __enter__(self):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def work(self):
        numbers = np.random.default_rng(0).normal(size=(60, 60))
        while not self.over.is_set():
            numbers = np.tanh(numbers @ numbers)

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def world(seed, rows=(300, 7, 193, 1)):
    plan, spec, values, rng = drawn(seed)
    return plan, spec, values, [drawn_batch(rng, spec, each) for each in rows]


def trained(plan, values, batches, threads):
    """All bytes of the state after a step on each batch, and of the losses on the way."""
    state, executor = TrainState(values.copy()), CpuExecutor(plan, np.float32, threads, 64)
    told = [executor.step(state, batch, Adam(1e-2, weight_decay=0.01)) for batch in batches]
    arenas = (state.values, state.m, state.v)
    return b"".join([arena.dense.tobytes() + arena.tables.tobytes() for arena in arenas] + [losses.tobytes() for _, losses in told])


@pytest.mark.parametrize("threads", (1, 2, 3, 5))
def test_same_threads_same_bytes(threads):
    for seed in range(4):
        plan, _, values, batches = world(seed)
        alone = trained(plan, values, batches, threads)
        with Busy():
            assert trained(plan, values, batches, threads) == alone


def test_executors_side_by_side():
    """Four Python threads, each with an executor and a plan of its own."""
    worlds = [world(seed, (300, 7, 193, 1) * 3) for seed in range(4)]
    alone = [trained(plan, values, batches, 2) for plan, _, values, batches in worlds]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: trained(each[0], each[2], each[3], 2), worlds))
    assert together == alone


SIDE_EFFECTS = """
import ctypes, ctypes.util, logging, os, platform, random, sys, threading, warnings
import numba, numpy as np, scipy.sparse  # packages that add filters of their own

def state():
    environment = (ctypes.c_uint8 * 64)()
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    controls = libm.fegetround()
    if platform.machine() == "x86_64":
        libm.fegetenv(environment)
        words = bytes(environment)
        controls = controls, words[0:2], int.from_bytes(words[28:32], "little") & ~0x3F  # the sticky flags may change
    return {
        "numba threads": numba.get_num_threads(), "affinity": os.sched_getaffinity(0), "environment": dict(os.environ),
        "warnings": list(warnings.filters), "floating point": controls, "numpy errors": np.geterr(),
        "numpy random": np.random.get_state()[1].tobytes(), "random": random.getstate(), "log level": logging.root.level,
        "log handlers": list(logging.root.handlers), "switch interval": sys.getswitchinterval(), "directory": os.getcwd(),
        "recursion": sys.getrecursionlimit(), "umask": os.umask(os.umask(0o22)) and 0, "float": np.float32(1e-40) * np.float32(1) > 0,
        "hooks": (sys.excepthook, threading.excepthook, sys.unraisablehook), "stack": threading.stack_size(),
    }

def compare(when):
    for name, value in state().items():
        assert value == before[name], f"{when}: {name} was {before[name]} and is {value}"

before = state()
import minirank.kernels.executor, minirank.kernels.cpu, minirank.model, minirank.training, minirank.run.scoring
compare("import")
from test_threads import *
before["warnings"] = list(warnings.filters)  # the test runner's own
plan, spec, values, batches = world(0)
executor = CpuExecutor(plan, np.float32, 3)
executor.step(TrainState(values), batches[0], Adam())
compare("training")
executor.logits(values, batches[0])
executor.logits(values, batches[3], tuple(spec.dense))
compare("prediction")
executor._workers.run([lambda: compare("a worker")] * 3)
del executor
compare("the end")
print("same")
"""


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="asks for the affinity of the process; run on Linux")
def test_no_side_effects():
    done = python("-c", SIDE_EFFECTS, cwd=Path(__file__).parent)
    assert done.stdout == "same\n", done.stderr[-2000:]
