"""The fragment of a tile on tensor cores, in TF32: an opt-in, `CudaExecutor(tf32=True)`, never the default.

TF32 keeps float32's exponent and 10 bits of its mantissa: the operands are rounded, products and sums are float32. A relative
error of about 5e-4 a product is the price. A warp computes HIGH x WIDE elements of a tile as UP x ALONG
products of m16n8k8, whose operands it reads from shared memory; a lane has four elements of each:
two neighbours of a row, and two 8 rows below.
"""

from __future__ import annotations

from .intrinsics import mma, tf32
from .jit import device
from .sizes import TN
from .tiles import BUFFER, PITCH

HIGH, WIDE = 32, 64  # of a warp's part of a tile
UP, ALONG = HIGH // 16, WIDE // 8  # products of m16n8k8


@device
def rounded(a, b, c, d, tensor):
    """Four operands, in TF32 where tensor cores multiply them."""
    if tensor:
        return tf32(a), tf32(b), tf32(c), tf32(d)
    return a, b, c, d


@device
def tensor_row(thread, half):
    """Row within the tile of the elements of a lane in the half-th of its 2 UP rows."""
    return thread // 32 // (TN // WIDE) * HIGH + half * 8 + thread % 32 // 4


@device
def tensor_column(thread, along):
    """First of the two columns within the tile of the along-th product of a lane."""
    return thread // 32 % (TN // WIDE) * WIDE + along * 8 + thread % 4 * 2


@device
def tensor_place(half, along):
    """Where `total` has the first of the two elements of that row and those columns."""
    return 4 * (half // 2 * ALONG + along) + half % 2 * 2


@device
def tensor_multiply(total, left, right, buffer, thread):
    """total += left^T right over the STEP k of one buffer; total in the order of `tensor_place`."""
    row, column = thread // 32 // (TN // WIDE) * HIGH, thread // 32 % (TN // WIDE) * WIDE
    for up in range(UP):
        for along in range(ALONG):
            mma(
                total, 4 * (up * ALONG + along), left, buffer * BUFFER + row + 16 * up, PITCH,
                right, buffer * BUFFER + column + 8 * along, PITCH, thread % 32,
            )  # fmt: skip
