"""How a step of the walk is written as integers; the columns of its row in `Work.steps`.

CODE     what to do, a number of `steps.CODES`
SYNC     1 where the block must meet before the step, for it touches what earlier ones wrote
OUT      slot that it writes: first element in the activations, distance of two rows, width, differentiable columns
IN       its first input slot, likewise
PARAM, PARAM2   first elements of its parameters; of a loss its log variance or -1, and the gain of its task in floats
INTEGERS its integers, to which the file of an operation gives names
COUNT    number of extra slots (experts of a mixture, slots to clear), which start at EXTRA
"""

from __future__ import annotations

from collections import namedtuple

CODE, SYNC, OUT, IN, PARAM, PARAM2, INTEGERS, COUNT, EXTRA = 0, 1, 2, 6, 10, 11, (12, 13, 14), 15, 16
START, STRIDE, WIDTH, DIFFERENTIABLE = 0, 1, 2, 3  # within a slot

# Places of a batch's own numbers at the head of its ints (encode.py).
SEARCHES, BATCH_ROWS, SLICES, KEY, KEY_HIGH, COPIES, MOST_SLICES = range(7)

Work = namedtuple("Work", "steps reals activations parameters ints lists floats shift rows")
Work.__doc__ = """What the steps of a walk read and write; all arrays but steps are flat.

    steps        (steps, .) int64, see above; reals (2 * steps,) float32: of each a factor or a temperature, then of
                 each a second one, at `steps.shape[0] + step`
    activations  float32, values and then, `shift` elements further, their gradients
    parameters   float32, the dense ones and then the tables
    ints         int32 of the batch: searches, orders, ids, entities;   floats  labels, weights, dense columns, gains
    lists        int32 of the bags: for each its offsets' and its ids' places, then both
    rows         B
"""
