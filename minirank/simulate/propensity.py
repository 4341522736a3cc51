"""How likely the logging policy is to put each candidate of a page at each rank.

The policy orders a page by merit + a standard normal, and 5 % of the pages by chance alone. So candidate i stands at rank k where
k - 1 of the others drew more than it did:

    P(rank of i = k) = int phi(x - m_i) P(exactly k - 1 of the others exceed x) dx,   Phi(m_j - x) the chance that j exceeds x

The count is Poisson-binomial; its distribution is the discrete Fourier transform of the product over j of 1 - p_j + p_j w^c,
w = exp(-2 pi i / n). With an odd n no factor is 0, so that of i can be divided out of the product of all.
Source: Hong, On computing the distribution function for the Poisson binomial distribution, CSDA 2013 (the transform).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

STEP, TAIL = 0.25, 7.0  # of the trapezoidal rule, in standard deviations of the noise: errors are below 1e-12
PAGES = 64  # at a time: 64 x 70 x 20 complex numbers


def chances_of_ranks(merit: np.ndarray, shuffled: float) -> np.ndarray:
    """The chance that each candidate of a page comes to each rank.

    Args:
        merit: (S, n). shuffled: share of pages in random order.
    Returns:
        (S, n, n) float64: page, candidate, rank - 1.
    """
    parts = [_chances(merit[first : first + PAGES]) for first in range(0, len(merit), PAGES)]
    size = merit.shape[1]
    return (1 - shuffled) * np.concatenate(parts or [np.zeros((0, size, size))]) + shuffled / size


def _chances(merit: np.ndarray) -> np.ndarray:
    """The same for a policy that never shuffles."""
    size = merit.shape[1]
    terms = size + 1 - size % 2  # odd, and enough for 0 .. size - 1 others
    x = np.arange(merit.min() - TAIL, merit.max() + TAIL, STEP)
    exceeds = ndtr(merit[:, None, :] - x[:, None])  # (S, G, n)
    density = STEP * np.exp(-0.5 * (x[:, None] - merit[:, None, :]) ** 2) / np.sqrt(2 * np.pi)
    found = np.zeros((*merit.shape, size))
    for term in range(terms // 2 + 1):  # the others are conjugates of these
        factors = 1 - exceeds + exceeds * np.exp(-2j * np.pi * term / terms)
        others = factors.prod(2, keepdims=True) / factors
        back = np.exp(2j * np.pi * term * np.arange(size) / terms)  # of k - 1 others, k = 1 .. n
        found += (1 if term == 0 else 2) * ((density * others).sum(1)[..., None] * back).real
    return found / terms
