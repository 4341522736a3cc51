"""Sums over rows, a block each, in one launch: losses, gradients of `bias_by_id` and `diagonal`, what the objective adds.

Rows of `table` (int64), with their factor in `reals`:

    KIND      what is summed: ROWS_OF activations, PRODUCTS of them with others, SQUARES or VALUES of parameters
    FROM, STRIDE   of the activations: element FROM + row * STRIDE;   of parameters: FROM .. FROM + COUNT
    ORDER, STARTS  ints[ORDER + i] for i in ints[STARTS] .. ints[STARTS + 1] are the rows; ORDER -1: all;
              of PRODUCTS, which take all rows, the other factor: element ORDER + row * STARTS
    TO        where the sum goes in `partials`
"""

from __future__ import annotations

import numpy as np

from .jit import cuda, kernel
from .layout import BATCH_ROWS
from .reduce import block_sum
from .sizes import SUM_THREADS

ZERO = np.float32(0)
KIND, FROM, STRIDE, COUNT, ORDER, STARTS, TO = range(7)
ROWS_OF, SQUARES, VALUES, PRODUCTS = range(4)


@kernel("void(int64[:,::1], float32[::1], float32[::1], float32[::1], int32[::1], float32[::1])", threads=SUM_THREADS)
def sums(table, reals, activations, parameters, ints, partials):
    """partials[TO] = factor * the sum of row blockIdx.x of the table."""
    number, thread = cuda.blockIdx.x, cuda.threadIdx.x
    kind, start, order, total = table[number, KIND], table[number, FROM], table[number, ORDER], ZERO
    if kind == ROWS_OF:
        begin, end = 0, np.int64(ints[BATCH_ROWS])
        if order >= 0:
            begin, end = np.int64(ints[table[number, STARTS]]), np.int64(ints[table[number, STARTS] + 1])
        for i in range(begin + thread, end, SUM_THREADS):
            row = np.int64(ints[order + i]) if order >= 0 else i
            total += activations[start + row * table[number, STRIDE]]
    elif kind == PRODUCTS:
        for row in range(thread, np.int64(ints[BATCH_ROWS]), SUM_THREADS):
            total += activations[start + row * table[number, STRIDE]] * activations[order + row * table[number, STARTS]]
    else:
        for i in range(start + thread, start + table[number, COUNT], SUM_THREADS):
            total += parameters[i] * parameters[i] if kind == SQUARES else parameters[i]
    total = block_sum(total)
    if thread == 0:
        partials[table[number, TO]] = reals[number] * total
