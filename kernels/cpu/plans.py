"""A plan as the executor runs it, encoded and linked to its kernels once: to train, and for each kind of request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..checks import SharedInputs
from ..ops import KINDS
from ..plan import Plan
from . import walk
from .encode import Encoded, encode, leading_to, runs_where


@dataclass(frozen=True)
class RequestPlan:
    """How to predict where some inputs are the same in all rows.

    Attributes:
        fold: table of the walk that adds to the biases what all rows share. tiles: table of the walk of a tile.
        same, fields, columns: how to check that; see `predict.rows_are_fine`.
    """

    encoded: Encoded
    fold: np.ndarray
    tiles: np.ndarray
    same: SharedInputs
    fields: np.ndarray
    columns: np.ndarray


class EncodedPlans:
    """Keeps what was encoded of a plan.

    Args:
        plan, dtype, tile_rows: those of the executor.
    """

    def __init__(self, plan: Plan, dtype: np.dtype, tile_rows: int) -> None:
        self.plan, self.dtype, self.tile_rows = plan, dtype, tile_rows
        self._training: Encoded | None = None
        self.summing = np.zeros((0, 0), np.int64)  # table of the walk before that of a step, where there is one: `walk.summing`
        self._requests: dict[tuple[str, ...], RequestPlan] = {}

    def for_training(self, capacity: int) -> Encoded:
        """The plan for training on tiles of at least `capacity` rows."""
        made = self._training
        if made is None or made.capacity < capacity:
            if made is not None:
                capacity = max(capacity, 2 * made.capacity)  # NOTE: each capacity has buffers of its own, so few of them
            made = encode(self.plan, capacity, self.dtype)
            walk.link(made.table, self.plan.operations, self.dtype, training=True)
            self._training = made
            summed = [slot for op in self.plan.losses if KINDS[op.kind].of_batch for slot in op.inputs]
            if summed:
                self.summing = walk.summing(made.table, self.plan.operations, leading_to(self.plan, summed), self.dtype)
        return made

    def for_request(self, shared: tuple[str, ...]) -> RequestPlan:
        """The plan for predicting where these inputs are the same in all rows."""
        made = self._requests.get(shared)
        if made is None:
            same = SharedInputs(self.plan.spec, shared)
            fields, dense = (runs_of_columns(columns) for columns in (same.fields, same.dense))
            encoded = encode(self.plan, self.tile_rows, self.dtype, shared)
            table = encoded.table[: len(self.plan.forward)]
            walk.link(table, self.plan.forward, self.dtype, training=False)
            fold = walk.folding(table, self.plan.forward, self.dtype) if shared else table[:0]
            made = self._requests[shared] = RequestPlan(encoded, fold, table[encoded.needed], same, fields, dense)
        return made


def runs_of_columns(columns: list[int]) -> np.ndarray:
    """(2n,) int64, [first, end, first, end, ...] of columns."""
    return np.array(runs_where(np.isin(np.arange(max(columns, default=0) + 1), columns)), np.int64)
