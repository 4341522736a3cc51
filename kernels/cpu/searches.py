"""The searches of a batch as the threads of a step have them, where a plan is taken apart (`split.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..batch import Batch, Inputs, InputSpec
from ..checks import check_shared
from ..split import LEAST
from .buffers import contiguous
from .jit import driver, kernel
from .plans import SharedRows
from .tiles import even_tiles
from .vector import pointer


@dataclass(frozen=True)
class Searches:
    """S searches, of which each thread has some, and all of their rows.

    Attributes:
        inputs: S rows, one of each search.
        first: (threads + 1,) the first search of each thread, and S.
        local: (B,) int32, the search of each row, its number among those of its thread.
        tiles: of rows, as `thread_tiles` gives them.
    """

    inputs: Inputs
    first: np.ndarray
    local: np.ndarray
    tiles: list[np.ndarray]


@driver
def find_searches(groups, ids, fields, dense, columns, borders, begin, local, tiles, counts, first):
    """How many searches there are; -1 where rows of one differ. SPEED: NumPy takes longer than a tile of a small model.

    Args:
        groups: (B,), as `Batch.groups`. ids: (B, C). dense: (B, ND). fields, columns: of them, [first, end, first, end, ...].
        borders: (threads, n) of tiles, were it not for the searches; each line filled up with its last border.
    Writes:
        begin: (B + 1,) the first row of each search, and B. local: (B,) the search of each row among those of its thread.
        tiles: (threads, n) the borders, each moved on to where a search begins; (threads,) counts: how many of them.
        first: (threads + 1,) as in `Searches`.
    """
    rows, count, same = len(groups), 0, True
    for i in range(rows):
        if i == 0 or groups[i] != groups[i - 1]:
            begin[count] = i
            count += 1
        else:
            same &= like_the_row_before(pointer(ids), i, ids.shape[1], fields)
            same &= like_the_row_before(pointer(dense), i, dense.shape[1], columns)
    begin[count] = rows
    search = 0
    for thread in range(len(borders)):
        counts[thread] = 0
        for place in range(borders.shape[1]):
            while begin[search] < borders[thread, place]:
                search += 1
            if place == 0:
                first[thread] = search
            if place == 0 or begin[search] > tiles[thread, counts[thread] - 1]:
                tiles[thread, counts[thread]] = begin[search]
                counts[thread] += 1
    first[len(borders)] = count
    for thread in range(len(borders)):
        for search in range(first[thread], first[thread + 1]):
            for i in range(begin[search], begin[search + 1]):
                local[i] = search - first[thread]
    return count if same else -1


@kernel
def like_the_row_before(p, i, width, runs):
    """Whether rows i and i - 1 are the same in these runs of columns."""
    same = True
    for run in range(0, len(runs), 2):
        for j in range(runs[run], runs[run + 1]):
            same &= p[i * width + j] == p[(i - 1) * width + j]
    return same


def searches_of(batch: Batch, shared: SharedRows, spec: InputSpec, dtype: np.dtype, threads: int, tile_rows: int) -> Searches | None:
    """Those of a batch; None where they have too few rows to share anything.

    Raises:
        ValueError: rows of a search differ in an input of `batch.shared`.
    """
    rows, borders = len(batch), even_borders(len(batch), threads, tile_rows)
    begin, local = np.empty(rows + 1, np.int64), np.empty(rows, np.int32)
    tiles, counts, first = np.empty_like(borders), np.empty(threads, np.int64), np.empty(threads + 1, np.int64)
    ids, dense, groups = contiguous(batch.ids, np.int32), contiguous(batch.dense, dtype), contiguous(batch.groups, np.int32)
    count = find_searches(groups, ids, shared.fields, dense, shared.columns, borders, begin, local, tiles, counts, first)
    entities = [batch.bags[number].entity for number in shared.same.bags]
    if count < 0 or (entities and not rows_are_the_same(entities, batch.groups)):
        check_shared(spec, batch)
    if rows < LEAST * count:
        return None
    return Searches(Inputs.take(batch, begin[:count]), first, local, [each[:end] for each, end in zip(tiles, counts)])


def rows_are_the_same(entities: list[np.ndarray], groups: np.ndarray) -> bool:
    """Whether all rows of each search have the same entities."""
    inside = groups[1:] == groups[:-1]
    return all((each[1:] == each[:-1])[inside].all() for each in entities)


@lru_cache(maxsize=16)
def even_borders(rows: int, threads: int, tile_rows: int) -> np.ndarray:
    """(threads, n) borders of tiles of threads, each line filled up with its last one."""
    tiles = even_tiles(rows, threads, tile_rows)
    most = max(map(len, tiles))
    return np.array([np.append(each, [each[-1]] * (most - len(each))) for each in tiles], np.int64)
