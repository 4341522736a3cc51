"""Lift, interval and sample size by hand, of three searches."""

import math

import numpy as np
import pytest

from minirank.ab.format_ab import _lift
from minirank.ab.lift import Lift, Totals, lift_of, searches_needed

SHOWN = np.array([2.0, 2.0, 4.0])
A = Totals(np.array([1.0, 0.0, 1.0]), SHOWN)  # 2 of 8: .25
B = Totals(np.array([1.0, 1.0, 1.0]), SHOWN)  # 3 of 8: .375


def test_a_lift_by_hand():
    """mean(below) = 8/3; z_A = (.5, -.5, 0) 3/8, z_B = (.25, .25, -.5) 3/8; effects = 4 z_B - 6 z_A = (-.75, 1.5, -.75):
    sd sqrt(27/16) = 1.299038, so 1.959964 x 1.299038 / sqrt(3) = 1.469973."""
    assert A.deviations == pytest.approx([0.1875, -0.1875, 0.0]) and B.deviations == pytest.approx([0.09375, 0.09375, -0.1875])
    found = lift_of(A, B)
    assert (found.a, found.b, found.lift) == (0.25, 0.375, 0.5)
    assert found.low == pytest.approx(0.5 - 1.469973) and found.high == pytest.approx(0.5 + 1.469973)


def test_the_size_of_a_test_by_hand():
    """var z_A = .03515625, var z_B = .0263671875, var(z_B - z_A) = (.09375^2 + .28125^2 + .1875^2) / 2 = .0615234375, d = .125."""
    scale = (1.959964 + 0.841621) ** 2 / 0.125**2
    assert searches_needed(A, B, 0.125) == pytest.approx((scale * 0.0615234375, scale * 0.0615234375))  # these two arms are unrelated
    alike = Totals(np.array([2.0, 0.0, 1.0]), SHOWN)  # z = (1.25, -.75, -.5) 3/8
    apart, paired = searches_needed(A, alike, 0.125)
    assert apart == pytest.approx(scale * (0.03515625 + 0.166992188)) and paired == pytest.approx(scale * 0.061523438)
    assert searches_needed(A, B, 0.0) == (math.inf, math.inf)
    apart, paired = searches_needed(A, A, 0.125)  # arms that the dice did not tell apart say nothing of pairs
    assert apart == pytest.approx(scale * 2 * 0.03515625) and math.isnan(paired)


def test_an_arm_against_itself_is_exactly_zero():
    assert lift_of(A, A) == Lift(0.25, 0.25, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("a", "b", "words"), [(0.0, 0.1, "A has none"), (None, 0.1, "A has none"), (1.0, None, "B has none"), (-0.1, 0.1, "A is below 0")]
)
def test_why_there_is_no_lift(a, b, words):
    assert _lift({"a": a, "b": b, "lift": None, "low": None, "high": None}) == ["-", words]


def test_what_is_not_defined():
    none = Totals(np.zeros(3), SHOWN)
    assert math.isnan(lift_of(none, A).lift) and lift_of(A, none).lift == -1
    empty = Totals(np.zeros(3), np.zeros(3))
    assert math.isnan(lift_of(A, empty).lift) and all(map(math.isnan, searches_needed(A, empty, 0.1)))
    one = Totals(np.ones(1), np.full(1, 2.0))
    assert lift_of(one, one).lift == 0 and math.isnan(lift_of(one, one).low)
