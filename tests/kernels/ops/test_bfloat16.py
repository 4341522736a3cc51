"""Products of bfloat16: the rounding, its gradient, and tiles of the processor against NumPy where there are tiles."""

import dataclasses

import numpy as np
import pytest
from cpu_world import drawn, drawn_batch
from random_rows import SPEC, random_batch, randomise
from small_plans import finish, inputs, layer, plan_of, small

from minirank.kernels.adam import Adam
from minirank.kernels.cpu import bfloat16
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.executor import Unavailable, make_executor
from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops import KINDS
from minirank.kernels.ops.dense import dense_backward, dense_forward
from minirank.kernels.ops.dense_bfloat16 import dense_bfloat16_backward, round_to_bfloat16
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.plan import PlanBuilder

needs_tiles = pytest.mark.skipif(bfloat16.why_not() is not None, reason=str(bfloat16.why_not()))


# --- in NumPy, everywhere -----------------------------------------------------------------------


def test_rounding_by_hand():
    """8 bits of precision: between 1 and 2 neighbours are 1/128 apart, and a tie goes to the even one."""
    half = 1 / 256
    values = [1 + half, 1 + 3 * half, 1 + half * 1.001, -1 - half * 1.001, 0.0, 3.4e38, np.inf, -np.inf]
    expected = [1, 1 + 4 * half, 1 + 2 * half, -1 - 2 * half, 0.0, np.inf, np.inf, -np.inf]
    np.testing.assert_array_equal(round_to_bfloat16(np.array(values, np.float32)), np.array(expected, np.float32))
    assert np.isnan(round_to_bfloat16(np.array([np.nan, 1.0]))).tolist() == [True, False]


def test_rounding_gives_the_nearest():
    values = (np.random.default_rng(0).normal(size=2000) * 10.0 ** np.arange(-20, 20).repeat(50)).astype(np.float32)
    found = round_to_bfloat16(values)
    assert (round_to_bfloat16(found) == found).all() and (found.view(np.uint32) & 0xFFFF == 0).all()
    step = np.float32(2.0) ** (np.floor(np.log2(np.abs(values))) - 7)
    assert (np.abs(found - values) <= step / 2).all() and (found != values).mean() > 0.9


def test_gradient_of_numbers_that_rounding_keeps():
    """There the layer is `dense`, whose gradient is checked by projection; elsewhere it is that of the rounded numbers."""
    rng = np.random.default_rng(1)
    x, weight, bias, u = (round_to_bfloat16(rng.normal(size=shape)) for shape in ((17, 6), (6, 5), (5,), (17, 5)))

    def forward():
        y = np.zeros((17, 5))
        dense_forward(y, x, weight, bias, True)
        return y

    def gradient(x, weight, dy):
        found = np.zeros((17, 4)), np.zeros_like(weight), np.zeros_like(bias)
        dense_bfloat16_backward(*found, dy.copy(), x, forward(), weight)
        return found

    dx, dweight, dbias = gradient(x, weight, u)
    assert projection_error(forward, dweight, weight, u, 0) < 1e-6 and projection_error(forward, dbias, bias, u, 0) < 1e-6
    expected = np.zeros((17, 6)), np.zeros_like(weight), np.zeros_like(bias)
    dense_backward(*expected, u.copy(), x, forward(), weight, True)
    np.testing.assert_array_equal(dx, expected[0][:, :4])
    beside = gradient(x * 1.001, weight * 0.999, u * 1.001)
    np.testing.assert_array_equal(beside[1], dweight)
    assert (beside[2] != dbias).all(), "a bias is not multiplied, so its gradient is exact"


def test_only_layers_with_a_relu_are_rounded():
    plan = plan_of(small())
    kinds = [(op.kind, before.kind, op.attributes.get("relu")) for op, before in zip(plan.in_bfloat16().operations, plan.operations)]
    assert all(now == ("dense_bfloat16" if (before, relu) == ("dense", 1) else before) for now, before, relu in kinds)
    assert {("dense_bfloat16", "dense", 1), ("dense", "dense", 0)} <= set(kinds)


def test_without_tiles_the_executor_says_why(monkeypatch):
    plan = plan_of(small()).in_bfloat16()
    monkeypatch.setattr(KINDS["dense_bfloat16"], "why_not", lambda: "no tiles here")
    with pytest.raises(Unavailable, match="no tiles here"):
        make_executor("cpu", plan)
    assert make_executor("reference", plan, np.float32).logits(initial_values(plan, 0, np.float32), random_batch(5)).shape == (5, 3)
    with pytest.raises(ValueError, match="sums in float32, got float64"):
        CpuExecutor(plan, np.float64)


# --- on tiles, against NumPy --------------------------------------------------------------------


def one_layer(width):
    """x, a rounded layer of this width that its logits read, and one loss."""
    build = PlanBuilder(SPEC)
    hidden = layer(build, "hidden", inputs(build), width, relu=1)
    logits = build.block("logits", 3)
    for task in range(3):
        layer(build, f"out{task}", hidden, 1, out=logits.columns(task, 1))
    build.add("bce", None, (logits.columns(2, 1),), task=2, factor=1.7)
    return finish(build, logits).in_bfloat16()


def distance(found, expected):
    return np.linalg.norm(found - expected) / max(np.linalg.norm(expected), 1e-30)


@needs_tiles
@pytest.mark.parametrize("rows", (1, 2, 15, 16, 17, 31, 32, 33, 64, 100, 260))
def test_one_layer(rows):
    """All rows and columns that a tile can be cut to: both executors round the same numbers, so the same products are summed."""
    for width in (1, 2, 15, 16, 17, 31, 32, 33, 50):
        plan, batch = one_layer(width), random_batch(rows, seed=rows)
        values = randomise(initial_values(plan, width, np.float32))
        expected = make_executor("reference", plan, np.float32).gradients(values, batch)
        found = CpuExecutor(plan, np.float32, 2, 48).gradients(values, batch)
        assert distance(found.dense, expected.dense) < 2e-6, width
        for name, (ids, gradient) in expected.tables.items():
            assert found.tables[name][0].tolist() == ids.tolist()
            assert distance(found.tables[name][1], gradient) < 1e-5, (width, name)


@needs_tiles
@pytest.mark.parametrize("seed", range(12))
def test_drawn_plans(seed):
    """Any architecture: against NumPy; other tiles and threads give predictions of the same bits."""
    plan, spec, values, rng = drawn(seed)
    plan = plan.in_bfloat16()
    rounded = any(op.kind == "dense_bfloat16" for op in plan.operations)
    for rows in (1, 193):
        batch = drawn_batch(rng, spec, rows)
        expected = make_executor("reference", plan, np.float32).gradients(values, batch)
        executor = CpuExecutor(plan, np.float32, 2, 64)
        found = executor.gradients(values, batch)
        # NOTE: a number of a second layer that lies between two bfloat16 may be rounded to either, so it is the norm that agrees.
        assert abs(found.total - expected.total) < 1e-4 * max(abs(expected.total), 1) and distance(found.dense, expected.dense) < 5e-3
        logits = executor.logits(values, batch)
        for other in (CpuExecutor(plan, np.float32, 1, 7), CpuExecutor(plan, np.float32, 3, 192)):
            assert other.logits(values, batch).tobytes() == logits.tobytes()
        assert CpuExecutor(plan, np.float32, 2, 64).gradients(values, batch).dense.tobytes() == found.dense.tobytes()
    exact = CpuExecutor(dataclasses.replace(plan, operations=drawn(seed)[0].operations), np.float32, 2).logits(values, batch)
    assert (rounded or logits.tobytes() == exact.tobytes()) and distance(logits, exact) < 0.05


@needs_tiles
@pytest.mark.parametrize("seed", range(8))
def test_what_a_request_shares(seed):
    """The bits of a request's predictions are those of rows for themselves, whatever is the request's."""
    _, spec, values, rng = drawn(seed)
    names = [*(name for name, _ in spec.categorical), *(name for name, _ in spec.bags), *spec.dense]
    of_request = tuple(name for name in names if rng.random() < 0.5)
    spec = dataclasses.replace(spec, of_request=of_request)
    plan = dataclasses.replace(drawn(seed)[0].in_bfloat16(), spec=spec)
    batch = drawn_batch(rng, spec, 40)
    batch = batch.take(np.zeros(40, int))
    batch.dense[:, [i for i, name in enumerate(spec.dense) if name not in of_request]] += rng.normal(size=(40, 1)).astype(np.float32)
    executor = CpuExecutor(plan, np.float32, 2, 64)
    assert executor.logits(values, batch, of_request).tobytes() == executor.logits(values, batch).tobytes()


@needs_tiles
def test_nan_reaches_the_logits_and_goes_again():
    plan = one_layer(20)
    values, batch = randomise(initial_values(plan, 0, np.float32)), random_batch(40)
    executor = CpuExecutor(plan, np.float32, 2)
    before, broken = executor.logits(values, batch), values.copy()
    broken["hidden.weight"][3, 4] = np.nan
    assert np.isnan(executor.logits(broken, batch)).all()
    assert executor.logits(values, batch).tobytes() == before.tobytes()


@needs_tiles
def test_steps_of_threads_at_the_same_time():
    """Two steps with the same threads give the same bytes; the loss falls."""
    plan = plan_of(small(expert_hidden=(40, 33))).in_bfloat16()
    batch, ends = random_batch(400), []
    for _ in range(2):
        state = TrainState(randomise(initial_values(plan, 0, np.float32)))
        executor = CpuExecutor(plan, np.float32, 2)
        totals = [executor.step(state, batch, Adam(learning_rate=0.01))[0] for _ in range(20)]
        ends.append(state.values.dense.tobytes())
    assert ends[0] == ends[1] and totals[-1] < totals[0]
