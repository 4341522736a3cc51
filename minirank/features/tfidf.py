"""Text as hashed words and hashed parts of words: a stable hash into buckets, document frequencies of training texts, TF-IDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from minirank.features.embeddings import Vectors
from minirank.features.links import Links
from minirank.features.sparse import Weights, dots_shared, offsets_of, row_of_entries
from minirank.features.sparse_kernels import count_terms, dot_spread_three, keep_largest, saturate, tfidf
from minirank.features.word_counts import counts_of, hashed_counts

BM25_K, BM25_B = 1.2, 0.75  # saturation, and how much the length counts
FOREIGN_WORDS, FOREIGN_SHARE = 3, 0.2  # more unknown words than so many and this share, or twice what is usual: another world


@dataclass(frozen=True)
class Rarity:
    """How rare hashed terms are in the training texts.

    Args:
        buckets: hash buckets.
        kept: (V,) int32 ascending, the buckets of terms that enough training texts hold.
        idf: (V,) float64.
        texts: n, how many training texts there are. A term that is not kept is as rare as one that none of them holds.
        terms: how many hashed terms they hold; 0 where this was loaded.
        dropped: the share of (text, term) pairs there whose term is not kept.
        compared: (buckets,) float64 idf among texts that are compared, which counts instead; None for that of training.
    """

    buckets: int
    kept: np.ndarray
    idf: np.ndarray
    texts: int
    terms: int = 0
    dropped: float = 0.0
    compared: np.ndarray | None = None

    @classmethod
    def fit(cls, counts: csr_array, min_count: int) -> Rarity:
        """Document frequencies of training texts.

        idf_v = ln((1 + n) / (1 + df_v)) + 1

        Args:
            counts: (n, buckets), the training texts, from `hashed_counts`.
            min_count: texts that must hold a term.
        """
        texts, buckets = counts.shape
        return cls.of_frequencies(np.bincount(counts.indices, minlength=buckets), texts, min_count)

    @classmethod
    def of_frequencies(cls, frequency: np.ndarray, texts: int, min_count: int) -> Rarity:
        """`fit` of n texts, of which frequency[v], (buckets,) int64, hold term v."""
        kept = np.flatnonzero(frequency >= min_count).astype(np.int32)
        idf = np.log((1 + texts) / (1 + frequency[kept])) + 1
        dropped = 1 - frequency[kept].sum() / max(frequency.sum(), 1)
        return cls(len(frequency), kept, idf, texts, int(np.count_nonzero(frequency)), float(dropped))

    @cached_property
    def weights(self) -> np.ndarray:
        """(buckets,) float64 idf, ln(1 + n) + 1 for terms that are not kept."""
        if self.compared is not None:
            return self.compared
        weights = np.full(self.buckets, np.log(1 + self.texts) + 1)
        weights[self.kept] = self.idf
        return weights

    def among(self, counts: csr_array) -> Rarity:
        """The same terms, as rare as they are among texts that are compared.

        idf_v = ln(1 + (n - df_v + 1/2) / (df_v + 1/2))

        Args:
            counts: (n, buckets) of these texts.
        Source: Robertson and Sparck Jones, Journal of the American Society for Information Science 27, 1976, kept above 0.
        """
        holders = np.bincount(counts.indices, minlength=self.buckets)
        return replace(self, compared=np.log1p((counts.shape[0] - holders + 0.5) / (holders + 0.5)))

    @cached_property
    def place(self) -> np.ndarray:
        """(buckets,) int32, the place of a term in `kept`, -1 where it is not."""
        place = np.full(self.buckets, -1, np.int32)
        place[self.kept] = np.arange(len(self.kept), dtype=np.int32)
        return place

    def tfidf(self, counts: csr_array) -> csr_array:
        """Rows of unit length: (1 + ln count) idf.

        Args:
            counts: (n, buckets).
        Returns:
            (n, buckets) float64; the row of an empty text is empty.
        """
        with np.errstate(divide="ignore"):
            logs = np.log(np.arange(counts.data.max(initial=0) + 1))
        return _with_numbers(counts, lambda out: tfidf(counts.indptr, counts.indices, counts.data, self.weights, logs, out))

    @staticmethod
    def said(counts: np.ndarray) -> np.ndarray:
        """1 + ln count: how much it is that a term is said so often."""
        return 1 + np.log(counts)

    def lengths(self, counts: csr_array) -> np.ndarray:
        """(n,) lengths of the rows of `tfidf` before they are of unit length."""
        values = self.said(counts.data) * self.weights[counts.indices]
        return np.sqrt(np.bincount(row_of_entries(counts), values**2, minlength=counts.shape[0]))

    def shares(self, counts: csr_array, often: bool = False) -> csr_array:
        """(n, buckets) float64: the idf of each term that a text holds, as a share of their sum; `often`: each as often as it is said."""
        values, row = self.weights[counts.indices] * (counts.data if often else 1), row_of_entries(counts)
        return csr_array((values / np.bincount(row, values)[row], counts.indices, counts.indptr), shape=counts.shape)

    def rarity_beside(self, part: csr_array, whole: csr_array) -> np.ndarray:
        """(n,) how rare the terms of a part of each text are beside all its terms, within 0 .. 1.

            min(m_part / m_whole, 1),    m: mean idf of the terms that it holds, once each; 1 for a part without any

        A line of words that stand in every text says little, however much of it is found: BM25's sum is small then, its share is not.

        Args:
            part, whole: (n, buckets), what they hold.
        """
        means = [_mean_weight(self.weights, rows) for rows in (part, whole)]
        return np.where(means[0] > 0, np.minimum(means[0] / np.where(means[1] > 0, means[1], 1.0), 1.0), 1.0)

    def of_kept(self, rows: csr_array) -> csr_array:
        """(n, V), the columns of the terms that are kept.

        Args:
            rows: (n, buckets).
        """
        column = self.place[rows.indices]
        known = column >= 0
        before = np.concatenate([[0], np.cumsum(known)])
        return csr_array((rows.data[known], column[known], before[rows.indptr]), shape=(rows.shape[0], len(self.kept)))


@dataclass(frozen=True)
class TextModel:
    """What training texts say of words and of their parts.

    Args:
        bigrams: pairs of neighbouring words count as words.
        words: word kept[v] has token id v + 1; id 0 is unknown.
        parts: of parts of words, in which inflected forms and typing errors meet.
        length, word_length: parts of words, and words, in a training resume, the means.
        most_unknown: share of unknown words above which a text is foreign.
        links: other words for the names that extraction uses.
        vectors: of the pieces of texts, or None.
    """

    bigrams: bool
    words: Rarity
    parts: Rarity
    length: float
    word_length: float
    most_unknown: float
    links: Links = Links()
    vectors: Vectors | None = None

    @classmethod
    def fit(cls, words: csr_array, parts: csr_array, resumes: int, min_count: int, bigrams: bool = False) -> TextModel:
        """Statistics of training texts.

        Args:
            words, parts: (n, buckets) counts of the training texts; the last `resumes` of them are resumes.
            min_count: texts that must hold a word or a part of one.
            bigrams: how `words` were made.
        """
        length, word_length = (float(counts[-resumes:].sum() / resumes) for counts in (parts, words))
        frequency = np.bincount(words.indices, minlength=words.shape[1])
        shares = unknown_shares(words, frequency <= min_count)
        sides = shares[: len(shares) - resumes], shares[len(shares) - resumes :]
        return cls(bigrams, Rarity.fit(words, min_count), Rarity.fit(parts, min_count), length, word_length, most_unknown(sides))

    def __len__(self) -> int:
        return len(self.words.kept)

    def count(self, texts: Sequence[str]) -> tuple[csr_array, csr_array]:
        """(n, buckets) counts of the words and of the parts of words of n texts."""
        return counts_of(texts, self.words.buckets, self.bigrams)

    def count_words(self, texts: Sequence[str]) -> csr_array:
        """(n, buckets) counts of the words of n texts."""
        return hashed_counts(texts, self.words.buckets, self.bigrams)

    def count_parts(self, texts: Sequence[str]) -> csr_array:
        """(n, buckets) counts of the parts of words of n texts."""
        return hashed_counts(texts, self.parts.buckets, parts=True)

    def known(self, words: csr_array) -> np.ndarray:
        """(n,) share of a text's words that are kept, 1 for a text without words.

        Args:
            words: (n, buckets) counts.
        """
        count, kept = _sums(words, self.words.place[words.indices] >= 0)
        return np.divide(kept, count, out=np.ones(len(count)), where=count > 0)

    def foreign(self, words: csr_array) -> np.ndarray:
        """(n,) bool, whether so many words of a text are not kept that it is from another world than the training texts.

        Args:
            words: (n, buckets) counts.
        """
        count, unknown = _sums(words, self.words.place[words.indices] < 0)
        return unknown > FOREIGN_WORDS + self.most_unknown * count

    def among(self, words: csr_array, parts: csr_array) -> TextModel:
        """The model for texts that are compared with each other: where most of them are foreign, words and their parts are as rare,
        and texts as long, as they are among them. Else the model of training.

        Args:
            words, parts: (n, buckets) counts of the texts.
        """
        if 2 * self.foreign(words).sum() <= words.shape[0]:
            return self
        length, word_length = (float(counts.sum() / counts.shape[0]) for counts in (parts, words))
        return replace(self, words=self.words.among(words), parts=self.parts.among(parts), length=length, word_length=word_length)

    def weights(self, of_words: Weights, of_parts: Weights) -> tuple[Weights, dict[str, Weights]]:
        """The rows of `Rarity.tfidf` of parts of words, and those of `saturated` of words and of parts, computed where they are multiplied.

        Args:
            of_words, of_parts: `Weights.of_counts` of n texts, whose entries these share.
        """
        words, parts = of_words.counts(self.words.buckets), of_parts.counts(self.parts.buckets)
        most = {"words": self.most(words, self.word_length), "parts": self.most(parts, self.length)}
        saturated = {name: replace(each, by_row=most[name]) for name, each in (("words", of_words), ("parts", of_parts))}
        with np.errstate(divide="ignore"):
            said = self.parts.said(of_parts.numbers)
        return replace(of_parts, numbers=said, idf=self.parts.weights, by_row=self.parts.lengths(parts)), saturated

    def saturated(self, counts: csr_array, length: float) -> csr_array:
        """tf / (tf + k (1 - b + b length / mean length)): the part of BM25 that the searched text decides, within 0 .. 1.

        Args:
            counts: (n, buckets) counts of words, or of parts of words.
            length: the mean.
        Returns:
            (n, buckets) float64.
        """
        most = self.most(counts, length)
        return _with_numbers(counts, lambda out: saturate(counts.indptr, counts.data, most, out))

    @staticmethod
    def most(counts: csr_array, length: float) -> np.ndarray:
        """(n,) k (1 - b + b length / mean length) of each text; arguments as for `saturated`."""
        lengths = np.bincount(row_of_entries(counts), counts.data, minlength=counts.shape[0])
        return BM25_K * (1 - BM25_B + BM25_B * lengths / max(length, 1.0))


def most_unknown(sides: Sequence[np.ndarray]) -> float:
    """`TextModel.most_unknown`, of the `unknown_shares` of training jobs and of training resumes."""
    usual = max((float(np.quantile(side, 0.95)) for side in sides if len(side)), default=1.0)
    return min(max(FOREIGN_SHARE, 2 * usual), 1.0)


def unknown_shares(words: csr_array, rare: np.ndarray) -> np.ndarray:
    """(n,) share of the words of training texts that would be unknown if training did not have the text.

    Args:
        words: (n, buckets) counts. rare: (buckets,) bool, what no more texts hold than a word must to be kept.
    """
    count, unknown = _sums(words, rare[words.indices])
    return np.divide(unknown, count, out=np.ones(len(count)), where=count > 0)


def _with_numbers(rows: csr_array, write: Callable[[np.ndarray], None]) -> csr_array:
    """The same places with other numbers, float64."""
    numbers = np.empty(len(rows.data))
    write(numbers)
    return csr_array((numbers, rows.indices, rows.indptr), shape=rows.shape)


def _mean_weight(weights: np.ndarray, rows: csr_array) -> np.ndarray:
    """(n,) mean weight of the columns that each row holds, 0 of an empty row."""
    total = np.bincount(row_of_entries(rows), weights[rows.indices], minlength=rows.shape[0])
    return total / np.maximum(np.diff(rows.indptr), 1)


def _sums(counts: csr_array, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) words of each text, and (n,) those of the chosen entries."""
    row, n = row_of_entries(counts), counts.shape[0]
    return np.bincount(row, counts.data, minlength=n), np.bincount(row, counts.data * chosen, minlength=n)


def top_tokens(weights: csr_array, most: int) -> csr_array:
    """The tokens of highest weight in each row.

    Args:
        weights: (n, V), for example TF-IDF; ties go to the lower column.
        most: ids kept in a row.
    Returns:
        (n, V + 1), ascending columns, which are ids: one more than in `weights`.
    """
    row = row_of_entries(weights)
    kept = np.empty(len(row), bool)
    keep_largest(weights.indptr, weights.data, most, kept)
    rows, columns = weights.shape
    return csr_array((weights.data[kept], weights.indices[kept] + 1, offsets_of(row[kept], rows)), shape=(rows, columns + 1))


DRIVERS = (count_terms, tfidf, saturate, keep_largest, dot_spread_three)


def run_drivers() -> None:
    """Compile them, by use on a text of two words."""
    counts, row = hashed_counts(["a b"], 4), np.zeros(1, np.int64)
    Rarity.fit(counts, 1).tfidf(counts)
    _with_numbers(counts, lambda out: saturate(counts.indptr, counts.data, np.ones(1), out))
    top_tokens(counts, 1)
    dots_shared([counts] * 3, row, [counts] * 3, row)
