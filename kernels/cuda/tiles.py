"""What all matrix products share: the fragment of a tile that one thread multiplies and adds up.

Both operands of a tile wait in shared memory with the inner dimension outside: left[k, row] and
right[k, column]. Of TM x TN elements a thread owns FRAGMENT x FRAGMENT, in groups of four that
neighbours interleave: each of its loads from shared memory is one of 16 bytes, and those of a warp
hit different banks.
"""

from __future__ import annotations

import numpy as np

from .intrinsics import load4
from .jit import cuda, device
from .sizes import FRAGMENT, STEP, TM, TN

GROUPS = FRAGMENT // 4
ACROSS = TN // FRAGMENT  # threads side by side
LEFT, RIGHT = STEP * TM, STEP * TN  # elements of one buffer
TWO_LEFT, TWO_RIGHT, OWN = 2 * LEFT, 2 * RIGHT, FRAGMENT * FRAGMENT  # numba wants a constant as the size of an array


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
                left, buffer * LEFT + k * TM + tile_row(thread, 4 * group)
            )
            b[4 * group], b[4 * group + 1], b[4 * group + 2], b[4 * group + 3] = load4(
                right, buffer * RIGHT + k * TN + tile_column(thread, group)
            )
        for i in range(FRAGMENT):
            for j in range(FRAGMENT):
                total[i * FRAGMENT + j] += a[i] * b[j]
