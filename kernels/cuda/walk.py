"""The walk: each block takes some rows of the batch through many operations in one launch.

Whatever needs nothing but its own rows can follow each other here: gather to softmax, or mixture,
towers, losses and all of their backward passes. The activations in between stay in the cache.
A step that touches what an earlier one wrote has SYNC set (`schedule.py` finds out which do).
"""

from __future__ import annotations

import numpy as np

from .by_id import bias_by_id_rows, dense_by_id_backward_rows, dense_by_id_rows
from .dense import dense_backward_rows, dense_rows, mask_rows
from .embedding import bag_rows, copy_rows, gather_rows
from .jit import cuda, device, kernel
from .layout import (  # fmt: skip
    BAG,
    BATCH_ROWS,
    BCE,
    BCE_ENTIRE,
    BIAS_BY_ID,
    CLEAR,
    CODE,
    COPY,
    COUNT,
    DENSE,
    DENSE_BACKWARD,
    DENSE_BY_ID,
    DENSE_BY_ID_BACKWARD,
    EXTRA,
    GATHER,
    MASK,
    MIXTURE,
    MIXTURE_BACKWARD,
    MSE,
    SOFTMAX,
    SOFTMAX_BACKWARD,
    STRIDE,
    SYNC,
    WIDTH,
    Work,
)
from .losses import entire_loss_rows, row_loss_rows
from .mixture import mixture_backward_rows, mixture_rows
from .sizes import ROWS, WALK_THREADS
from .softmax import softmax_backward_rows, softmax_rows

ZERO = np.float32(0)


@device
def clear_rows(work, step, place, first, count):
    """Gradient 0 for the slot at `place` of the step."""
    y0, stride, width = work.steps[step, place], work.steps[step, place + STRIDE], work.steps[step, place + WIDTH]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        work.activations[work.shift + y0 + (first + unit // width) * stride + unit % width] = ZERO


@kernel(
    "void(int64[:,::1], float32[::1], float32[::1], float32[::1], int32[::1], int32[::1], float32[::1], int64, int64, int64)",
    threads=WALK_THREADS,
)
def walk_rows(steps, reals, activations, parameters, ints, lists, floats, shift, first_step, last_step):
    """The steps first_step .. last_step - 1 for ROWS rows a block; the arguments are explained at `Work`."""
    rows, first = np.int64(ints[BATCH_ROWS]), cuda.blockIdx.x * ROWS
    if first >= rows:
        return
    work = Work(steps, reals, activations, parameters, ints, lists, floats, shift, rows)
    count = min(ROWS, rows - first)
    for step in range(first_step, last_step):
        if steps[step, SYNC] == 1:
            cuda.syncthreads()
        code = steps[step, CODE]
        if code == GATHER:
            gather_rows(work, step, first, count)
        elif code == BAG:
            bag_rows(work, step, first, count)
        elif code == COPY:
            copy_rows(work, step, first, count)
        elif code == DENSE:
            dense_rows(work, step, first, count)
        elif code == BIAS_BY_ID:
            bias_by_id_rows(work, step, first, count)
        elif code == DENSE_BY_ID:
            dense_by_id_rows(work, step, first, count)
        elif code == SOFTMAX:
            softmax_rows(work, step, first, count)
        elif code == MIXTURE:
            mixture_rows(work, step, first, count)
        elif code == BCE or code == MSE:
            row_loss_rows(work, step, first, count, code == MSE)
        elif code == BCE_ENTIRE:
            entire_loss_rows(work, step, first, count)
        elif code == DENSE_BACKWARD:
            dense_backward_rows(work, step, first, count)
        elif code == DENSE_BY_ID_BACKWARD:
            dense_by_id_backward_rows(work, step, first, count)
        elif code == SOFTMAX_BACKWARD:
            softmax_backward_rows(work, step, first, count)
        elif code == MIXTURE_BACKWARD:
            mixture_backward_rows(work, step, first, count)
        elif code == CLEAR:
            for slot in range(steps[step, COUNT]):
                clear_rows(work, step, EXTRA + 4 * slot, first, count)
        elif code == MASK:
            for slot in range(steps[step, COUNT]):
                mask_rows(work, step, EXTRA + 4 * slot, first, count)
