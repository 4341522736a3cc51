"""Where every kernel is declared, and what `cuda` means in a file of this folder.

A kernel names its signature, so that it can be compiled without a GPU (tests read its registers); on a
GPU numba compiles it at its first launch. In numba's simulator a device function is the Python
function, and `cuda` forwards to the launch that is running.
"""

from __future__ import annotations

from numba import config
from numba import cuda as _cuda

from .probe import simulated

SIMULATED = simulated()
if not SIMULATED:
    config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # numba would tell users of every launch with few blocks, as the last of a sum has
KERNELS: dict[str, object] = {}  # name -> kernel, with .signature, .threads and .bounds


class _Running:
    """`cuda` inside a simulated kernel: threadIdx, shared, syncthreads ... of the launch that runs."""

    def __getattr__(self, name):
        from numba.cuda.simulator.kernel import _get_kernel_context

        context = _get_kernel_context()
        return getattr(_cuda if context is None else context, name)


cuda = _Running() if SIMULATED else _cuda


def device(function):
    """A function that kernels call; always inlined, or its local arrays would leave the registers."""
    return function if SIMULATED else _cuda.jit(device=True, forceinline=True)(function)


def kernel(signature: str, threads: int, blocks: int = 1):
    """Declare a kernel.

    Args:
        signature: its numba signature, all arguments spelt out.
        threads: of a block, which its code is written for.
        blocks: that shall fit on a multiprocessor at once, which bounds the registers of a thread.
    """

    def declare(function):
        made = _cuda.jit(function) if SIMULATED else _cuda.jit(launch_bounds=(threads, blocks))(function)
        made.signature, made.threads, made.bounds, made.function = signature, threads, (threads, blocks), function
        KERNELS[function.__name__] = made
        return made

    return declare
