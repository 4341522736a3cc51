"""Many calls: a few threads, a stream of requests, a store that always adds up."""

from __future__ import annotations

import queue
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager, suppress

from .client import Client, Notice, Reply
from .errors import FatalError, ItemError, LLMError, Stopped
from .request import Request
from .store import Counts, Store

Progress = Callable[[int, int, int], None]  # called with calls finished, calls to make (0 when it is not known), failures
Waiting = Callable[[str], None]  # called about once a second with what is waited for

AHEAD = 2  # requests read ahead for each thread
POLL_SECONDS = 0.2  # between checks for a stop while the queue is full
WAITING_SECONDS = 1.0  # between calls of Waiting
SAME_FAILURES = 3  # so many equal failures end a run in which nothing succeeded
_OF_THE_SERVER = ("rejected", "bad reply", "server", "lost", "timeout", "busy")  # failures that may have nothing to do with the item


class Bulk:
    """Brings every request of an input to an end in a store: done or failed, each exactly once.

    Args:
        client: whose limits say how many threads there are.
        store: where results, attempts and the server's abilities go.
        notice: called with one line that a user should see.
        waiting: called about once a second, with what is waited for in words.
    """

    def __init__(self, client: Client, store: Store, notice: Notice | None = None, waiting: Waiting | None = None) -> None:
        self.client, self.store = client, store
        self._notice = notice or (lambda text: None)
        self.waiting = waiting or (lambda text: None)
        self._failure: LLMError | None = None
        self._interrupted = False
        self.succeeded = False  # whether any request had an answer, in whichever run

    def run(
        self, requests: Iterable[Request] | Callable[[], Iterable[Request]], progress: Progress | None = None, retry_failed: bool = False
    ) -> Counts:
        """Ask for whatever the store does not have yet.

        The input is read twice: first all of it is noted as pending, so that counts are those of the whole input
        from the first call on; then it is read again for the calls. A plain iterator can be read only once: its
        items are noted as they come. Memory does not grow with the input.

        A first Ctrl-C in the main thread finishes the calls under way; a second one does not wait for them.

        Args:
            requests: an iterable, or a function that makes one.
            progress: called with calls finished, calls to make (0 when it is not known) and failures.
            retry_failed: ask again for items of this input that failed in an earlier run (of a plain iterator: for all).
        Returns:
            The items of this input by status.
        Raises:
            FatalError: no further call could succeed; whatever was finished is in the store.
            KeyboardInterrupt: after Ctrl-C, when the calls under way are in the store.
        """
        read = requests if callable(requests) else lambda: requests
        twice = callable(requests) or iter(requests) is not requests  # whether it can be read again
        client, store = self.client, self.store
        self._failure, self._interrupted = None, False
        client.restart()
        with store.writing() as run:
            known = store.ability(client.base_url, client.model)
            if known is not None:
                client.ability = known
                client.pace.open()
            client.budget.count_earlier(store.ledger()["cost"])
            if twice:
                store.register(read(), client.model, run)
            if retry_failed:
                store.retry_failed(run if twice else None)
            workers = _Workers(self, run, store.calls_left(run) if twice else 0, progress)
            with self._interruptible():
                workers.process(read(), noted=twice)
            counts = store.counts(run)
        if self._interrupted:
            raise KeyboardInterrupt
        if self._failure is not None:
            raise self._failure
        return counts

    def abandon(self, error: LLMError) -> None:
        """End the run with an error: nothing more is sent, calls under way are finished."""
        self._failure = self._failure or error
        self.client.stop()

    @contextmanager
    def _interruptible(self):
        """Turns the first Ctrl-C into a stop; outside the main thread signals are left alone."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number, frame):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._interrupted = True
            self._notice("stopping: calls under way are finished; press Ctrl-C again to stop at once")
            self.client.stop()

        before = signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


class _Workers:
    """The threads of one run and the requests that are queued or under way."""

    def __init__(self, bulk: Bulk, run: int, total: int, progress) -> None:
        self._bulk, self._client, self._store = bulk, bulk.client, bulk.store
        self._run, self._total, self._progress = run, total, progress
        self._queue: queue.Queue = queue.Queue(AHEAD * self._client.limits.concurrency)
        self._lock = threading.Lock()
        self._under_way: set[str] = set()  # digests queued or under way: an equal request waits for the result of the first
        self._finished = self._failed = 0
        self._known = self._client.ability
        self._told = time.monotonic()
        self._last, self._same = "", 0  # what the last failure said, and how many in a row said it

    def process(self, requests: Iterable[Request], noted: bool) -> None:
        """Feed the threads until the input ends or the client is stopped, then wait for them."""
        # Daemons: a second Ctrl-C must not wait for calls under way.
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._client.limits.concurrency)]
        for thread in threads:
            thread.start()
        try:
            self._feed(requests, noted)
        except LLMError as error:
            self._bulk.abandon(error)
        except KeyboardInterrupt:  # the second one
            self._client.stop()
            raise
        except BaseException:  # of the input
            self._client.stop()
            self._finish_all(threads)
            raise
        self._finish_all(threads)

    def _finish_all(self, threads: list[threading.Thread]) -> None:
        """Wait for the threads: nothing that was answered is lost."""
        for _ in threads:
            self._put(None, always=True)
        for thread in threads:
            while thread.is_alive():
                thread.join(POLL_SECONDS)
                self._tell()

    def _tell(self) -> None:
        """Say what is waited for, now and then."""
        now = time.monotonic()
        if now - self._told >= WAITING_SECONDS:
            self._told = now
            of = f" of {self._total:,}" if self._total else ""
            self._bulk.waiting(f"{self._finished:,}{of} calls done; {self._client.waiting()}")

    def _feed(self, requests: Iterable[Request], noted: bool) -> None:
        model = self._client.model
        for request in requests:
            if self._client.pace.stopped:
                return
            digest = request.digest(model)
            if not noted:
                self._store.register([request], model, self._run)
            with self._lock:
                if digest in self._under_way or self._store.status(digest) != "pending":
                    continue
                self._under_way.add(digest)
            self._put((digest, request))

    def _put(self, entry, always: bool = False) -> None:
        while always or not self._client.pace.stopped:
            with suppress(queue.Full):
                self._queue.put(entry, timeout=POLL_SECONDS)
                return
            self._tell()

    def _work(self) -> None:
        while (entry := self._queue.get()) is not None:
            if self._client.pace.stopped:
                continue
            digest, request = entry
            try:
                self._finish(digest, request)
            except LLMError as error:
                self._bulk.abandon(error)
            except Exception as error:  # a defect of ours: end the run, keep the work, let the caller see it
                self._bulk.abandon(FatalError(f"unexpected {type(error).__name__} at {request.key}: {error}", kind="defect"))
            finally:
                with self._lock:
                    self._under_way.discard(digest)
        self._client.transport.close()

    def _finish(self, digest: str, request: Request) -> None:
        """Bring one request to its end; it stays pending when the run ends first."""
        client, store = self._client, self._store
        source = {"base_url": client.base_url, "model": client.model}
        try:
            reply = client.complete(request, lambda attempt: store.note_sent(digest, attempt))
        except ItemError as error:
            store.fail(digest, error, source)
            self._count(failed=True)
            self._check_same(error)
        except (FatalError, Stopped) as error:
            if error.attempts:
                store.note_attempts(digest, error.attempts)
            if isinstance(error, FatalError):
                raise
        else:
            store.finish(digest, reply.value, source | provenance(reply), reply.attempts)
            self._bulk.succeeded = True
            self._count(failed=False)
        if client.ability != self._known:
            self._known = client.ability
            store.keep_ability(client.base_url, client.model, self._known)

    def _check_same(self, error: ItemError) -> None:
        """Items that fail one like the other, and none that succeeds: that is the server, not the items.

        Raises:
            FatalError: with the server's words.
        """
        said = re.sub(r"\b(?=\w*\d)[\w-]+", "#", str(error)) if error.kind in _OF_THE_SERVER else ""  # without numbers and ids
        with self._lock:
            self._same = self._same + 1 if said and said == self._last else int(bool(said))
            self._last = said
            if self._same < SAME_FAILURES or self._bulk.succeeded:
                return
        text = f"the first {SAME_FAILURES} requests failed alike and none succeeded: {error}"
        remedy = "see what `minirank doctor` says, then start again with --retry-failed"
        raise FatalError(f"{text}; {remedy}", kind=error.kind, status=error.status)

    def _count(self, failed: bool) -> None:
        with self._lock:
            self._finished += 1
            self._failed += failed
            if self._progress:
                self._progress(self._finished, self._total, self._failed)


def provenance(reply: Reply) -> dict:
    """Where an answer came from, to be kept beside it."""
    source = {"answered_by": reply.model, "rung": reply.rung, "repaired": reply.repaired, "place": reply.place}
    source |= {"finish": reply.finish}
    return {**source, "attempts": len(reply.attempts), **reply.usage}
