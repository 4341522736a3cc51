"""Answers to the exercises of lesson 5."""

import numpy as np


def mixture_backward(dm, g, h):
    return np.einsum("bh,beh->be", dm, h), np.einsum("be,bh->beh", g, dm)


def wrong_mixture_backward(dm, g, h):
    """Every expert hears the whole error."""
    return np.einsum("bh,beh->be", dm, h), np.broadcast_to(dm[:, None], h.shape)


def top_gates(g, k):
    smallest = np.sort(g, axis=1)[:, [-k]]
    kept = np.where(g >= smallest, g, 0)
    return kept / kept.sum(axis=1, keepdims=True)


def wrong_top_gates(g, k):
    """They no longer sum to 1."""
    return np.where(g >= np.sort(g, axis=1)[:, [-k]], g, 0)


def competing_backward(g, h, y):
    dg = (h - y) ** 2
    return g * (dg - (dg * g).sum(axis=1, keepdims=True)), 2 * g * (h - y)


def wrong_competing_backward(g, h, y):
    """That of the mixture's loss."""
    dm = 2 * ((g * h).sum(axis=1, keepdims=True) - y)
    return g * dm * (h - (g * h).sum(axis=1, keepdims=True)), g * dm
