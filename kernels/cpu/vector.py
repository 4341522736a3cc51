"""Vectors and pointers for kernels: what a compiler will not promise to do with a loop by itself.

A vector holds 64 bytes: 16 float32 or 8 float64. That is one register with AVX-512, two with AVX2,
four with NEON; LLVM splits it. `load`, `store`, `splat`, arithmetic, and `tile`, the micro-kernel of every
matrix product (`matmul.py` explains it), become those very instructions, and nothing else.

A pointer (`pointer(array)`, moved by `at`) is read and written with p[i], unchecked, and a call passes one
register where an array would be seven. Kernels work on pointers; only drivers see arrays.
"""

from __future__ import annotations

import math
import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from .jit import kernel

BYTES = 64
INT = ir.IntType(64)


class VectorType(types.Type):
    """64 bytes of one float type, or half of that."""

    def __init__(self, dtype, size=BYTES):
        self.dtype, self.lanes = dtype, size * 8 // dtype.bitwidth
        super().__init__(f"vector({dtype} x {self.lanes})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """A vector is an LLVM vector."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.dtype).get_value_type(), kind.lanes))


def emit_call(builder, name, kind, arguments):
    """Call of an LLVM intrinsic on vectors of one type."""
    suffix = f"v{kind.count}f{8 * _size(kind.element)}"
    function = ir.FunctionType(kind, [kind] * len(arguments))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}.{suffix}"), arguments)


def _size(kind):
    return 8 if isinstance(kind, ir.DoubleType) else 4


def emit_load(builder, pointer, kind):
    """The instruction that loads a vector of this kind."""
    value = builder.load(builder.bitcast(pointer, kind.as_pointer()))
    value.align = _size(kind.element)  # any element's address will do
    return value


def emit_store(builder, value, pointer):
    """The instruction that stores a vector."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer())).align = _size(value.type.element)


def emit_splat(builder, number, kind):
    """A vector of this kind with one number everywhere."""
    undefined, first = ir.Constant(kind, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(builder.insert_element(undefined, number, first), undefined, zeros)


def _operator(function, name):
    """Let `function` of two vectors be the LLVM instruction `name`; a * b + c may be fused, as everywhere in kernels."""

    @infer_global(function)
    class Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and isinstance(args[0], VectorType) and args[0] == args[1]:
                return signature(args[0], *args)

    @lower_builtin(function, VectorType, VectorType)
    def lower(context, builder, sig, args):
        return getattr(builder, name)(*args, flags=("contract",))


for _function, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _operator(_function, _name)


@intrinsic
def pointer(typing, array):
    """Pointer to the first element of a contiguous array."""

    def codegen(context, builder, sig, args):
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def lanes(typing, p):
    """How many of a pointer's numbers fill a vector: 16 float32, 8 float64."""
    count = VectorType(p.dtype).lanes

    def codegen(context, builder, sig, args):
        return INT(count)

    return types.intp(p), codegen


@intrinsic
def number(typing, p, value):
    """A value as one of a pointer's numbers, so that float32 stays float32."""

    def codegen(context, builder, sig, args):
        return context.cast(builder, args[1], sig.args[1], sig.return_type)

    return p.dtype(p, value), codegen


@intrinsic
def at(typing, p, i):
    """The pointer i elements behind p."""

    def codegen(context, builder, sig, args):
        return builder.gep(args[0], [args[1]])

    return p(p, types.intp), codegen


@intrinsic
def load(typing, p, i):
    """The vector that starts at p[i]."""
    vector = VectorType(p.dtype)

    def codegen(context, builder, sig, args):
        return emit_load(builder, builder.gep(args[0], [args[1]]), context.get_value_type(vector))

    return vector(p, types.intp), codegen


@intrinsic
def load_half(typing, p, i):
    """The half vector that starts at p[i]."""
    vector = VectorType(p.dtype, BYTES // 2)

    def codegen(context, builder, sig, args):
        return emit_load(builder, builder.gep(args[0], [args[1]]), context.get_value_type(vector))

    return vector(p, types.intp), codegen


@intrinsic
def store(typing, p, i, vector):
    """Write a vector to p[i] and the elements after it."""

    def codegen(context, builder, sig, args):
        emit_store(builder, args[2], builder.gep(args[0], [args[1]]))
        return context.get_dummy_value()

    return types.void(p, types.intp, vector), codegen


@intrinsic
def splat(typing, number):
    """A vector of one number, as often as it fits."""
    vector = VectorType(number)

    def codegen(context, builder, sig, args):
        return emit_splat(builder, args[0], context.get_value_type(vector))

    return vector(number), codegen


@intrinsic
def like(typing, vector, number):
    """A number as a vector as long as `vector`; where that is a number, the number itself, so that one text serves both."""

    def codegen(context, builder, sig, args):
        return emit_splat(builder, args[1], args[0].type) if isinstance(vector, VectorType) else args[1]

    return vector(vector, number), codegen


@intrinsic
def sqrt(typing, value):
    """Square roots, of a vector or a number."""

    def codegen(context, builder, sig, args):
        (kind,) = (arg.type for arg in args)
        if isinstance(value, VectorType):
            return emit_call(builder, "sqrt", kind, args)
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [kind]), args)

    return value(value), codegen


@intrinsic
def exponential(typing, vector):
    """e^x of a vector's numbers x <= 0, with a relative error of 2e-7 (float32) or 1e-15 (float64); 0 below -87 (-708).

    x = n log 2 + r with a whole number n and |r| <= log(2) / 2, so that e^x = 2^n e^r: a power of two, which is an exponent, and
    a Taylor series that is short. NaN stays NaN.
    """
    double = vector.dtype.bitwidth == 64
    terms, mantissa, lowest = (14, 52, -708.0) if double else (8, 23, -87.0)
    high = 0.693145751953125  # the first bits of log 2: n times it is exact
    low = 1.42860682030941723212e-6

    def codegen(context, builder, sig, args):
        (x,), kind = args, args[0].type
        integers = ir.VectorType(ir.IntType(vector.dtype.bitwidth), kind.count)

        def every(value, of=kind):
            return ir.Constant(of, [value] * kind.count)

        tiny = builder.fcmp_ordered("<", x, every(lowest))
        x = builder.select(tiny, every(lowest), x)
        n = emit_call(builder, "rint", kind, [builder.fmul(x, every(1 / math.log(2)))])
        r = emit_call(builder, "fma", kind, [n, every(-high), x])
        r = emit_call(builder, "fma", kind, [n, every(-low), r])
        series = every(1 / math.factorial(terms - 1))
        for k in range(terms - 2, -1, -1):
            series = emit_call(builder, "fma", kind, [series, r, every(1 / math.factorial(k))])
        exponent = builder.add(builder.fptosi(n, integers), every(1023 if double else 127, integers))
        power = builder.bitcast(builder.shl(exponent, every(mantissa, integers)), kind)
        return builder.select(tiny, every(0.0), builder.fmul(series, power))

    return vector(vector), codegen


@intrinsic
def where_positive(typing, condition, vector):
    """The vector's elements where those of `condition` are above 0, else 0."""

    def codegen(context, builder, sig, args):
        zero = ir.Constant(args[0].type, [0.0] * args[0].type.count)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[1], zero)

    return vector(condition, vector), codegen


@intrinsic
def positive_part(typing, vector):
    """max(x, 0) of a vector's elements x; NaN stays NaN, as in NumPy."""

    def codegen(context, builder, sig, args):
        zero = ir.Constant(args[0].type, [0.0] * args[0].type.count)
        return builder.select(builder.fcmp_ordered("<", args[0], zero), zero, args[0])

    return vector(vector), codegen


@intrinsic
def reduce_sum(typing, vector):
    """Sum of a vector's elements, halves first: the same order, and so the same bits, on every machine."""

    def codegen(context, builder, sig, args):
        (value,), index = args, ir.IntType(32)
        count = value.type.count
        while count > 1:
            count //= 2
            halves = [ir.Constant(ir.VectorType(index, count), [*range(s, s + count)]) for s in (0, count)]
            low, high = (builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), half) for half in halves)
            value = builder.fadd(low, high)
        return builder.extract_element(value, ir.Constant(index, 0))

    return vector.dtype(vector), codegen


@intrinsic
def copy(typing, target, source, count):
    """target[:count] = source[:count]; they must not overlap."""

    def codegen(context, builder, sig, args):
        cgutils.raw_memcpy(builder, args[0], args[1], args[2], context.get_abi_sizeof(context.get_value_type(source.dtype)))
        return context.get_dummy_value()

    return types.void(target, source, types.intp), codegen


@intrinsic
def transpose(typing, target, target_stride, source, source_stride):
    """target[j * target_stride + i] = source[i * source_stride + j] for i and j in 0 .. lanes - 1: a square, in registers.

    Each of log2(lanes) rounds interleaves row i of the upper half with row i of the lower one, which moves the highest bit of a row's
    number to the end of the column's; after the last round they have changed places.
    """
    vector = VectorType(target.dtype)

    def codegen(context, builder, sig, args):
        kind, (to, to_stride, of, of_stride) = context.get_value_type(vector), args
        n, index = kind.count, ir.IntType(32)
        rows = [emit_load(builder, builder.gep(of, [builder.mul(of_stride, INT(i))]), kind) for i in range(n)]
        halves = [
            ir.Constant(ir.VectorType(index, n), [place for j in range(start, start + n // 2) for place in (j, n + j)])
            for start in (0, n // 2)
        ]
        for _ in range(n.bit_length() - 1):
            rows = [builder.shuffle_vector(rows[i], rows[n // 2 + i], half) for i in range(n // 2) for half in halves]
        for j, row in enumerate(rows):
            emit_store(builder, row, builder.gep(to, [builder.mul(to_stride, INT(j))]))
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), codegen


@intrinsic
def prefetch(typing, p, i):
    """Fetch the cache line of p[i] into the nearest cache, for it will be written soon."""

    def codegen(context, builder, sig, args):
        emit_prefetch(builder, builder.gep(args[0], [args[1]]))
        return context.get_dummy_value()

    return types.void(p, types.intp), codegen


@intrinsic
def prefetch_to_read(typing, p, i):
    """The same for what is only read: other cores may keep their copies."""

    def codegen(context, builder, sig, args):
        emit_prefetch(builder, builder.gep(args[0], [args[1]]), write=0)
        return context.get_dummy_value()

    return types.void(p, types.intp), codegen


def emit_prefetch(builder, address, write=1):
    """The instruction that fetches the cache line of an address."""
    byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
    function = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
    call = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
    builder.call(call, [builder.bitcast(address, byte), *(ir.Constant(flag, number) for number in (write, 3, 1))])


@kernel(forceinline=True)
def add_scaled(target, source, share, size):
    """target[:size] += share * source[:size]. SPEED: a row of a table is too short for what a compiler makes of a loop."""
    n, j = lanes(target), 0
    while j + n <= size:
        store(target, j, load(target, j) + splat(share) * load(source, j))
        j += n
    if j + n // 2 <= size:
        half = load_half(source, j)
        store(target, j, load_half(target, j) + like(half, share) * half)
        j += n // 2
    for i in range(j, size):
        target[i] += share * source[i]


@kernel(forceinline=True)
def set_scaled(target, source, share, size):
    """target[:size] = share * source[:size], for a few numbers."""
    n, j = lanes(target), 0
    while j + n <= size:
        store(target, j, splat(share) * load(source, j))
        j += n
    if j + n // 2 <= size:
        half = load_half(source, j)
        store(target, j, like(half, share) * half)
        j += n // 2
    for i in range(j, size):
        target[i] = share * source[i]


@kernel(forceinline=True)
def copy_row(target, source, size):
    """target[:size] = source[:size], for a few numbers."""
    n, j = lanes(target), 0
    while j + n <= size:
        store(target, j, load(source, j))
        j += n
    if j + n // 2 <= size:
        store(target, j, load_half(source, j))
        j += n // 2
    for i in range(j, size):
        target[i] = source[i]
