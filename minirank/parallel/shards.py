"""Embedding tables that are split by rows over P ranks: row i lies with rank i mod P, which has Adam's moments of it, too.

There it is row i // P of a table. Ids are often numbered by how frequent they are, so that neighbours on different ranks share the work.

    arena of a rank that computes     [ rows of this batch, of tables that are split | whole tables | its rows of those that are split ]
    plan `reading(...)`                 ------------------- its tables ----------------------------
    plan `held`                                                                       ------- its tables -------------------------------

Operations read the rows of a batch, which their owners send (`fetch`), by places in 0 .. U-1 instead of ids. Places ascend as ids do, so
that all sums are taken in the order in which they are with whole tables, and come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..kernels.batch import Bag, Inputs
from ..kernels.ops import KINDS
from ..kernels.parameters import Arena, initial_values
from ..kernels.parts import Rows, add_rows
from ..kernels.plan import Parameter, Plan
from ..kernels.ranked import ranked
from .ranks import Ranks

AT_ONCE = 2**20  # numbers of a table that come to rank 0, or from it, at a time
Source = tuple[str, int]  # "field" and its column, or "bag" and its number
AnyInputs = TypeVar("AnyInputs", bound=Inputs)


@dataclass(frozen=True)
class Group:
    """Tables that are split together, for one and the same id may be read of several of them.

    Args:
        tables: their names. sources: all that they are read by. rows: V of the longest.
    """

    tables: tuple[str, ...]
    sources: tuple[Source, ...]
    rows: int


class Shards:
    """Which rows of a plan's tables this rank holds.

    Args:
        plan: with all rows. ranks: among which tables are split. least: bytes; a table that takes more is split, None: none is.
        itemsize: bytes of a number.
    Attributes:
        groups: the tables that are split. names: of these.
        held: the plan with the rows that this rank holds; the same object as `plan` where none is split.
    """

    def __init__(self, plan: Plan, ranks: Ranks, least: int | None, itemsize: int) -> None:
        self.plan, self.ranks = plan, ranks
        self.groups = _groups(plan, least // itemsize) if ranks.size > 1 and least is not None else ()
        self.names = tuple(name for group in self.groups for name in group.tables)
        self._others = tuple(each.name for each in plan.parameters.values() if each.table and each.name not in self.names)
        mine = {name: len(range(ranks.rank, plan.parameters[name].shape[0], ranks.size)) for name in self.names}
        self.held = _laid_out(plan, mine, self._others + self.names) if self.names else plan

    def reading(self, rows: Sequence[int]) -> Plan:
        """The plan that a batch is computed with, which has at most so many distinct ids of each group."""
        sizes = {name: count for group, count in zip(self.groups, rows) for name in group.tables}
        return _laid_out(self.plan, sizes, self.names + self._others)

    def initial_values(self, seed: int, dtype: np.dtype) -> Arena:
        """`parameters.initial_values`, as far as this rank holds them."""
        rank, size = self.ranks.rank, self.ranks.size
        return initial_values(self.held, seed, dtype, {name: (self.plan.parameters[name].shape[0], rank, size) for name in self.names})

    # --- the rows of a batch ---------------------------------------------------------------

    def localized(self, parts: Sequence[AnyInputs]) -> tuple[list[AnyInputs], list[np.ndarray]]:
        """The same rows, in which a place stands for each id of a table that is split; of each group the ids (U,), ascending."""
        reads_bags = any(kind == "bag" for group in self.groups for kind, _ in group.sources)
        bags = [[_lists_in_use(bag) for bag in part.bags] if reads_bags else list(part.bags) for part in parts]
        ids, used = [part.ids.copy() for part in parts], []
        for group in self.groups:
            found = [b[n].ids if kind == "bag" else i[:, n] for i, b in zip(ids, bags) for kind, n in group.sources]
            _, distinct, places = ranked(np.concatenate(found or [np.zeros(0, np.int32)]))
            cuts = iter(np.split(places, np.cumsum([len(each) for each in found])))
            for i, b in zip(ids, bags):
                for kind, n in group.sources:
                    if kind == "bag":
                        b[n] = replace(b[n], ids=next(cuts))
                    else:
                        i[:, n] = next(cuts)
            used.append(distinct.astype(np.int32))
        return [replace(part, ids=i, bags=tuple(b)) for part, i, b in zip(parts, ids, bags)], used

    def fetch(self, held: Arena, into: Arena, used: Sequence[np.ndarray]) -> None:
        """Have the owners send the rows of these ids; all ranks ask at once.

        Args:
            held: of the plan `held`. into: of the plan `reading`. used: as `localized` gives them.
        """
        ranks = self.ranks
        orders = [np.argsort(ids % ranks.size, kind="stable") for ids in used]
        asked = self._counts([np.bincount(ids % ranks.size, minlength=ranks.size) for ids in used])
        mine, theirs = asked[ranks.rank], asked[:, ranks.rank]  # (P, groups)
        asking = _by_rank([ids[order] for ids, order in zip(used, orders)], mine)
        wanted = _parted(ranks.exchange(asking, mine.sum(axis=1), theirs.sum(axis=1)), theirs)
        tables = [(number, name) for number, group in enumerate(self.groups) for name in group.tables]
        rows = [held[name][of_rank[number] // ranks.size].reshape(-1) for of_rank in wanted for number, name in tables]
        numbers, widths = [number for number, _ in tables], np.array([held[name].shape[1] for _, name in tables])
        mine, theirs = mine[:, numbers] * widths, theirs[:, numbers] * widths
        found = _parted(ranks.exchange(np.concatenate(rows), theirs.sum(axis=1), mine.sum(axis=1)), mine)
        for place, (number, name) in enumerate(tables):
            into[name][orders[number]] = np.concatenate([of_rank[place] for of_rank in found]).reshape(-1, widths[place])

    def sum_by_owners(self, tables: Mapping[str, Rows]) -> dict[str, Rows]:
        """The sparse gradients of tables that are split, which each rank has of its part, added up in the order of ranks.

        Returns:
            Of each table those rows that this rank holds, under their ids.
        """
        ranks, dealt = self.ranks, []
        for ids, rows in tables.values():
            order = np.argsort(ids % ranks.size, kind="stable")
            dealt.append((ids[order], rows[order]))
        sizes = self._counts([np.bincount(ids % ranks.size, minlength=ranks.size) for ids, _ in dealt])
        mine, theirs = sizes[ranks.rank], sizes[:, ranks.rank]
        widths = np.array([rows.shape[1] for _, rows in dealt])
        given = _parted(ranks.exchange(_by_rank([ids for ids, _ in dealt], mine), mine.sum(axis=1), theirs.sum(axis=1)), theirs)
        sent = _by_rank([rows.reshape(-1) for _, rows in dealt], mine * widths)
        sums = _parted(ranks.exchange(sent, mine @ widths, theirs @ widths), theirs * widths)
        return {
            name: add_rows([(its[number], rows[number].reshape(-1, widths[number])) for its, rows in zip(given, sums)])
            for number, name in enumerate(tables)
        }

    def own(self, name: str, rows: Rows) -> Rows:
        """Those rows of a gradient that this rank holds, by their number here."""
        if name not in self.names:
            return rows
        mine = rows[0] % self.ranks.size == self.ranks.rank
        return rows[0][mine] // self.ranks.size, rows[1][mine]

    def _counts(self, each: list[np.ndarray]) -> np.ndarray:
        """(P, P, n) of the (P,) numbers that each rank has n times: [of, to, which]."""
        return self.ranks.join(np.stack(each, axis=1)[None], [1] * self.ranks.size)

    # --- whole tables, part by part --------------------------------------------------------

    def parts(self) -> Iterator[tuple[Parameter, int, int]]:
        """(table, first row, end) of parts that are moved at once, in the order of the arena of all tables."""
        for each in self.plan.parameters.values():
            length = each.shape[0] if each.table else 0
            rows = self.ranks.size * max(AT_ONCE // (self.ranks.size * max(each.size // max(length, 1), 1)), 1)
            yield from ((each, first, min(first + rows, length)) for first in range(0, length, rows))

    def collect(self, held: Arena, table: Parameter, first: int, end: int) -> np.ndarray | None:
        """(end - first, D) rows of a table, on rank 0; None on the others."""
        if table.name not in self.names:
            return held[table.name][first:end] if self.ranks.is_first else None
        size = self.ranks.size
        counts = [len(range(rank, end - first, size)) for rank in range(size)]
        start = first // size
        rows = self.ranks.join_on_first(held[table.name][start : start + counts[self.ranks.rank]], counts)
        if rows is None:
            return None
        whole = np.empty_like(rows)
        for rank, part in enumerate(np.split(rows, np.cumsum(counts)[:-1])):
            whole[rank::size] = part
        return whole

    def whole(self, held: Arena, name: str | None = None) -> Iterator[np.ndarray]:
        """All tables, or one of them, part by part on rank 0; the others give theirs, and get nothing."""
        for table, first, end in self.parts():
            if name in (None, table.name):
                rows = self.collect(held, table, first, end)
                yield np.zeros(0) if rows is None else rows

    def place(self, held: Arena, table: Parameter, first: int, rows: np.ndarray) -> None:
        """Take what this rank holds from rows first, first + 1, ... of a table."""
        if table.name not in self.names:
            held[table.name][first : first + len(rows)] = rows
        else:
            mine, start = rows[self.ranks.rank :: self.ranks.size], first // self.ranks.size
            held[table.name][start : start + len(mine)] = mine


def _groups(plan: Plan, least: int) -> tuple[Group, ...]:
    """The tables of more than `least` numbers, with those that are read by the same fields and bags.

    A table stays whole where something else than a table is read by its ids, too, such as the weights of a role.
    """
    readers: dict[Source, set[str]] = {}
    whole: set[Source] = set()
    for op in plan.operations:
        kind = KINDS[op.kind]
        if kind.reads in ("field", "bag"):
            source = str(kind.reads), op.attributes[kind.reads]
            readers.setdefault(source, set()).update(each.name for each in op.parameters if each.table)
            whole |= set() if kind.table else {source}
    groups: list[tuple[set[str], set[Source]]] = []
    for source, tables in readers.items():
        touching = [group for group in groups if group[0] & tables]
        groups = [group for group in groups if group not in touching]
        groups.append((tables.union(*(names for names, _ in touching)), {source}.union(*(sources for _, sources in touching))))
    found = []
    for names, sources in groups:
        tables_of = [plan.parameters[name] for name in plan.parameters if name in names]
        if not sources & whole and any(each.size > least for each in tables_of):
            found.append(Group(tuple(each.name for each in tables_of), tuple(sorted(sources)), max(each.shape[0] for each in tables_of)))
    return tuple(found)


def _laid_out(plan: Plan, rows: Mapping[str, int], order: Sequence[str]) -> Plan:
    """The plan with so many rows of some tables, and all tables in this order in their arena."""
    made, start = dict(plan.parameters), 0
    for name in order:
        old = plan.parameters[name]
        made[name] = replace(old, shape=(rows.get(name, old.shape[0]), *old.shape[1:]), offset=start)
        start += made[name].size
    operations = (replace(op, parameters=tuple(made[each.name] for each in op.parameters)) for op in plan.operations)
    return replace(plan, operations=tuple(operations), parameters=made)


def _lists_in_use(bag: Bag) -> Bag:
    """The lists of those entities that some row has, and no others."""
    _, entities, places = ranked(bag.entity)
    starts = bag.offsets[entities]
    sizes = bag.offsets[entities + 1] - starts
    offsets = np.append(0, np.cumsum(sizes))
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
    return Bag(places, offsets.astype(np.int64), np.asarray(bag.ids[np.repeat(starts, sizes) + within]))


def _by_rank(arrays: Sequence[np.ndarray], counts: np.ndarray) -> np.ndarray:
    """Of n arrays, each of what is for rank 0, 1, ..., all that is for rank 0, then all for rank 1, ...; counts: (P, n)."""
    parts = [np.split(array, ends[:-1]) for array, ends in zip(arrays, np.cumsum(counts, axis=0).T)]
    return np.concatenate([part[rank] for rank in range(len(counts)) for part in parts])


def _parted(array: np.ndarray, counts: np.ndarray) -> list[list[np.ndarray]]:
    """The n parts of each rank, which lie one behind the other; counts: (P, n)."""
    parts = iter(np.split(array, np.cumsum(counts.reshape(-1))[:-1]))
    return [[next(parts) for _ in range(counts.shape[1])] for _ in range(len(counts))]
