"""Metrics against hand-computed literals, brute force, scikit-learn and SciPy."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, brier_score_loss, ndcg_score, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from minirank.evaluation import metrics
from minirank.evaluation.calibration import calibration, wilson

SEEDS = (0, 1, 2)


def rows(seed, n=300, groups=40, tied=True):
    """Random labels, scores (with many ties) and groups of ragged size in scrambled order."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 8, n) / 8 if tied else rng.random(n)
    return rng.integers(0, 2, n), scores, rng.integers(0, groups, n), rng


def concordance_by_pairs(labels, scores):
    won = pairs = 0
    for i in range(len(labels)):
        for j in range(len(labels)):
            if labels[i] > labels[j]:
                pairs += 1
                won += 1 if scores[i] > scores[j] else 0.5 if scores[i] == scores[j] else 0
    return won, pairs


# Order


@pytest.mark.parametrize("n", [0, 1, 7, 300, 5000])
@pytest.mark.parametrize("digits", [0, 1, 17])
def test_rising_is_a_stable_sort(n, digits):
    values = np.random.default_rng(n).normal(size=n).round(digits)
    assert np.array_equal(metrics.rising(values), np.argsort(values, kind="stable"))


def test_rising_tells_values_apart_that_differ_in_their_last_bits():
    rng = np.random.default_rng(0)
    values = 0.25 + rng.integers(0, 50, 1000) * 2.0**-54  # 1 unit in the last place, many ties
    values[::10] = rng.choice([-np.inf, np.inf, 0.0, -0.0, 5e-324, -5e-324], 100)
    assert np.array_equal(metrics.rising(values), np.argsort(values, kind="stable"))


# AUC


def test_auc_by_hand():
    # positives .4 and .8, negatives .1 and .4: won 1 + 1/2 + 1 + 1 of 4 pairs
    assert metrics.auc([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]) == 3.5 / 4


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auc_equals_sklearn_and_pair_counting(seed, dtype):
    labels, scores, _, _ = rows(seed)
    scores = scores.astype(dtype)
    won, pairs = concordance_by_pairs(labels, scores)
    assert metrics.auc(labels, scores) == pytest.approx(won / pairs, rel=1e-12)
    assert metrics.auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), rel=1e-12)


def test_auc_of_hostile_rows():
    assert metrics.auc([0, 1, 1, 0], np.zeros(4)) == 0.5
    assert metrics.auc([0, 1], [-1e308, 1e308]) == 1
    assert metrics.auc([0, 1, 1], [-np.inf, np.inf, np.inf]) == 1
    assert math.isnan(metrics.auc([], []))
    assert math.isnan(metrics.auc([1], [0.3]))
    assert math.isnan(metrics.auc([0, 0], [0.3, 0.4]))


WRONG = [
    (([0, np.nan], [0.1, 0.2]), "labels must hold no NaN, got 1"),
    (([0, 1], [0.1, np.nan]), "scores must hold no NaN, got 1"),
    (([0, 0.5], [0.1, 0.2]), "labels must be 0 or 1, got 0.5"),
    (([0, 1], [0.1]), r"must have one shape \(B,\), got \(2,\), \(1,\)"),
]


@pytest.mark.parametrize("arguments, message", WRONG)
def test_auc_names_the_wrong_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.auc(*arguments)


# GAUC


def test_gauc_by_hand():
    # group 7: AUC 1 on 2 rows; group 3: AUC 1/2 on 3 rows; group 5 has one class, 1 row
    found = metrics.gauc([1, 0, 1, 0, 1, 1], [2, 1, 5, 5, 5, 9], [7, 7, 3, 3, 3, 5])
    assert found.value == pytest.approx((2 * 1 + 3 * 0.5) / 5)
    assert found.group_share == pytest.approx(2 / 3)
    assert found.row_share == pytest.approx(5 / 6)


@pytest.mark.parametrize("seed", SEEDS)
def test_gauc_equals_sklearn_group_by_group(seed):
    labels, scores, groups, _ = rows(seed, groups=60)
    total = weight = covered = 0
    for group in np.unique(groups):
        of = groups == group
        if 0 < labels[of].sum() < of.sum():
            total += of.sum() * roc_auc_score(labels[of], scores[of])
            weight += of.sum()
            covered += 1
    found = metrics.gauc(labels, scores, groups)
    assert found.value == pytest.approx(total / weight, rel=1e-12)
    assert found.group_share == pytest.approx(covered / len(np.unique(groups)))
    assert found.row_share == pytest.approx(weight / len(labels))
    assert np.array_equal(groups[found.first], np.unique(groups))


def test_gauc_of_one_group_is_auc_and_of_none_is_nan():
    labels, scores, _, _ = rows(0)
    assert metrics.gauc(labels, scores, np.zeros(300, int)).value == pytest.approx(metrics.auc(labels, scores))
    empty = metrics.gauc([], [], [])
    assert math.isnan(empty.value) and math.isnan(empty.group_share) and math.isnan(empty.row_share)
    single = metrics.gauc([1, 0], [0.1, 0.2], [0, 1])
    assert math.isnan(single.value) and single.group_share == 0 and single.row_share == 0


# NDCG


def test_ndcg_by_hand():
    # order by score: grades 0, 2, 1 -> gains 0, 3, 1; best: 3, 1, 0
    dcg = 3 / math.log2(3) + 1 / 2
    best = 3 + 1 / math.log2(3)
    assert metrics.ndcg([2, 0, 1], [0.5, 0.9, 0.1], [0, 0, 0]).value == pytest.approx(dcg / best)
    assert metrics.ndcg([2, 0, 1], [0.5, 0.9, 0.1], [0, 0, 0], k=1).value == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 3, 10, 100])
def test_ndcg_equals_sklearn_on_gains(seed, k):
    _, scores, groups, rng = rows(seed)
    grades = rng.integers(0, 4, len(scores)) * (rng.random(40) < 0.7)[groups]
    groups[:3] = 40, 41, 42  # searches of one candidate
    expected = [
        ndcg_score([2.0 ** grades[groups == g] - 1], [scores[groups == g]], k=k)
        for g in np.unique(groups)
        if grades[groups == g].any() and (groups == g).sum() > 1
    ]
    found = metrics.ndcg(grades, scores, groups, k)
    assert found.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.group_share == pytest.approx(len(expected) / len(np.unique(groups)))


def test_ndcg_averages_over_every_order_of_a_tie():
    # all tied: mean gain 1/3 at each place, cut after 2
    expected = (1 + 1 / math.log2(3)) / 3
    assert metrics.ndcg([1, 0, 0], [5, 5, 5], [0, 0, 0], k=2).value == pytest.approx(expected)
    assert metrics.ndcg([0, 0, 1], [5, 5, 5], [0, 0, 0], k=2).value == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_ndcg_equals_the_mean_over_every_order_of_random_ties(seed, k):
    rng = np.random.default_rng(seed)
    grades, scores = rng.integers(0, 3, 6), rng.integers(0, 3, 6)
    grades[0] = 1

    def dcg(order):
        return sum((2.0 ** grades[i] - 1) / math.log2(place + 2) for place, i in enumerate(order[:k]))

    orders = [order for order in itertools.permutations(range(6)) if (np.diff(scores[list(order)]) <= 0).all()]
    expected = np.mean([dcg(order) for order in orders]) / dcg(np.argsort(-grades))
    assert metrics.ndcg(grades, scores, np.zeros(6, int), k).value == pytest.approx(expected, rel=1e-12)


def test_ndcg_in_lightgbm_convention():
    labels, scores, groups = [0, 0, 1, 0, 0], [5, 5, 5, 1, 2], [0, 0, 0, 1, 1]
    found = metrics.ndcg(labels, scores, groups, k=3, convention="lightgbm")
    assert found.scores == pytest.approx([1 / math.log2(4), 1])  # ties in the order given; no positive: 1
    assert found.value == pytest.approx((0.5 + 1) / 2)
    assert metrics.ndcg(labels, scores, groups).group_share == 0.5


def test_ndcg_names_the_wrong_argument():
    with pytest.raises(ValueError, match="labels must be >= 0, got -1"):
        metrics.ndcg([-1], [1], [0])
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        metrics.ndcg([1], [1], [0], k=0)
    with pytest.raises(ValueError, match="convention must be 'average' or 'lightgbm', got 'sklearn'"):
        metrics.ndcg([1], [1], [0], convention="sklearn")
    assert math.isnan(metrics.ndcg([], [], []).value)


# Concordance


def test_concordance_by_hand():
    # pairs (.2,.5) in order, (.2,.9) tied, (.5,.9) reversed
    found = metrics.concordance([0.2, 0.5, 0.9], [1, 3, 1], [4, 4, 4])
    assert found.value == pytest.approx((1 + 0.5 + 0) / 3)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("groups", [1, 7, 33, 200])
def test_concordance_equals_pair_counting(seed, groups):
    _, scores, groups, rng = rows(seed, groups=groups)
    labels = rng.integers(0, 5, len(scores)) / 4
    counts = [concordance_by_pairs(labels[groups == g], scores[groups == g]) for g in np.unique(groups)]
    won, pairs = np.array(counts, float).T
    found = metrics.concordance(labels, scores, groups)
    assert np.array_equal(found.weights, pairs)
    assert found.value == pytest.approx(won.sum() / pairs.sum(), rel=1e-12)
    assert np.allclose(found.scores * found.weights, won)


@pytest.mark.parametrize("seed", SEEDS)
def test_concordance_equals_somers_d(seed):
    labels, scores, _, rng = rows(seed, tied=False)
    assert metrics.concordance(labels, scores).value == pytest.approx(metrics.auc(labels, scores), rel=1e-12)
    scores = rng.integers(0, 9, 300)
    grades = rng.integers(0, 4, 300)
    expected = (stats.somersd(grades, scores).statistic + 1) / 2  # D(scores | grades)
    assert metrics.concordance(grades, scores).value == pytest.approx(expected, rel=1e-9)


def test_concordance_of_one_large_group_takes_linear_memory():
    rng = np.random.default_rng(0)
    labels, scores = rng.random((2, 50_000))
    expected = (stats.kendalltau(labels, scores).statistic + 1) / 2
    assert metrics.concordance(labels, scores).value == pytest.approx(expected, rel=1e-9)


def test_concordance_of_hostile_rows():
    assert metrics.concordance([0.1, 0.9], [3, 3]).value == 0.5
    assert math.isnan(metrics.concordance([0.5, 0.5], [1, 2]).value)
    assert math.isnan(metrics.concordance([], []).value)
    assert metrics.concordance([0.1, 0.9, 0.4], [-1e300, 1e300, 0], [0, 0, 1]).value == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_spearman_equals_scipy(seed):
    _, scores, groups, _ = rows(seed)
    assert metrics.spearman(groups, scores) == pytest.approx(stats.spearmanr(groups, scores).statistic, abs=1e-12)
    assert math.isnan(metrics.spearman(np.zeros(300), scores))
    assert math.isnan(metrics.spearman([], []))


# Probabilities


@pytest.mark.parametrize("seed", SEEDS)
def test_log_loss_and_squared_error_equal_sklearn(seed):
    labels, _, _, rng = rows(seed)
    probabilities = rng.uniform(0.01, 0.99, len(labels))
    assert metrics.row_log_loss(labels, probabilities).mean() == pytest.approx(sklearn_log_loss(labels, probabilities), rel=1e-12)
    assert metrics.row_squared_error(labels, probabilities).mean() == pytest.approx(brier_score_loss(labels, probabilities), rel=1e-12)


def test_log_loss_by_hand_and_clipped():
    assert metrics.row_log_loss([1, 0], [0.5, 0.75]).mean() == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert metrics.row_log_loss([1], [0]).mean() == pytest.approx(-math.log(1e-7))
    assert metrics.row_log_loss([0], [1]).mean() == pytest.approx(-math.log(1e-7))
    assert metrics.row_log_loss([0.25], [0.5]).mean() == pytest.approx(math.log(2))
    assert len(metrics.row_log_loss([], [])) == 0


def test_entropy_is_the_least_log_loss_of_soft_labels():
    labels = np.array([0, 0.1, 0.5, 0.9, 1])
    assert metrics.row_entropy(labels) == pytest.approx(stats.entropy([labels, 1 - labels]))
    assert metrics.row_kl(labels, labels) == pytest.approx(0, abs=2e-7)
    probabilities = np.array([0.2, 0.3, 0.4, 0.5, 0.6])
    expected = np.mean(stats.entropy([labels, 1 - labels], [probabilities, 1 - probabilities]))
    assert metrics.row_kl(labels, probabilities).mean() == pytest.approx(expected)


def test_probabilities_outside_0_1_are_refused():
    with pytest.raises(ValueError, match=r"probabilities must lie in \[0, 1\], got 0.5 .. 1.5"):
        metrics.row_log_loss([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"labels must lie in \[0, 1\], got -1"):
        metrics.row_log_loss([-1], [0.5])
    assert metrics.row_squared_error([3, -5], [1, -4]).mean() == 2.5


# Calibration


def test_wilson_by_hand_and_scipy():
    low, high = wilson(0.0, 10)
    assert (low, high) == (0, pytest.approx(0.2775328))
    expected = stats.binomtest(37, 120).proportion_ci(method="wilson")
    assert wilson(37 / 120, 120) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_calibration_bins_hold_equal_mass():
    rng = np.random.default_rng(0)
    probabilities = rng.random(1000)
    found = calibration(rng.random(1000) < probabilities, probabilities)
    assert len(found.rows) == 15 and found.rows.sum() == 1000
    assert set(found.rows) <= {66, 67}
    assert (np.diff(found.predicted) > 0).all()
    assert found.ratio_low < 1 < found.ratio_high
    expected = np.sum(found.rows * np.abs(found.observed - found.predicted)) / 1000
    assert found.ece == pytest.approx(expected)


def test_calibration_keeps_ties_together():
    probabilities = np.array([0.1] * 6 + [0.5] * 3 + [0.9])
    labels = np.array([1, 0, 0, 0, 0, 0, 1, 1, 0, 1])
    found = calibration(labels, probabilities, bins=5)
    assert found.rows.tolist() == [6, 3, 1]
    assert found.predicted == pytest.approx([0.1, 0.5, 0.9])
    assert found.observed == pytest.approx([1 / 6, 2 / 3, 1])
    assert found.ratio == pytest.approx(4 / 3)
    assert found.ece == pytest.approx((6 * (1 / 6 - 0.1) + 3 * (2 / 3 - 0.5) + 0.1) / 10)


def test_calibration_places_a_tie_by_its_middle_rank():
    # 2 bins of 10 rows: the tie spans ranks 4 to 9, its middle lies in the upper half
    found = calibration(np.zeros(10), [0.1, 0.2, 0.3, 0.4] + [0.5] * 6, bins=2)
    assert found.rows.tolist() == [4, 6]


def test_calibration_of_hostile_rows():
    empty = calibration([], [])
    assert len(empty.rows) == 0 and math.isnan(empty.ece) and math.isnan(empty.ratio)
    tied = calibration([0, 1, 1], [0.5, 0.5, 0.5])
    assert tied.rows.tolist() == [3]
    assert math.isnan(calibration([0, 1], [0, 0]).ratio)
    with pytest.raises(ValueError, match="bins must be at least 1"):
        calibration([0], [0.5], bins=0)


# MAP


def test_average_precision_by_hand():
    labels, scores = [0, 1, 0, 3, 0, 1], [9, 8, 7, 6, 5, 4]
    found = metrics.average_precision(np.array(labels), np.array(scores), np.zeros(6, int))
    assert found.value == pytest.approx((1 / 2 + 2 / 4 + 3 / 6) / 3)
    groups = np.array([4, 4, 2, 2, 9, 7, 7])  # 4: relevant second; 2: none; 9: one row; 7: both
    found = metrics.average_precision(np.array([0, 1, 0, 0, 1, 1, 2]), np.array([2.0, 1, 1, 2, 1, 1, 2]), groups)
    assert found.value == pytest.approx((1 / 2 + 1) / 2) and (found.empty, found.single) == (1, 1)


def test_average_precision_of_ties_is_the_mean_over_all_orders():
    labels, scores = np.array([1, 0, 2, 0, 1]), np.array([2.0, 1, 1, 1, 0])
    values = []
    for order in itertools.permutations([1, 2, 3]):
        ranked = labels[[0, *order, 4]] > 0
        values.append(np.mean([ranked[: place + 1].mean() for place in np.flatnonzero(ranked)]))
    assert metrics.average_precision(labels, scores, np.zeros(5, int)).value == pytest.approx(np.mean(values))


def test_average_precision_equals_scikit_learn_without_ties():
    rng = np.random.default_rng(0)
    groups, labels, scores = np.sort(rng.integers(0, 30, 400)), rng.integers(0, 2, 400), rng.permutation(400)
    found = metrics.average_precision(labels, scores, groups)
    each = [average_precision_score(labels[groups == g], scores[groups == g]) for g in np.unique(groups) if labels[groups == g].any()]
    assert found.value == pytest.approx(np.mean(each))
