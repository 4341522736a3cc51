"""Answers to the exercises of lesson 9."""

import numpy as np


def joint_label(clicked, converted):
    return np.where((clicked == 0) | (converted == 0), 0, np.where(np.isnan(clicked), np.nan, converted))


def wrong_joint_label(clicked, converted):
    return clicked * converted  # 0 times NaN is NaN: every row that was not clicked is lost


def row_weight(u, q):
    return u * (1 - q) / (1 - u * q)


def wrong_row_weight(u, q):
    return u  # that of the clicked rows alone


def mean_of_all(losses, clicked, p):
    return np.where(clicked == 1, losses / p, 0).sum() / len(losses)


def wrong_mean_of_all(losses, clicked, p):
    return losses[clicked == 1].mean() if clicked.any() else 0.0
