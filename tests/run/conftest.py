"""A run that was stopped, and a copy of it for a test that damages it."""

import pytest
from stopped_run import REFERENCE
from training_world import small_config

from minirank.training import train


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """(configuration, folder) of a run that was stopped in its second epoch."""
    base = tmp_path_factory.mktemp("stopped")
    config = small_config(base, *REFERENCE, "training.epochs=2", rows=120)
    steps = iter([False, False, True])
    assert not train(config, base / "run", stop=lambda: next(steps)).finished
    return config, base / "run"


@pytest.fixture
def copy(stopped, tmp_path):
    """The same, for a test that damages it."""
    config, folder = stopped
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return config, tmp_path
