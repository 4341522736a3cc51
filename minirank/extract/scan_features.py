"""Compiled reading of the lines that `to_json` of features gives: values as columns of numbers, without an object for any of them.

A line that is spelled in any other way, sound or not, is left to `from_json`, which says what is wrong.
"""

from __future__ import annotations

import numpy as np

from minirank.kernels.cpu.jit import driver, is_missing, kernel

ID, ONE, MANY, FLAGS, MASKS = range(5)  # what a key holds
QUOTE, BACKSLASH = ord('"'), ord("\\")
MOST = 2**31  # of `schema`
MULTIPLIER = 0x100000001B3  # of FNV-1a
# Behind the names of keys in `literals`: what stands between the parts of a value and of a span.
LITERALS = tuple(
    'null|[|]|, |}|{"value": |, "quote": |, "start": |, "end": |, "source": |, "rules": |, "depth": |, "years": |'
    '{"start": |, "reason": |, "kind": |"tagger"|"basic"|"solid"|"expert"|}\n'.split("|")
)
NULL, OPEN, CLOSE, COMMA, END, VALUE, TEXT, START, STOP, SOURCE, RULES, DEPTH, YEARS, SPAN, REASON, KIND, TAGGER, BASIC = range(18)
DONE = len(LITERALS) - 1


@kernel
def expect(content, at, literals, bounds, which):
    """Where a literal ends that begins at `at`; -1 where it does not, or `at` is -1."""
    if at < 0:
        return -1
    for place in range(bounds[which], bounds[which + 1]):
        if content[at] != literals[place]:
            return -1
        at += 1
    return at


@kernel
def text_end(content, at):
    """Where a text of JSON in ASCII ends that begins at `at`; -1 where there is none."""
    if at < 0 or content[at] != QUOTE:
        return -1
    at += 1
    while content[at] != QUOTE:
        if content[at] < 32 or content[at] > 127:
            return -1
        if content[at] == BACKSLASH:
            at += 1
            escape = content[at]
            if escape == 117:  # u
                for place in range(at + 1, at + 5):
                    digit = content[place]
                    if not (48 <= digit <= 57 or 97 <= digit <= 102 or 65 <= digit <= 70):
                        return -1
                at += 4
            elif escape not in (QUOTE, BACKSLASH, 47, 98, 102, 110, 114, 116):  # / b f n r t
                return -1
        at += 1
    return at + 1


@kernel
def number_end(content, at):
    """Where a whole number below MOST ends that begins at `at`; -1 where there is none. `number` reads it."""
    if at < 0:
        return -1
    first, value = at, 0
    while 48 <= content[at] <= 57 and at - first < 10:
        value = 10 * value + content[at] - 48
        at += 1
    if at == first or value >= MOST or 48 <= content[at] <= 57 or (content[first] == 48 and at > first + 1):
        return -1
    return at


@kernel
def number(content, first, last):
    """The number whose digits stand there."""
    value = 0
    for at in range(first, last):
        value = 10 * value + content[at] - 48
    return value


@kernel
def code_of(content, first, last, slots, texts, counts):
    """The place of a text among the different ones; a new one is added to `texts`, of which there are counts[0]."""
    code = np.uint64(0xCBF29CE484222325)
    for at in range(first, last):
        code = (code ^ np.uint64(content[at])) * np.uint64(MULTIPLIER)
    slot = np.int64((code ^ (code >> np.uint64(32))) & np.uint64(len(slots) - 1))
    while slots[slot] >= 0:
        begin, end = texts[slots[slot], 0], texts[slots[slot], 1]
        if end - begin == last - first:
            same = True
            for at in range(last - first):
                if content[begin + at] != content[first + at]:
                    same = False
                    break
            if same:
                return slots[slot]
        slot = (slot + 1) & (len(slots) - 1)
    slots[slot] = counts[0]
    texts[counts[0], 0], texts[counts[0], 1] = first, last
    counts[0] += 1
    return slots[slot]


@kernel
def scan_value(content, at, literals, bounds, base, numeric, slots, texts, counts, entries):
    """A value, written at entries[counts[1]] but for its row and key; where it ends, or -1."""
    at = expect(content, at, literals, bounds, base + VALUE)
    end = number_end(content, at) if numeric else text_end(content, at)
    if end < 0:
        return -1
    found = number(content, at, end) if numeric else code_of(content, at, end, slots, texts, counts)
    at = text_end(content, expect(content, end, literals, bounds, base + TEXT))
    first = expect(content, at, literals, bounds, base + START)
    at = number_end(content, first)
    last = expect(content, at, literals, bounds, base + STOP)
    end = number_end(content, last)
    if end < 0 or number(content, first, at) > number(content, last, end):
        return -1
    at = expect(content, end, literals, bounds, base + SOURCE)
    tagger = expect(content, at, literals, bounds, base + TAGGER) >= 0
    at = text_end(content, at)
    rules = expect(content, at, literals, bounds, base + RULES)
    if rules >= 0:
        at = number_end(content, rules) if numeric else text_end(content, rules)
    depth, held = expect(content, at, literals, bounds, base + DEPTH), -1
    if depth >= 0:
        at = -1
        for name in range(3):
            end = expect(content, depth, literals, bounds, base + BASIC + name)
            if end >= 0:
                at, held = end, name
    first, years = expect(content, at, literals, bounds, base + YEARS), -1
    if first >= 0:
        at = number_end(content, first)
        if at >= 0:
            years = number(content, first, at)
    place = counts[1]
    entries[place, 2], entries[place, 3], entries[place, 4], entries[place, 5] = found, tagger, held, years
    return expect(content, at, literals, bounds, base + END)


@kernel
def scan_span(content, at, literals, bounds, base, closing, spans, counts):
    """A flag or a mask, written at spans[counts[2]] but for its row and key; where it ends, or -1."""
    first = expect(content, at, literals, bounds, base + SPAN)
    at = number_end(content, first)
    last = expect(content, at, literals, bounds, base + STOP)
    end = number_end(content, last)
    if end < 0:
        return -1
    spans[counts[2], 2], spans[counts[2], 3] = number(content, first, at), number(content, last, end)
    at = text_end(content, expect(content, end, literals, bounds, base + closing))
    return expect(content, at, literals, bounds, base + END) if spans[counts[2], 2] <= spans[counts[2], 3] else -1


@kernel
def scan_line(content, at, row, literals, bounds, shapes, numeric, slots, texts, counts, entries, spans):
    """Whether a line is as `to_json` gives it; what it holds is added."""
    base = len(shapes)
    for key in range(base):
        at, shape = expect(content, at, literals, bounds, key), shapes[key]
        null = expect(content, at, literals, bounds, base + NULL)
        if at >= 0 and null >= 0 and shape <= ONE:
            at = null
        elif shape == ID:
            end = text_end(content, at)
            if end >= 0:
                entries[counts[1], 0], entries[counts[1], 1] = row, key
                entries[counts[1], 2] = code_of(content, at, end, slots, texts, counts)
                counts[1] += 1
            at = end
        elif shape == ONE:
            entries[counts[1], 0], entries[counts[1], 1] = row, key
            at = scan_value(content, at, literals, bounds, base, numeric[key], slots, texts, counts, entries)
            counts[1] += 1
        else:
            at = expect(content, at, literals, bounds, base + OPEN)
            close = expect(content, at, literals, bounds, base + CLOSE)
            while at >= 0 and close < 0:
                if shape == MANY:
                    entries[counts[1], 0], entries[counts[1], 1] = row, key
                    at = scan_value(content, at, literals, bounds, base, numeric[key], slots, texts, counts, entries)
                    counts[1] += 1
                else:
                    spans[counts[2], 0], spans[counts[2], 1] = row, key
                    at = scan_span(content, at, literals, bounds, base, REASON if shape == FLAGS else KIND, spans, counts)
                    counts[2] += 1
                close = expect(content, at, literals, bounds, base + CLOSE)
                if close < 0:
                    at = expect(content, at, literals, bounds, base + COMMA)
            at = close
        if at < 0:
            return False
    return expect(content, at, literals, bounds, base + DONE) >= 0


@driver
def scan_lines(content, begins, literals, bounds, shapes, numeric, slots, texts, counts, entries, spans, odd):
    """The lines of a file.

    Args:
        content: (bytes,) uint8; its last one is a line break, which no text and no number goes beyond. begins: (n,) where each line begins.
        literals, bounds: literal k is literals[bounds[k]] .. literals[bounds[k + 1] - 1]: `{"KEY": ` or `, "KEY": ` of each of F keys, and
            LITERALS.
        shapes, numeric: (F,) what a key holds, and whether it holds numbers.
        slots: (a power of two,) int32 of -1, more than there are texts. counts: (3,) int64 of 0.
    Writes:
        texts: (.., 2) int64, where each different text stands, quotes included. entries: (.., 6) int32: row, key, text or number, whether
            the tagger found it, depth and years, -1 where the text does not say. spans: (.., 4) int32: row, key, start and end.
        counts: how many there are of each. odd: (n,) bool, lines of another form, of which nothing is written.
    """
    for row in range(len(begins)):
        before, before_spans = counts[1], counts[2]
        odd[row] = not scan_line(content, begins[row], row, literals, bounds, shapes, numeric, slots, texts, counts, entries, spans)
        if odd[row]:
            counts[1], counts[2] = before, before_spans


def is_compiled() -> bool:
    """Whether it is on disk."""
    return not is_missing(scan_lines)


DRIVERS = (scan_lines,)


def run_drivers() -> None:
    """Compile it, by use on a line."""
    from minirank.extract.feature_columns import FeatureColumns
    from minirank.extract.schema import ResumeFeatures

    FeatureColumns.of_lines(np.frombuffer(b"{}\n", np.uint8), np.zeros(1, np.int64), ResumeFeatures)
