"""The gradients of the parts of a batch add up to those of the batch, and a step along them is the executor's own."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from random_rows import random_batch
from small_plans import BACKENDS, EXACT, TASKS, assert_close_gradients, batch_with, plan_of, plan_with, small

from minirank.kernels.adam import Adam
from minirank.kernels.executor import Gradients, make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.parts import add_rows, part_borders

KEY = 2**50 + 3


def executor_of(backend, plan, dtype=np.float64):
    return make_executor(backend, plan, dtype, threads=2)


def of_parts(executor, values, batch, parts):
    """The sum of the gradients of the parts, in their order. Sums over the batch are exchanged as ranks do it, one part after the other."""
    pieces, sums, found = [*pairwise(part_borders(executor.plan, batch, parts))], [], []
    for piece in pieces:  # what each adds to the sums over the batch, where there are any
        executor.gradients(values, batch.cut(*piece, lambda mine: sums.append(mine.copy()) or mine))
    for piece in pieces:
        found.append(executor.gradients(values, batch.cut(*piece, lambda mine: np.sum(sums, axis=0)), objective=False))
    tables = {name: add_rows([each.tables[name] for each in found]) for name in found[0].tables}
    return Gradients(0.0, sum(each.losses for each in found), sum(each.dense for each in found), tables)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", EXACT)
def test_parts_add_up_to_the_batch(kind, backend):
    plan, batch = plan_with(kind), replace(batch_with(kind, 33, 1), key=KEY, gains=(1.0, 0.5, 2.0))
    executor, values = executor_of(backend, plan), initial_values(plan, 0, np.float64)
    whole = executor.gradients(values, batch, objective=False)
    found = of_parts(executor, values, batch, 3)
    np.testing.assert_allclose(found.losses, whole.losses, rtol=1e-12)
    assert_close_gradients(found, whole, rtol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_part_of_a_part_knows_the_whole(backend):
    plan, batch = plan_with("dropout"), replace(batch_with("dropout", 33, 1), key=KEY)
    executor, values = executor_of(backend, plan), initial_values(plan, 0, np.float64)
    part = batch.cut(11, 33, np.copy)
    again = part.cut(4, 22, np.copy)
    assert (again.whole, again.before, again.key, len(again)) == (33, 15, KEY, 18)
    direct = executor.gradients(values, batch.cut(15, 33, np.copy), objective=False)
    assert_close_gradients(executor.gradients(values, again, objective=False), direct, rtol=0, atol=0)


def test_parts_are_even_and_keep_searches_whole():
    plan, batch = plan_with("bce"), random_batch(10)
    assert part_borders(plan, batch, 4) == [0, 2, 5, 7, 10]
    assert part_borders(plan, batch, 10) == [*range(11)] and part_borders(plan, batch, 11) is None
    grouped = plan_of(small("shared_bottom", role="none"), TASKS)
    assert grouped.grouped
    searches = replace(batch, groups=np.array([7, 7, 7, 7, 7, 7, 7, 3, 4, 4], np.int32))
    assert part_borders(grouped, searches, 2) == [0, 7, 10]
    assert part_borders(grouped, searches, 3) == [0, 7, 8, 10]  # not [0, 7, 7, 10], by which one would have nothing to do
    assert part_borders(grouped, searches, 4) is None


def test_rows_of_an_id_are_added_in_the_order_of_the_parts():
    first, second = (np.array([2, 5]), np.array([[1e8], [1.0]], np.float32)), (np.array([2, 9]), np.array([[1.0], [4.0]], np.float32))
    third = np.array([2]), np.array([[-1e8]], np.float32)
    ids, rows = add_rows([first, second, third])
    assert ids.tolist() == [2, 5, 9] and rows[:, 0].tolist() == [0.0, 1.0, 4.0]  # 1e8 + 1 is 1e8
    assert add_rows([first, third, second])[1][0, 0] == 1.0


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("clip_norm", [0.0, 0.01])
def test_a_step_along_a_given_gradient_is_the_step(clip_norm, backend):
    plan, batch, adam = plan_of(small()), random_batch(60, 2), Adam(weight_decay=0.3, clip_norm=clip_norm)
    executor = executor_of(backend, plan)
    own, given = (TrainState(initial_values(plan, 0, np.float64)) for _ in range(2))
    for _ in range(3):
        executor.step(own, batch, adam)
        executor.apply(given, executor.gradients(given.values, batch, objective=False), adam)
    assert (given.step, given.norm > 0) == (3, clip_norm > 0) and given.norm == pytest.approx(own.norm, rel=1e-12)
    for name in ("values", "m", "v"):
        for part in ("dense", "tables"):
            mine, theirs = (getattr(getattr(state, name), part) for state in (given, own))
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)


def test_cuda_takes_whole_batches_alone():
    from minirank.kernels.cuda.executor import CudaExecutor

    plan = plan_with("bce")
    executor = CudaExecutor.__new__(CudaExecutor)
    executor.plan = plan
    with pytest.raises(ValueError, match="give the cuda executor the whole batch"):
        executor._upload_batch(random_batch(10).cut(0, 5, np.copy), sorts=False)
