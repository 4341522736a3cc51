"""Exchanges with a real server, played back: what they showed once stays true without it."""

import llm_record
import pytest

from minirank.llm_client import Client, ItemError
from minirank.llm_client.cassette import Player
from minirank.llm_client.doctor import doctor
from minirank.llm_client.schema import validate


@pytest.fixture
def player():
    return Player(llm_record.CASSETTE)


def test_the_cassette_says_where_it_comes_from(player):
    assert "llama.cpp in xllamacpp" in player.header["server"] and player.header["recorded"].startswith("20")


def test_every_rung_of_the_ladder(player):
    client = Client(player.base_url, llm_record.MODEL_NAME, transport=player)
    by_schema, by_object, by_text, long = llm_record.exchanges(client)
    for rung, reply in (("json_schema", by_schema), ("json_object", by_object)):
        assert reply.rung == rung and validate(reply.value, llm_record.SCHEMA) is None and len(reply.attempts) == 1
    assert isinstance(by_text, ItemError) and by_text.kind == "invalid"  # so small a model needs a rung that is enforced
    assert [attempt.outcome for attempt in by_text.attempts] == ["invalid", "invalid"]
    assert long.kind == "context" and long.status == 400


def test_the_doctor(player):
    report = doctor(player.base_url, llm_record.MODEL_NAME, transport=player)
    assert report.ok and report.ability.rung == 0 and report.ability.enforced and "4,096 tokens" in str(report)
