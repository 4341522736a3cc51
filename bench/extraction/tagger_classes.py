"""Word classes: words with the same neighbours get the same number, learnt from text that nobody annotated.

A few thousand annotated sentences name few of the words that an advertisement uses; a class stands for the rest.
"""

import re
from collections import Counter
from collections.abc import Iterable
from zlib import crc32

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import svds

from minirank.extract.normalised_text import WORDS
from minirank.extract.rules.tagger_features import LONGEST_WORD, spelling

_WORDS, _NEIGHBOURS, _MIN_COUNT = 12_000, 1_500, 4
_WIDTH = 60  # of a word's vector
_GRAINS = (64, 256)
_ANNOTATED_WEIGHT = 2  # advertisements count twice
_BREAK = re.compile(r"[\n.|;]")


def word_classes(annotated: list[list[str]], texts: Iterable[str], grains: tuple[int, int] = _GRAINS) -> dict[int, tuple[int, int]]:
    """Classes of the frequent words: {CRC-32 of the word: (coarse, fine)}.

    Positive pointwise mutual information of a word with its two neighbours on either side, its first singular
    vectors, k-means. Empty where there are too few words.

    Args:
        annotated: lists of words, as `Sentence` has them.
        texts: iterable of str.
        grains: numbers of classes, at most 256.
    Source: Levy and Goldberg, NIPS 2014 (matrix); Miller, Guinness and Zamanian, NAACL 2004 (classes for tagging).
    """
    lines = [*annotated] * _ANNOTATED_WEIGHT
    for text in texts:
        for line in _BREAK.split(text):
            words = [spelling(m[0][:LONGEST_WORD])[0] for m in WORDS.finditer(line) if m[0] != ","]
            if words:
                lines.append(words)
    counts = Counter(word for words in lines for word in words)
    known = [word for word, n in counts.most_common(_WORDS) if n >= _MIN_COUNT]
    if len(known) < 2 * max(grains):
        return {}
    vectors = _vectors(lines, {word: at for at, word in enumerate(known)})
    labels = [kmeans2(vectors, grain, minit="++", seed=0, iter=25)[1] for grain in grains]
    return {crc32(word.encode()): tuple(map(int, pair)) for word, *pair in zip(known, *labels, strict=True)}


def _vectors(lines, numbers):
    """(W, _WIDTH) unit vectors of words from their neighbours."""
    unknown, edge = -1, min(_NEIGHBOURS, len(numbers))  # the number after the last neighbour stands for no word
    width = edge + 1
    rows, columns = [], []
    for words in lines:
        own = np.array([numbers.get(word, unknown) for word in words])
        near = np.pad(np.where(own >= edge, unknown, own), 2, constant_values=unknown)
        near[[1, -2]] = edge
        for side, shift in enumerate((-2, -1, 1, 2)):
            other = near[2 + shift : len(own) + 2 + shift]
            kept = (own >= 0) & (other >= 0)
            rows.append(own[kept])
            columns.append(other[kept] + side * width)
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    matrix = coo_matrix((np.ones(len(rows)), (rows, columns)), (len(numbers), 4 * width)).tocsr().tocoo()
    words, places = np.bincount(rows, minlength=len(numbers)), np.bincount(columns, minlength=4 * width) ** 0.75
    information = np.log(matrix.data * places.sum() / (words[matrix.row] * places[matrix.col]))
    positive = coo_matrix((np.maximum(information, 0.0), (matrix.row, matrix.col)), matrix.shape).tocsr()
    left, values, _ = svds(positive, _WIDTH, random_state=0)
    vectors = left * np.sqrt(values)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
