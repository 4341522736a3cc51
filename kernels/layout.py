"""How one operation of a plan is written as integers and floats that a compiled driver can walk.

A row of the integer table, by position; a slot takes five places (offset, stride, column,
width, differentiable):

    CODE     opcode, the position of the kind in `operations.KINDS`
    OUTPUT   slot that it writes
    INPUT    its first input slot
    PARAMETER, PARAMETER + 1   offsets of its parameters in their arena
    FIRST    first integer attribute, then SECOND
    COUNT    number of extra slots (experts of a mixture), which start at ADDEND
    NUMBER   its number in the plan: its float attribute is reals[NUMBER], its loss losses[NUMBER]
"""

from __future__ import annotations

from collections import namedtuple

from .jit import kernel

CODE, OUTPUT, INPUT, PARAMETER, FIRST, SECOND, COUNT, NUMBER, ADDEND = 0, 1, 6, 11, 13, 14, 15, 16, 17

Work = namedtuple(
    "Work",
    "capacity values gradients scratch dense_values dense_gradients table_values input_gradients "
    "ids entities bag_offsets bag_ids bag_starts dense labels weights groups reals losses scale",
)
Work.__doc__ = """What a tile's kernels read and write. All arrays are flat unless a shape is given.

    capacity         rows that the arenas below hold
    values           activations of one tile          gradients   of the same layout
    scratch          room for the largest transposed weight
    dense_values     dense parameters                 dense_gradients   this thread's accumulator
    table_values     embedding tables                 input_gradients   (B, .) gradients of gathers and bags
    ids (B, C), entities (B, bags), bag_offsets, bag_ids, bag_starts (bags,), dense (B, ND)
    labels (B, T), weights (B, T), groups (B,)
    reals, losses    one an operation: its float attribute, this thread's sum of its loss
    scale            1 / B
"""


@kernel
def slot_start(op, place, capacity):
    """First element of the slot at `place` in an arena of `capacity` rows."""
    return op[place] * capacity + op[place + 2]
