"""Kernels that others call by their address, so that each is compiled once, alone, and only when it is needed.

A kernel that is called by its name becomes a part of every driver that calls it, and is compiled anew in each. That makes
small ones fast. The large ones, those of operations (`work.py`) and the loops around the micro-kernel (`tile.py`), would
make a cold start long; what calls them finds their address among its data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.ccallback import CFunc
from numba.np.numpy_support import from_dtype

from .jit import OPTIONS, forking, keep_compiled

WAIT = 10.0  # seconds; it is courtesy, not safety
BYTE_POINTER = ir.IntType(8).as_pointer()


class AddressedKernel:
    """A kernel that returns nothing, compiled when its address is asked for and kept on disk.

    Args:
        argument_types: Numba's types of its arguments, given that of the numbers that it computes with.
    """

    def __init__(self, function: Callable, argument_types: Callable[[types.Float], tuple]) -> None:
        self.function, self.argument_types = function, argument_types
        self._compiled: dict[np.dtype, CFunc] = {}

    def of(self, dtype: np.dtype) -> CFunc:
        """The kernel for numbers of this type; not compiled yet."""
        if dtype not in self._compiled:
            made = CFunc(self.function, (self.argument_types(from_dtype(dtype)), types.void), {}, OPTIONS)
            self._compiled[dtype] = keep_compiled(made, self.function)
        return self._compiled[dtype]

    def address(self, dtype: np.dtype) -> int:
        """Where its code lies, compiled or loaded at the first call."""
        made = self.of(dtype)
        if made.address is None:
            forking.nobody.wait(WAIT)
            made.compile()
        return made.address


def emit_call_at(builder, address, *arguments):
    """The instruction that calls an addressed kernel."""
    function = ir.FunctionType(BYTE_POINTER, [argument.type for argument in arguments])
    builder.call(builder.inttoptr(address, function.as_pointer()), arguments)
