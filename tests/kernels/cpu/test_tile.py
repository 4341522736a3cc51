"""The micro-kernel and its plain twin against NumPy; the instructions that it becomes."""

import itertools
import re

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from case_table import cases

from minirank.kernels.cpu import tile as shapes
from minirank.kernels.cpu.jit import driver
from minirank.kernels.cpu.tile import ADD, BIAS, ROWS, SOME_ROWS, WIDE, micro_kernel, multiply_panel, panel_product, tile_in_loops
from minirank.kernels.cpu.vector import BYTES, pointer

KEPT = 12345.0  # what lies where nothing may be written
MULTIPLY_ADD = r"vfn?madd\w+p[sd]"
INNERMOST = re.compile(r"^(\.LBB\w+):\n((?:(?!^\.LBB).*\n)*?)\s+j\w+\s+\1\b", re.MULTILINE)


@driver
def run_one(c, first, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    micro_kernel(pointer(c[first:]), cs, pointer(a), ai, ak, pointer(b), depth, rows, vectors, start, pointer(bias), relu)


@driver
def run_loops(c, first, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    tile_in_loops(pointer(c[first:]), cs, pointer(a), ai, ak, pointer(b), depth, rows, vectors, start, pointer(bias), relu)


@driver
def run_many_at(product, c, first, cs, a, ai, ak, b, depth, rows, vectors, start, bias, relu):
    multiply_panel(product, pointer(c[first:]), cs, pointer(a), ai, ak, pointer(b), depth, rows, vectors, start, pointer(bias), relu)


def run_many(c, *arguments):
    run_many_at(panel_product.address(c.dtype), c, *arguments)


def product(run, dtype, rows, depth, vectors, start, relu, transposed, seed=0):
    """(what a kernel wrote, what was there, expected), each of a whole buffer with a border around C."""
    rng = np.random.default_rng(seed)
    n = vectors * BYTES // np.dtype(dtype).itemsize
    a, b, bias = (rng.normal(size=shape).astype(dtype) for shape in ((rows, depth), (depth, n), n))
    before = np.full((rows + 2, n + 7), KEPT, dtype)
    before[1:-1, 3 : 3 + n] = rng.normal(size=(rows, n))
    c, stride = before.copy(), n + 7
    given = (np.ascontiguousarray(a.T).ravel(), 1, rows) if transposed else (a.ravel(), depth, 1)
    run(c.ravel(), stride + 3, stride, *given, b.ravel(), depth, rows, vectors, start, bias, relu)
    expected, inside = before.astype(np.float64), np.s_[1:-1, 3 : 3 + n]
    expected[inside] = a.astype(np.float64) @ b + (expected[inside] if start == ADD else bias if start == BIAS else 0)
    if relu:
        expected[inside] = np.maximum(expected[inside], 0)
    return c, expected


def assert_close(found, expected):
    """The border to the last bit; the product to a few roundings of its largest sums."""
    np.testing.assert_array_equal(found[expected == KEPT], KEPT)
    inside = expected != KEPT
    assert np.linalg.norm((found - expected)[inside]) <= 8 * np.finfo(found.dtype).eps * np.linalg.norm(expected[inside])


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("run", (run_one, run_loops))
def test_one_tile(run, dtype):
    cases = itertools.product(SOME_ROWS, (1, 2, 7, 33, 70), {1, WIDE}, (0, ADD, BIAS), ((False, False), (True, True)))
    for rows, depth, vectors, start, (relu, transposed) in cases:
        assert_close(*product(run, dtype, rows, depth, vectors, start, relu, transposed))


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_any_number_of_rows(dtype):
    cases = itertools.product(range(1, 14), (1, 7, 64), {1, WIDE}, ((0, True), (ADD, False), (BIAS, True)))
    for rows, depth, vectors, (start, relu) in cases:
        assert_close(*product(run_many, dtype, rows, depth, vectors, start, relu, rows % 2 == 0, seed=rows))


def test_no_rows():
    c = np.full(BYTES, KEPT, np.float32)
    run_many(c, 0, 16, c, 1, 1, c, 1, 0, 1, 0, c, False)
    assert (c == KEPT).all()


@pytest.mark.parametrize("run", (run_one, run_loops, run_many))
def test_nan_stays_nan_in_its_row_and_infinity_is_kept(run):
    n = WIDE * BYTES // 4
    a, b = np.ones((ROWS, 2), np.float32), np.ones((2, n), np.float32)
    a[1, 0], a[3, 1], a[4, 1] = np.nan, np.inf, -np.inf
    c, bias = np.zeros((ROWS, n), np.float32), np.full(n, -2.5, np.float32)
    run(c.ravel(), 0, n, a.ravel(), 2, 1, b.ravel(), 2, ROWS, WIDE, BIAS, bias, True)
    assert np.isnan(c[1]).all() and (c[3] == np.inf).all()
    assert (np.delete(c, (1, 3), axis=0) == 0).all()


@cases("""
    features | machine | expected=
    avx512f avx2 fma | x86_64-unknown-linux-gnu | (6, 4)
    avx2 fma | x86_64-unknown-linux-gnu | (6, 1)
    avx2 | x86_64-unknown-linux-gnu | (0, 1)
    sse2 | x86_64-unknown-linux-gnu | (0, 1)
    neon | aarch64-unknown-linux-gnu | (6, 1)
     | arm64-apple-darwin24.0.0 | (6, 1)
     | riscv64-unknown-linux-gnu | (0, 1)
     | | (0, 1)
""")
def test_shape_of_a_processor(features, machine, expected):
    assert shapes.shape({"avx512f": False} | dict.fromkeys(features.split(), True), machine) == expected
    assert shapes.shape(dict.fromkeys(features.split(), True), machine) == expected


def loops(dispatcher, cpu):
    """The innermost loops with fused multiply-adds that a compiled driver has on a kind of processor, as assembly."""
    (code,) = dispatcher.inspect_llvm().values()
    target = llvm.Target.from_triple("x86_64-unknown-linux-gnu")
    module = llvm.parse_assembly(code)
    assembly = target.create_target_machine(cpu=cpu, opt=3, reloc="pic").emit_assembly(module)
    return [body for _, body in INNERMOST.findall(assembly) if re.search(MULTIPLY_ADD, body)]


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_sums_stay_in_registers(dtype):
    """No number on the stack while k runs, on the processors that the shape is meant for; of the largest tile only where k ends."""
    cpus = {4: ("skylake-avx512", "icelake-server", "znver4"), 1: ("haswell", "znver3")}[WIDE] if shapes._ROWS else ()
    if not cpus or not llvm.get_process_triple().startswith("x86_64"):
        pytest.skip("the registers of this processor are not known; run on x86-64 with AVX2")
    fresh = numba.njit(panel_product.function, error_model="numpy", fastmath={"contract"})
    fresh.compile(panel_product.argument_types(numba.from_dtype(np.dtype(dtype))))
    for cpu in cpus:
        found = loops(fresh, cpu)
        most = max(len(re.findall(MULTIPLY_ADD, body)) for body in found)
        registers = ROWS * WIDE * (1 if WIDE == 4 else 2)
        assert most % registers == 0, f"{cpu}: the largest loop has {most} multiply-adds, not a multiple of {registers}"
        assert len(found) >= len(SOME_ROWS) * len({1, WIDE})
        for body in found:  # NOTE: the shorter tiles, which LLVM unrolls, may fetch an address from the stack, but no number
            on_stack = [line for line in body.splitlines() if "%rsp" in line]
            largest = len(re.findall(MULTIPLY_ADD, body)) == most
            assert not [line for line in on_stack if line.lstrip().startswith("v")], f"{cpu} spills:\n{body}"
            assert not largest or len(on_stack) <= 1, f"{cpu} fetches addresses from the stack:\n{body}"
