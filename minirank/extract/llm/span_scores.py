"""How well found spans agree with marked ones, with intervals by bootstrap over sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

RESAMPLES = 2_000
Span = tuple[int, int]


def tally(found: Sequence[Span], truth: Sequence[Span], starts: Sequence[int], least: float = 0.5) -> np.ndarray:
    """Counts by sentence: (S, 4) int, of found spans, of those that are right, of true spans, of those that were found.

    A span is right, and a true one found, where it shares at least `least` of the letters that the two cover together with one of the
    other side; one letter where `least` is 0.

    Args:
        found, truth: (start, end).
        starts: (S,) sorted offsets at which the sentences start, the first one not above any span.
    """
    counts = np.zeros((len(starts), 4), int)
    for column, spans, others in ((0, found, truth), (2, truth, found)):
        for span in spans:
            sentence = counts[bisect_right(starts, span[0]) - 1]
            sentence[column] += 1
            sentence[column + 1] += any(_shared(span, other) > 0 and _shared(span, other) >= least for other in others)
    return counts


def _shared(one: Span, other: Span) -> float:
    """Intersection over union."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    return max(0.0, both / (max(one[1], other[1]) - min(one[0], other[0])))


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of (..., S, 4) counts: 2PR / (P + R), the precision of what was found and the recall of what is true; 0 without a hit."""
    found, right, truth, reached = np.moveaxis(counts.sum(-2), -1, 0).astype(float)
    precision, recall = right / np.maximum(found, 1), reached / np.maximum(truth, 1)
    return 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def interval(counts: np.ndarray, others: np.ndarray | None = None, seed: int = 0) -> tuple[float, float]:
    """95 % interval of F1, or of what it is above that of others on the same sentences, over resampled sentences.

    Args:
        counts, others: (S, 4), of the same sentences.
    """
    chosen = np.random.default_rng(seed).integers(0, len(counts), (RESAMPLES, len(counts)))
    values = f1(counts[chosen]) - (0 if others is None else f1(others[chosen]))
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
