"""The one retry loop: what is sent again, when, how often, and who waits with it."""

import random
import threading
import time
from email.utils import formatdate

import pytest
from case_table import cases
from llm_scripted import ScriptedServer, Step, answer, closed_address, failure, item, outcomes, together

from minirank.llm_client import Client, FatalError, ItemError, Limits, Stopped, retry
from minirank.llm_client.retry import RetryBudget, backoff, retry_after


def test_case_08_a_timeout_lowers_concurrency_and_lengthens_the_next():
    with ScriptedServer(answer(), answer(delay=1.0)) as server:
        client = server.client(timeout=0.3, concurrency=8)
        client.complete(item())
        assert client.pace.limit == 8
        reply = client.complete(item())
        assert outcomes(reply.attempts) == ["timeout", "ok"]
        assert client.pace.limit == 4 and client.pace.timeout == pytest.approx(0.6)
        assert server.times[2] - server.times[1] >= 0.3 + 0.5  # the timeout, then no instant retry


def test_case_08_a_trickling_server_meets_the_deadline():
    with ScriptedServer(answer(trickle=0.05)) as server:
        began = time.monotonic()
        reply = server.client(timeout=0.4).complete(item())
        assert outcomes(reply.attempts) == ["timeout", "ok"] and time.monotonic() - began < 2


def test_case_09_a_kept_connection_that_was_gone_gets_one_fresh_one_at_once():
    with ScriptedServer(answer(), Step(drop=True), answer()) as server:
        client = server.client(retries=0)  # the fresh connection is no retry of the loop
        client.complete(item())
        reply = client.complete(item())
        assert outcomes(reply.attempts) == ["stale", "ok"]
    with ScriptedServer(answer(), default=Step(drop=True)) as server:
        client = server.client(retries=1)
        client.complete(item())
        with pytest.raises(ItemError, match="connection was lost") as caught:
            client.complete(item())
        assert outcomes(caught.value.attempts) == ["stale", "lost", "lost"]


@pytest.mark.parametrize("headers", [{"Retry-After": "0.4"}, {"retry-after-ms": "400"}, {"Retry-After": "DATE"}])
def test_case_10_nobody_sends_before_retry_after_elapses(headers):
    def limited(received):
        filled = {name: formatdate(time.time() + 2, usegmt=True) if value == "DATE" else value for name, value in headers.items()}
        return failure(429, "slow down", filled)

    with ScriptedServer(answer(), limited) as server:
        client = server.client(concurrency=4)
        client.complete(item())
        first = threading.Thread(target=client.complete, args=(item(),))
        first.start()
        time.sleep(0.1)  # the refusal is in
        together(client.complete, 3, item())
        first.join()
        least = 0.9 if "DATE" in headers.values() else 0.39
        assert len(server.times) == 6
        assert all(moment - server.times[1] >= least for moment in server.times[2:])


def test_case_10_a_wait_of_hours_ends_the_run_and_is_never_undercut():
    with ScriptedServer(failure(429, "daily limit", {"Retry-After": "7200"})) as server:
        client = server.client()
        with pytest.raises(FatalError, match="asks to wait 7200 s") as caught:
            client.complete(item())
        assert caught.value.kind == "rate limit" and len(server.received) == 1
        with pytest.raises(FatalError):
            client.complete(item())
        assert len(server.received) == 1


@pytest.mark.parametrize("value", ["-5", "nan", "inf", "soon", "", "99999999999", "Wed, 99 Foo 2026"])
def test_case_10_nonsense_is_ignored(value):
    assert retry_after({"retry-after": value}) is None
    with ScriptedServer(failure(429, "slow down", {"Retry-After": value})) as server:
        assert server.client().complete(item()).value == {"n": 1}


def test_retry_after_forms_by_hand():
    assert retry_after({"retry-after-ms": "1500"}) == 1.5
    assert retry_after({"retry-after": "20"}) == 20
    assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, now=1792567650.0) == 30
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, now=1792567650.0) is None
    assert retry_after({}) is None


def test_case_11_429_without_headers_backs_off_and_halves():
    with ScriptedServer(answer(), failure(429, "busy"), failure(429, "busy")) as server:
        client = server.client(concurrency=8)
        client.complete(item())
        reply = client.complete(item())
        assert outcomes(reply.attempts) == ["busy", "busy", "ok"]
        assert client.pace.limit == 2


def test_case_11_requests_under_way_together_halve_once():
    with ScriptedServer(answer(), *[failure(429, "busy") for _ in range(4)]) as server:
        client = server.client(concurrency=8)
        client.complete(item())
        barrier = threading.Barrier(4)
        server.steps = [lambda received: (barrier.wait(), failure(429, "busy"))[1] for _ in range(4)]
        together(client.complete, 4, item())
        assert client.pace.limit == 4


@cases("""
    status= | message | fields=
    429 | You exceeded your current quota, please check your plan | {"code": "insufficient_quota"}
    429 | You exceeded your current quota, please check your plan and billing details | {}
    402 | Insufficient Balance | {}
""")
def test_case_11_no_quota_ends_the_run(status, message, fields):
    with ScriptedServer(failure(status, message, **fields)) as server:
        with pytest.raises(FatalError, match="no quota left") as caught:
            server.client().complete(item())
        assert caught.value.kind == "quota" and len(server.received) == 1


def test_case_13_a_loading_model_is_waited_for_and_said():
    told = []
    loading = failure(503, "Loading model", type="unavailable_error")
    with ScriptedServer(loading, loading) as server:
        reply = server.client(notice=told.append, retries=0).complete(item())
        assert outcomes(reply.attempts) == ["loading", "loading", "ok"]
        assert told == ["the server is loading its model; waiting up to 300 s"]
    with ScriptedServer(default=loading) as server, pytest.raises(FatalError, match="still loading after 0.5 s"):
        server.client(loading_wait=0.5).complete(item())


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_statuses_that_are_sent_again(status):
    with ScriptedServer(failure(status, "try later")) as server:
        assert len(server.client().complete(item()).attempts) == 2


@pytest.mark.parametrize("status", [400, 405, 410, 422])
def test_statuses_that_are_not(status):
    with ScriptedServer(default=failure(status, "no")) as server:
        with pytest.raises((ItemError, FatalError)):
            server.client().complete(item())
        assert len(server.received) == 1


def test_retries_end_and_a_server_that_is_down_ends_the_run():
    with ScriptedServer(default=failure(500, "broken")) as server:
        with pytest.raises(ItemError, match="given up after 3 attempts") as caught:
            server.client(retries=2).complete(item())
        assert caught.value.status == 500 and len(server.received) == 3
        client = server.client(retries=2, concurrency=1)
        with pytest.raises(FatalError, match="again and again"):
            for _ in range(100):
                with pytest.raises(ItemError):
                    client.complete(item())
    assert len(server.received) <= 3 + 22 + 12


def test_nothing_listens():
    with pytest.raises(FatalError, match="is the server running"):
        Client(closed_address(), "m", limits=Limits(retries=1)).complete(item())


def test_waits_grow_with_full_jitter_and_stop_wakes_them_at_once():
    assert backoff(0.0, 1, lambda low, high: (low, high)[1]) == 0.02
    assert backoff(1.0, 3, lambda low, high: low) == pytest.approx(1.2)
    assert backoff(0.0, 99, lambda low, high: high) == retry.LONGEST_SECONDS
    generator, wait = random.Random(0), 0.0
    for attempt in range(1, 12):
        longer = backoff(wait, attempt, generator.uniform)
        assert 1.2 * wait <= longer <= 1.2 * wait + retry.LONGEST_SECONDS
        wait = longer
    with ScriptedServer(failure(429, "busy", {"Retry-After": "60"})) as server:
        client = server.client()
        threading.Timer(0.2, client.stop).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            client.complete(item())
        assert time.monotonic() - began < 5


def test_budget_of_retries():
    budget = RetryBudget(2)
    assert [budget.take(), budget.take(), budget.take()] == [True, True, False]
    budget.earn()
    assert [budget.take(), budget.take()] == [True, False]


def test_concurrency_is_kept_and_requests_a_minute_are_spaced():
    with ScriptedServer(default=answer(delay=0.05)) as server:
        client = server.client(concurrency=3)
        together(client.complete, 12, item())
        assert server.most_in_flight == 3
    with ScriptedServer() as server:
        client = server.client(rpm=600)
        for _ in range(4):
            client.complete(item())
        gaps = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
        assert all(gap > 0.08 for gap in gaps)
    with ScriptedServer() as server:
        client = server.client(tpm=60_000)  # a thousand a second
        for _ in range(2):
            client.complete(item(max_tokens=150))
        assert server.times[1] - server.times[0] > 0.14
