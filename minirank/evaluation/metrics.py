"""Ranking and probability metrics: exact, aware of ties, no Python loop over rows or groups.

Labels are never NaN here: the caller leaves out the rows whose label is missing. A metric that
its rows do not define (AUC without a positive, a mean of no rows) is NaN, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    def row_share(self) -> float:
        """Share of the rows that lie in a group that counts; NaN without rows."""
        return _ratio(self.sizes[self.weights > 0].sum(), self.sizes.sum())


class SortedPairs:
    """The order that an AUC needs, kept so that many row weightings of the same scores are cheap.

    AUC = sum_{i positive} w_i (W(s < s_i) + W(s <= s_i)) / 2 / (W_positive W_negative),
    where W(.) is the weight of the negatives that satisfy the condition.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float, infinities allowed.
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1.
    Source: Mann and Whitney, Ann. Math. Stat. 18, 1947.
    """

    def __init__(self, labels, scores):
        labels, scores = _check(labels, scores)
        positive = _binary(labels)
        order = np.argsort(scores)
        positive, scores = positive[order], scores[order]
        starts, ties = blocks(scores[1:] != scores[:-1], len(scores))
        negatives = np.append(0, np.cumsum(~positive))
        ties = ties[positive]
        self.positives = order[positive]
        self.negatives = order[~positive]
        self.below = negatives[starts[ties]]
        self.up_to = negatives[starts[ties + 1]]

    def auc(self, positive_weights, negative_weights) -> float:
        """AUC where row `positives[i]` has weight `positive_weights[i]`, and likewise the negatives."""
        cumulative = np.empty(len(negative_weights) + 1)
        cumulative[0] = 0
        np.cumsum(negative_weights, out=cumulative[1:])
        won = dot(positive_weights, cumulative[self.below] + cumulative[self.up_to])
        return _ratio(won / 2, positive_weights.sum() * cumulative[-1])


def auc(labels, scores, weights=None) -> float:
    """Chance that a random positive scores above a random negative; a tie counts half.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float.
        weights: (B,) float >= 0, such as how often a bootstrap drew the row; default 1.
    Returns:
        0 .. 1; NaN where either class is missing (or weighs nothing).
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1, a negative weight.
    Source: Mann and Whitney, Ann. Math. Stat. 18, 1947.
    """
    pairs = SortedPairs(labels, scores)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    if weights.shape != np.shape(labels) or not (weights >= 0).all():
        got = f"{weights.shape}, the least {weights.min(initial=0)}"
        raise ValueError(f"weights must be {np.shape(labels)} numbers >= 0, got {got}")
    return pairs.auc(weights[pairs.positives], weights[pairs.negatives])


def gauc(labels, scores, groups) -> Grouped:
    """AUC within each group that has both classes, weighted by the group's rows.

    Args:
        labels: (B,) 0 or 1.
        scores: (B,) float.
        groups: (B,) int, in any order.
    Raises:
        ValueError: shapes differ, NaN, a label that is neither 0 nor 1.
    Source: Zhou et al., KDD 2018 (DIN), eq. 6, weighted by impressions.
    """
    labels, scores, groups = _check(labels, scores, groups)
    positive = _binary(labels)
    order = np.lexsort((scores, groups))
    positive, scores, groups = positive[order], scores[order], groups[order]
    new_group = groups[1:] != groups[:-1]
    starts, group = blocks(new_group, len(order))
    tie_starts, tie = blocks(new_group | (scores[1:] != scores[:-1]), len(order))
    rank = (tie_starts[:-1] + tie_starts[1:] - 1)[tie] / 2 - starts[group]  # 0-based, ties share the middle
    sizes = np.diff(starts)
    positives = np.bincount(group[positive], minlength=len(sizes))
    won = np.bincount(group[positive], rank[positive], len(sizes)) - positives * (positives - 1) / 2
    pairs = positives * (sizes - positives)
    scores = np.divide(won, pairs, out=np.zeros(len(sizes)), where=pairs > 0)
    return Grouped(scores, np.where(pairs > 0, sizes, 0.0), sizes, order[starts[:-1]])


def ndcg(labels, scores, groups, k=10, convention="average") -> Grouped:
    """Normalised discounted cumulative gain of the first k rows of each group.

    DCG@k = sum_{i=1..k} (2^label_i - 1) / log2(i + 1), over the best possible DCG@k.

    Args:
        labels: (B,) float >= 0, a grade or a probability.
        scores: (B,) float.
        groups: (B,) int, in any order.
        k: how many rows of each group count.
        convention: "average": tied rows get the mean over all their orders, and a group without
            a positive label does not count. "lightgbm": tied rows stay in the order given, and a
            group without a positive label counts as 1.
    Raises:
        ValueError: shapes differ, NaN, a negative label, k < 1, an unknown convention.
    Source: Burges et al., ICML 2005; ties as in McSherry and Najork, ECIR 2008, sec. 3.
    """
    labels, scores, groups = _check(labels, scores, groups)
    if labels.min(initial=0) < 0:
        raise ValueError(f"labels must be >= 0, got {labels.min()}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if convention not in ("average", "lightgbm"):
        raise ValueError(f"convention must be 'average' or 'lightgbm', got {convention!r}")
    gains = np.exp2(labels.astype(float)) - 1
    order = np.lexsort((-scores.astype(float), groups))
    ideal = np.lexsort((-gains, groups))
    groups, scores = groups[order], scores[order]
    new_group = groups[1:] != groups[:-1]
    starts, group = blocks(new_group, len(order))
    sizes = np.diff(starts)
    place = np.arange(len(order)) - starts[group]
    discount = np.where(place < k, 1 / np.log2(place + 2), 0)

    gains_in_order = gains[order]
    if convention == "average":
        tie_starts, tie = blocks(new_group | (scores[1:] != scores[:-1]), len(order))
        gains_in_order = (np.bincount(tie, gains_in_order) / np.diff(tie_starts))[tie]
    dcg = np.bincount(group, gains_in_order * discount, len(sizes))
    best = np.bincount(group, gains[ideal] * discount, len(sizes))
    empty = float(convention == "lightgbm")  # score and weight of a group without a positive label
    scores = np.divide(dcg, best, out=np.full(len(sizes), empty), where=best > 0)
    return Grouped(scores, np.where(best > 0, 1.0, empty), sizes, order[starts[:-1]])


def concordance(labels, scores, groups=None) -> Grouped:
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
    labels, scores, groups = _check(labels, scores, np.zeros(len(labels), np.int8) if groups is None else groups)
    order = np.lexsort((scores, labels, groups))
    labels, scores, groups = labels[order], scores[order], groups[order]
    new_group = groups[1:] != groups[:-1]
    new_label = new_group | (labels[1:] != labels[:-1])
    starts, group = blocks(new_group, len(order))
    sizes = np.diff(starts)

    by_score = np.lexsort((scores, group))
    sorted_scores = scores[by_score]
    new_score = new_group | (sorted_scores[1:] != sorted_scores[:-1])
    score_starts, score_rank = blocks(new_score, len(order))
    rank = np.empty_like(score_rank)
    rank[by_score] = score_rank - score_rank[starts[:-1]][group]

    def pairs_within(new):
        """(G,) pairs of rows of a group that lie in the same block."""
        block_starts, _ = blocks(new, len(order))
        rows = np.diff(block_starts)
        return np.bincount(group[block_starts[:-1]], rows * (rows - 1) / 2, len(sizes))

    pairs = sizes * (sizes - 1) / 2 - pairs_within(new_label)
    tied = pairs_within(new_score) - pairs_within(new_label | (scores[1:] != scores[:-1]))
    won = pairs - _inversions(rank, starts) - tied / 2
    scores = np.divide(won, pairs, out=np.zeros(len(sizes)), where=pairs > 0)
    return Grouped(scores, pairs, sizes, order[starts[:-1]])


def spearman(a, b) -> float:
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


def row_log_loss(labels, probabilities) -> np.ndarray:
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


def row_entropy(labels) -> np.ndarray:
    """(B,) -y log y - (1 - y) log(1 - y), in nats, 0 log 0 = 0: the least log loss that a soft label allows.

    Args:
        labels: (B,) 0 .. 1.
    Raises:
        ValueError: NaN, a label outside [0, 1].
    """
    labels, _ = check_probabilities(labels, labels)
    rest = 1 - labels
    return -labels * np.log(np.where(labels > 0, labels, 1)) - rest * np.log(np.where(rest > 0, rest, 1))


def log_loss(labels, probabilities) -> float:
    """Mean of `row_log_loss`; NaN without rows."""
    return _mean(row_log_loss(labels, probabilities))


def kl(labels, probabilities) -> float:
    """Mean log loss less the labels' entropy: 0 where every probability equals its soft label."""
    return _mean(row_log_loss(labels, probabilities) - row_entropy(labels))


def brier(labels, probabilities) -> float:
    """Mean of (y - p)^2; NaN without rows. Arguments and errors as in `row_log_loss`."""
    labels, probabilities = check_probabilities(labels, probabilities)
    return _mean((labels - probabilities) ** 2)


def mse(labels, predictions) -> float:
    """Mean of (y - prediction)^2 of any scale; NaN without rows."""
    labels, predictions = _check(labels, predictions)
    return _mean((labels.astype(float) - predictions) ** 2)


def dot(a, b) -> float:
    """Sum of a_i b_i in one thread.

    SPEED: not `a @ b`: BLAS starts threads from 10,000 elements on, which beside another busy
    thread took 16 ms where this takes 0.04 ms, and whose number changes the last bits.
    """
    return float(np.einsum("i,i->", a, b))


def _inversions(values, starts) -> np.ndarray:
    """(G,) pairs i < j of a segment with values[i] > values[j], in O(B log(largest value)).

    Radix sort from the highest bit: rows that agree in the higher bits form a run; in a run, each 1
    that stands before a 0 is an inversion; then the run splits into its zeros and its ones.

    Args:
        values: (B,) int >= 0.
        starts: (G + 1,) int, segment g is values[starts[g]:starts[g + 1]].
    """
    segment = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    begin, size = starts[segment], np.diff(starts)[segment]
    here = np.arange(len(values))
    inversions = np.zeros(len(starts) - 1)
    for bit in reversed(range(int(values.max(initial=0)).bit_length())):
        one = (values >> bit) & 1
        ones = np.append(0, np.cumsum(one))
        ones_before = ones[:-1] - ones[begin]
        ones_in_run = ones[begin + size] - ones[begin]
        inversions += np.bincount(segment, np.where(one, 0, ones_before), len(inversions))
        zeros_in_run = size - ones_in_run
        to = np.where(one, begin + zeros_in_run + ones_before, here - ones_before)
        begin, size = begin + one * zeros_in_run, np.where(one, ones_in_run, zeros_in_run)
        moved = np.empty((3, len(values)), np.int64)
        moved[:, to] = values, begin, size
        values, begin, size = moved
    return inversions


def _ranks(values) -> np.ndarray:
    """(B,) 0-based ranks, tied values sharing the mean of theirs."""
    order = np.argsort(values)
    starts, tie = blocks(values[order][1:] != values[order][:-1], len(order))
    ranks = np.empty(len(order))
    ranks[order] = ((starts[:-1] + starts[1:] - 1) / 2)[tie]
    return ranks


def blocks(new, rows) -> tuple[np.ndarray, np.ndarray]:
    """Runs of neighbours: (blocks + 1,) borders, and the block of each row.

    Args:
        new: (rows - 1,) bool, whether row i + 1 begins a block.
    """
    starts = np.concatenate([[0] if rows else [], np.flatnonzero(new) + 1, [rows]]).astype(np.int64)
    return starts, np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _check(*columns) -> list[np.ndarray]:
    """The columns as arrays of one length, none holding NaN."""
    columns = [np.asarray(column) for column in columns]
    shapes = [column.shape for column in columns]
    if len(shapes[0]) != 1 or len(set(shapes)) != 1:
        raise ValueError(f"labels, scores and groups must have one shape (B,), got {', '.join(map(str, shapes))}")
    for name, column in zip(("labels", "scores", "groups"), columns):
        missing = np.count_nonzero(np.isnan(column)) if column.dtype.kind == "f" else 0
        if missing:
            raise ValueError(f"{name} must hold no NaN, got {missing}; leave those rows out")
    return columns


def check_probabilities(labels, probabilities) -> list[np.ndarray]:
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


def _mean(values) -> float:
    return _ratio(values.sum(), len(values))
