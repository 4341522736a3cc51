"""A small linear-chain CRF that marks skills and knowledge in job postings; its weights come with the package.

Two layers, which may overlap: skills (tags O B I E S) and knowledge (tags O B I). Letters: N words, K tags, V features.
Trained by bench/extraction/tagger_training.py; what the weights were made of is said in tagger_card.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from minirank.extract.masked_text import PLACEHOLDER
from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.tagger_features import Marks, Sentences, Spans, sentences
from minirank.npz import read_npz

if TYPE_CHECKING:
    from minirank.extract.rules.tagger_scores import FeatureScores

LAYERS = ("skill", "knowledge")
WEIGHTS = "tagger.npz"
_BLOCK = 4096  # words whose features are held at a time: a long document takes little memory
FORBIDDEN = -1e4  # a log score; finite, so that a best path always exists


class Scheme:
    """Tags of a layer; tag 0 is outside of every span. A span goes on with I or E after B and I, and must where E exists.

    Args:
        names: a letter a tag.

    `follows`: (K, K) bool, whether the column's tag may follow the row's. `starts`, `ends`: (K,) bool, whether a sentence
    may start, end with the tag. `inner`: (K,) bool, whether the tag goes on with a span.
    """

    def __init__(self, names: str) -> None:
        self.names, must_close = names, "E" in names
        open_ = np.array([name in "BI" for name in names])
        self.inner = np.array([name in "IE" for name in names])
        self.starts, self.ends = ~self.inner, ~(open_ & must_close)
        self.follows = np.where(self.inner, open_[:, None], self.ends[:, None])


SCHEMES = {"skill": Scheme("OBIES"), "knowledge": Scheme("OBI")}


@dataclass(eq=False)
class Tagger:
    """Weights of both layers.

    Args:
        hashes: (V,) uint32, sorted: the features.
        weights: (V, 8) int8: columns of the skill tags, then those of the knowledge tags.
        scales: (2,) float32: a layer's weight is its int8 times this.
        skill_transitions: (5, 5) float32.
        knowledge_transitions: (3, 3) float32.
        outside: (2,) float32, taken off the score of O: how much recall is worth, chosen by cross-validation.
        class_words: (W,) uint32, CRC-32 of the words whose classes are known.
        word_classes: (W, 2) uint8, coarse and fine class.
    """

    hashes: np.ndarray
    weights: np.ndarray
    scales: np.ndarray
    skill_transitions: np.ndarray
    knowledge_transitions: np.ndarray
    outside: np.ndarray
    class_words: np.ndarray
    word_classes: np.ndarray

    def __post_init__(self) -> None:
        self.classes = dict(zip(self.class_words.tolist(), map(tuple, self.word_classes.tolist()), strict=True))
        self.transitions = dict(zip(LAYERS, (self.skill_transitions, self.knowledge_transitions), strict=True))

    def save(self, path: str | Path) -> None:
        """Write the arrays to an .npz file."""
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, file: str | Path | BinaryIO) -> Tagger:
        """Tagger of a file that `save` wrote.

        Args:
            file: path or binary file.
        """
        return cls(**read_npz(Path(file) if isinstance(file, str) else file))

    @cached_property
    def _scores(self) -> FeatureScores:
        from minirank.extract.rules.tagger_scores import FeatureScores  # not before a text needs it: it loads Numba

        return FeatureScores(self.hashes, self.weights, self.classes)

    def spans(
        self, document: NormalisedText, marks: Marks, listed: Mapping[str, Spans] | None = None, bonus: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Spans, Spans]:
        """Spans of both layers.

        Args:
            document: NormalisedText.
            marks: what the rules propose (see `tagger_features.features`).
            listed: {layer: sorted spans of a gazetteer}, or None.
            bonus: what a word of such a span is worth against O, a layer each.
        Returns: (skills, knowledge), two sorted lists of (start, end).
        """
        found = sentences(document)
        if not len(found):
            return [], []
        sums, border = self._scores(document, found, marks), len(SCHEMES["skill"].names)
        blanked = [at for at, (word, _) in enumerate(found.spellings) if word[0] == PLACEHOLDER] if PLACEHOLDER in document.plain else []
        results = []
        for number, (layer, part) in enumerate(zip(LAYERS, (sums[:, :border], sums[:, border:]), strict=True)):
            scheme, scores = SCHEMES[layer], part * float(self.scales[number])
            scores[:, 0] -= self.outside[number]
            if listed is not None:
                scores[inside(found, listed[layer]), 0] -= bonus[number]
            scores[blanked, 1:] = FORBIDDEN
            if layer == "knowledge":  # what one knows comes as a list, and no item goes across a comma
                scores[np.ix_(found.commas, scheme.inner)] = FORBIDDEN
            results.append(spans_of(found, best_tags(found.borders, scores, self.transitions[layer], scheme), scheme))
        return results[0], results[1]


def best_tags(borders: np.ndarray, scores: np.ndarray, transitions: np.ndarray, scheme: Scheme) -> np.ndarray:
    """The best tags of every sentence.

    Args:
        borders: (S + 1,) int64, as in Sentences.
        scores: (N, K) float64; overwritten.
        transitions: (K, K) float, from row to column.
        scheme: Scheme.
    Returns: (N,) int64.
    """
    from minirank.extract.rules.tagger_kernels import best_paths

    moves = np.where(scheme.follows, transitions, FORBIDDEN).astype(np.float64)
    starts, ends = (np.where(allowed, 0.0, FORBIDDEN) for allowed in (scheme.starts, scheme.ends))
    tags = np.empty(len(scores), np.int64)
    best_paths(borders, scores, moves, starts, ends, np.empty(scores.shape, np.int8), tags)
    return tags


def inside(found: Sentences, spans: Spans) -> np.ndarray:
    """(N,) bool, whether each word of the sentences lies in one of the sorted spans."""
    begins, ends = np.array(spans, np.int64).reshape(-1, 2).T
    at = np.searchsorted(begins, found.starts, side="right") - 1
    return (at >= 0) & (found.starts < np.append(ends, 0)[at])


def spans_of(found: Sentences, tags: np.ndarray, scheme: Scheme) -> Spans:
    """Spans that tags mark: a sorted list of (start, end).

    Args:
        found: sentences.
        tags: (N,) int, in reading order.
        scheme: Scheme.
    """
    goes_on = np.append(False, tags[:-1] != 0) & scheme.inner[tags]
    goes_on[found.borders[:-1]] = False
    first = np.flatnonzero((tags != 0) & ~goes_on)
    others = np.append(np.flatnonzero(~goes_on), len(tags))
    last = others[np.searchsorted(others, first, side="right")] - 1
    return list(zip(found.starts[first].tolist(), found.ends[last].tolist(), strict=True))


@cache
def tagger() -> Tagger:
    """The tagger of the package, read at the first call."""
    return Tagger.load(BytesIO(resources.files(__package__).joinpath(WEIGHTS).read_bytes()))
