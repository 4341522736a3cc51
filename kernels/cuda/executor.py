"""The `cuda` executor: the launches of a plan, on a GPU or in numba's simulator, in float32.

    rows     the launches that `schedule.py` makes of the operations: walks, products, searches
    weights  split over rows, partial sums                              weight_gradients.py
    sums     losses, penalties, gradients of `bias_by_id`               sums.py
    length   of the gradient, where it is clipped                      clip.py
    dense    partial sums added up, Adam                                adam.py
    tables   uses sorted, summed, row-lazy Adam: three launches, or two atomic ones      sort.py, tables.py
    given    a step along a gradient that was put together on the host                 given.py

A step uploads the state and downloads it again, unless it is `resident`: a loop of steps should be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from numba import cuda

from ..adam import Adam
from ..batch import Batch, Inputs
from ..checks import SharedInputs, check_bag_ids, check_inputs, check_labels, check_values
from ..executor import Executor, Gradients
from ..parameters import Arena, TrainState, decay_mask
from ..plan import Plan
from . import adam, clip, product, sort, sums, tables, walk, weight_gradients
from .batches import ids_in_bags, pack_lists
from .device import Buffers, DeviceArenas, GrowingArray, Tables, empty, zeros
from .encode import Places, encode, padded
from .given import adam_given, add_penalties, pack_gradient
from .graph import Recorder, record
from .probe import simulated
from .schedule import BATCH, FORWARD, LARGE, SEARCH, WALK, schedule
from .sizes import FLAT_THREADS, SMALL
from .steps import CODES

ROWS_A_SLICE = 1024  # rows of a slice of the weight gradients
MOST_SLICES = 8
MOST_BLOCKS = 8 if simulated() else 2048  # of kernels whose threads go on to the next element
SUM_BLOCKS = 2 if simulated() else 256  # of those that sum squares


class CudaExecutor(Executor):
    """Runs a plan on a GPU.

    Args:
        plan: the plan. dtype: float32.
        deterministic: the same batches give the same bytes; False lets table gradients be added atomically, in no fixed order.
        graph: record a step and replay it.
        tf32: large layers, and the gradients of all weights, on tensor cores, of operands rounded to TF32.
        large: weights from which a layer is a product. fuse: False gives every operation a launch. slices: of the
            weight gradients, by default one for 1024 rows. These three change the speed alone.
    Raises:
        ValueError: another dtype; tf32 in the simulator with small tiles; an operation without a step in this folder.
    """

    def __init__(
        self, plan: Plan, dtype=np.float32, *, deterministic: bool = True, graph: bool = True, tf32: bool = False,
        large: int = LARGE, fuse: bool = True, slices: int | None = None,
    ) -> None:  # fmt: skip
        if np.dtype(dtype) != np.float32:
            raise ValueError(f"the cuda backend computes in float32, got {np.dtype(dtype)}; use the cpu backend for it")
        if tf32 and SMALL:
            raise ValueError("tf32 needs the tiles of a GPU; simulate them with MINIRANK_CUDA_TILES=full")
        missing = next((op.kind for op in plan.operations if op.kind not in CODES), None)
        if missing is not None:
            raise ValueError(f"the cuda backend has no step for the operation {missing}; add one to kernels/cuda/, or use the cpu backend")
        self._forward = product.product_forward_tf32 if tf32 else product.product_forward
        self._backward = product.product_backward_tf32 if tf32 else product.product_backward
        self._weights = weight_gradients.weight_gradients_tf32 if tf32 else weight_gradients.weight_gradients
        self.plan, self.dtype, self.deterministic, self.slices = plan, np.dtype(np.float32), deterministic, slices
        self._schedules = {training: schedule(plan, training, large=large, fuse=fuse) for training in (False, True)}
        self.stream, self._lock = cuda.stream(), threading.RLock()
        self._moved = 0  # how often arrays have moved
        self._buffers, self._numbers, self._lists, self._lists_of = None, {}, GrowingArray(np.int32), None
        self._settings, self._squares, self._clips = zeros(8), None, False
        self._scattered = None  # (table gradients, stamps) of the atomic tables
        self._resident, self._frozen, self._frozen_is_here = None, None, False
        self._recorder = Recorder(partial(record, self.stream) if graph and not simulated() else None)
        self._after_launch = None
        self.launched: list[tuple[str, int]] = []  # (kernel, its array arguments) of the last call

    # --- what lies on the GPU --------------------------------------------------------------

    def _buffers_for(self, rows: int) -> Buffers:
        """Buffers for `rows` rows; an eighth more where they have to grow, so that they seldom do."""
        known = 0 if self._buffers is None else self._buffers.places.capacity
        if known < rows:
            places = Places(self.plan, padded(rows + (rows // 8 if known else 0)), self.slices or MOST_SLICES)
            self._buffers = Buffers(places)
            self._tables = {training: Tables(encode(places, launches)) for training, launches in self._schedules.items()}
            self._moved += 1
        return self._buffers

    def _upload_batch(self, batch: Batch, sorts: bool) -> Buffers:
        """Check a training batch and copy it; `sorts`: make memory for its uses of table rows."""
        check_labels(self.plan, batch)
        if batch.part is not None:
            raise ValueError("a part of a batch is for the cpu and the reference executor; give the cuda executor the whole batch")
        buffers = self._upload(batch, batch)
        if sorts and buffers.groups.names:
            self._moved += buffers.uses.fit(buffers.groups.capacity(buffers.places.capacity, ids_in_bags(batch)))
        return buffers

    def _upload(self, inputs: Inputs, batch: Batch | None = None) -> Buffers:
        """Check inputs and copy them, and what `batch` has besides."""
        check_inputs(self.plan, inputs)
        lists = [array for bag in inputs.bags for array in (bag.offsets, bag.ids)]
        if self._lists_of is None or any(ours is not theirs for ours, theirs in zip(self._lists_of, lists)):
            check_bag_ids(self.plan, inputs)
            self._moved += self._lists.put(pack_lists(inputs), self.stream)
            self._lists_of = lists
        buffers = self._buffers_for(len(inputs))
        buffers.upload(inputs, batch, self.slices_of(len(inputs)), self.stream)
        return buffers

    def _parameters(self, values: Arena) -> DeviceArenas:
        """The values on the GPU: those of a resident state, those of `keep`, else a copy made now."""
        check_values(self.plan, self.dtype, values)
        if self._resident is not None and self._resident.values is values:
            return self._numbers["state"]
        numbers = self._numbers_for("values", trained=False)
        if not (self._frozen_is_here and self._frozen is values):
            numbers.upload((values,), decay_mask(self.plan, np.float32))
        self._frozen_is_here = self._frozen is values
        return numbers

    def _numbers_for(self, name: str, trained: bool) -> DeviceArenas:
        if name not in self._numbers:
            self._numbers[name] = DeviceArenas(Places(self.plan, 4, 1), trained)
            self._moved += 1
        return self._numbers[name]

    def _upload_state(self, state: TrainState) -> None:
        check_values(self.plan, self.dtype, state.values)
        self._numbers_for("state", trained=True).upload((state.values, state.m, state.v), state.decay)

    @contextmanager
    def resident(self, state: TrainState) -> Iterator[Callable[[], None]]:
        """Keep a state on the GPU: steps leave it there, and the host's copy is up to date again at the end.

        Yields:
            A function that brings the host's copy up to date in between.
        """
        with self._lock:
            self._upload_state(state)
            self._numbers["state"].upload_average(state.average)
            self._resident = state
        try:
            yield lambda: self._numbers["state"].download(state)
        finally:
            with self._lock:
                self._resident = None
                self._numbers["state"].download(state)
                self._numbers["state"].average = None

    def move_average(self, state: TrainState, gain: float) -> None:
        """average += gain (values - average); of a resident state on the GPU."""
        if state is not self._resident:
            super().move_average(state, gain)
            return
        with self._lock:
            numbers, size = self._numbers["state"], self._numbers["state"].average.size
            self._launch(adam.move_average, _blocks(size), numbers.average, numbers.arenas[0], np.float32(gain), size)

    def keep(self, values: Arena) -> None:
        """Upload these values once, at the first prediction with them: nobody changes them any more."""
        with self._lock:
            self._frozen, self._frozen_is_here = values, False

    # --- the interface of an executor ------------------------------------------------------

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; `shared` saves nothing here."""
        found = self._predict(values, inputs, {"logits": self.plan.logits})["logits"]
        if shared:
            SharedInputs(self.plan.spec, shared).check(inputs)
        return found

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        return self._predict(values, inputs, {name: self.plan.outputs[name] for name in names})

    def _predict(self, values: Arena, inputs: Inputs, slots) -> dict[str, np.ndarray]:
        with self._lock:
            self.launched = []
            buffers, found = self._upload(inputs), {}
            self._run_rows(buffers, self._parameters(values).arenas[0], len(inputs), training=False)
            for name, slot in slots.items():
                start = slot.offset * buffers.places.capacity
                block = buffers.activations[start : start + len(inputs) * slot.stride].copy_to_host(stream=self.stream)
                self.stream.synchronize()
                found[name] = block.reshape(len(inputs), slot.stride)[:, slot.column : slot.column + slot.width].copy()
            return found

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Executor.gradients`. Table gradients are the sorted ones."""
        with self._lock:
            self.launched = []
            buffers, rows = self._upload_batch(batch, sorts=True), len(batch)
            numbers, size = self._parameters(values), buffers.places.dense
            (*of_dense, learned), dense = self._run_gradients(buffers, numbers.arenas[0], rows), empty(size)
            constants, learned = (numbers.constants, learned) if objective else (zeros(2 * size), -1)
            arrays = dense, numbers.arenas[0], buffers.partials, constants, buffers.ints
            self._launch(adam.write_dense_gradient, -(-size // FLAT_THREADS), *arrays, *of_dense, learned)
            found = {}
            if buffers.groups.names:
                runs, numbers_of_runs = self._sort(buffers)
                gradients = empty(buffers.uses.sums.size)
                self._launch(tables.write_row_gradients, *runs, gradients, *numbers_of_runs)
                found = buffers.uses.gradients(gradients.copy_to_host())
            total, losses = self._objective(buffers)
            return Gradients(total, losses, dense.copy_to_host()[: self.plan.size(table=False)], found)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        with self._lock:
            if state is not self._resident:
                self._upload_state(state)
            self.launched = []
            buffers = self._upload_batch(batch, sorts=self.deterministic)
            state.step += 1
            if self._clips != bool(adam.clip_norm):
                self._clips, self._moved = not self._clips, self._moved + 1  # other launches
            if self._clips and self._squares is None:
                self._squares = zeros(SUM_BLOCKS * (1 + len(buffers.groups.names)))
            self._settings.copy_to_device(_settings(adam, state.step), stream=self.stream)
            if not self.deterministic and self._scattered is None:
                self._scattered = zeros(self.plan.size(table=True)), zeros(buffers.groups.stamps, np.int32)
            self._recorder.run(self._moved, partial(self._run_step, buffers, len(batch)))
            found = self._objective(buffers)
            state.norm = float(self._settings.copy_to_host()[clip.LENGTH]) if self._clips else 0.0
            if state is not self._resident:
                self._numbers["state"].download(state)
            return found

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere; see `Executor.apply`."""
        if self.plan.log_variance is not None:
            raise ValueError("apply is for plans whose task weights are not learned")
        with self._lock:
            if state is not self._resident:
                self._upload_state(state)
            self.launched = []
            state.step += 1
            state.norm, numbers, size = 0.0, self._numbers["state"], self._numbers["state"].dense
            gradient, places = pack_gradient(self.plan, size, found)
            ours, listed, settings = map(cuda.to_device, (gradient, np.append(places, 0), _settings(adam, state.step)))
            self._launch(add_penalties, _blocks(size), ours, numbers.arenas[0], numbers.constants, size)
            if adam.clip_norm:
                squares = zeros(2 * SUM_BLOCKS)
                self._launch(clip.square_tables, SUM_BLOCKS, ours, squares, gradient.size)
                self._launch(clip.find_factor, 1, squares, settings, 2 * SUM_BLOCKS)
                state.norm = float(settings.copy_to_host()[clip.LENGTH])
            arrays = *numbers.arenas, ours, listed, numbers.constants, settings
            self._launch(adam_given, _blocks(gradient.size), *arrays, size, gradient.size)
            if state is not self._resident:
                numbers.download(state)

    def repeat(self, after_launch: Callable[[], None] | None = None) -> None:
        """The launches of the last step again, on the same batch, without the host's part: to be timed.

        Args:
            after_launch: called after each launch, which are then not replayed.
        """
        with self._lock:
            self.launched, self._after_launch = [], after_launch
            launch = partial(self._run_step, self._buffers, self._buffers.places.capacity)
            try:
                launch() if after_launch else self._recorder.run(self._moved, launch)
            finally:
                self._after_launch = None

    def slices_of(self, rows: int) -> int:
        """Slices of the weight gradients of a batch of so many rows: its own number, so that batches before it change no byte."""
        return self.slices or min(max(rows // ROWS_A_SLICE, 1), MOST_SLICES)

    # --- launches --------------------------------------------------------------------------

    def _launch(self, kernel, grid, *arguments) -> None:
        self.launched.append((kernel.function.__name__, sum(hasattr(argument, "shape") and argument.shape != () for argument in arguments)))
        kernel[grid, kernel.threads, self.stream](*arguments)
        if self._after_launch is not None:
            self._after_launch()

    def _run_rows(self, buffers: Buffers, parameters, rows: int, training: bool) -> None:
        """The rows' part, with blocks for `rows` rows; how many there are, kernels read from the batch."""
        ours, shift, searches = self._tables[training], buffers.places.shift, buffers.places.searches
        arrays, floats = (buffers.activations, parameters, buffers.ints), buffers.floats
        for section in ours.sections:
            blocks, steps = -(-rows // section.rows_a_block), (section.first, section.last)
            if section.stage == WALK:
                self._launch(walk.walk_rows, blocks, ours.steps, ours.reals, *arrays, self._lists.array, floats, shift, *steps)
            elif section.stage == SEARCH:
                self._launch(walk.walk_searches, -(-rows // 4), ours.steps, ours.reals, *arrays, floats, searches, shift, *steps)
            elif section.stage == BATCH:
                self._launch(walk.walk_batch, section.last - section.first, ours.steps, ours.reals, *arrays, floats, shift, section.first)
            else:
                kernel, grid = self._forward if section.stage == FORWARD else self._backward, (blocks, section.last - section.first)
                self._launch(kernel, grid, ours.products, *arrays, section.first, shift)

    def _run_gradients(self, buffers: Buffers, parameters, rows: int) -> tuple:
        """The rows' part of training, then what sums over rows; returns what kernels need besides for a dense gradient."""
        self._run_rows(buffers, parameters, rows, training=True)
        activations, ints, partials, places = buffers.activations, buffers.ints, buffers.partials, buffers.places
        grid = buffers.weight_tiles, places.slices
        self._launch(self._weights, grid, buffers.weight_gradients, activations, ints, partials, places.dense)
        self._launch(sums.sums, buffers.sums.shape[0], buffers.sums, buffers.sum_reals, activations, parameters, ints, partials)
        learned = -1 if self.plan.log_variance is None else self.plan.log_variance.offset
        return places.dense, places.tasks, len(self.plan.losses), places.results, learned

    def _run_step(self, buffers: Buffers, rows: int) -> None:
        """All launches of a step: with blocks for `rows` rows, or where they are recorded for as many as the buffers hold."""
        numbers, size = self._numbers["state"], buffers.places.dense
        rows = rows if self._recorder.record is None else buffers.places.capacity
        of_dense = self._run_gradients(buffers, numbers.arenas[0], rows)
        arrays = buffers.partials, numbers.constants, buffers.ints
        with_tables = len(buffers.groups.names) > 0
        if with_tables and self.deterministic:
            runs, numbers_of_runs = self._sort(buffers)
        elif with_tables:
            self._scatter(buffers, rows)
        if self._clips:
            squares, count = self._squares, SUM_BLOCKS * (1 + len(buffers.groups.names) * with_tables)
            self._launch(clip.square_dense, SUM_BLOCKS, squares, numbers.arenas[0], *arrays, *of_dense)
            if with_tables and self.deterministic:
                (_, *of_runs), grid = runs, (SUM_BLOCKS, len(buffers.groups.names))
                self._launch(clip.square_runs, grid, *of_runs, squares, *numbers_of_runs)
            elif with_tables:
                gradients, count = self._scattered[0], 2 * SUM_BLOCKS
                self._launch(clip.square_tables, SUM_BLOCKS, gradients, squares, self.plan.size(table=True))
            self._launch(clip.find_factor, 1, squares, self._settings, count)
        self._launch(adam.adam_dense, -(-size // FLAT_THREADS), *numbers.arenas, *arrays, self._settings, *of_dense)
        if with_tables and self.deterministic:
            self._launch(tables.adam_runs, *runs, *numbers.arenas, self._settings, *numbers_of_runs)
        elif with_tables:
            self._step_scattered(buffers, numbers, rows)

    def _sort(self, buffers: Buffers) -> tuple[tuple, tuple]:
        """List and sort the uses of table rows, and sum them piece by piece; see `sort.py`.

        Returns:
            Grid and first arguments of the kernels that go through the runs, and their last ones.
        """
        uses, count, lanes = buffers.uses, len(buffers.groups.names), buffers.groups.lanes
        listed = uses.sorted, uses.uses, uses.shares
        self._launch(sort.sort_uses, count, uses.groups, buffers.sources, buffers.ints, self._lists.array, *listed, uses.half)
        grid = _blocks(uses.most // tables.PIECE * lanes), count
        self._launch(tables.sum_pieces, grid, uses.groups, *listed, buffers.activations, uses.sums, uses.half, lanes)
        return ((_blocks(uses.most * lanes), count), uses.groups, uses.sorted, uses.sums), (uses.half, lanes)

    def _scatter(self, buffers: Buffers, rows: int) -> None:
        """Table gradients without sorting; see `tables.py`."""
        gradients, stamps = self._scattered
        known = buffers.table_groups, buffers.sources, buffers.ints, self._lists.array
        grid = _blocks(rows * buffers.groups.lanes), buffers.sources.shape[0]
        self._launch(tables.scatter_rows, grid, *known, buffers.activations, gradients, stamps, buffers.places.dense)

    def _step_scattered(self, buffers: Buffers, numbers: DeviceArenas, rows: int) -> None:
        """Steps on the rows that `_scatter` touched."""
        gradients, stamps = self._scattered
        known, grid = (buffers.table_groups, buffers.sources, buffers.ints, self._lists.array), (_blocks(rows), buffers.sources.shape[0])
        self._launch(tables.adam_touched_rows, grid, *known, stamps, gradients, *numbers.arenas, self._settings, buffers.places.dense)

    def _objective(self, buffers: Buffers) -> tuple[float, np.ndarray]:
        """(total, losses); see `objective.py`."""
        places = buffers.places
        found = buffers.partials[places.results : places.partials].copy_to_host(stream=self.stream)
        self.stream.synchronize()
        count = len(self.plan.losses)
        losses = found[:count].astype(np.float64)
        total = float(found[count : count + len(places.penalties)].sum(dtype=np.float64))
        if self.plan.log_variance is None:
            return total + float(losses.sum()), losses
        s = found[count + len(places.penalties) :].astype(np.float64)
        by_task = np.zeros(len(s) + 1)  # the last one, -1, of losses of no task
        for op, loss in zip(self.plan.losses, losses):
            by_task[op.attributes["task"]] += loss
        return total + by_task[-1] + float((np.exp(-s) * by_task[:-1] + s / 2).sum()), losses


def _settings(adam: Adam, step: int) -> np.ndarray:
    """What changes from step to step, see adam.py."""
    rates = [*adam.corrected(step), adam.epsilon, adam.learning_rate * adam.weight_decay]
    return np.array([1 - adam.beta1, 1 - adam.beta2, *rates, 1, adam.clip_norm], np.float32)


def _blocks(units: int) -> int:
    """Blocks for so many units of work, whose threads go on to the next."""
    return min(units // FLAT_THREADS + 1, MOST_BLOCKS)
