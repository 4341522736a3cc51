"""What test_cuda.py runs in numba's simulator: every operation and plan against the float64 reference.

NUMBA_ENABLE_CUDASIM=1 python -m pytest tests/kernels/cuda/cuda_suite.py
"""

import dataclasses
import inspect
import itertools

import cuda_simulator
import numpy as np
import pytest
from numba import cuda
from random_rows import SPEC, random_batch, randomise
from small_plans import ARCHITECTURES, ENTIRE, EXACT, TASKS, batch_with, inputs, layer, plan_of, plan_with, small

from minirank.config.model import TaskConfig
from minirank.kernels.cuda import dense, losses, product, reduce, sort, tables, walk, weight_gradients
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.cuda.intrinsics import tf32
from minirank.kernels.cuda.sizes import SMALL, TM, TN
from minirank.kernels.executor import Gradients, make_executor
from minirank.kernels.parameters import TrainState, initial_values
from minirank.kernels.plan import PlanBuilder
from tests.kernels import test_identities, test_plan_builder, test_plans
from tests.kernels.ops import test_operations

MSE = (TASKS[0], TASKS[1], TaskConfig("relevance", {"mse": 1.0}))


def executor(plan, rows, **settings):
    """A fresh executor for batches of `rows` rows whose partial sums are NaN wherever a kernel must write them."""
    made = CudaExecutor(plan, **({"large": 50, "slices": 2} | settings))
    buffers = made._buffers_for(rows)
    places, partials = buffers.places, buffers.partials._ary
    for op in plan.forward:
        for parameter in op.parameters:
            if not parameter.table:
                for slice in range(1 if op.kind in ("bias_by_id", "diagonal") else places.slices):
                    start = slice * places.dense + parameter.offset
                    partials[start : start + parameter.size] = np.nan
    partials[places.results :] = np.nan
    return made


def assert_equal_gradients(found, expected, tolerance=2e-6):
    """Norm by norm: a float32 gradient is that close to the float64 one."""
    assert found.total == pytest.approx(expected.total, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-5, atol=1e-6)
    assert np.linalg.norm(found.dense - expected.dense) <= tolerance * max(np.linalg.norm(expected.dense), 1e-3)
    assert found.tables.keys() == expected.tables.keys()
    for name, (ids, rows) in expected.tables.items():
        np.testing.assert_array_equal(found.tables[name][0], ids)
        assert np.linalg.norm(found.tables[name][1] - rows) <= tolerance * max(np.linalg.norm(rows), 1e-2)


def compare(plan, rows, seed=0, change=None, **settings):
    """The gradients of a batch, with fields of its own or random ones, which must be those of the reference."""
    batch, values = random_batch(rows, seed), randomise(initial_values(plan, seed, np.float32), seed)
    batch = dataclasses.replace(batch, **(change or {}))
    expected = make_executor("reference", plan, np.float64).gradients(values.copy(np.float64), batch)
    found = executor(plan, rows, **settings).gradients(values, batch)
    assert_equal_gradients(found, expected)
    return found


@pytest.mark.parametrize("rows", (1, 7, 19))
@pytest.mark.parametrize("kind", EXACT)
def test_every_operation(kind, rows):
    compare(plan_with(kind), rows, seed=rows, change={"labels": batch_with(kind, rows, rows).labels})


def test_a_prediction_loses_no_unit():
    plan, batch = plan_with("dropout"), random_batch(9, seed=1)
    values = randomise(initial_values(plan, 0, np.float32), 0)
    expected = make_executor("reference", plan, np.float64).logits(values.copy(np.float64), batch)
    np.testing.assert_allclose(CudaExecutor(plan).logits(values, batch), expected, rtol=1e-5, atol=1e-6)


def test_a_plan_without_losses_predicts():
    build = PlanBuilder(SPEC)
    plan = build.build(layer(build, "logits", inputs(build), len(SPEC.tasks)))
    batch, values = random_batch(9, seed=1), randomise(initial_values(plan, 0, np.float32), 0)
    expected = make_executor("reference", plan, np.float64).logits(values.copy(np.float64), batch)
    np.testing.assert_allclose(CudaExecutor(plan).logits(values, batch), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_every_architecture(architecture, role):
    tasks = ENTIRE if architecture == "esmm" else MSE if architecture == "single_task" else TASKS
    compare(plan_of(small(architecture, role), tasks), 9, seed=4)


@pytest.mark.parametrize("settings", ({"fuse": False}, {"large": 1 << 30}, {"large": 1, "slices": 1}, {"slices": 5}))
def test_other_launches_give_the_same_gradient(settings):
    compare(plan_of(small()), 18, seed=2, **settings)


@pytest.mark.parametrize("rows", (1, 20))
def test_sizes_that_allow_loads_of_16_bytes(rows):
    """Widths that are multiples of 4, and of nothing; tiles that are full, and not."""
    plan = plan_of(small(embedding=4, expert_hidden=(24, 20), tower_hidden=(8,)), TASKS)
    compare(plan, rows, seed=5, large=32)


def test_the_order_of_threads_changes_nothing(monkeypatch):
    """A step that needs a barrier has one: else it would read what another thread has yet to write, which is NaN."""
    plan, found = plan_of(small()), []
    for order in cuda_simulator.ORDERS:
        monkeypatch.setattr(cuda_simulator, "order", order)
        found.append(compare(plan, 9, seed=1))
    assert len({each.dense.tobytes() + each.losses.tobytes() for each in found}) == 1
    compare(plan_of(small("ple", "mlp")), 5, seed=1)  # still shuffled


@pytest.mark.parametrize("order", cuda_simulator.ORDERS)
def test_a_block_takes_several_searches(order, monkeypatch):
    """One after the other, through the same sums in shared memory."""
    monkeypatch.setattr(cuda_simulator, "order", order)
    compare(plan_with("pairwise"), 13, seed=2, change={"groups": np.arange(13, dtype=np.int32) // 2})


def test_an_id_that_every_row_uses(monkeypatch):
    """Its uses are summed in pieces."""
    monkeypatch.setattr(tables, "PIECE", 4)
    compare(plan_with("bag"), 21, seed=3, change={"ids": np.ones((21, len(SPEC.categorical)), np.int32)})


# --- the behaviour suite of the other backends, in float32 -------------------------------------


class InFloat32:
    """A CudaExecutor for tests that speak float64."""

    def __init__(self, plan):
        self.executor = CudaExecutor(plan, large=50)

    def logits(self, values, batch, shared=()):
        return self.executor.logits(values.copy(np.float32), batch, shared).astype(float)

    def outputs(self, values, batch, names):
        return {name: found.astype(float) for name, found in self.executor.outputs(values.copy(np.float32), batch, names).items()}

    def gradients(self, values, batch):
        found = self.executor.gradients(values.copy(np.float32), batch)
        return Gradients(found.total, found.losses, found.dense.astype(float), found.tables)

    def step(self, state, batch, adam):
        arenas = [(name, part) for name in ("values", "m", "v") for part in ("dense", "tables")]
        ours = TrainState(state.values.copy(np.float32))
        ours.step = state.step
        for name, part in arenas:
            getattr(getattr(ours, name), part)[:] = getattr(getattr(state, name), part)
        found = self.executor.step(ours, batch, adam)
        state.step, state.norm = ours.step, ours.norm
        for name, part in arenas:
            getattr(getattr(state, name), part)[:] = getattr(getattr(ours, name), part)
        return found


@pytest.fixture
def in_float32(monkeypatch):
    """The other backends' tests make this one, and allow what float32 rounds off."""
    real, close = make_executor, np.testing.assert_allclose

    def make(backend, plan, dtype=np.float64, **rest):
        return InFloat32(plan) if backend == "cuda" else real(backend, plan, dtype, **rest)

    def assert_allclose(found, expected, rtol=1e-7, atol=0, **rest):
        close(found, expected, rtol=max(rtol, 2e-5), atol=max(atol, 2e-6), **rest)

    for module in (test_identities, test_plans, test_operations):
        monkeypatch.setattr(module, "make_executor", make)
    monkeypatch.setattr(np.testing, "assert_allclose", assert_allclose)


IN_FLOAT64 = {
    "test_gradient_of_the_plan_by_projection": "differences of float32 losses; test_every_operation compares with the reference instead"
}


def suite_of_every_backend():
    """Test and arguments of each of the other backends' tests that is given a backend, this one in its place."""
    for module in (test_identities, test_plans, test_operations):
        for name, test in vars(module).items():
            marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            if name in IN_FLOAT64 or not any(names == "backend" for names, _ in marks):
                continue
            others = [(names.split(", "), values) for names, values in marks if names != "backend"]
            axes = [[dict(zip(names, each if len(names) > 1 else (each,))) for each in values] for names, values in others]
            for chosen in itertools.product(*axes):
                given = {key: value for part in chosen for key, value in part.items()}
                yield pytest.param(test, given | {"backend": "cuda"}, id=f"{name}-{'-'.join(map(str, given.values()))}"[:80])


@pytest.mark.parametrize("test, given", list(suite_of_every_backend()))
def test_behaviour_of_the_other_backends(in_float32, test, given):
    test(**given)


def test_odd_plans(in_float32, monkeypatch):
    """Parts of blocks, an expert that a mixture has twice, an id that adds to the inputs: compared as the cpu backend is."""

    def make(backend, *rest, **named):
        return test_plans.make_executor(backend.replace("cpu", "cuda"), *rest, **named)

    monkeypatch.setattr(test_plan_builder, "make_executor", make)
    test_plan_builder.test_a_mixture_may_list_an_expert_twice_and_a_layer_read_a_part(1)
    test_plan_builder.test_what_an_id_adds_to_an_input_is_not_shared()


def test_no_test_of_the_other_backends_is_left_out():
    names = {each.values[0].__name__ for each in suite_of_every_backend()}
    told = [
        test for module in (test_identities, test_plans, test_operations) for name, test in vars(module).items() if name.startswith("test_")
    ]
    assert names | IN_FLOAT64.keys() == {test.__name__ for test in told if "backend" in inspect.signature(test).parameters}
    assert len(names) >= 9


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match="computes in float32, got float64"):
        make_executor("cuda", plan_of(small()), np.float64)
    plan = plan_of(small())
    with pytest.raises(ValueError, match="values must be float32, got float64"):
        make_executor("cuda", plan).logits(initial_values(plan, 0, np.float64), random_batch(3))


needs_full_tiles = pytest.mark.skipif(SMALL, reason="the tiles of a GPU take a Python thread's patience: set MINIRANK_CUDA_TILES=full")


@needs_full_tiles
@pytest.mark.parametrize("tf32", (False, True))
def test_products_with_the_tiles_of_a_gpu(tf32):
    """A whole tile and ragged ones, forward with bias and ReLU, backward with two segments, an addition and a mask."""
    forward, backward = (getattr(product, f"product_{way}{'_tf32' if tf32 else ''}") for way in ("forward", "backward"))
    rng, tolerance, rows = np.random.default_rng(0), 2e-3 if tf32 else 1e-6, TM - 1
    ints = cuda.to_device(np.concatenate([[0, rows, 1, 0], np.arange(rows) % 2]).astype(np.int32))

    inner, columns = 11, TN + 4
    x, weight, bias = rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns)), rng.normal(size=columns)
    activations = cuda.to_device(np.concatenate([x.ravel(), np.full(rows * columns, np.nan)]).astype(np.float32))
    parameters = cuda.to_device(np.concatenate([weight.ravel(), bias]).astype(np.float32))
    table = np.zeros((4, 9), np.int64)
    table[0, :6] = 0, inner, inner, 0, columns, -1
    table[1] = x.size, columns, columns, 0, weight.size, 1, 0, 0, 1
    table[2:, 0], table[3, 1] = 1, TN
    forward[(1, 2), forward.threads](cuda.to_device(table), activations, parameters, ints, 2, 0)
    y = np.maximum(x @ weight + bias, 0)
    found = activations.copy_to_host()[x.size :].reshape(rows, columns)
    assert 0 < np.linalg.norm(found - y) <= tolerance * np.linalg.norm(y)

    inner, columns = TN - 3, 10
    x, dz, weight = rng.normal(size=(rows, inner)), rng.normal(size=(rows, columns)), rng.normal(size=(inner, columns))
    activations = cuda.to_device(np.concatenate([x.ravel(), np.ones(x.size), dz.ravel()]).astype(np.float32))
    table[:2, :6] = 2 * x.size, columns, columns, 0, columns, -1
    table[1, 5:8] = 4, 1, 1  # the rows whose int is 1
    table[1, 8:] = 0
    table[2] = x.size, inner, inner, 1, -1, 0, 1, 0, 2
    table[3] = 2, 0, 0, 0, 0, 0, 0, 0, 0
    parameters = cuda.to_device(weight.astype(np.float32).ravel())
    backward[(1, 1), backward.threads](cuda.to_device(table), activations, parameters, ints, 3, x.size)
    dx = (1 + (dz * (1 + np.arange(rows) % 2)[:, None]) @ weight.T) * (x > 0)
    found = activations.copy_to_host()[x.size : 2 * x.size].reshape(rows, inner)
    assert 0 < np.linalg.norm(found - dx) <= tolerance * np.linalg.norm(dx)


@needs_full_tiles
@pytest.mark.parametrize("tf32", (False, True))
def test_weight_gradients_with_the_tiles_of_a_gpu(tf32):
    """Two tiles, two slices, rows that are no multiple of a step; db is never rounded."""
    kernel = weight_gradients.weight_gradients_tf32 if tf32 else weight_gradients.weight_gradients
    rng, tolerance, rows, inner, columns = np.random.default_rng(0), 2e-3 if tf32 else 1e-6, 21, TM + 4, 70 if tf32 else 72
    x, dz, size = rng.normal(size=(rows, inner)), rng.normal(size=(rows, columns)), (inner + 1) * columns
    activations = cuda.to_device(np.concatenate([x.ravel(), dz.ravel()]).astype(np.float32))
    table = np.zeros((3, 11), np.int64)
    table[:2, 0], table[1, 1] = 2, TM
    table[2] = 0, inner, inner, x.size, columns, columns, 0, inner * columns, -1, 0, -1
    partials = cuda.to_device(np.full(2 * size, np.nan, np.float32))
    ints = cuda.to_device(np.array([0, rows, 2, 0], np.int32))
    kernel[(2, 2), kernel.threads](cuda.to_device(table), activations, ints, partials, size)
    found = partials.copy_to_host().reshape(2, inner + 1, columns).sum(axis=0)
    assert 0 < np.linalg.norm(found[:-1] - x.T @ dz) <= tolerance * np.linalg.norm(x.T @ dz)
    np.testing.assert_allclose(found[-1], dz.sum(axis=0), rtol=1e-5, atol=1e-5)


def test_sorted_uses_with_the_tiles_of_a_gpu_or_smaller():
    """A table that a gather and a bag read: the list in the order of rows, sorted by id, equal ids in the order of the list."""
    rng, rows = np.random.default_rng(0), 130 if SMALL else 700
    ids, entity = rng.integers(0, 300, rows), rng.integers(0, 3, rows)
    offsets, in_bags = [0, 2, 2, 5], rng.integers(0, 300, 5)
    of_bags = [(row, id, 1 / 3 if e == 2 else 1 / 2) for row, e in enumerate(entity) for id in in_bags[offsets[e] : offsets[e + 1]]]
    listed = np.concatenate([ids, [id for _, id, _ in of_bags]]).astype(int)
    count, half = len(listed), len(listed) + 3
    ints = cuda.to_device(np.concatenate([[0, rows, 1, 0], ids, entity]).astype(np.int32))
    lists = cuda.to_device(np.array([2, 6, *offsets, *in_bags], np.int32))
    groups = cuda.to_device(np.array([[0, 2, 0, 3, 4, 0]]))
    sources = cuda.to_device(np.array([[-1, 1000, 10, 4, 1, 0, 1], [0, 5000, 20, 4 + rows, 1, 0, 1]]))
    found, uses, shares = (
        cuda.device_array(size, dtype) for size, dtype in ((1 + 4 * half, np.int32), (half, np.int64), (half, np.float32))
    )
    sort.sort_uses[1, sort.sort_uses.threads](groups, sources, ints, lists, found, uses, shares, half)
    found, order = found.copy_to_host(), np.argsort(listed, kind="stable")
    assert found[0] == count
    np.testing.assert_array_equal(found[1 + half :][:count], listed[order])  # three passes end in the second half
    np.testing.assert_array_equal(found[1 + 3 * half :][:count], order)
    np.testing.assert_array_equal(
        uses.copy_to_host()[:count], [1000 + 10 * row for row in range(rows)] + [5000 + 20 * row for row, _, _ in of_bags]
    )
    np.testing.assert_allclose(shares.copy_to_host()[:count], [1] * rows + [share for _, _, share in of_bags], rtol=1e-6)


def test_tf32_is_asked_for_by_name():
    if SMALL:
        with pytest.raises(ValueError, match="tf32 needs the tiles of a GPU"):
            CudaExecutor(plan_of(small()), tf32=True)
    one = np.float32(1 + 2**-11)
    assert tf32(np.float32(1.5)) == 1.5 and tf32(one) == np.float32(1 + 2**-10) and tf32(-one) == -np.float32(1 + 2**-10)


# --- planted faults --------------------------------------------------------------------------------

FAULTS = {
    "no barrier between a load and its use": (product.tile_product, "        cuda.syncthreads()\n        segment", "        segment"),
    "no barrier in a sum": (reduce.block_sum, "    while half > 0:\n        cuda.syncthreads()\n", "    while half > 0:\n"),
    "no barrier between the steps of a walk": (walk.walk_rows, "steps[step, L.SYNC] == 1", "steps[step, L.SYNC] == 2"),
    "no barrier before a square is overwritten": (
        dense.dense_backward_rows,
        "            cuda.syncthreads()  # dz is masked, and the square before is no longer read\n",
        "",
    ),
    "no barrier before digits are counted": (
        sort.sort_uses,
        "        cuda.syncthreads()  # the list, or the pass before, is written\n",
        "",
    ),
    "a digit that goes to the place of another": (sort.sort_uses, "to = there + counts[place]", "to = there + counts[place - 1]"),
    "a barrier for some threads": (
        weight_gradients.tile_gradient,
        "            cuda.syncthreads()\n        of_layer",
        "            if thread < 3:\n                cuda.syncthreads()\n        of_layer",
    ),
    "a swapped index": (weight_gradients.store_weights, "row * columns, (base", "row, (base"),
    "a negative index": (walk.clear_rows, "work.shift + y0", "y0 - work.shift"),
    "an element that nobody writes": (product.finish_row, "if row < rows:", "if row < rows - 1:"),
    "a row that is left out": (losses.row_loss_rows, "first + count, cuda", "first + count - 1, cuda"),
    "an operand that is not transposed": (product.load_weight_transposed, "column * stride + k", "k * stride + column"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault, monkeypatch):
    """In one order of the threads or another; without the fault all of them give the right numbers (above)."""
    plan = plan_of(small("mmoe", "none", task_weights="fixed"))
    with cuda_simulator.plant(*FAULTS[fault]), pytest.raises((AssertionError, IndexError)):
        for order in cuda_simulator.ORDERS:
            monkeypatch.setattr(cuda_simulator, "order", order)
            compare(plan, 10, seed=1)
