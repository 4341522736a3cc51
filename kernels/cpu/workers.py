"""Threads that help to compute, and stay awake for a moment in case that more comes.

To wake a thread that sleeps takes about 0.1 ms, in which a core does 10 million operations: longer than a tenth of a request
of 1,000 candidates, or of a training step on a small model. So a helper that is done looks for more for a moment before it goes
to sleep, and who waits for a helper looks as long whether it is done. Both look without the interpreter's lock.
"""

from __future__ import annotations

import threading
import weakref
from queue import Empty, SimpleQueue

import numpy as np

from .jit import driver
from .vector import load_acquire, pause, pointer

MOMENT = 2**14  # pauses, of 20 to 50 ns each


@driver
def wait_for_change(count, seen, pauses):
    """Return when count[0] is no longer `seen`, or after so many pauses."""
    for _ in range(pauses):
        if load_acquire(pointer(count)) != seen:
            break
        pause()


class Helper:
    """One more thread, from the first `start` until nobody holds this object any more."""

    def __init__(self) -> None:
        self._jobs, self._ended, self._errors = SimpleQueue(), threading.Event(), [None]
        self._asked, self._done = np.zeros(1, np.int64), np.zeros(1, np.int64)
        self._before, self._thread = 0, None

    def start(self, function, *arguments) -> None:
        """Let it call function(*arguments); `withdraw` or `finish` must follow."""
        if self._thread is None or not self._thread.is_alive():  # it is not in a process that was forked from its own
            self._jobs, self._ended = SimpleQueue(), threading.Event()
            shared = self._jobs, self._ended, self._errors, self._asked, self._done
            thread = threading.Thread(target=_help, args=shared, daemon=True)
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
                wait_for_change(self._done, self._before, MOMENT)
                self._ended.wait()
            except KeyboardInterrupt as raised:
                interrupted = raised
        return interrupted or self._errors[0]


def _help(jobs, ended, errors, asked, done) -> None:
    """What a helper does all its life."""
    while True:
        job = jobs.get()
        if job is None:
            return
        seen, (function, arguments) = asked[0], job
        try:
            function(*arguments)
            error = None
        except BaseException as raised:  # noqa: BLE001  (whatever it is, it is raised where `finish` was called)
            error = raised
        del job, function, arguments
        errors[0] = error
        ended.set()
        done[0] += 1
        wait_for_change(asked, seen, MOMENT)


class Helpers:
    """Up to `most` helpers. Any number of threads may take some at once."""

    def __init__(self, most: int) -> None:
        self._idle = [Helper() for _ in range(most)]

    def take(self, wanted: int) -> list[Helper]:
        """Up to `wanted` that are idle, for nobody else until they are given back."""
        taken = []
        while len(taken) < wanted and self._idle:
            try:
                taken.append(self._idle.pop())
            except IndexError:  # somebody else took it
                break
        return taken

    def give_back(self, taken: list[Helper]) -> None:
        """They are idle again."""
        self._idle.extend(reversed(taken))
