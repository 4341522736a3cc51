"""What kernels read and write: nothing outside their arrays, nothing that an earlier batch left behind, no other row.

Run as a script, this file puts every array right before a page that no one may touch, then right behind one: a
single read too far ends the process.
"""

import dataclasses
import itertools
import signal

import numpy as np
import pytest
from checkout import python
from cpu_world import drawn, drawn_batch, drawn_values, first_drawn, guarded, guarded_batch, guarded_copy, smooth_batch, with_shared

from minirank.kernels import parameters
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Bag, InputSpec
from minirank.kernels.cpu import bfloat16, buffers, predict, team, train
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.cpu.tiles import thread_tiles
from minirank.kernels.cpu.work import Work
from minirank.kernels.parameters import TrainState
from minirank.kernels.reference import ReferenceExecutor

GUARDED_SEEDS = 14


COPIED = {"runs", "reals", "entities", "bag_offsets", "bag_ids", "bag_starts", "losses", "ticks", "table", "cleared", "tiles", "slots"}
COPIED |= {"sizes", "shares", "sources", "gains"}


class GuardedWork(Work):
    """Lets kernels read and write guarded copies of some arrays; the others are guarded where `aligned` made them."""

    behind, copies = True, []

    def address(self, name, array):
        if name in COPIED:
            array = guarded_copy(array, self.behind)
            self.copies.append(array)
        return super().address(name, array)


def touch_everything(seed, behind):
    """Steps, gradients and predictions of a drawn plan, all in guarded memory; every third on matrix tiles, if there are any."""
    plan, spec, _, rng = drawn(seed)
    if seed % 3 == 0 and bfloat16.why_not() is None:
        plan = plan.in_bfloat16()
    for module in (buffers, parameters, train):
        module.aligned = lambda size, dtype: guarded(size, dtype, behind)
    train.Work = predict.Work = GuardedWork
    GuardedWork.behind = behind
    for rows, tile_rows, threads in ((13, 6, 1), (1, 192, 2), (84, 7, 3)):
        values = drawn_values(plan, seed)
        batch = guarded_batch(drawn_batch(rng, spec, rows), behind)
        executor = CpuExecutor(plan, np.float32, threads, tile_rows)
        state = TrainState(values)
        state.decay = guarded_copy(state.decay, behind)
        executor.gradients(values, batch)
        executor.step(state, batch, Adam(weight_decay=0.1))
        executor.step(state, guarded_batch(with_shared(batch, spec, rng.spawn(1)[0]), behind), Adam())
        executor.logits(values, batch)
        executor.outputs(values, batch, tuple(plan.outputs))
        executor.logits(values.copy().freeze(), batch)
        same = guarded_batch(batch.take(np.zeros(rows, int)), behind)
        executor.logits(values, same, (*spec.dense, *(name for name, _ in spec.categorical[:2] + spec.bags[:1])))
        del executor
        GuardedWork.copies.clear()


def test_no_kernel_leaves_its_arrays():
    done = python(__file__)
    assert done.returncode == 0, f"ended by {done.returncode} in {done.stdout[-200:]}{done.stderr[-2000:]}"
    assert done.stdout.split()[-1] == "done"


@pytest.mark.parametrize("behind", (True, False))
def test_a_guard_is_fatal(behind):
    """One number past the end, or before the start, ends the process: else the test above would test nothing."""
    code = "import ctypes, cpu_world; a = cpu_world.guarded(3, behind={}); print(ctypes.c_uint8.from_address(a.ctypes.data + {}).value)"
    results = [python("-c", code.format(behind, place)).returncode for place in ((2, 3) if behind else (0, -1))]
    assert results == [0, -signal.SIGSEGV]


def same_bytes(left, right):
    assert left.total == right.total or (np.isnan(left.total) and np.isnan(right.total))
    assert left.dense.tobytes() == right.dense.tobytes() and left.losses.tobytes() == right.losses.tobytes()
    assert left.tables.keys() == right.tables.keys()
    for name, (ids, rows) in left.tables.items():
        assert ids.tobytes() == right.tables[name][0].tobytes() and rows.tobytes() == right.tables[name][1].tobytes(), name


def one_search(batch):
    """The same rows as one search."""
    return dataclasses.replace(batch, groups=np.zeros(len(batch), np.int32))


@pytest.mark.parametrize("seed", range(8))
def test_nothing_stays_behind(seed):
    """One executor over batches of all sizes, a tile that grows, and parameters full of NaN in between = fresh ones."""
    plan, spec, values, rng = drawn(seed)
    used = CpuExecutor(plan, np.float32, 2, 64)
    broken = values.copy()
    broken.dense[:], broken.tables[:] = np.nan, np.inf
    batches = [drawn_batch(rng, spec, rows) for rows in (1, 400, 7, 193, 1, 300)]
    batches[3] = one_search(batches[3])
    batches += [with_shared(batch, spec, np.random.default_rng(seed)) for batch in batches[:4]]
    for batch in batches:
        fresh = CpuExecutor(plan, np.float32, 2, 64)
        same_bytes(used.gradients(values, batch), fresh.gradients(values, batch))
        assert used.logits(values, batch).tobytes() == fresh.logits(values, batch).tobytes()
        used.gradients(broken, batch)
        used.logits(broken, batch)


def test_executors_of_other_plans_share_nothing():
    worlds = []
    for seed in range(5):
        plan, spec, values, rng = drawn(seed)
        worlds.append((CpuExecutor(plan, np.float32, 2, 64), plan, values, [drawn_batch(rng, spec, rows) for rows in (50, 1, 200)]))
    for turn in range(3):
        for executor, plan, values, batches in worlds:
            same_bytes(executor.gradients(values, batches[turn]), CpuExecutor(plan, np.float32, 2, 64).gradients(values, batches[turn]))


@pytest.mark.parametrize("bad", (np.nan, np.inf, -np.inf))
@pytest.mark.parametrize("seed", range(8))
def test_a_broken_row_of_a_table_reaches_only_the_rows_that_read_it(seed, bad):
    plan, spec, values, rng = drawn(seed)
    batch = drawn_batch(rng, spec, 150)
    executor = CpuExecutor(plan, np.float32, 2, 64)
    before = executor.logits(values, batch)
    reads = [op for op in plan.forward if op.kind in ("gather", "bag", "dense_by_id")]
    for op in reads:
        broken, (parameter,) = values.copy(), op.parameters
        if op.kind == "bag":
            bag = batch.bags[op.attributes["bag"]]
            id = int(bag.ids[0])
            users = np.array([id in bag.ids[bag.offsets[e] : bag.offsets[e + 1]] for e in bag.entity])
        else:
            id = plan.spec.categorical[op.attributes["field"]][1] - 1
            users = batch.ids[:, op.attributes["field"]] == id
        broken[parameter.name][id - (op.kind == "dense_by_id")] = bad
        other = [again for again in reads if again is not op and parameter in again.parameters]
        assert all(again.attributes == op.attributes for again in other)  # members that share it
        after = executor.logits(broken, batch)
        assert after[~users].tobytes() == before[~users].tobytes(), parameter.name
    assert executor.logits(values, batch).tobytes() == before.tobytes()


def test_a_search_of_5000_rows():
    """One search, far longer than a tile, with pairs: against the reference, then short batches again."""
    plan, spec, values, rng = first_drawn(lambda plan, spec: [op.kind for op in plan.losses] == ["pairwise"])
    batch = one_search(drawn_batch(rng, spec, 5000))
    batch.labels[:] = 0
    batch.labels[[3, 700, 4999], plan.losses[0].attributes["task"]] = 0.5, 1, 0.25
    batch.labels[10:2000] = np.nan
    executor = CpuExecutor(plan, np.float32, 3)
    small = drawn_batch(rng, spec, 7)
    first = executor.gradients(values, small)
    found, expected = executor.gradients(values, batch), ReferenceExecutor(plan).gradients(values.copy(np.float64), batch)
    assert found.total == pytest.approx(expected.total, rel=1e-5)
    assert np.linalg.norm(found.dense - expected.dense) <= 1e-4 * np.linalg.norm(expected.dense)  # 5,000 rows, some of them near a kink
    same_bytes(executor.gradients(values, small), first)


@pytest.mark.parametrize("seed", range(6))
def test_empty_lists_and_the_last_id(seed):
    """Every bag empty, no list at all, every id the last of its table: as the reference."""
    plan, spec, values, rng = drawn(seed)
    batch = smooth_batch(rng, plan, spec, values, 9)
    nothing = tuple(Bag(np.zeros(9, np.int32), np.zeros(2, np.int64), np.zeros(0, np.int32)) for _ in spec.bags)
    last = np.tile(np.array([size - 1 for _, size in spec.categorical], np.int32), (9, 1))
    for each in (dataclasses.replace(batch, bags=nothing), dataclasses.replace(batch, ids=last)):
        found = CpuExecutor(plan, np.float64, 2, 6).gradients(values.copy(np.float64), each)
        expected = ReferenceExecutor(plan).gradients(values.copy(np.float64), each)
        np.testing.assert_allclose(found.dense, expected.dense, rtol=1e-8, atol=1e-10 * max(abs(expected.dense).max(), 1e-300))
        for name, (ids, rows) in expected.tables.items():
            np.testing.assert_array_equal(found.tables[name][0], ids)
            np.testing.assert_allclose(found.tables[name][1], rows, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("tile_rows", (1, 6, 7, 64, 100, 192))
def test_tiles(tile_rows):
    """They cover the rows in order; none is longer than the arenas of a prediction; none splits a search where it must not."""
    for rows in (1, 2, 7, 14, 63, 128, 193, 400):
        batch = drawn_batch(np.random.default_rng(rows), InputSpec(dense=("x",), tasks=("y",)), rows)
        starts = {0, rows, *(1 + np.flatnonzero(np.diff(batch.groups)))}
        for threads in (1, 2, 3, 5):
            for grouped in (False, True):
                parts = thread_tiles(batch, threads, tile_rows, grouped)
                borders = [border for part in parts for border in part]
                assert len(parts) == threads and borders == sorted(borders) and (borders[0], borders[-1]) == (0, rows)
                assert all(end[0] == start[-1] for start, end in itertools.pairwise(parts))
                assert set(borders) <= starts if grouped else max(np.diff(part).max(initial=0) for part in parts) <= tile_rows


def test_ever_longer_searches_keep_few_buffers():
    plan, spec, values, rng = first_drawn(lambda plan, spec: plan.grouped)
    executor = CpuExecutor(plan, np.float32, 1, 64)
    for rows in range(65, 200, 5):
        executor.gradients(values, one_search(drawn_batch(rng, spec, rows)))
    assert len([name for name in executor._steps._buffers()[0] if name.startswith("values")]) <= 3


def test_arrays_that_may_not_be_written_compile_nothing_anew():
    plan, spec, values, rng = drawn(0)
    batch, executor = drawn_batch(rng, spec, 9), CpuExecutor(plan, np.float32, 1)
    expected = executor.logits(values, batch)
    before = [len(driver.signatures) for driver in (predict.rows_are_fine, team.run_part)]
    for name in ("ids", "dense", "labels", "weights", "groups"):
        getattr(batch, name).setflags(write=False)
    np.testing.assert_array_equal(executor.logits(values, batch), expected)
    assert [len(driver.signatures) for driver in (predict.rows_are_fine, team.run_part)] == before


if __name__ == "__main__":
    for number in range(GUARDED_SEEDS):
        for side in (True, False):
            print(f"seed {number}, guard {'behind' if side else 'in front'}", flush=True)
            touch_everything(number, side)
    print("done")
