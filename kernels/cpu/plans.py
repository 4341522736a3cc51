"""A plan as the executor runs it, encoded and linked to its kernels once: to train, and for each kind of request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import InputSpec
from ..checks import SharedInputs
from ..ops import KINDS
from ..plan import Operation, Plan, runs_where
from ..split import Split, split
from . import walk
from .encode import Encoded, encode, leading_to


class SharedRows:
    """Inputs that are the same in some rows, as compiled code compares them.

    Attributes:
        same: by their names. fields, columns: those of `Inputs.ids` and `Inputs.dense` as [first, end, first, end, ...].
    """

    def __init__(self, spec: InputSpec, names: tuple[str, ...]) -> None:
        self.same = SharedInputs(spec, names)
        self.fields, self.columns = (runs_of_columns(columns) for columns in (self.same.fields, self.same.dense))


@dataclass(frozen=True)
class RequestPlan:
    """How to predict where some inputs are the same in all rows.

    Attributes:
        fold: table of the walk that adds to the biases what all rows share. tiles: table of the walk of a tile.
        shared: what is to be the same; see `predict.rows_are_fine`.
    """

    encoded: Encoded
    fold: np.ndarray
    tiles: np.ndarray
    shared: SharedRows


@dataclass(frozen=True)
class TrainingPlan:
    """A plan to train with: in one piece, or in the two that `split.py` makes.

    Attributes:
        operations, rows: of the part whose rows are rows. summing: table of a walk before that of a step, see `walk.summing`; often empty.
        searches: of the part whose rows are searches, None where there is none; its operations.
    """

    operations: tuple[Operation, ...]
    rows: Encoded
    summing: np.ndarray
    searches: Encoded | None
    of_searches: tuple[Operation, ...]

    def tables(self) -> list[tuple[tuple[Operation, ...], np.ndarray]]:
        """Operations and table of each part."""
        return [(self.operations, self.rows.table), *([(self.of_searches, self.searches.table)] if self.searches else [])]


class EncodedPlans:
    """Keeps what was encoded of a plan.

    Args:
        plan, dtype, tile_rows: those of the executor.
    """

    def __init__(self, plan: Plan, dtype: np.dtype, tile_rows: int) -> None:
        self.plan, self.dtype, self.tile_rows = plan, dtype, tile_rows
        self._training: dict[tuple[str, ...], TrainingPlan] = {}
        self._splits: dict[tuple[str, ...], tuple[Split | None, SharedRows]] = {}
        self._requests: dict[tuple[str, ...], RequestPlan] = {}

    def split(self, shared: tuple[str, ...]) -> tuple[Split | None, SharedRows]:
        """`split.split` of the plan, and how to compare the rows of a search."""
        if shared not in self._splits:
            self._splits[shared] = split(self.plan, shared), SharedRows(self.plan.spec, shared)
        return self._splits[shared]

    def for_training(self, capacity: int, shared: tuple[str, ...] = (), searches: int = 0) -> TrainingPlan:
        """The plan for training on tiles of at least `capacity` rows.

        Args:
            shared: where `split` takes the plan apart; searches: at least so many of a thread.
        """
        made, (parts, _) = self._training.get(shared), self.split(shared)
        if made is None or made.rows.capacity < capacity or (made.searches and made.searches.capacity < searches):
            if made is not None:  # NOTE: each capacity has buffers of its own, so few of them
                capacity = max(capacity, (2 if made.rows.capacity < capacity else 1) * made.rows.capacity)
            plan, of_searches = self.plan, None
            if parts is not None:
                if made is not None and made.searches is not None:
                    searches = max(searches, (2 if made.searches.capacity < searches else 1) * made.searches.capacity)
                plan, of_searches = parts.rows, encode(parts.searches, searches, self.dtype)
                walk.link(of_searches.table, parts.searches.operations, self.dtype, training=True)
            rows, summing = encode(plan, capacity, self.dtype, searches=of_searches), np.zeros((0, 0), np.int64)
            walk.link(rows.table, plan.operations, self.dtype, training=True)
            summed = [slot for op in plan.losses if KINDS[op.kind].of_batch for slot in op.inputs]
            if summed:
                summing = walk.summing(rows.table, plan.operations, leading_to(plan, summed), self.dtype)
            operations = parts.searches.operations if parts is not None else ()
            made = self._training[shared] = TrainingPlan(plan.operations, rows, summing, of_searches, operations)
        return made

    def for_request(self, shared: tuple[str, ...]) -> RequestPlan:
        """The plan for predicting where these inputs are the same in all rows."""
        made = self._requests.get(shared)
        if made is None:
            encoded = encode(self.plan, self.tile_rows, self.dtype, shared)
            table = encoded.table[: len(self.plan.forward)]
            walk.link(table, self.plan.forward, self.dtype, training=False)
            fold = walk.folding(table, self.plan.forward, self.dtype) if shared else table[:0]
            made = self._requests[shared] = RequestPlan(encoded, fold, table[encoded.needed], SharedRows(self.plan.spec, shared))
        return made


def runs_of_columns(columns: list[int]) -> np.ndarray:
    """(2n,) int64, [first, end, first, end, ...] of columns."""
    return np.array(runs_where(np.isin(np.arange(max(columns, default=0) + 1), columns)), np.int64)
