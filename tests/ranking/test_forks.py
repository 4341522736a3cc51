"""Forked processes rank, train and measure as their parent does, whatever its threads were at: same bytes, no hang, a clean end."""

import hashlib
import io
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cached_property

import numpy as np
import pytest
from checkout import python
from cpu_world import drawn, drawn_batch
from fork_world import Repeated, child_returns, digest_of, load_and_digest

from minirank.evaluation.metrics import auc
from minirank.evaluation.parallel import parallel_map
from minirank.kernels.adam import Adam
from minirank.kernels.cpu import jit
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.parameters import TrainState
from minirank.progress import Progress
from minirank.ranking import Ranker

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork; run on Linux or macOS"),
    pytest.mark.filterwarnings("ignore:.*fork"),
]
LIMIT = 60  # seconds that a pool may take


@pytest.fixture(scope="module")
def expected(ranker):
    return digest_of(ranker)


def test_before_during_and_after_the_first_rank(market, expected):
    for delay in (None, 0.0, 0.01, 0.05):
        ranker = Ranker.load(market[1])
        if delay is None:
            assert child_returns(lambda ranker=ranker: digest_of(ranker)) == expected
            continue
        with Repeated(lambda ranker=ranker: digest_of(ranker)):
            time.sleep(delay)
            assert child_returns(lambda ranker=ranker: digest_of(ranker)) == expected
        assert child_returns(lambda ranker=ranker: digest_of(ranker)) == expected == digest_of(ranker)


def test_while_several_threads_rank(ranker, expected):
    with Repeated(lambda: digest_of(ranker)), Repeated(lambda: digest_of(ranker)), Repeated(lambda: digest_of(ranker)):
        for _ in range(4):
            assert child_returns(lambda: digest_of(ranker)) == expected


def test_a_child_of_a_child_and_threads_in_a_child(ranker, expected):
    def threads() -> bytes:
        found = []
        each = [threading.Thread(target=lambda: found.append(digest_of(ranker))) for _ in range(3)]
        for thread in each:
            thread.start()
        for thread in each:
            thread.join()
        return b"".join(found)

    with Repeated(lambda: digest_of(ranker)):
        assert child_returns(lambda: child_returns(threads)) == 3 * expected


def test_pools_of_processes(market, ranker, expected):
    """Workers that are forked inherit the ranker; those that are spawned, or forked by a server, load their own."""
    global inherited
    inherited = ranker
    calls = {"fork": (rank_inherited,), "spawn": (load_and_digest, market[1]), "forkserver": (load_and_digest, market[1])}
    with Repeated(lambda: digest_of(ranker)), ExitStack() as pools:
        pool = {method: pools.enter_context(ProcessPoolExecutor(1, multiprocessing.get_context(method))) for method in calls}
        assert {pool[method].submit(*call).result(LIMIT) for method, call in calls.items()} == {expected}


def rank_inherited() -> bytes:
    return digest_of(inherited)


PRELOADED = r"""
import os, signal, sys
from fork_world import digest_of
from minirank.ranking import Ranker
ranker = Ranker.load(sys.argv[1])
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os.write(1, b"%s\n" % digest_of(ranker).hex().encode())
        sys.exit(0)
    children.append(child)
os.write(1, b"%s\n" % digest_of(ranker).hex().encode())
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
"""


def test_a_server_that_preloads(market, expected):
    """The parent has ranked nothing when it forks; all end with their exit handlers."""
    done = python("-c", PRELOADED, market[1])
    assert done.returncode == 0 and done.stdout.split() == [expected.hex()] * 3 and not done.stderr, done.stderr


def test_a_fork_in_the_middle_of_a_training_step():
    plan, spec, values, rng = drawn(1)
    batch, adam = drawn_batch(rng, spec, 400), Adam()
    executor = CpuExecutor(plan, np.float32, threads=2)

    def train() -> bytes:
        state = TrainState(values.copy())
        for _ in range(3):
            executor.step(state, batch, adam)
        return hashlib.sha256(state.values.dense.tobytes() + state.values.tables.tobytes()).digest()

    once = train()
    with Repeated(train):
        assert [child_returns(train) for _ in range(6)] == [once] * 6
    assert train() == once


def test_a_step_that_did_not_end_leaves_nothing_behind():
    plan, spec, values, rng = drawn(1)
    batch, executor = drawn_batch(rng, spec, 40), CpuExecutor(plan, np.float32, threads=2)
    executor.step(TrainState(values.copy()), batch, Adam())
    steps = executor._steps
    steps._tables._position[:] = 3
    steps._in_step = True
    steps.renew()
    assert (steps._tables._position == -1).all() and not steps._in_step


def test_while_metrics_are_computed_on_all_cores():
    labels, scores = np.arange(20_000) % 3 == 0, np.sin(np.arange(20_000.0))

    def measure() -> bytes:
        return np.array(parallel_map(lambda shift: auc(labels, np.roll(scores, shift)), range(4))).tobytes()

    once = measure()
    with Repeated(measure):
        assert [child_returns(measure) for _ in range(5)] == [once] * 5


COMPILING = """
import os, signal, sys, threading, time
import numpy as np
from minirank.kernels.cpu.jit import driver
def make(number):
    @driver
    def probe(x):
        for i in range(len(x)):
            x[i] = np.float64(i) ** number + x[i % 3] - number
    return probe
number, numbers = 0, np.zeros(8)
def compile_many():
    for number in range(12):
        make(number)(np.zeros(8))
thread = threading.Thread(target=compile_many)
thread.start()
for delay in (0.1, 0.2, 0.3):
    time.sleep(delay)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        make(100)(numbers)
        print(numbers[0], flush=True)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
thread.join()
"""


def test_a_fork_while_numba_compiles(tmp_path):
    (tmp_path / "compiling.py").write_text(COMPILING)
    done = python(tmp_path / "compiling.py", NUMBA_CACHE_DIR=str(tmp_path))
    assert done.returncode == 0 and done.stdout.split() == ["-100.0"] * 3, done.stderr


class Slow:
    """A class of ours with a cached property, which takes long."""

    @cached_property
    def value(self) -> int:
        time.sleep(0.3)
        return 7


def test_locks_that_a_thread_holds_are_free_in_a_child(monkeypatch):
    monkeypatch.setattr(sys.modules["minirank.progress"], "Slow", Slow, raising=False)
    progress = Progress(io.StringIO())
    with progress._lock, Repeated(lambda: Slow().value):
        assert child_returns(lambda: (progress.say("x"), str(Slow().value).encode())[1]) == b"7"


def test_ctrl_c_while_a_fork_waits_comes_after_it():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts with & ignore it
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with jit.global_compiler_lock:
            held.set()
            free.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    threading.Timer(0.1, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
    threading.Timer(0.3, free.set).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            child = os.fork()
            if child == 0:
                os._exit(0)
            time.sleep(1)
    finally:
        signal.signal(signal.SIGINT, before)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
