"""What a long task tells its user: one line that renews itself on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TextIO, TypeVar

from .kernels.forks import renew_in_forks
from .terminal import columns, cut, pad, printable

RENEW_SECONDS = 0.1  # of a line that renews itself
PLAIN_SECONDS = 10.0  # in a log
QUIET_SECONDS = 2.0  # until what is waited for is shown on a terminal, and a stage anywhere
BAR = 20  # characters

T = TypeVar("T")


class Progress:
    """Writes to a stream; without one it is silent. Safe from several threads. What it says is `printable`.

    Args:
        stream: such as sys.stderr, or None.
        unit: what `count` counts.
        clock: seconds that only ever rise.
    """

    def __init__(self, stream: TextIO | None = None, unit: str = "calls", clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._unit, self._clock = stream, unit, clock
        renew_in_forks(self).renew()
        self._renews = stream is not None and (stream.isatty() or is_notebook(stream))
        self._width = 0  # of the line that the next one replaces
        self.begin(0)

    def renew(self) -> None:
        """Nobody is writing; called in a forked process."""
        self._lock = threading.Lock()

    def begin(self, done: int) -> None:
        """Start the clock of rates, with `done` of the work behind us."""
        self._start, self._first = self._clock(), done
        self._shown = -float("inf") if self._renews else self._start

    def say(self, text: str) -> None:
        """One line that stays."""
        if self._stream is not None:
            with self._lock:
                self._print(text, stays=True)

    def step(self, place: str, done: int, total: int, loss: float) -> None:
        """Where training is, such as `epoch 3`, rows trained so far and at most, and the mean loss of the epoch."""

        def line(rate: float, left: str) -> str:
            bar = f"[{'#' * (BAR * done // total):{BAR}}]  " if self._renews else ""
            return f"{place}  {bar}{100 * done / total:3.0f} %  loss {loss:.4f}  {rate:,.0f} rows/s  at most {left} left"

        self._show(done, total, line)

    def count(self, done: int, total: int, failed: int = 0) -> None:
        """How much is done, how much there is (0: not known), how much failed: `120 of 1,000 calls  3 failed  8.0/s  1:50 left`."""

        def line(rate: float, left: str) -> str:
            parts = (f"{done:,} of {total:,} {self._unit}" if total else f"{done:,} {self._unit}", f"{failed:,} failed" if failed else "")
            return "  ".join(filter(None, (*parts, f"{rate:.1f}/s", f"{left} left" if total else "")))

        self._show(done, total, line, last=done == total > 0)

    def wait(self, words: str) -> None:
        """What is waited for, where nothing else was shown for a while; in a log sooner the first time."""
        if self._stream is None:
            return
        with self._lock:
            now = self._clock()
            due = QUIET_SECONDS if self._renews else PLAIN_SECONDS if self._shown > self._start else PLAIN_SECONDS / 2
            if now - max(self._shown, self._start) >= due:
                self._shown = now if not self._renews else self._shown
                self._print(f"waiting: {words}", stays=not self._renews)

    @contextmanager
    def stage(self, what: str, total: int, unit: str = "rows") -> Iterator[Callable[[int], None]]:
        """A part of the work; the function that it gives is told how much of it is done, as often as that is convenient. Shown, where
        it takes a while: `encoding: 412,000 of 1,000,000 rows  181,000 rows/s  3 s left`.

        Args:
            what: is being done. total: how much there is, 0: not known. unit: what is counted.
        """
        start = self._clock()
        due, shown = start + QUIET_SECONDS, False

        def at(done: int) -> None:
            nonlocal due, shown
            now = self._clock()
            if now < due or not done or self._stream is None:
                return
            due, shown = now + (RENEW_SECONDS if self._renews else PLAIN_SECONDS), True
            rate = done / (now - start)
            amount = f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"
            parts = (f"{what}: {amount}", f"{rate:,.{0 if rate >= 10 else 1}f} {unit}/s")
            left = f"{duration((total - done) / max(rate, 1e-9))} left"
            with self._lock:
                self._print("  ".join((*parts, left) if total else parts), stays=not self._renews)

        try:
            yield at
        finally:
            if shown and self._renews:
                with self._lock:
                    self._erase()

    def _show(self, done: int, total: int, line: Callable[[float, str], str], last: bool = False) -> None:
        """A line, made of the rate and the time left, when the next one is due; the last one always, and it stays."""
        if self._stream is None:
            return
        with self._lock:
            now = self._clock()
            if last or now - self._shown >= (RENEW_SECONDS if self._renews else PLAIN_SECONDS):
                self._shown = now
                rate = (done - self._first) / max(now - self._start, 1e-9)
                self._print(line(rate, duration((total - done) / max(rate, 1e-9))), stays=last or not self._renews)

    def _print(self, text: str, stays: bool) -> None:
        text = printable(text)
        if stays:
            self._write(f"{self._blank()}{text}\n", width=0)
        else:
            text = cut(text, max(shutil.get_terminal_size().columns - 1, 1))
            self._write("\r" + pad(text, self._width), columns(text))

    def _erase(self) -> None:
        """The line that renews itself is gone."""
        self._write(self._blank(), width=0)

    def _blank(self) -> str:
        return "\r" + " " * self._width + "\r" if self._width else ""

    def _write(self, text: str, width: int) -> None:
        assert self._stream is not None
        getattr(self._stream, "control", self._stream.write)(text)  # of a `terminal.Output`, which keeps no \r of other texts
        self._stream.flush()
        self._width = width


_SILENT = Progress()
_TELLING: ContextVar[Progress] = ContextVar("telling")


@contextmanager
def telling(progress: Progress) -> Iterator[None]:
    """Within it, and in this thread, `teller` is `progress`, which shows `stage` and `counted`; elsewhere they are silent."""
    before = _TELLING.set(progress)
    try:
        yield
    finally:
        _TELLING.reset(before)


def teller() -> Progress:
    """Who tells here."""
    return _TELLING.get(_SILENT)


def stage(what: str, total: int, unit: str = "rows") -> AbstractContextManager[Callable[[int], None]]:
    """`Progress.stage` of whoever tells: for code that knows nothing of it.

    with stage("inputs of pairs", len(rows)) as at:
        for first in range(0, len(rows), BLOCK):
            ...
            at(first + BLOCK)
    """
    return teller().stage(what, total, unit)


def counted(what: str, items: Iterable[T], total: int, unit: str = "rows") -> Iterator[T]:
    """The items of a loop, as a `stage`."""
    with stage(what, total, unit) as at:
        for done, item in enumerate(items, start=1):
            yield item
            at(done)


def is_notebook(stream: TextIO) -> bool:
    """Whether what is written to a stream appears under a cell: of Jupyter's kernel, which is no terminal but knows \\r."""
    behind = getattr(stream, "_stream", stream)  # of a `terminal.Output`
    return type(behind).__module__.partition(".")[0] == "ipykernel"


def duration(seconds: float) -> str:
    """Such as `7 s`, `3:05` (minutes) or `2:04:09` (hours)."""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
