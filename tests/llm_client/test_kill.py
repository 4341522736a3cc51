"""Killed, interrupted, restarted: no committed call is made again."""

import signal
import time
from collections import Counter

import pytest
from checkout import WORLDS, start_python
from llm_scripted import ScriptedServer, Step, answer, failure

from minirank.llm_client import Counts, Store


def start(server, path, items, concurrency):
    return start_python(WORLDS / "llm_worker.py", server.url, path, items, concurrency)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def flaky(received):
    """Fails 30 % of the requests, by their number: every kind of failure, none for ever."""
    flaky.count += 1
    faults = {
        1: failure(500, "broken"), 4: Step(drop=True), 7: failure(503, "overloaded", {"Retry-After": "0.01"}),
        10: Step(200, "<html>"), 13: answer('{"n": 1', "stop"), 16: answer('{"n": 9', "length"),
    }  # fmt: skip
    return faults.get(flaky.count % 20, answer(delay=0.002))


def test_case_24_kill_9_in_the_middle_of_a_campaign(tmp_path):
    flaky.count, path, items, concurrency = 1, tmp_path / "store.sqlite", 300, 8
    with ScriptedServer(default=flaky) as server:
        worker = start(server, path, items, concurrency)
        wait_for(lambda: len(server.received) > 120)
        worker.kill()
        worker.communicate()
        time.sleep(0.1)
        with Store(path) as store:
            before = store.counts()
            committed = {entry.key for entry in store.items() if entry.status == "done"}
            ledger = store.ledger()["attempts"]
        assert before.input == items and 0 < before.done < items
        sent = len(server.received)
        assert sent - ledger <= 6 * concurrency  # attempts of the calls under way; each call makes at most 6
        worker = start(server, path, items, concurrency)
        out, err = worker.communicate(timeout=60)
        assert worker.returncode == 0, err
        with Store(path) as store:
            counts = store.counts()
            assert counts.done + counts.failed == items and out.split() == [str(counts.done), str(counts.failed), "0"]
        again = Counter(request.body["messages"][-1]["content"].split("\n")[0] for request in server.received[sent:])
        assert not {f"document {int(key[3:])}" for key in committed} & set(again)


def test_case_25_ctrl_c_drains_and_exits_130(tmp_path):
    path = tmp_path / "store.sqlite"
    with ScriptedServer(default=answer(delay=0.3)) as server:
        worker = start(server, path, 60, 4)
        wait_for(lambda: len(server.received) >= 7)
        worker.send_signal(signal.SIGINT)
        _, err = worker.communicate(timeout=20)
        assert worker.returncode == 130 and "calls under way are finished" in err and "Traceback" not in err
        with Store(path) as store:
            counts = store.counts()
            assert counts.input == 60 and counts.done == len(server.received) == store.ledger()["attempts"]


@pytest.mark.parametrize("step", [failure(429, "slow", {"Retry-After": "100"}), failure(503, "Loading model", {"Retry-After": "100"})])
def test_case_25_ctrl_c_wakes_a_wait_at_once(tmp_path, step):
    with ScriptedServer(default=step) as server:
        worker = start(server, tmp_path / "store.sqlite", 10, 4)
        wait_for(lambda: server.received)
        time.sleep(0.3)
        began = time.monotonic()
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=20)
        assert worker.returncode == 130 and time.monotonic() - began < 5
        with Store(tmp_path / "store.sqlite") as store:
            assert store.counts() == Counts(pending=10)


def test_case_25_a_second_ctrl_c_does_not_wait(tmp_path):
    with ScriptedServer(answer(), default=answer(delay=30)) as server:
        worker = start(server, tmp_path / "store.sqlite", 10, 4)
        wait_for(lambda: len(server.received) >= 3)
        worker.send_signal(signal.SIGINT)
        assert "stopping" in worker.stderr.readline()
        began = time.monotonic()
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=20)
        assert worker.returncode == 130 and time.monotonic() - began < 5
        with Store(tmp_path / "store.sqlite") as store:
            assert store.counts() == Counts(done=1, pending=9)
