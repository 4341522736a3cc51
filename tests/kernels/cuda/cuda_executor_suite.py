"""What test_cuda.py runs in numba's simulator: steps of the executor, their launches, recordings, and what is uploaded when.

NUMBA_ENABLE_CUDASIM=1 python -m pytest tests/kernels/cuda/cuda_executor_suite.py
"""

import sys
from dataclasses import replace
from functools import partial
from types import ModuleType, SimpleNamespace

import cuda_simulator  # noqa: F401  strict from here on
import numpy as np
import pytest
from random_rows import SPEC, random_bag, random_batch, randomise
from small_plans import TASKS, plan_of, small

from minirank.config.model import TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.batch import InputSpec
from minirank.kernels.cuda import executor as executor_module
from minirank.kernels.cuda import graph
from minirank.kernels.cuda.device import DeviceArenas
from minirank.kernels.cuda.executor import CudaExecutor
from minirank.kernels.cuda.layout import BATCH_ROWS, SLICES
from minirank.kernels.cuda.schedule import schedule
from minirank.kernels.executor import Unavailable, make_executor
from minirank.kernels.parameters import TrainState, initial_values


def steps_of(executor, plan, batches, held=False, adam=Adam(1e-2, weight_decay=0.1)):
    state = TrainState(randomise(initial_values(plan, 0, np.float32)))
    if held:
        with executor.resident(state) as sync_to_host:
            for batch in batches:
                executor.step(state, batch, adam)
            sync_to_host()
            dense = state.values.dense.copy()
        np.testing.assert_array_equal(dense, state.values.dense)
    else:
        for batch in batches:
            executor.step(state, batch, adam)
    return state


@pytest.mark.parametrize(("deterministic", "clip"), [(True, 0.0), (False, 0.0), (True, 0.2), (False, 0.2)])
def test_training_steps(deterministic, clip):
    """Against the reference; table rows that no batch uses rest; a resident state is the same state."""
    adam = Adam(1e-2, weight_decay=0.1, clip_norm=clip)
    plan = plan_of(small(role="bias"))
    batches = [random_batch(rows, seed) for seed, rows in enumerate((12, 9, 14))]
    found = steps_of(CudaExecutor(plan, deterministic=deterministic), plan, batches, adam=adam)
    held = steps_of(CudaExecutor(plan, deterministic=deterministic), plan, batches, held=True, adam=adam)
    reference = TrainState(randomise(initial_values(plan, 0, np.float32)).copy(np.float64))
    for batch in batches:
        make_executor("reference", plan, np.float64).step(reference, batch, adam)
    assert found.norm == pytest.approx(reference.norm, rel=1e-5) and (found.norm > 2 * clip) == (clip > 0)
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


@pytest.mark.parametrize("clip", (0.0, 0.05))
def test_a_step_along_a_given_gradient(clip):
    """Gains weigh tasks, the objective is left out and comes back in the step: against the reference, resident and not."""
    plan, adam = plan_of(small(role="bias", task_weights="fixed")), Adam(1e-2, weight_decay=0.1, clip_norm=clip)
    batches = [replace(random_batch(rows, rows), gains=(0.5, 2.0, 0.0)) for rows in (9, 12)]
    states = [TrainState(randomise(initial_values(plan, 0)).copy(dtype)) for dtype in (np.float64, np.float32, np.float32)]
    begin = states[0].values.copy()
    executors = make_executor("reference", plan, np.float64), CudaExecutor(plan), CudaExecutor(plan)
    with executors[2].resident(states[2]):
        for executor, state in zip(executors, states):
            for batch in batches:
                found = executor.gradients(state.values, batch, objective=False)
                assert not found.dense[plan.parameters["tower.relevance.0.weight"].offset :][:5].any()
                executor.apply(state, found, adam)
    assert states[1].norm == pytest.approx(states[0].norm, rel=1e-5) and (states[0].norm > 2 * clip) == (clip > 0)
    for name, view in states[1].values.items():
        moved = np.linalg.norm(states[0].values[name] - begin[name])
        assert np.linalg.norm(view - states[0].values[name]) <= 2e-3 * moved + 1e-6, name
        assert np.linalg.norm(states[1].v[name] - states[0].v[name]) <= 2e-5 * np.linalg.norm(states[0].v[name]) + 1e-9, name
    np.testing.assert_array_equal(states[2].values.dense, states[1].values.dense)
    np.testing.assert_array_equal(states[2].values.tables, states[1].values.tables)


def test_the_moving_average_of_a_resident_state():
    """It stays on the GPU, and is that of NumPy; a state that is not resident has its own."""
    plan, batches = plan_of(small(role="bias")), [random_batch(9, seed) for seed in range(3)]
    states = [TrainState(randomise(initial_values(plan, 0)), averaged=True) for _ in range(2)]
    executor = CudaExecutor(plan)
    with executor.resident(states[0]):
        for batch in batches:
            executor.step(states[0], batch, Adam(1e-2))
            executor.move_average(states[0], 0.25)
    for batch in batches:
        executor.step(states[1], batch, Adam(1e-2))
        executor.move_average(states[1], 0.25)
    held, moved = states
    assert np.abs(held.average.dense - held.values.dense).max() > 1e-3
    for part in ("dense", "tables"):
        np.testing.assert_allclose(getattr(held.average, part), getattr(moved.average, part), rtol=1e-5, atol=1e-7)


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
        forward = [("walk_rows", 7), ("product_forward", 4)] * 2
        backward = [("walk_rows", 7), ("product_backward", 4), ("product_backward", 4), ("weight_gradients", 4), ("sums", 6)]
        listed, stepped = (
            ([("sort_uses", 7), ("sum_pieces", 6)], ("adam_runs", 7))
            if deterministic
            else ([("scatter_rows", 7)], ("adam_touched_rows", 10))
        )
        assert made.launched == [*forward, *backward, *listed, ("adam_dense", 7), stepped]
        made.step(TrainState(initial_values(plan, 0)), random_batch(3), Adam(clip_norm=1.0))
        clipped = [("square_dense", 5), ("square_runs", 4) if deterministic else ("square_tables", 2), ("find_factor", 2)]
        assert made.launched == [*forward, *backward, *listed, *clipped, ("adam_dense", 7), stepped]


def test_slices_are_a_matter_of_the_batch_alone(monkeypatch):
    """So that a training that is resumed, whose first batch is another one, gives the same bytes."""
    plan, values, batch = plan_of(small()), randomise(initial_values(plan_of(small()), 0)), random_batch(9)
    fresh, used = CudaExecutor(plan, large=50), CudaExecutor(plan, large=50)
    assert [fresh.slices_of(rows) for rows in (1, 1023, 2048, 4096, 65_536)] == [1, 1, 2, 4, 8]
    assert CudaExecutor(plan, slices=3).slices_of(9) == 3
    monkeypatch.setattr(executor_module, "ROWS_A_SLICE", 4)
    used.gradients(values, random_batch(18, 1))
    assert used.gradients(values, batch).dense.tobytes() == fresh.gradients(values, batch).dense.tobytes()
    assert fresh._buffers.ints.copy_to_host()[[BATCH_ROWS, SLICES]].tolist() == [9, 2]


# --- recordings ------------------------------------------------------------------------------------


class Recording:
    """What a CUDA graph keeps of launches: the kernels, the grids, and the values and the arrays that they were given."""

    def __init__(self, executor, launch):
        self.launches, self.replays, real = [], 0, executor._launch
        executor._launch = lambda kernel, grid, *arguments: self.launches.append((kernel, grid, arguments))
        launch()
        executor._launch = real

    def launch(self):
        self.replays += 1
        for kernel, grid, arguments in self.launches:
            kernel[grid, kernel.threads](*arguments)

    def close(self):
        self.launches = None


def recorded(executor):
    """An executor that records as on a GPU, and the recordings that it will have made."""
    made = []

    def record(launch):
        made.append(Recording(executor, launch))
        return made[-1]

    executor._recorder = graph.Recorder(record)
    return executor, made


def with_long_lists(batch):
    """The same rows with other bags: many more entities, of which all rows have one of a single id."""
    bags = [random_bag(np.random.default_rng(0), len(batch), size, 400) for _, size in SPEC.bags]
    single = [np.flatnonzero(np.diff(bag.offsets) == 1)[-1] for bag in bags]
    bags = (replace(bag, entity=np.full(len(batch), entity, np.int32)) for bag, entity in zip(bags, single))
    return replace(batch, bags=tuple(bags))


@pytest.mark.parametrize("deterministic", (True, False))
def test_a_replayed_step_is_the_step(deterministic):
    """Nothing of a batch is baked into a recording: not its rows, searches, bags or ids, nor the number of the step; and no array moved."""
    plan = plan_of(small(role="bias", task_weights="fixed"))
    batches = [random_batch(rows, seed) for rows, seed in ((9, 3), (9, 3), (4, 0), (6, 0), (13, 3), (13, 3))]
    batches.insert(3, with_long_lists(batches[2]))
    executor, made = recorded(CudaExecutor(plan, deterministic=deterministic, large=50))
    found = steps_of(executor, plan, batches, held=True)
    plain = steps_of(CudaExecutor(plan, deterministic=deterministic, large=50, graph=False), plan, batches, held=True)
    for arena in ("values", "m", "v"):
        np.testing.assert_array_equal(getattr(found, arena).dense, getattr(plain, arena).dense)
        np.testing.assert_array_equal(getattr(found, arena).tables, getattr(plain, arena).tables)
    assert 1 <= len(made) <= 3 and sum(each.replays for each in made) >= 3
    assert all(each.launches is None for each in made[:-1]), "a recording that is of no use any more holds memory"


def test_batches_of_any_size_share_a_recording():
    """As with losses that keep searches together, where hardly two batches have the same number of rows."""
    spec = InputSpec(SPEC.categorical, (), SPEC.dense, SPEC.tasks)
    plan = plan_of(small(task_weights="fixed"), spec=spec, rows=random_batch(200, 9, spec))
    executor, made = recorded(CudaExecutor(plan, large=50))
    batches = [random_batch(rows, rows, spec) for rows in (12, 3, 11, 1)]
    found = steps_of(executor, plan, batches, held=True)
    plain = steps_of(CudaExecutor(plan, large=50, graph=False), plan, batches, held=True)
    np.testing.assert_array_equal(found.values.dense, plain.values.dense)
    assert [each.replays for each in made] == [3]
    executor.repeat()
    assert made[0].replays == 4


class Driver(ModuleType):
    """A driver that answers as it is told, and keeps what it was asked."""

    CUstreamCaptureMode = SimpleNamespace(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL=1)

    def __init__(self, refuses=None):
        super().__init__("cuda.bindings.driver")
        self.asked, self.refuses = [], refuses

    def CUstream(self, handle):
        return handle

    def __getattr__(self, name):
        def call(*arguments):
            self.asked.append(name)
            return Answer(999 if name == self.refuses else 0), "value"

        call.__name__ = name
        return call


class Answer(int):
    """A status as the driver gives it."""

    name = "CUDA_ERROR_UNKNOWN"


@pytest.fixture
def driver(monkeypatch):
    """Puts a driver in the place of cuda.bindings'."""

    def use(refuses=None):
        made, bindings = Driver(refuses), ModuleType("cuda.bindings")
        bindings.driver = made
        for name, module in (("cuda", ModuleType("cuda")), ("cuda.bindings", bindings), ("cuda.bindings.driver", made)):
            monkeypatch.setitem(sys.modules, name, module)
        return made

    return use


STREAM = SimpleNamespace(handle=7, synchronize=lambda: None)


def test_a_recording_asks_the_driver_in_order(driver):
    used, launched = driver(), []
    made = graph.record(STREAM, partial(launched.append, 1))
    made.launch()
    made.close()
    assert launched == [1]
    capture = ["cuStreamBeginCapture", "cuStreamEndCapture"]
    assert used.asked == [*capture, "cuGraphInstantiate", "cuGraphDestroy", "cuGraphLaunch", "cuGraphExecDestroy"]


@pytest.mark.parametrize("call", ("cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphInstantiate", "cuGraphLaunch"))
def test_a_driver_that_refuses_is_told_with_a_way_out(driver, call):
    used = driver(call)
    with pytest.raises(Unavailable, match=f"^CUDA graph: {call} answers CUDA_ERROR_UNKNOWN; .* set training.cuda.graph: false"):
        graph.record(STREAM, lambda: None).launch()
    assert ("cuGraphDestroy" in used.asked) == (call in ("cuGraphInstantiate", "cuGraphLaunch"))


def test_a_launch_that_cannot_be_recorded_ends_the_recording(driver):
    used = driver()

    def launch():
        raise RuntimeError("out of\n memory")

    with pytest.raises(Unavailable, match=r"cannot be recorded \(out of memory\); .*graph: false"):
        graph.record(STREAM, launch)
    assert used.asked == ["cuStreamBeginCapture", "cuStreamEndCapture"]


def test_a_failed_recording_is_not_replayed():
    """The next step tries again, and says again what is wrong."""

    def record(launch):
        raise Unavailable("no")

    recorder = graph.Recorder(record)
    recorder.run(1, lambda: None)
    for _ in range(2):
        with pytest.raises(Unavailable):
            recorder.run(1, lambda: None)


# --- uploads ---------------------------------------------------------------------------------------


@pytest.fixture
def uploads(monkeypatch):
    """Counts how often parameters are uploaded."""
    counted, real = [], DeviceArenas.upload

    def upload(self, *arguments):
        counted.append(1)
        real(self, *arguments)

    monkeypatch.setattr(DeviceArenas, "upload", upload)
    return counted


def test_values_that_are_kept_are_uploaded_once(uploads):
    plan, batch = plan_of(small()), random_batch(5)
    values, others = (randomise(initial_values(plan, seed)) for seed in (0, 1))
    executor = CudaExecutor(plan)
    expected = executor.logits(values, batch), executor.logits(others, batch)
    assert len(uploads) == 2
    executor.keep(values)
    for _ in range(3):
        np.testing.assert_array_equal(executor.logits(values, batch), expected[0])
    assert len(uploads) == 3
    np.testing.assert_array_equal(executor.logits(others, batch), expected[1])
    np.testing.assert_array_equal(executor.logits(values, batch), expected[0])
    assert len(uploads) == 5, "what others took the place of is uploaded again"


def test_a_resident_state_is_uploaded_once_and_validated_where_it_lies(uploads):
    plan, batch = plan_of(small()), random_batch(5)
    executor, state = CudaExecutor(plan), TrainState(initial_values(plan, 0))
    with executor.resident(state) as sync_to_host:
        for _ in range(2):
            executor.step(state, batch, Adam())
            found = executor.logits(state.values, batch)
        sync_to_host()
        np.testing.assert_array_equal(make_executor("cuda", plan).logits(state.values, batch), found)
    assert len(uploads) == 2  # the state, and the other executor's values
