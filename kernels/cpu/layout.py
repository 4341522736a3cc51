"""Where a compiled driver finds things: a plan as integers, and the memory that its kernels share.

A row of the integer table (`encode.py` writes it) is one operation, by position:

    FORWARD         address of the kernel that computes it, 0 before `walk.link`      BACKWARD    of the one for its gradients, or 0
    PACK            address of the kernel that packs its weights, or 0; -1 where an operation before it packs the same ones
    NUMBER          its number in the plan: its float attribute is reals[NUMBER], its loss losses[NUMBER]
    SECOND          its second float attribute is reals[SECOND]
    INTEGERS        two places for its integer attributes (`Kind.integer_attributes`); the file of an operation gives them names
    PARAMETER       offset of its first parameter in its arena, then that of the second; of a loss that of its log variance, or -1
    PANELS          where its weights lie packed, see `ops/dense.py`        BIASES    where its bias does, filled up to whole vectors
    RUNS            where `Work.runs` lists the columns of the input that a dense layer multiplies
    COLUMNS         where `Work.runs` lists which columns it reads of what it reads in the whole plan (`split.py`)
    MATRIX          numbers of each matrix of its first parameter, where that is several
    OF_SEARCH, SEARCH_STRIDE   first element of Z in `Work.search_values`, and elements between searches; 0 where rows begin with a bias
    INPUT_GRADIENT  columns before it in `Work.input_gradients`        SUMS      where its sums begin in `Work.sums`
    OUT             slot that it writes            IN      its first input slot
    COUNT           number of extra slots (experts of a mixture), which start at EXTRA, SLOT places each

A slot takes SLOT places:

    START           its first element in the arenas of a tile, STRIDE elements between rows
    WIDTH           columns; the first DIFFERENTIABLE of them need a gradient
    WRITABLE        columns that may be written: of an output that is a part of a block only its own
    OVERWRITE       1 where the backward pass comes to its gradient for the first time: write, do not add

A block's rows are filled up to whole vectors, with columns that stay 0: a kernel that works on a whole block needs
no loop for a rest.
"""

from __future__ import annotations

from collections import namedtuple

START, STRIDE, WIDTH, DIFFERENTIABLE, WRITABLE, OVERWRITE, SLOT = range(7)
FORWARD, BACKWARD, PACK, NUMBER, RUNS, COUNT, PANELS, BIASES, INPUT_GRADIENT, SUMS = range(10)
INTEGERS = 10, 11
PARAMETER = 12
SECOND, COLUMNS, MATRIX, OF_SEARCH, SEARCH_STRIDE = range(14, 19)
OUT, OUT_STRIDE, OUT_WIDTH, _, OUT_WRITABLE, _ = range(SEARCH_STRIDE + 1, SEARCH_STRIDE + 1 + SLOT)
IN, IN_STRIDE, IN_WIDTH, IN_DIFFERENTIABLE, IN_WRITABLE, IN_OVERWRITE = range(OUT + SLOT, OUT + 2 * SLOT)
EXTRA = OUT + 2 * SLOT

Work = namedtuple(
    "Work",
    "values gradients scratch panels biases runs dense_values dense_gradients table_values input_gradients "
    "ids entities bag_offsets bag_ids bag_starts dense labels weights groups gains reals losses sums ticks "
    "search_values search_gradients of_search search_ids search_entities search_input_gradients "
    "panel_product batch fields bags columns tasks key searches before scale",
)
Work.__doc__ = """What a tile's kernels read and write: arrays for a driver, pointers for its kernels (`work.py`). All are flat.

    values           activations of one tile          gradients   of the same layout
    scratch          memory for a packed part of a tile
    panels, biases   packed weights                   runs        see `ops/dense.py`
    dense_values     dense parameters                 dense_gradients   this thread's accumulator
    table_values     embedding tables                 input_gradients   (., B, D) gradients of gathers and bags
    ids (B, fields), entities (B, bags), bag_offsets, bag_ids, bag_starts (bags,), dense (B, columns)
    labels (B, tasks), weights (B, tasks), groups (B,), gains (tasks,)
    reals            the float attribute of each operation, then the second one of each
    losses           one an operation: this thread's sum of its loss
    sums             over the rows of the batch: of this thread's tiles while they are made, of all in the walk of a step
    ticks            (operations, 2) the processor's clock spent in it by this thread, forward and backward
    search_values, search_gradients   `values` and `gradients` of this thread's searches, in the plan of searches (`split.py`)
    of_search (B,)   the search of each row, its number among those of its thread
    search_ids, search_entities, search_input_gradients   `ids`, `entities`, `input_gradients` of all `searches` of the batch
    panel_product    address of `tile.panel_product`, the loops around the micro-kernel
    batch, fields, bags, columns, tasks   lengths of these axes                   key   of the batch, see `Batch.key`
    scale            1 / B; with `Batch.part` B is that of the whole batch, and before   its rows before these
"""
