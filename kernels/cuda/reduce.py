"""The sum over the threads of a block, in a fixed order: a tree in shared memory."""

from __future__ import annotations

import numpy as np

from .jit import cuda, device
from .sizes import SUM_THREADS


@device
def block_sum(value):
    """The sum of `value` over SUM_THREADS threads, all of which must call it; the same in each of them."""
    parts = cuda.shared.array(SUM_THREADS, np.float32)
    thread = cuda.threadIdx.x
    cuda.syncthreads()  # the sum before is no longer read
    parts[thread] = value
    half = SUM_THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            parts[thread] += parts[thread + half]
        half //= 2
    cuda.syncthreads()
    return parts[0]
