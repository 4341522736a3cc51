"""Every operation by itself: hand-computed literals, gradients by projection, both executors, hostile values."""

import dataclasses

import numpy as np
import pytest
from random_rows import SPEC, random_batch, randomise
from scipy import special
from small_plans import BACKENDS, EXACT, assert_close_gradients, batch_with, plan_with

from minirank.kernels.batch import Bag, Batch, InputSpec
from minirank.kernels.executor import make_executor
from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops import by_id, dense, diagonal, dropout, embedding, group_losses, losses, mixture, softmax
from minirank.kernels.parameters import Arena, initial_values
from minirank.kernels.plan import PlanBuilder

SEEDS = (0, 1, 2)


def result(function, shape, *arguments, fill=np.nan):
    """What a kernel writes into an array, or adds to one that is filled."""
    out = np.full(shape, fill)
    function(out, *arguments)
    return out


def check(forward, gradient, x, u, seed):
    error = projection_error(forward, gradient, x, u, seed)
    assert error < 1e-6, error


# --- by hand -------------------------------------------------------------------------------


def test_dense_by_hand():
    x, weight, bias = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0], [3.0, 0.5]]), np.array([0.5, -1.0])
    y = result(dense.dense_forward, (1, 2), x, weight, bias, True)
    np.testing.assert_array_equal(y, [[7.5, 0.0]])
    dx, dweight, dbias = np.zeros((1, 2)), np.zeros((2, 2)), np.zeros(2)
    dense.dense_backward(dx, dweight, dbias, np.array([[2.0, 5.0]]), x, y, weight, relu=True)
    np.testing.assert_array_equal(dx, [[2.0, 6.0]])
    np.testing.assert_array_equal(dweight, [[2.0, 0.0], [4.0, 0.0]])
    np.testing.assert_array_equal(dbias, [2.0, 0.0])


def test_softmax_by_hand():
    gates = result(softmax.softmax_forward, (1, 1, 2), np.zeros((1, 1, 2)), 1.0)
    np.testing.assert_array_equal(gates, [[[0.5, 0.5]]])
    dz = result(softmax.softmax_backward, (1, 1, 2), np.array([[[1.0, 0.0]]]), gates, 1.0, fill=0.0)
    np.testing.assert_array_equal(dz, [[[0.25, -0.25]]])


def test_softmax_of_huge_logits_equals_scipy():
    z = np.array([[[1e4, -1e4, 1e4 - 1.0]], [[0.0, 1.0, 2.0]]])
    gates = result(softmax.softmax_forward, z.shape, z, 0.7)
    np.testing.assert_allclose(gates, special.softmax(z / 0.7, axis=-1), rtol=1e-12)


def test_mixture_by_hand():
    gates, experts = np.array([[0.25, 0.75]]), [np.array([[4.0, 8.0]]), np.array([[0.0, 4.0]])]
    m = result(mixture.mixture_forward, (1, 2), gates, experts)
    np.testing.assert_array_equal(m, [[1.0, 5.0]])
    dgates, dexperts = np.zeros((1, 2)), [np.zeros((1, 2)), np.zeros((1, 2))]
    mixture.mixture_backward(dgates, dexperts, np.array([[1.0, 2.0]]), gates, experts)
    np.testing.assert_array_equal(dgates, [[20.0, 8.0]])
    np.testing.assert_array_equal(dexperts, [[[0.25, 0.5]], [[0.75, 1.5]]])


def test_diagonal_by_hand():
    x, scale, dx, dscale = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, -1.0]), np.zeros((2, 1)), np.zeros(2)
    np.testing.assert_array_equal(result(diagonal.diagonal_forward, (2, 2), x, scale), [[10, -2], [30, -4]])
    diagonal.diagonal_backward(dx, dscale, np.array([[1.0, 0.5], [2.0, 0.0]]), x, scale)
    np.testing.assert_array_equal(dx, [[10], [20]])
    np.testing.assert_array_equal(dscale, [7, 1])


def test_bag_by_hand():
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    bag = Bag(np.array([1, 0, 1], np.int32), np.array([0, 0, 3]), np.array([2, 0, 2], np.int32))
    y = result(embedding.bag_forward, (3, 2), bag, table)
    np.testing.assert_allclose(y, [[11 / 3, 14 / 3], [0, 0], [11 / 3, 14 / 3]])
    ids, rows = embedding.bag_backward(np.array([[3.0, 0.0], [9.0, 9.0], [0.0, 3.0]]), bag)
    np.testing.assert_array_equal(ids, [0, 2])
    np.testing.assert_allclose(rows, [[1, 1], [2, 2]])


def test_gather_sums_repeated_ids():
    ids, rows = embedding.gather_backward(np.array([[1.0], [2.0], [4.0]]), np.array([7, 3, 7]))
    np.testing.assert_array_equal(ids, [3, 7])
    np.testing.assert_array_equal(rows, [[2.0], [5.0]])


def test_unknown_id_adds_nothing():
    z = np.zeros((2, 2))
    by_id.bias_by_id_forward(z, np.array([0, 1]), np.array([[1.0, 2.0]]))
    by_id.dense_by_id_forward(z, np.ones((2, 1)), np.array([0, 1]), np.array([[[10.0, 20.0]]]))
    np.testing.assert_array_equal(z, [[0, 0], [11, 22]])


def test_bce_by_hand():
    loss, dz = losses.bce(np.array([0.0, np.log(3.0)]), np.array([1.0, 0.25]))
    np.testing.assert_allclose(loss, [np.log(2), np.log(4) - 0.25 * np.log(3)])
    np.testing.assert_allclose(dz, [-0.5, 0.5])


def test_entire_space_loss_by_hand():
    """sigmoid(0) sigmoid(0) = 1/4: -log 1/4 where converted, -log 3/4 where not."""
    zero = np.zeros(2)
    loss, da, db = losses.bce_entire(zero, zero, np.array([1.0, 0.0]))
    np.testing.assert_allclose(loss, [np.log(4), np.log(4 / 3)])
    np.testing.assert_allclose(da, [-0.5, 1 / 6])  # dp/da = p sigmoid(-a) = 1/8; over 1 - p = 3/4
    np.testing.assert_allclose(db, [-0.5, 1 / 6])


def test_entire_space_loss_stays_finite_where_a_product_would_not():
    a, b = np.array([-800.0, 800.0, 40.0, -40.0]), np.array([-800.0, 800.0, 40.0, 3.0])
    for label in (0.0, 1.0, 0.3):
        loss, da, db = losses.bce_entire(a, b, np.full(4, label))
        assert np.isfinite([loss, da, db]).all()
    p = special.expit(2.0) * special.expit(-1.0)
    loss, _, _ = losses.bce_entire(np.array([2.0]), np.array([-1.0]), np.array([0.3]))
    np.testing.assert_allclose(loss, -0.3 * np.log(p) - 0.7 * np.log(1 - p))


def test_entire_label():
    nan = np.nan
    first, second = np.array([0, 0, 1, 1, nan]), np.array([1, nan, 1, nan, 1])
    np.testing.assert_array_equal(losses.entire_label(first, second), [0, 0, 1, nan, nan])


def test_pairwise_and_listwise_by_hand():
    loss, dz = group_losses.pairwise(np.zeros(3), np.array([1.0, 0.0, 0.0]))
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_allclose(dz, [-0.5, 0.25, 0.25])
    loss, dz = group_losses.listwise(np.zeros(4), np.array([3.0, 1.0, 0.0, 0.0]))
    assert loss == pytest.approx(np.log(4))
    np.testing.assert_allclose(dz, [-0.5, 0.0, 0.25, 0.25])
    for loss in (group_losses.pairwise, group_losses.listwise):
        np.testing.assert_array_equal(loss(np.ones(3), np.zeros(3))[1], 0)


def test_dropout_by_hand():
    """Half of four units of one row: the kept ones count twice, forward and backward."""
    kept = dropout.kept_units(key=1, layer=0, rows=1, width=4, share=0.5)
    build = PlanBuilder(InputSpec(dense=("a",), tasks=("y",)))
    x, h, logits = build.block("x", 1, 0), build.block("h", 4), build.block("logits", 1)
    build.add("copy", x)
    build.add("dense", h, (x,), (build.parameter("w", (1, 4), "he"), build.parameter("b", (4,), "zero")), relu=1)
    build.add("dropout", h, (h,), layer=0, share=0.5)
    build.add("dense", logits, (h,), (build.parameter("v", (4, 1), "glorot"), build.parameter("c", (1,), "zero")), relu=0)
    build.add("mse", None, (logits,), task=0, factor=1.0)
    plan = build.build(logits, outputs={"h": h})
    one = np.ones((1, 1), np.float32)
    batch = Batch(np.zeros((1, 0), np.int32), (), one, 0 * one, one, np.zeros(1, np.int32), key=1)
    for backend in BACKENDS:
        executor, values = make_executor(backend, plan, np.float64), initial_values(plan, 0, np.float64)
        values["w"][:], values["v"][:] = [[1, 2, 3, 4]], 1
        found = Arena(plan, np.float64)
        found.dense[:] = executor.gradients(values, batch).dense
        z = 2 * (kept[0] * [1, 2, 3, 4]).sum()
        assert 0 < kept.sum() < 4 and found["c"][0] == pytest.approx(2 * z)  # of (z - 0)^2
        np.testing.assert_allclose(found["v"][:, 0], 2 * z * 2 * kept[0] * [1, 2, 3, 4])
        np.testing.assert_allclose(found["w"][0], 2 * z * 2 * kept[0])
        np.testing.assert_array_equal(executor.outputs(values, batch, ("h",))["h"], [[1, 2, 3, 4]])


def test_masks_are_even_and_know_nothing_of_each_other():
    share, shape = 0.3, (400, 64)
    base = dropout.kept_units(5, 0, *shape, share)
    others = [dropout.kept_units(key, layer, *shape, share) for key, layer in ((6, 0), (5, 1), (5 + 2**32, 0), (5 + 2**62, 7))]
    bound = 4 * (share * (1 - share) / base.size) ** 0.5
    for mask in (base, *others):
        assert abs(mask.mean() - 0.7) < bound
        assert np.abs(mask.mean(axis=0) - 0.7).max() < 0.12 and np.abs(mask.mean(axis=1) - 0.7).max() < 0.27  # of a unit, of a row
    pairs = [(base, other) for other in others] + [(base[1:], base[:-1]), (base[:, 1:], base[:, :-1]), (base[:, ::2], base[:, 1::2])]
    for one, other in pairs:
        assert abs((one & other).mean() - 0.49) < 0.015
    np.testing.assert_array_equal(dropout.kept_units(5, 0, 7, 64, share), base[:7])  # whatever rows come after


def test_dropout_follows_a_relu():
    build = PlanBuilder(SPEC)
    x, h = build.block("x", 3), build.block("h", 2)
    build.add("dense", h, (x,), (build.parameter("w", (3, 2), "he"), build.parameter("b", (2,), "zero")), relu=0)
    with pytest.raises(ValueError, match="dropout must follow a layer with a ReLU, in place"):
        build.add("dropout", h, (h,), layer=0, share=0.5)


# --- by projection, in NumPy -----------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rows, relu", [(1, True), (7, True), (33, False)])
def test_dense_gradient(rows, relu, seed):
    rng = np.random.default_rng(seed)
    x, weight, bias, u = rng.normal(size=(rows, 13)), rng.normal(size=(13, 9)), rng.normal(size=9), rng.normal(size=(rows, 9))

    def forward():
        return result(dense.dense_forward, (rows, 9), x, weight, bias, relu)

    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
    dense.dense_backward(dx, dweight, dbias, u.copy(), x, forward(), weight, relu)
    for gradient, value in ((dx, x), (dweight, weight), (dbias, bias)):
        check(forward, gradient, value, u, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_gradient(seed):
    rng = np.random.default_rng(seed)
    z, u = 3 * rng.normal(size=(7, 3, 5)), rng.normal(size=(7, 3, 5))

    def forward():
        return result(softmax.softmax_forward, z.shape, z, 0.6)

    check(forward, result(softmax.softmax_backward, z.shape, u, forward(), 0.6, fill=0.0), z, u, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_mixture_gradient(seed):
    rng = np.random.default_rng(seed)
    gates, experts, u = rng.normal(size=(7, 3)), [rng.normal(size=(7, 4)) for _ in range(3)], rng.normal(size=(7, 4))

    def forward():
        return result(mixture.mixture_forward, (7, 4), gates, experts)

    dgates, dexperts = np.zeros((7, 3)), [np.zeros((7, 4)) for _ in range(3)]
    mixture.mixture_backward(dgates, dexperts, u, gates, experts)
    check(forward, dgates, gates, u, seed)
    for gradient, value in zip(dexperts, experts):
        check(forward, gradient, value, u, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_by_id_gradients(seed):
    rng = np.random.default_rng(seed)
    ids, x, u = rng.integers(0, 4, 17), rng.normal(size=(17, 6)), rng.normal(size=(17, 5))
    bias, weight = rng.normal(size=(3, 5)), rng.normal(size=(3, 6, 5))

    def forward():
        z = np.zeros((17, 5))
        by_id.bias_by_id_forward(z, ids, bias)
        by_id.dense_by_id_forward(z, x, ids, weight)
        return z

    dbias, dx, dweight = np.zeros_like(bias), np.zeros_like(x), np.zeros_like(weight)
    by_id.bias_by_id_backward(dbias, u, ids)
    by_id.dense_by_id_backward(dx, dweight, u, x, ids, weight)
    for gradient, value in ((dbias, bias), (dx, x), (dweight, weight)):
        check(forward, gradient, value, u, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_embedding_gradients(seed):
    rng = np.random.default_rng(seed)
    table, u = rng.normal(size=(30, 4)), rng.normal(size=(33, 4))
    ids = rng.integers(0, 30, 33)

    def written_out(ids, rows):
        gradient = np.zeros_like(table)
        gradient[ids] = rows
        return gradient

    bag = random_batch(33, seed).bags[0]
    gather, pool = (embedding.gather_forward, embedding.gather_backward), (embedding.bag_forward, embedding.bag_backward)
    for (forward, backward), read in ((gather, ids), (pool, bag)):
        check(lambda: result(forward, (33, 4), read, table), written_out(*backward(u, read)), table, u, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_gradients(seed):
    rng = np.random.default_rng(seed)
    a, b, label = 3 * rng.normal(size=40), 3 * rng.normal(size=40), rng.random(40)
    u = rng.normal(size=40)
    check(lambda: losses.bce(a, label)[0], u * losses.bce(a, label)[1], a, u, seed)
    check(lambda: losses.mse(a, label)[0], u * losses.mse(a, label)[1], a, u, seed)
    for place, z in ((1, a), (2, b)):
        check(lambda: losses.bce_entire(a, b, label)[0], u * losses.bce_entire(a, b, label)[place], z, u, seed)
    for loss in (group_losses.pairwise, group_losses.listwise):
        grades = rng.integers(0, 4, 40).astype(float)
        check(lambda: loss(a, grades)[0], loss(a, grades)[1], a, 1.0, seed)


# --- in a small plan, on both executors --------------------------------------------------------


@pytest.mark.parametrize("rows", (1, 7, 33, 260))
@pytest.mark.parametrize("kind", EXACT)
def test_both_executors_give_the_same_gradient(kind, rows):
    plan = plan_with(kind)
    assert any(op.kind == kind for op in plan.operations)
    batch = batch_with(kind, rows, seed=rows)
    values = randomise(initial_values(plan, 0, np.float64))
    expected, found = (make_executor(name, plan, np.float64, threads=2).gradients(values, batch) for name in BACKENDS)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-10, atol=1e-14)
    assert_close_gradients(found, expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", EXACT)
def test_gradient_of_the_plan_by_projection(kind, backend):
    plan, batch = plan_with(kind), batch_with(kind, 17, seed=8)
    assert any(op.kind == kind for op in plan.operations)
    executor = make_executor(backend, plan, np.float64, threads=2)
    values = randomise(initial_values(plan, 0, np.float64))
    found = executor.gradients(values, batch)
    tower = {name: view.copy() for name, view in values.items() if name.startswith("imputed")}  # of `dr`: has a loss of its own
    written_out = values.copy()
    for name, (ids, rows) in found.tables.items():
        written_out[name][...] = 0
        written_out[name][ids] = rows
    written_out.dense[:] = found.dense

    def total():
        moved = values.copy()
        for name, view in tower.items():
            moved[name][...] = view
        return executor.gradients(moved, batch).total

    for name in tower:
        assert written_out[name].any()
        written_out[name][...] = 0
    for view, gradient in ((values.dense, written_out.dense), (values.tables, written_out.tables)):
        widths = 1e-5, 2e-6, 4e-7
        assert any(projection_error(total, gradient, view, 1.0, 0, eps) < 1e-6 for eps in widths)


def test_an_id_cannot_add_to_a_relu():
    build = PlanBuilder(SPEC)
    x, y = build.block("x", 3), build.block("y", 2)
    build.add("dense", y, (x,), (build.parameter("w", (3, 2), "he"), build.parameter("b", (2,), "zero")), relu=1)
    with pytest.raises(ValueError, match="must add to a linear output"):
        build.add("bias_by_id", y, (), (build.parameter("by_id", (4, 2), "zero"),), field=0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", EXACT)
def test_hostile_values(kind, backend):
    """Huge logits, a loss without any label, one id everywhere, empty bags: finite numbers."""
    plan = plan_with(kind)
    values = randomise(initial_values(plan, 0, np.float64))
    values["out2.weight"][:] *= 1e6
    batch = batch_with(kind, 33, 3, masked=("relevance",))
    nothing = dataclasses.replace(batch.bags[0], entity=np.zeros(33, np.int32))
    for each in (batch, dataclasses.replace(batch_with(kind, 33, 3), bags=(nothing, batch.bags[1]), ids=np.ones_like(batch.ids))):
        found = make_executor(backend, plan, np.float64, threads=2).gradients(values, each)
        assert np.isfinite(found.total) and np.isfinite(found.dense).all()
        assert all(np.isfinite(rows).all() for _, rows in found.tables.values())
