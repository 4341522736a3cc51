"""How the rows of a batch are cut into tiles: alike for each thread to train, and to predict to be claimed one after the other."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from ..batch import Batch, searches
from .tile import ROWS

SHORT = 48  # rows; SPEED: of the last tiles, so that nobody waits long for who has the last one


def even(size: int, parts: int) -> list[int]:
    """[0, ..., size]: where `parts` parts begin and end, as even as can be."""
    return [size * part // parts for part in range(parts + 1)]


def thread_tiles(batch: Batch, threads: int, tile_rows: int, grouped: bool) -> list[np.ndarray]:
    """For each thread the first rows of its tiles, and the row behind its last.

    Threads get as many rows as each other, and tiles of a thread too, up to `tile_rows` of them; with `grouped` no search is
    split, however long it is.
    """
    if not grouped:
        return even_tiles(len(batch), threads, tile_rows)
    starts = np.append(searches(batch.groups)[0], len(batch))
    return [np.unique(starts[np.searchsorted(starts, borders)]) for borders in even_tiles(len(batch), threads, tile_rows)]


@lru_cache(maxsize=16)
def even_tiles(rows: int, threads: int, tile_rows: int) -> list[np.ndarray]:
    """`thread_tiles` of that many rows."""
    cuts, parts = even(rows, threads), []
    for low, high in pairwise(cuts):
        count = max(-(-(high - low) // tile_rows), 1)
        size = min(-(-max(high - low, 1) // (count * ROWS)) * ROWS, tile_rows)
        parts.append(np.append(np.arange(low, high, size), high))
    return parts


@lru_cache(maxsize=64)
def tiles_to_claim(rows: int, threads: int, tile_rows: int) -> np.ndarray:
    """[0, ..., rows]: borders of tiles, of which those at the end are short where threads claim them one by one."""
    borders = [0]
    while borders[-1] < rows:
        share = -(-(rows - borders[-1]) // threads)  # of each thread, of what is left
        evenly = threads == 1 or share <= SHORT
        size = -(-share // -(-share // tile_rows)) if evenly else min(-(-share // 2), tile_rows)
        size = min(-(-size // ROWS) * ROWS, tile_rows)
        borders += [min(borders[-1] + size * (thread + 1), rows) for thread in range(threads)]
    return np.unique(np.array(borders, np.int64))
