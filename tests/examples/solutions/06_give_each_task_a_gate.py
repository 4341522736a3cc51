"""Answers to the exercises of lesson 6."""

import numpy as np


def experts_backward(dm, g):
    return g.mT @ dm


def wrong_experts_backward(dm, g):
    """Of the last task alone."""
    for t in range(g.shape[1]):
        dh = g[:, t, :, None] * dm[:, t, None]
    return dh


def numbers_to_learn(inputs, experts, width, tasks):
    return experts * (inputs + 1) * width + tasks * (inputs + 1) * experts + tasks * (width + 1)


def wrong_numbers_to_learn(inputs, experts, width, tasks):
    """One gate for all tasks."""
    return experts * (inputs + 1) * width + (inputs + 1) * experts + tasks * (width + 1)


def conflict(gradients):
    return 1 - np.linalg.norm(gradients.sum(axis=0)) / np.linalg.norm(gradients, axis=1).sum()


def wrong_conflict(gradients):
    """By the sums of their components."""
    return 1 - abs(gradients.sum()) / np.abs(gradients).sum()
