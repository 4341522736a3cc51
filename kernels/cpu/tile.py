"""The micro-kernel of every matrix product: a small tile of C stays in registers while K runs.

    C (m, n)  =  A (m, K)  B (K, n)          m <= ROWS rows, n = 1 or WIDE vectors

A vector is 64 bytes, 16 float32: one register with AVX-512, two with AVX2, four with NEON. For each k: load one
row of B, then, for each of the m rows, spread one number of A over a vector and let it be multiplied and added to that
row of C in one instruction:

              b0   b1  ...        one row of B: WIDE vectors
            +----+----+
    a0 ---> |c00 |c01 |           m * WIDE accumulators, which never leave their registers;
    a1 ---> |c10 |c11 |           m + WIDE loads feed m * WIDE multiply-adds, so that the arithmetic units
     :      | :  | :  |           are what is busy, and not the loads
            +----+----+

The shape fills the registers: with AVX2 (16 registers) 6 rows of 16 numbers take 12 accumulators, two loads
of B and one number of A; with AVX-512 (32 registers) 6 rows of 64 take 24, four and two. A larger tile would
spill to memory. A multiply-add takes 4 cycles and two of them start in each, so fewer than 8 accumulators wait
for themselves.

`tile` emits these instructions; `tile_in_loops` is the same in plain loops, for reading and for processors whose
registers are not known here.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

from .address import AddressedKernel, emit_call_at
from .jit import kernel
from .vector import INT, VectorType, at, emit_call, emit_load, emit_prefetch, emit_splat, emit_store, lanes, number

ADD, BIAS = 1, 2  # what a tile starts from: 0 = nothing, the numbers that are there, one bias a column


def shape(features: dict[str, bool], machine: str) -> tuple[int, int]:
    """(rows, vectors a row) of a tile that fills the registers of a processor; (0, 1) where they are not known."""
    if features.get("avx512f"):
        return 6, 4
    if features.get("avx2") and features.get("fma"):
        return 6, 1
    if machine.startswith(("aarch64", "arm64")):
        return 6, 1
    return 0, 1


def target_features() -> dict[str, bool]:
    """Those that Numba compiles for: of this processor, or what NUMBA_CPU_FEATURES and NUMBA_CPU_NAME=generic say instead.

    A shape of this processor would be a wrong one for code that was compiled on another for both, and kept on disk.
    """
    if config.CPU_FEATURES is None:
        return llvm.get_host_cpu_features()
    return {name[1:]: name[0] == "+" for name in config.CPU_FEATURES.split(",") if name}


_ROWS, WIDE = shape(target_features(), llvm.get_process_triple())
ROWS = _ROWS or 6
UNROLL = 4  # SPEED: steps of k in an iteration of the loop, so that few instructions count and compare; with 8, sums spill on AVX-512
SOME_ROWS = (1, 2, ROWS)  # of a tile; fewer shapes compile sooner, and other numbers of rows are put together of these


@intrinsic
def tile(typing, c, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    """C = start + A B, then max(., 0) if `relu`.

    Args:
        c: pointer; element (i, j) is c[i * cs + j]. a: pointer; element (i, k) is a[i * ai + k * ak], ai or ak being 1.
        b: pointer to a panel; element (k, j) is b[k * n + j], n = vectors * lanes numbers wide.
        depth: K >= 1. rows: one of SOME_ROWS. vectors: 1 or WIDE.
        start: 0, ADD or BIAS. bias: pointer to n numbers. relu: bool.
    """
    vector, size = VectorType(c.dtype), types.intp
    sig = types.void(c, size, a, size, size, b, size, size, size, size, bias, types.boolean)

    def codegen(context, builder, sig, args):
        kind = context.get_value_type(vector)
        rows, vectors = args[7], args[8]
        end = builder.append_basic_block("tile.end")
        wide = builder.icmp_signed(">", vectors, INT(1))
        number = builder.add(rows, builder.select(wide, INT(ROWS), INT(0)))
        choice = builder.switch(number, end)
        for m, n in ((m, n) for n in sorted({1, WIDE}) for m in SOME_ROWS):
            block = builder.append_basic_block(f"tile.{m}x{n}")
            choice.add_case(INT(m + (ROWS if n > 1 else 0)), block)
            builder.position_at_end(block)
            _emit(builder, kind, m, n, args)
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    return sig, codegen


def _emit(builder, kind, m, n, args):
    """The instructions of a tile of m rows and n vectors."""
    c, cs, a, ai, ak, b, depth, _, _, start, bias, relu = args
    lanes = kind.count

    places = [[builder.gep(c, [builder.add(builder.mul(cs, INT(i)), INT(j * lanes))]) for j in range(n)] for i in range(m)]
    for place in (place for line in places for place in line):
        emit_prefetch(builder, place)  # SPEED: a tile of C comes from far away, and is not needed before the end
    zero = ir.Constant(kind, [0.0] * lanes)
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(n)] for _ in range(m)]  # become registers
    unrolled = builder.sub(depth, builder.srem(depth, INT(UNROLL)))
    with builder.if_else(builder.icmp_signed("==", ak, INT(1))) as (along_rows, along_columns):
        with along_rows:
            _add_products(builder, kind, sums, a, ai, INT(1), b, INT(0), unrolled, UNROLL)
        with along_columns:
            _add_products(builder, kind, sums, a, INT(1), ak, b, INT(0), unrolled, UNROLL)
    _add_products(builder, kind, sums, a, ai, ak, b, unrolled, depth, 1)
    _finish(builder, kind, places, [[builder.load(total) for total in c_row] for c_row in sums], start, bias, relu)


def _add_products(builder, kind, sums, a, ai, ak, b, first, end, unroll):
    """A loop over k = first .. end - 1, `unroll` of them at a time. SPEED: a stride that is known to be 1 costs no instruction."""
    lanes, n = kind.count, len(sums[0])
    with cgutils.for_range_slice(builder, first, end, INT(unroll), intp=INT) as (k, _):
        for place in (builder.add(k, INT(step)) for step in range(unroll)):
            line, column = builder.gep(b, [builder.mul(place, INT(n * lanes))]), builder.mul(place, ak)
            panel = [emit_load(builder, builder.gep(line, [INT(j * lanes)]), kind) for j in range(n)]
            for i, c_row in enumerate(sums):
                number = builder.load(builder.gep(a, [builder.add(builder.mul(ai, INT(i)), column)]))
                spread = emit_splat(builder, number, kind)
                for vector, total in zip(panel, c_row):
                    builder.store(emit_call(builder, "fma", kind, [spread, vector, builder.load(total)]), total)


def _finish(builder, kind, places, sums, start, bias, relu):
    """The epilogue: add what was there or the bias, take the maximum with 0, write."""
    flat = [(place, value, j) for line, row in zip(places, sums) for j, (place, value) in enumerate(zip(line, row))]
    zero = ir.Constant(kind, [0.0] * kind.count)
    for code, needed in ((ADD, lambda place, j: place), (BIAS, lambda place, j: builder.gep(bias, [INT(j * kind.count)]))):
        before = builder.block
        some, rest = builder.append_basic_block("start"), builder.append_basic_block("rest")
        builder.cbranch(builder.icmp_signed("==", start, INT(code)), some, rest)
        builder.position_at_end(some)
        added = [builder.fadd(value, emit_load(builder, needed(place, j), kind)) for place, value, j in flat]
        builder.branch(rest)
        builder.position_at_end(rest)
        joined = []
        for (place, value, j), sum_ in zip(flat, added):
            phi = builder.phi(kind)
            phi.add_incoming(value, before)
            phi.add_incoming(sum_, some)
            joined.append((place, phi, j))
        flat = joined
    for place, value, _ in flat:
        positive = builder.select(builder.fcmp_ordered("<", value, zero), zero, value)  # NaN stays NaN, as in NumPy
        emit_store(builder, builder.select(relu, positive, value), place)


@kernel
def tile_in_loops(c, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    """What `tile` computes, one number at a time."""
    width = vectors * lanes(c)
    for i in range(rows):
        for j in range(width):
            total = number(c, 0)
            for k in range(depth):
                total += a[i * ai + k * ak] * b[k * width + j]
            if start == ADD:
                total += c[i * cs + j]
            elif start == BIAS:
                total += bias[j]
            c[i * cs + j] = 0 if relu and total < 0 else total


micro_kernel = tile if _ROWS else tile_in_loops


def _argument_types(real):
    numbers, size = types.CPointer(real), types.intp
    return numbers, size, numbers, size, size, numbers, size, size, size, size, numbers, types.boolean


def _panel_product(c, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    """C = start + A B, with one panel of B, for any number of rows."""
    i = 0
    while i < rows:
        m = ROWS if rows - i >= ROWS else 2 if rows - i >= 2 else 1
        micro_kernel(at(c, i * cs), cs, at(a, i * ai), ai, ak, b, depth, m, vectors, start, bias, relu)
        i += m


panel_product = AddressedKernel(_panel_product, _argument_types)


@intrinsic
def multiply_panel(typing, address, c, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    """`panel_product`, which lies at this address."""

    def codegen(context, builder, sig, args):
        emit_call_at(builder, *args)
        return context.get_dummy_value()

    return types.void(types.int64, *_argument_types(c.dtype)), codegen
