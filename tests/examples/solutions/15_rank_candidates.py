"""Answers to the exercises of lesson 15."""

import numpy as np


def ndcg(grades, scores, k):
    if not (grades > 0).any():
        return None
    weights = 1 / np.log2(np.arange(2, len(grades) + 2))[:k]
    gains = 2.0**grades - 1
    return (gains[np.argsort(-scores)][:k] * weights).sum() / (np.sort(gains)[::-1][:k] * weights).sum()


def wrong_ndcg(grades, scores, k):
    if not (grades > 0).any():
        return None
    weights = 1 / np.log2(np.arange(2, len(grades) + 2))[:k]
    return (grades[np.argsort(-scores)][:k] * weights).sum() / (np.sort(grades)[::-1][:k] * weights).sum()  # linear gains


def kendall_tau(ranks, others):
    agree = np.sign(ranks[:, None] - ranks) * np.sign(others[:, None] - others)
    return agree.sum() / (len(ranks) * (len(ranks) - 1))


def wrong_kendall_tau(ranks, others):
    return np.corrcoef(ranks, others)[0, 1]


def split_by_time(time, search, share):
    names, of_row = np.unique(search, return_inverse=True)
    begins = np.array([time[search == name].min() for name in names])
    last = np.argsort(begins)[len(names) - round(share * len(names)) :]
    return np.isin(of_row, last)


def wrong_split_by_time(time, search, share):
    return time >= np.quantile(time, 1 - share)  # by rows: a search is in both parts
