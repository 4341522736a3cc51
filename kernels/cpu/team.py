"""Threads that take a step together: who leads announces one part of it after the other, and all do their share.

A step of a small model takes 2 ms and has three parts (`executor.py`) that each need what all threads did in the one before. Were every
part a call from Python, each would wait for the interpreter's lock, which a thread that sleeps gets after some 50 us. So helpers
stay in compiled code, where they wait for what is announced next; from one step to the next, too, unless it takes long:

    leader                              helper
    for each part of the step           for ever, until nothing was announced for a while
        write its kernels' addresses        wait until `phase` rises
        phase += 1                          claim shares of it that nobody has, its own first; do them
        claim shares, its own first
        wait until all are done

A share is what `Work` calls one thread's part: its bytes do not depend on which thread does it. A helper that wakes late, or never,
finds less to do, or nothing, and nobody waits for it.
"""

from __future__ import annotations

import time

import numpy as np

from ..forks import renew_in_forks
from .atomics import exchange, fetch_add, load_acquire, pause, store_release
from .jit import driver, kernel
from .vector import at, pointer
from .work import Work, call_part
from .workers import SPIN_PAUSES, Worker

LINE = 8  # numbers of a cache line, which one thread at a time writes to
JOBS = 3  # at most, of a phase: each the address of a part kernel, or 0, and that of the fields that it is called with
PHASE, DONE, FIRST_JOB, SHARES = 0, LINE, 2 * LINE, 3 * LINE  # SHARES: for each the last phase in which somebody claimed it, a line each
NAP = 5e-5  # seconds


@driver
def run_part(job, fields):
    """Run the part kernel at an address with the fields at another, on the calling thread."""
    call_part(job, fields)


@kernel
def take_shares(control, size, first, phase):
    """Claim shares of a phase until none is left, and do them; size: bytes of the fields of a thread."""
    threads = control[FIRST_JOB + 2 * JOBS]
    for i in range(threads):
        thread = (first + i) % threads
        if exchange(at(control, SHARES + LINE * thread), phase - 1, phase):
            for job in range(FIRST_JOB, FIRST_JOB + 2 * JOBS, 2):
                if control[job] != 0:
                    call_part(control[job], control[job + 1] + thread * size)
            fetch_add(at(control, DONE))


@driver
def lead(control, size, announce, pauses):
    """Announce the phase whose jobs lie in `control`, or go on waiting for the last one; whether all shares are done."""
    p = pointer(control)
    if announce:
        store_release(at(p, PHASE), p[PHASE] + 1)
        take_shares(p, size, 0, p[PHASE])
    for _ in range(pauses):
        if load_acquire(at(p, DONE)) == p[PHASE] * p[FIRST_JOB + 2 * JOBS]:
            return True
        pause()
    return False


@driver
def follow(control, size, thread, pauses):
    """Take shares of every phase that is announced, until nothing is for so many pauses."""
    p, waited = pointer(control), 0
    seen = load_acquire(at(p, PHASE)) - 1
    while waited < pauses:
        phase = load_acquire(at(p, PHASE))
        if phase == seen:
            waited += 1
            pause()
        else:
            seen, waited = phase, 0
            take_shares(p, size, thread, phase)


class Team:
    """Some threads, the calling one among them."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """Nothing was announced yet, and nobody follows."""
        self._control = np.zeros(SHARES + LINE * self._threads, np.int64)
        self._control[FIRST_JOB + 2 * JOBS] = self._threads
        self._helpers = [Worker() for _ in range(self._threads - 1)]

    def run(self, *jobs: tuple[int, Work]) -> None:
        """Run each of up to JOBS part kernels, given by its address, for every thread of its `Work`, one after the other.

        NOTE: threads do not wait for each other between them, so one must not need what another thread does in an earlier one.
        """
        control, size, interrupted, done = self._control, jobs[0][1].size, None, False
        for number, helper in enumerate(self._helpers, start=1):
            if helper.is_idle:
                helper.start(follow, control, size, number, SPIN_PAUSES)
        places = [number for kernel, work in jobs for number in (kernel, work.place)]
        control[FIRST_JOB : FIRST_JOB + 2 * JOBS] = places + [0] * (2 * JOBS - len(places))
        announce = True
        while not done:
            try:
                announced, announce = announce, False  # NOTE: an interrupt comes before or after a line like the next
                done = lead(control, size, announced, SPIN_PAUSES)
                if not done:
                    time.sleep(NAP)
            except KeyboardInterrupt as raised:  # whatever happens here, nobody reads or writes any more when it ends
                interrupted = raised
        if interrupted is not None:
            raise interrupted
