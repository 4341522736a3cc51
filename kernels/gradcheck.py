"""Gradient check by projection: two forward calls test a whole tensor, in float64.

For y = f(x) with Jacobian J, random u (like y) and v (like x) must satisfy

    <J^T u, v> = <u, J v>  ~  <u, f(x + eps v) - f(x - eps v)> / (2 eps)

The left side is what the hand-written backward pass gives, the right side needs f alone. v has unit
norm and eps is small, so that an input of a ReLU hardly ever crosses its kink. Source: the checker
of HIPS/autograd.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def projection_error(
    forward: Callable[[], np.ndarray | float], gradient: np.ndarray, x: np.ndarray, u: np.ndarray | float, seed: int, eps: float = 1e-5
) -> float:
    """How far a hand-written gradient is from the projected numeric one.

    Args:
        forward: computes f(x), of an x that it holds; called twice. x: any shape, float64; changed in place, and restored.
        gradient: J^T u, of x's shape. u: of f(x)'s shape (a scalar's u is 1). seed: of v.
    Returns:
        |analytic - numeric| / max(|gradient|, 1e-3), a number that a right gradient keeps below 1e-6.
    """
    if x.dtype != np.float64:
        raise ValueError(f"x must be float64, got {x.dtype}")
    v = np.random.default_rng(seed).normal(size=x.shape)
    v /= np.linalg.norm(v)
    before = x.copy()
    x += eps * v
    high = np.sum(u * forward())
    x[...] = before - eps * v
    low = np.sum(u * forward())
    x[...] = before
    analytic, numeric = np.sum(gradient * v), (high - low) / (2 * eps)
    return float(abs(analytic - numeric) / max(np.linalg.norm(gradient), 1e-3))
