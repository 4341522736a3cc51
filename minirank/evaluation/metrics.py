"""Ranking and probability metrics: exact, aware of ties, no Python loop over rows or groups.

Labels are never NaN here: the caller leaves out the rows whose label is missing. A metric that
its rows do not define (AUC without a positive, a mean of no rows) is NaN, never an error. What becomes of ties, of
searches without a positive and of searches of one candidate, here and in other libraries: CONVENTIONS.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .compiled import auc_replicates, group_concordance, group_dcg

# A float32 just under 1 is 1 - 6e-8: below this, a saturated sigmoid and a sure one look alike.
CLIP = 1e-7


@dataclass(frozen=True)
class Grouped:
    """A metric of each group, and its weighted mean.

    Args:
        scores: (G,) float, the metric of each group; 0 where it is not defined.
        weights: (G,) float >= 0, the group's weight in the mean; 0 where the metric is not defined.
        sizes: (G,) int, rows of each group.
        first: (G,) int, the index of one row of each group.
    """

    scores: np.ndarray
    weights: np.ndarray
    sizes: np.ndarray
    first: np.ndarray

    @property
    def value(self) -> float:
        """Weighted mean over the groups; NaN where no group defines the metric."""
        return _ratio(dot(self.scores, self.weights), self.weights.sum())

    @property
    def group_share(self) -> float:
        """Share of the groups that count; NaN without groups."""
        return _ratio(np.count_nonzero(self.weights), len(self.weights))

    @property
    def single(self) -> int:
        """How many groups of one row are left out: there is nothing to order in them."""
        return int(np.count_nonzero((self.weights == 0) & (self.sizes == 1)))

    @property
    def empty(self) -> int:
        """How many larger groups are left out, because their labels do not define the metric."""
        return int(np.count_nonzero((self.weights == 0) & (self.sizes > 1)))

    @property
    def row_share(self) -> float:
        """Share of the rows that lie in a group that counts; NaN without rows."""
        return _ratio(self.sizes[self.weights > 0].sum(), self.sizes.sum())


class ByScore:
    """Rows by rising score: what an AUC needs, kept so that many resamples of the same scores are cheap.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float, infinities allowed.
        order: (B,) int, `rising(scores)` where it is at hand.
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1.
    """

    def __init__(self, labels: np.ndarray, scores: np.ndarray, order: np.ndarray | None = None) -> None:
        labels, scores = _check(labels, scores)
        self.order = rising(scores) if order is None else order
        self.positive = _binary(labels)[self.order]
        scores = scores[self.order]
        self.tied = np.zeros(len(scores), bool)
        np.equal(scores[1:], scores[:-1], out=self.tied[1:])

    def auc(self, cluster: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """(R,) AUC where the rows of cluster c occur counts[c, r] times; NaN where a class is missing.

        Args:
            cluster: (B,) int32, in the order of the scores.
            counts: (C, R) uint16.
        """
        replicates = counts.shape[1]
        won, negatives, positives = np.empty((3, replicates))
        auc_replicates(self.positive, self.tied, cluster, counts, np.empty((2, replicates)), won, negatives, positives)
        pairs = negatives * positives
        return np.divide(won, pairs, out=np.full(replicates, np.nan), where=pairs > 0)


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Chance that a random positive scores above a random negative; a tie counts half.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float, infinities allowed.
    Returns:
        0 .. 1; NaN where either class is missing.
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1.
    Source: Mann and Whitney, Ann. Math. Stat. 18, 1947.
    """
    rows = ByScore(labels, scores)
    return float(rows.auc(np.zeros(len(rows.order), np.int32), np.ones((1, 1), np.uint16))[0])


def gauc(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> Grouped:
    """AUC within each group that has both classes, weighted by the group's rows.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float.
        groups: (B,) int, in any order.
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1.
    Source: Zhou et al., KDD 2018 (DIN), eq. 6, weighted by impressions.
    """
    _binary(np.asarray(labels))
    found = concordance(labels, scores, groups)  # of labels 0 and 1: the AUC
    return replace(found, weights=np.where(found.weights > 0, found.sizes, 0.0))


def ndcg(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray, k: int = 10, convention: str = "average") -> Grouped:
    """Normalised discounted cumulative gain of the first k rows of each group.

    DCG@k = sum_{i=1..k} (2^label_i - 1) / log2(i + 1), over the best possible DCG@k.

    Args:
        labels: (B,) float >= 0, a grade or a probability.
        scores: (B,) float.
        groups: (B,) int, in any order.
        k: how many rows of each group count.
        convention: "average": tied rows get the mean over all their orders, and a group does not count where it has no
            positive label, or one row, whose NDCG is 1 whatever the score. "lightgbm": tied rows stay in the order given,
            and a group without a positive label or of one row counts as 1.
    Raises:
        ValueError: shapes differ, NaN, a negative label, k < 1, an unknown convention.
    Source: Burges et al., ICML 2005; ties as in McSherry and Najork, ECIR 2008, sec. 3.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if convention not in ("average", "lightgbm"):
        raise ValueError(f"convention must be 'average' or 'lightgbm', got {convention!r}")
    labels, scores, starts, first = _by_group(labels, scores, groups)
    if labels.min(initial=0) < 0:
        raise ValueError(f"labels must be >= 0, got {labels.min()}")
    sizes = np.diff(starts)
    k = min(k, sizes.max(initial=0))
    dcg, best = np.empty((2, len(sizes)))
    discount = 1 / np.log2(np.arange(k) + 2)
    group_dcg(np.exp2(labels) - 1, scores, starts, discount, convention == "average", *np.empty((2, k)), dcg, best)
    undecided = float(convention == "lightgbm")  # score and weight of a group that tells no order from another
    decided = (best > 0) & (sizes > 1)
    found = np.divide(dcg, best, out=np.full(len(sizes), undecided), where=decided)
    return Grouped(found, np.where(decided, 1.0, undecided), sizes, first)


def average_precision(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> Grouped:
    """Mean over a group's relevant rows, those with a label above 0, of the share of relevant rows down to each; the mean of groups is MAP.

    Tied rows get the mean over all their orders: of n tied rows, r of them relevant, behind N rows with R relevant, the i-th adds
    r/n (R + 1 + (i - 1) (r - 1) / (n - 1)) / (N + i) for i = 1..n, of all of which the number of relevant rows is the divisor.
    A group does not count where no row is relevant, or of one row.

    Args:
        labels: (B,) float >= 0.
        scores: (B,) float.
        groups: (B,) int, in any order.
    Raises:
        ValueError: shapes differ, NaN.
    Source: McSherry and Najork, ECIR 2008, sec. 2.3.
    """
    labels, scores, starts, first = _by_group(labels, scores, groups)
    sizes, rows = np.diff(starts), len(labels)
    of_row = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-scores, of_row))
    relevant, scores = labels[order] > 0, scores[order]
    begins = np.ones(rows, bool)  # a block of tied rows of a group
    begins[1:] = (scores[1:] != scores[:-1]) | (of_row[1:] != of_row[:-1])
    block = np.cumsum(begins) - 1
    at = np.flatnonzero(begins)
    n, r = np.bincount(block), np.bincount(block, weights=relevant)
    before = np.concatenate([[0.0], np.cumsum(relevant)])
    above = (before[at] - before[starts[of_row[at]]])[block]  # R
    place = np.arange(rows) - at[block]  # i - 1
    chance, others = (r / n)[block], ((r - 1) / np.maximum(n - 1, 1))[block]
    precision = (above + 1 + place * others) / (np.arange(rows) - starts[of_row] + 1)
    total = before[starts[1:]] - before[starts[:-1]]
    decided = (total > 0) & (sizes > 1)
    found = np.bincount(of_row, weights=chance * precision, minlength=len(sizes))
    return Grouped(np.divide(found, total, out=np.zeros(len(sizes)), where=decided), decided.astype(float), sizes, first)


def concordance(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> Grouped:
    """Share of the pairs with different labels that the scores order as the labels do.

    Pairs lie within a group; a tie of the scores counts half; a group weighs as much as it has
    pairs. With labels 0 and 1 the value of a group is its AUC.

    Args:
        labels: (B,) float, any scale.
        scores: (B,) float.
        groups: (B,) int, in any order; None: all rows are one group. Memory is O(B) whatever the size.
    Raises:
        ValueError: shapes differ, NaN.
    Source: Harrell et al., JAMA 247, 1982 (c-index); Knight, JASA 61, 1966 (counting by sorting).
    """
    labels, scores, starts, first = _by_group(labels, scores, np.zeros(len(labels), np.int8) if groups is None else groups)
    sizes = np.diff(starts)
    won, pairs = np.empty((2, len(sizes)))
    group_concordance(labels, scores, starts, np.empty((4, sizes.max(initial=0))), won, pairs)
    found = np.divide(won, pairs, out=np.zeros(len(sizes)), where=pairs > 0)
    return Grouped(found, pairs, sizes, first)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson correlation of the ranks, tied values sharing the mean of their ranks; NaN for a constant.

    Args:
        a, b: (B,) float.
    Raises:
        ValueError: shapes differ, NaN.
    """
    a, b = _check(a, b)
    a, b = _ranks(a), _ranks(b)
    a, b = a - a.sum() / max(len(a), 1), b - b.sum() / max(len(b), 1)
    return _ratio(dot(a, b), np.sqrt(dot(a, a) * dot(b, b)))


def row_log_loss(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(B,) -y log p - (1 - y) log(1 - p), in nats.

    Args:
        labels: (B,) 0 .. 1, soft labels allowed.
        probabilities: (B,) 0 .. 1, clipped to [CLIP, 1 - CLIP]: one row costs at most 16.1.
    Raises:
        ValueError: shapes differ, NaN, a label or a probability outside [0, 1].
    """
    labels, probabilities = check_probabilities(labels, probabilities)
    probabilities = np.clip(probabilities, CLIP, 1 - CLIP)
    return -labels * np.log(probabilities) - (1 - labels) * np.log1p(-probabilities)


def row_entropy(labels: np.ndarray) -> np.ndarray:
    """(B,) -y log y - (1 - y) log(1 - y), in nats, 0 log 0 = 0: the least log loss that a soft label allows.

    Args:
        labels: (B,) 0 .. 1.
    Raises:
        ValueError: NaN, a label outside [0, 1].
    """
    labels, _ = check_probabilities(labels, labels)
    rest = 1 - labels
    return -labels * np.log(np.where(labels > 0, labels, 1)) - rest * np.log(np.where(rest > 0, rest, 1))


def row_kl(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(B,) log loss less the label's entropy: 0 where a probability equals its soft label; arguments as in `row_log_loss`."""
    return row_log_loss(labels, probabilities) - row_entropy(labels)


def row_squared_error(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """(B,) (y - prediction)^2, of any scale."""
    labels, predictions = _check(labels, predictions)
    return (labels.astype(float) - predictions) ** 2


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of a_i b_i in one thread.

    SPEED: not `a @ b`: BLAS starts threads from 10,000 elements on, which beside another busy
    thread took 16 ms where this takes 0.04 ms, and whose number changes the last bits.
    """
    return float(np.einsum("i,i->", a, b))


def _ranks(values: np.ndarray) -> np.ndarray:
    """(B,) 0-based ranks, tied values sharing the mean of theirs."""
    order = rising(values)
    in_order = values[order]
    new = np.ones(len(order), bool)
    np.not_equal(in_order[1:], in_order[:-1], out=new[1:])
    first = np.flatnonzero(new)
    ties = np.diff(first, append=len(order))
    ranks = np.empty(len(order))
    ranks[order] = np.repeat(first + (ties - 1) / 2, ties)
    return ranks


def rising(values: np.ndarray) -> np.ndarray:
    """(B,) int64, the rows by rising value; tied rows stay in the order given.

    SPEED: NumPy sorts numbers eight times faster than it finds their order. So the highest bits of
    each value are sorted with its row in place of the lowest bits, and then the few runs of rows that
    differ in those alone.

    Args:
        values: (B,) numbers, none NaN.
    """
    values = np.asarray(values, float) + 0.0  # + 0.0: -0 has the bits of 0
    bits = values.view(np.int64)
    keys = bits ^ ((bits >> 63) & np.iinfo(np.int64).max)  # integers that order as the values do
    low = (1 << len(values).bit_length()) - 1
    keys &= ~low
    keys |= np.arange(len(values))
    keys.sort()
    order = keys & low
    in_order = values[order]
    wrong = in_order[1:] < in_order[:-1]
    if wrong.any():
        keys &= ~low
        first = np.unique(np.searchsorted(keys, keys[:-1][wrong]))
        rows = np.searchsorted(keys, keys[first], side="right") - first
        places = np.arange(rows.sum()) + np.repeat(first - np.cumsum(rows) + rows, rows)
        order[places] = order[places][np.lexsort((in_order[places], keys[places]))]
    return order


def _by_group(labels, scores, groups) -> tuple[np.ndarray, ...]:
    """Labels and scores with the rows of a group as neighbours, the groups' borders (G + 1,), one row of each (G,)."""
    labels, scores, groups = _check(labels, scores, groups)
    order = None
    if (groups[1:] < groups[:-1]).any():
        order = np.argsort(groups, kind="stable")
        labels, scores, groups = labels[order], scores[order], groups[order]
    border = np.ones(len(groups) + 1, bool)
    np.not_equal(groups[1:], groups[:-1], out=border[1:-1])
    starts = np.flatnonzero(border)
    first = starts[:-1] if order is None else order[starts[:-1]]
    labels, scores = (np.ascontiguousarray(column, float) for column in (labels, scores))
    return labels, scores, starts, first


def _check(*given: Any) -> list[np.ndarray]:
    """The columns as arrays of one length, none holding NaN."""
    columns = [np.asarray(column) for column in given]
    shapes = [column.shape for column in columns]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:
        raise ValueError(f"labels, scores and groups must have one shape (B,), got {', '.join(map(str, shapes))}")
    for name, column in zip(("labels", "scores", "groups"), columns):
        missing = np.count_nonzero(np.isnan(column)) if column.dtype.kind == "f" else 0
        if missing:
            raise ValueError(f"{name} must hold no NaN, got {missing}; leave those rows out")
    return columns


def check_probabilities(labels: np.ndarray, probabilities: np.ndarray) -> list[np.ndarray]:
    """Both as float64, checked: of one length, no NaN, within [0, 1]."""
    columns = [column.astype(float) for column in _check(labels, probabilities)]
    for name, column in zip(("labels", "probabilities"), columns):
        if column.min(initial=0) < 0 or column.max(initial=1) > 1:
            raise ValueError(f"{name} must lie in [0, 1], got {column.min()} .. {column.max()}")
    return columns


def _binary(labels) -> np.ndarray:
    positive = labels == 1
    if not (positive | (labels == 0)).all():
        raise ValueError(f"labels must be 0 or 1, got {labels[~positive & (labels != 0)][0]}")
    return positive


def _ratio(numerator, denominator) -> float:
    return float(numerator) / float(denominator) if denominator else float("nan")
