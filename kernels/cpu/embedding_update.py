"""The gradients of embedding tables, each table summed by one thread."""

from __future__ import annotations

import numpy as np

from ..ops import KINDS
from ..plan import Operation, Plan
from . import layout as L
from . import walk
from .buffers import Buffers, reuse
from .layout import Work


class EmbeddingUpdate:
    """The embedding tables, the operations that read them, and the buffers of their sparse gradients.

    Attributes:
        rows: (tables, 5) first element in the arena, width D, first and end of its `sources`, first element of its `_position`.
        sources: (n, 4) whether it reads a bag, column of ids or number of the bag, place in `Work.input_gradients`, and whether that is
            `Work.search_input_gradients`: of searches in place of rows (`split.py`).
    """

    def __init__(self, plan: Plan, tables: list[tuple[tuple[Operation, ...], np.ndarray]], dtype: np.dtype, threads: int) -> None:
        """tables: operations and their table, of rows, and of searches where there are some."""
        self.parameters = [parameter for parameter in plan.parameters.values() if parameter.table]
        rows, sources, start = [], [], 0
        for parameter in self.parameters:
            first = len(sources)
            for of_searches, (operations, table) in enumerate(tables):
                for op, row in zip(operations, table):
                    if parameter in op.parameters:
                        sources.append((KINDS[op.kind].reads == "bag", row[L.INTEGERS[0]], row[L.INPUT_GRADIENT], of_searches))
            rows.append((parameter.offset, parameter.shape[1], first, len(sources), start))
            start += parameter.shape[0]
        self.rows, self.sources = np.array(rows, np.int64).reshape(-1, 5), np.array(sources, np.int64).reshape(-1, 4)
        of_searches = [self.sources[first:end, 3].sum() for first, end in self.rows[:, 2:4]]
        self._uses = np.stack([self.rows[:, 3] - self.rows[:, 2] - of_searches, of_searches], axis=1).astype(
            np.int64
        )  # once a row, a search
        self._lengths = np.array([parameter.shape[0] for parameter in self.parameters], np.int64)
        self._dtype, self._position, self._shares = dtype, np.full(start, -1, np.int32), None
        self._buffers: list[Buffers] = [{} for _ in range(threads)]

    def forget(self) -> None:
        """What a step had begun that will not go on."""
        self._position.fill(-1)

    def _entries(self, work: Work) -> np.ndarray:
        """(tables,) the most ids that each table may meet in a batch."""
        if not self.sources[:, 0].any():
            return np.minimum(self._uses @ (work.batch, work.searches), self._lengths)
        entries = np.zeros(len(self.rows), np.int64)
        for number, (_, _, first, end, _) in enumerate(self.rows):
            for is_bag, column, _, of_searches in self.sources[first:end]:
                if not is_bag:
                    entries[number] += work.searches if of_searches else work.batch
                else:
                    entities = work.search_entities if of_searches else work.entities
                    lists = work.bag_starts[column] + entities[column :: work.bags]
                    entries[number] += (work.bag_offsets[lists + 1] - work.bag_offsets[lists]).sum()
        return np.minimum(entries, self._lengths)

    def parts(self, work: Work, threads: int) -> list[tuple]:
        """(tables, sources, work, unique, sums, position) of each thread: tables shared out by size, the largest first."""
        entries = self._entries(work)
        key = threads, *entries.tolist()
        if self._shares is None or self._shares[0] != key:
            sizes, loads, shares = entries * self.rows[:, 1], [0] * threads, [[] for _ in range(threads)]
            for number in np.argsort(-sizes, kind="stable"):
                thread = loads.index(min(loads))
                shares[thread].append(number)
                loads[thread] += sizes[number]
            need = int(entries.max(initial=0)), int(sizes.max(initial=0))
            self._shares = key, [self.rows[share] for share in shares], need
        _, shares, (ids, numbers) = self._shares
        parts = []
        for tables, mine in zip(shares, self._buffers):
            unique, sums = reuse(mine, "unique", ids, np.int32), reuse(mine, "sums", numbers, self._dtype)
            parts.append((tables, self.sources, work, unique, sums, self._position))
        return parts

    def gradients(self, work: Work) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """name -> (ids (n,) unique and ascending, rows (n, D)) of every table."""
        ((_, sources, work, unique, sums, position),) = self.parts(work, 1)
        found = {}
        for parameter, row in zip(self.parameters, self.rows):
            count = walk.table_gradient(row, sources, work, unique, sums, position)
            order = np.argsort(unique[:count])
            found[parameter.name] = unique[:count][order], sums[: count * row[1]].reshape(count, row[1])[order]
        return found
