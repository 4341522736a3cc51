"""A small world that tests of the simulation share."""

import pytest

from minirank.simulate import World, WorldConfig


@pytest.fixture(scope="package")
def world():
    return World(WorldConfig(seed=3, impressions=2_000))
