"""Asking a model through the store: what was answered once is not asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from minirank.llm_client import Bulk, Client, FatalError, Item, Notice, Progress, Request, Store, validate
from minirank.terminal import printable

NOT_ASKED = "not asked"  # kind of failure of what was left when a run ended


@dataclass
class Failures:
    """Why questions have no answer.

    Args:
        reasons: kind of failure -> how many, and the words of the first.
    """

    reasons: dict[str, tuple[int, str]] = field(default_factory=dict)

    def note(self, kind: str, words: str) -> None:
        """One more."""
        count, first = self.reasons.get(kind, (0, words))
        self.reasons[kind] = count + 1, first

    def most(self) -> str:
        """The words of the most frequent kind."""
        return max(self.reasons.values(), key=lambda found: found[0])[1] if self.reasons else ""

    def __str__(self) -> str:
        """A table of reasons, the most frequent first; empty without any."""
        if not self.reasons:
            return ""
        rows = sorted(self.reasons.items(), key=lambda row: -row[1][0])
        width = max(len("failed"), *(len(kind) for kind in self.reasons))
        lines = [f"{'failed':{width}}  {'count':>7}  first example"]
        return "\n".join(lines + [f"{kind:{width}}  {count:7,}  {printable(words)}" for kind, (count, words) in rows])


class Asker:
    """Asks many questions and reads the answers back.

    `failures`: why `answer` had none to give. `retry_failed`: whether the next `ask` is to ask once more what failed.

    Args:
        client: of the model.
        store: where answers are kept.
        retry_failed: ask once more what failed in an earlier run.
        progress: called with (calls done, calls to make, failures).
        notice: told what a user should see.
        waiting: told about once a second what is waited for.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        retry_failed: bool = False,
        progress: Progress | None = None,
        notice: Notice | None = None,
        waiting: Notice | None = None,
    ) -> None:
        self.client, self.store, self.failures = client, store, Failures()
        self._bulk = Bulk(client, store, notice, waiting)
        self.retry_failed, self._progress = retry_failed, progress

    def ask(self, requests: Callable[[], Iterable[Request]]) -> int:
        """Ask whatever the store does not hold, and wait.

        Args:
            requests: gives the questions; called twice, memory does not grow with them.
        Returns: how many calls failed.
        Raises:
            FatalError: nothing further can be asked; what was answered is kept.
        """
        failures = 0

        def note(done: int, total: int, failed: int) -> None:
            nonlocal failures
            failures = failed
            if self._progress is not None:
                self._progress(done, total, failed)

        self._bulk.run(requests, note, retry_failed=self.retry_failed)
        self.retry_failed = False
        return failures

    def answer(self, request: Request) -> Any | None:
        """The answer to a question, None where there is none; why is noted in `failures`.

        Raises:
            FatalError: the store holds something else than an answer.
        """
        item = self._item(request)
        if item is None or item.status != "done":
            kind, error = (item and item.kind) or NOT_ASKED, (item and item.error) or "the run ended before it was asked"
            self.failures.note(kind, f"{request.key}: {error}")
            return None
        if request.schema is not None and (wrong := validate(item.value, request.schema)):
            raise FatalError(f"{self.store.path} is damaged: {item.key}: {wrong}; restore it or give another file", kind="store")
        return item.value

    def failure(self, request: Request) -> str | None:
        """The kind of error a question ended with, None where it did not."""
        item = self._item(request)
        return item.kind if item is not None and item.status == "failed" else None

    def is_open(self, request: Request) -> bool:
        """Whether a question came to no end: neither answered nor failed."""
        item = self._item(request)
        return item is None or item.status == "pending"

    def _item(self, request: Request) -> Item | None:
        item = self.store.get(request.key)
        return item if item is not None and item.digest == request.digest(self.client.model) else None
