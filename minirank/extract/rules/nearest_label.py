"""The label that is spelled most like a phrase: cosine of TF-IDF over parts of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

PART = 4  # characters
# Chosen on SkillSpan's train.json with the labels of ESCO, by how well one half of a posting finds the other.
NEAR = 0.7


def parts_of(word: str) -> list[str]:
    """The runs of PART characters of a word whose ends are marked; a shorter word is its own only part."""
    marked = f"<{word}>"
    return [marked[start : start + PART] for start in range(max(len(marked) - PART, 0) + 1)]


class NearestLabel:
    """Labels by the parts of their words.

    Args:
        names: label, in lower case with single spaces -> the name it stands for.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        from scipy.sparse import csr_array  # loaded only where labels are given

        self._names = tuple(names.values())
        self._column: dict[str, int] = {}
        rows, columns = [], []
        for row, label in enumerate(names):
            for part in _parts(label):
                rows.append(row)
                columns.append(self._column.setdefault(part, len(self._column)))
        counts = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(self._column)))  # adds up repeats
        counts.sum_duplicates()
        frequency = np.bincount(counts.indices, minlength=len(self._column))
        self._idf = np.log((1 + len(names)) / (1 + frequency)) + 1
        self._unknown = np.log(1 + len(names)) + 1
        counts.data = (1 + np.log(counts.data)) * self._idf[counts.indices]
        length = np.sqrt(counts.power(2).sum(axis=1))
        counts.data /= np.repeat(length, np.diff(counts.indptr))
        self._labels_of = counts.T.tocsr()  # the labels that hold a part

    def find(self, phrase: str, least: float = NEAR) -> str | None:
        """The name of the nearest label, None where its cosine is below `least`; of equal ones the first.

        Args:
            phrase: in lower case with single spaces.
        """
        cosine, square, labels = np.zeros(len(self._names)), 0.0, self._labels_of
        for part, count in Counter(_parts(phrase)).items():
            column = self._column.get(part)
            weight = (1 + np.log(count)) * (self._unknown if column is None else self._idf[column])
            square += weight**2
            if column is not None:
                own = slice(labels.indptr[column], labels.indptr[column + 1])
                cosine[labels.indices[own]] += weight * labels.data[own]
        if not square or not len(cosine):
            return None
        best = int(cosine.argmax())
        return self._names[best] if cosine[best] >= least * np.sqrt(square) else None


def _parts(phrase: str) -> list[str]:
    return [part for word in phrase.split() for part in parts_of(word)]
