"""When to send again: what the server asked for, growing waits, and a budget against storms."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from .forks import renew_in_forks

BASE_SECONDS = 0.5  # width of the first wait's window
LONGEST_SECONDS = 8.0  # width of the widest window
GROWTH = 1.2  # a wait is at least this many times the one before it
NONSENSE_SECONDS = 86_400.0  # no rate limit asks for more than a day


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that a reply asks to wait.

    Three forms: `retry-after-ms: 1500`, `Retry-After: 1.5` and `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`.

    Args:
        headers: of the reply, names in lower case.
        now: seconds since the epoch, for the date form.
    Returns:
        Seconds; None without a header and for nonsense: negative, NaN, infinite, more than a day, not readable.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _sane(milliseconds / 1000)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is None and text:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - (time.time() if now is None else now)
        except (ValueError, TypeError, OverflowError):
            return None
    return _sane(seconds)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) and 0 <= seconds <= NONSENSE_SECONDS else None


def backoff(previous: float, attempt: int, uniform: Callable[[float, float], float]) -> float:
    """Seconds to wait before a retry: full jitter over a doubling window, on top of the wait before.

    wait_k = 1.2 wait_{k-1} + U(0, min(8, 0.5 * 2^(k-1)))

    Plain full jitter may wait less the second time than the first; an outage is met by ever fewer requests here.

    Args:
        previous: the wait before this one, 0 at first.
        attempt: 1 for the first retry.
        uniform: such as random.uniform.
    """
    window = LONGEST_SECONDS if attempt > 16 else min(LONGEST_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
    return GROWTH * previous + uniform(0.0, window)


class RetryBudget:
    """How many retries a whole run may make: a success earns one, a retry costs one.

    A server that fails less than half of the time never runs dry; one that is down stops the run soon,
    instead of `retries` times the whole input.

    Args:
        start: retries in hand at first, and the most that are ever kept.
    """

    def __init__(self, start: int) -> None:
        self._left = self._most = float(start)
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """Nobody else counts in a forked process."""
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A request succeeded."""
        with self._lock:
            self._left = min(self._most, self._left + 1)

    def take(self) -> bool:
        """Whether one more retry is allowed; it is taken then."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True
