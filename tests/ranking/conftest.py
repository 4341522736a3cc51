"""A small market with a trained run, for the tests of this folder."""

import pytest
from ranking_world import train_run, write_market

from minirank.ranking import Ranker
from minirank.run.load_data import load_dataset


@pytest.fixture(scope="package")
def market(tmp_path_factory):
    """(data folder on disk, run folder) of a small market."""
    path = tmp_path_factory.mktemp("market")
    write_market(path / "data")
    return path / "data", train_run(path / "data", path / "run")


@pytest.fixture(scope="package")
def ranker(market):
    return Ranker.load(market[1])


@pytest.fixture(scope="package")
def dataset(ranker):
    return load_dataset(ranker.run.config, ranker.run.encoder)
