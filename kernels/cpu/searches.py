"""The searches of a batch as the threads of a step have them, where a plan is taken apart (`split.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..batch import Batch, Inputs, InputSpec
from ..checks import check_shared
from ..split import LEAST
from .buffers import contiguous
from .jit import driver, kernel
from .plans import SharedRows
from .tiles import tiles_of_searches
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
def find_searches(groups, ids, fields, dense, columns, begin, search):
    """How many searches there are; -1 where rows of one differ. SPEED: NumPy takes 0.1 ms for it.

    Args:
        groups: (B,), as `Batch.groups`. ids: (B, C). dense: (B, ND). fields, columns: of them, [first, end, first, end, ...].
    Writes:
        begin: (B,) the first row of each search. search: (B,) that of each row.
    """
    count, same = 0, True
    for i in range(len(groups)):
        if i == 0 or groups[i] != groups[i - 1]:
            begin[count] = i
            count += 1
        else:
            same &= like_the_row_before(pointer(ids), i, ids.shape[1], fields)
            same &= like_the_row_before(pointer(dense), i, dense.shape[1], columns)
        search[i] = count - 1
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
    begin, search = np.empty((2, len(batch)), np.int64)
    ids, dense = contiguous(batch.ids, np.int32), contiguous(batch.dense, dtype)
    count = find_searches(contiguous(batch.groups, np.int32), ids, shared.fields, dense, shared.columns, begin, search)
    begin = begin[:count]
    if count < 0 or not all((bag.entity == bag.entity[begin][search]).all() for bag in (batch.bags[number] for number in shared.same.bags)):
        check_shared(spec, batch)
    if len(batch) < LEAST * count:
        return None
    tiles = tiles_of_searches(np.append(begin, len(batch)), threads, tile_rows)
    borders = np.array([*(rows[0] for rows in tiles), len(batch)])
    first = np.searchsorted(begin, borders)
    local = search - np.repeat(first[:-1], np.diff(borders))
    return Searches(Inputs.take(batch, begin), first, local.astype(np.int32), tiles)
