"""Instructions that indexing never becomes, each with a Python twin for the simulator.

A twin computes the same numbers; that the instruction itself is there is checked where kernels are
compiled (tests look for LDG.E.128, HMMA ...).
"""

from __future__ import annotations

import numpy as np

from .jit import SIMULATED, device

ZERO = np.float32(0)

if SIMULATED:

    def load4(array, index):
        """The float32 elements index .. index + 3, at a multiple of 16 bytes."""
        assert index % 4 == 0, f"a load of 16 bytes at element {index}"
        return array[index], array[index + 1], array[index + 2], array[index + 3]

    def store4(array, index, a, b, c, d):
        """Write four float32 elements at a multiple of 16 bytes."""
        assert index % 4 == 0, f"a store of 16 bytes at element {index}"
        array[index], array[index + 1], array[index + 2], array[index + 3] = a, b, c, d

    def tf32(x):
        """x rounded to the 10 bits of mantissa of TF32, ties away from zero."""
        bits = (np.float32(x).view(np.uint32) + np.uint32(0x1000)) & np.uint32(0xFFFFE000)
        return bits.view(np.float32)

    def mma(total, at, left, left_at, left_pitch, right, right_at, right_pitch, lane):
        """total[at .. at + 3] += this lane's part of left (16 x 8) times right (8 x 8), both with the inner dimension outside."""
        for i in range(4):
            row, column = lane // 4 + i // 2 * 8, lane % 4 * 2 + i % 2
            for k in range(8):
                total[at + i] += left[left_at + k * left_pitch + row] * right[right_at + k * right_pitch + column]

else:
    from llvmlite import ir
    from numba import types
    from numba.cuda.extending import intrinsic

    _FOUR = ir.VectorType(ir.FloatType(), 4)

    def _vector_pointer(context, builder, array_type, array, index):
        data = context.make_array(array_type)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [index]), ir.PointerType(_FOUR, data.type.addrspace))

    @intrinsic
    def load4(typing, array, index):
        """The float32 elements index .. index + 3, at a multiple of 16 bytes: LDG.E.128, LDS.128."""
        signature = types.UniTuple(types.float32, 4)(array, types.int64)

        def build(context, builder, signature, arguments):
            pointer = _vector_pointer(context, builder, signature.args[0], *arguments)
            vector = builder.load(pointer, align=16)
            parts = [builder.extract_element(vector, ir.Constant(ir.IntType(32), i)) for i in range(4)]
            return context.make_tuple(builder, signature.return_type, parts)

        return signature, build

    @intrinsic
    def store4(typing, array, index, a, b, c, d):
        """Write four float32 elements at a multiple of 16 bytes: STG.E.128, STS.128."""
        signature = types.void(array, types.int64, *[types.float32] * 4)

        def build(context, builder, signature, arguments):
            pointer = _vector_pointer(context, builder, signature.args[0], *arguments[:2])
            vector = ir.Constant(_FOUR, ir.Undefined)
            for i, part in enumerate(arguments[2:]):
                vector = builder.insert_element(vector, part, ir.Constant(ir.IntType(32), i))
            builder.store(vector, pointer, align=16)
            return context.get_dummy_value()

        return signature, build

    def _assembly(context, builder, result, text, constraints, arguments):
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        return builder.call(ir.InlineAsm(kind, text, constraints, side_effect=False), arguments)

    @intrinsic
    def tf32(typing, x):
        """x rounded to the 10 bits of mantissa of TF32, ties away from zero: CVT.RNA.TF32."""

        def build(context, builder, signature, arguments):
            rounded = _assembly(context, builder, ir.IntType(32), "cvt.rna.tf32.f32 $0, $1;", "=r,f", arguments)
            return builder.bitcast(rounded, ir.FloatType())

        return types.float32(types.float32), build

    @intrinsic
    def mma_16_8_8(typing, c0, c1, c2, c3, a0, a1, a2, a3, b0, b1):
        """c + a b, of a warp: HMMA.1688.F32.TF32. The fragments are those of PTX's mma.m16n8k8."""

        def build(context, builder, signature, arguments):
            result = ir.LiteralStructType([ir.FloatType()] * 4)
            bits = [builder.bitcast(argument, ir.IntType(32)) for argument in arguments[4:]]
            text = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {$0, $1, $2, $3}, {$4, $5, $6, $7}, {$8, $9}, {$10, $11, $12, $13};"
            made = _assembly(context, builder, result, text, "=f,=f,=f,=f,r,r,r,r,r,r,f,f,f,f", bits + list(arguments[:4]))
            return context.make_tuple(builder, signature.return_type, [builder.extract_value(made, i) for i in range(4)])

        return types.UniTuple(types.float32, 4)(*[types.float32] * 10), build

    @device
    def mma(total, at, left, left_at, left_pitch, right, right_at, right_pitch, lane):
        """total[at .. at + 3] += this lane's part of left (16 x 8) times right (8 x 8), both with the inner dimension outside."""
        group, k = lane // 4, lane % 4
        a, b = left_at + k * left_pitch + group, right_at + k * right_pitch + group
        total[at], total[at + 1], total[at + 2], total[at + 3] = mma_16_8_8(
            total[at], total[at + 1], total[at + 2], total[at + 3],
            left[a], left[a + 8], left[a + 4 * left_pitch], left[a + 4 * left_pitch + 8], right[b], right[b + 4 * right_pitch],
        )  # fmt: skip


@device
def load4_within(array, index, left, aligned):
    """Elements index .. index + 3 of which the first `left` exist, 0 for the others.

    Args:
        aligned: True where index is a multiple of 4, so that one load of 16 bytes can do it.
    """
    if aligned and left >= 4:
        return load4(array, index)
    a = array[index] if left > 0 else ZERO
    b = array[index + 1] if left > 1 else ZERO
    c = array[index + 2] if left > 2 else ZERO
    d = array[index + 3] if left > 3 else ZERO
    return a, b, c, d


@device
def store4_within(array, index, left, aligned, a, b, c, d):
    """Write elements index .. index + 3 of which the first `left` exist; `aligned` as in `load4_within`."""
    if aligned and left >= 4:
        store4(array, index, a, b, c, d)
    else:
        if left > 0:
            array[index] = a
        if left > 1:
            array[index + 1] = b
        if left > 2:
            array[index + 2] = c
        if left > 3:
            array[index + 3] = d
