"""The gradients of embedding tables, each table summed by one thread."""

from __future__ import annotations

import numpy as np

from ..batch import Inputs
from ..ops import KINDS
from ..plan import Operation, Plan
from . import layout as L
from . import walk
from .bags import FlatBags
from .buffers import Buffers, reuse
from .team import run_part
from .work import Work


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
        self._lengths = [(row[2], row[3], parameter.shape[0]) for parameter, row in zip(self.parameters, rows)]
        self._reads_bags = bool(self.sources[:, 0].any())
        self._dtype, self._position, self._shares = dtype, np.full(start, -1, np.int32), None
        self._buffers: list[Buffers] = [{} for _ in range(threads)]

    def forget(self) -> None:
        """What a step had begun that will not go on."""
        self._position.fill(-1)

    def _entries(self, inputs: Inputs, searches: int, bags: FlatBags) -> list[int]:
        """The most ids that each table may meet in a batch."""
        flat, entries = bags.longest(inputs) if self._reads_bags else [], []
        for first, end, length in self._lengths:
            uses = [
                (searches if of_searches else len(inputs)) * (flat[column] if is_bag else 1)
                for is_bag, column, _, of_searches in self.sources[first:end]
            ]
            entries.append(min(sum(uses), length))
        return entries

    def share_out(self, work: Work, inputs: Inputs, bags: FlatBags, threads: int) -> None:
        """Let each thread of `work` have its tables, the largest first, and memory for the sums of one of them."""
        key = threads, len(inputs), work.shared("searches"), *(bags.longest(inputs) if self._reads_bags else ())
        if self._shares is None or self._shares[0] != key:
            entries = self._entries(inputs, work.shared("searches"), bags)
            sizes, loads, shares = np.array(entries, np.int64) * self.rows[:, 1], [0] * threads, [[] for _ in range(threads)]
            for number in np.argsort(-sizes, kind="stable"):
                thread = loads.index(min(loads))
                shares[thread].append(number)
                loads[thread] += sizes[number]
            need = max(entries, default=0), int(sizes.max(initial=0))
            self._shares = key, [np.ascontiguousarray(self.rows[share]) for share in shares], need
        _, shares, (ids, numbers) = self._shares
        work.share(sources=self.sources, position=self._position)
        for thread, (tables, mine) in enumerate(zip(shares, self._buffers)):
            unique, sums = reuse(mine, "unique", ids, np.int32), reuse(mine, "sums", numbers, self._dtype)
            work.give(thread, shares=tables, shared_out=len(tables), unique=unique, id_sums=sums)

    def gradients(self, work: Work, inputs: Inputs, bags: FlatBags) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """name -> (ids (n,) unique and ascending, rows (n, D)) of every table."""
        self.share_out(work, inputs, bags, 1)
        found = {}
        for parameter, row in zip(self.parameters, self.rows):
            work.give(0, shares=np.array(row))
            run_part(walk.sum_one_table.address(self._dtype), work.place)
            count, unique, sums = int(work.held(0, "found")[0]), work.held(0, "unique"), work.held(0, "id_sums")
            order = np.argsort(unique[:count])
            found[parameter.name] = unique[:count][order], sums[: count * row[1]].reshape(count, row[1])[order]
        return found
