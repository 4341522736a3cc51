"""Matrix products of bfloat16 on the tiles of a processor (AMX): 16 x 32 by 32 x 16 numbers in one instruction.

    C (M, N)  +=  A (M, K)  B (K, N)          A, B bfloat16; C, and every sum, float32

A bfloat16 is the upper half of a float32: the same range, 8 bits of precision instead of 24. Two of them lie in the place of
one float32, and kernels move such pairs. Eight registers hold a tile each, 16 rows of 64 bytes:

                 B0: 16 pairs of k x 16 columns     B1
               +----------------------------------+----+
    A0  16 x 32|  C00 += A0 B0                    | C01|      four tiles of C, two of A, two of B: four loads feed
    A1         |  C10 += A1 B0                    | C11|      four products of 16,384 multiply-adds each
               +----------------------------------+----+

What a product reads lies tile behind tile along k, and then the next 16 rows of A, or columns of B: it is read from the front to the
back. A row of a tile of A is 32 numbers of one row. A row of a tile of B is *pairs*: numbers k and k + 1 of column 0, of column 1, ...:

    round_rows        A as it is: x in the forward pass, dz for dx = dz W^T
    transpose_pairs   A from a matrix whose rows run along k: x for dW = x^T dz
    pair_rows         B from a matrix whose rows run along k: a weight in the forward pass, dz for dW = x^T dz
    transpose_rows    B from a matrix whose columns do: a weight for dx = dz W^T

All round to the nearest, ties to even, and fill up with 0 to whole tiles along k; C is cut to its size by the configuration of the tiles.
"""

from __future__ import annotations

import ctypes
import platform
from functools import lru_cache
from pathlib import Path

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .jit import kernel
from .tile import ADD, BIAS
from .vector import INT, at

SIDE, DEPTH, PAIRS = 16, 32, 16  # rows and columns of a tile of C; numbers of k in a tile of A and B; pairs of them
TILE = 256  # places of float32 that a tile takes
REQUEST, TILE_DATA, ARCH_PRCTL = 0x1023, 18, 158  # Linux: ask for the state of tiles, once a process
BYTE = ir.IntType(8)
BYTE_POINTER = BYTE.as_pointer()
C00, C01, C10, C11, A0, A1, B0, B1 = (ir.Constant(BYTE, number) for number in range(8))


@lru_cache
def why_not() -> str | None:
    """Why this process cannot use tiles, in one line; None where it can."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return "bfloat16 needs an x86-64 processor with matrix tiles (AMX) under Linux"
    if not {"amx_tile", "amx_bf16"} <= set(Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].split()):
        return "this processor has no matrix tiles of bfloat16 (amx_tile and amx_bf16 in /proc/cpuinfo)"
    if ctypes.CDLL(None, use_errno=True).syscall(ARCH_PRCTL, REQUEST, TILE_DATA):
        return "the operating system gives no process matrix tiles (arch_prctl was refused)"
    return None


# --- instructions ---------------------------------------------------------------------------


class BFloat16(ir.Type):
    """LLVM's type, which llvmlite has no name for."""

    null = "0.0"

    def _to_string(self):
        return "bfloat"

    def __eq__(self, other):
        return isinstance(other, BFloat16)

    def __hash__(self):
        return hash(BFloat16)


FLOATS, HALVES = ir.VectorType(ir.FloatType(), 16), ir.VectorType(BFloat16(), 16)
SHORTS, WORDS = ir.VectorType(ir.IntType(16), 16), ir.VectorType(ir.IntType(32), 16)


def emit_rounded(builder, pointer):
    """16 float32 at a pointer as 16 bfloat16, each in the lower half of a word."""
    value = builder.load(builder.bitcast(pointer, FLOATS.as_pointer()))
    value.align = 4
    return builder.zext(builder.bitcast(builder.fptrunc(value, HALVES), SHORTS), WORDS)


def emit_pairs(builder, first, second):
    """16 words: numbers of `first` in their lower halves, of `second` in their upper ones."""
    return builder.or_(first, builder.shl(second, ir.Constant(WORDS, [16] * 16)))


def emit_words(builder, words, pointer):
    """Store 16 words."""
    builder.store(words, builder.bitcast(pointer, WORDS.as_pointer())).align = 4


@intrinsic
def pairs_of_rows(typing, target, first, second):
    """target[:16] = pairs of 16 numbers at `first` and 16 at `second`, rounded."""

    def codegen(context, builder, sig, args):
        emit_words(builder, emit_pairs(builder, *(emit_rounded(builder, row) for row in args[1:])), args[0])
        return context.get_dummy_value()

    return types.void(target, first, second), codegen


@intrinsic
def round_pairs(typing, target, source):
    """target[:16] = 32 numbers at `source`, rounded: as pairs of neighbours."""

    def codegen(context, builder, sig, args):
        emit_words(builder, _neighbours(builder, args[1]), args[0])
        return context.get_dummy_value()

    return types.void(target, source), codegen


def _neighbours(builder, source):
    """16 words: 32 numbers at a pointer, rounded."""
    halves = []
    for part in (0, 16):
        value = builder.load(builder.bitcast(builder.gep(source, [INT(part)]), FLOATS.as_pointer()))
        value.align = 4
        halves.append(builder.bitcast(builder.fptrunc(value, HALVES), SHORTS))
    order = ir.Constant(ir.VectorType(ir.IntType(32), 32), [*range(32)])
    return builder.bitcast(builder.shuffle_vector(*halves, order), WORDS)


def _transposed(builder, rows):
    """16 vectors of 16 words, rows and columns exchanged: log2(16) times, blocks of half the size."""
    size = len(rows)
    step = 1
    while step < size:
        low = [i if not i & step else size + i - step for i in range(size)]
        high = [i + step if not i & step else size + i for i in range(size)]
        places = [ir.Constant(ir.VectorType(ir.IntType(32), size), order) for order in (low, high)]
        exchanged = list(rows)
        for i in range(size):
            if not i & step:
                for row, order in zip((i, i + step), places):
                    exchanged[row] = builder.shuffle_vector(rows[i], rows[i + step], order)
        rows, step = exchanged, 2 * step
    return rows


@intrinsic
def transpose_tile_of_pairs(typing, target, source, stride):
    """A tile of A: target[r * 16 + i] = the pair of source[2i * stride + r] and source[(2i + 1) * stride + r], rounded."""

    def codegen(context, builder, sig, args):
        target, source, stride = args
        rows = [emit_rounded(builder, builder.gep(source, [builder.mul(stride, INT(i))])) for i in range(DEPTH)]
        pairs = [emit_pairs(builder, rows[i], rows[i + 1]) for i in range(0, DEPTH, 2)]
        for r, words in enumerate(_transposed(builder, pairs)):
            emit_words(builder, words, builder.gep(target, [INT(r * PAIRS)]))
        return context.get_dummy_value()

    return types.void(target, source, types.intp), codegen


@intrinsic
def transpose_tile_of_rows(typing, target, source, stride):
    """A tile of B: target[i * 16 + r] = the pair of source[r * stride + 2i] and source[r * stride + 2i + 1], rounded."""

    def codegen(context, builder, sig, args):
        target, source, stride = args
        rows = [_neighbours(builder, builder.gep(source, [builder.mul(stride, INT(r))])) for r in range(SIDE)]
        for i, words in enumerate(_transposed(builder, rows)):
            emit_words(builder, words, builder.gep(target, [INT(i * PAIRS)]))
        return context.get_dummy_value()

    return types.void(target, source, types.intp), codegen


def _tile_function(builder, name, *kinds):
    function = ir.FunctionType(ir.VoidType(), kinds)
    return cgutils.get_or_insert_function(builder.module, function, f"llvm.x86.{name}")


@intrinsic
def configure(typing, m0, m1, n0, n1):
    """Tiles for blocks of C of m0 and m1 rows, n0 and n1 columns, each 1 .. 16."""

    def codegen(context, builder, sig, args):
        m0, m1, n0, n1 = (builder.trunc(value, ir.IntType(16)) for value in args)
        short, sixteen = ir.IntType(16), ir.Constant(ir.IntType(16), 16)
        memory = cgutils.alloca_once(builder, ir.ArrayType(BYTE, 64))
        builder.store(ir.Constant(ir.ArrayType(BYTE, 64), [1] + [0] * 63), memory)
        place = builder.bitcast(memory, BYTE_POINTER)
        shapes = ((m0, n0), (m0, n1), (m1, n0), (m1, n1), (m0, sixteen), (m1, sixteen), (sixteen, n0), (sixteen, n1))
        for number, (rows, columns) in enumerate(shapes):
            row_bytes = builder.gep(place, [INT(16 + 2 * number)])
            builder.store(builder.shl(columns, ir.Constant(short, 2)), builder.bitcast(row_bytes, short.as_pointer()))
            builder.store(builder.trunc(rows, BYTE), builder.gep(place, [INT(48 + number)]))
        builder.call(_tile_function(builder, "ldtilecfg", BYTE_POINTER), [place])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), codegen


@intrinsic
def release(typing):
    """Give the tiles back: a context switch then need not save them."""

    def codegen(context, builder, sig, args):
        builder.call(_tile_function(builder, "tilerelease"), [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def multiply_tiles(typing, c, cs, down, right, a, a_down, b, b_right, steps, start, bias):
    """A block of 2 x 2 tiles of C = start + A B.

    Args:
        c: pointer; row i of a tile is at c + i * cs, the second tiles `down` and `right` numbers behind the first.
        a, b: pointers to tiles; the second one a_down or b_right places behind the first, those of the next k right behind.
        steps: tiles along k. start: 0, ADD or BIAS, see `tile.tile`. bias: pointer.
    """

    def codegen(context, builder, sig, args):
        c, cs, down, right, a, a_down, b, b_right, steps, start, bias = args
        loads = _tile_function(builder, "tileloadd64", BYTE, BYTE_POINTER, INT)
        stores = _tile_function(builder, "tilestored64", BYTE, BYTE_POINTER, INT)
        zero = _tile_function(builder, "tilezero", BYTE)
        dot = _tile_function(builder, "tdpbf16ps", BYTE, BYTE, BYTE)

        def call(function, number, pointer, stride):
            builder.call(function, [number, builder.bitcast(pointer, BYTE_POINTER), builder.mul(stride, INT(4))])

        def moved(pointer, *by):
            for each in by:
                pointer = builder.gep(pointer, [each])
            return pointer

        blocks = (
            (C00, moved(c), INT(0)),
            (C01, moved(c, right), right),
            (C10, moved(c, down), INT(0)),
            (C11, moved(c, down, right), right),
        )
        nothing, added, biased, go = (builder.append_basic_block(name) for name in ("nothing", "added", "biased", "go"))
        choice = builder.switch(start, nothing)
        choice.add_case(INT(ADD), added)
        choice.add_case(INT(BIAS), biased)
        for block, begin in (
            (nothing, lambda number, place, column: builder.call(zero, [number])),
            (added, lambda number, place, column: call(loads, number, place, cs)),
            (biased, lambda number, place, column: call(loads, number, moved(bias, column), INT(0))),
        ):
            builder.position_at_end(block)
            for each in blocks:
                begin(*each)
            builder.branch(go)
        builder.position_at_end(go)
        with cgutils.for_range(builder, steps, intp=INT) as loop:
            along = builder.mul(loop.index, INT(TILE))
            a_here, b_here = moved(a, along), moved(b, along)
            call(loads, A0, a_here, INT(PAIRS))
            call(loads, B0, b_here, INT(PAIRS))
            builder.call(dot, [C00, A0, B0])
            call(loads, B1, moved(b_here, b_right), INT(PAIRS))
            builder.call(dot, [C01, A0, B1])
            call(loads, A1, moved(a_here, a_down), INT(PAIRS))
            builder.call(dot, [C10, A1, B0])
            builder.call(dot, [C11, A1, B1])
        for number, place, _ in blocks:
            call(stores, number, place, cs)
        return context.get_dummy_value()

    size = types.intp
    return types.void(c, size, size, size, a, size, b, size, size, size, bias), codegen


# --- matrices -------------------------------------------------------------------------------


@kernel
def whole_tiles(size, side):
    """`size` filled up to whole tiles."""
    return (size + side - 1) // side * side


@kernel
def copy_edge(edge, source, stride, rows, columns, height, width):
    """edge (height, width) = source (rows, columns), and 0 around it."""
    for i in range(height):
        for j in range(width):
            edge[i * width + j] = source[i * stride + j] if i < rows and j < columns else 0


@kernel
def round_rows(target, source, stride, rows, width, edge):
    """A (rows, width) from a matrix whose row i starts at source[i * stride]. edge: memory for 32 numbers."""
    tiles = whole_tiles(width, DEPTH) // DEPTH
    for i in range(rows):
        row, x = at(target, i // SIDE * tiles * TILE + i % SIDE * PAIRS), at(source, i * stride)
        for k in range(0, width, DEPTH):
            numbers = at(x, k)
            if k + DEPTH > width:
                copy_edge(edge, numbers, stride, 1, width - k, 1, DEPTH)
                numbers = edge
            round_pairs(at(row, k // DEPTH * TILE), numbers)


@kernel
def pair_rows(target, source, stride, depth, width, edge):
    """B (depth, width) from a matrix whose row k starts at source[k * stride], in columns of tiles. edge: memory for 2 x 16 numbers."""
    tiles = whole_tiles(depth, DEPTH) // DEPTH
    for j in range(0, width, SIDE):
        place = at(target, j // SIDE * tiles * TILE)
        for k in range(0, tiles * DEPTH, 2):
            first = at(source, k * stride + j)
            if k + 2 <= depth and j + SIDE <= width:
                pairs_of_rows(at(place, k // 2 * PAIRS), first, at(first, stride))
            else:
                copy_edge(edge, first, stride, min(max(depth - k, 0), 2), min(width - j, SIDE), 2, SIDE)
                pairs_of_rows(at(place, k // 2 * PAIRS), edge, at(edge, SIDE))


@kernel
def transpose_rows(target, source, stride, depth, width, edge):
    """B (depth, width) from a matrix whose column k starts at source[k], its rows `stride` apart. edge: memory for 16 x 32 numbers."""
    tiles = whole_tiles(depth, DEPTH) // DEPTH
    for j in range(0, width, SIDE):
        for k in range(0, depth, DEPTH):
            place, corner = at(target, (j // SIDE * tiles + k // DEPTH) * TILE), at(source, j * stride + k)
            if j + SIDE <= width and k + DEPTH <= depth:
                transpose_tile_of_rows(place, corner, stride)
            else:
                copy_edge(edge, corner, stride, min(width - j, SIDE), min(depth - k, DEPTH), SIDE, DEPTH)
                transpose_tile_of_rows(place, edge, DEPTH)


@kernel
def transpose_pairs(target, source, stride, depth, width, edge):
    """A (width, depth) from a matrix whose row k starts at source[k * stride], in rows of tiles. edge: memory for 32 x 16 numbers."""
    tiles = whole_tiles(depth, DEPTH) // DEPTH
    for k in range(0, depth, DEPTH):
        for j in range(0, width, SIDE):
            place, corner = at(target, (j // SIDE * tiles + k // DEPTH) * TILE), at(source, k * stride + j)
            if j + SIDE <= width and k + DEPTH <= depth:
                transpose_tile_of_pairs(place, corner, stride)
            else:
                copy_edge(edge, corner, stride, min(depth - k, DEPTH), min(width - j, SIDE), DEPTH, SIDE)
                transpose_tile_of_pairs(place, edge, SIDE)


@kernel
def product(c, cs, a, a_block, b, b_block, steps, rows, width, start, bias):
    """C (rows, width) = start + A B, in blocks of 32 x 32.

    Args:
        c: element (i, j) is c[i * cs + j]. a, b: tiles; the next 16 rows of A are a_block places further, the next 16 columns of B b_block.
        steps, start, bias: see `multiply_tiles`; a bias has as many numbers as there are columns.
    """
    for j in range(0, width, 2 * SIDE):
        columns = min(width - j, 2 * SIDE)
        # NOTE: where there is one tile only, the second is the first: both start from the same numbers, and end with them.
        right = SIDE if columns > SIDE else 0
        n0, n1 = min(columns, SIDE), columns - right
        panel, b_right = at(b, j // SIDE * b_block), b_block if right else 0
        for i in range(0, rows, 2 * SIDE):
            height = min(rows - i, 2 * SIDE)
            down = SIDE if height > SIDE else 0
            if i == 0 or height < 2 * SIDE:
                configure(min(height, SIDE), height - down, n0, n1)
            a_down = a_block if down else 0
            multiply_tiles(
                at(c, i * cs + j), cs, down * cs, right, at(a, i // SIDE * a_block), a_down, panel, b_right, steps, start, at(bias, j)
            )
    release()
