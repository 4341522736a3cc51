"""The kernel behind `Packed.of`: which numbers a column has, and which of them stands in each row."""

from __future__ import annotations

import numpy as np

from minirank.kernels.cpu.jit import driver

MOST = 2**16  # numbers that codes stand for
SLOTS = 2**18  # of the table in which they are looked up
_MULTIPLIER = 2_654_435_769  # 2^32 / golden ratio: spreads numbers that differ in their last bits


@driver
def factorise(values, codes, numbers, slots):
    """The different ones of some numbers, in the order in which they come, and the place of each number among them.

    Args:
        values: (N,) int32; floats as their bits. slots: (SLOTS,) int32, scratch.
    Writes:
        codes: (N,) uint16. numbers: (MOST,) int32.
    Returns:
        how many there are, -1 for more than `MOST`.
    """
    slots[:] = -1
    count = 0
    for row in range(len(values)):
        value = values[row]
        slot = ((np.int64(value) * _MULTIPLIER) >> 14) & (SLOTS - 1)  # bits 14 to 31 of the product
        while slots[slot] >= 0 and numbers[slots[slot]] != value:
            slot = (slot + 1) & (SLOTS - 1)
        if slots[slot] < 0:
            if count == MOST:
                return -1
            slots[slot] = count
            numbers[count] = value
            count += 1
        codes[row] = slots[slot]
    return count
