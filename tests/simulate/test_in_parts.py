"""A world that is made part by part is the one that was made at once, and what is drawn faster is what NumPy draws."""

import numpy as np
import pytest
from scipy.special import expit

from minirank.data.kept.scratch import Scratch
from minirank.simulate import World, WorldConfig, arrays, population, retrieval, searches, write_folder
from minirank.simulate.arrays import CHUNK, Coded, total
from minirank.simulate.retrieval import draw_up_to, made_different
from minirank.simulate.truth import solve
from minirank.simulate.write_folder import WORLD_FILES, write_files


@pytest.mark.parametrize("size", (1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5, 7 * CHUNK + 1003))
def test_a_sum_in_parts_is_the_sum_to_the_last_bit(size):
    values = np.random.default_rng(size).normal(size=size) * 1e3
    assert total(lambda rows: values[rows], size) == values.sum()


@pytest.mark.parametrize("size, count", ((20, 20), (30, 21), (300, 50), (50_000, 50), (2**31, 20)))
def test_people_are_drawn_as_numpy_draws_them(size, count):
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    expected = [theirs.choice(size, count, replace=False, shuffle=False) for _ in range(300)]
    highest = np.arange(size - count, size)
    np.testing.assert_array_equal(made_different(draw_up_to(ours, np.tile(highest, (300, 1))), highest), expected)
    assert ours.bit_generator.state == theirs.bit_generator.state


def test_a_number_that_was_there_before_becomes_the_highest():
    assert made_different(np.array([[0, 0, 1, 0]]), np.array([3, 4, 5, 6])).tolist() == [[0, 4, 1, 6]]


@pytest.mark.parametrize("target", (0.0, 0.005, 0.1, 0.45, 0.8, 1.0, 1.1))
def test_a_solution_is_that_of_asking_at_every_step(target):
    logits = np.random.default_rng(0).normal(size=5_000)
    low, high = -30.0, 30.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if expit(logits + middle).mean() < target else (low, middle)
    assert solve(lambda shift: expit(logits + shift).mean(), target) == 0.5 * (low + high)


def test_codes_are_read_as_the_numbers_they_stand_for():
    coded = Coded(np.array([0.0, 0.5]), np.array([[0, 1], [1, 1]], np.uint8))
    assert coded[0].tolist() == [0.0, 0.5] and coded[1, 0] == 0.5 and (coded[:, 0] > 0).tolist() == [False, True]


def test_small_parts_on_the_disk_give_the_same_files(tmp_path, monkeypatch):
    config = WorldConfig(seed=3, impressions=2_010)
    whole, in_parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, in_parts):
        folder.mkdir()
    write_files(World(config), whole, propensities=True)
    monkeypatch.setattr(arrays.parts, "__defaults__", (320,))  # of 8, as the lanes of products of matrices
    for module, name, length in (
        (population, "ROWS", 100),
        (retrieval, "SEARCHES", 7),
        (searches, "HIRES", 3),
        (write_folder, "SEARCHES", 11),
    ):
        monkeypatch.setattr(module, name, length)
    write_files(World(config, Scratch(in_parts).empty), in_parts, propensities=True)
    assert sorted(path.name for path in in_parts.iterdir()) == sorted(WORLD_FILES)
    for name in WORLD_FILES:
        assert (in_parts / name).read_bytes() == (whole / name).read_bytes(), name
