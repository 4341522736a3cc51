"""Threads that take a step together: every share is done once, whoever does it, and none is left when the leader goes on."""

import numpy as np
import pytest

from minirank.kernels.cpu import team
from minirank.kernels.cpu.team import Team, follow
from minirank.kernels.cpu.work import Work, part_kernel
from minirank.kernels.cpu.workers import Worker

THREADS = 4
FLOAT64 = np.dtype(np.float64)


@part_kernel
def count(work):
    """found[0] += 1."""
    work.found[0] += 1


@part_kernel
def multiply(work):
    """found[1] = 10 found[0]."""
    work.found[1] = 10 * work.found[0]


@pytest.fixture
def world():
    """(team, its work, what each thread found)."""
    work, found = Work(THREADS), np.zeros((THREADS, 2))
    for thread in range(THREADS):
        work.give(thread, found=found[thread])
    return Team(THREADS), work, found


def jobs(work):
    return (count.address(FLOAT64), work), (multiply.address(FLOAT64), work)


def test_every_share_is_done_once(world):
    group, work, found = world
    for phase in range(1, 2001):
        group.run(*jobs(work))
        assert (found == (phase, 10 * phase)).all()


def test_the_leader_does_what_nobody_else_begins(world, monkeypatch):
    monkeypatch.setattr(Worker, "start", lambda *_: None)
    group, work, found = world
    for _ in range(3):
        group.run(*jobs(work))
    assert (found == (3, 30)).all()
    follow(group._control, work.size, 2, 10)  # who wakes only now finds nothing to do
    assert (found == (3, 30)).all()


def test_an_interrupt_waits_for_the_others(world, monkeypatch):
    group, work, found = world
    lead, raised = team.lead, []

    def interrupted(*arguments):
        if not raised:
            lead(*arguments[:-1], 0)  # announced, and not waited for
            raised.append(KeyboardInterrupt())
            raise raised[0]
        return lead(*arguments)

    monkeypatch.setattr(team, "lead", interrupted)
    with pytest.raises(KeyboardInterrupt):
        group.run(*jobs(work))
    assert (found == (1, 10)).all()
    group.run(*jobs(work))
    assert (found == (2, 20)).all()


def test_a_forked_team_begins_anew(world):
    group, work, found = world
    group.run(*jobs(work))
    group.renew()
    group.run(*jobs(work))
    assert (found == (2, 20)).all()


def test_arrays_that_kernels_could_not_write_are_refused():
    work, array = Work(1), np.zeros(4)
    array.setflags(write=False)
    with pytest.raises(ValueError, match="found must be contiguous, aligned and writable"):
        work.share(found=array)
