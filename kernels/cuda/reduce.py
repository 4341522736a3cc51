"""Sums over the threads of a block, in a fixed order, in shared memory."""

from __future__ import annotations

import numpy as np

from .jit import cuda, device
from .sizes import SORT_THREADS, SUM_THREADS


@device
def block_sum(value):
    """The sum of `value` over SUM_THREADS threads, all of which must call it; the same in each of them: a tree."""
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


@device
def block_prefix(parts, value):
    """(sum of `value` over the threads before this one, over all) of SORT_THREADS threads, all of which must call it.

    Args:
        parts: (SORT_THREADS,) int32 in shared memory; the kernel's own, for numba links no two functions with such arrays.
    """
    thread = cuda.threadIdx.x
    cuda.syncthreads()  # the sums before are no longer read
    parts[thread] = value
    reach = 1
    while reach < SORT_THREADS:
        cuda.syncthreads()
        before = parts[thread - reach] if thread >= reach else 0
        cuda.syncthreads()
        parts[thread] += before
        reach *= 2
    cuda.syncthreads()
    return parts[thread] - value, parts[SORT_THREADS - 1]
