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
    ALONE,
    BIAS,
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
    line_features,
    templates,
    word_classes,
)

TAGS = 8  # of both layers
_BLOCK = 4096  # words whose features are held at a time: a long document takes little memory
_KEPT = 20_000  # words
_LONGEST = 4 * LONGEST_WORD + 2  # bytes of a word and of what joins it
_BUCKET = 15  # bits of a hash that the table of buckets leaves out
_DIGITS = np.array([crc32(b"%d" % digit) for digit in range(10)])
_PARTS = {(part.start, part.stop): part for parts in ALONE.values() for part in parts.values()}  # of a word's letters, each once
_ALONE = [
    (crc32(f"{name}=".encode()), list(_PARTS).index((part.start, part.stop))) for parts in ALONE.values() for name, part in parts.items()
]
_PARTS = [*_PARTS.values()]
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
        self._buckets = np.searchsorted(hashes, np.arange(1 << 32 - _BUCKET) << _BUCKET).astype(np.int32)
        self._classes = classes
        self._bias = self._sums(np.array([crc32(BIAS.encode())]), axis=0)
        self._of_classes = lru_cache(maxsize=_KEPT)(self._weights_of_classes)
        self._words: dict[tuple[str, str], bytes] = {}
        self._outside = self._read([OUTSIDE]).tobytes()

    def __call__(self, document: NormalisedText, found: Sentences, marks: Marks) -> np.ndarray:
        """Sums of every word.

        Args:
            document, found, marks: as in `features`.
        Returns: (N, 8) int16; no sum of 80 int8 overflows.
        """
        lines = np.array([list(map(_hash, line)) for line in line_features(document, found)], np.int64)
        sums = (self._sums(lines, axis=1) + self._bias).repeat(np.diff(found.borders), axis=0)
        labels = _labels(found, marks)
        for first, last in _blocks(found.borders):
            a, b = found.borders[first], found.borders[last]
            sums[a:b] += self._block(found.spellings[a:b], found.borders[first : last + 1] - a, tuple(marks), labels[..., a:b])
        return sums

    def _block(self, spellings, borders, marked, labels):
        """Sums of the words of some sentences, without those of their lines."""
        words, count, width = self._known(spellings), len(spellings), len(SPELLED)
        begin, end = (border.repeat(np.diff(borders)) for border in (borders[:-1], borders[1:]))
        index = np.arange(count)
        places = index + np.arange(-REACH, REACH + 1)[:, None]
        row = np.where((places >= begin) & (places < end), places + 1, 0)  # (5, N), of each place of `ALONE`
        sums = words["weights"][:, 0].take(row[0], axis=0)
        for place in range(1, len(row)):
            sums += words["weights"][:, place].take(row[place], axis=0)
        # Values of all columns, one behind the other: those of a word alone with that of no word in front.
        followed = _followed(words, index, begin, end)
        crc = np.concatenate((words["crc"].T.ravel(), followed[0].ravel(), labels[0].ravel()), dtype=np.uint32, casting="unsafe")
        size = np.concatenate((words["size"].T.ravel(), followed[1].ravel(), labels[1].ravel()))
        starts = np.append(np.arange(width) * (count + 1), width * (count + 1) + count * np.arange(len(FOLLOWED) + len(labels[0])))
        at = np.concatenate((row, index[None]))  # in a column, for each place and for the others
        return sums + self._sums(_joined(crc, size, starts, at, marked), axis=0)

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
        return np.frombuffer(b"".join((self._outside, *rows)), _WORD)

    def _read(self, words):
        """(n,) `_WORD` of n words, each what SPELLED names."""
        rows, parts = np.zeros(len(words), _WORD), [[str(value).encode() for value in values] for values in words]
        rows["crc"], rows["size"] = [list(map(crc32, each)) for each in parts], [list(map(len, each)) for each in parts]
        rows["cue"], rows["verb"] = [values[0] in CUES for values in words], [values[-1] is not None for values in words]
        letters = [[word[part].encode() for part in _PARTS] for word, *_ in words]
        hashes = np.array([[crc32(own[part], name) for name, part in _ALONE] for own in letters], np.int64)
        borders = np.cumsum([0, *map(len, ALONE.values())])[:-1]
        rows["weights"] = np.add.reduceat(self._weights.take(self._find(hashes), axis=0), borders, axis=1)
        rows["weights"] += [self._of_classes(coarse, fine) for _, _, coarse, fine, _ in words]
        return rows

    def _weights_of_classes(self, coarse, fine):
        """(5, 8) int16, what the classes of a word add to the words around it."""
        strings = [[f"c0,{place}={coarse}", f"c1,{place}={fine}"] for place in ALONE]
        return self._sums(np.array([list(map(_hash, each)) for each in strings], np.int64), axis=1)


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
        template that has one, its column in each, its place in each: of ALONE, or after these where only the word itself counts).
    """
    names = [*SPELLED, *FOLLOWED, *(f"{name}{which}" for name in marked for which in (".before", "", ".after"))]
    ordered = sorted(templates(marked).items(), key=lambda template: len(template[1]))
    rounds = []
    for number in range(len(ordered[-1][1])):
        parts = [parts[number] for _, parts in ordered if len(parts) > number]
        columns = [names.index(column) for column, _ in parts]
        places = [REACH + shift if column in SPELLED else len(ALONE) for column, shift in parts]
        rounds.append((len(ordered) - len(parts), np.array(columns), np.array(places)))
    names = np.array([crc32(f"{name}=".encode()) for name, _ in ordered], np.uint32)
    return after(names[:, None], np.arange(_LONGEST)), rounds


def _joined(crc, size, starts, at, marked):
    """(T, N) int64 CRC-32 of the templates' features.

    Args:
        crc, size: CRC-32 and length of the values of all columns.
        starts: where each column begins.
        at: (6, N) int64, where in a column stands what a word sees at each place.
    """
    names, rounds = _plan(marked)
    hashes = np.zeros((len(names), at.shape[1]), np.uint32)
    for first, columns, places in rounds:
        which = at.take(places, axis=0)
        which += starts.take(columns)[:, None]
        own, count = crc.take(which), size.take(which)
        if first:
            hashes[first:] = after(hashes[first:], count + 1) ^ _bars().take(count) ^ own
        else:
            hashes[:] = names.take(count + _LONGEST * np.arange(len(names))[:, None]) ^ own
    return hashes.astype(np.int64)


def _followed(words, index, begin, end):
    """The columns FOLLOWED of words behind the one of no word: (2, 5, N) CRC-32 and length."""

    def row_before(flags):
        """Row of the last flagged word before each in its sentence, 0 without one."""
        row = np.append(0, np.maximum.accumulate(np.where(flags, index + 1, 0))[:-1])
        return np.where(row > begin, row, 0)

    cue, verb = row_before(words["cue"][1:]), row_before(words["verb"][1:])
    form, some = SPELLED.index("form"), verb > 0
    digits = [np.minimum(index - verb, FARTHEST["since"]), np.minimum(index - begin, FARTHEST["begin"])]
    since, *ends = _DIGITS.take([*digits, np.minimum(end - 1 - index, FARTHEST["end"])])
    one = np.ones(len(index), np.int64)
    crc = [words["crc"][:, 0].take(cue), words["crc"][:, form].take(verb) * some, since * some, *ends]
    return np.array([crc, [words["size"][:, 0].take(cue), words["size"][:, form].take(verb) * some, some, one, one]], np.int64)


def _labels(found: Sentences, marks: Marks) -> np.ndarray:
    """Labels of the word before, of the word and of the word after, a name after the other: (2, 3 * names, N) CRC-32 and length."""
    far = int(found.ends[-1]) + 1  # each name's spans lie behind those of the name before
    spans = [(far * number + start, far * number + end, label) for number, each in enumerate(marks.values()) for start, end, label in each]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(label for _, _, label in spans))}
    texts = [b"", *(letter + label.encode() for label in numbers for letter in (b"B", b"I"))]
    begins, ends, kinds = np.array([(start, end, numbers[label]) for start, end, label in spans], np.int64).reshape(-1, 3).T
    shift = far * np.arange(len(marks))[:, None]
    starts = found.starts + shift
    at = np.searchsorted(np.maximum.accumulate(ends), starts, side="right")  # the first that ends behind the word's start
    begin = np.append(begins, 1 << 62).take(at)
    which = np.where(begin < found.ends + shift, 1 + 2 * np.append(kinds, 0).take(at) + (begin < starts), 0)
    seen = np.zeros((len(marks), 3, len(found.starts)), np.int64)
    seen[:, 0, 1:], seen[:, 1], seen[:, 2, :-1] = which[:, :-1], which, which[:, 1:]
    return np.array([list(map(crc32, texts)), list(map(len, texts))]).take(seen.reshape(-1, len(found.starts)), axis=1)
