"""What the features of every word add up to, without making their strings. Letters: N words, S sentences, T features, V known ones.

A CRC-32 is linear in its bits, so that it can be continued by arithmetic, for all words at once:

    crc(a + b) = after(crc(a), len(b)) ^ crc(b),  after(c, n) = crc(bytes(n), c) ^ crc(bytes(n))

What depends on one word alone is summed once for each word that is met, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from zlib import crc32

import numpy as np

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.tagger_features import (
    CUES,
    FARTHEST,
    FOLLOWED,
    LONGEST_WORD,
    OUTSIDE,
    REACH,
    SPELLED,
    Classes,
    Marks,
    Sentences,
    alone,
    line_features,
    templates,
    word_classes,
)

TAGS = 8  # of both layers
_BLOCK = 4096  # words whose features are held at a time: a long document takes little memory
_KEPT = 20_000  # words
_LONGEST = 4 * LONGEST_WORD + 2  # bytes of a word and of what joins it
_BUCKET = 14  # bits of a hash that the table of buckets leaves out
_DIGITS = np.array([crc32(b"%d" % digit) for digit in range(10)], np.uint32)
# A word as it is kept: CRC-32 and bytes of its columns, whether others look back at it, what it adds to the tags of the words around.
_WORD = np.dtype(
    [("crc", np.uint32, len(SPELLED)), ("size", np.int64, len(SPELLED)), ("cue", bool), ("verb", bool)]
    + [("weights", np.int16, (2 * REACH + 1, TAGS))]
)


class FeatureScores:
    """Sums of the weights of words' features.

    Args:
        hashes: (V,) uint32, sorted: CRC-32 of the known features.
        weights: (V, 8) int8.
        classes: Classes.
    """

    def __init__(self, hashes: np.ndarray, weights: np.ndarray, classes: Classes) -> None:
        unknown = np.zeros((1, TAGS), np.int16)  # the weights of every other feature; its hash is none
        self._hashes = np.append(hashes.astype(np.int64), 1 << 32)
        self._weights = np.concatenate((weights.astype(np.int16), unknown))
        self._buckets = np.searchsorted(hashes, np.arange(1 << 32 - _BUCKET) << _BUCKET)
        self._classes = classes
        self._words: dict[tuple[str, str], bytes] = {}
        self._outside = self._read([OUTSIDE])

    def __call__(self, document: NormalisedText, found: Sentences, marks: Marks) -> np.ndarray:
        """Sums of every word.

        Args:
            document, found, marks: as in `features`.
        Returns: (N, 8) int16; no sum of 80 int8 overflows.
        """
        lines = np.array([list(map(_hash, line)) for line in line_features(document, found)], np.int64)
        sums = self._sums(lines, axis=1).repeat(np.diff(found.borders), axis=0)
        labels = [column for spans in marks.values() for column in _labels(found, spans)]
        for first, last in _blocks(found.borders):
            a, b = found.borders[first], found.borders[last]
            inside = [(crc[a:b], size[a:b]) for crc, size in labels]
            sums[a:b] += self._block(found.spellings[a:b], found.borders[first : last + 1] - a, tuple(marks), inside)
        return sums

    def _block(self, spellings, borders, marked, labels):
        """Sums of the words of some sentences, without those of their lines."""
        words, lengths, count = self._known(spellings), np.diff(borders), len(spellings)
        # Between sentences and around them stand words without letters.
        at = np.arange(count) + REACH * (np.arange(len(lengths)).repeat(lengths) + 1)
        row = np.zeros(count + REACH * (len(lengths) + 1), np.int64)
        row[at] = np.arange(1, count + 1)
        width = len(SPELLED) + len(FOLLOWED) + len(labels)
        crc, size = np.zeros((width, len(row)), np.uint32), np.zeros((width, len(row)), np.int64)
        crc[: len(SPELLED)], size[: len(SPELLED)] = words["crc"][row].T, words["size"][row].T
        for column, (values, sizes) in enumerate((*_followed(words, borders), *labels), start=len(SPELLED)):
            crc[column, at], size[column, at] = values, sizes
        sums = self._sums(_joined(crc, size, at, marked), axis=0)
        for place in range(-REACH, REACH + 1):
            sums += words["weights"][row[at + place], REACH + place]
        return sums

    def _sums(self, hashes, axis):
        """Sums of the weights of features along an axis."""
        return self._weights.take(self._find(hashes), axis=0).sum(axis=axis, dtype=np.int16)

    def _find(self, hashes):
        """Where hashes stand among the known ones, V for the others; int64 of any shape."""
        values = hashes.ravel()
        at = self._buckets.take(values >> _BUCKET)
        there = self._hashes.take(at)
        early = np.flatnonzero(there < values)
        while len(early):
            at[early] += 1
            there[early] = self._hashes.take(at[early])
            early = early[there[early] < values[early]]
        return np.where(there == values, at, len(self._hashes) - 1).reshape(hashes.shape)

    def _known(self, spellings):
        """A row `_WORD` for each word, behind the one of no word."""
        known = self._words  # NOTE: another thread may begin another one
        if len(known) > _KEPT:
            known = self._words = {}
        rows = list(map(known.get, spellings))
        if None in rows:
            new = list(set(spellings) - known.keys())
            forms = lexicon().verbs
            read = self._read([(word, shape, *word_classes(word, self._classes), forms.get(word)) for word, shape in new])
            known.update(zip(new, map(bytes, read), strict=True))
            rows = list(map(known.get, spellings))
        return np.frombuffer(b"".join((self._outside.tobytes(), *rows)), _WORD)

    def _read(self, words):
        """(n,) `_WORD` of n words, each what SPELLED names."""
        rows, parts = np.zeros(len(words), _WORD), [[str(value).encode() for value in values] for values in words]
        rows["crc"], rows["size"] = [list(map(crc32, each)) for each in parts], [list(map(len, each)) for each in parts]
        rows["cue"], rows["verb"] = [values[0] in CUES for values in words], [values[-1] is not None for values in words]
        seen = [alone(word, coarse, fine) for word, _, coarse, fine, _ in words]
        for place in range(-REACH, REACH + 1):  # a word that stands so much further on
            hashes = np.array([[crc32(feature.encode()) for feature in features[place]] for features in seen], np.int64)
            rows["weights"][:, REACH + place] = self._sums(hashes, axis=1)
        return rows


@lru_cache(maxsize=_KEPT)
def _hash(feature: str) -> int:
    return crc32(feature.encode())


def _blocks(borders: np.ndarray) -> Iterator[tuple[int, int]]:
    """Sentences that together have about as many words as a block: (first, after the last)."""
    first, count = 0, len(borders) - 1
    while first < count:
        last = max(int(np.searchsorted(borders, borders[first] + _BLOCK, side="right")) - 1, first + 1)
        yield first, last
        first = last


@cache
def _advance() -> np.ndarray:
    """(n, 4, 256) uint32, flat: what each byte of a CRC-32 adds to it once n more bytes stand behind it, n below _LONGEST."""
    one = np.array([crc32(b"\0", byte) ^ crc32(b"\0") for byte in range(256)], np.uint32)
    found = [np.arange(256, dtype=np.uint32) << np.uint32([[0], [8], [16], [24]])]
    for _ in range(1, _LONGEST):
        found.append(found[-1] >> 8 ^ one[found[-1] & 255])
    return np.array(found).ravel()


def after(crc: np.ndarray, count: np.ndarray) -> np.ndarray:
    """See the module. crc: uint32; count: int64, below `_LONGEST`; of shapes that broadcast."""
    table, at = _advance(), count << 10
    found = table.take(at + (crc & 255))
    for shift in (8, 16, 24):
        at = at + 256
        found ^= table.take(at + (crc >> shift & 255))
    return found


@cache
def _bars() -> np.ndarray:
    """(_LONGEST,) uint32, what `|` in front adds to the CRC-32 of so many bytes."""
    return after(np.uint32(crc32(b"|")), np.arange(_LONGEST))


@lru_cache
def _plan(marked: tuple[str, ...]) -> tuple[np.ndarray, list[tuple[int, np.ndarray, np.ndarray]]]:
    """Templates in arrays, those with fewer parts first.

    Returns: (T, _LONGEST) what `name=` in front adds to the CRC-32 of so many bytes, and for the first, second ... part (first
        template that has one, its column in each, how far on).
    """
    names = [*SPELLED, *FOLLOWED, *(f"{name}{which}" for name in marked for which in (".before", "", ".after"))]
    ordered = sorted(templates(marked).items(), key=lambda template: len(template[1]))
    rounds = []
    for number in range(len(ordered[-1][1])):
        parts = [parts[number] for _, parts in ordered if len(parts) > number]
        columns, shifts = np.array([names.index(column) for column, _ in parts]), np.array([shift for _, shift in parts])
        rounds.append((len(ordered) - len(parts), columns[:, None], shifts[:, None]))
    names = np.array([crc32(f"{name}=".encode()) for name, _ in ordered], np.uint32)
    return after(names[:, None], np.arange(_LONGEST)), rounds


def _joined(crc, size, at, marked):
    """(T, n) int64 CRC-32 of the templates' features of the words at n places.

    Args:
        crc, size: (columns, places) CRC-32 and length of each value.
        at: (n,) int64.
    """
    names, rounds = _plan(marked)
    hashes = np.zeros((len(names), len(at)), np.uint32)
    for first, columns, shifts in rounds:
        which = columns * crc.shape[1] + (at + shifts)
        own, count = crc.take(which), size.take(which)
        if first:
            hashes[first:] = after(hashes[first:], count + 1) ^ _bars().take(count) ^ own
        else:
            hashes[:] = names.take(count + _LONGEST * np.arange(len(names))[:, None]) ^ own
    return hashes.astype(np.int64)


def _followed(words, borders):
    """The columns FOLLOWED of words behind the one of no word: (CRC-32, length) of each."""
    lengths, index = np.diff(borders), np.arange(len(words) - 1)
    first, last = borders[:-1].repeat(lengths), borders[1:].repeat(lengths) - 1

    def row_before(flags):
        """Row of the last flagged word before each in its sentence, 0 without one."""
        row = np.append(0, np.maximum.accumulate(np.where(flags, index + 1, 0))[:-1])
        return np.where(row > first, row, 0)

    cue, verb = row_before(words["cue"][1:]), row_before(words["verb"][1:])
    form, some = SPELLED.index("form"), (verb > 0).astype(np.uint32)
    yield words["crc"][cue, 0], words["size"][cue, 0]
    yield words["crc"][verb, form] * some, words["size"][verb, form] * some
    yield _DIGITS[np.minimum(index - verb, FARTHEST["since"])] * some, some
    yield _DIGITS[np.minimum(index - first, FARTHEST["begin"])], 1
    yield _DIGITS[np.minimum(last - index, FARTHEST["end"])], 1


def _labels(found: Sentences, spans: list[tuple[int, int, str]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labels of the word before, of the word and of the word after: (CRC-32, length) of each, all (N,)."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(label for _, _, label in spans))}
    texts = [b"", *(letter + label.encode() for label in numbers for letter in (b"B", b"I"))]
    begins, ends, kinds = np.array([(*span[:2], numbers[span[2]]) for span in spans], np.int64).reshape(-1, 3).T
    at = np.searchsorted(np.maximum.accumulate(ends), found.starts, side="right")  # the first that ends behind the word's start
    begin = np.append(begins, 1 << 62).take(at)
    which = np.where(begin < found.ends, 1 + 2 * np.append(kinds, 0).take(at) + (begin < found.starts), 0)
    crc, size = (np.array(list(map(measure, texts)), np.int64).take(which) for measure in (crc32, len))
    yield from zip(*([np.append(0, each[:-1]), each, np.append(each[1:], 0)] for each in (crc, size)), strict=True)
