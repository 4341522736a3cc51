"""When a request may be sent: concurrency that adapts, requests and tokens a minute, the waits that a server asks for."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import FatalError, Stopped
from .forks import renew_in_forks

LONGER = 4.0  # times the given timeout: the longest that timeouts grow to
LEAST_PATIENCE = 0.01  # seconds


class Pace:
    """Lets the threads of a client send, one object for all of them.

    Concurrency is additive increase, multiplicative decrease: one more for every window of successes, half after
    the server was busy. Requests that were under way when it was halved do not halve it again. It begins with one
    request at a time, until `open` is called.

    Args:
        concurrency: most requests at a time.
        timeout: seconds for a reply; doubles when the server was too slow, up to four times.
        rpm: requests a minute, or None.
        tpm: tokens a minute, or None.
        max_wait: seconds; a server that asks for a longer wait ends the run.

    `timeout`: seconds that a request may take; `end`: when the last one must have ended, on the clock of `time.monotonic`;
    `opened`: whether `open` was called.
    """

    def __init__(
        self, concurrency: int, timeout: float, rpm: float | None = None, tpm: float | None = None, max_wait: float = 120.0
    ) -> None:
        self._stop = threading.Event()
        self._most, self._limit = concurrency, 1.0
        renew_in_forks(self).renew()
        self.opened = False
        self.end = math.inf
        self.timeout, self._longest = timeout, LONGER * timeout
        self._per_request = 60.0 / rpm if rpm else 0.0
        self._per_token = 60.0 / tpm if tpm else 0.0
        self._max_wait = max_wait
        self._not_before = 0.0  # nobody sends before it: what Retry-After asked for
        self._slot = 0.0  # when the next request is due under rpm and tpm
        self._slowed = -1.0  # when concurrency was last lowered

    def renew(self) -> None:
        """Nothing is under way in a forked process."""
        self._changed, self._in_flight = threading.Condition(), 0
        stopped, self._stop = self._stop.is_set(), threading.Event()
        if stopped:
            self._stop.set()

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limit)

    @property
    def stopped(self) -> bool:
        """Whether stop was called, or the end has come."""
        return self._stop.is_set() or time.monotonic() >= self.end

    @property
    def patience(self) -> float:
        """Seconds that the next request may take."""
        return min(self.timeout, max(self.end - time.monotonic(), LEAST_PATIENCE))

    def acquire(self, tokens: int) -> float:
        """Wait until a request may be sent.

        Args:
            tokens: estimate of what the request will use, for the limit of tokens a minute.
        Returns:
            The time of sending, for `slow_down`.
        Raises:
            Stopped: stop was called, or the end has come.
            FatalError: the server asked everyone to wait longer than max_wait.
        """
        with self._changed:
            while True:
                if self.stopped:
                    raise Stopped("stopped before sending", kind="stopped")
                now = time.monotonic()
                if self._not_before - now > self._max_wait:
                    text = f"the server asks to wait {self._not_before - now:.0f} s; finished items are kept, start again then"
                    raise FatalError(text, kind="rate limit")
                ready = max(self._not_before, self._slot)
                if now >= ready and self._in_flight < int(self._limit):
                    break
                wait = min(ready if now < ready else math.inf, self.end) - now
                self._changed.wait(wait if wait < math.inf else None)
            self._in_flight += 1
            self._slot = max(now, self._slot) + max(self._per_request, tokens * self._per_token)
            return now

    def release(self, ok: bool) -> None:
        """The request has ended.

        Args:
            ok: the server answered as it should.
        """
        with self._changed:
            self._in_flight -= 1
            if ok:
                self._limit = min(self._most, self._limit + 1.0 / self._limit)
            self._changed.notify(2)  # the limit may just have grown by one

    def open(self) -> None:
        """The server's abilities are known: let as many through as `concurrency` says."""
        with self._changed:
            if not self.opened:
                self.opened, self._limit = True, float(self._most)
                self._changed.notify_all()

    def held(self) -> float:
        """Seconds until anything is sent again, as a server asked; 0 where none did."""
        with self._changed:
            return max(0.0, self._not_before - time.monotonic())

    def hold(self, seconds: float) -> None:
        """Nobody sends for that long."""
        with self._changed:
            self._not_before = max(self._not_before, time.monotonic() + seconds)
            self._changed.notify_all()

    def slow_down(self, sent: float, *, too_slow: bool = False) -> None:
        """The server was busy: halve the concurrency, once for all requests that were under way.

        Args:
            sent: what `acquire` returned for the request that met a busy server.
            too_slow: it did not answer in time, so that later requests get twice as long.
        """
        with self._changed:
            if sent <= self._slowed:
                return
            self._slowed = time.monotonic()
            self._limit = max(1.0, self._limit / 2)
            if too_slow:
                self.timeout = min(self._longest, 2 * self.timeout)

    def sleep(self, seconds: float) -> None:
        """Wait before a retry.

        Raises:
            Stopped: stop was called, at once, or the end comes before.
        """
        if self._stop.wait(min(seconds, max(self.end - time.monotonic(), 0.0))) or self.stopped:
            raise Stopped("stopped while waiting to retry", kind="stopped")

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """After so many seconds nothing more is sent, and what is under way is given up."""
        self.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self.end = math.inf

    def stop(self) -> None:
        """Wake everyone who waits; requests under way go on."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()

    def restart(self) -> None:
        """Let requests through again."""
        self._stop.clear()
