"""The chance of a place under the logging policy: closed forms, sums, a simulation, and the log itself."""

import numpy as np
import pytest
from scipy.special import ndtr

from minirank.cli import main
from minirank.data import read_folder
from minirank.simulate import World, WorldConfig
from minirank.simulate.propensity import chances_of_ranks


def test_two_candidates_in_closed_form():
    """The first stays first with Phi((m_1 - m_2) / sqrt 2)."""
    first = ndtr(0.8 / np.sqrt(2))
    expected = np.array([[[first, 1 - first], [1 - first, first]], [[0.5, 0.5], [0.5, 0.5]]])
    merit = np.array([[0.3, -0.5], [1.0, 1.0]])
    assert chances_of_ranks(merit, 0.0) == pytest.approx(expected, abs=1e-10)
    assert chances_of_ranks(merit, 0.1) == pytest.approx(0.9 * expected + 0.05, abs=1e-10)


def test_every_candidate_has_a_rank_and_every_rank_a_candidate():
    chances = chances_of_ranks(0.8 * np.random.default_rng(0).normal(size=(3, 20)), 0.05)
    assert chances.sum(2) == pytest.approx(np.ones((3, 20)), abs=1e-10) and chances.sum(1) == pytest.approx(np.ones((3, 20)), abs=1e-10)
    assert chances.min() > 0.05 / 20 - 1e-12


def test_chances_are_shares_of_many_draws():
    merit = np.array([0.9, -0.2, 0.4, 0.0, -1.1])
    drawn = merit + np.random.default_rng(1).normal(size=(200_000, 5))
    rank = np.argsort(np.argsort(-drawn, axis=1), axis=1)
    shares = (rank[:, :, None] == np.arange(5)).mean(0)
    assert chances_of_ranks(merit[None], 0.0)[0] == pytest.approx(shares, abs=0.005)


def test_a_log_has_the_chances_that_it_was_drawn_by(tmp_path):
    """Rows weighed by 1 / p count every candidate once in every place: the mean over 100 pages is 1."""
    world = World(WorldConfig(seed=3, impressions=2000))
    assert (1 / world.propensities).mean() / 20 == pytest.approx(1, abs=0.1) and (world.propensities > 0.05 / 20 - 1e-12).all()
    plain, logged = tmp_path / "plain", tmp_path / "logged"
    for path, option in ((plain, ()), (logged, ("--propensities",))):
        assert main(["simulate", str(path), "--impressions", "70", "--seed", "3", *option]) == 0
    for path in plain.iterdir():
        content = (logged / path.name).read_bytes()
        if path.name == "impressions.csv":
            content = b"".join(line.rpartition(b",")[0] + b"\n" for line in content.splitlines())
        assert content == path.read_bytes(), path.name
    rows = read_folder(logged).impressions
    assert rows.propensity == pytest.approx(World.read(logged).propensities[rows.row], rel=1e-5)
    assert np.isnan(read_folder(plain).impressions.propensity).all()
