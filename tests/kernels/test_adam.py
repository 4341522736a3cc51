"""Adam by hand, dense and row-lazy, and that a table's untouched rows rest."""

import numpy as np
import pytest
from small_plans import BACKENDS

from minirank.kernels.adam import Adam, adam_dense, adam_rows
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.cpu import walk
from minirank.kernels.cpu.team import run_part
from minirank.kernels.cpu.work import Work
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.plan import PlanBuilder


def test_first_step_by_hand():
    """After one step m / (1 - b1) = g and v / (1 - b2) = g^2, so w moves by lr * sign(g)."""
    w, m, v = np.array([1.0, 2.0]), np.zeros(2), np.zeros(2)
    adam_dense(w, m, v, np.array([0.5, -4.0]), np.zeros(2), Adam(0.1, epsilon=1e-12), 1)
    np.testing.assert_allclose(w, [0.9, 2.1])
    np.testing.assert_allclose(m, [0.05, -0.4])
    np.testing.assert_allclose(v, [0.00025, 0.016])


def test_weight_decay_is_apart_from_the_gradient():
    w, m, v = np.array([1.0, 1.0]), np.zeros(2), np.zeros(2)
    adam_dense(w, m, v, np.zeros(2), np.array([1.0, 0.0]), Adam(0.1, weight_decay=0.5), 1)
    np.testing.assert_allclose(w, [0.95, 1.0])


def test_rows_that_a_batch_does_not_use_rest():
    table, m, v = np.ones((4, 2)), np.full((4, 2), 0.3), np.full((4, 2), 0.2)
    adam_rows(table, m, v, np.array([2, 0]), np.array([[1.0, 1.0], [2.0, 2.0]]), Adam(0.1), 5)
    for array, before in ((table, 1.0), (m, 0.3), (v, 0.2)):
        assert (array[[1, 3]] == before).all() and (array[[0, 2]] != before).all()


def test_every_row_touched_equals_dense_adam():
    rng = np.random.default_rng(0)
    table, gradients = rng.normal(size=(5, 3)), rng.normal(size=(4, 5, 3))
    flat, m, v = table.ravel().copy(), np.zeros(15), np.zeros(15)
    m_rows, v_rows = np.zeros((5, 3)), np.zeros((5, 3))
    for step, gradient in enumerate(gradients, 1):
        adam_dense(flat, m, v, gradient.ravel(), np.zeros(15), Adam(), step)
        order = rng.permutation(5)
        adam_rows(table, m_rows, v_rows, order, gradient[order], Adam(), step)
    np.testing.assert_allclose(table.ravel(), flat, rtol=1e-12)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-6)])
def test_compiled_steps_equal_numpy(dtype, tolerance):
    rng = np.random.default_rng(1)
    adam, step = Adam(0.01, weight_decay=0.1), 3
    arrays = [rng.normal(size=50), rng.normal(size=50), rng.random(50), rng.normal(size=50), (rng.random(50) < 0.5).astype(float)]
    expected, found = [a.copy() for a in arrays], [a.astype(dtype) for a in arrays]
    adam_dense(*expected, adam, step)
    settings = 1, 1 - adam.beta1, 1 - adam.beta2, *adam.corrected(step), adam.epsilon, adam.learning_rate * adam.weight_decay
    w, m, v, gradient, decay = found
    work, shares = Work(2), np.zeros((2, 64), dtype)  # of two threads, whose gradients are summed
    shares[:, :50] = gradient / 2
    work.share(dense_values=w, dense_m=m, dense_v=v, decay=decay, accumulators=shares, accumulated=64, dense_size=50)
    work.share(settings=np.array(settings, dtype), piece=np.zeros(walk.PIECE, dtype))
    for thread in range(2):
        run_part(walk.update_dense.address(np.dtype(dtype)), work.place + thread * work.size)
    for a, b in zip(found, expected):
        assert np.linalg.norm(a - b) <= tolerance * np.linalg.norm(b)


@pytest.mark.parametrize("name", ["learning_rate", "epsilon", "beta1", "beta2", "weight_decay", "clip_norm"])
def test_settings_out_of_range_are_refused(name):
    wrong = {"learning_rate": (0, -1e-3), "epsilon": (0, -1e-8), "weight_decay": (-1e-9,), "clip_norm": (-1e-9,)}.get(name, (-0.1, 1))
    for value in (*wrong, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"^{name} must .*, got {value}$"):
            Adam(**{name: value})


def test_a_gradient_that_is_too_long_is_scaled_down_by_hand():
    """Two rows that use one id: z = x w + b, and the length is that of (dw, db, dx)."""
    spec = InputSpec(categorical=(("a", 2),), tasks=("y",))
    build = PlanBuilder(spec)
    x = build.block("x", 1)
    build.add("gather", x, (), (build.parameter("embedding.a", (2, 1), "embedding", table=True),), field=0)
    logits = build.block("logits", 1)
    build.add("dense", logits, (x,), (build.parameter("weight", (1, 1), "glorot"), build.parameter("bias", (1,), "zero")), relu=0)
    build.add("mse", None, (logits,), task=0, factor=1.0)
    plan, rows = build.build(logits), np.ones((2, 1), np.float32)
    batch = Batch(np.ones((2, 1), np.int32), (), np.zeros((2, 0), np.float32), 0 * rows, rows, np.zeros(2, np.int32))
    for backend in BACKENDS:
        state = TrainState(initial_values(plan, 0, np.float64))
        state.values["embedding.a"][1], state.values["weight"][:], state.values["bias"][:] = 2, 3, 1
        dz = float(make_executor(backend, plan, np.float64).gradients(state.values, batch).dense[1])  # of the bias
        make_executor(backend, plan, np.float64).step(state, batch, Adam(1e-3, beta1=0.0, clip_norm=1.0))
        length = abs(dz) * (1 + 2**2 + 3**2) ** 0.5  # of (dw, db, dx) = dz (x, 1, w)
        assert state.norm == pytest.approx(length)
        np.testing.assert_allclose([*state.m["weight"][0], *state.m["bias"], *state.m["embedding.a"][1]], dz / length * np.array([2, 1, 3]))
        make_executor(backend, plan, np.float64).step(state, batch, Adam(1e-3, beta1=0.0, clip_norm=1e3))
        assert state.norm < 1e3 and np.linalg.norm([state.m["weight"][0, 0], state.m["bias"][0], state.m["embedding.a"][1, 0]]) > 1
