"""Training steps and predictions of several ranks: each computes some rows, and all come to the same numbers.

A batch of B rows is cut into P parts, one for each rank (`kernels/parts.py`). Rank p computes the gradient of its part, in which B is
that of the whole batch. Then, in each step:

    what                         how it is added up                                        bytes that a rank receives
    losses, sizes of the rest    sent to all, summed in the order of ranks                 8 (losses + tables) (P - 1)
    dense gradient, n numbers    `Ranks.add_up`: ((g_0 + g_1) + g_2) + ...                 2 n s (P - 1) / P
    gradients of table rows      (id, sum) pairs sent to all; those of an id are added     (4 + D s) a row that other ranks used
                                 in the order of ranks

with s bytes a number and D columns of a table. Only then comes what `kernels/objective.py` adds, from the summed losses, and Adam:
each rank takes the same step on the same numbers, and no parameter is ever sent. A batch that has fewer rows
(or searches, where these are kept whole) than there are parts, as the last one of an epoch may, is computed by each rank alone.

With `accumulate` a rank cuts its part again and computes one piece after the other: as many batches of `training.batch_rows` rows make
one step, and their gradients are added up before they are sent, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TypeVar

import numpy as np

from ..kernels.adam import Adam
from ..kernels.batch import Batch, Inputs
from ..kernels.executor import Executor, Gradients
from ..kernels.objective import add_objective
from ..kernels.parameters import Arena, TrainState
from ..kernels.parts import add_rows, add_tables, part_borders
from .ranks import Ranks

AnyInputs = TypeVar("AnyInputs", bound=Inputs)


class PartsExecutor(Executor):
    """Runs a plan on the executors of all ranks, which call each of its methods alike, with the same arguments.

    Args:
        own: the executor of this rank. ranks: all of them. accumulate: pieces that a rank cuts its part of a batch into.
    """

    def __init__(self, own: Executor, ranks: Ranks, accumulate: int = 1) -> None:
        self.plan, self.dtype, self._own, self._ranks, self._accumulate = own.plan, own.dtype, own, ranks, accumulate

    def logits(self, values: Arena, inputs: Inputs, shared: tuple[str, ...] = ()) -> np.ndarray:
        """(B, T) logits, of which each rank computes some rows."""
        return self._each(values, inputs, self.plan.logits.width, lambda at, part: self._own.logits(at, part, shared))

    def outputs(self, values: Arena, inputs: Inputs, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """The named slots of `plan.outputs`, each (B, width)."""
        widths = [self.plan.outputs[name].width for name in names]

        def of(at: Arena, part: Inputs) -> np.ndarray:
            found = self._own.outputs(at, part, names)
            return np.concatenate([found[name] for name in names], axis=1)

        columns = np.split(self._each(values, inputs, sum(widths), of), np.cumsum(widths)[:-1], axis=1)
        return {name: np.ascontiguousarray(part) for name, part in zip(names, columns)}

    def _each(self, values: Arena, inputs: Inputs, width: int, compute: Callable[[Arena, Inputs], np.ndarray]) -> np.ndarray:
        """(B, width) numbers, of which each rank computes some rows."""
        borders = self._ranks.share(len(inputs))
        mine = np.arange(borders[self._ranks.rank], borders[self._ranks.rank + 1])
        at, parts = self._at_hand(values, [inputs.take(mine)] if len(mine) else [])
        found = compute(at, parts[0]) if parts else np.zeros((0, width), self.dtype)
        return self._ranks.join(found, np.diff(borders).tolist())

    def _at_hand(self, values: Arena, parts: Sequence[AnyInputs]) -> tuple[Arena, Sequence[AnyInputs]]:
        """The parameters and the rows to compute with; all ranks ask at once."""
        return values, parts

    def _by_id(self, found: Gradients) -> Gradients:
        """A gradient of rows that `_at_hand` gave, with the ids of the plan."""
        return found

    def gradients(self, values: Arena, batch: Batch, objective: bool = True) -> Gradients:
        """The gradient of one batch; see `Executor.gradients`."""
        return self._gradients(values, batch, objective, self._add_up)

    def _gradients(self, values: Arena, batch: Batch, objective: bool, add_up: Callable[[Gradients], Gradients]) -> Gradients:
        borders = part_borders(self.plan, batch, self._ranks.size * self._accumulate)
        if borders is None:
            at, (whole,) = self._at_hand(values, [batch])
            return self._by_id(self._own.gradients(at, whole, objective))
        found = add_up(self._part_gradients(values, batch, borders))
        total = add_objective(self.plan, values, found.losses, found.dense if objective else np.zeros_like(found.dense))
        return Gradients(total, found.losses, found.dense, found.tables)

    def _part_gradients(self, values: Arena, batch: Batch, borders: list[int]) -> Gradients:
        """The gradient of this rank's part of a batch, piece by piece."""
        pieces = [*pairwise(borders)][self._ranks.rank * self._accumulate :][: self._accumulate]
        at, cut = self._at_hand(values, [batch.cut(*piece, self._ranks.add_up) for piece in pieces])
        found = [self._by_id(self._own.gradients(at, piece, objective=False)) for piece in cut]
        if len(found) == 1:
            return found[0]
        losses, dense = found[0].losses, found[0].dense
        for each in found[1:]:
            losses, dense = losses + each.losses, dense + each.dense
        return Gradients(0.0, losses, dense, {name: add_rows([each.tables[name] for each in found]) for name in found[0].tables})

    def _add_up(self, mine: Gradients) -> Gradients:
        """The sum of the gradients of all ranks, in their order."""
        ranks, names = self._ranks, list(mine.tables)
        if ranks.size == 1:
            return mine
        counts = np.array([len(mine.tables[name][0]) for name in names], np.float64)
        small = ranks.join(np.concatenate([mine.losses, counts])[None], [1] * ranks.size)
        losses, lengths = small[0, : len(mine.losses)].copy(), small[:, len(mine.losses) :].astype(int)
        for each in small[1:, : len(mine.losses)]:
            losses += each
        dense = ranks.add_up(mine.dense)
        if not names:
            return Gradients(0.0, losses, dense, {})
        widths = [mine.tables[name][1].shape[1] for name in names]
        ids = ranks.join(
            np.concatenate([mine.tables[name][0].astype(np.int32, copy=False) for name in names]), lengths.sum(axis=1).tolist()
        )
        rows = ranks.join(np.concatenate([mine.tables[name][1].reshape(-1) for name in names]), (lengths @ widths).tolist())
        return Gradients(0.0, losses, dense, dict(zip(names, add_tables(ids, rows, lengths, widths))))

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        found = self.gradients(state.values, batch, objective=False)
        self._own.apply(state, found, adam)
        return found.total, found.losses

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere, alike on all ranks."""
        self._own.apply(state, found, adam)

    @contextmanager
    def resident(self, state: TrainState) -> Iterator[Callable[[], None]]:
        """As the executor of this rank does it."""
        with self._own.resident(state) as sync:
            yield sync

    def move_average(self, state: TrainState, gain: float) -> None:
        """As the executor of this rank does it."""
        self._own.move_average(state, gain)

    def keep(self, values: Arena) -> None:
        """As the executor of this rank does it."""
        self._own.keep(values)


def on_ranks(own: Executor, ranks: Ranks, accumulate: int = 1) -> Executor:
    """The executor as `PartsExecutor`, where there is more than one part."""
    return own if ranks.size == accumulate == 1 else PartsExecutor(own, ranks, accumulate)
