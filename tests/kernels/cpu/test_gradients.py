"""Drawn plans of every kind: what the compiled kernels compute is what the reference computes in float64."""

import numpy as np
import pytest
from cpu_world import ROWS, THREADS, TILE_ROWS, assert_near, drawn, smooth_batch
from small_plans import EXACT

from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.reference import ReferenceExecutor

SEEDS = range(30)


def check(seed, precisions):
    plan, spec, values, rng = drawn(seed)
    batch = smooth_batch(rng, plan, spec, values, ROWS[seed % len(ROWS)])
    expected = ReferenceExecutor(plan).gradients(values.copy(np.float64), batch)
    tile_rows, threads = int(rng.choice(TILE_ROWS)), int(rng.choice(THREADS))
    for dtype, tolerance in precisions:
        found = CpuExecutor(plan, dtype, threads, tile_rows).gradients(values.copy(dtype), batch)
        assert found.total == pytest.approx(expected.total, rel=tolerance, abs=1e-3 * tolerance)
        np.testing.assert_allclose(found.losses, expected.losses, rtol=tolerance, atol=tolerance * max(*abs(expected.losses), 1e-3))
        assert_near(found, expected, plan, tolerance)


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_gradients(seed):
    check(seed, ((np.float64, 1e-10), (np.float32, 1e-5)))


def test_drawn_gradients_in_float32():
    """All of the draws with one compiled precision: what the other shapes of the micro-kernel are tested with."""
    for seed in SEEDS:
        check(seed, ((np.float32, 1e-5),))


def test_the_draws_meet_everything():
    """Every kind of operation, number of tasks and of bags; dense columns or none; task weights fixed or learned."""
    kinds, settings = set(), set()
    for seed in SEEDS:
        plan, spec, _, _ = drawn(seed)
        kinds |= {op.kind for op in plan.operations}
        settings |= {("fixed", plan.log_variance is None), ("dense", len(spec.dense) > 0)}
        settings |= {("tasks", len(spec.tasks)), ("bags", len(spec.bags))}
    assert kinds == set(EXACT) - {"top_k", "expert_dropout", "balance"}  # which ops/ compares in plans of their own
    assert settings >= {("bags", n) for n in range(3)} | {("tasks", n) for n in range(1, 5)}
    assert settings >= {(name, there) for name in ("fixed", "dense") for there in (True, False)}
