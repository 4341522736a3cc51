"""IPS, SNIPS and DR: literals by hand, and free of bias over many small logs of a policy whose chances are known."""

import numpy as np
import pytest

from minirank.ab.off_policy import Logged, OutcomeModel, estimate, metrics_of, positions_of, weights_of
from minirank.simulate.propensity import chances_of_ranks
from minirank.simulate.truth import examine

# Two searches: two candidates, then three, of which the second ranker moves some.
SEARCH = np.array([0, 0, 1, 1, 1])
LOGGED = Logged(
    SEARCH,
    np.array([1, 2, 1, 2, 3]),
    np.array([0.5, 0.5, 0.25, 0.5, 0.4]),
    np.array([1.0, 0.0, 1.0, 1.0, np.nan]),
    np.array([1.0, np.nan, 0.0, np.nan, np.nan]),
)
TARGET = np.array([1, 2, 1, 3, 2])  # the first three stay: weights 2, 2, 4


class Flat:
    """A model of the outcome that expects the same everywhere but at the third position."""

    def __init__(self, usual, third):
        self.usual, self.third = usual, third

    def at(self, position):
        return np.where(position == 3, self.third, self.usual)


def test_where_a_ranker_puts_the_candidates():
    score = np.array([0.1, 0.9, 0.5, 0.7, 0.5])
    assert positions_of(SEARCH, np.array([2, 7, 1, 4, 9]), score, np.array([0, 1, 2, 3, 1])).tolist() == [7, 2, 9, 1, 4]


def test_weights_by_hand():
    found, cut = weights_of(LOGGED, TARGET), weights_of(LOGGED, TARGET, 3.0)
    assert found.values.tolist() == [2, 2, 4, 0, 0] and (found.matched, found.clipped) == (3, 0)
    assert found.effective == pytest.approx(64 / 24) and cut.values.tolist() == [2, 2, 3, 0, 0] and cut.clipped == 1


def test_every_estimator_by_hand():
    """Clicks are known in four rows, outcomes in the first three: 1, 0, 0."""
    weights = weights_of(LOGGED, TARGET)
    ips, norm = (metrics_of(name, LOGGED, weights, TARGET) for name in ("IPS", "SNIPS"))
    assert ips["CTR"].above.tolist() == [2, 4] and ips["CTR"].below.tolist() == [2, 2] and ips["CTR"].value == 6 / 4
    assert norm["CTR"].value == 6 / 8 and norm["CTCVR"].value == 2 / 8 and ips["CTCVR"].value == 2 / 3
    assert ips["CVR"].value == norm["CVR"].value == 2 / 6
    models = {"clicked": Flat(0.5, 0.25), "outcome": Flat(0.2, 0.1)}
    # clicks: .5 + 2 (1 - .5), .5 + 2 (0 - .5), .5 + 4 (1 - .5), and .25 of the row that would move to the third place
    found = metrics_of("DR", LOGGED, weights, TARGET, models)
    assert found["CTR"].above == pytest.approx([1.5 - 0.5, 2.5 + 0.25]) and found["CTR"].value == pytest.approx(3.75 / 4)
    # outcomes: .2 + 2 (1 - .2), .2 - 2 x .2, .2 - 4 x .2
    assert found["CTCVR"].value == pytest.approx((1.8 - 0.2 - 0.6) / 3)
    assert found["CVR"].value == pytest.approx((1.8 - 0.2 - 0.6) / (1.5 - 0.5 + 2.5))


def test_the_outcome_model_by_hand():
    """The factor of a position, from the other half of the searches: (clicks + 10) / (expected clicks + 10)."""
    model = OutcomeModel(LOGGED, LOGGED.clicked, np.full(5, 0.5))
    first = np.array([1, 1, 1, 1, 1])
    assert model.at(first) == pytest.approx([0.5 * 11 / 10.5] * 5)  # one click where .5 were expected, in either half
    assert model.at(np.full(5, 3)) == pytest.approx([0.5] * 5)  # its only label is missing
    assert model.at(np.full(5, 2)) == pytest.approx([0.5 * 11 / 10.5] * 2 + [0.5 * 10 / 10.5] * 3)


def logs(merit, attraction, shuffled, times, generator):
    """`times` logs of one page each as one: order by merit + noise, clicks by position and attraction."""
    size = len(merit)
    drawn = np.where(generator.random((times, 1)) < shuffled, 0.0, merit) + generator.normal(size=(times, size))
    order = np.argsort(-drawn, axis=1)
    chances = chances_of_ranks(merit[None], shuffled)[0]
    propensity = chances[order, np.arange(size)]
    position = np.tile(np.arange(1, size + 1), times)
    clicked = generator.random(times * size) < examine(position) * attraction[order.ravel()]
    converted = generator.random(times * size) < 0.5
    search = np.repeat(np.arange(times), size)
    return Logged(search, position, propensity.ravel(), clicked.astype(float), np.where(clicked, converted, np.nan).astype(float)), order


def test_estimates_are_free_of_bias():
    """30,000 logs of a page of three, their order drawn each time; the truth is known in closed form."""
    generator, merit, attraction = np.random.default_rng(0), np.array([0.8, 0.0, -0.8]), np.array([0.2, 0.9, 0.5])
    logged, order = logs(merit, attraction, 0.1, 30_000, generator)
    truth = {}
    for name, score in (("a", -attraction), ("b", attraction)):
        place = np.argsort(np.argsort(-score)) + 1
        truth[name] = float((examine(place) * attraction).mean())
    candidate = order.ravel()
    target = {
        name: positions_of(logged.search, logged.position, sign * attraction[candidate], candidate) for name, sign in (("a", -1), ("b", 1))
    }
    wrong = generator.random(len(logged.search))  # DR is free of bias whatever the model says
    found, weights = estimate(logged, target["a"], target["b"], {"clicked": wrong, "outcome": wrong})
    for each in weights:
        assert each.values.mean() == pytest.approx(1, abs=0.02)
    for estimator in found:
        for name in "ab":
            assert getattr(found[estimator]["CTR"], name) == pytest.approx(truth[name], abs=0.012), estimator
        assert getattr(found[estimator]["CVR"], name) == pytest.approx(0.5, abs=0.02)
        assert found[estimator]["CTR"].low < truth["b"] / truth["a"] - 1 < found[estimator]["CTR"].high


def test_a_ranker_against_itself_is_exactly_zero():
    target = positions_of(SEARCH, LOGGED.position, np.arange(5.0), np.zeros(5))
    expected = {"clicked": np.full(5, 0.5), "outcome": np.full(5, 0.2)}
    for each in estimate(LOGGED, target, target, expected)[0].values():
        assert all(lift.lift == 0 or np.isnan(lift.lift) for lift in each.values())
