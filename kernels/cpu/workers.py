"""Threads that help to compute, and spin for a while before they sleep, in case that more comes.

To wake a thread that sleeps takes about 0.1 ms, in which a core does 10 million operations: longer than a tenth of a request
of 1,000 candidates, or of a training step on a small model. So a worker that is done spins for a while before it goes
to sleep, and who waits for a worker spins as long. Both spin without the interpreter's lock.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

import numpy as np

from ..forks import renew_in_forks
from .atomics import load_acquire, pause
from .jit import driver
from .vector import pointer

SPIN_PAUSES = 2**14  # pauses, of 20 to 50 ns each


@driver
def wait_for_change(count, seen, pauses):
    """Return when count[0] is no longer `seen`, or after so many pauses."""
    for _ in range(pauses):
        if load_acquire(pointer(count)) != seen:
            break
        pause()


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Worker:
    """One more thread, from the first `start` until nobody holds this object any more."""

    def __init__(self) -> None:
        self._jobs, self._ended, self._errors = SimpleQueue(), threading.Event(), [None]
        self._asked, self._done = np.zeros(1, np.int64), np.zeros(1, np.int64)
        self._before, self._thread = 0, None

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do: nothing yet, or what it was started with is done."""
        return self._thread is None or self._ended.is_set()

    def start(self, function, *arguments) -> None:
        """Let it call function(*arguments); `withdraw` or `finish` must follow."""
        if self._thread is None or not self._thread.is_alive():  # it is not in a process that was forked from its own
            self._jobs, self._ended = SimpleQueue(), threading.Event()
            shared = self._jobs, self._ended, self._errors, self._asked, self._done
            thread = threading.Thread(target=_serve, args=shared, daemon=True)
            thread.start()
            self._thread = thread
            weakref.finalize(self, self._jobs.put, None)
        self._ended.clear()
        self._before = self._done[0]
        self._asked[0] += 1
        self._jobs.put((function, arguments))

    def withdraw(self) -> bool:
        """Take the job back, if it has not begun."""
        try:
            self._jobs.get_nowait()
        except Empty:
            return False
        return True

    def finish(self) -> BaseException | None:
        """Wait until it is done, also when interrupted; the exception that was raised."""
        interrupted = None
        while not self._ended.is_set():
            try:
                wait_for_change(self._done, self._before, SPIN_PAUSES)
                self._ended.wait()
            except KeyboardInterrupt as raised:
                interrupted = raised
        return interrupted or self._errors[0]


def _serve(jobs, ended, errors, asked, done) -> None:
    """What a worker does all its life."""
    while True:
        job = jobs.get()
        if job is None:
            return
        seen, (function, arguments) = asked[0], job
        try:
            function(*arguments)
            error = None
        except BaseException as raised:  # whatever it is, it is raised where `finish` was called
            error = raised
        del job, function, arguments
        errors[0] = error
        ended.set()
        done[0] += 1
        wait_for_change(asked, seen, SPIN_PAUSES)


class Workers:
    """Up to `most` workers. Any number of threads may run something on them at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """All workers are idle, and their threads not begun."""
        self._idle = [Worker() for _ in range(self._most)]

    def run(self, calls: list[Callable[[], None]], optional: bool = False) -> None:
        """Make these calls side by side: the first on this thread, others on idle workers.

        Args:
            optional: it is enough that the first is made, which leaves nothing to do when it ends: others are made if a worker
                begins with them before. Else this thread makes those that no worker is idle for.
        """
        workers, begun = self._take(len(calls) - 1), []
        try:
            for worker, call in zip(workers, calls[1:]):
                worker.start(call)
                begun.append(worker)
            for call in (calls[0], *(() if optional else calls[len(workers) + 1 :])):
                call()
        finally:  # whatever happens here, nobody reads or writes any more
            errors = [worker.finish() for worker in begun if not (optional and worker.withdraw())]
            self._idle.extend(reversed(workers))
        for error in filter(None, errors):
            raise error

    def _take(self, wanted: int) -> list[Worker]:
        """Up to `wanted` that are idle, for nobody else until they are given back."""
        taken: list[Worker] = []
        with suppress(IndexError):  # there is none left
            while len(taken) < wanted:
                taken.append(self._idle.pop())
        return taken
