"""What all matrix products share: the fragment of a tile that one thread multiplies and adds up.

Both operands of a tile wait in shared memory with the inner dimension outside: left[k, row] and
right[k, column]. Of TM x TN elements a thread owns FRAGMENT x FRAGMENT, in groups of four that
neighbours interleave: each of its loads from shared memory is one of 16 bytes, and those of a warp
hit different banks. (tensor_tiles.py: the fragment that tensor cores give a thread.)
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4, store4
from .jit import cuda, device
from .sizes import FRAGMENT, STEP, TM, TN

GROUPS = FRAGMENT // 4
ACROSS = TN // FRAGMENT  # threads side by side
PITCH = TM + 8  # of the inner dimension: 4 x 8 elements that tensor cores read at once lie in different banks
BUFFER = STEP * PITCH  # elements of one operand's buffer
TWO_BUFFERS, OWN = 2 * BUFFER, FRAGMENT * FRAGMENT  # numba wants a constant as the size of an array
assert TM == TN, "one buffer is as large as the other"


@device
def tile_row(thread, i):
    """Row within the tile of the i-th row of a thread's fragment."""
    return i // 4 * (TM // GROUPS) + thread // ACROSS * 4 + i % 4


@device
def tile_column(thread, group):
    """First of the four columns within the tile of a group of a thread's fragment."""
    return group * (TN // GROUPS) + thread % ACROSS * 4


@device
def multiply(total, left, right, buffer, thread):
    """total[i, j] += sum_k left[k, row i] right[k, column j] over the STEP k of one buffer; total (FRAGMENT^2,) in registers."""
    a = cuda.local.array(FRAGMENT, np.float32)
    b = cuda.local.array(FRAGMENT, np.float32)
    for k in range(STEP):
        for group in range(GROUPS):
            a[4 * group], a[4 * group + 1], a[4 * group + 2], a[4 * group + 3] = load4(
                left, buffer * BUFFER + k * PITCH + tile_row(thread, 4 * group)
            )
            b[4 * group], b[4 * group + 1], b[4 * group + 2], b[4 * group + 3] = load4(
                right, buffer * BUFFER + k * PITCH + tile_column(thread, group)
            )
        for i in range(FRAGMENT):
            for j in range(FRAGMENT):
                total[i * FRAGMENT + j] += a[i] * b[j]


@device
def store_along(tile, buffer, k, place, a, b, c, d):
    """Four elements along the inner dimension into a buffer, where that dimension is outside."""
    start = buffer * BUFFER + k * PITCH + place
    tile[start], tile[start + PITCH], tile[start + 2 * PITCH], tile[start + 3 * PITCH] = a, b, c, d


@device
def store_across(tile, buffer, k, place, a, b, c, d):
    """Four elements side by side into a buffer."""
    store4(tile, buffer * BUFFER + k * PITCH + place, a, b, c, d)
