"""The kernels behind `packed` and `mapped_rows`: which numbers a column has, and which of them stands in each row.

A packed column comes to them as (kind, address of its codes, address of its numbers): one call unpacks all columns of some rows.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import intrinsic

from minirank.kernels.cpu.jit import driver, kernel

MOST = 2**16  # numbers that codes stand for
SLOTS = 2**18  # of the table in which they are looked up
_MULTIPLIER = 2_654_435_769  # 2^32 / golden ratio: spreads numbers that differ in their last bits
RAW, CONSTANT, BITS, BYTES, PAIRS = range(5)  # kinds of columns; codes of one byte, and of two
AT_ONCE = 2**15  # numbers that are unpacked column by column, and stay in the cache meanwhile


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


def _pointer_at(element):
    """What makes an address a pointer to numbers of 1, 2 or 4 bytes."""

    @intrinsic
    def pointer_at(typing, address):
        def codegen(context, builder, sig, args):
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return types.CPointer(element)(types.int64), codegen

    return pointer_at


bytes_at, pairs_at, numbers_at = map(_pointer_at, (types.uint8, types.uint16, types.int32))


@kernel(forceinline=True)
def number_of(kind, codes, numbers, row):
    """The number of a row; codes, numbers: addresses."""
    if kind == BYTES:
        return numbers_at(numbers)[bytes_at(codes)[row]]
    if kind == PAIRS:
        return numbers_at(numbers)[pairs_at(codes)[row]]
    if kind == BITS:
        return numbers_at(numbers)[(bytes_at(codes)[row >> 3] >> (7 - (row & 7))) & 1]
    return numbers_at(numbers)[0 if kind == CONSTANT else row]


@driver
def unpack(columns, rows, order, out):
    """All columns of some rows.

    Args:
        columns: (C, 3) int64. rows: (n,) int64. order: (n,) int64, the places in `rows` in the order in which they are best read.
    Writes:
        out: (n, C) int32, row by row as in `rows`; floats as their bits.
    """
    block = max(AT_ONCE // max(len(columns), 1), 64)
    ordered = np.empty(block, np.int64)
    for first in range(0, len(rows), block):
        places = order[first : first + block]
        for k in range(len(places)):
            ordered[k] = rows[places[k]]
        for column in range(len(columns)):
            kind, codes, numbers = columns[column]
            for k in range(len(places)):
                out[places[k], column] = number_of(kind, codes, numbers, ordered[k])


@driver
def unpack_lists(column, begins, offsets, out):
    """Some stretches of a column, one behind the other.

    Args:
        column: (3,) int64. begins: (n,) int64, the first row of each. offsets: (n + 1,) int64, where it comes to, and the end.
    Writes:
        out: (offsets[n],) int32.
    """
    kind, codes, numbers = column
    for place in range(len(begins)):
        for at in range(offsets[place], offsets[place + 1]):
            out[at] = number_of(kind, codes, numbers, begins[place] + at - offsets[place])


DRIVERS = (factorise, unpack, unpack_lists)


def run_drivers() -> None:
    """Run each on one row, which compiles what `kernels.compile.compiling` does ahead."""
    from minirank.data.kept.mapped_rows import MappedBag, MappedInputs
    from minirank.data.kept.packed import Packed

    column = Packed.of(np.zeros(1, np.int32))
    MappedInputs(1, (column,), (MappedBag(column, np.arange(2), column),), ()).take(np.zeros(1, np.int64))
