"""Cluster bootstrap: resample whole clusters (jobs with all their searches), recompute, take percentiles.

A replicate is a vector of counts, how often each cluster was drawn. Whatever does not depend on
the counts is computed once: a mean becomes two dot products over clusters, an AUC keeps its sorted
scores and only sums new weights. Statistics that are asked for together see the same draws, which
is what a paired difference needs.
"""

from __future__ import annotations

import numpy as np

from ..errors import ConfigError
from .metrics import SortedPairs, dot


class Ratio:
    """sum(numerators) / sum(denominators): any mean over rows, groups or pairs.

    Args:
        numerators, denominators: (n,) float, denominators >= 0.
        cluster: (n,) int, the cluster of each term.
        clusters: how many clusters there are.
    """

    def __init__(self, numerators, denominators, cluster, clusters):
        self.numerators = np.bincount(cluster, numerators, clusters)
        self.denominators = np.bincount(cluster, denominators, clusters)
        self.populated = np.count_nonzero(self.denominators)
        self.value = self.replicate(np.ones(clusters))

    def replicate(self, counts) -> float:
        """The statistic where cluster c occurs counts[c] times; NaN where it is not defined."""
        total = dot(counts, self.denominators)
        return dot(counts, self.numerators) / total if total > 0 else float("nan")


class Auc:
    """AUC of all rows together.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) float.
        cluster: (n,) int.
        clusters: how many clusters there are.
    """

    def __init__(self, labels, scores, cluster, clusters):
        self.pairs = SortedPairs(labels, scores)
        self.positives = cluster[self.pairs.positives]
        self.negatives = cluster[self.pairs.negatives]
        self.populated = np.count_nonzero(np.bincount(cluster, minlength=clusters))
        self.value = self.replicate(np.ones(clusters))

    def replicate(self, counts) -> float:
        """The statistic where cluster c occurs counts[c] times; NaN where a class is missing."""
        return self.pairs.auc(counts[self.positives], counts[self.negatives])


class Fixed:
    """A value without an interval."""

    populated = 0

    def __init__(self, value):
        self.value = value

    def replicate(self, counts) -> float:
        return float("nan")


def replicates(statistics, clusters, times, seed) -> np.ndarray:
    """Bootstrap replicates of several statistics on the same draws.

    Args:
        statistics: S objects with `replicate(counts)`.
        clusters: how many clusters to draw from, with replacement, as many as there are.
        times: how many replicates; 0, or 2 and more.
        seed: the same seed gives the same draws.
    Returns:
        (S, times) float, NaN where a replicate does not define the statistic.
    Raises:
        ConfigError: another number of replicates.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 8 (clusters as units).
    """
    if times < 0 or times == 1:
        raise ConfigError(f"bootstrap: expected 0 (no intervals) or 2 and more, got {times}")
    rng = np.random.default_rng(seed)
    values = np.full((len(statistics), times), np.nan)
    for i in range(times if clusters else 0):
        counts = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters).astype(float)
        values[:, i] = [statistic.replicate(counts) for statistic in statistics]
    return values


def interval(values, populated, level=0.95) -> tuple[float | None, float | None]:
    """Percentile interval of the replicates that are defined.

    Args:
        values: (times,) float, NaN where not defined.
        populated: how many clusters the statistic rests on; resampling fewer than 2 says nothing.
        level: the share of the replicates that lies inside.
    Returns:
        (low, high), or (None, None) where there are fewer than 2 clusters or most replicates are not defined.
    Source: Efron and Tibshirani, 1993, ch. 13.
    """
    defined = values[~np.isnan(values)]
    if populated < 2 or len(defined) == 0 or len(defined) < len(values) / 2:
        return None, None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
