"""Where a compiled driver finds things: a plan as integers, and the memory that its kernels share.

A row of the integer table (`encode.py` writes it) is one operation, by position:

    CODE        opcode, the position of the kind in `operations.KINDS`
    OUT         slot that it writes            IN      its first input slot
    PARAMETER   offset of its first parameter in its arena, then that of the second; of a loss that of its log variance, or -1
    PANELS      where its weights lie packed, see `dense.py`; -1 without any
    BIASES      dense: where its bias lies packed, filled up to whole vectors
    FIRST       gather, bag: column of ids or number of the bag; by id: column of ids; dense: whether a ReLU follows;
                softmax: experts; a loss: its task
    SECOND      gather, bag: columns before it in `Work.input_gradients`; dense_by_id: number of ids; bce_entire: the other task
    RUNS        where `Work.runs` lists the columns of the input that a dense layer multiplies
    FORWARD     address of the kernel that computes it, 0 before `walk.link`      BACKWARD    of the one for its gradients, or 0
    COUNT       number of extra slots (experts of a mixture), which start at ADDEND, SLOT places each
    NUMBER      its number in the plan: its float attribute is reals[NUMBER], its loss losses[NUMBER]

A slot takes SLOT places:

    START           its first element in the arenas of a tile, STRIDE elements between rows
    WIDTH           columns; the first DIFFERENTIABLE of them need a gradient
    ROOM            columns that may be written: of an output that is a part of a block only its own
    FRESH           1 where the backward pass comes to its gradient for the first time: write, do not add

A block's rows are filled up to whole vectors, with columns that stay 0: a kernel that works on a whole block needs
no loop for a rest.
"""

from __future__ import annotations

from collections import namedtuple

START, STRIDE, WIDTH, DIFFERENTIABLE, ROOM, FRESH, SLOT = range(7)
CODE, FORWARD, BACKWARD, NUMBER, FIRST, SECOND, RUNS, COUNT, PANELS, BIASES, PARAMETER = range(11)
OUT, OUT_STRIDE, OUT_WIDTH, _, OUT_ROOM, _ = range(PARAMETER + 2, PARAMETER + 2 + SLOT)
IN, IN_STRIDE, IN_WIDTH, IN_DIFFERENTIABLE, IN_ROOM, IN_FRESH = range(OUT + SLOT, OUT + 2 * SLOT)
ADDEND = OUT + 2 * SLOT

Work = namedtuple(
    "Work",
    "values gradients scratch panels biases runs dense_values dense_gradients table_values input_gradients "
    "ids entities bag_offsets bag_ids bag_starts dense labels weights groups reals losses ticks "
    "panel_product batch fields bags columns tasks scale",
)
Work.__doc__ = """What a tile's kernels read and write: arrays for a driver, pointers for its kernels (`work.py`). All are flat.

    values           activations of one tile          gradients   of the same layout
    scratch          room for a packed part of a tile
    panels, biases   packed weights                   runs        see `dense.py`
    dense_values     dense parameters                 dense_gradients   this thread's accumulator
    table_values     embedding tables                 input_gradients   (., B, D) gradients of gathers and bags
    ids (B, fields), entities (B, bags), bag_offsets, bag_ids, bag_starts (bags,), dense (B, columns)
    labels (B, tasks), weights (B, tasks), groups (B,)
    reals, losses    one an operation: its float attribute, this thread's sum of its loss
    ticks            (operations, 2) the processor's clock spent in it by this thread, forward and backward
    panel_product    address of `tile.panel_product`, the loops around the micro-kernel
    batch, fields, bags, columns, tasks   lengths of these axes
    scale            1 / B
"""
