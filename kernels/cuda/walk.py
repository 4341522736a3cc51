"""The walk: each block takes some rows of the batch through many operations in one launch.

Whatever needs nothing but its own rows can follow each other here: gather to softmax, or mixture,
towers, losses and all of their backward passes. The activations in between stay in the cache.
A step that touches what an earlier one wrote has SYNC set (`schedule.py` finds out which do).
"""

from __future__ import annotations

import numpy as np

from . import layout as L
from .dense import mask_rows
from .jit import cuda, device, kernel
from .sizes import ROWS, SUM_THREADS, WALK_THREADS
from .steps import BATCHES, CODES, SEARCHES, STEPS, branch

ZERO = np.float32(0)


@device
def clear_rows(work, step, place, first, count):
    """Gradient 0 for the slot at `place` of the step."""
    y0, stride, width = work.steps[step, place], work.steps[step, place + L.STRIDE], work.steps[step, place + L.WIDTH]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        work.activations[work.shift + y0 + (first + unit // width) * stride + unit % width] = ZERO


run_step = branch("run_step", STEPS, "first", "count")
run_search = branch("run_search", SEARCHES, "start", "end")
run_batch = branch("run_batch", BATCHES, "start", "end")
CLEAR, MASK = CODES["clear"], CODES["mask"]  # steps of the schedule's own


@kernel(
    "void(int64[:,::1], float32[::1], float32[::1], float32[::1], int32[::1], int32[::1], float32[::1], int64, int64, int64)",
    threads=WALK_THREADS,
)
def walk_rows(steps, reals, activations, parameters, ints, lists, floats, shift, first_step, last_step):
    """The steps first_step .. last_step - 1 for ROWS rows a block; the arguments are explained at `Work`."""
    rows, first = np.int64(ints[L.BATCH_ROWS]), cuda.blockIdx.x * ROWS
    if first >= rows:
        return
    work = L.Work(steps, reals, activations, parameters, ints, lists, floats, shift, rows)
    count = min(ROWS, rows - first)
    for step in range(first_step, last_step):
        if steps[step, L.SYNC] == 1:
            cuda.syncthreads()
        if steps[step, L.CODE] == CLEAR:
            for slot in range(steps[step, L.COUNT]):
                clear_rows(work, step, L.EXTRA + 4 * slot, first, count)
        elif steps[step, L.CODE] == MASK:
            for slot in range(steps[step, L.COUNT]):
                mask_rows(work, step, L.EXTRA + 4 * slot, first, count)
        else:
            run_step(work, step, first, count)


@kernel(
    "void(int64[:,::1], float32[::1], float32[::1], float32[::1], int32[::1], float32[::1], int64, int64, int64, int64)",
    threads=SUM_THREADS,
)
def walk_searches(steps, reals, activations, parameters, ints, floats, searches, shift, first_step, last_step):
    """The losses first_step .. last_step - 1 of all searches; ints[searches:] says where they start."""
    work = L.Work(steps, reals, activations, parameters, ints, ints, floats, shift, np.int64(ints[L.BATCH_ROWS]))
    for search in range(cuda.blockIdx.x, ints[L.SEARCHES], cuda.gridDim.x):
        start, end = ints[searches + search], ints[searches + search + 1]
        for step in range(first_step, last_step):
            run_search(work, step, start, end)


@kernel("void(int64[:,::1], float32[::1], float32[::1], float32[::1], int32[::1], float32[::1], int64, int64)", threads=SUM_THREADS)
def walk_batch(steps, reals, activations, parameters, ints, floats, shift, first_step):
    """Losses of the whole batch, each by one block."""
    rows = np.int64(ints[L.BATCH_ROWS])
    work = L.Work(steps, reals, activations, parameters, ints, ints, floats, shift, rows)
    run_batch(work, first_step + cuda.blockIdx.x, 0, rows)
