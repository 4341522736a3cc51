"""What the features of every word add up to. Letters: N words, S sentences, T features, V known ones.

No string of a feature is made: what depends on one word alone is summed once for each word that is met, and kept; the others are
hashed and summed by the kernels.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice
from zlib import crc32

import numpy as np

from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules import tagger_kernels as kernels
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.tagger_features import (
    ALONE,
    BIAS,
    CUES,
    FOLLOWED,
    LONGEST_WORD,
    OUTSIDE,
    SPELLED,
    Classes,
    Marks,
    Sentences,
    line_features,
    templates,
    word_classes,
)

TAGS = 8  # of both layers
_KEPT = 20_000  # words
_LONGEST = 4 * LONGEST_WORD + 2  # bytes of a word and of what joins it
_DIGITS = np.array([crc32(b"%d" % digit) for digit in range(10)], np.uint32)
# A word as it is kept: CRC-32 and length of what SPELLED names, whether it is a cue or a verb, what it adds to the words around it.
_WORD = np.dtype([("columns", np.uint32, (2, len(SPELLED))), ("turns", bool, 2), ("around", np.int16, (len(ALONE), TAGS))])
# Features of a word alone: CRC-32 of `name=`, and which of its letters follow.
_ALONE = [(crc32(f"{name}=".encode()), part) for parts in ALONE.values() for name, part in parts.items()]


class FeatureScores:
    """Sums of the weights of words' features.

    Args:
        hashes: (V,) uint32, sorted: CRC-32 of the known features.
        weights: (V, 8) int8.
        classes: Classes.
    """

    def __init__(self, hashes: np.ndarray, weights: np.ndarray, classes: Classes) -> None:
        buckets = np.searchsorted(hashes, np.arange(1 << 32 - kernels.BUCKET) << kernels.BUCKET)
        # Behind all others stands a feature without weight: every one that is not known.
        weightless = np.zeros((1, TAGS), np.int8)
        self._known = np.append(hashes, np.uint32(0xFFFFFFFF)), buckets.astype(np.int32), np.concatenate((weights, weightless))
        self._classes = classes
        self._of_classes = lru_cache(maxsize=_KEPT)(self._sums_of_classes)
        self._words: dict[tuple[str, str], bytes] = {}
        self._outside = self._read([OUTSIDE]).tobytes()

    def __call__(self, document: NormalisedText, found: Sentences, marks: Marks) -> np.ndarray:
        """Sums of every word.

        Args:
            document, found, marks: as in `features`.
        Returns: (N, 8) int32.
        """
        lines = [[crc32(feature.encode()) for feature in (BIAS, *line)] for line in line_features(document, found)]
        sums = self._sum(lines).repeat(np.diff(found.borders), axis=0)
        words, labels, (parts, names) = self._read_known(found.spellings), _labels(found, marks), _plan(tuple(marks))
        columns = np.empty((2, len(SPELLED) + len(FOLLOWED) + 3 * len(marks)), np.uint32)
        columns_of, turns, around = (np.ascontiguousarray(words[field]) for field in ("columns", "turns", "around"))
        scratch = columns, np.empty(len(parts), np.uint32), np.empty(len(parts), np.int64)
        texts = *labels, _DIGITS, parts, names, _bars(), _advance()
        kernels.sum_words(found.borders, columns_of, around, turns, *texts, *self._known, *scratch, sums)
        return sums

    def _sum(self, values):
        """(n, 8) int32, sums of the weights of features, of n lists of hashes of one length."""
        values = np.array(values, np.uint32).reshape(len(values), -1)
        sums = np.zeros((len(values), TAGS), np.int32)
        kernels.sum_features(values, *self._known, np.empty(values.shape[1], np.int64), sums)
        return sums

    def _read_known(self, spellings):
        """A row `_WORD` for each word, behind the one of no word."""
        known = self._words  # NOTE: another thread may begin another one
        if len(known) > _KEPT:
            known = self._words = {}
        try:
            rows = [known[spelled] for spelled in spellings]
        except KeyError:
            new = list(set(spellings) - known.keys())
            forms = lexicon().verbs
            read = self._read([(word, shape, *word_classes(word, self._classes), forms.get(word)) for word, shape in new])
            known.update(zip(new, map(bytes, read), strict=True))
            rows = [known[spelled] for spelled in spellings]
        return np.frombuffer(b"".join((self._outside, *rows)), _WORD)

    def _read(self, words):
        """(n,) `_WORD` of n words, each what SPELLED names."""
        rows, parts = np.zeros(len(words), _WORD), [[str(value).encode() for value in values] for values in words]
        rows["columns"] = [(list(map(crc32, each)), list(map(len, each))) for each in parts]
        rows["turns"] = [(values[0] in CUES, values[-1] is not None) for values in words]
        hashes = [iter([crc32(word[part].encode(), name) for name, part in _ALONE]) for word, *_ in words]
        for place, features in enumerate(ALONE.values()):
            rows["around"][:, place] = self._sum([list(islice(each, len(features))) for each in hashes])
        rows["around"] += np.array([self._of_classes(coarse, fine) for _, _, coarse, fine, _ in words], np.int16)
        return rows

    def _sums_of_classes(self, coarse, fine):
        """(5, 8) int32, what the classes of a word add to the words around it."""
        return self._sum([[crc32(f"c{grain},{place}={own}".encode()) for grain, own in enumerate((coarse, fine))] for place in ALONE])


@cache
def _advance() -> np.ndarray:
    """(_LONGEST, 4, 256) uint32, see `kernels.after`."""
    one = np.array([crc32(b"\0", byte) ^ crc32(b"\0") for byte in range(256)], np.uint32)
    found = [np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], np.uint32)]
    for _ in range(1, _LONGEST):
        found.append(found[-1] >> 8 ^ one[found[-1] & 255])
    return np.array(found)


def _prefixes(texts: list[bytes]) -> np.ndarray:
    """(n, _LONGEST) uint32, what each of n texts in front adds to the CRC-32 of so many bytes."""
    crc = np.array(list(map(crc32, texts)))[:, None]
    return np.bitwise_xor.reduce([_advance()[:, byte].T[crc >> 8 * byte & 255] for byte in range(4)])[:, 0]


@lru_cache
def _plan(marked: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Templates in arrays.

    Returns: (T, 3, 2) int64, column and shift of each part, -1 where there is none; (T, _LONGEST) `_prefixes` of their names.
    """
    columns = [*SPELLED, *FOLLOWED, *(f"{name}{which}" for name in marked for which in (".before", "", ".after"))]
    parts = np.full((len(templates(marked)), 3, 2), -1)
    for template, own in zip(parts, templates(marked).values(), strict=True):
        template[: len(own)] = [(columns.index(column), shift) for column, shift in own]
    return parts, _prefixes([f"{name}=".encode() for name in templates(marked)])


@cache
def _bars() -> np.ndarray:
    return _prefixes([b"|"])[0]


def _labels(found: Sentences, marks: Marks) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the words.

    Returns: (names, N) int64, the number of each word's label; (2, labels) uint32, CRC-32 and length of the labels, first of none.
    """
    kinds = dict.fromkeys(label for spans in marks.values() for _, _, label in spans)
    texts = [b"", *(letter + label.encode() for label in kinds for letter in (b"B", b"I"))]
    assert max(map(len, texts)) < _LONGEST - 1
    numbers = dict(zip(kinds, range(1, len(texts), 2), strict=True))
    spans = np.array([(start, end, numbers[label]) for each in marks.values() for start, end, label in each], np.int64).reshape(-1, 3)
    labels = np.empty((len(marks), len(found.starts)), np.int64)
    kernels.label_words(found.starts, found.ends, spans, np.cumsum([0, *map(len, marks.values())]), labels)
    return labels, np.array([list(map(crc32, texts)), list(map(len, texts))], np.uint32)
