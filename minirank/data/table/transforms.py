"""Transforms of numeric columns, with statistics of training rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

KNOTS = 1000  # a quantile transform is kept as at most this many points


@dataclass(frozen=True)
class DenseTransform:
    """How a number becomes a model's input; a missing one (NaN) becomes 0.

    Args:
        kind: `standard`, `log1p` or `quantile`.
        mean, std: of the training values (of their logarithms for `log1p`).
        knots, levels: for `quantile`: training values, ascending, and their ranks in [-1, 1].
    """

    kind: str
    mean: float = 0.0
    std: float = 1.0
    knots: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()

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
        values = log1p(values) if kind == "log1p" else values
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(np.average(values, weights=counts))
            std = float(np.sqrt(np.average((values - mean) ** 2, weights=counts)))
        if not np.isfinite(std):
            raise ValueError("the values are too large")
        return cls(kind, mean, std if std > 0 else 1.0)

    def is_usable(self) -> bool:
        """Whether it gives finite numbers; one that was read from a file need not."""
        if self.kind not in ("standard", "log1p", "quantile") or len(self.knots) != len(self.levels):
            return False
        numbers = (self.mean, self.std, *self.knots, *self.levels)
        in_range = all(one <= other for one, other in pairwise(self.knots)) and all(-1 <= level <= 1 for level in self.levels)
        return bool(np.isfinite(numbers).all()) and self.std > 0 and in_range and bool(self.knots) == (self.kind == "quantile")

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(V,) float64, NaN = missing -> (V,) float32, finite (values beyond a million deviations are cut there)."""
        missing = np.isnan(values)
        if self.kind == "quantile":
            result = np.interp(np.where(missing, 0.0, values), self.knots, self.levels)
        else:
            values = log1p(values) if self.kind == "log1p" else values
            with np.errstate(over="ignore"):
                result = np.clip((values - self.mean) / self.std, -1e6, 1e6)
        return np.where(missing, 0.0, result).astype(np.float32)


def log1p(values: np.ndarray) -> np.ndarray:
    """sign(x) log(1 + |x|)."""
    return np.sign(values) * np.log1p(np.abs(values))


def _ranks(values: np.ndarray, counts: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Distinct values and 2 p - 1, where p is the share of rows below a value plus half of those that have it."""
    order = np.argsort(values)
    values, counts = values[order], counts[order].astype(np.float64)
    levels = 2 * (np.cumsum(counts) - counts / 2) / counts.sum() - 1
    keep = np.unique(np.linspace(0, len(values) - 1, min(KNOTS, len(values))).round().astype(np.int64))
    return tuple(values[keep].tolist()), tuple(levels[keep].tolist())
