"""Exercises of lesson 15. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
from itertools import combinations

import numpy as np


# %%
def ndcg(grades, scores, k):
    """NDCG at k of one list: the sum of (2^grade - 1) / log2(1 + place) over the first k places, divided by the best possible sum.

    grades, scores (n,), no two scores alike; places count from 1. None where no grade is above 0: such a list tells nothing.
    """
    raise NotImplementedError


def check_ndcg():
    grades, scores = np.array([0, 2, 1]), np.array([0.9, 0.5, 0.1])
    np.testing.assert_allclose(ndcg(grades, scores, 3), (3 / np.log2(3) + 1 / 2) / (3 + 1 / np.log2(3)))
    np.testing.assert_allclose(ndcg(grades, scores, 1), 0)
    np.testing.assert_allclose(ndcg(grades, -scores, 2), (1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3)))
    assert ndcg(np.zeros(3), scores, 3) is None


# %%
def kendall_tau(ranks, others):
    """How alike two orders of the same n are: (pairs in the same order - pairs in opposite orders) / all pairs. ranks, others (n,)."""
    raise NotImplementedError


def check_kendall_tau():
    assert kendall_tau(np.array([1, 2, 3]), np.array([1, 2, 3])) == 1 and kendall_tau(np.array([1, 2, 3]), np.array([3, 2, 1])) == -1
    ranks, others = np.random.default_rng(0).permutation(8), np.random.default_rng(1).permutation(8)
    signs = [1 if (ranks[i] < ranks[j]) == (others[i] < others[j]) else -1 for i, j in combinations(range(8), 2)]
    np.testing.assert_allclose(kendall_tau(ranks, others), np.mean(signs))


# %%
def split_by_time(time, search, share):
    """(B,) bool, which rows are for the test: the last `share` of the searches, by the time of their first row; no search is in both parts.

    time (B,) seconds; search (B,) ids. The number of test searches is rounded; no two searches begin at the same time.
    """
    raise NotImplementedError


def check_split_by_time():
    search = np.array([7, 7, 3, 3, 3, 9, 1, 1])
    time = np.array([40, 43, 10, 11, 12, 30, 20, 50])  # search 1 begins early, and goes on while others are under way
    np.testing.assert_array_equal(split_by_time(time, search, 0.5), np.isin(search, [9, 7]))
    np.testing.assert_array_equal(split_by_time(time, search, 0.25), search == 7)


# %%
for check in (check_ndcg, check_kendall_tau, check_split_by_time):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
