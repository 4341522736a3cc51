"""What tests of the client share."""

import pytest

from minirank.llm_client import Store, retry


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retry, "BASE_SECONDS", 0.02)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.sqlite") as made:
        yield made
