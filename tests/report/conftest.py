"""Runs and their reports, for the tests of this folder."""

import pytest
from ranking_world import train_run, write_market

from minirank.report.collect import collect
from minirank.run.load_run import load_run


@pytest.fixture(scope="package")
def market(tmp_path_factory):
    """(data folder, run folder) of a small market."""
    path = tmp_path_factory.mktemp("market")
    write_market(path / "data")
    return path / "data", train_run(path / "data", path / "run")


@pytest.fixture(scope="package")
def contents(market):
    """What the report of the small market's run shows."""
    return collect(market[1])


@pytest.fixture(scope="package")
def run(market):
    return load_run(market[1])
