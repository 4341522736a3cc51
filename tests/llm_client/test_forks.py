"""A client and a store in forked processes, whatever their parent's threads were at."""

import os
import signal
import threading
import time

import pytest
from llm_scripted import ScriptedServer, answer, item

from minirank.llm_client import Limits, Store
from minirank.llm_client.cassette import Player, Recorder
from minirank.llm_client.cost import Budget
from minirank.llm_client.pace import Pace

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork; run on Linux or macOS"),
    pytest.mark.filterwarnings("ignore:.*fork"),
]


def child_ends_well(function) -> bool:
    """Whether a forked process does this without an error, and within a while."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            function()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def test_a_child_asks_while_its_parent_waits_for_answers():
    """The parent's calls count neither as under way nor as costs to come, and its connections are its own."""
    with ScriptedServer(answer(), default=answer(delay=0.4)) as server:
        client = server.client(concurrency=1)
        client.complete(item())
        thread = threading.Thread(target=client.complete, args=(item(),))
        thread.start()
        time.sleep(0.1)

        def ask() -> None:
            assert client.complete(item()).value == {"n": 1}

        assert child_ends_well(ask)
        thread.join()
        assert client.complete(item()).value == {"n": 1}


def test_nothing_is_under_way_in_a_child():
    pace, budget = Pace(4, 60.0), Budget(Limits(price_in=1.0, price_out=1.0, max_cost=1.0))
    pace.acquire(1)
    budget.reserve(500_000, 0)
    pace.stop()

    def use() -> None:
        assert pace.stopped
        pace.restart()
        pace.acquire(1)
        budget.reserve(900_000, 0)

    with pace._changed, budget._changed:
        assert child_ends_well(use)


def test_a_store_is_read_and_written_on_both_sides(tmp_path):
    with Store(tmp_path / "store.db") as store, store.writing() as run:
        store.register([item(key=str(number)) for number in range(5)], "m", run)
        begun, go_on = threading.Event(), threading.Event()

        def write() -> None:
            with store._transaction():
                begun.set()
                go_on.wait()

        thread = threading.Thread(target=write)
        thread.start()
        begun.wait()
        assert child_ends_well(lambda: store.counts())
        go_on.set()
        thread.join()
        assert child_ends_well(lambda: store.register([item(key="child")], "m", run))
        store.register([item(key="parent")], "m", run)
        assert {each.key for each in store.items()} == {*map(str, range(5)), "child", "parent"}


def test_cassettes_are_free_in_a_child(tmp_path):
    with ScriptedServer(default=answer()) as server:
        client = server.client()
        recorder = Recorder(client.transport, tmp_path / "cassette", client.key)
        client.transport = recorder
        client.complete(item())
        with recorder._lock:
            assert child_ends_well(lambda: client.complete(item()))
        recorder.end()
    client.transport = Player(tmp_path / "cassette")
    with client.transport._lock:
        assert child_ends_well(lambda: client.complete(item()))
