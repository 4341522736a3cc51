"""How kernels are called by their address, with a pointer to the memory of the step.

A plan is data to the kernel that walks it: each row of its table holds the address of the kernel that does this
operation. So a kernel is compiled, and loaded, only when a plan needs it, whichever plan comes next; none waits for the
others, and what calls it is a few lines.

    table row   [ address of the kernel, ..., first element of y, ... ]
    walk        call(op[FORWARD], op, work, first, rows)        for each row, for each tile
    kernel      def dense_forward_tile(op, work, first, rows)   reads work.values, work.panels, ...

The memory of a step is a row of integers for each thread, one a field of `layout.FIELDS`: Python writes into it what has changed
since the last step, and passes it on as one pointer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic, models, register_model
from numba.np.numpy_support import from_dtype

from . import layout as L
from .address import BYTE_POINTER, AddressedKernel, emit_call_at
from .vector import INT

PLACES = {name: place for place, name in enumerate(L.FIELDS)}


class Work:
    """What the kernels of each thread read and write, see `layout.FIELDS`.

    Attributes:
        fields: (threads, fields) int64: addresses of arrays, which this object keeps, and numbers.
        place: address of the fields. size: bytes of those of a thread.
    """

    def __init__(self, threads: int) -> None:
        self.fields = np.zeros((threads, len(L.FIELDS)), np.int64)
        self.fields[:, PLACES["part"]], self.fields[:, PLACES["parts"]] = range(threads), threads
        self.place, self.size = self.fields.ctypes.data, self.fields.strides[0]  # address, and bytes of a thread
        self._reals = self.fields.view(np.float64)
        self._held: list[dict[str, Any]] = [{} for _ in range(1 + threads)]  # what is shared, then what each has

    def share(self, **fields) -> None:
        """Let all threads read the same arrays and numbers."""
        self.give(slice(None), **fields)

    def give(self, thread: int | slice, **fields) -> None:
        """Let one thread have arrays and numbers of its own. A field is either shared or not."""
        held = self._held[0 if isinstance(thread, slice) else 1 + thread]
        for name, value in fields.items():
            if held.get(name) is not value:
                numbers = self._reals if name == "scale" else self.fields
                numbers[thread, PLACES[name]] = self.address(name, value) if name in L.POINTERS else value
                held[name] = value  # NOTE: after it is written, for whoever is forked in between

    def shared(self, name: str) -> np.ndarray:
        """The array that all threads share."""
        return self._held[0][name]

    def held(self, thread: int, name: str) -> np.ndarray:
        """The array that one thread has of its own."""
        return self._held[1 + thread][name]

    def address(self, name: str, array: np.ndarray) -> int:
        """Where the array of a field begins.

        Raises:
            ValueError: kernels could not read it, or write to it, as it lies there.
        """
        if not array.flags.carray:
            raise ValueError(f"{name} must be contiguous, aligned and writable")
        return array.__array_interface__["data"][0]


class WorkType(types.Type):
    """Pointer to the fields of one thread, each in 8 bytes: an array's address, or a number."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(f"Work({dtype})")

    def field(self, name: str) -> types.Type:
        """The type of a field: of an array, a pointer to its elements."""
        if name in L.POINTERS:
            kind = L.POINTERS[name]
            return types.CPointer(self.dtype if kind == L.REAL else from_dtype(np.dtype(kind)))
        return types.float64 if name == "scale" else types.int64


register_model(WorkType)(models.OpaqueModel)


@infer_getattr
class WorkFields(AttributeTemplate):
    """work.values, for a kernel."""

    key = WorkType

    def generic_resolve(self, work, name):
        return work.field(name) if name in PLACES else None


@lower_getattr_generic(WorkType)
def read_field(context, builder, work, value, name):
    """The instruction that loads a field."""
    kind = context.get_value_type(work.field(name))
    place = builder.gep(value, [INT(8 * PLACES[name])])
    return builder.load(builder.bitcast(place, kind.as_pointer()))


@intrinsic
def call(typing, address, op, work, first, rows):
    """Call the tile kernel at an address."""

    def codegen(context, builder, sig, args):
        emit_call_at(builder, *args)
        return context.get_dummy_value()

    return types.void(types.int64, op, work, types.int64, types.int64), codegen


@intrinsic
def call_part(typing, address, fields):
    """Call the part kernel at an address, with the fields of a thread that lie at another."""

    def codegen(context, builder, sig, args):
        emit_call_at(builder, args[0], builder.inttoptr(args[1], BYTE_POINTER))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def tile_kernel(function) -> AddressedKernel:
    """A kernel (op, work, first, rows) of an operation, which walks call by its address.

    op: pointer to its row of the table (see layout.py). work: see `layout.FIELDS`. first: the tile's first row in the batch. rows: of
    the tile.
    """
    return AddressedKernel(function, lambda real: (types.CPointer(types.int64), WorkType(real), types.int64, types.int64))


def part_kernel(function) -> AddressedKernel:
    """A kernel (work) that does one thread's part of a step or a request, see `team.py`."""
    return AddressedKernel(function, lambda real: (WorkType(real),))
