"""Transforms of numeric columns, with statistics of training rows alone."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

CLIP = 3.0  # `robust` values stay within -3 .. 3, and near 0 as they are (RealMLP: Holzmüller et al., NeurIPS 2024)
PIECES = 32
MOST_BINS = 10_000
KNOTS = 1000  # a quantile transform is kept as at most this many points


@dataclass(frozen=True)
class DenseTransform:
    """How a number becomes a model's input; a missing one (NaN) becomes 0.

    Args:
        kind: `standard`, `robust`, `log1p`, `quantile` or `piecewise`.
        mean, std: of the training values (of their logarithms for `log1p`); for `robust` their median and the distance of their quartiles.
        knots: for `quantile` and `piecewise`: training values, ascending. levels: for `quantile`: their ranks in [-1, 1].
    """

    kind: str
    mean: float = 0.0
    std: float = 1.0
    knots: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many columns it makes."""
        return len(self.knots) - 1 if self.kind == "piecewise" else 1

    @classmethod
    def fit(cls, kind: str, values: np.ndarray, counts: np.ndarray) -> DenseTransform:
        """Statistics of a training column.

        Args:
            values: (V,) float64, distinct and finite.
            counts: (V,) training rows of each, > 0.
        Raises:
            ValueError: the values are too large to be squared.
        """
        if kind == "quantile":
            knots, levels = _ranks(values, counts)
            return cls(kind, knots=knots, levels=levels)
        if kind == "piecewise":
            edges = bin_edges(values, counts, -(-int(counts.sum()) // PIECES))
            knots = tuple(dict.fromkeys((*edges, float(values.max()))))
            _check_range(knots[-1] - knots[0])
            return cls(kind, knots=knots)
        if kind == "robust":
            low, middle, high = _quantiles(values, counts, (0.25, 0.5, 0.75))
            with np.errstate(over="ignore"):
                spread = high - low if high > low else (float(np.ptp(values)) or 1.0) / 2
            _check_range(spread)
            return cls(kind, middle, spread)
        values = log1p(values) if kind == "log1p" else values
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(np.average(values, weights=counts))
            std = float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))
        _check_range(std)
        return cls(kind, mean, std if std > 0 else 1.0)

    def is_usable(self) -> bool:
        """Whether it gives finite numbers; one that was read from a file need not."""
        if self.kind not in ("standard", "robust", "log1p", "quantile", "piecewise"):
            return False
        if len(self.levels) != (len(self.knots) if self.kind == "quantile" else 0):
            return False
        numbers = (self.mean, self.std, *self.knots, *self.levels)
        ascending = all(one <= other if self.kind == "quantile" else one < other for one, other in pairwise(self.knots))
        in_range = ascending and all(-1 <= level <= 1 for level in self.levels)
        return (
            bool(np.isfinite(numbers).all()) and self.std > 0 and in_range and bool(self.knots) == (self.kind in ("quantile", "piecewise"))
        )

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(V,) float64, NaN = missing -> (V, width) float32, finite (values beyond a million deviations are cut there)."""
        missing, values = np.isnan(values)[:, None], values[:, None]
        if self.kind == "quantile":
            result = np.interp(np.where(missing, 0.0, values), self.knots, self.levels)
        elif self.kind == "piecewise":
            low, high = np.array(self.knots[:-1]), np.array(self.knots[1:])
            result = np.clip((np.clip(values, self.knots[0], self.knots[-1]) - low) / (high - low), 0, 1)
        else:
            values = log1p(values) if self.kind == "log1p" else values
            with np.errstate(over="ignore"):
                result = np.clip((values - self.mean) / self.std, -1e6, 1e6)
            if self.kind == "robust":
                result = result / np.sqrt(1 + (result / CLIP) ** 2)
        return np.where(missing, 0.0, result).astype(np.float32)


def _check_range(size: float) -> None:
    if not np.isfinite(size):
        raise ValueError("the values are too large")


def bin_edges(values: np.ndarray, counts: np.ndarray, least: int) -> tuple[float, ...]:
    """The smallest value of each bin, ascending.

    A value that `least` training rows have is a bin of its own; of the rarer ones, neighbours share a bin until it has as many.
    There are at most `MOST_BINS`, of more rows each where that takes it.

    Args:
        values: (V,) float64, distinct and finite. counts: (V,) training rows of each, > 0.
    """
    values, counts = _ascending(values, counts)
    least = max(least, -(-int(counts.sum()) // MOST_BINS))
    before, large = np.concatenate([[0], np.cumsum(counts)[:-1]]), np.append(np.flatnonzero(counts >= least), len(values))
    edges, at = [], 0
    while at < len(values):
        edges.append(float(values[at]))
        full = bisect_left(before, before[at] + least, at + 1)
        at = min(full, int(large[bisect_left(large, at + 1)]))
    return tuple(edges)


def _ascending(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if (values[1:] > values[:-1]).all():
        return values, counts
    order = np.argsort(values)
    return values[order], counts[order]


def log1p(values: np.ndarray) -> np.ndarray:
    """sign(x) log(1 + |x|)."""
    return np.sign(values) * np.log1p(np.abs(values))


def _quantiles(values: np.ndarray, counts: np.ndarray, shares: tuple[float, ...]) -> list[float]:
    """For each share the smallest value that so many of the rows do not exceed."""
    values, counts = _ascending(values, counts)
    below = np.cumsum(counts) / counts.sum()
    return [float(values[np.searchsorted(below, share - 1e-12)]) for share in shares]


def _ranks(values: np.ndarray, counts: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Distinct values and 2 p - 1, where p is the share of rows below a value plus half of those that have it."""
    values, counts = _ascending(values, counts.astype(np.float64))
    levels = 2 * (np.cumsum(counts) - counts / 2) / counts.sum() - 1
    keep = np.unique(np.linspace(0, len(values) - 1, min(KNOTS, len(values))).round().astype(np.int64))
    return tuple(values[keep].tolist()), tuple(levels[keep].tolist())
