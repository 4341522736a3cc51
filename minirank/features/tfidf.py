"""Text as hashed words: a stable hash into buckets, document frequencies of training texts, TF-IDF."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import numpy as np
from scipy.sparse import csr_array

from minirank.features.sparse import offsets_of, row_of_entries

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Combining marks, which \w leaves out although they stand inside words: Latin, Hebrew, Arabic, Indic scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_WORDS = re.compile(rf"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])[\w+#{_MARKS}])+)")
_ASCII = "".join(c if c.isalnum() or c in "_+#" else " " for c in map(chr, range(128))).lower()


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


def hashed_counts(texts: Iterable[str], buckets: int, bigrams: bool = False) -> csr_array:
    """How often each hashed word stands in each text.

    Args:
        texts: n strings.
        buckets: columns of the result; bucket 0 stays empty (it means unknown).
        bigrams: also count pairs of neighbouring words.
    Returns:
        (n, buckets) float64 counts, canonical.
    """
    code_of = cache(_code)  # SPEED: each word is hashed once
    lists = [np.fromiter(map(code_of, words(text)), np.uint64) for text in texts]
    codes = np.concatenate([np.empty(0, np.uint64), *lists])
    row = np.repeat(np.arange(len(lists)), [len(found) for found in lists])
    if bigrams:
        inside = row[1:] == row[:-1]
        pairs = (codes[:-1] * np.uint64(0x9E3779B97F4A7C15) + codes[1:])[inside]  # wraps around: a hash of both
        order = np.argsort(np.concatenate([row, row[1:][inside]]), kind="stable")
        codes, row = np.concatenate([codes, pairs])[order], np.concatenate([row, row[1:][inside]])[order]
    columns = (codes % np.uint64(buckets - 1)).astype(np.int32) + 1
    counts = csr_array((np.ones(len(columns)), columns, offsets_of(row, len(lists))), shape=(len(lists), buckets))
    counts.sum_duplicates()
    return counts


@dataclass(frozen=True)
class TextModel:
    """Hashed words that enough training texts hold, and how rare they are there.

    Args:
        buckets: hash buckets.
        bigrams: pairs of neighbouring words count too.
        kept: (V,) int32 ascending, the buckets in use; bucket kept[v] has token id v + 1, id 0 is unknown.
        idf: (V,) float64.
        words: how many hashed words the training texts hold; 0 where the model was loaded.
        dropped: the share of (text, word) pairs there whose word is not kept.
    """

    buckets: int
    bigrams: bool
    kept: np.ndarray
    idf: np.ndarray
    words: int = 0
    dropped: float = 0.0

    @classmethod
    def fit(cls, counts: csr_array, min_count: int, bigrams: bool = False) -> TextModel:
        """Document frequencies of training texts.

        idf_v = ln((1 + n) / (1 + df_v)) + 1

        Args:
            counts: (n, buckets), the training texts, from `hashed_counts`.
            min_count: texts that must hold a word.
            bigrams: how `counts` were made.
        """
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = np.flatnonzero(frequency >= min_count).astype(np.int32)
        idf = np.log((1 + counts.shape[0]) / (1 + frequency[kept])) + 1
        dropped = 1 - frequency[kept].sum() / max(frequency.sum(), 1)
        return cls(counts.shape[1], bigrams, kept, idf, int(np.count_nonzero(frequency)), float(dropped))

    def __len__(self) -> int:
        return len(self.kept)

    def counts(self, texts: Iterable[str]) -> csr_array:
        """Counts of hashed words, ready for `tfidf`."""
        return hashed_counts(texts, self.buckets, self.bigrams)

    def tfidf(self, counts: csr_array) -> csr_array:
        """Rows of unit length: (1 + ln count) idf; words not kept are dropped.

        Args:
            counts: (n, buckets).
        Returns:
            (n, V) float64; the row of a text without a kept word is empty.
        """
        position = np.full(self.buckets, -1, np.int32)
        position[self.kept] = np.arange(len(self.kept), dtype=np.int32)
        column = position[counts.indices]
        known = column >= 0
        before = np.concatenate([[0], np.cumsum(known)])
        column, offsets = column[known], before[counts.indptr]
        values = (1 + np.log(counts.data[known])) * self.idf[column]
        row = np.repeat(np.arange(counts.shape[0]), np.diff(offsets))
        length = np.sqrt(np.bincount(row, values**2, minlength=counts.shape[0]))
        return csr_array((values / length[row], column, offsets), shape=(counts.shape[0], len(self.kept)))


def top_tokens(weights: csr_array, most: int) -> csr_array:
    """The tokens of highest weight in each row.

    Args:
        weights: (n, V), for example TF-IDF; ties go to the lower column.
        most: ids kept in a row.
    Returns:
        (n, V + 1), ascending columns, which are ids: one more than in `weights`.
    """
    row = row_of_entries(weights)
    kept = np.ones(len(row), bool)
    for start, end in zip(weights.indptr[:-1], weights.indptr[1:]):
        if end - start > most:
            kept[start + np.argsort(-weights.data[start:end], kind="stable")[most:]] = False
    rows, columns = weights.shape
    return csr_array((weights.data[kept], weights.indices[kept] + 1, offsets_of(row[kept], rows)), shape=(rows, columns + 1))
