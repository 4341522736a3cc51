"""A plan in two: what is computed once a search is what the rows would have computed, by hand, in the reference and in compiled kernels."""

import dataclasses

import numpy as np
import pytest
from cpu_world import ROWS, THREADS, TILE_ROWS, assert_near, drawn, drawn_batch, near_a_kink, with_shared
from random_rows import SPEC, random_batch, randomise
from small_plans import ARCHITECTURES, plan_of, small

from minirank.kernels.batch import Batch, InputSpec, same_in_searches, searches
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.cpu.searches import searches_of
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import Arena, initial_values
from minirank.kernels.plan import PlanBuilder
from minirank.kernels.reference import ReferenceExecutor
from minirank.kernels.split import split

SEEDS = range(30)
SHARED = ("role", "title", "skills", "gap")


def by_rows(batch):
    return dataclasses.replace(batch, shared=())


def test_by_hand():
    """x = [X | x''] with one column each, W = [2, 3]^T, b = 1, L = mean z^2: dz = z / 2 a row, of four."""
    build = PlanBuilder(InputSpec(dense=("of_job", "own"), tasks=("gain",)))
    x, z = build.block("x", 2, differentiable=0), build.block("z", 1)
    build.add("copy", x)
    build.add("dense", z, (x,), (build.parameter("weight", (2, 1), "glorot"), build.parameter("bias", (1,), "zero")), relu=0)
    build.add("mse", None, (z,), task=0, factor=1.0)
    plan = build.build(z, links=("identity",))
    dense = np.array([[10.0, 1.0], [10.0, 2.0], [10.0, -4.0], [20.0, 5.0]], np.float32)
    labels, groups = np.zeros((4, 1), np.float32), np.array([4, 4, 4, 7], np.int32)
    batch = Batch(np.zeros((4, 0), np.int32), (), dense, labels, labels + 1, groups, shared=("of_job",))
    values = Arena(plan, np.float64)
    values["weight"][:, 0], values["bias"][0] = (2, 3), 1
    parts = split(plan, batch.shared)
    assert [op.kind for op in parts.searches.operations] == ["copy", "dense"] and [op.kind for op in parts.rows.operations][-1] == "mse"
    assert parts.searches.operations[1].inputs[0].width == parts.rows.operations[1].inputs[0].width == 1
    z = np.array([2 * 10 + 3 * 1 + 1, 2 * 10 + 3 * 2 + 1, 2 * 10 - 3 * 4 + 1, 2 * 20 + 3 * 5 + 1])  # (X_s W' + b) + x'' W''
    dz = z / 2
    expected = [10 * (dz[0] + dz[1] + dz[2]) + 20 * dz[3], dz @ dense[:, 1], dz.sum()]  # dW' = X^T dZ, dW'' = x''^T dz, db
    for backend in ("reference", "cpu"):
        found = make_executor(backend, plan, np.float64).gradients(values, batch)
        np.testing.assert_allclose(found.dense, expected, rtol=1e-14)
        assert found.total == pytest.approx((z**2).mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_gradients(seed):
    """The reference and compiled kernels, whatever is shared, beside the reference that shares nothing."""
    plan, spec, values, rng = drawn(seed)
    batch = with_shared(drawn_batch(rng, spec, ROWS[seed % len(ROWS)]), spec, rng)
    exact = values.copy(np.float64)
    expected = ReferenceExecutor(plan).gradients(exact, by_rows(batch))
    smooth = not near_a_kink(plan, values, batch, 1e-5).any()
    compiled = int(rng.choice(THREADS)), int(rng.choice(TILE_ROWS))
    executors = [(ReferenceExecutor(plan), 1e-12), (CpuExecutor(plan, np.float64, *compiled), 1e-12)]
    for executor, tolerance in executors + [(CpuExecutor(plan, np.float32, *compiled), 1e-5)] * smooth:
        found = executor.gradients(values.copy(executor.dtype), batch)
        assert_near(found, expected, plan, tolerance)
        np.testing.assert_allclose(found.losses, expected.losses, rtol=10 * tolerance, atol=tolerance * max(*abs(expected.losses), 1e-3))
        again = executor.gradients(values.copy(executor.dtype), batch)  # with memory that is not new any more
        np.testing.assert_array_equal(found.dense, again.dense)


def test_the_draws_meet_everything():
    """Every kind that can be a search's; losses that compare rows, dropout."""
    apart, kinds, losses = 0, set(), set()
    for seed in SEEDS:
        plan, spec, _, rng = drawn(seed)
        batch = with_shared(drawn_batch(rng, spec, ROWS[seed % len(ROWS)]), spec, rng)
        parts = split(plan, batch.shared)
        if parts is not None and len(batch) >= 2 * len(searches(batch.groups)[0]):
            apart += 1
            kinds |= {op.kind for op in parts.searches.operations}
            losses |= {op.kind for op in plan.operations}
    assert kinds == {"gather", "bag", "copy", "dense", "bias_by_id", "dense_by_id", "diagonal"}
    assert losses >= {"bce", "mse", "listwise", "pairwise", "dropout"} and apart >= 12


@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_architectures(architecture, role):
    """All are taken apart but pepnet, whose experts read products of columns; what is shared there is the layer that scales them."""
    plan = plan_of(small(architecture, role))
    assert (split(plan, SHARED) is None) == (architecture == "pepnet")


def test_what_is_left_whole():
    plan = plan_of(small())
    assert split(plan, ()) is None
    assert split(plan, ("position",)) is None  # in no layer's input
    every = tuple(name for name in (*dict(SPEC.categorical), *dict(SPEC.bags), *SPEC.dense))
    assert split(plan, every) is None  # nothing is a row's own
    assert split(plan.in_bfloat16(), SHARED) is None  # what is summed first would be rounded once, not row by row


def test_searches_of_one_row_share_nothing():
    plan = plan_of(small())
    executor = CpuExecutor(plan, np.float64, 2)
    batch = dataclasses.replace(random_batch(40), groups=np.arange(40, dtype=np.int32), shared=SHARED)
    _, same = executor._steps._plans.split(SHARED)
    assert searches_of(batch, same, SPEC, executor.dtype, 2, 192) is None
    values = randomise(initial_values(plan, 0, np.float64), 0)
    np.testing.assert_array_equal(executor.gradients(values, batch).dense, executor.gradients(values, by_rows(batch)).dense)


@pytest.mark.parametrize("backend", ("reference", "cpu"))
def test_rows_that_differ_are_refused(backend):
    plan = plan_of(small())
    executor, batch = make_executor(backend, plan, np.float64), dataclasses.replace(random_batch(40), shared=SHARED)
    values = initial_values(plan, 0, np.float64)
    with pytest.raises(ValueError, match="shared names .*, but rows of a search differ in it"):
        executor.gradients(values, batch)
    with pytest.raises(ValueError, match="'colour'; there are role"):
        executor.gradients(values, dataclasses.replace(batch, shared=("colour",)))


def test_names_of_what_searches_share():
    rng = np.random.default_rng(0)
    batch = with_shared(random_batch(300), SPEC, rng)
    assert {*batch.shared} <= {*same_in_searches(batch, SPEC)} < {*dict(SPEC.categorical), *dict(SPEC.bags), *SPEC.dense}
