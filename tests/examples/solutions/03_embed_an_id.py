"""Answers to the exercises of lesson 3."""

import numpy as np


def table_gradient(dy, ids, size):
    gradient = np.zeros((size, dy.shape[1]))
    np.add.at(gradient, ids, dy)
    return gradient


def wrong_table_gradient(dy, ids, size):
    """Of a repeated id, the last alone."""
    gradient = np.zeros((size, dy.shape[1]))
    gradient[ids] += dy
    return gradient


def bags_backward(dy, bags, size):
    gradient = np.zeros((size, dy.shape[1]))
    for b, ids in enumerate(bags):
        for i in ids:
            gradient[i] += dy[b] / len(ids)
    return gradient


def wrong_bags_backward(dy, bags, size):
    """That of a sum."""
    gradient = np.zeros((size, dy.shape[1]))
    for b, ids in enumerate(bags):
        for i in ids:
            gradient[i] += dy[b]
    return gradient


def adam_on_rows(table, m, v, ids, gradient, step, rate=0.1):
    m[ids] = 0.9 * m[ids] + 0.1 * gradient
    v[ids] = 0.999 * v[ids] + 0.001 * gradient**2
    table[ids] -= rate * (m[ids] / (1 - 0.9**step)) / (np.sqrt(v[ids] / (1 - 0.999**step)) + 1e-8)


def wrong_adam_on_rows(table, m, v, ids, gradient, step, rate=0.1):
    """On the whole table: rows without a gradient go on moving."""
    whole = np.zeros_like(table)
    whole[ids] = gradient
    m[...] = 0.9 * m + 0.1 * whole
    v[...] = 0.999 * v + 0.001 * whole**2
    table -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
