"""Cluster bootstrap: resample whole clusters (jobs with all their searches), recompute, take percentiles.

A replicate is a vector of counts, how often each cluster was drawn. Whatever does not depend on
the counts is computed once: a mean becomes two dot products over clusters, an AUC keeps its sorted
rows and sums the weights of many replicates in one pass over them. Statistics that are asked for together see the same draws, which
is what a paired difference needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller

import numpy as np

from ..errors import ConfigError
from ..progress import counted
from .metrics import ByScore
from .parallel import parallel_map

MOST_AT_ONCE = 64  # replicates of one pass
MOST_COUNTS = 2**24  # 128 MB of counts


class Ratio:
    """sum(numerators) / sum(denominators): any mean over rows, groups or pairs.

    Args:
        numerators, denominators: (n,) float, denominators >= 0.
        cluster: (n,) int, the cluster of each term.
        clusters: how many clusters there are.
    """

    def __init__(self, numerators: np.ndarray, denominators: np.ndarray, cluster: np.ndarray, clusters: int) -> None:
        self.numerators = np.bincount(cluster, numerators, clusters)
        self.denominators = np.bincount(cluster, denominators, clusters)
        self.populated = np.count_nonzero(self.denominators)
        self.value = float(self.replicates(np.ones((1, clusters)))[0])

    def replicates(self, counts: np.ndarray) -> np.ndarray:
        total = np.einsum("rc,c->r", counts, self.denominators)
        won = np.einsum("rc,c->r", counts, self.numerators)
        return np.divide(won, total, out=np.full(len(counts), np.nan), where=total > 0)


class Auc:
    """AUC of all rows together.

    Args:
        labels: (n,) 0 or 1.
        scores: (n,) float.
        cluster: (n,) int.
        clusters: how many clusters there are.
        order: (n,) int, the rows by rising score, where it is at hand.
    """

    def __init__(self, labels: np.ndarray, scores: np.ndarray, cluster: np.ndarray, clusters: int, order: np.ndarray | None = None) -> None:
        self.rows = ByScore(labels, scores, order)
        self.cluster = cluster[self.rows.order].astype(np.int32)
        self.populated = np.count_nonzero(np.bincount(cluster, minlength=clusters))
        self.value = float(self.replicates(np.ones((1, clusters)))[0])

    def replicates(self, counts: np.ndarray) -> np.ndarray:
        return self.rows.auc(self.cluster, counts.T.astype(np.uint16, order="C"))


class Fixed:
    """A value without an interval."""

    populated = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def replicates(self, counts: np.ndarray) -> np.ndarray:
        return np.full(len(counts), np.nan)


Statistic = Ratio | Auc | Fixed
"""A number that can be resampled.

value: of the rows as they are, NaN where they do not define it. populated: how many clusters it rests on.
replicates(counts): (R,) the number where cluster c occurs counts[r, c] times; NaN where it is not defined.
"""


def replicates(statistics: Sequence[Statistic], clusters: int, times: int, seed: int) -> np.ndarray:
    """Bootstrap replicates of several statistics on the same draws.

    Args:
        statistics: S of them.
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
    at_once = max(1, min(MOST_AT_ONCE, MOST_COUNTS // max(clusters, 1)))
    starts = range(0, times if clusters and len(statistics) else 0, at_once)
    for start in counted("intervals", starts, len(starts), "blocks of replicates"):
        block = slice(start, min(start + at_once, times))
        counts = np.empty((block.stop - start, clusters))
        for r in range(len(counts)):
            counts[r] = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
        values[:, block] = parallel_map(methodcaller("replicates", counts), statistics)
    return values


def interval(values: np.ndarray, populated: int, level: float = 0.95) -> tuple[float | None, float | None]:
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
