"""Packing and multiplying in panels against NumPy, on ragged shapes, and what may not be touched."""

import itertools

import numpy as np
import pytest

from minirank.kernels.cpu.jit import driver
from minirank.kernels.cpu.matmul import multiply, pack, pack_transposed, whole_vectors
from minirank.kernels.cpu.tile import ADD, BIAS, ROWS, WIDE, panel_product
from minirank.kernels.cpu.vector import BYTES, at, pointer

WIDTHS = (1, 2, 7, 15, 16, 17, 33, 64, 70)
KEPT = 12345.0


@driver
def run_pack(panels, weight, first, stride, depth, width, transposed):
    if transposed:
        pack_transposed(pointer(panels), at(pointer(weight), first), stride, depth, width)
    else:
        pack(pointer(panels), at(pointer(weight), first), stride, depth, width)
    return whole_vectors(pointer(panels), width)


@driver
def run_multiply(product, c, first, cs, room, a, ai, panels, low, high, depth, rows, width, start, bias, relu, edge):
    packed, added, last = pointer(panels), pointer(bias), pointer(edge)
    multiply(product, at(pointer(c), first), cs, room, pointer(a), ai, packed, depth, low, high, rows, width, start, added, relu, last)


def in_panels(b, dtype):
    """The panels of B (K, N) as `kernels/cpu/matmul.py` draws them: WIDE vectors a row while they are full, then single vectors."""
    lanes = BYTES // np.dtype(dtype).itemsize
    parts, j = [], 0
    while j < b.shape[1]:
        n = lanes * (WIDE if b.shape[1] - j >= WIDE * lanes else 1)
        part = np.zeros((len(b), n), dtype)
        part[:, : b.shape[1] - j] = b[:, j : j + n]
        parts.append(part.ravel())
        j += n
    return np.concatenate(parts)


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
@pytest.mark.parametrize("transposed", (False, True))
def test_pack(transposed, dtype):
    rng = np.random.default_rng(0)
    for depth in (1, 2, 7, 33):
        for width in WIDTHS:
            held = rng.normal(size=((width, depth + 3) if transposed else (depth, width + 3))).astype(dtype)
            b = held[:, 2 : 2 + depth].T if transposed else held[:, 2 : 2 + width]
            expected = in_panels(b, dtype)
            panels = np.full(len(expected) + 5, KEPT, dtype)
            columns = run_pack(panels, held.ravel(), 2, held.shape[1], depth, width, transposed)
            assert columns * depth == len(expected)
            np.testing.assert_array_equal(panels[:-5], expected)
            np.testing.assert_array_equal(panels[-5:], KEPT)


def check(dtype, rows, depth, width, start, relu, low, high, room, seed):
    """One product inside a larger C; `room` columns may be written, and hold 0 or what they held behind `width`."""
    rng = np.random.default_rng(seed)
    lanes = BYTES // np.dtype(dtype).itemsize
    a, b = rng.normal(size=(rows, depth)).astype(dtype), rng.normal(size=(depth, width)).astype(dtype)
    panels = in_panels(b, dtype)
    columns = len(panels) // depth
    bias = np.zeros(columns, dtype)
    bias[:width] = rng.normal(size=width)
    before = np.full((rows + 2, columns + 5), KEPT, dtype)
    before[1:-1, 2 : 2 + width] = rng.normal(size=(rows, width))
    c, stride = before.copy(), columns + 5
    edge = np.full(rows * WIDE * lanes, np.nan, dtype)
    product = panel_product.address(c.dtype)
    run_multiply(
        product, c.ravel(), stride + 2, stride, room, a.ravel(), depth, panels, low, high, depth, rows, width, start, bias, relu, edge
    )
    inside = np.s_[1:-1, 2 : 2 + width]
    old = before[inside].astype(np.float64)
    expected = a[:, low:high].astype(np.float64) @ b[low:high] + (old if start == ADD else bias[:width] if start == BIAS else 0)
    if relu:
        expected = np.maximum(expected, 0)
    case = f"{rows} x {depth} x {width}, start {start}, relu {relu}, {low}..{high}, room {room}"
    error = np.linalg.norm(c[inside] - expected)
    assert error <= 8 * np.finfo(dtype).eps * (np.linalg.norm(expected) + np.sqrt(rows * width)), case
    behind = c[1:-1, 2 + width : 2 + columns]
    allowed = (KEPT,) if start == ADD or room < columns else (0.0,)  # whole vectors, or nothing at all behind the width
    assert np.isin(behind, allowed).all(), case
    untouched = np.ones(c.shape, bool)
    untouched[1:-1, 2 : 2 + columns] = False
    assert (c[untouched] == KEPT).all(), case


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_multiply(dtype):
    """Every number of rows, every ragged width and depth, each with one of all the ways to start and to end."""
    lanes = BYTES // np.dtype(dtype).itemsize
    for case, (rows, width, depth) in enumerate(itertools.product(range(1, 2 * ROWS + 2), WIDTHS, WIDTHS)):
        start, relu = (0, ADD, BIAS)[case % 3], case % 2 == 0
        room = -(-width // lanes) * lanes if case % 7 < 4 else width
        low = depth // 3 if case % 4 == 0 else 0
        high = max(depth - 1, low + 1) if case % 8 == 0 else depth
        check(dtype, rows, depth, width, start, relu, low, high, room, case)


def test_a_row_with_nan_leaves_the_others_alone():
    a, b = np.ones((7, 3), np.float32), np.ones((3, 17), np.float32)
    a[2, 1] = np.nan
    panels = in_panels(b, np.float32)
    for room in (17, 32):
        c, edge = np.zeros((7, 32), np.float32), np.full(7 * WIDE * 16, np.nan, np.float32)
        product, bias = panel_product.address(c.dtype), np.zeros(32, np.float32)
        run_multiply(product, c.ravel(), 0, 32, room, a.ravel(), 3, panels, 0, 3, 3, 7, 17, BIAS, bias, True, edge)
        assert np.isnan(c[2, :17]).all() and (np.delete(c, 2, axis=0)[:, :17] == 3).all() and not c[np.arange(7) != 2, 17:].any()
