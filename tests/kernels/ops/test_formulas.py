"""Formulas of operations that test_operations.py has no hand-computed case of, and of the objective; where each kind has its case."""

from pathlib import Path

import numpy as np
import pytest

from minirank.kernels.batch import InputSpec
from minirank.kernels.objective import add_objective, weigh_tasks
from minirank.kernels.ops import KINDS, by_id, dot, losses, modulate, relu
from minirank.kernels.parameters import Arena
from minirank.kernels.plan import PlanBuilder

WITHOUT = {"copy"}  # kinds that compute nothing
BY_HAND = {  # kind -> the test that computes its docstring's formula
    "gather": "test_gather_sums_repeated_ids",
    "bag": "test_bag_by_hand",
    "dense": "test_dense_by_hand",
    "dense_bfloat16": "test_rounding_by_hand",
    "bias_by_id": "test_what_an_id_adds_by_hand",
    "dense_by_id": "test_what_an_id_adds_by_hand",
    "relu": "test_relu_by_hand",
    "dropout": "test_dropout_by_hand",
    "softmax": "test_softmax_by_hand",
    "mixture": "test_mixture_by_hand",
    "diagonal": "test_diagonal_by_hand",
    "dot": "test_dot_by_hand",
    "modulate": "test_modulate_by_hand",
    "bce": "test_bce_by_hand",
    "bce_entire": "test_entire_space_loss_by_hand",
    "mse": "test_mse_by_hand",
    "focal": "test_focal_by_hand",
    "ips": "test_propensity_losses_by_hand",
    "dr": "test_propensity_losses_by_hand",
    "bce_delayed": "test_delayed_labels_by_hand",
    "top_k": "test_top_k_by_hand",
    "expert_dropout": "test_a_row_that_would_lose_all_experts_loses_none",
    "balance": "test_balance_by_hand",
    "pairwise": "test_pairwise_and_listwise_by_hand",
    "listwise": "test_pairwise_and_listwise_by_hand",
}


def test_relu_by_hand():
    """At the kink the gradient is 0."""
    y, dz = np.empty((1, 3)), np.ones((1, 3))
    relu.relu_forward(y, np.array([[-2.0, 0.0, 3.0]]))
    relu.relu_backward(dz, np.array([[5.0, 5.0, 5.0]]), y)
    assert y.tolist() == [[0, 0, 3]] and dz.tolist() == [[1, 1, 6]]


def test_dot_by_hand():
    """scale (1 * 3 + 2 * -1); da = scale dz h, dh = scale dz a."""
    a, h, z = np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]]), np.empty((1, 1))
    dot.dot_forward(z, a, h, 0.5)
    da, dh = np.zeros((1, 2)), np.zeros((1, 2))
    dot.dot_backward(da, dh, np.array([[2.0]]), a, h, 0.5)
    assert z.tolist() == [[0.5]] and da.tolist() == [[3, -1]] and dh.tolist() == [[1, 2]]


def test_modulate_by_hand():
    """2 sigmoid(0) = 1, and its slope 1/2; 2 sigmoid(log 3) = 3/2, and 2 * 3/4 * 1/4."""
    z, h, y = np.array([[0.0, np.log(3.0)]]), np.array([[3.0, 8.0]]), np.empty((1, 2))
    modulate.modulate_forward(y, z, h)
    dz, dh = np.zeros((1, 2)), np.zeros((1, 2))
    modulate.modulate_backward(dz, dh, np.array([[1.0, 2.0]]), z, h)
    np.testing.assert_allclose(y, [[3, 12]])
    np.testing.assert_allclose(dz, [[1.5, 6]])
    np.testing.assert_allclose(dh, [[1, 3]])


def test_mse_by_hand():
    loss, dz = losses.mse(np.array([3.0, -1.0]), np.array([1.0, 0.5]))
    assert loss.tolist() == [4, 2.25] and dz.tolist() == [4, -3]


def test_what_an_id_adds_by_hand():
    """Rows of the ids 2, 0, 2: z_b += c_r + x_b U_r; dc and dU sum over the rows of an id, id 0 gives nothing."""
    x, ids, c, u = np.array([[1.0], [5.0], [3.0]]), np.array([2, 0, 2]), np.array([[7.0], [10.0]]), np.array([[[9.0]], [[2.0]]])
    z, dz = np.zeros((3, 1)), np.array([[1.0], [100.0], [0.5]])
    by_id.bias_by_id_forward(z, ids, c)
    by_id.dense_by_id_forward(z, x, ids, u)
    assert z.tolist() == [[12], [0], [16]]
    dc, du, dx = np.zeros((2, 1)), np.zeros((2, 1, 1)), np.zeros((3, 1))
    by_id.bias_by_id_backward(dc, dz, ids)
    by_id.dense_by_id_backward(dx, du, dz, x, ids, u)
    assert dc.tolist() == [[0], [1.5]] and du.tolist() == [[[0]], [[2.5]]] and dx.tolist() == [[2], [0], [1]]


def test_learned_task_weights_by_hand():
    """exp(-s) L + s / 2 of L = 4 and 1, s = log 2 and 0: 2 + log 2 / 2 + 1; ds = 1/2 - exp(-s) L."""
    total, ds = weigh_tasks(np.array([4.0, 1.0]), np.array([np.log(2.0), 0.0]))
    assert total == pytest.approx(3 + np.log(2) / 2)
    np.testing.assert_allclose(ds, [-1.5, -0.5])


def test_penalty_by_hand():
    """lambda / (2 N) ||w||^2 = 8 / (2 * 4) * (1 + 4 + 4) = 9 beside a loss of 0.5; dw = lambda / N w."""
    builder = PlanBuilder(InputSpec((), (), ("a",), ("y",)))
    x, logits = builder.block("x", 1, 0), builder.block("logits", 1)
    builder.add("copy", x)
    builder.add("dense", logits, (x,), (builder.parameter("w", (1, 1), "zero"), builder.parameter("b", (1,), "zero")), relu=0)
    kept = builder.parameter("kept", (3,), "zero", penalty=8.0)
    builder.add("mse", None, (logits,), task=0, factor=1.0)
    plan = builder.build(logits, training_rows=4)
    values, gradient = Arena(plan, np.float64), np.zeros(plan.size(False))
    values["kept"][:] = [1, 2, -2]
    assert add_objective(plan, values, np.array([0.5]), gradient) == pytest.approx(9.5)
    assert gradient[kept.offset : kept.offset + 3].tolist() == [2, 4, -4]


def test_every_kind_has_its_case_by_hand():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert BY_HAND.keys() | WITHOUT == {name for name, kind in KINDS.items() if type(kind).__module__.startswith("minirank.")}
    assert not [name for name in BY_HAND.values() if f"def {name}(" not in tests]
