"""Requests: never an answer of old weights, the same bits whoever else asks, and memory that many requests cannot raise."""

import gc
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from cpu_world import drawn, drawn_batch

from minirank.kernels.adam import Adam
from minirank.kernels.cpu import predict
from minirank.kernels.cpu.buffers import BufferPool
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.cpu.plans import runs_of_columns
from minirank.kernels.cpu.predict import rows_are_fine
from minirank.kernels.cpu.tiles import tiles_to_claim
from minirank.kernels.cpu.workers import Worker, Workers, available_threads
from minirank.kernels.parameters import TrainState
from minirank.kernels.reference import ReferenceExecutor


@pytest.fixture(autouse=True)
def always_split(monkeypatch):
    """Small requests as well go to all threads."""
    monkeypatch.setattr(predict, "SPLIT", 1)


def world(seed, rows=150, threads=3):
    plan, spec, values, rng = drawn(seed)
    return plan, spec, values, drawn_batch(rng, spec, rows), CpuExecutor(plan, np.float32, threads, 64)


def fresh(plan, values, batch):
    """The answer of an executor that has seen nothing yet."""
    return CpuExecutor(plan, np.float32, 1, 64).logits(values, batch).tobytes()


# --- weights that change ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_is_seen_at_once(seed):
    plan, _, values, batch, executor = world(seed)
    answers = {executor.logits(values, batch).tobytes()}
    view = next(view for name, view in values.items() if not plan.parameters[name].table and view.ndim == 2)
    for change in (lambda: values.dense.__imul__(0.5), lambda: view.__iadd__(0.25), lambda: values.tables.__imul__(-1)):
        change()
        answers.add(executor.logits(values, batch).tobytes())
        assert executor.logits(values, batch).tobytes() == fresh(plan, values, batch)
    state = TrainState(values)
    executor.step(state, batch, Adam(0.1))
    answers.add(executor.logits(values, batch).tobytes())
    assert executor.logits(values, batch).tobytes() == fresh(plan, values, batch)
    assert len(answers) >= 4  # tables may be empty


@pytest.mark.parametrize("seed", range(4))
def test_frozen_parameters_cannot_change(seed):
    plan, _, values, batch, executor = world(seed)
    expected, view = executor.logits(values, batch).tobytes(), values.dense
    assert not values.frozen and values.freeze() is values and values.frozen and values.freeze().frozen
    kept = values.dense
    assert executor.logits(values, batch).tobytes() == expected
    view[:] = 7  # made before, and of no effect now
    with pytest.raises(ValueError, match="read-only"):
        values.dense[0] = 7
    with pytest.raises(ValueError, match="WRITEABLE"):
        values.dense.setflags(write=True)
    assert values.dense is kept and executor.logits(values, batch).tobytes() == expected == fresh(plan, values, batch)
    values.tables *= -1  # those are read where they lie
    assert executor.logits(values, batch).tobytes() == fresh(plan, values, batch)


def test_an_array_that_only_looks_frozen_is_packed_at_every_call():
    plan, _, values, batch, executor = world(0)
    writable = values.dense
    values.dense = writable[:]
    values.dense.flags.writeable = False
    before = executor.logits(values, batch).tobytes()
    writable *= 0.5
    assert not values.frozen and executor.logits(values, batch).tobytes() == fresh(plan, values, batch) != before


def test_frozen_arenas_in_turn():
    """Each gets its own answer, also when one takes the place in memory of another that is gone."""
    plan, _, values, batch, executor = world(1)
    arenas = []
    for turn in range(6):
        arena = values.copy()
        arena.dense *= 1 - turn / 10
        arenas.append((arena, fresh(plan, arena, batch)))
        arena.freeze()
    assert len({expected for _, expected in arenas}) == 6
    for _ in range(2):
        for arena, expected in arenas:
            assert executor.logits(arena, batch).tobytes() == expected
    for turn in range(20):
        arena = values.copy()
        arena.dense *= 1 + turn / 10
        expected = fresh(plan, arena, batch)
        assert executor.logits(arena.freeze(), batch).tobytes() == expected
        del arena
        gc.collect()


def test_frozen_parameters_are_not_trained():
    plan, _, values, batch, executor = world(2)
    state = TrainState(values)
    values.freeze()
    with pytest.raises(ValueError, match="frozen: train a copy"):
        executor.step(state, batch, Adam())
    found = executor.gradients(values, batch)
    assert found.dense.tobytes() == executor.gradients(values.copy(), batch).dense.tobytes()
    copied = TrainState(values.copy())
    executor.step(copied, batch, Adam(0.1))
    assert executor.logits(copied.values, batch).tobytes() == fresh(plan, copied.values, batch) != fresh(plan, values, batch)


def test_the_reference_answers_frozen_parameters_too():
    plan, _, values, batch, _ = world(3)
    reference = ReferenceExecutor(plan, np.float32)
    assert reference.logits(values, batch).tobytes() == reference.logits(values.freeze(), batch).tobytes()


# --- many requests ----------------------------------------------------------------------------


@pytest.mark.parametrize("split", (1, predict.SPLIT))
@pytest.mark.parametrize("seed", (0, 1, 3, 4, 6))
def test_requests_of_all_sizes_from_eight_threads(seed, split, monkeypatch):
    """Frozen and changing weights, shared inputs and none, while other threads do the same: the bits of a request alone."""
    monkeypatch.setattr(predict, "SPLIT", split)
    plan, spec, values, _, executor = world(seed)
    other, rng, jobs = values.copy(), np.random.default_rng(seed), []
    other.dense *= 0.5
    frozen = values.copy().freeze()
    for rows in (1, 2, 7, 60, 193, 400, 1000):
        batch = drawn_batch(rng, spec, rows)
        same = batch.take(np.zeros(rows, int))
        shared = (*spec.dense[:2], *(name for name, _ in spec.categorical + spec.bags))
        jobs += [(frozen, batch, ()), (values, batch, ()), (other, batch, ()), (frozen, same, shared), (values, same, shared[:1])]
    alone = [CpuExecutor(plan, np.float32, 1, 48).logits(*job).tobytes() for job in jobs]
    gate = threading.Barrier(8)

    def ask(thread):
        order = np.random.default_rng(thread).permutation(len(jobs))
        gate.wait()
        return [job for job in order if executor.logits(*jobs[job]).tobytes() != alone[job]]

    with ThreadPoolExecutor(8) as pool:
        assert [wrong for found in pool.map(ask, range(8)) for wrong in found] == []


@pytest.mark.parametrize("seed", range(8))
def test_a_row_does_not_depend_on_the_rows_around_it(seed):
    _, _, values, batch, executor = world(seed, 120)
    together = executor.logits(values, batch)
    for rows in (
        [0],
        [5, 3],
        range(7, 60),
        *np.split(np.arange(120), 4),
        np.flatnonzero(batch.ids[:, :1].sum(axis=1) == batch.ids[0, :1].sum()),
    ):
        assert executor.logits(values, batch.take(np.array(rows))).tobytes() == together[np.array(rows)].tobytes()


def test_memory_of_many_requests_is_bounded():
    plan, _, values, batch, _ = world(5, 700)
    executor = CpuExecutor(plan, np.float32, 2, 64)
    buffers = executor._predictor._pool
    count, gate = len(buffers._free), threading.Barrier(40)
    expected = executor.logits(values, batch).tobytes()

    def ask(_):
        gate.wait()
        return all(executor.logits(values, batch).tobytes() == expected for _ in range(5))

    with ThreadPoolExecutor(40) as pool:
        assert all(pool.map(ask, range(40)))
    assert len(buffers._free) == count == 2 * max(2, available_threads())  # all of them are back
    assert len(executor._steps._of_caller.__dict__) == 0  # and nothing else is kept


def test_a_refused_request_leaves_nothing_behind():
    _, _, values, batch, executor = next(each for each in map(world, range(99)) if each[1].bags)
    expected, pool = executor.logits(values, batch).tobytes(), executor._predictor._pool
    bad = batch.take(np.arange(len(batch)))
    object.__setattr__(bad.bags[0], "ids", np.full_like(bad.bags[0].ids, 10**6))
    for _ in range(50):
        with pytest.raises(ValueError, match="ids of bag"):
            executor.logits(values, bad)
    assert len(pool._free) == 2 * max(3, available_threads()) and len(executor._workers._idle) == 2
    assert executor.logits(values, batch).tobytes() == expected


def test_buffers_are_shared_out():
    """A request that is alone takes all threads, the next one those of a single thread, and who finds none waits."""
    pool = BufferPool(2, 4)
    first, second, third = pool.take(2), pool.take(2), pool.take(5)
    assert [len(taken) for taken in (first, second, third)] == [2, 1, 1]
    waiting = threading.Thread(target=lambda: pool.give_back(pool.take(2)))
    waiting.start()
    time.sleep(0.05)
    assert waiting.is_alive()
    pool.give_back(second)
    waiting.join(5)
    assert not waiting.is_alive()
    pool.give_back(third)
    pool.give_back(first)
    again = pool.take(2)
    assert again[0] is first[0] and again[1] is first[1]


# --- parts ------------------------------------------------------------------------------------


def test_workers():
    workers, found = Workers(2), []
    (one,), none = workers._take(1), Workers(0)._take(3)
    assert none == [] and len(workers._take(5)) == 1 and workers._take(1) == []
    for number in range(300):
        if number % 100 == 50:
            time.sleep(0.02)  # long enough for it to fall asleep
        one.start(found.append, number)
        assert one.finish() is None
    assert found == list(range(300))
    one.start(lambda: 1 / 0)
    assert isinstance(one.finish(), ZeroDivisionError)
    gate = threading.Event()
    one.start(gate.wait)
    while not one._jobs.empty():
        time.sleep(0.001)
    assert not one.withdraw()
    gate.set()
    assert one.finish() is None
    thread = one._thread
    del one, workers
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_a_job_is_withdrawn_only_before_it_begins():
    worker, ran = Worker(), []
    for turn in range(200):
        worker.start(ran.append, turn)
        if not worker.withdraw():
            assert worker.finish() is None and ran[-1] == turn
        elif ran:
            assert ran[-1] < turn


@pytest.mark.parametrize("threads", (1, 2, 3, 8))
@pytest.mark.parametrize("tile_rows", (1, 7, 64, 192))
def test_tiles_to_claim(threads, tile_rows):
    for rows in (1, 2, 5, 48, 100, 999, 1000, 5000):
        borders = tiles_to_claim(rows, threads, tile_rows)
        sizes = np.diff(borders)
        assert borders[0] == 0 and borders[-1] == rows and sizes.min() > 0 and sizes.max() <= tile_rows
        if threads > 1 and rows >= 999:
            assert sizes[-threads:].max() <= 48
    assert np.diff(tiles_to_claim(1000, 1, 192)).tolist() == [168] * 5 + [160]


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_checked(seed):
    rng = np.random.default_rng(seed)
    sizes = np.array([5, 2**31 - 1, 7], np.int32)
    for rows in (1, 2, 40):
        ids = np.stack([rng.integers(0, size, rows) for size in sizes], axis=1).astype(np.int32)
        dense = rng.normal(size=(rows, 6)).astype(np.float32)
        ids[:, 1], dense[:, 2:4], dense[:, 5] = ids[0, 1], dense[0, 2:4], 0
        runs = [runs_of_columns(columns) for columns in ([1], [2, 3, 5])]
        assert runs[1].tolist() == [2, 4, 5, 6]
        assert rows_are_fine(ids, sizes, runs[0], dense, runs[1])
        for row, column, id in ((0, 0, 5), (rows - 1, 2, -1), (rows // 2, 1, -(2**31))):
            bad = ids.copy()
            bad[row, column] = id
            assert not rows_are_fine(bad, sizes, runs[0], dense, runs[1])
        if rows > 1:
            for column in (2, 3, 5):
                bad = dense.copy()
                bad[-1, column] += 1
                assert not rows_are_fine(ids, sizes, runs[0], bad, runs[1])
            bad = ids.copy()
            bad[-1, 1] -= 1 if bad[-1, 1] else -1
            assert not rows_are_fine(bad, sizes, runs[0], dense, runs[1])
    nothing = np.zeros(0, np.int64)
    assert rows_are_fine(np.zeros((9, 0), np.int32), np.zeros(0, np.int32), nothing, dense, nothing) and runs_of_columns([]).tolist() == []


def test_an_id_that_int32_would_cut_to_a_good_one_is_refused():
    _, _, values, batch, executor = next(each for each in map(world, range(99)) if each[1].categorical)
    expected = executor.logits(values, batch).tobytes()
    object.__setattr__(batch, "ids", batch.ids.astype(np.int64))
    assert executor.logits(values, batch).tobytes() == expected
    batch.ids[3, 0] += 2**32
    with pytest.raises(ValueError, match="ids of "):
        executor.logits(values, batch)


def test_values_that_were_pickled_can_be_changed():
    plan, _, values, batch, executor = world(0)
    values = pickle.loads(pickle.dumps(values, protocol=4))  # NumPy leaves its numbers in `bytes`, and lets them be written to
    answers = {executor.logits(values, batch).tobytes()}
    values.dense *= 0.5
    answers.add(executor.logits(values, batch).tobytes())
    assert not values.frozen and len(answers) == 2 and fresh(plan, values, batch) in answers


def test_values_of_another_plan_are_refused():
    _, _, values, batch, executor = world(0)
    values.plan, values.dense = None, values.dense[:-1]
    for call in (executor.logits, executor.gradients):
        with pytest.raises(ValueError, match="values.dense must hold the"):
            call(values, batch)


def test_ids_that_are_no_integers_are_refused():
    _, _, values, batch, executor = world(0)
    ids = batch.ids.astype(float)
    ids[0] = np.nan
    for call in (executor.logits, executor.gradients):
        with pytest.raises(ValueError, match="ids must be integers"):
            call(values, replace(batch, ids=ids))


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork; run on Linux or macOS")
def test_a_forked_process_has_workers_of_its_own():
    worker = Worker()
    worker.start(int)
    assert worker.finish() is None
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        worker.start(int)
        os._exit(0 if worker.finish() is None else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_an_interrupted_wait_ends_when_the_worker_has():
    """The worker interrupts the wait once it has begun, and goes on when the wait has been interrupted."""
    worker, done, interrupted = Worker(), [], threading.Event()
    main = threading.main_thread().ident

    def handle(number, frame):
        interrupted.set()
        raise KeyboardInterrupt

    def job():
        while threading.Event.wait.__code__ not in codes(main):
            time.sleep(0.01)
        signal.pthread_kill(main, signal.SIGINT)
        interrupted.wait(60)
        time.sleep(0.2)
        done.append(True)

    before = signal.signal(signal.SIGINT, handle)
    try:
        worker.start(job)
        assert isinstance(worker.finish(), KeyboardInterrupt) and done
    finally:
        signal.signal(signal.SIGINT, before)


def codes(thread):
    """What a thread is in."""
    return [frame.f_code for frame, _ in traceback.walk_stack(sys._current_frames()[thread])]
