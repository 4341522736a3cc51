"""The arms of a simulated test: the same dice, a better ranker found better, and exactly nothing between a ranker and itself."""

import numpy as np
import pytest

from minirank.ab.lift import lift_of
from minirank.ab.off_policy import positions_of
from minirank.ab.simulated import Pages, arm_of, dice_of
from minirank.simulate import World, WorldConfig


@pytest.fixture(scope="module")
def world():
    return World(WorldConfig(seed=1, impressions=4000))


@pytest.fixture(scope="module")
def pages(world):
    log = world.log
    return Pages(log.search, log.role, log.job, log.snapshot)


def arms(world, pages, scores, seed=0):
    places = [positions_of(pages.search, world.log.position, score, world.log.snapshot) for score in scores]
    return [arm_of(world, pages, place, dice_of(pages.search, seed)) for place in places]


def test_the_order_of_the_log_has_the_chances_of_the_log(world, pages):
    (arm,) = arms(world, pages, [-world.log.position])
    assert arm.expected["CTR"].value == pytest.approx(world.logged.click.mean()) == pytest.approx(0.1, abs=1e-6)
    assert arm.expected["CVR"].value == pytest.approx((world.logged.click * world.logged.conversion).sum() / world.logged.click.sum())
    clicked, _ = world.draw(pages.search, pages.role, pages.job, pages.resume, world.log.position)
    assert arm.drawn["CTR"].above.sum() != clicked.sum() and arm.drawn["CTR"].value == pytest.approx(0.1, abs=0.02)  # dice of its own


def test_a_better_ranker_is_found_better(world, pages):
    """By chance beside the chance of a click: the drawn lift agrees with that in expectation, and each seed has its own dice."""
    best = world.probabilities(pages.role, pages.job, pages.resume).click
    scores = [np.random.default_rng(0).random(len(best)), best]
    a, b = arms(world, pages, scores)
    drawn, truth = lift_of(a.drawn["CTR"], b.drawn["CTR"]), lift_of(a.expected["CTR"], b.expected["CTR"])
    assert truth.lift > 0.2 and drawn.low > 0 and drawn.low < truth.lift < drawn.high
    assert lift_of(*(arm.drawn["CTR"] for arm in arms(world, pages, scores, seed=1))).lift != drawn.lift


def test_common_dice_make_the_difference_smaller(world, pages):
    """Two rankers that mostly agree: the paired deviation is well below that of two arms with dice of their own."""
    best = world.probabilities(pages.role, pages.job, pages.resume).click
    a, b = arms(world, pages, [best, best * np.random.default_rng(0).uniform(0.8, 1, len(best))])
    gap = (b.drawn["CTR"].deviations - a.drawn["CTR"].deviations).std()
    assert gap < 0.6 * np.hypot(a.drawn["CTR"].deviations.std(), b.drawn["CTR"].deviations.std())


def test_a_ranker_against_itself(world, pages):
    a, b = arms(world, pages, [world.log.snapshot, world.log.snapshot])
    for metric in a.drawn:
        found = lift_of(a.drawn[metric], b.drawn[metric])
        assert found.lift == found.low == found.high == 0
