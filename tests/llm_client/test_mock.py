"""llmock grades the client: its verdict must be clean, warnings included, whatever it breaks."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from llm_scripted import item

from minirank.llm_client import Client, FatalError, ItemError, Limits, retry

mock = pytest.importorskip("llmock", reason='llmock is not installed; pip install -e ".[test]"')


@pytest.fixture(autouse=True)
def repeatable_waits(monkeypatch):
    random.seed(1)  # two waits below 50 ms, which chance may draw, would look like no waits at all
    monkeypatch.setattr(retry, "BASE_SECONDS", 0.2)


@pytest.fixture
def client(llmock):
    return Client(llmock.base_url(), "gpt-4o-mini", timeout=2.0, limits=Limits(concurrency=4))


def ask(client, llmock, error=None, text="How many?"):
    """One call, its end and the strict verdict."""
    if error is None:
        reply = client.complete(item(text=text))
        assert 0 <= reply.value["n"] <= 50
    else:
        with pytest.raises(error):
            client.complete(item(text=text))
    llmock.assert_resilient(strict=True)


def test_an_answer(client, llmock):
    ask(client, llmock)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_errors_worth_a_retry(client, llmock, status):
    llmock.fail(status, times=2)
    ask(client, llmock)
    assert len(llmock.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_errors_that_no_retry_mends(client, llmock, status):
    llmock.fail(status, times=None)
    ask(client, llmock, ItemError if status in (400, 413, 422) else FatalError)
    assert len(llmock.requests) == 1


def test_retry_after(client, llmock):
    llmock.rate_limit(times=2, retry_after=0.5)
    ask(client, llmock)


def test_retry_after_of_hours(client, llmock):
    llmock.rate_limit(times=None, retry_after=7200)
    with pytest.raises(FatalError, match="asks to wait"):
        client.complete(item())
    llmock.assert_resilient()
    # Its warning `gave_up` is the point here: the run ends, resumable, rather than sending before the hours are over.
    assert {finding.code for finding in llmock.verdict().findings} == {"gave_up"}


def test_outage(llmock):
    client = Client(llmock.base_url(), "gpt-4o-mini", timeout=2.0, limits=Limits(retries=3))
    llmock.outage()
    ask(client, llmock, ItemError)


def test_prompt_too_long(client, llmock):
    llmock.context_overflow()
    ask(client, llmock, ItemError)
    llmock.limits(context_window=50)
    ask(client, llmock, ItemError, "long " * 500)


def test_slow_answers(llmock):
    client = Client(llmock.base_url(), "gpt-4o-mini", timeout=0.5)
    llmock.delay(1.0)
    ask(client, llmock)


def test_quota_of_requests_with_many_threads(client, llmock):
    llmock.limits(rpm=240)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: client.complete(item(text=f"question {number}")), range(8)))
    llmock.assert_resilient(strict=True)


def test_answers_that_are_not_what_was_asked_for(client, llmock):
    llmock.reply("no JSON at all")
    ask(client, llmock)
    llmock.reply("still none", times=2)
    ask(client, llmock, ItemError, "another")


def test_tool_calls_that_nobody_asked_for(client, llmock):
    llmock.call_tool("search", {"q": "x"})
    ask(client, llmock)


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt", "stall", "slow_first_token", "break_tool_call"])
def test_faults_of_streams_and_tools_do_not_reach_a_client_that_uses_neither(client, llmock, fault):
    getattr(llmock, fault)(*([1.0] if fault == "slow_first_token" else []))
    ask(client, llmock)
    assert not any(request.stream for request in llmock.requests)


def test_a_random_storm(llmock):
    """A fifth of the requests rate limited, a tenth broken, at random."""
    from llmock.chaos import ChaosSettings

    client = Client(llmock.base_url(), "gpt-4o-mini", timeout=2.0, limits=Limits(concurrency=4, retries=9))
    settings = ChaosSettings(error_rates={429: 0.2, 500: 0.1})
    llmock._server.state.chaos = settings
    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda number: client.complete(item(text=f"question {number}")).value, range(20)))
    assert len(values) == 20
    llmock.assert_resilient()  # threads that wait for their turn blur the intervals that its warnings look at
