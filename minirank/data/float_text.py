"""Compiled: many floats as Python writes them, the shortest decimal number that is read back as the same, and rows of CSV put together.

Source: Giulietti, The Schubfach way to render doubles, 2020 (as in OpenJDK); its figures g are taken from whole numbers of Python, once.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from minirank.kernels.cpu.jit import driver, kernel

WIDEST = 24  # characters of a float: -2.2250738585072014e-308
LEAST, MOST = -292, 324  # powers of ten


@cache
def powers() -> np.ndarray:
    """(MOST - LEAST + 1, 2) uint64, high and low half of g: 10^k as a number of 128 bits whose first one is set, rounded up."""
    found = []
    for k in range(LEAST, MOST + 1):
        shift = (k * 1741647 >> 19) - 127  # floor(log2 10^k) - 127
        above, below = 10 ** max(k, 0) << max(-shift, 0), 10 ** max(-k, 0) << max(shift, 0)
        g = -(-above // below)
        found.append((g >> 64, g & (2**64 - 1)))
    return np.array(found, np.uint64)


@kernel
def _high_and_low(a, b):
    """The 128 bits of a product of uint64."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a0, a1, b0, b1 = a & mask, a >> half, b & mask, b >> half
    low, mid, other, high = a0 * b0, a1 * b0, a0 * b1, a1 * b1
    carry = (low >> half) + (mid & mask) + (other & mask)
    return high + (mid >> half) + (other >> half) + (carry >> half), (carry << half) | (low & mask)


@kernel
def _round_to_odd(high, low, c):
    """The integer part of g c / 2^128, its last bit set where anything is cut off."""
    x, _ = _high_and_low(low, c)
    y1, y0 = _high_and_low(high, c)
    y0 += x
    if y0 < x:
        y1 += np.uint64(1)
    return y1 | np.uint64(1) if y0 > np.uint64(1) else y1


@kernel
def _shortest(significand, exponent, g):
    """(digits as uint64, power of ten) of a float by its 52 bits and its exponent's 11."""
    one, two, four, ten = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(10)
    c, q = (significand | (one << np.uint64(52)), exponent - 1075) if exponent else (significand, -1074)
    if 0 <= -q < 53 and c & ((one << np.uint64(-q)) - one) == 0:
        return c >> np.uint64(-q), 0
    uneven = c & one
    closer = significand == 0 and exponent > 1
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    h = np.uint64(q + (-k * 1741647 >> 19) + 1)
    high, low = g[-k - LEAST, 0], g[-k - LEAST, 1]
    middle = _round_to_odd(high, low, (four * c) << h)
    lower = _round_to_odd(high, low, (four * c - (one if closer else two)) << h) + uneven
    upper = _round_to_odd(high, low, (four * c + two) << h) - uneven
    s = middle // four
    if s >= ten:
        tenth = s // ten
        under, over = lower <= np.uint64(40) * tenth, np.uint64(40) * tenth + np.uint64(40) <= upper
        if under != over:
            return tenth + (one if over else np.uint64(0)), k + 1
    under, over = lower <= four * s, four * s + four <= upper
    if under != over:
        return s + (one if over else np.uint64(0)), k
    half = four * s + two
    return s + (one if middle > half or (middle == half and s & one) else np.uint64(0)), k


@driver
def write_floats(bits, g, text, lengths):
    """Floats as `repr` has them.

    Args:
        bits: (N,) uint64, of finite float64. g: of `powers`.
    Writes:
        text: (N, WIDEST) uint8, ASCII from the left. lengths: (N,) int64, characters of each.
    """
    digits = np.empty(20, np.uint8)
    for row in range(len(bits)):
        at = 0
        if bits[row] >> np.uint64(63):
            text[row, at] = 45  # -
            at += 1
        significand = bits[row] & ((np.uint64(1) << np.uint64(52)) - np.uint64(1))
        exponent = np.int64((bits[row] >> np.uint64(52)) & np.uint64(0x7FF))
        value, power = np.uint64(0), np.int64(0)
        if significand or exponent:
            value, power = _shortest(significand, exponent, g)
        while value and value % np.uint64(10) == 0:
            value //= np.uint64(10)
            power += 1
        count = 0
        while value:
            digits[count] = 48 + value % np.uint64(10)  # the last one first
            value //= np.uint64(10)
            count += 1
        if count == 0:
            digits[0], count = 48, 1
        point = count + power  # digits before the decimal point
        fixed = -4 < point <= 16
        whole = point if fixed else 1
        for place in range(max(count, whole) if whole > 0 else count):
            if place == whole or (place == 0 and whole <= 0):
                if place == 0:
                    text[row, at] = 48
                    at += 1
                text[row, at] = 46  # .
                at += 1
                for _ in range(-whole):
                    text[row, at] = 48
                    at += 1
            text[row, at] = digits[count - 1 - place] if place < count else 48
            at += 1
        if fixed and count <= whole:
            text[row, at], text[row, at + 1] = 46, 48
            at += 2
        if not fixed:
            text[row, at], text[row, at + 1] = 101, 45 if point < 1 else 43  # e and a sign
            at += 2
            tens = abs(point - 1)
            if tens >= 100:
                text[row, at] = 48 + tens // 100
                at += 1
            text[row, at], text[row, at + 1] = 48 + tens // 10 % 10, 48 + tens % 10
            at += 2
        lengths[row] = at


@driver
def join_rows(cells, begins, lengths, end, out):
    """Rows of cells with commas between.

    Args:
        cells: (bytes,) uint8. begins, lengths: (columns, N) int64, where each cell lies there. end: (characters,) uint8, of a row.
    Writes:
        out: uint8, as long as all of that is.
    """
    at = 0
    for row in range(begins.shape[1]):
        for column in range(len(begins)):
            if column:
                out[at] = 44  # ,
                at += 1
            begin = begins[column, row]
            for place in range(lengths[column, row]):
                out[at] = cells[begin + place]
                at += 1
        for place in range(len(end)):
            out[at] = end[place]
            at += 1


DRIVERS = (write_floats, join_rows)


def run_drivers() -> None:
    """Compile them, by use on one cell."""
    text, lengths = np.zeros((1, WIDEST), np.uint8), np.zeros(1, np.int64)
    write_floats(np.zeros(1, np.uint64), powers(), text, lengths)
    join_rows(text.ravel(), lengths[None], lengths[None], text.ravel()[:1], text.ravel())
