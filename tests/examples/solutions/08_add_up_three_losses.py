"""Answers to the exercises of lesson 8."""

import numpy as np


def log_loss(z, y):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - y * z


def wrong_log_loss(z, y):
    p = np.clip(1 / (1 + np.exp(-np.clip(z, -30, 30))), 1e-7, 1 - 1e-7)  # runs, and saturates: nothing is learned out there
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


def masked_loss(losses, labels, rate):
    return losses[~np.isnan(labels)].sum() / len(losses) / rate


def wrong_masked_loss(losses, labels, rate):
    there = ~np.isnan(labels)
    return losses[there].mean() if there.any() else 0.0  # by the count in the batch


def best_log_variances(losses):
    return np.log(2 * losses)


def wrong_best_log_variances(losses):
    return np.log(losses)
