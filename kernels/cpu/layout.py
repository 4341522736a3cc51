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

import numpy as np

START, STRIDE, WIDTH, DIFFERENTIABLE, WRITABLE, OVERWRITE, SLOT = range(7)
FORWARD, BACKWARD, PACK, NUMBER, RUNS, COUNT, PANELS, BIASES, INPUT_GRADIENT, SUMS = range(10)
INTEGERS = 10, 11
PARAMETER = 12
SECOND, COLUMNS, MATRIX, OF_SEARCH, SEARCH_STRIDE = range(14, 19)
OUT, OUT_STRIDE, OUT_WIDTH, _, OUT_WRITABLE, _ = range(SEARCH_STRIDE + 1, SEARCH_STRIDE + 1 + SLOT)
IN, IN_STRIDE, IN_WIDTH, IN_DIFFERENTIABLE, IN_WRITABLE, IN_OVERWRITE = range(OUT + SLOT, OUT + 2 * SLOT)
EXTRA = OUT + 2 * SLOT

REAL = "real"  # float32 or float64, what the executor computes in
POINTERS = {
    **dict.fromkeys(("values", "gradients", "scratch", "panels", "biases", "dense_values", "dense_gradients", "accumulators"), REAL),
    **dict.fromkeys(("table_values", "input_gradients", "dense", "out"), REAL),
    **dict.fromkeys(("dense_m", "dense_v", "decay", "settings", "table_m", "table_v", "id_sums", "piece"), REAL),
    **dict.fromkeys(("search_values", "search_gradients", "search_input_gradients"), REAL),
    **dict.fromkeys(("of_search", "search_ids", "search_entities"), np.int32),
    **dict.fromkeys(("ids", "sizes", "entities", "bag_ids", "groups", "unique", "position"), np.int32),
    **dict.fromkeys(("labels", "weights"), np.float32),
    **dict.fromkeys(("reals", "losses", "gains", "sums", "found"), np.float64),
    **dict.fromkeys(("runs", "bag_offsets", "bag_starts", "ticks", "table", "cleared", "tiles", "claimed"), np.int64),
    **dict.fromkeys(("slots", "shares", "sources"), np.int64),
}
NUMBERS = (
    *("panel_product", "batch", "fields", "bags", "columns", "tasks", "key", "searches", "before", "part", "parts", "training"),
    *("operations", "row", "clears", "borders", "outputs", "out_width", "ticked", "summed", "accumulated", "dense_size", "shared_out"),
    *("checked", "first_search", "its_searches"),
)
FIELDS = (*POINTERS, *NUMBERS, "scale")
"""What the kernels of one thread read and write: pointers to arrays, which are all flat, and numbers (`work.py`).

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

What the kernels of a whole part of a step or a request read beside it (`walk.py`):

    part, parts      number of this thread, and of all                            training   1 in a step, 0 in a prediction
    table            (operations, row) rows as above                              cleared    (clears, 2) see `Encoded.cleared`
    sizes            (fields,) of the categorical fields                          checked    rows whose ids are looked at
    first_search, its_searches   in the plan of searches: which are this thread's
    tiles            (borders,) where tiles begin and end                         claimed    (1,) the next tile
    slots            (outputs, 3) start, stride, width of what goes to            out        (B, out_width)
    ticked, summed   operations whose ticks, and whose losses, begin at 0         accumulated   length of an accumulator
    accumulators     (parts, accumulated) those of all threads                    dense_size    length of the dense arena
    dense_m, dense_v, decay, table_m, table_v     see `TrainState`                settings   see `walk.update_dense`
    shares           (shared_out, 5) this thread's rows of `EmbeddingUpdate.rows`; sources, position   see there
    unique, id_sums  ids of one table, and their gradients                        found      (1,) a result
    given            in `given.py`: the number of ids, of all threads
    piece            (walk.PIECE,) memory for a part of the sum of the accumulators
"""
