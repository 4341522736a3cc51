"""The lift of one arm of an A/B test over the other, from what each search gave, with intervals and the size of a test that would see it.

A metric of an arm is a ratio of sums over searches, m = sum_s above_s / sum_s below_s: clicks over candidates shown (CTR), conversions
over clicks (CVR). The lift is L = m_B / m_A - 1. To first order m varies as the mean of z_s = (above_s - m below_s) / mean(below),
and L as the mean of

    z_B,s / m_A - z_A,s m_B / m_A^2                  hence  L +- 1.96 sd / sqrt(S), paired by search

A test that sees the difference d = m_B - m_A with power .8 at the level .05 (two-sided) needs

    (1.96 + 0.84)^2 (var z_A + var z_B) / d^2        searches in each arm, which share nothing
    (1.96 + 0.84)^2 var(z_B - z_A) / d^2             searches that both arms answer, by the same dice

Sources: Deng, Knoblich and Lu, Applying the delta method in metric analytics, KDD 2018; Owen, Monte Carlo theory, ch. 8 (common
random numbers).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

LEVEL = 1.959964  # standard normal quantile at .975
POWER = 0.841621  # at .8


@dataclass(frozen=True)
class Totals:
    """What each of S searches adds to a metric: above (S,), below (S,)."""

    above: np.ndarray
    below: np.ndarray

    @property
    def value(self) -> float:
        """The metric; NaN where there is nothing to divide by."""
        below = float(self.below.sum())
        return float(self.above.sum()) / below if below else math.nan

    @property
    def deviations(self) -> np.ndarray:
        """(S,) z_s."""
        return (self.above - self.value * self.below) / self.below.mean()


@dataclass(frozen=True)
class Lift:
    """The metric in both arms, the lift of B over A, and its 95 % interval; NaN where A has nothing."""

    a: float
    b: float
    lift: float
    low: float
    high: float


def lift_of(a: Totals, b: Totals) -> Lift:
    """The lift of arm B over arm A, of the same searches."""
    if not a.value > 0 or math.isnan(b.value):
        return Lift(a.value, b.value, math.nan, math.nan, math.nan)
    lift, searches = b.value / a.value - 1, len(a.above)
    if searches < 2:
        return Lift(a.value, b.value, lift, math.nan, math.nan)
    effects = (b.deviations - a.deviations * (b.value / a.value)) / a.value  # exactly 0 between an arm and itself
    half = LEVEL * float(effects.std(ddof=1)) / math.sqrt(searches)
    return Lift(a.value, b.value, lift, lift - half, lift + half)


def searches_needed(a: Totals, b: Totals, difference: float) -> tuple[float, float]:
    """Searches of each arm of a live test, and searches that both arms answer by the same dice, to see a difference of the metric.

    Returns:
        infinity where there is no difference; NaN where an arm does not define the metric, or no search here varies.
    """
    if math.isnan(a.value) or math.isnan(b.value) or math.isnan(difference):
        return math.nan, math.nan
    if difference == 0:
        return math.inf, math.inf
    scale = ((LEVEL + POWER) / difference) ** 2
    apart = a.deviations.var(ddof=1) + b.deviations.var(ddof=1)
    paired = (b.deviations - a.deviations).var(ddof=1)
    return scale * float(apart) or math.nan, scale * float(paired) or math.nan
