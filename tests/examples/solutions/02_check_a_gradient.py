"""Answers to the exercises of lesson 2."""

import numpy as np


def leaky_backward(dy, z, slope):
    return np.where(z > 0, dy, slope * dy)


def wrong_leaky_backward(dy, z, slope):
    return np.where(dy > 0, dy, slope * dy)


def two_layers_backward(dy, x, weight, hidden, second):
    dhidden = dy @ second.T
    return x.T @ (dhidden * (hidden > 0)), hidden.T @ dy


def wrong_two_layers_backward(dy, x, weight, hidden, second):
    return x.T @ (dy @ second.T), hidden.T @ dy


def find_wrong_row(forward, gradient, x, u):
    rng, rows = np.random.default_rng(0), np.arange(len(x))
    while len(rows) > 1:
        half = rows[: len(rows) // 2]
        v = np.zeros_like(x)
        v[half] = 1e-5 * rng.normal(size=(len(half), x.shape[1]))
        numeric = np.sum(u * (forward(x + v) - forward(x - v))) / 2
        rows = half if abs(np.sum(gradient * v) - numeric) > 1e-5 * np.linalg.norm(v) else rows[len(half) :]
    return rows[0]


def wrong_find_wrong_row(forward, gradient, x, u):
    """Right, but row by row."""
    for row in range(len(x)):
        v = np.zeros_like(x)
        v[row] = 1e-5
        if abs(np.sum(gradient * v) - np.sum(u * (forward(x + v) - forward(x - v))) / 2) > 1e-8:
            return row
    return -1
