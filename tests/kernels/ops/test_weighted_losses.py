"""Losses of more than a logit and a label by themselves: focal, by propensity, delayed. Literals by hand, gradients by projection.

As operations of a plan they are among those of test_operations.py.
"""

import numpy as np
import pytest
from random_rows import SPEC
from scipy import special

from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops import delayed, focal, losses, propensity
from minirank.kernels.plan import PlanBuilder


def test_focal_by_hand():
    """At p = 1/2 a factor (1/2)^2, dl/dz = (1/4)(1/2 + 2 (1/2) log 2); at p = 3/4 and label 0 the factor is (3/4)^2; a soft label mixes."""
    loss, dz = focal.focal(np.array([0.0, np.log(3), np.log(3)]), np.array([1.0, 0.0, 0.25]), 2.0)
    one, zero = np.log(4 / 3) / 16, 9 / 16 * np.log(4)
    np.testing.assert_allclose(loss, [np.log(2) / 4, zero, one / 4 + 3 / 4 * zero])
    dz_one, dz_zero = -(1 / 4 + 2 * 3 / 4 * np.log(4 / 3)) / 16, 9 / 16 * (3 / 4 + 2 / 4 * np.log(4))
    np.testing.assert_allclose(dz, [-(1 / 2 + np.log(2)) / 4, dz_zero, dz_one / 4 + 3 / 4 * dz_zero])
    z, label = np.array([-3.0, 0.2, 800.0]), np.array([1.0, 0.3, 0.0])
    np.testing.assert_allclose(focal.focal(z, label, 0.0), losses.bce(z, label), rtol=1e-12)  # gamma 0
    p = 0.305787
    slope = focal.focal(np.full(2, np.log(p / (1 - p))), np.array([1.0, 0.0]), 2.0)[1]
    assert 0.1 * slope[0] + 0.9 * slope[1] == pytest.approx(0, abs=1e-6)  # where a chance of 0.1 is predicted


def test_propensity_losses_by_hand():
    """pCTR 1/5 and 1/3, below the floor of 1/4 and above it; without a click there is no weight."""
    w = propensity.inverse_propensity(np.log([1 / 4, 1 / 2, 1 / 4]), np.array([1.0, 1.0, 0.0]), 0.25)
    np.testing.assert_allclose(w, [4, 3, 0])
    b, label = np.log([3.0, 3.0, 3.0]), np.array([1.0, 0.0, 0.0])
    loss, db = propensity.ips(b, label, w)
    np.testing.assert_allclose(loss, [4 * np.log(4 / 3), 3 * np.log(4), 0])
    np.testing.assert_allclose(db, [-1, 9 / 4, 0])
    loss, db, dc = propensity.dr(b, np.zeros(3), label, w)  # q = 1/2: corrected labels 5/2, -1, 1/2
    imputed = (np.log(4) + np.log(4 / 3)) / 2  # d(b, 1/2)
    errors = np.array([np.log(4 / 3), np.log(4), 0])
    np.testing.assert_allclose(loss, imputed + w * (errors - imputed) + w * np.log(2))
    np.testing.assert_allclose(db, 3 / 4 - np.array([5 / 2, -1, 1 / 2]))
    np.testing.assert_allclose(dc, [-2, 3 / 2, 0])


def test_a_propensity_has_no_gradient():
    build = PlanBuilder(SPEC)
    logits = build.block("logits", 3)
    with pytest.raises(ValueError, match="the propensity of ips has no gradient, but"):
        build.add("ips", None, (logits.columns(1, 1), logits.columns(0, 1)), task=1, given=0, factor=1.0, floor=0.1)


def test_doubly_robust_is_right_in_the_mean_if_either_part_is():
    """All of a row's outcomes with their chances: click 0.3, conversion 0.6; the slope at the conversion's logit is 0."""
    click, convert = 0.3, 0.6
    b = np.log(convert / (1 - convert))
    seen, label = np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0])
    chance = np.array([1 - click, click * (1 - convert), click * convert])
    for believed, q in ((click, 0.2), (0.9, convert), (click, convert)):
        w = seen / believed
        slope = propensity.dr(np.full(3, b), np.full(3, np.log(q / (1 - q))), label, w)[1]
        assert chance @ slope == pytest.approx(0, abs=1e-12)
        wrong = abs(chance @ propensity.ips(np.full(3, b + 0.1), label, w)[1])
        assert wrong == pytest.approx(abs(click / believed * (special.expit(b + 0.1) - convert)))
    slope = propensity.dr(np.full(3, b), np.full(3, np.log(0.25)), label, seen / 0.9)[1]
    assert abs(chance @ slope) > 0.1  # neither is right


def test_delayed_labels_by_hand():
    """p = 1/2: seen; the time was up; half of them come later: -log(1 - 1/4), slope (1/4)(1/2) / (3/4); all come later."""
    loss, dz = delayed.bce_delayed(np.zeros(4), np.array([1.0, 0.0, -0.5, -1.0]))
    np.testing.assert_allclose(loss, [np.log(2), np.log(2), np.log(4 / 3), 0], atol=1e-15)
    np.testing.assert_allclose(dz, [-1 / 2, 1 / 2, 1 / 6, 0], atol=1e-15)
    p, arrived = special.expit(0.7), 0.8
    loss, dz = delayed.bce_delayed(np.array([0.7]), np.array([arrived - 1]))
    np.testing.assert_allclose(loss, -np.log(1 - p * arrived))
    np.testing.assert_allclose(dz, p * arrived * (1 - p) / (1 - p * arrived))  # the importance of a negative row, times p
    seen = p * arrived  # at the true p the mean slope is 0, however many have arrived
    assert seen * (p - 1) + (1 - seen) * dz[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", (0, 1, 2))
def test_gradients(seed):
    """Weights and imputations have no gradient from what they weigh and correct, so they are held."""
    rng = np.random.default_rng(seed)
    a, b, label, w, u = 3 * rng.normal(size=40), 3 * rng.normal(size=40), rng.random(40), 3 * rng.random(40), rng.normal(size=40)
    still_open = label * rng.choice([1, -1], 40)
    for loss in (
        lambda z: focal.focal(z, label, 1.7),
        lambda z: delayed.bce_delayed(z, still_open),
        lambda z: propensity.ips(z, label, w),
        lambda z: propensity.dr(z, b, label, w)[:2],
        lambda z: (w * losses.bce(z, label)[0], propensity.dr(b, z, label, w)[2]),  # of the tower
    ):
        z = a.copy()
        assert projection_error(lambda: loss(z)[0], u * loss(z)[1], z, u, seed) < 1e-6
