"""Files are read in processes of their own, one a core, with a limit of time and of memory for each file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import minirank

from .document import Document, Hidden, Unreadable

SECONDS = 30  # of the processor, for one file
WAITING = 10  # times as long: then it is not the processor that it waits for
BYTES = 2**30  # of memory
Answer = list[Document] | Unreadable


class Worker:
    """A process that reads one file at a time; it is started when it is needed, and anew after a file that ended it."""

    def __init__(self, seconds: int = SECONDS, most_bytes: int = BYTES) -> None:
        self._seconds, self._bytes = seconds, most_bytes
        self._process: subprocess.Popen[str] | None = None

    def read(self, path: Path) -> Answer:
        """The documents of a file, or why there are none."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._seconds * (WAITING if hasattr(signal, "SIGXCPU") else 1), end)
        timer.start()
        try:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:  # it ended before it read the path
            line = ""
        finally:
            timer.cancel()
        if line.endswith("\n"):
            return _documents(json.loads(line))
        self.close()
        if late.is_set() or process.returncode == -getattr(signal, "SIGXCPU", 0):
            return Unreadable(f"takes more than {self._seconds} s", remedy="split it, or save it anew")
        return Unreadable(f"its reader ended (status {process.returncode}): damaged, or too large", remedy="open it and save it anew")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):  # of a path that it never read
                    stream.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{__package__}.worker", str(self._bytes), str(self._seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # warnings of libraries
                encoding="ascii",
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join([str(Path(minirank.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])},
            )
        return self._process


def read_files(paths: Sequence[Path], workers: int | None = None) -> Generator[Answer, None, None]:
    """The answer for each file, in their order; `workers` processes at a time, by default one a core."""
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    own, started = threading.local(), []

    def read(path: Path) -> Answer:
        if not hasattr(own, "worker"):
            own.worker = Worker()
            started.append(own.worker)
        return own.worker.read(path)

    threads = ThreadPoolExecutor(max(1, min(workers, len(paths))))
    try:
        yield from threads.map(read, paths)
    finally:
        threads.shutdown(cancel_futures=True)
        for worker in started:
            worker.close()


def _documents(answer: dict) -> Answer:
    if "problem" in answer:
        return Unreadable(answer["problem"], remedy=answer["remedy"])
    return [
        Document(each["text"], tuple(Hidden(**hidden) for hidden in each["hidden"]), tuple(each["notes"]), each["fields"])
        for each in answer["documents"]
    ]
