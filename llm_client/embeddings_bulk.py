"""Vectors of many texts: a few requests at a time, a store in which each text is asked and paid for once."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .bulk import POLL_SECONDS, Progress
from .client import Client
from .embeddings import FLOAT_BYTES, Embeddings, Unnumbered, embed
from .errors import FatalError, ItemError, LLMError
from .store import Store

TEXTS, CHARACTERS = 64, 32_000  # of a request, at most
SHORTEST = 16  # characters to which a text is cut at least before it is given up
OF_THE_TEXT = ("context", "rejected", "refused")  # errors that a single text may be the reason of
AGAIN = "what was embedded is kept, start again later"


@dataclass(frozen=True)
class Embedded:
    """What `EmbeddingStore.fill` did.

    Args:
        texts: different ones of the input. held: of them, in the store before.
        failed: the server takes them not. shortened: too long for the model, so only their beginning was embedded.
    """

    texts: int
    held: int
    failed: int
    shortened: int


def text_digest(model: str, text: str) -> str:
    """Content hash of what is embedded."""
    return hashlib.sha256(json.dumps(["embedding", model, text]).encode()).hexdigest()


class EmbeddingStore:
    """Vectors of a model, kept in a store.

    Args:
        client: of the model.
        store: where vectors, attempts and the server's abilities go.
    """

    def __init__(self, client: Client, store: Store) -> None:
        self.client, self.store = client, store
        self._most = TEXTS
        self._shortened = self._failed = 0

    def fill(self, texts: Iterable[str], progress: Progress | None = None) -> Embedded:
        """Ask for the vectors that the store does not hold. What is answered is committed at once; a killed run loses the requests
        under way alone.

        Args:
            texts: blank ones are left out.
            progress: called with texts done, texts to embed and failures.
        Raises:
            FatalError: no further call can succeed, or another run writes to the store.
            KeyboardInterrupt: after Ctrl-C, when the calls under way are in the store.
        """
        client, store = self.client, self.store
        client.restart()
        self._shortened = self._failed = 0
        with store.writing():
            known = store.ability(client.base_url, client.model)
            client.ability = known or client.ability
            client.budget.count_earlier(store.ledger()["cost"])
            wanted = {text_digest(client.model, text): text for text in texts if text.strip()}
            held = store.concluded(wanted)
            left = {digest: text for digest, text in wanted.items() if digest not in held}
            self._ask(left, progress)
            if client.ability != known:
                store.keep_ability(client.base_url, client.model, client.ability)
        return Embedded(len(wanted), len(held), self._failed, self._shortened)

    def vectors(self, texts: Sequence[str]) -> list[bytes | None]:
        """The vectors of texts as float32 in little-endian order, None where the store has none.

        Raises:
            FatalError: the store is damaged, or holds vectors of several widths.
        """
        digests = [text_digest(self.client.model, text) for text in texts]
        found = {digest: base64.b64decode(str(value)) for digest, value in self.store.values(digests)}
        widths = {len(vector) // FLOAT_BYTES for vector in found.values()}
        if len(widths) > 1:
            told = f"{self.store.path} holds vectors of {' and '.join(map(str, sorted(widths)))} numbers for {self.client.model}"
            raise FatalError(f"{told}: another model had its name; move the file away and start again", kind="store")
        return [found.get(digest) for digest in digests]

    def _ask(self, left: dict[str, str], progress: Progress | None) -> None:
        """Embed texts by their digests, those of similar length together, in a few threads."""
        client, done, failure = self.client, 0, None
        requests = _requests(sorted(left.items(), key=lambda item: (len(item[1]), item[0])))
        lock = threading.Lock()

        def work() -> None:
            nonlocal done, failure
            try:
                while not client.pace.stopped:
                    with lock:
                        part = next(requests, None)
                    if part is None:
                        return
                    self._finish(part)
                    with lock:
                        done += len(part)
                        if progress is not None:
                            progress(done, len(left), self._failed)
            except BaseException as error:  # ends the run: calls under way are finished, and kept
                failure = failure or error
                client.stop()
            finally:
                client.transport.close()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(client.limits.concurrency)]
        for thread in threads:
            thread.start()
        try:
            _join(threads)
        except KeyboardInterrupt:  # a second one does not wait
            client.stop()
            _join(threads)
            raise
        if failure is not None:
            raise failure

    def _finish(self, part: Sequence[tuple[str, str]]) -> None:
        """Bring some texts to their end: together, in halves where the server takes them not together, cut where one is too long."""
        size = min(self._most, len(part))
        for few in (part[first : first + size] for first in range(0, len(part), size)):
            try:
                self._embed(few)
            except Unnumbered as error:
                if len(few) == 1:
                    raise FatalError(f"{error}, for one text; is this a server of embeddings?", kind=error.kind) from None
                self.client.notify("the server does not number its vectors: texts are sent one at a time")
                self._most = 1
                self._finish(few)
            except ItemError as error:
                if error.kind not in OF_THE_TEXT:
                    raise FatalError(f"{error}; {AGAIN}", kind=error.kind, status=error.status) from None
                if len(few) > 1:
                    middle = len(few) // 2
                    self._finish(few[:middle])
                    self._finish(few[middle:])
                else:
                    self._shorten(few[0], error)

    def _embed(self, few: Sequence[tuple[str, str]]) -> Embeddings:
        """One request, committed whatever came of it."""
        store, client = self.store, self.client
        digests = [digest for digest, _ in few]
        call = digests[0]  # whose attempts they are in the ledger
        try:
            found = embed(client, [text for _, text in few], lambda attempt: store.note_sent(call, attempt))
        except LLMError as error:
            store.note_attempts(call, error.attempts)
            raise
        if found.cut:
            client.notify("the server reads only the beginning of long texts, without a word; a model with a longer context reads all")
        source = {"base_url": client.base_url, "model": client.model, "answered_by": found.model}
        values = [base64.b64encode(vector).decode() for vector in found.vectors]
        store.finish_many(list(zip(digests, values)), source, found.attempts)
        return found

    def _shorten(self, item: tuple[str, str], error: ItemError) -> None:
        """Embed the beginning of a text that is too long; one that is refused, or too long however short, has failed."""
        digest, text = item
        while error.kind == "context" and len(text) // 2 >= SHORTEST:
            text = text[: len(text) // 2]
            try:
                self._embed([(digest, text)])
            except ItemError as again:
                error = again
            else:
                self._shortened += 1
                self.client.notify("texts that are too long for the model are embedded by their beginning alone")
                return
        if error.kind not in OF_THE_TEXT:
            raise FatalError(f"{error}; {AGAIN}", kind=error.kind, status=error.status)
        error.attempts = ()  # they are in the ledger already
        self.store.fail(digest, error, {"base_url": self.client.base_url, "model": self.client.model})
        self._failed += 1


def _join(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(POLL_SECONDS)


def _requests(order: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Texts in their order, as many a request as `TEXTS` and `CHARACTERS` allow."""
    part: list[tuple[str, str]] = []
    size = 0
    for digest, text in order:
        if part and (len(part) == TEXTS or size + len(text) > CHARACTERS):
            yield part
            part, size = [], 0
        part.append((digest, text))
        size += len(text)
    if part:
        yield part
