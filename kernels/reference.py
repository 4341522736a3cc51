"""The reference executor: walks a plan operation by operation in NumPy, all rows at once.

It is what the fast executors are checked against, and in float64 it is what the derivations are
checked with. README.md says what to read before and after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .adam import Adam
from .batch import Batch, Inputs, searches
from .checks import SharedInputs, check_bag_ids, check_inputs, check_labels, check_shared
from .executor import Executor, Gradients, adam_step
from .objective import add_objective
from .ops import KINDS
from .ops.embedding import sum_by_id
from .parameters import Arena, TrainState
from .plan import Operation, Parameter, Plan, Slot
from .split import split


class PassState:
    """One pass over a plan: what operations read and write.

    Args:
        plan: the plan. values: its parameters. batch: B rows, with labels where losses are computed.
        searches: the pass over what their searches share, and (B,) the search of each row; see `split.py`.
    """

    def __init__(self, plan: Plan, values: Arena, batch: Inputs, searches: tuple[PassState, np.ndarray] | None = None) -> None:
        self.plan, self.batch, self._parameters, dtype = plan, batch, values, values.dense.dtype
        self._searches = searches
        self._values = {name: np.zeros((len(batch), width), dtype) for name, (_, width) in plan.blocks.items()}
        self._gradients = {name: np.zeros_like(block) for name, block in self._values.items()}
        self.parameter_gradients: Arena = searches[0].parameter_gradients if searches else Arena(plan, dtype)
        self.table_gradients: dict[str, list] = searches[0].table_gradients if searches else {}
        self.losses: list[float] = []
        self._saved: dict[int, object] = {}

    def value(self, slot: Slot) -> np.ndarray:
        """(B, width) activations of a slot; a view, so that writing writes the block."""
        return self._values[slot.block][:, slot.column : slot.column + slot.width]

    def gradient(self, slot: Slot) -> np.ndarray:
        """(B, differentiable) gradient of a slot, a view; operations add to it."""
        return self._gradients[slot.block][:, slot.column : slot.column + slot.differentiable]

    def of_search(self, op: Operation) -> np.ndarray:
        """(B, N) Z_s, what the search of each row has come to where an operation begins."""
        assert self._searches is not None
        state, search = self._searches
        return state.value(op.attributes["of_search"])[search]

    def add_to_search(self, op: Operation, dz: np.ndarray) -> None:
        """dZ_s = sum of dz_b, (B, N), over the rows b of the search s."""
        assert self._searches is not None
        state, search = self._searches
        np.add.at(state.gradient(op.attributes["of_search"]), search, dz)

    def values(self, parameters: tuple[Parameter, ...]) -> list[np.ndarray]:
        """The parameters, each in its shape."""
        return [self._parameters.view(parameter) for parameter in parameters]

    def gradients(self, parameters: tuple[Parameter, ...]) -> list[np.ndarray]:
        """The gradients of dense parameters, views that operations add to."""
        return [self.parameter_gradients.view(parameter) for parameter in parameters]

    def add_table_gradient(self, table: Parameter, ids: np.ndarray, rows: np.ndarray) -> None:
        """Add a sparse gradient (ids (n,), rows (n, D)) of a table."""
        self.table_gradients.setdefault(table.name, []).append((ids, rows))

    def log_variance(self, task: int) -> float:
        """s of the task, 0 where task weights are fixed."""
        learned = self.plan.log_variance
        return 0.0 if learned is None else float(self._parameters.view(learned)[task])

    def add_loss(self, op: Operation, loss: float) -> None:
        """Record the loss of a loss operation, in plan order."""
        self.losses.append(loss)

    def save(self, op: Operation, saved: Any) -> None:
        """Save for the backward pass of `op`."""
        self._saved[id(op)] = saved

    def saved(self, op: Operation) -> Any:
        """What the forward pass saved for the backward pass of `op`."""
        return self._saved[id(op)]


class ReferenceExecutor(Executor):
    """Runs a plan in NumPy.

    Args:
        plan: the plan. dtype: float32 or float64.
    """

    def __init__(self, plan: Plan, dtype: DTypeLike = np.float64) -> None:
        self.plan, self.dtype = plan, np.dtype(dtype)

    def _forward(self, values: Arena, batch: Inputs, operations: tuple[Operation, ...]) -> PassState:
        check_inputs(self.plan, batch)
        check_bag_ids(self.plan, batch)
        state = PassState(self.plan, values, batch)
        for op in operations:
            KINDS[op.kind].forward(op, state)
        return state

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits; `shared` saves nothing here."""
        state = self._forward(values, inputs, self.plan.predicting)
        SharedInputs(self.plan.spec, shared).check(inputs)
        return state.value(self.plan.logits).copy()

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        state = self._forward(values, inputs, self.plan.predicting)
        return {name: state.value(self.plan.outputs[name]).copy() for name in names}

    def _passes(self, values: Arena, batch: Batch) -> list[PassState]:
        """Forward through the plan, or through the one of what searches share and then that of their rows."""
        check_shared(self.plan.spec, batch)
        parts = split(self.plan, batch.shared)
        if parts is None:
            return [self._forward(values, batch, self.plan.operations)]
        first, search = searches(batch.groups)
        check_inputs(self.plan, batch)
        check_bag_ids(self.plan, batch)
        of_searches = PassState(parts.searches, values, Inputs.take(batch, first))
        of_rows = PassState(parts.rows, values, batch, (of_searches, search))
        for state in (of_searches, of_rows):
            for op in state.plan.operations:
                KINDS[op.kind].forward(op, state)
        return [of_searches, of_rows]

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """Forward, then the same operations backwards; see `Executor.gradients`."""
        check_labels(self.plan, batch)
        for state in reversed(passes := self._passes(values, batch)):
            for op in state.plan.backward():
                KINDS[op.kind].backward(op, state)
        state = passes[-1]
        losses, dense = np.array(state.losses), state.parameter_gradients.dense
        total = add_objective(self.plan, values, losses, dense if objective else np.zeros_like(dense))
        parts = {name: zip(*gradients) for name, gradients in state.table_gradients.items()}
        tables = {name: sum_by_id(*map(np.concatenate, ids_and_rows)) for name, ids_and_rows in parts.items()}
        return Gradients(total, losses, dense, tables)

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        found = self.gradients(state.values, batch)
        adam_step(state, found.dense, found, adam)
        return found.total, found.losses
