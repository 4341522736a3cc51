import shutil

import pytest
from training_world import QUICK, write_table

from minirank import cli


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with rows.csv, config.yaml and a run of them."""
    base = tmp_path_factory.mktemp("trained")
    assert cli.main(["train", str(write_table(base, rows=60)), "--run", str(base / "run"), *QUICK]) == 0
    return base


@pytest.fixture
def place(trained, tmp_path, monkeypatch):
    """A copy of it, which is the current folder."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
