"""Forked processes, what threads do meanwhile, and what all of them must find."""

import hashlib
import os
import signal
import threading

from minirank.ranking import Ranker

LIMIT = 60  # seconds, after which a child that hangs is ended


def child_returns(function) -> bytes:
    """What a forked process returns, which must end well."""
    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT)
        try:
            os.write(begin, function())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        found = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return found


class Repeated:
    """A thread that does the same again and again, until the block ends."""

    def __init__(self, function) -> None:
        self._function, self._stop, self.error = function, threading.Event(), None
        self._begun, self._thread = threading.Event(), threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._begun.set()
                self._function()
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self._thread.start()
        self._begun.wait()

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        assert self.error is None


def digest_of(ranker) -> bytes:
    """Of everything that `rank` says of a job of the folder and of one given by hand."""
    texts = [{"resume_id": str(number), "text": f"Python, SQL, {number} years, since 20{number:02}"} for number in range(10, 30)]
    job = {"title": "Data Engineer", "description": "You need Python and SQL. Spark is a plus. 3+ years."}
    lists = ranker.rank(ranker.folder.jobs[0]["job_id"], role="hr"), ranker.rank(job, texts, role="headhunter")
    return hashlib.sha256(repr(lists).encode()).digest()


def load_and_digest(run) -> bytes:
    """The same of a ranker of one's own."""
    return digest_of(Ranker.load(run))
