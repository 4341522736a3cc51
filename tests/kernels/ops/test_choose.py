"""Experts that a gate may not ask, and how unevenly it asks: numbers worked out by hand; `test_operations` compares the executors."""

import numpy as np
import pytest
from random_rows import SPEC
from small_plans import BACKENDS

from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.executor import make_executor
from minirank.kernels.ops import balance, choose, dropout
from minirank.kernels.parameters import Arena, initial_values
from minirank.kernels.plan import PlanBuilder


def test_top_k_by_hand():
    """The two largest, of equal ones the first; the softmax behind shares 1 out among them, and only they have a gradient."""
    z = np.array([[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]])
    np.testing.assert_array_equal(choose.in_top_k(z, 2), [[[False, True, True], [True, True, False]]])
    np.testing.assert_array_equal(choose.in_top_k(z, 1), [[[False, True, False], [True, False, False]]])
    assert choose.in_top_k(z, 3).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_not_chosen_gets_nothing(backend):
    """z = x of one row, two gates: a tie, and a difference of log 3 at tau = 1 with one expert left out."""
    build = PlanBuilder(InputSpec(dense=("a",), tasks=("y",)))
    x, z, g, logits = build.block("x", 1, 0), build.block("z", 6), build.block("g", 6), build.block("logits", 1)
    build.add("copy", x)
    build.add("dense", z, (x,), (build.parameter("w", (1, 6), "zero"), build.parameter("b", (6,), "zero")), relu=0)
    build.add("top_k", z, (z,), experts=3, k=2)
    build.add("softmax", g, (z,), experts=3, temperature=1.0)
    build.add("dense", logits, (g,), (build.parameter("v", (6, 1), "zero"), build.parameter("c", (1,), "zero")), relu=0)
    build.add("mse", None, (logits,), task=0, factor=1.0)
    plan = build.build(logits, outputs={"g": g})
    one = np.ones((1, 1), np.float32)
    batch = Batch(np.zeros((1, 0), np.int32), (), one, 0 * one, one, np.zeros(1, np.int32))
    executor, values, found = make_executor(backend, plan, np.float64), initial_values(plan, 0, np.float64), Arena(plan, np.float64)
    values["b"][:], values["v"][:, 0] = [5, 5, 5, np.log(3), -9, 0], [1, 3, 9, 0, 9, 1]
    np.testing.assert_allclose(executor.outputs(values, batch, ("g",))["g"], [[0.5, 0.5, 0, 0.75, 0, 0.25]], rtol=1e-6)
    found.dense[:] = executor.gradients(values, batch).dense
    dlogit = 2 * (2 + 0.25)  # of (logit - 0)^2
    np.testing.assert_allclose(found["b"], dlogit * np.array([-0.5, 0.5, 0, -0.1875, 0, 0.1875]), rtol=1e-5)
    assert found["b"][2] == 0 == found["b"][4]


def test_a_row_that_would_lose_all_experts_loses_none():
    kept = choose.kept_experts(key=3, layer=1, rows=2000, gates=2, experts=2, share=0.6)
    lost = ~dropout.kept_units(3, 1, 2000, 4, 0.6).reshape(2000, 2, 2)
    assert lost.all(axis=2).mean() == pytest.approx(0.36, abs=0.03)
    np.testing.assert_array_equal(kept, ~lost | lost.all(axis=2, keepdims=True))


def test_balance_by_hand():
    """Shares 3/4 and 1/4 of two experts: CV^2 = 1/4; even ones: 0; all to one of three: E - 1 = 2."""
    loss, dimportance = balance.balance(np.array([[0.75, 0.25]]))
    assert loss == 0.25 and dimportance.tolist() == [[1, -1]]
    assert balance.balance(np.full((2, 4), 0.25))[0] == 0
    assert balance.balance(np.array([[1.0, 0, 0]]))[0] == pytest.approx(2)
    shares = np.array([0.5, 0.3, 0.2])
    assert balance.balance(shares[None])[0] == pytest.approx(shares.var() / shares.mean() ** 2)


@pytest.mark.parametrize("kind, settings", [("top_k", {"k": 2}), ("expert_dropout", {"layer": 0, "share": 0.5})])
def test_experts_are_left_out_in_place(kind, settings):
    build = PlanBuilder(SPEC)
    z = build.block("z", 3)
    with pytest.raises(ValueError, match=f"{kind} works in place"):
        build.add(kind, build.block("y", 3), (z,), experts=3, **settings)
    with pytest.raises(ValueError, match="is not made of gates over 2 experts"):
        build.add(kind, z, (z,), experts=2, **settings)
