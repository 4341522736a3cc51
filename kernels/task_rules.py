"""Weights of tasks that a rule sets, instead of a person or of Adam: what each rule computes, from losses and from gradients.

**DWA**, once an epoch: a task whose loss falls slower than that of others weighs more.

    r_t = L_t(e - 1) / L_t(e - 2),      w_t(e) = T exp(r_t / 2) / sum_u exp(r_u / 2)

**GradNorm**, each step: all tasks pull at the shared parameters with the same force, and harder where training lags behind.

    n_t = w_t ||g_t||,    r_t = (L_t / L_t(0)) / mean_u (L_u / L_u(0)),    A = sum_t |n_t - c_t|,  c_t = mean(n) r_t^1.5 held constant
    dA / d log w_t = n_t sign(n_t - c_t),      log w_t -= 0.025 dA / d log w_t / mean(n),      then w scaled to sum_t w_t = T

Where all tasks have come equally far (r = 1) it rests when all n_t are the same; else the goals c_t add up to more than the n_t do,
and those that lag behind meet theirs first. The step is taken in log w, and in units of mean(n), so that no weight can become
negative and none depends on the scale of the losses; the paper takes it in w.

**PCGrad**, each step: where two tasks pull against each other, each gives up what goes against the other's gradient.

    h_t = g_t;   for u in random order, u != t:   if <h_t, g_u> < 0:   h_t -= <h_t, g_u> / ||g_u||^2 g_u;      g = sum_t h_t

All h_t lie in the span of the g_t, so that their T x T inner products are enough: g = sum_t a_t g_t. By hand, with g_1 = (1, 0) and
g_2 = (-1, 1): h_1 = (1/2, 1/2), h_2 = (0, 1), g = (1/2, 3/2) = 2 g_1 + 3/2 g_2. Without a conflict g is the plain sum.

Sources: Liu et al., CVPR 2019 (DWA, temperature 2); Chen et al., ICML 2018 (GradNorm, alpha 1.5, rate 0.025); Yu et al., NeurIPS 2020.
"""

from __future__ import annotations

import numpy as np

TEMPERATURE, ALPHA, RATE = 2.0, 1.5, 0.025


def dwa(losses: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(T,) weights, of mean 1, from the (T,) mean losses of the last epoch and of the one before it; r is 1 where one is not above 0."""
    there = (losses > 0) & (before > 0)
    powers = np.exp(np.where(there, losses, 1.0) / np.where(there, before, 1.0) / TEMPERATURE)
    return len(losses) * powers / powers.sum()


def gradnorm(weights: np.ndarray, lengths: np.ndarray, losses: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The weights after one step.

    Args:
        weights: (T,) w. lengths: (T,) of the gradients of the tasks' losses for the shared parameters, without w.
        losses, first: (T,) L and L(0). A task without a loss above 0 or a gradient in this batch keeps its weight, before they are scaled.
    """
    pulls, there = weights * lengths, (lengths > 0) & (losses > 0) & (first > 0)
    if there.any():
        progress = losses[there] / first[there]
        mean = pulls[there].mean()
        apart = pulls[there] - mean * (progress / progress.mean()) ** ALPHA
        weights = weights.copy()
        weights[there] *= np.exp(-RATE * pulls[there] * np.sign(apart) / mean)
    return len(weights) * weights / weights.sum()


def pcgrad(products: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """(T,) a of `g = sum_t a_t g_t`.

    Args:
        products: (T, T) inner products of the gradients. orders: (T, T), for each task the order in which it meets the others.
    """
    total = np.zeros(len(products))
    for task, order in enumerate(orders):
        own = np.eye(len(products))[task]
        for other in order:
            along = float(own @ products[:, other])
            if other != task and along < 0:
                own[other] -= along / products[other, other]
        total += own
    return total
