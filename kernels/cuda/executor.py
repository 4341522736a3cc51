"""The `cuda` executor: the launches of a plan, on a GPU or in numba's simulator, in float32.

    rows     the launches that `schedule.py` makes of the operations: walks, products, searches
    weights  split over rows, partial sums                              weight_gradients.py
    sums     losses, penalties, gradients of `bias_by_id`               sums.py
    dense    partial sums added up, Adam                                adam.py
    tables   sparse gradients and row-lazy Adam, two launches           tables.py

A step uploads the state and downloads it again, unless it is `resident`: a loop of steps should be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numba import cuda

from .. import adam as settings_of
from ..batch import Batch
from ..executor import Gradients, check_bag_ids, check_batch
from ..parameters import Arena, TrainState, decay_mask
from ..plan import Plan
from . import adam, group_losses, product, sums, tables, tensor_product, walk, weight_gradients
from .batches import Uses, pack, pack_lists
from .device import Buffers, Growing, Numbers, Tables, empty, zeros
from .encode import Places, encode, padded
from .graph import Recorder
from .probe import simulated
from .schedule import FORWARD, LARGE, SEARCH, WALK, schedule
from .sizes import FLAT_THREADS, SMALL

ROWS_A_SLICE = 1024  # rows of a slice of the weight gradients
MOST_SLICES = 8
BLOCKS = 8 if simulated() else 2048  # of kernels whose threads go on to the next element


class CudaExecutor:
    """Runs a plan on a GPU.

    Args:
        plan: the plan. dtype: float32.
        deterministic: the same batch gives the same bytes; False lets table gradients be added atomically, in no fixed order.
        graph: record a step and replay it while its batches have the same number of rows.
        tf32: products of large layers, but not their weight gradients, on tensor cores, of operands rounded to TF32.
        large: weights from which a layer is a product. fuse: False gives every operation a launch. slices: of the
            weight gradients, by default one for 1024 rows. These three change the speed alone.
    Raises:
        ValueError: another dtype; tf32 in the simulator with small tiles.
    """

    def __init__(
        self, plan: Plan, dtype=np.float32, *, deterministic: bool = True, graph: bool = True, tf32: bool = False,
        large: int = LARGE, fuse: bool = True, slices: int | None = None,
    ) -> None:  # fmt: skip
        if np.dtype(dtype) != np.float32:
            raise ValueError(f"the cuda backend computes in float32, got {np.dtype(dtype)}; use the cpu backend for it")
        if tf32 and SMALL:
            raise ValueError("tf32 needs the tiles of a GPU; simulate them with MINIRANK_CUDA_TILES=full")
        self._forward = tensor_product.product_forward_tf32 if tf32 else product.product_forward
        self._backward = tensor_product.product_backward_tf32 if tf32 else product.product_backward
        self.plan, self.dtype, self.deterministic, self.slices = plan, np.dtype(np.float32), deterministic, slices
        self._schedules = {training: schedule(plan, training, large=large, fuse=fuse) for training in (False, True)}
        self._stream = cuda.stream()
        self._lock = threading.RLock()
        self._buffers, self._numbers, self._growing = None, {}, Growing()
        self._lists, self._resident, self._step, self._after_launch = None, None, None, None
        self._recorder = Recorder(self._stream, graph and not simulated())
        self._scattered = None  # (table gradients, stamps) of the atomic tables
        self.launched: list[tuple[str, int]] = []  # (kernel, its array arguments) of the last call

    # --- launching -------------------------------------------------------------------------

    def _launch(self, kernel, grid, *arguments) -> None:
        self.launched.append((kernel.function.__name__, sum(hasattr(argument, "shape") and argument.shape != () for argument in arguments)))
        kernel[grid, kernel.threads, self._stream](*arguments)
        if self._after_launch is not None:
            self._after_launch()

    def _room(self, rows: int) -> Buffers:
        """Buffers for `rows` rows; they are made anew when a batch is larger than all before."""
        if self._buffers is None or self._buffers.places.capacity < rows:
            slices = self.slices or min(max(rows // ROWS_A_SLICE, 1), MOST_SLICES)
            places = Places(self.plan, padded(rows), slices)
            tasks = np.array([op.attributes["task"] for op in self.plan.losses] or [-1], np.int32)
            self._buffers = Buffers(places, tasks)
            self._tables = {training: Tables(encode(places, launches)) for training, launches in self._schedules.items()}
            self._growing.generation += 1
        return self._buffers

    def _upload_batch(self, batch: Batch) -> Buffers:
        check_batch(self.plan, batch)
        buffers = self._room(len(batch))
        key = [array for bag in batch.bags for array in (bag.offsets, bag.ids)]
        if self._lists is None or any(ours is not theirs for ours, theirs in zip(self._lists, key)):
            check_bag_ids(self.plan, batch)
            self._growing.put("lists", pack_lists(batch), self._stream)
            self._lists = key
        for ours, theirs in zip((buffers.ints, buffers.floats), pack(buffers.places, batch)):
            if len(theirs):
                ours.copy_to_device(theirs, stream=self._stream)
        return buffers

    def _run_rows(self, buffers: Buffers, parameters, rows: int, training: bool) -> None:
        ours, places = self._tables[training], buffers.places
        for section in ours.sections:
            blocks = (rows + section.rows_a_block - 1) // section.rows_a_block
            if section.stage == WALK:
                self._launch(
                    walk.walk_rows, blocks, ours.steps, ours.reals, buffers.activations, parameters, buffers.ints,
                    self._growing["lists"], buffers.floats, places.shift, rows, section.first, section.last,
                )  # fmt: skip
            elif section.stage == SEARCH:
                self._launch(
                    group_losses.walk_searches, (rows + 3) // 4, ours.steps, ours.reals, buffers.activations, parameters,
                    buffers.ints, buffers.floats, places.searches, places.shift, rows, section.first, section.last,
                )  # fmt: skip
            else:
                kernel = self._forward if section.stage == FORWARD else self._backward
                self._launch(
                    kernel, (blocks, section.last - section.first), ours.products, buffers.activations, parameters,
                    buffers.ints, section.first, places.shift, rows,
                )  # fmt: skip

    def _run_reductions(self, buffers: Buffers, parameters, rows: int) -> None:
        places = buffers.places
        self._launch(
            weight_gradients.weight_gradients, (buffers.weight_tiles, places.splits), buffers.weight_gradients,
            buffers.activations, buffers.ints, buffers.partials, places.dense, rows,
        )  # fmt: skip
        self._launch(
            sums.sums, buffers.sum_count, buffers.sums, buffers.sum_reals, buffers.activations, parameters,
            buffers.ints, buffers.partials, rows,
        )  # fmt: skip

    def _dense_arguments(self, buffers: Buffers, numbers: Numbers) -> tuple:
        learned = -1 if self.plan.log_variance is None else self.plan.log_variance.offset
        return numbers.constants, buffers.tasks, buffers.places.dense, buffers.places.splits, learned

    # --- parameters ------------------------------------------------------------------------

    def _parameters(self, values: Arena):
        """The values on the GPU: those of a resident state, else a copy made now."""
        if values.dense.dtype != self.dtype:
            raise ValueError(f"values must be {self.dtype}, got {values.dense.dtype}")
        if self._resident is not None and self._resident.values is values:
            return self._numbers["state"]
        if "values" not in self._numbers:
            self._numbers["values"] = Numbers(Places(self.plan, 4, 1), trained=False)
        self._numbers["values"].upload((values,), decay_mask(self.plan, np.float32))
        return self._numbers["values"]

    def _upload_state(self, state: TrainState) -> None:
        if state.values.dense.dtype != self.dtype:
            raise ValueError(f"values must be {self.dtype}, got {state.values.dense.dtype}")
        if "state" not in self._numbers:
            self._numbers["state"] = Numbers(Places(self.plan, 4, 1), trained=True)
            self._growing.generation += 1
        self._numbers["state"].upload((state.values, state.m, state.v), state.decay)
        self._growing.generation += 1

    def _download_state(self, state: TrainState) -> None:
        self._numbers["state"].download((state.values, state.m, state.v))

    @contextmanager
    def resident(self, state: TrainState) -> Iterator[Callable[[], None]]:
        """Keep a state on the GPU: steps leave it there, and the host's copy is up to date again at the end.

        Yields:
            A function that brings the host's copy up to date in between.
        """
        with self._lock:
            self._upload_state(state)
            self._resident = state
        try:
            yield lambda: self._download_state(state)
        finally:
            with self._lock:
                self._resident = None
                self._download_state(state)

    # --- the interface of an executor ------------------------------------------------------

    def logits(self, values: Arena, batch: Batch, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; `shared` names inputs that are the same in all rows, which saves nothing here."""
        return self._predict(values, batch, {"logits": self.plan.logits})["logits"]

    def outputs(self, values: Arena, batch: Batch, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        return self._predict(values, batch, {name: self.plan.outputs[name] for name in names})

    def _predict(self, values: Arena, batch: Batch, slots) -> dict[str, np.ndarray]:
        with self._lock:
            self.launched = []
            buffers, found = self._upload_batch(batch), {}
            self._run_rows(buffers, self._parameters(values).arenas[0], len(batch), training=False)
            for name, slot in slots.items():
                start = slot.offset * buffers.places.capacity
                block = buffers.activations[start : start + len(batch) * slot.stride].copy_to_host(stream=self._stream)
                self._stream.synchronize()
                found[name] = block.reshape(len(batch), slot.stride)[:, slot.column : slot.column + slot.width].copy()
            return found

    def gradients(self, values: Arena, batch: Batch) -> Gradients:
        """The gradient of one batch; see `Gradients`. Table gradients are the sorted ones."""
        with self._lock:
            self.launched = []
            buffers, rows = self._upload_batch(batch), len(batch)
            numbers = self._parameters(values)
            parameters, size = numbers.arenas[0], buffers.places.dense
            self._run_rows(buffers, parameters, rows, training=True)
            self._run_reductions(buffers, parameters, rows)
            dense = empty(size)
            self._launch(
                adam.write_dense_gradient, -(-size // FLAT_THREADS), dense, parameters, buffers.partials,
                *self._dense_arguments(buffers, numbers),
            )  # fmt: skip
            uses = self._upload_uses(buffers, batch)
            self._launch(tables.sum_pieces, BLOCKS, *self._piece_arguments(buffers, uses.lanes))
            rows_of = empty(max(len(uses.segments) - 1, 1) * uses.lanes)
            self._launch(tables.write_row_gradients, BLOCKS, self._growing["segments"], self._growing["sums"], uses.lanes, rows_of)
            total, losses = self._objective(buffers)
            written = rows_of.copy_to_host().reshape(-1, uses.lanes)
            found = {}
            for name, (first, ids) in uses.tables.items():
                found[name] = ids, written[first : first + len(ids), : self.plan.parameters[name].shape[1]].copy()
            return Gradients(total, losses, dense.copy_to_host()[: self.plan.size(table=False)], found)

    def step(self, state: TrainState, batch: Batch, adam: settings_of.Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        with self._lock:
            if state is not self._resident:
                self._upload_state(state)
            self.launched = []
            state.step += 1
            buffers = self._upload_batch(batch)
            lanes = self._upload_uses(buffers, batch).lanes if self.deterministic else 0
            settings = [1 - adam.beta1, 1 - adam.beta2, *adam.corrected(state.step), adam.epsilon, adam.learning_rate * adam.weight_decay]
            self._growing.put("settings", np.array(settings, np.float32), self._stream)
            self._step = (len(batch), self._growing), lambda: self._run_step(buffers, len(batch), lanes)
            self._recorder.run(*self._step)
            found = self._objective(buffers)
            if state is not self._resident:
                self._download_state(state)
            return found

    def repeat(self, after_launch: Callable[[], None] | None = None) -> None:
        """The launches of the last step again, on the same batch, without the host's part: to be timed.

        Args:
            after_launch: called after each launch, which are then not replayed.
        """
        with self._lock:
            self.launched, self._after_launch = [], after_launch
            what, launch = self._step
            try:
                launch() if after_launch else self._recorder.run(what, launch)
            finally:
                self._after_launch = None

    @property
    def held(self) -> TrainState | None:
        """The state that is resident."""
        return self._resident

    @property
    def stream(self):
        """Where the launches queue up."""
        return self._stream

    # --- the parts of a step ---------------------------------------------------------------

    def _run_step(self, buffers: Buffers, rows: int, lanes: int) -> None:
        numbers, settings, size = self._numbers["state"], self._growing["settings"], buffers.places.dense
        self._run_rows(buffers, numbers.arenas[0], rows, training=True)
        self._run_reductions(buffers, numbers.arenas[0], rows)
        constants, tasks, *rest = self._dense_arguments(buffers, numbers)
        self._launch(adam.adam_dense, -(-size // FLAT_THREADS), *numbers.arenas, buffers.partials, constants, tasks, settings, *rest)
        if self.deterministic:
            self._launch(tables.sum_pieces, BLOCKS, *self._piece_arguments(buffers, lanes))
            self._launch(tables.adam_rows, BLOCKS, self._growing["segments"], self._growing["sums"], lanes, *numbers.arenas, settings)
        else:
            self._scatter(buffers, numbers, rows)

    def _scatter(self, buffers: Buffers, numbers: Numbers, rows: int) -> None:
        """Table gradients and steps without sorting; see `tables.py`."""
        if self._scattered is None:
            stamps = sum(p.shape[0] for p in self.plan.parameters.values() if p.table)
            self._scattered = zeros(self.plan.size(table=True)), zeros(1 + stamps, np.int32)
        gradients, stamps = self._scattered
        lists, settings, size = self._growing["lists"], self._growing["settings"], buffers.places.dense
        grid = (min(BLOCKS, rows), buffers.sources.shape[0])
        self._launch(tables.scatter_rows, grid, buffers.sources, buffers.ints, lists, buffers.activations, gradients, stamps, size, rows)
        self._launch(
            tables.adam_touched_rows, grid, buffers.sources, buffers.ints, lists, stamps, gradients, *numbers.arenas,
            settings, size, rows,
        )  # fmt: skip

    def _upload_uses(self, buffers: Buffers, batch: Batch) -> Uses:
        uses = Uses(buffers.places, batch)
        for name in ("pieces", "segments", "uses", "shares"):
            self._growing.put(name, getattr(uses, name), self._stream)
        self._growing.room("sums", ((len(uses.pieces) - 1) * uses.lanes,), np.float32)
        return uses

    def _piece_arguments(self, buffers: Buffers, lanes: int) -> tuple:
        growing = self._growing
        return growing["pieces"], growing["uses"], growing["shares"], buffers.activations, growing["sums"], lanes

    def _objective(self, buffers: Buffers) -> tuple[float, np.ndarray]:
        """(total, losses); see `objective.py`."""
        places = buffers.places
        found = buffers.partials[places.results : places.partials].copy_to_host(stream=self._stream)
        self._stream.synchronize()
        count = len(self.plan.losses)
        losses = found[:count].astype(np.float64)
        total = float(found[count : count + len(places.penalties)].sum(dtype=np.float64))
        if self.plan.log_variance is None:
            return total + float(losses.sum()), losses
        s = found[count + len(places.penalties) :].astype(np.float64)
        by_task = np.zeros(len(s))
        for op, loss in zip(self.plan.losses, losses):
            by_task[op.attributes["task"]] += loss
        return total + float((np.exp(-s) * by_task + s / 2).sum()), losses
