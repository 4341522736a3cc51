"""Several ranks, which are threads here, take the steps that one process takes."""

from dataclasses import replace

import numpy as np
import pytest
from random_rows import SPEC, random_batch
from small_plans import TASKS, plan_of, small
from thread_ranks import on_threads

from minirank.config.model import GateConfig
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.parts import part_borders
from minirank.kernels.task_gradients import SharedParameters, cosines, task_gradients
from minirank.parallel.executor import PartsExecutor, on_ranks
from minirank.parallel.ranks import ALONE

ADAM = Adam(learning_rate=0.01, weight_decay=0.1, clip_norm=1.0)
GATE = GateConfig(role="full", temperature=1.3, hidden=6, balance=0.2, expert_dropout=0.2)


def plan_with(tasks=TASKS, **changes):
    """Everything at once: losses of rows and of searches, dropout, balance, learned task weights, a penalty on roles."""
    return plan_of(small(gate=GATE, dropout=0.3, **changes), tasks)


def batches(rows=60, count=5):
    return [replace(random_batch(rows, seed), key=seed + 7) for seed in range(count)]


def trained(executor, steps, given, dtype=np.float64):
    """(the objective before each step, the parameters in the end)."""
    state = TrainState(initial_values(executor.plan, 0, dtype))
    totals = [executor.step(state, given[step % len(given)], ADAM)[0] for step in range(steps)]
    return np.array(totals), state.values


def ranks_trained(plan, size, steps, given, backend="reference", dtype=np.float64, accumulate=1):
    """Of each rank what `trained` gives."""

    def work(ranks):
        return trained(PartsExecutor(make_executor(backend, plan, dtype, 1), ranks, accumulate), steps, given, dtype)

    return on_threads(size, work)


@pytest.mark.parametrize(("size", "steps"), [(2, 100), (3, 20), (4, 20)])
def test_float64_losses_are_those_of_one_process(size, steps):
    plan, given = plan_with(), batches()
    assert plan.grouped and {"balance", "dropout", "expert_dropout"} <= {op.kind for op in plan.operations}
    alone, values = trained(make_executor("reference", plan, np.float64), steps, given)
    for found, theirs in ranks_trained(plan, size, steps, given):
        np.testing.assert_allclose(found, alone, rtol=1e-9)
        np.testing.assert_allclose(theirs.dense, values.dense, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(theirs.tables, values.tables, rtol=1e-6, atol=1e-9)
    assert alone[-1] < alone[0] - 0.1  # something was learned


def test_float32_losses_are_close_and_all_ranks_hold_the_same_bytes():
    plan, given = plan_with(), batches()
    alone, _ = trained(make_executor("cpu", plan, np.float32, 2), 20, given, np.float32)
    (first, values), *others = ranks_trained(plan, 3, 20, given, "cpu", np.float32)
    np.testing.assert_allclose(first, alone, rtol=1e-5)
    for found, theirs in others:
        assert found.tobytes() == first.tobytes()
        assert theirs.dense.tobytes() == values.dense.tobytes() and theirs.tables.tobytes() == values.tables.tobytes()
    (again, same), *_ = ranks_trained(plan, 3, 20, given, "cpu", np.float32)
    assert again.tobytes() == first.tobytes() and same.tables.tobytes() == values.tables.tobytes()


@pytest.mark.parametrize("size", [1, 2])
def test_accumulated_batches_are_one_large_batch(size):
    plan, given = plan_of(small(dropout=0.3)), batches(count=2)
    alone, _ = trained(make_executor("reference", plan, np.float64), 10, given)
    for found, _ in ranks_trained(plan, size, 10, given, accumulate=3):
        np.testing.assert_allclose(found, alone, rtol=1e-9)


def test_a_batch_of_fewer_rows_than_ranks_is_computed_by_each():
    plan, short = plan_with(), [replace(random_batch(2), key=5)]
    assert part_borders(plan, short[0], 4) is None
    alone, _ = trained(make_executor("reference", plan, np.float64), 3, short)
    for found, _ in ranks_trained(plan, 4, 3, short):
        assert found.tolist() == alone.tolist()


def test_gradients_of_tasks_apart_are_those_of_one_process():
    """What PCGrad, GradNorm and the cosines are made of."""
    plan, (batch, *_) = plan_of(small(task_weights="fixed")), batches()
    values, own = initial_values(plan, 0, np.float64), make_executor("reference", plan, np.float64)
    alone = cosines(task_gradients(own, values, batch, SharedParameters(plan)).products())
    shared = SharedParameters(plan)
    for found in on_threads(2, lambda ranks: task_gradients(PartsExecutor(own, ranks), values, batch, shared)):
        np.testing.assert_allclose(cosines(found.products()), alone, rtol=1e-9)


@pytest.mark.parametrize("objective", [True, False])
def test_gradients_have_the_objectives_part_where_it_is_asked_for(objective):
    plan, (batch, *_) = plan_with(), batches()
    values, own = initial_values(plan, 0, np.float64), make_executor("reference", plan, np.float64)
    alone = own.gradients(values, batch, objective)
    for found in on_threads(3, lambda ranks: PartsExecutor(own, ranks).gradients(values, batch, objective)):
        assert found.total == pytest.approx(alone.total, rel=1e-12)
        np.testing.assert_allclose(found.dense, alone.dense, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("rows", [1, 50])
def test_predictions_are_the_bytes_of_one_process(rows):
    plan, inputs = plan_with(), random_batch(rows)
    values, own = initial_values(plan, 0), make_executor("cpu", plan, np.float32, 1)
    names = tuple(plan.outputs)[:2]

    def work(ranks):
        executor = PartsExecutor(own, ranks)
        return executor.logits(values, inputs), executor.outputs(values, inputs, names)

    logits, outputs = own.logits(values, inputs), own.outputs(values, inputs, names)
    for found, slots in on_threads(2, work):
        assert found.tobytes() == logits.tobytes() and [*slots] == [*names]
        assert all(slots[name].tobytes() == outputs[name].tobytes() for name in names)


def test_one_process_has_its_own_executor():
    own = make_executor("reference", plan_of(small(), TASKS, SPEC), np.float64)
    assert on_ranks(own, ALONE) is own and isinstance(on_ranks(own, ALONE, 2), PartsExecutor)
