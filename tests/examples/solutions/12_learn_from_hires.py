"""Answers to the exercises of lesson 12."""

import numpy as np


def mean_rate(observed, expected, strength):
    return (observed + strength) / (expected + strength)


def wrong_mean_rate(observed, expected, strength):
    return (observed + 1) / (expected + 1)


def lifts_of_others(held, share):
    observed = held.sum(axis=0) - held
    return np.maximum(np.log((observed + 1) / ((len(held) - 1) * share + 1)), 0)


def wrong_lifts_of_others(held, share):
    lift = np.maximum(np.log((held.sum(axis=0) + 1) / (len(held) * share + 1)), 0)
    return np.tile(lift, (len(held), 1))  # everybody recommends themselves


def known_hires(hired_at, posted_at, least):
    count = int((hired_at < posted_at).sum())
    return count if count >= least else 0


def wrong_known_hires(hired_at, posted_at, least):
    count = int((hired_at <= posted_at).sum())
    return count if count >= least else 0
