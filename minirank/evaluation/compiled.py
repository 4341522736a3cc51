"""Compiled loops of the metrics: what NumPy would need a dozen passes over all rows for.

They check nothing and allocate nothing; `metrics` and `bootstrap` call them.
"""

from __future__ import annotations

import numpy as np

from minirank.kernels.cpu.jit import driver, kernel

RUN = 8  # rows that insertion sorts before merging begins


@driver
def auc_replicates(positive, tied, cluster, counts, run, won, negatives, positives):
    """Sums behind the AUC where cluster c is drawn counts[c, r] times, for R replicates in one pass.

    won_r = sum_{i positive} w_ir (W_r(s < s_i) + W_r(s = s_i) / 2), W_r(.) the weight of those negatives

    Args:
        positive, tied: (n,) bool, of rows by rising score; tied: the row's score is that of the row before.
        cluster: (n,) int.
        counts: (C, R) uint16.
        run: (2, R) float64, scratch: the weight of the negatives and of the positives in a run of ties.
    Writes:
        won, negatives, positives: (R,) float64; the latter two the weight of all rows of the class.
    """
    n, replicates = len(positive), len(won)
    won[:] = 0
    negatives[:] = 0
    positives[:] = 0
    start = 0
    while start < n:
        end = start + 1
        while end < n and tied[end]:
            end += 1
        if end == start + 1:  # SPEED: a score that occurs once needs half the work
            weight = counts[cluster[start]]
            if positive[start]:
                for r in range(replicates):
                    won[r] += weight[r] * negatives[r]
                    positives[r] += weight[r]
            else:
                for r in range(replicates):
                    negatives[r] += weight[r]
        else:
            run[:] = 0
            for i in range(start, end):
                weight, total = counts[cluster[i]], run[1 if positive[i] else 0]
                for r in range(replicates):
                    total[r] += weight[r]
            for r in range(replicates):
                won[r] += run[1, r] * (negatives[r] + run[0, r] / 2)
                negatives[r] += run[0, r]
                positives[r] += run[1, r]
        start = end


@driver
def group_concordance(labels, scores, starts, scratch, won, pairs):
    """Pairs of a group whose labels differ, and how many of them the scores order likewise (a tie: half).

    Once rows are sorted by score and, where scores tie, by label, sorting them by label exchanges
    exactly the discordant pairs.

    Args:
        labels, scores: (n,) float64.
        starts: (G + 1,) int64, group g is rows starts[g] .. starts[g + 1] - 1.
        scratch: (4, rows of the largest group) float64.
    Writes:
        won, pairs: (G,) float64.
    """
    for g in range(len(won)):
        n = starts[g + 1] - starts[g]
        score, label, spare, other = scratch[0, :n], scratch[1, :n], scratch[2, :n], scratch[3, :n]
        for i in range(n):
            score[i], label[i] = scores[starts[g] + i], labels[starts[g] + i]
        sort_pairs(score, label, spare, other)
        tied = pairs_tied(score, score) - pairs_tied(score, label)
        most, two_labels = top_of_two(label)
        if not two_labels:
            discordant = sort_pairs(label, score, spare, other)
            pairs[g] = n * (n - 1) / 2 - pairs_tied(label, label)
        else:  # SPEED: labels 0 and 1 need no second sort
            discordant = above = 0
            for i in range(n):
                above += label[i] == most
                discordant += above if label[i] < most else 0
            pairs[g] = above * (n - above)
        won[g] = pairs[g] - discordant - tied / 2


@kernel
def top_of_two(values):
    """The largest of n >= 1 values, and whether all others are equal to it or to each other."""
    least = most = values[0]
    for value in values:
        least, most = min(least, value), max(most, value)
    for value in values:
        if least < value < most:
            return most, False
    return most, True


@kernel
def pairs_tied(a, b):
    """Pairs of rows equal in `a` and in `b`, by which the rows are sorted."""
    pairs = run = 0
    for i in range(1, len(a)):
        run = run + 1 if a[i] == a[i - 1] and b[i] == b[i - 1] else 0
        pairs += run
    return pairs


@kernel
def sort_pairs(first, second, spare_first, spare_second):
    """Merge sort of rows by `first`, then by `second`, in place.

    Returns:
        How many pairs of rows stood in the wrong order; equal rows never do.
    """
    n, inversions = len(first), 0
    for start in range(0, n, RUN):
        for i in range(start + 1, min(start + RUN, n)):
            a, b, j = first[i], second[i], i
            while j > start and (a < first[j - 1] or (a == first[j - 1] and b < second[j - 1])):
                first[j], second[j] = first[j - 1], second[j - 1]
                j -= 1
            first[j], second[j] = a, b
            inversions += i - j
    a, b, to_a, to_b = first, second, spare_first, spare_second
    width = RUN
    while width < n:
        for start in range(0, n, 2 * width):
            middle, end = min(start + width, n), min(start + 2 * width, n)
            left, right = start, middle
            for to in range(start, end):
                if left == middle or (right < end and (a[right] < a[left] or (a[right] == a[left] and b[right] < b[left]))):
                    to_a[to], to_b[to] = a[right], b[right]
                    inversions += middle - left
                    right += 1
                else:
                    to_a[to], to_b[to] = a[left], b[left]
                    left += 1
        a, b, to_a, to_b = to_a, to_b, a, b
        width *= 2
    for i in range(n):
        first[i], second[i] = a[i], b[i]
    return inversions


@driver
def group_dcg(gains, scores, starts, discount, share_ties, best_scores, best_gains, dcg, ideal):
    """DCG of the first k rows of each group, in the order of the scores and in the best order.

    Args:
        gains, scores: (n,) float64. starts: (G + 1,) int64, as in `group_concordance`.
        discount: (k,) float64, of each place.
        share_ties: whether tied rows get the mean of their gains; else they stay in the order given.
        best_scores, best_gains: (k,) float64, scratch.
    Writes:
        dcg, ideal: (G,) float64.
    """
    for g in range(len(dcg)):
        gain, score = gains[starts[g] : starts[g + 1]], scores[starts[g] : starts[g + 1]]
        ideal[g] = 0
        for i in range(best_rows(gain, gain, best_scores, best_gains)):
            ideal[g] += discount[i] * best_gains[i]
        count = best_rows(score, gain, best_scores, best_gains)
        if share_ties:
            average_ties(gain, score, best_scores[:count], best_gains[:count])
        dcg[g] = 0
        for i in range(count):
            dcg[g] += discount[i] * best_gains[i]


@kernel
def best_rows(keys, values, best_keys, best_values):
    """The k rows of the largest keys, in falling order; of equal keys the earlier row comes first.

    Writes:
        best_keys, best_values: (k,), the first min(k, n) entries.
    Returns:
        min(k, n).
    """
    count, most = 0, len(best_keys)
    for i in range(len(keys)):
        if count == most and not keys[i] > best_keys[count - 1]:
            continue
        count = min(count + 1, most)
        j = count - 1
        while j > 0 and keys[i] > best_keys[j - 1]:
            best_keys[j], best_values[j] = best_keys[j - 1], best_values[j - 1]
            j -= 1
        best_keys[j], best_values[j] = keys[i], values[i]
    return count


@kernel
def average_ties(gains, scores, best_scores, best_gains):
    """Replace the gains of the best rows by the mean over all rows of the same score, the rows beyond the best too."""
    start, count = 0, len(best_scores)
    while start < count:
        end = start + 1
        while end < count and best_scores[end] == best_scores[start]:
            end += 1
        rows, total = 0, 0.0
        if end < count:
            rows = end - start
            for i in range(start, end):
                total += best_gains[i]
        else:  # the last score may go on beyond the best rows
            for i in range(len(scores)):
                if scores[i] == best_scores[start]:
                    rows += 1
                    total += gains[i]
        for i in range(start, end):
            best_gains[i] = total / rows
        start = end


DRIVERS = (auc_replicates, group_concordance, group_dcg)


def run_drivers() -> None:
    """Run each on one row, which compiles what `kernels.compile.compiling` does ahead."""
    one, yes = np.ones(1), np.ones(1, bool)
    starts = np.array([0, 1])
    auc_replicates(yes, yes, np.zeros(1, np.int32), np.ones((1, 1), np.uint16), np.empty((2, 1)), *np.empty((3, 1)))
    group_concordance(one, one, starts, np.empty((4, 1)), *np.empty((2, 1)))
    group_dcg(one, one, starts, one, True, *np.empty((2, 1)), *np.empty((2, 1)))
