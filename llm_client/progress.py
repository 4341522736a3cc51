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
        unit: what is counted.
    """

    def __init__(self, stream: TextIO, clock=time.monotonic, unit: str = "calls") -> None:
        self._stream, self._clock, self._terminal, self._unit = stream, clock, stream.isatty(), unit
        self._lock = threading.RLock()
        self._began = clock()
        self._shown = -float("inf") if self._terminal else self._began
        self._width = 0

    def __call__(self, finished: int, total: int, failed: int = 0) -> None:
        """How many are finished, how many there are (0: not known), how many failed."""
        now = self._clock()
        with self._lock:
            last = total and finished == total
            if not last and now - self._shown < (RENEW_SECONDS if self._terminal else PLAIN_SECONDS):
                return
            self._shown = now
            text = self.line(finished, total, failed, now - self._began, self._unit)
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
    def line(finished: int, total: int, failed: int, seconds: float, unit: str = "calls") -> str:
        """Such as `120 of 1,000 calls  3 failed  8.0/s  1:50 left`."""
        rate = finished / max(seconds, 1e-9)
        parts = [f"{finished:,} of {total:,} {unit}" if total else f"{finished:,} {unit}"]
        parts += [f"{failed:,} failed"] if failed else []
        parts.append(f"{rate:.1f}/s")
        if total and rate > 0:
            left = round((total - finished) / rate)
            clock = f"{left // 60 % 60}:{left % 60:02}" if left < 3600 else f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
            parts.append(f"{clock} left")
        return "  ".join(parts)
