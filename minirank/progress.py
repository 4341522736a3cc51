"""What a long task tells its user: one line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

RENEW_SECONDS = 0.1  # on a terminal
PLAIN_SECONDS = 10.0  # in a log


class Progress:
    """Writes to a stream; without one it is silent.

    Args:
        stream: such as sys.stderr, or None.
        clock: seconds that only ever rise.
    """

    def __init__(self, stream: TextIO | None = None, clock=time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._terminal = stream is not None and stream.isatty()
        self._width = 0  # of the line that the next one replaces
        self._shown = -float("inf")
        self._start, self._first = clock(), 0

    def say(self, text: str) -> None:
        """One line that stays."""
        if self._stream is not None:
            self._clear()
            print(text, file=self._stream, flush=True)

    def begin(self, done: int) -> None:
        """Start the clock of rates, with `done` rows behind us."""
        self._start, self._first = self._clock(), done
        self._shown = self._start if not self._terminal else -float("inf")

    def step(self, epoch: int, done: int, total: int, loss: float) -> None:
        """Rows trained so far and at most, and the mean loss of the epoch."""
        now = self._clock()
        if self._stream is None or now - self._shown < (RENEW_SECONDS if self._terminal else PLAIN_SECONDS):
            return
        self._shown = now
        rate = (done - self._first) / max(now - self._start, 1e-9)
        left = duration((total - done) / max(rate, 1e-9))
        text = f"epoch {epoch}  {100 * done / total:3.0f} %  loss {loss:.4f}  {rate:,.0f} rows/s  at most {left} left"
        if not self._terminal:
            self.say(text)
            return
        text = text[: shutil.get_terminal_size().columns - 1]
        print("\r" + text.ljust(self._width), end="", file=self._stream, flush=True)
        self._width = len(text)

    def _clear(self) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=self._stream)
            self._width = 0


def duration(seconds: float) -> str:
    """Such as `7 s`, `3:05` (minutes) or `2:04:09` (hours)."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
