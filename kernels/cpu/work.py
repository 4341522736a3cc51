"""How a walk calls the kernel of an operation: by its address, with a pointer to the memory of the step.

A plan is data to the driver that walks it: each row of its table holds the address of the kernel that does this
operation. So a kernel is compiled, and loaded, only when a plan needs it, whichever plan comes next; none waits for the
others, and the driver itself is a few lines.

    table row   [ address of the kernel, ..., first element of y, ... ]
    walk        call(op[FORWARD], op, work, first, rows)        for each row, for each tile
    kernel      def dense_forward_tile(op, work, first, rows)   reads work.values, work.panels, ...
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic, models, register_model
from numba.np.numpy_support import as_dtype

from .address import BYTE_POINTER, AddressedKernel, emit_call_at
from .layout import Work
from .vector import INT

OTHER_TYPES = {  # fields of a `Work` that are no array of its numbers
    **dict.fromkeys(("ids", "entities", "bag_ids", "groups", "of_search", "search_ids", "search_entities"), np.int32),
    **dict.fromkeys(("labels", "weights"), np.float32),
    **dict.fromkeys(("runs", "bag_offsets", "bag_starts"), np.int64), **dict.fromkeys(("reals", "losses", "gains", "sums"), np.float64),
}  # fmt: skip
NUMBERS = dict.fromkeys(("panel_product", "batch", "fields", "bags", "columns", "tasks", "key", "searches", "before"), 0) | {"scale": 0.0}


@lru_cache
def work_arrays(dtype: np.dtype) -> types.NamedTuple:
    """The types of a `Work` for drivers that compute with this dtype."""
    return numba.typeof(
        Work(**{name: np.empty(0, OTHER_TYPES.get(name, dtype)) for name in Work._fields} | NUMBERS | {"ticks": np.empty((0, 2), np.int64)})
    )


class WorkType(types.Type):
    """Pointer to the fields of a `layout.Work`, each in 8 bytes: an array's address, or a number."""

    def __init__(self, dtype: types.Float) -> None:
        self.arrays = work_arrays(as_dtype(dtype))
        super().__init__(f"Work({dtype})")

    def field(self, name: str) -> types.Type:
        """The type of a field: of an array, a pointer to its elements."""
        kind = self.arrays.types[self.arrays.fields.index(name)]
        return types.CPointer(kind.dtype) if isinstance(kind, types.Array) else kind


register_model(WorkType)(models.OpaqueModel)


@infer_getattr
class WorkFields(AttributeTemplate):
    """work.values, for a kernel."""

    key = WorkType

    def generic_resolve(self, work, name):
        return work.field(name) if name in work.arrays.fields else None


@lower_getattr_generic(WorkType)
def read_field(context, builder, work, value, name):
    """The instruction that loads a field."""
    kind = context.get_value_type(work.field(name))
    place = builder.gep(value, [INT(8 * work.arrays.fields.index(name))])
    return builder.load(builder.bitcast(place, kind.as_pointer()))


@intrinsic
def work_of(typing, arrays):
    """What kernels read of a `layout.Work` of arrays; it lives as long as the driver that asks for it runs."""

    def codegen(context, builder, sig, args):
        memory = builder.bitcast(cgutils.alloca_once(builder, ir.ArrayType(INT, len(arrays))), BYTE_POINTER)
        for position, kind in enumerate(arrays.types):
            field = builder.extract_value(args[0], position)
            if isinstance(kind, types.Array):
                field = context.make_array(kind)(context, builder, field).data
            builder.store(field, builder.bitcast(builder.gep(memory, [INT(8 * position)]), field.type.as_pointer()))
        return memory

    return WorkType(arrays.types[0].dtype)(arrays), codegen


@intrinsic
def call(typing, address, op, work, first, rows):
    """Call the tile kernel at an address."""

    def codegen(context, builder, sig, args):
        emit_call_at(builder, *args)
        return context.get_dummy_value()

    return types.void(types.int64, op, work, types.int64, types.int64), codegen


def tile_kernel(function) -> AddressedKernel:
    """A kernel (op, work, first, rows) of an operation, which walks call by its address.

    op: pointer to its row of the table (see layout.py). work: see `Work`. first: the tile's first row in the batch. rows: of the tile.
    """
    return AddressedKernel(function, lambda real: (types.CPointer(types.int64), WorkType(real), types.int64, types.int64))
