"""How far a run is and when it will end: one line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TextIO

RENEW_SECONDS = 0.2  # on a terminal
PLAIN_SECONDS = 15.0  # in a log


class BulkProgress:
    """For `Bulk.run(progress=...)`; also takes its notices.

    Args:
        stream: such as sys.stderr.
        clock: seconds that only ever rise.
    """

    def __init__(self, stream: TextIO, clock=time.monotonic) -> None:
        self._stream, self._clock, self._terminal = stream, clock, stream.isatty()
        self._lock = threading.RLock()
        self._began = clock()
        self._shown = -float("inf") if self._terminal else self._began
        self._width = 0

    def __call__(self, finished: int, total: int, failed: int) -> None:
        """Calls finished, to make (0: not known) and failed."""
        now = self._clock()
        with self._lock:
            last = total and finished == total
            if not last and now - self._shown < (RENEW_SECONDS if self._terminal else PLAIN_SECONDS):
                return
            self._shown = now
            text = self.line(finished, total, failed, now - self._began)
            if not self._terminal:
                print(text, file=self._stream, flush=True)
                return
            text = text[: shutil.get_terminal_size().columns - 1]
            print("\r" + text.ljust(self._width), end="\n" if last else "", file=self._stream, flush=True)
            self._width = 0 if last else len(text)

    def notice(self, text: str) -> None:
        """One line that stays."""
        with self._lock:
            if self._width:
                print("\r" + " " * self._width + "\r", end="", file=self._stream)
                self._width = 0
            print(text, file=self._stream, flush=True)

    @staticmethod
    def line(finished: int, total: int, failed: int, seconds: float) -> str:
        """Such as `120 of 1,000 calls  3 failed  8.0/s  1:50 left`."""
        rate = finished / max(seconds, 1e-9)
        parts = [f"{finished:,} of {total:,} calls" if total else f"{finished:,} calls", f"{failed:,} failed", f"{rate:.1f}/s"]
        if total and rate > 0:
            left = round((total - finished) / rate)
            clock = f"{left // 60 % 60}:{left % 60:02}" if left < 3600 else f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
            parts.append(f"{clock} left")
        return "  ".join(parts)
