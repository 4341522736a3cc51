"""Do predicted probabilities come true: observed against predicted, in bins of equal mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .metrics import check_probabilities, dot, rising

Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class Calibration:
    """Bins of rising predicted probability, K of them (fewer than asked for where scores tie).

    Args:
        rows: (K,) int, rows of the bin.
        predicted: (K,) float, mean predicted probability.
        observed: (K,) float, mean label.
        low, high: (K,) float, 95 % Wilson interval of `observed`.
        ratio: observed over predicted on all rows; NaN where nothing was predicted.
        ratio_low, ratio_high: the Wilson interval of the observed rate, over the mean prediction.
        ece: expected calibration error, the mean over rows of their bin's |observed - predicted|.
    """

    rows: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ratio: float
    ratio_low: float
    ratio_high: float
    ece: float


def calibration(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15, order: np.ndarray | None = None) -> Calibration:
    """Observed against predicted probability in bins of equal mass; tied predictions stay together.

    A row falls into bin floor(bins * (its rank, ties sharing the middle one) / B), so that equal
    predictions share a bin, which is then larger than its neighbours.

    Args:
        labels: (B,) 0 .. 1; with soft labels the intervals are wider than they need be.
        probabilities: (B,) 0 .. 1.
        bins: how many bins.
        order: (B,) int, the rows by rising probability, where it is at hand.
    Raises:
        ValueError: shapes differ, NaN, a value outside [0, 1], bins < 1.
    Source: Wilson, JASA 22, 1927; Naeini et al., AAAI 2015 (ECE).
    """
    labels, probabilities = check_probabilities(labels, probabilities)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    order = rising(probabilities) if order is None else order
    labels, probabilities = labels[order], probabilities[order]
    borders = _borders(probabilities, bins)
    rows = np.diff(np.append(borders, len(order)))
    predicted, observed = np.add.reduceat(probabilities, borders) / rows, np.add.reduceat(labels, borders) / rows
    low, high = wilson(observed, rows)
    ece = float(dot(np.abs(observed - predicted), rows) / rows.sum()) if len(rows) else float("nan")

    ratio = ratio_low = ratio_high = float("nan")
    if probabilities.sum() > 0:
        mean = probabilities.mean()
        ratio = float(labels.mean() / mean)
        ratio_low, ratio_high = (float(bound / mean) for bound in wilson(labels.mean(), len(labels)))
    return Calibration(rows, predicted, observed, low, high, ratio, ratio_low, ratio_high, ece)


def _borders(probabilities, bins) -> np.ndarray:
    """(K,) first row of each bin that holds any, of rising probabilities.

    Bin b begins with the first tie whose middle rank is at least B b / bins: the tie of that rank,
    or the one after.
    """
    rows = len(probabilities)
    bin_ = np.arange(bins if rows else 0)
    at = probabilities[rows * bin_ // bins]
    start, end = np.searchsorted(probabilities, at), np.searchsorted(probabilities, at, side="right")
    borders = np.unique(np.where(bins * (start + end) >= 2 * rows * bin_, start, end))
    return borders[borders < rows]


def wilson(share: float | np.ndarray, rows: int | np.ndarray, z: float = Z95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval of a share.

    centre = (p + z^2 / 2n) / (1 + z^2 / n),  half = z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n)

    Args:
        share: p, 0 .. 1, a number or an array.
        rows: n >= 1.
        z: normal quantile; the default gives 95 %.
    Returns:
        (low, high), within [0, 1].
    Source: Wilson, JASA 22, 1927.
    """
    scale = 1 + z * z / rows
    centre = (share + z * z / (2 * rows)) / scale
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / scale
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)
