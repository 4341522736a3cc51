"""Training steps and predictions of several ranks, each of which holds some rows of the tables that are split (`shards.py`).

Before a rank computes, the owners of the rows that it needs send them; of P ranks with U distinct ids each, with s bytes a number:

    what                              who sends it to whom                             bytes that a rank receives
    ids of the batch                  each rank to their owners                        4 U (P - 1) / P
    rows of these ids                 owners to who asked                              U D s (P - 1) / P
    their gradients, and the ids      each rank to their owners, which add them up     U (4 + D s) (P - 1) / P

in place of U (4 + D s) (P - 1) for gradients that are sent to all. They are sent to all also of tables that are split where all of
the gradient is needed: for its length (`Adam.clip_norm`), and where rules compare those of tasks. Bytes are those of whole tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from ..kernels.adam import Adam
from ..kernels.batch import Batch
from ..kernels.executor import Executor, Gradients
from ..kernels.parameters import Arena, TrainState, aligned
from ..kernels.plan import Plan
from .executor import AnyInputs, PartsExecutor, on_ranks
from .shards import Shards

ROOM = 2**16  # distinct ids of a source that there is room for at first; memory that is not written to takes no room


class SplitExecutor(PartsExecutor):
    """Runs a plan on the executors of all ranks; parameters are those that a rank holds.

    Args:
        shards: which these are. executor_of: makes the executor of a rank for a plan. accumulate: as `PartsExecutor`.
    """

    def __init__(self, shards: Shards, executor_of: Callable[[Plan], Executor], accumulate: int = 1) -> None:
        self._shards, self._executor_of, self._held = shards, executor_of, executor_of(shards.held)
        self._room = [min(ROOM * len(group.sources), group.rows) for group in shards.groups]
        self._reading = shards.reading(self._room)
        super().__init__(executor_of(self._reading), shards.ranks, accumulate)
        self.plan = shards.plan
        self._arenas: WeakKeyDictionary[Arena, Arena] = WeakKeyDictionary()  # held -> to compute with
        self._used: dict[str, np.ndarray] = {}  # table -> ids of the rows at hand

    def _at_hand(self, values: Arena, parts: Sequence[AnyInputs]) -> tuple[Arena, Sequence[AnyInputs]]:
        local, used = self._shards.localized(parts)
        at = self._arena(values, [len(ids) for ids in used])
        self._shards.fetch(values, at, used)
        self._used = {name: ids for group, ids in zip(self._shards.groups, used) for name in group.tables}
        return at, local

    def _arena(self, values: Arena, needed: list[int]) -> Arena:
        """An arena to compute with, in which dense parameters and whole tables are those of `values`."""
        if any(rows > room for rows, room in zip(needed, self._room)):
            self._room = [min(max(rows, 2 * room), group.rows) for rows, room, group in zip(needed, self._room, self._shards.groups)]
            self._reading = self._shards.reading(self._room)
            self._own = self._executor_of(self._reading)
        made = self._arenas.get(values)
        if made is None or made.plan is not self._reading:
            tables, room = values.tables, sum(self._reading.parameters[name].size for name in self._shards.names)
            memory = aligned(room + len(tables), self.dtype)
            memory[room:] = tables
            values.tables = memory[room:]
            made = copy(values)
            made.plan, made.tables = self._reading, memory[: self._reading.size(table=True)]
            self._arenas[values] = made
        return made

    def _by_id(self, found: Gradients) -> Gradients:
        tables = {name: (self._used[name][ids] if name in self._used else ids, rows) for name, (ids, rows) in found.tables.items()}
        return replace(found, tables=tables)

    def _to_owners(self, mine: Gradients) -> Gradients:
        """As `_add_up`, but of tables that are split only the rows that this rank holds."""
        split = {name: rows for name, rows in mine.tables.items() if name in self._used}
        found = self._add_up(replace(mine, tables={name: rows for name, rows in mine.tables.items() if name not in split}))
        tables = found.tables | self._shards.sum_by_owners(split)
        return replace(found, tables={name: tables[name] for name in mine.tables})

    def step(self, state: TrainState, batch: Batch, adam: Adam) -> tuple[float, np.ndarray]:
        """One training step in place: (total, losses) before the step."""
        found = self._gradients(state.values, batch, False, self._add_up if adam.clip_norm else self._to_owners)
        self.apply(state, found, adam)
        return found.total, found.losses

    def apply(self, state: TrainState, found: Gradients, adam: Adam) -> None:
        """One training step along a gradient that was put together elsewhere: of this rank's rows."""
        tables = {name: self._shards.own(name, rows) for name, rows in found.tables.items()}
        self._held.apply(state, replace(found, tables=tables, whole=found.tables), adam)


def split_over_ranks(shards: Shards, executor_of: Callable[[Plan], Executor], accumulate: int = 1) -> Executor:
    """The executor of all ranks: `SplitExecutor` where tables are split, else as `on_ranks`."""
    if shards.names:
        return SplitExecutor(shards, executor_of, accumulate)
    return on_ranks(executor_of(shards.plan), shards.ranks, accumulate)
