"""Asking a model through the store: what was answered once is not asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from minirank.llm_client import Bulk, Client, FatalError, Item, Notice, Progress, Request, Store, validate


class Asker:
    """Asks many questions and reads the answers back.

    Args:
        client: of the model.
        store: where answers are kept.
        retry_failed: ask once more what failed in an earlier run.
        progress: called with (calls done, calls to make, failures).
        notice: told what a user should see.
    """

    def __init__(
        self, client: Client, store: Store, retry_failed: bool = False, progress: Progress | None = None, notice: Notice | None = None
    ) -> None:
        self.client, self.store = client, store
        self._bulk = Bulk(client, store, notice)
        self._retry_failed, self._progress = retry_failed, progress

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

        self._bulk.run(requests, note, retry_failed=self._retry_failed)
        self._retry_failed = False
        return failures

    def answer(self, request: Request) -> Any | None:
        """The answer to a question, None where there is none.

        Raises:
            FatalError: the store holds something else than an answer.
        """
        item = self._item(request)
        if item is None or item.status != "done":
            return None
        if request.schema is not None and (wrong := validate(item.value, request.schema)):
            raise FatalError(f"{self.store.path} is damaged: {item.key}: {wrong}; restore it or give another file", kind="store")
        return item.value

    def failure(self, request: Request) -> str | None:
        """The kind of error a question ended with, None where it did not."""
        item = self._item(request)
        return item.kind if item is not None and item.status == "failed" else None

    def _item(self, request: Request) -> Item | None:
        item = self.store.get(request.key)
        return item if item is not None and item.digest == request.digest(self.client.model) else None
