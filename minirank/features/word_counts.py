"""How often each hashed word, or part of a word, stands in each of many texts."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import chain, islice

import numpy as np
from scipy.sparse import csr_array

from minirank.extract.rules.nearest_label import parts_of
from minirank.features.sparse_kernels import count_terms
from minirank.progress import counted

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Combining marks, which \w leaves out although they stand inside words: Latin, Hebrew, Arabic, Indic scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_WORDS = re.compile(rf"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])[\w+#{_MARKS}])+)")
_ASCII = "".join(c if c.isalnum() or c in "_+#" else " " for c in map(chr, range(128))).lower()
CHUNK = 1_024  # texts whose words are held at a time


def words(text: str) -> list[str]:
    """Lower-case NFKC runs of letters, digits, _, + and # (as in c++); character pairs where words are not spaced.

    A single unspaced character is a word.
    """
    if text.isascii():  # SPEED: the same words, several times faster than the pattern
        return text.translate(_ASCII).split()
    found = []
    for run, word in _WORDS.findall(unicodedata.normalize("NFKC", text).lower()):
        if word:
            found.append(word)
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return found


def _code(word: str) -> int:
    """A 64-bit code of a word, the same in every process."""
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def hashed_counts(texts: Sequence[str], buckets: int, bigrams: bool = False, parts: bool = False) -> csr_array:
    """How often each hashed word, or part of a word, stands in each text.

    Args:
        texts: n strings.
        buckets: columns of the result; bucket 0 stays empty (it means unknown).
        bigrams: also count pairs of neighbouring words.
        parts: count the parts of words instead, see `parts_of`.
    Returns:
        (n, buckets) float64 counts, canonical.
    """
    return TermCounter([_Counts(buckets, bigrams and not parts, parts)]).count(texts)[0]


def counts_of(texts: Sequence[str], buckets: int, bigrams: bool = False) -> tuple[csr_array, csr_array]:
    """`hashed_counts` of words and of parts of words, for which the texts are read once."""
    of_words, of_parts = TermCounter.of_both(buckets, bigrams).count(texts)
    return of_words, of_parts


class TermCounter:
    """Counts terms in texts, some after others; a word that was met before is not hashed again.

    Args:
        kinds: what is counted.
    """

    def __init__(self, kinds: list[_Counts]) -> None:
        self._kinds = kinds
        self._place: defaultdict[str, int] = defaultdict()
        self._place.default_factory = self._place.__len__

    @classmethod
    def of_both(cls, buckets: int, bigrams: bool) -> TermCounter:
        """That of `counts_of`."""
        return cls([_Counts(buckets, bigrams, parts=False), _Counts(buckets, False, parts=True)])

    def count(self, texts: Sequence[str], progress: bool = True) -> list[csr_array]:
        """(n, buckets) of each kind for n texts, float64 and canonical; `progress`: whether it is a stage of its own."""
        for chunk in _chunks(counted("counting words", texts, len(texts), "texts") if progress else texts):
            found = list(map(words, chunk))
            offsets = np.zeros(len(found) + 1, np.int64)
            np.cumsum(np.fromiter(map(len, found), np.int64, len(found)), out=offsets[1:])
            before = len(self._place)
            ids = np.fromiter(map(self._place.__getitem__, chain.from_iterable(found)), np.int32, int(offsets[-1]))
            new = list(islice(self._place, before, None))
            for each in self._kinds:
                each.learn(new)
                each.add(ids, offsets)
        return [each.rows() for each in self._kinds]


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    texts = iter(texts)
    while chunk := list(islice(texts, CHUNK)):
        yield chunk


class _Counts:
    """Counts that grow text by text; a word is known by its place among those that were learned.

    Args:
        buckets, bigrams, parts: of `hashed_counts`.
    """

    def __init__(self, buckets: int, bigrams: bool, parts: bool) -> None:
        self._buckets, self._bigrams, self._parts = buckets, bigrams, parts
        self._code = cache(_code)  # SPEED: each word, and each part of one, is hashed once
        self._starts, self._codes = np.zeros(1, np.int64), np.empty(0, np.uint64)  # word w stands for codes starts[w] .. starts[w + 1] - 1
        self._columns = np.empty(0, np.int32)  # of the codes
        self._seen = np.zeros(buckets, np.int32)
        self._begin()

    def _begin(self) -> None:
        # SPEED: bytearrays grow where they are, while arrays that are joined in the end take their memory twice.
        self._ends, self._found, self._numbers = [np.zeros(1, np.int64)], bytearray(), bytearray()

    def learn(self, new: list[str]) -> None:
        """Take further words."""
        if not new:
            return
        terms = [parts_of(word) if self._parts else [word] for word in new]
        ends = self._starts[-1] + np.cumsum(np.fromiter(map(len, terms), np.int64, len(terms)))
        codes = np.fromiter(map(self._code, chain.from_iterable(terms)), np.uint64, sum(map(len, terms)))
        self._starts, self._codes = np.concatenate([self._starts, ends]), np.concatenate([self._codes, codes])
        self._columns = np.concatenate([self._columns, (codes % np.uint64(self._buckets - 1)).astype(np.int32) + np.int32(1)])

    def add(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        """Count further texts; that of place i has the words ids[offsets[i]] .. ids[offsets[i + 1] - 1]."""
        most = int(np.diff(self._starts)[ids].sum()) + len(ids) * self._bigrams
        ends, found, numbers = np.empty(len(offsets) - 1, np.int64), np.empty(most, np.int32), np.empty(most, np.float64)
        arrays = self._starts, self._columns, self._codes, self._bigrams, np.uint64(self._buckets - 1), self._seen
        count = count_terms(ids, offsets, *arrays, ends, found, numbers)
        self._ends.append(self._ends[-1][-1] + ends)
        self._found += found[:count].data
        self._numbers += numbers[:count].data

    def rows(self) -> csr_array:
        """(texts, buckets) float64, canonical, of the texts that were added; those that follow are counted anew."""
        ends = np.concatenate(self._ends)
        arrays = np.frombuffer(self._numbers, np.float64), np.frombuffer(self._found, np.int32), ends
        made = csr_array(arrays, shape=(len(ends) - 1, self._buckets))
        made.has_canonical_format = True
        self._begin()
        return made
