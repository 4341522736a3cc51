"""What test_cuda.py runs in numba's simulator: every operation and plan against the float64 reference.

    NUMBA_ENABLE_CUDASIM=1 python -m pytest tests/cuda_suite.py
"""

import dataclasses
import importlib
from pathlib import Path

import cuda_simulator
import numpy as np
import pytest
import test_operations
import test_plans
from numba import cuda
from random_rows import SPEC, random_batch, randomise
from test_operations import plan_with
from test_plans import ARCHITECTURES, ENTIRE, TASKS, plan_of, small

from minirank.kernels.adam import Adam
from minirank.kernels.backends import make_executor, resident
from minirank.kernels.cuda import (
    dense,
    losses,
    product,
    reduce,
    tables,
    walk,
    weight_gradients,
)
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.cuda.intrinsics import tf32
from minirank.kernels.cuda.schedule import schedule
from minirank.kernels.cuda.sizes import SMALL, TM, TN
from minirank.kernels.executor import Gradients
from minirank.kernels.operations import KINDS
from minirank.kernels.parameters import TrainState, initial_values
from minirank.model import TaskConfig

MSE = (TASKS[0], TASKS[1], TaskConfig("relevance", {"mse": 1.0}))


def executor(plan, rows, **settings):
    """A fresh executor for batches of `rows` rows whose partial sums are NaN wherever a kernel must write them."""
    made = CudaExecutor(plan, **({"large": 50, "slices": 2} | settings))
    buffers = made._room(rows)
    places, partials = buffers.places, buffers.partials._ary
    for op in plan.forward:
        for parameter in op.parameters:
            if not parameter.table:
                for slice in range(1 if op.kind == "bias_by_id" else places.slices):
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


def compare(plan, rows, seed=0, **settings):
    """The gradients of a batch, which must be those of the reference."""
    batch, values = random_batch(rows, seed), randomise(initial_values(plan, seed, np.float32), seed)
    expected = make_executor("reference", plan, np.float64).gradients(values.copy(np.float64), batch)
    found = executor(plan, rows, **settings).gradients(values, batch)
    assert_equal_gradients(found, expected)
    return found


@pytest.mark.parametrize("rows", (1, 7, 19))
@pytest.mark.parametrize("kind", KINDS)
def test_every_operation(kind, rows):
    compare(plan_with(kind), rows, seed=rows)


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


def steps_of(executor, plan, batches, held=False):
    state = TrainState(randomise(initial_values(plan, 0, np.float32)))
    if held:
        with resident(executor, state) as settle:
            for batch in batches:
                executor.step(state, batch, Adam(1e-2, weight_decay=0.1))
            settle()
            dense = state.values.dense.copy()
        np.testing.assert_array_equal(dense, state.values.dense)
    else:
        for batch in batches:
            executor.step(state, batch, Adam(1e-2, weight_decay=0.1))
    return state


@pytest.mark.parametrize("deterministic", (True, False))
def test_training_steps(deterministic):
    """Against the reference; table rows that no batch uses rest; a resident state is the same state."""
    plan = plan_of(small(role="bias"))
    batches = [random_batch(rows, seed) for seed, rows in enumerate((12, 9, 14))]
    found = steps_of(CudaExecutor(plan, deterministic=deterministic), plan, batches)
    held = steps_of(CudaExecutor(plan, deterministic=deterministic), plan, batches, held=True)
    reference = TrainState(randomise(initial_values(plan, 0, np.float32)).copy(np.float64))
    for batch in batches:
        make_executor("reference", plan, np.float64).step(reference, batch, Adam(1e-2, weight_decay=0.1))
    begin = TrainState(randomise(initial_values(plan, 0, np.float32)))
    for name, view in found.values.items():
        moved = np.linalg.norm(reference.values[name] - begin.values[name])
        assert np.linalg.norm(view - reference.values[name]) <= 2e-3 * moved + 1e-6, name
        for ours, theirs in ((found.m, reference.m), (found.v, reference.v)):
            assert np.linalg.norm(ours[name] - theirs[name]) <= 2e-5 * np.linalg.norm(theirs[name]) + 1e-9, name
    np.testing.assert_array_equal(held.values.dense, found.values.dense)
    np.testing.assert_array_equal(held.v.tables, found.v.tables)
    used = np.unique(np.concatenate([batch.ids[:, 2] for batch in batches]))
    rests = np.setdiff1d(np.arange(50), used)
    np.testing.assert_array_equal(found.values["embedding.title"][rests], begin.values["embedding.title"][rests])


def test_an_id_that_every_row_uses(monkeypatch):
    """Its uses are summed in pieces."""
    monkeypatch.setattr(tables, "PIECE", 4)
    plan = plan_with("bag")
    values = randomise(initial_values(plan, 0, np.float32))
    batch = dataclasses.replace(random_batch(21, 3), ids=np.ones((21, len(SPEC.categorical)), np.int32))
    expected = make_executor("reference", plan, np.float64).gradients(values.copy(np.float64), batch)
    assert_equal_gradients(executor(plan, 21).gradients(values, batch), expected)


# --- the behaviour suite of the other backends, in float32 -------------------------------------


class InFloat32:
    """A CudaExecutor for tests that speak float64."""

    def __init__(self, plan):
        self.executor = CudaExecutor(plan, large=50)

    def logits(self, values, batch):
        return self.executor.logits(values.copy(np.float32), batch).astype(float)

    def outputs(self, values, batch, names):
        return {name: found.astype(float) for name, found in self.executor.outputs(values.copy(np.float32), batch, names).items()}

    def gradients(self, values, batch):
        found = self.executor.gradients(values.copy(np.float32), batch)
        return Gradients(found.total, found.losses, found.dense.astype(float), found.tables)


@pytest.fixture
def in_float32(monkeypatch):
    """The other backends' tests make this one, and allow what float32 rounds off."""
    real, close = make_executor, np.testing.assert_allclose

    def make(backend, plan, dtype=np.float64, **rest):
        return InFloat32(plan) if backend == "cuda" else real(backend, plan, dtype, **rest)

    def assert_allclose(found, expected, rtol=1e-7, atol=0, **rest):
        close(found, expected, rtol=max(rtol, 2e-5), atol=max(atol, 2e-6), **rest)

    for module in (test_plans, test_operations):
        monkeypatch.setattr(module, "make_executor", make)
    monkeypatch.setattr(np.testing, "assert_allclose", assert_allclose)


@pytest.mark.parametrize("architecture, role", ARCHITECTURES)
def test_logits_equal_an_independent_version(in_float32, architecture, role):
    test_plans.test_logits_equal_an_independent_version(architecture, role, "cuda")


@pytest.mark.parametrize("kind", ("softmax", "bce", "bce_entire", "pairwise", "listwise", "bag"))
def test_hostile_values(in_float32, kind):
    test_operations.test_hostile_values(kind, "cuda")


@pytest.mark.parametrize("name", ("test_gates_sum_to_one_and_ignore_a_shift", "test_identities_between_architectures", "test_hostile_rows"))
def test_behaviour(in_float32, name):
    getattr(test_plans, name)("cuda")


@pytest.mark.parametrize("role", ("bias", "full"))
def test_unknown_role_gets_the_shared_gate(in_float32, role):
    test_plans.test_unknown_role_gets_the_shared_gate("cuda", role)


def test_penalty_counts_once_a_data_set(in_float32):
    test_plans.test_penalty_counts_once_a_data_set("cuda")


REFUSED = next(mark for mark in test_plans.test_a_batch_out_of_bounds_is_refused.pytestmark if "change" in mark.args[0]).args[1]


@pytest.mark.parametrize("change, words", REFUSED)
def test_a_batch_out_of_bounds_is_refused(in_float32, change, words):
    test_plans.test_a_batch_out_of_bounds_is_refused("cuda", change, words)


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match="computes in float32, got float64"):
        make_executor("cuda", plan_of(small()), np.float64)
    plan = plan_of(small())
    with pytest.raises(ValueError, match="values must be float32, got float64"):
        make_executor("cuda", plan).logits(initial_values(plan, 0, np.float64), random_batch(3))


def test_unfused_launches_are_one_a_node():
    plan = plan_of(small())
    nodes = sum(len(launch.steps) + len(launch.problems) for launch in schedule(plan, True, large=50, fuse=False))
    assert nodes == len(schedule(plan, True, large=50, fuse=False)) > 3 * len(schedule(plan, True, large=50))


def test_launches_and_array_arguments_of_a_step():
    """An empty launch costs about 4 us and each array argument about 1.7 us: both are counted, for the shape of workload base."""
    plan = plan_of(small("mmoe", "full", task_weights="fixed"), tuple(TaskConfig(task.name, given=task.given) for task in TASKS))
    for deterministic in (True, False):
        made = CudaExecutor(plan, deterministic=deterministic, large=50)
        made.step(TrainState(initial_values(plan, 0)), random_batch(3), Adam())
        assert made.launched == [
            ("walk_rows", 7), ("product_forward", 4), ("walk_rows", 7), ("product_forward", 4), ("walk_rows", 7),
            ("product_backward", 4), ("product_backward", 4), ("weight_gradients", 4), ("sums", 6), ("adam_dense", 7),
            *([("sort_uses", 7), ("sum_pieces", 6), ("adam_runs", 7)] if deterministic else [("scatter_rows", 7), ("adam_touched_rows", 10)]),
        ]  # fmt: skip


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


def test_tf32_is_asked_for_by_name():
    if SMALL:
        with pytest.raises(ValueError, match="tf32 needs the tiles of a GPU"):
            CudaExecutor(plan_of(small()), tf32=True)
    one = np.float32(1 + 2**-11)
    assert tf32(np.float32(1.5)) == 1.5 and tf32(one) == np.float32(1 + 2**-10) and tf32(-one) == -np.float32(1 + 2**-10)


LADDER = Path(__file__).resolve().parent.parent / "bench" / "cuda_ladder"


@pytest.mark.parametrize("name", sorted(path.stem for path in LADDER.glob("[0-9]*.py")))
def test_every_rung_of_the_ladder(name, monkeypatch):
    """Before it is ever timed: both ways run, and what comes out is right."""
    if SMALL and "tf32" in name:
        pytest.skip("a rung of tensor cores; test_products_with_the_tiles_of_a_gpu checks its kernels, MINIRANK_CUDA_TILES=full runs it")
    monkeypatch.syspath_prepend(str(LADDER))
    rungs = importlib.import_module("rungs")
    rung = importlib.import_module(name).rung(rungs.TINY)
    for _ in range(2):
        rung.before()
        rung.after()
    assert rung.error() < (2e-3 if "tf32" in name else 1e-5) and rung.predicted > 1 and rung.title


@pytest.mark.filterwarnings("ignore:Simulator timings are bogus")
def test_the_script_for_a_gpu_runs_here_too(monkeypatch):
    """All that needs neither nvidia-smi nor PyTorch, on tiny shapes: whoever has a GPU shall not meet a typing error."""
    monkeypatch.syspath_prepend(str(LADDER))
    monkeypatch.syspath_prepend(str(LADDER.parent))
    gpu, gpu_tables, rungs = (importlib.import_module(name) for name in ("gpu", "gpu_tables", "rungs"))
    tiny = gpu.workloads.Workload("tiny", 2, 4, 30, 4, 2, 8, 8, 4, 6, 1, 2, 8)
    monkeypatch.setattr(gpu, "BASE", tiny)
    monkeypatch.setattr(gpu, "REPEATS", 2)
    monkeypatch.setattr(gpu, "WARM_UP", 1)
    monkeypatch.setattr(rungs, "Sizes", lambda: rungs.TINY)
    monkeypatch.setattr(gpu, "RUNGS", [path for path in gpu.RUNGS if "tf32" not in path.stem][:4])
    monkeypatch.setattr(gpu, "make_executor", lambda name, *rest: make_executor("reference" if name == "cpu" else name, *rest))
    found = {"machine": "a machine", "device": {"name": "simulator", "nvidia-smi": "none"}, "same_bytes": gpu.same_bytes(4)}
    found["correctness"] = {"5": [gpu.correctness(5, 0)]}
    assert found["correctness"]["5"][0] < 1e-5
    found |= {"steps": {"6": gpu.steps(6)}, "ladder": gpu.ladder(), "sanitizer": gpu.sanitizer(), "torch": gpu.torch_steps(None, [6])}
    found["ceilings"] = gpu.ceilings(None, 64)
    assert [name for name, _ in found["steps"]["6"]["kernels"]][-2:] == ["scatter_rows", "adam_touched_rows"]
    text = gpu_tables.text_of(found)
    assert "| 01_naive |" in text and "| walk_rows |" in text and "PyTorch" not in text
    assert "Ladder: failed: x" in gpu_tables.text_of(found | {"ladder": {"failed": "x"}})


# --- planted faults --------------------------------------------------------------------------------

FAULTS = {
    "no barrier between a load and its use": (product.tile_product, "        cuda.syncthreads()\n        segment", "        segment"),
    "no barrier in a sum": (reduce.block_sum, "    while half > 0:\n        cuda.syncthreads()\n", "    while half > 0:\n"),
    "no barrier between the steps of a walk": (walk.walk_rows, "steps[step, SYNC] == 1", "steps[step, SYNC] == 2"),
    "no barrier before a square is overwritten": (dense.dense_backward_rows, "            cuda.syncthreads()  # the square before is no longer read\n", ""),
    "a barrier for some threads": (weight_gradients.tile_gradient, "        cuda.syncthreads()\n    base", "        if thread < 3:\n            cuda.syncthreads()\n    base"),
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
