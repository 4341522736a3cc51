"""A batch as the flat arrays that kernels read, made on the host (layout: `encode.py`)."""

from __future__ import annotations

import numpy as np

from ..batch import Batch
from ..embedding import bag_entries
from .encode import Places, table_operations
from .tables import PIECE


def pack(places: Places, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """(ints, floats) of one batch."""
    rows, capacity, tasks = len(batch), places.capacity, batch.labels.shape[1]
    ints, floats = np.zeros(places.ints, np.int32), np.zeros(places.floats, np.float32)
    for field in range(batch.ids.shape[1]):
        start = places.ids(field)
        ints[start : start + rows] = batch.ids[:, field]
    for number, bag in enumerate(batch.bags):
        start = places.entities + number * capacity
        ints[start : start + rows] = bag.entity
    starts = np.flatnonzero(np.diff(batch.groups, prepend=batch.groups[0] - 1))
    ints[0] = len(starts)
    ints[places.searches : places.searches + len(starts)] = starts
    ints[places.searches + len(starts)] = rows
    for field, (order, first) in places.orders.items():
        size = places.plan.spec.categorical[field][1]
        ids = batch.ids[:, field].astype(np.uint16 if size <= 1 << 16 else np.int32)  # SPEED: 16 bits are sorted by radix
        ints[order : order + rows] = np.argsort(ids, kind="stable")
        ints[first : first + size + 1] = np.searchsorted(ids[ints[order : order + rows]], np.arange(size + 1))
    for source, start in ((batch.labels, 0), (batch.weights, tasks * capacity)):
        for task in range(tasks):
            floats[start + task * capacity : start + task * capacity + rows] = source[:, task]
    start = places.dense_columns
    floats[start : start + batch.dense.size] = batch.dense.ravel()
    return ints, floats


def pack_lists(batch: Batch) -> np.ndarray:
    """The lists of all bags: for each the places of its offsets and of its ids, then all of them."""
    head, parts, end = [], [], 2 * len(batch.bags)
    for bag in batch.bags:
        head += [end, end + len(bag.offsets)]
        parts += [bag.offsets, bag.ids]
        end += len(bag.offsets) + len(bag.ids)
    return np.concatenate([np.array(head or [0]), *parts]).astype(np.int32)


class Uses:
    """All uses of table rows in a batch, sorted: what the deterministic tables read (layout: `tables.py`).

    Attributes:
        pieces, segments, uses, shares: the arrays. lanes: the largest width of a table.
        tables: name -> (first segment, ids (n,) unique and ascending).
    """

    def __init__(self, places: Places, batch: Batch) -> None:
        plan, rows = places.plan, np.arange(len(batch))
        by_table: dict[str, list] = {}
        for op in table_operations(plan):
            dy, stride, _, _ = places.slot(op.output)
            if op.kind == "gather":
                row, id, share = rows, batch.ids[:, op.attributes["field"]], np.ones(len(rows), np.float32)
            else:
                row, id, share = bag_entries(batch.bags[op.attributes["bag"]])
            by_table.setdefault(op.parameters[0].name, []).append((id, places.shift + dy + row * stride, share))
        self.lanes = max((plan.parameters[name].shape[1] for name in by_table), default=1)
        uses, shares = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        segments, pieces = [np.zeros((0, 4), np.int64)], [np.zeros((0, 3), np.int64)]
        self.tables: dict[str, tuple[int, np.ndarray]] = {}
        used = segment = piece = 0
        for name, parts in by_table.items():
            ids, places_of, share = (np.concatenate(each) for each in zip(*parts))
            order = _stable_order(ids)
            sorted_ids = ids[order]
            starts = np.flatnonzero(np.diff(sorted_ids, prepend=-1))
            ends = np.append(starts[1:], len(ids)) if len(starts) else starts
            parameter = plan.parameters[name]
            width = parameter.shape[1]
            counts = (ends - starts + PIECE - 1) // PIECE
            last = np.cumsum(counts)
            segments.append(np.stack([
                places.parameter(parameter) + sorted_ids[starts].astype(np.int64) * width, np.full(len(starts), width),
                piece + last - counts, piece + last,
            ], axis=1))
            within = np.arange(counts.sum()) - np.repeat(last - counts, counts)
            begin = np.repeat(starts, counts) + within * PIECE
            end = np.minimum(begin + PIECE, np.repeat(ends, counts))
            pieces.append(np.stack([used + begin, used + end, np.full(len(begin), width)], axis=1))
            uses.append(places_of[order])
            shares.append(share[order].astype(np.float32))
            self.tables[name] = segment, sorted_ids[starts]
            used, segment, piece = used + len(ids), segment + len(starts), piece + len(begin)
        self.uses, self.shares = np.concatenate(uses), np.concatenate(shares)
        self.segments = np.concatenate([[[segment, 0, 0, 0]], *segments]).astype(np.int64)
        self.pieces = np.concatenate([[[piece, 0, 0]], *pieces]).astype(np.int64)


def _stable_order(ids: np.ndarray) -> np.ndarray:
    """The positions of ids in ascending order, equal ones in the order in which they come.

    SPEED: sorting one 64-bit key of id and position is several times faster than a stable argsort.
    """
    keys = ids.astype(np.int64) << 32 | np.arange(len(ids))
    keys.sort()
    return keys & 0xFFFFFFFF
