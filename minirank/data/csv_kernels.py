"""Compiled loops of `fast_csv.py` over the bytes of a CSV file: where cells begin and end, which texts are the same, what numbers they are.

Bytes are read eight at a time, so that every array of bytes has eight more at its end than are used.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from minirank.kernels.cpu.jit import driver, kernel
from minirank.kernels.cpu.vector import pointer

SPARE = 8  # bytes behind the last one
IRREGULAR = -1
LINE_FEED, RETURN, SPACE, QUOTE = 10, 13, 32, 34
EMPTY = -1  # of a place in a hash table
AT_ONCE = 64  # texts looked up side by side
SMALLEST, LARGEST = -342, 308  # exponents of ten that `powers_of_five` has


@kernel(inline="always")
def _is_space(byte):
    """What `str.strip` takes from ASCII."""
    return byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31


@driver
def split_rows(block, size, is_end, separator, longest, places, begins, ends, lines, state):
    """Where the cells of the rows of a block begin and end, without the white space around them; `""` in quotes becomes `"`, in place.

    Args:
        block: bytes, of which `size` are used. is_end: whether the file ends there.
        separator: byte between cells. longest: bytes that a cell may have.
        places: (W,) for each column of the file its place in `begins` and `ends`, or -1.
        state: (2,) int64, lines before the block; bytes of it that are read.
    Writes:
        block, state. begins, ends: (columns, rows) int64. lines: (rows,) int64, 1-based.
    Returns:
        how many rows are complete, IRREGULAR where what the module `csv` makes of them takes more than this: an error, a lone
        carriage return, rows of other widths.
    """
    content, at, row, line, width = pointer(block), 0, 0, state[0], len(places)
    state[1] = 0
    while row < len(lines) and at < size:
        if content[at] == LINE_FEED or content[at] == RETURN:
            at += content[at] == RETURN
            if at == size and not is_end:
                break
            if at == size or content[at] != LINE_FEED:
                return IRREGULAR
            at += 1
            line += 1
            state[0], state[1] = line, at
            continue
        begin, column, more, escaped = line, 0, True, False
        while more:
            while at < size and content[at] == SPACE:
                at += 1
            quotes = False
            if at < size and content[at] == QUOTE:
                at += 1
                first = at
                while True:
                    while at < size and content[at] != QUOTE:
                        if content[at] == RETURN:
                            return IRREGULAR
                        line += content[at] == LINE_FEED
                        at += 1
                    if at + 1 >= size or content[at + 1] != QUOTE:
                        break
                    quotes = escaped = True
                    at += 2
                last = at
                at += 1  # beyond `size` where nothing closes it
                if at > size and is_end:
                    return IRREGULAR
            else:
                first = at
                while at < size and content[at] != separator and content[at] != LINE_FEED and content[at] != RETURN:
                    at += 1
                last = at
            if at >= size and not is_end:
                break
            if column == width or last - first > longest:
                return IRREGULAR
            place = places[column]
            column += 1
            if place >= 0:
                while first < last and _is_space(content[first]):
                    first += 1
                while first < last and _is_space(content[last - 1]):
                    last -= 1
                begins[place, row], ends[place, row] = first, -last if quotes else last
            if at < size and content[at] == separator:
                at += 1
                if at == size and not is_end:
                    break
                continue
            at += at < size and content[at] == RETURN
            if at == size and not is_end:
                break
            if (at < size and content[at] != LINE_FEED) or (at == size and content[at - 1] == RETURN):
                return IRREGULAR  # something behind a closing quote, or behind a carriage return
            at += 1
            line += 1
            more = False
        if more:
            break
        if column != width:
            return IRREGULAR
        if escaped:
            for place in range(len(begins)):
                if ends[place, row] < 0:
                    last = to = begins[place, row]
                    while last < -ends[place, row]:
                        content[to] = content[last]
                        last += 1 + (content[last] == QUOTE)
                        to += 1
                    ends[place, row] = to
        lines[row] = begin + 1
        row += 1
        state[0], state[1] = line, min(at, size)
    return row


@kernel(inline="always")
def _word(content, at):
    """Eight bytes as a number, the first one lowest; LLVM makes one instruction of it."""
    return (
        np.uint64(content[at])
        | np.uint64(content[at + 1]) << np.uint64(8)
        | np.uint64(content[at + 2]) << np.uint64(16)
        | np.uint64(content[at + 3]) << np.uint64(24)
        | np.uint64(content[at + 4]) << np.uint64(32)
        | np.uint64(content[at + 5]) << np.uint64(40)
        | np.uint64(content[at + 6]) << np.uint64(48)
        | np.uint64(content[at + 7]) << np.uint64(56)
    )


@kernel(inline="always")
def _first_bytes(word, count):
    """Those of a word, 1 to 7."""
    return word & ((np.uint64(1) << np.uint64(8 * count)) - np.uint64(1))


@kernel
def _hash(content, first, last):
    """31 bits of a text."""
    mixed = np.uint64(last - first) * np.uint64(0x9E3779B97F4A7C15)
    while last - first >= 8:
        mixed = (mixed ^ _word(content, first)) * np.uint64(0x9FB21C651E98DF25)
        mixed ^= mixed >> np.uint64(32)
        first += 8
    if last > first:
        mixed = (mixed ^ _first_bytes(_word(content, first), last - first)) * np.uint64(0x9FB21C651E98DF25)
        mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return np.int64(mixed >> np.uint64(33))


@kernel
def _same(content, first, length, other, at):
    """Whether `length` bytes are the same in two places."""
    while length >= 8:
        if _word(content, first) != _word(other, at):
            return False
        first, at, length = first + 8, at + 8, length - 8
    return length == 0 or _first_bytes(_word(content, first), length) == _first_bytes(_word(other, at), length)


@driver
def number_texts(block, begins, ends, column, row, rows, table, texts, offsets, codes):
    """The place of each row's text among the different ones, in the order in which they come.

    Args:
        block, begins, ends, column: of `split_rows`, the rows from `row` to before `rows`.
        table: (power of two,) int64, hash table: EMPTY, or a text's hash, 31 bits, above its number, 32 bits.
        texts: bytes of the different texts, one after the other. offsets: (most + 2,) int64, where each begins; [-1] is how many there are.
    Writes:
        table, texts, offsets. codes: (rows,) int32.
    Returns:
        the row to go on with once `table`, `texts` or `offsets`, which is full, has been replaced by a larger one.
    """
    content, known, slots, starts = pointer(block), pointer(texts), pointer(table), pointer(offsets)
    mask, count = len(table) - 1, offsets[-1]
    most = min(len(offsets) - 2, len(table) // 2)
    tags, likely = np.empty(AT_ONCE, np.int64), np.empty(AT_ONCE, np.int64)
    while row < rows:
        together = min(AT_ONCE, rows - row)
        # SPEED: the places of many texts in memory are asked for before the first answer has come.
        for k in range(together):
            tags[k] = _hash(content, begins[column, row + k], ends[column, row + k])
        for k in range(together):
            likely[k] = slots[tags[k] & mask]
        for k in range(together):
            likely[k] = likely[k] & 0xFFFFFFFF if likely[k] >> 32 == tags[k] else -1
        for k in range(together):
            first, length = begins[column, row + k], ends[column, row + k] - begins[column, row + k]
            code = likely[k]
            if code < 0 or starts[code + 1] - starts[code] != length or not _same(content, first, length, known, starts[code]):
                code = np.int64(-1)
            codes[row + k] = code
        for k in range(together):
            if codes[row] < 0:
                first, length, tag = begins[column, row], ends[column, row] - begins[column, row], tags[k]
                place = tag & mask
                code = np.int64(-1)
                while slots[place] != EMPTY:
                    if slots[place] >> 32 == tag:
                        other = slots[place] & 0xFFFFFFFF
                        if starts[other + 1] - starts[other] == length and _same(content, first, length, known, starts[other]):
                            code = other
                            break
                    place = (place + 1) & mask
                if code < 0:
                    end = starts[count]
                    if count >= most or end + length + SPARE > len(texts):
                        offsets[-1] = count
                        return row
                    for each in range(length):
                        known[end + each] = content[first + each]
                    starts[count + 1] = end + length
                    slots[place] = tag << 32 | count
                    code = count
                    count += 1
                codes[row] = code
            row += 1
    offsets[-1] = count
    return row


@driver
def move_table(table, larger):
    """The entries of a hash table in one with more places, which is empty."""
    mask = len(larger) - 1
    for entry in table:
        if entry != EMPTY:
            place = (entry >> 32) & mask
            while larger[place] != EMPTY:
                place = (place + 1) & mask
            larger[place] = entry


@kernel
def _high_product(a, b):
    """The upper 64 bits of a product of two numbers of 64 bits."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a_low, a_high, b_low, b_high = a & low, a >> half, b & low, b >> half
    middle = a_high * b_low + ((a_low * b_low) >> half)
    other = a_low * b_high + (middle & low)
    return a_high * b_high + (middle >> half) + (other >> half)


@kernel
def _nearest(digits, exponent, high, low):
    """The float64 nearest to digits * 10^exponent, as bits; -1 where that takes more than 128 bits, or it is no normal number.

    Args:
        digits: uint64, not 0. high, low: of `powers_of_five`.
    Source: Lemire, Number parsing at a gigabyte per second, Software: Practice and Experience 51(8), 2021.
    """
    if exponent < SMALLEST or exponent > LARGEST:
        return np.int64(-1)
    zeros, shifted = 0, digits
    for step in (32, 16, 8, 4, 2, 1):
        if shifted >> np.uint64(64 - step) == 0:
            shifted <<= np.uint64(step)
            zeros += step
    power = exponent - SMALLEST
    upper, lower = _high_product(shifted, high[power]), shifted * high[power]
    if upper & np.uint64(0x1FF) == np.uint64(0x1FF):  # the lower half of the power may matter
        carried = _high_product(shifted, low[power])
        lower += carried
        if lower < carried:
            upper += np.uint64(1)
    if lower == np.uint64(0xFFFFFFFFFFFFFFFF) and not -27 <= exponent <= 55:
        return np.int64(-1)
    top = upper >> np.uint64(63)
    mantissa = upper >> (top + np.uint64(9))
    binary = ((217706 * exponent) >> 16) + 63 + np.int64(top) - zeros + 1023
    if binary <= 0:
        return np.int64(-1)
    if (
        lower <= np.uint64(1)
        and -4 <= exponent <= 23
        and mantissa & np.uint64(3) == np.uint64(1)
        and mantissa << (top + np.uint64(9)) == upper
    ):
        mantissa &= ~np.uint64(1)  # half way between two: to the even one
    mantissa = (mantissa + (mantissa & np.uint64(1))) >> np.uint64(1)
    if mantissa >= np.uint64(1) << np.uint64(53):
        mantissa = np.uint64(1) << np.uint64(52)
        binary += 1
    if binary >= 2047:
        return np.int64(-1)
    return np.int64(mantissa & ~(np.uint64(1) << np.uint64(52))) | binary << 52


@driver
def parse_numbers(content, begins, ends, high, low, bits):
    """Texts such as `12`, `-0.5` and `1e-3` as numbers, to the bit those of `float`.

    Args:
        content: bytes. begins, ends: (V,) int64. high, low: of `powers_of_five`.
    Writes:
        bits: (V,) int64, of float64.
    Returns:
        (V,) bool, what is no such number, or takes `float` to be read.
    """
    texts, left = pointer(content), np.zeros(len(begins), np.bool_)
    for text in range(len(begins)):
        at, end = begins[text], ends[text]
        negative = at < end and texts[at] == 45
        if at < end and (texts[at] == 45 or texts[at] == 43):
            at += 1
        digits, found, kept, exponent, after = np.uint64(0), 0, 0, 0, False
        while at < end:
            byte = texts[at]
            if 48 <= byte <= 57:
                found += 1
                kept += kept > 0 or byte > 48
                digits = digits * np.uint64(10) + np.uint64(byte - 48)
                exponent -= after
            elif byte == 46 and not after:
                after = True
            else:
                break
            at += 1
        fine = found > 0 and kept <= 19
        if fine and at < end and (texts[at] == 101 or texts[at] == 69):
            at += 1
            falls = at < end and texts[at] == 45
            if at < end and (texts[at] == 45 or texts[at] == 43):
                at += 1
            power, first = 0, at
            while at < end and 48 <= texts[at] <= 57 and at - first < 6:
                power = power * 10 + (texts[at] - 48)
                at += 1
            fine = at > first
            exponent += -power if falls else power
        value = np.int64(0)
        if fine and digits != 0:
            value = _nearest(digits, np.int64(exponent), high, low)
            fine = value >= 0
        left[text] = not fine or at < end
        bits[text] = value | np.int64(-0x8000000000000000) if negative else value
    return left


@cache
def powers_of_five() -> tuple[np.ndarray, np.ndarray]:
    """The upper and lower 64 bits of 5^SMALLEST .. 5^LARGEST, the highest bit of the upper ones set: cut off, those below 1 rounded up."""
    found = []
    for power in range(SMALLEST, LARGEST + 1):
        five = 5 ** abs(power)
        if power >= 0:
            found.append(five << 128 >> five.bit_length())
        else:
            bits = five.bit_length()
            found.append((1 << (bits + 127 if power >= -27 else 2 * bits + 128)) // five + 1)
    numbers = [number >> max(number.bit_length() - 128, 0) for number in found]
    return np.array([number >> 64 for number in numbers], np.uint64), np.array([number & (2**64 - 1) for number in numbers], np.uint64)


DRIVERS = (split_rows, number_texts, move_table, parse_numbers)


def run_drivers() -> None:
    """Run each on one row, which compiles what `kernels.compile.compiling` does ahead."""
    content, lines, state = np.zeros(1 + SPARE, np.uint8), np.empty(1, np.int64), np.zeros(2, np.int64)
    begins, ends = np.zeros((2, 1, 1), np.int64)
    split_rows(content, 1, True, np.uint8(44), 1, np.zeros(1, np.int64), begins, ends, lines, state)
    table, texts, offsets = np.full(4, EMPTY), np.zeros(2 * SPARE, np.uint8), np.zeros(3, np.int64)
    number_texts(content, begins, ends, 0, 0, 1, table, texts, offsets, np.empty(1, np.int32))
    move_table(table, table.copy())
    parse_numbers(content, begins[0], ends[0], *powers_of_five(), lines)
