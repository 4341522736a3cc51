"""Texts are read in order by several processes, whatever becomes of these."""

import os
import signal

import pytest

from minirank.extract import in_processes
from minirank.extract.in_processes import CHUNK, LEAST, read_in_processes

COUNT = 2 * LEAST + 7


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(in_processes.os, "sched_getaffinity", lambda process: {0, 1}, raising=False)


def test_what_was_read_is_in_order():
    told = []
    found = list(read_in_processes(lambda place: (place, os.getpid()), COUNT, told.append))
    assert [place for place, _ in found] == list(range(COUNT))
    assert len({process for _, process in found}) == 2 and told[-1] == COUNT and told == sorted(told)


def test_few_texts_start_no_process():
    assert set(read_in_processes(lambda place: os.getpid(), LEAST)) == {os.getpid()}


def test_what_a_killed_process_did_not_read_is_read_here():
    def read(place):
        if place == 4 * CHUNK + 1 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return place

    parent = os.getpid()
    assert list(read_in_processes(read, COUNT)) == list(range(COUNT))


def test_an_error_of_a_text_is_that_of_reading_it_here():
    def read(place):
        if place == 2 * CHUNK:  # of the other process
            raise ValueError(f"text {place}")
        return place

    with pytest.raises(ValueError, match=f"text {2 * CHUNK}"):
        list(read_in_processes(read, COUNT))


def test_results_come_as_they_are_asked_for():
    """Of many texts few have been read when the first ones are taken: what is read is not gathered."""
    read = []
    found = read_in_processes(lambda place: read.append(place) or place, 40 * CHUNK)
    assert next(found) == 0 and len(read) == 1
    assert [next(found) for _ in range(CHUNK)] == list(range(1, CHUNK + 1)) and len(read) <= 2 * CHUNK
    found.close()
