"""Where vectors come from: a file of them, and a server that is asked for those that the file lacks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from minirank.config.embeddings import EmbeddingConfig
from minirank.config.features import FeatureConfig
from minirank.errors import ConfigError, RunError
from minirank.features.embeddings import KEPT, SCALE, Ask, Vectors, quantised
from minirank.kernels.forks import renew_in_forks

if TYPE_CHECKING:
    from minirank.llm_client import Client

STORE = "embeddings.sqlite"  # beside the data: what a server was asked, and what it cost
PROBE = "data engineer"  # the text by which a model is known again
SAME = 0.99  # cosine of two vectors of the probe, at least, of one model
WAIT_SECONDS = 60.0  # after a server failed, before a ranker asks it again
TELL_SECONDS = 20.0

Say = Callable[[str], None]


def vectors_to_train(config: FeatureConfig, folder: Path, say: Say) -> Vectors | None:
    """The vectors that an encoder is fitted with, asked for as they are needed; None without embeddings.

    Args:
        folder: of the data; what a server gives is kept there.
        say: told what is asked, of whom.
    Raises:
        ConfigError: the configuration names neither a file nor a server.
        RunError: the file cannot be used; later, where a server cannot be asked any more.
    """
    settings = config.embeddings
    if not config.embedded:
        return None
    sources: list[Ask] = [] if settings.file is None else [_FileSource(settings.file, settings)]
    if settings.base_url is not None:
        sources.append(ServerSource(settings, folder / STORE, say, strict=True))
    if not sources:
        raise ConfigError("features.embeddings: name a base_url or a file, or nobody gives vectors to train with")
    vectors = Vectors(settings.model, ask=TrainingSources(sources))
    vectors.of([PROBE])
    return vectors


def tell_asked(vectors: Vectors | None, say: Say) -> None:
    """Say what a server was asked for the vectors of a training and what that cost, and how many texts have none."""
    if vectors is None or not isinstance(vectors.ask, TrainingSources):
        return
    lacking, lines = vectors.ask.lacking, [source.spent() for source in vectors.ask.sources if isinstance(source, ServerSource)]
    if lacking:
        why = " and ".join(map(str, vectors.ask.sources))
        lines.append(f"{len(lacking):,} of {len(vectors) + len(lacking):,} texts have no vector, so they count as unknown: {why}")
    for line in filter(None, lines):
        say(f"features.embeddings: {line}")


def with_sources(vectors: Vectors, settings: EmbeddingConfig, folder: Path | None, say: Say = lambda text: None) -> None:
    """Let a run's vectors ask for those of texts that training did not see, as its configuration says; nobody is asked yet.

    Args:
        folder: of the data that the run was trained on.
        say: told when that fails; such texts count as unknown then.
    """
    sources: list[Ask] = []
    if settings.file is not None and settings.file.exists():
        sources.append(_FileSource(settings.file, settings))
    if settings.base_url is not None:
        store = folder / STORE if folder is not None and os.access(folder / STORE, os.W_OK) else None
        sources.append(ServerSource(settings, store, say, probe=vectors.of([PROBE])[0]))
    vectors.ask, vectors.keep = chain(sources) if sources else None, KEPT


def chain(sources: Sequence[Ask]) -> Ask:
    """Asks each source for what those before it did not have."""

    def ask(texts: list[str]) -> list[bytes | None]:
        found: list[bytes | None] = [None] * len(texts)
        for source in sources:
            left = [row for row, vector in enumerate(found) if vector is None]
            for row, vector in zip(left, source([texts[row] for row in left]) if left else ()):
                found[row] = vector
        return found

    return ask


class TrainingSources:
    """Asks sources as `chain` does.

    `lacking`: texts of which none had a vector.
    """

    def __init__(self, sources: Sequence[Ask]) -> None:
        self.sources, self.lacking = sources, set[str]()
        self._ask = chain(sources)

    def __call__(self, texts: list[str]) -> list[bytes | None]:
        found = list(self._ask(texts))
        self.lacking.update(text for text, vector in zip(texts, found) if vector is None)
        return found


class _FileSource:
    """A file of vectors; as a text, why it has none of a text.

    Raises:
        RunError: it cannot be used, or its vectors are of another model.
    """

    def __init__(self, path: Path, settings: EmbeddingConfig) -> None:
        self._vectors = Vectors.load(path, "give a file with the arrays id, vector and model as features.embeddings.file")
        if self._vectors.model != settings.model:
            told = f"{path}: its vectors are of the model {self._vectors.model!r}, features.embeddings.model is {settings.model!r}"
            raise RunError(f"{told}; name the model that made them")
        self._said = f"{path} lacks them" + ("" if settings.base_url else "; make it anew of these data, or name a base_url to ask")

    def __str__(self) -> str:
        return self._said

    def __call__(self, texts: list[str]) -> list[bytes | None]:
        rows = self._vectors.of(texts)
        return [row.astype("<f4").tobytes() if row.any() else None for row in rows]


class ServerSource:
    """A server that embeds; as a text, why it has no vector of a text.

    Args:
        settings: which, and how hard it is driven.
        store: where what it gives is kept; None for nowhere.
        say: told what a user should know.
        strict: whether a failure is an error; else texts have no vectors then, and `say` is told once.
        probe: (W,) int16, the vector of PROBE in training; a server that gives another one is refused. A strict one is compared with
            what its store holds.
    """

    def __init__(
        self, settings: EmbeddingConfig, store: Path | None, say: Say, strict: bool = False, probe: np.ndarray | None = None
    ) -> None:
        self._settings, self._store, self._say, self._strict = settings, store, say, strict
        self._probe = probe if probe is not None and probe.any() else None
        self._client: Client | None = None
        self._compared = False
        self._not_before = 0.0
        self._told: set[str] = set()
        self._embedded = self._tokens = self._estimated = 0
        self._cost = 0.0
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """Nobody asks it; called in a forked process."""
        self._lock = Lock()

    def __call__(self, texts: list[str]) -> list[bytes | None]:
        from minirank.llm_client import FatalError, LLMError

        with self._lock:
            if time.monotonic() < self._not_before:
                return [None] * len(texts)
            try:
                client = self._connected()
                try:
                    return self._ask(client, texts, self._store)
                except FatalError as error:
                    if self._strict or self._store is None or error.kind not in ("locked", "store"):
                        raise
                    return self._ask(client, texts, None)
            except LLMError as error:
                if self._strict and getattr(error, "kind", None) == "store":
                    problem = str(error).removesuffix("; give another file")
                    remedy = "copy the data to where they can be written and set data.folder, or set features.embeddings.file"
                    raise RunError(f"features.embeddings: {problem}; what the server gives is kept beside the data: {remedy}") from None
                if self._strict:
                    raise RunError(f"features.embeddings: {error}") from None
                self._not_before = time.monotonic() + WAIT_SECONDS
                self._tell(
                    f"texts that training did not see have no vectors, and count as unknown: {str(error).partition('; finished')[0]}"
                )
                return [None] * len(texts)

    def __str__(self) -> str:
        return f"{self._settings.model} does not take them"

    def spent(self) -> str | None:
        """What was asked and what that cost, in words; None where nothing was."""
        if self._client is None or not (self._embedded or self._tokens):
            return None
        texts = "text" if self._embedded == 1 else "texts"
        tokens = f"{'about ' if self._estimated else ''}{self._tokens:,} tokens"
        cost = f", cost {'at most ' if self._estimated else ''}{self._cost:.4g}" if self._settings.price_in else ""
        return f"{self._embedded:,} new {texts} embedded by {self._client.model} at {self._client.base_url}, {tokens}{cost}"

    def _connected(self) -> Client:
        """The client, once its vector of the probe was seen to be that of training.

        Raises:
            RunError: it is not.
        """
        from minirank.llm_client import Client, Limits

        if self._client is None:
            settings = self._settings
            limits = {name: getattr(settings, name) for name in ("concurrency", "rpm", "tpm", "max_cost", "price_in")}
            client = Client(
                settings.base_url, settings.model, settings.api_key_env, settings.timeout,
                Limits(**limits, retries=5 if self._strict else 1), notice=self._tell,
            )  # fmt: skip
            if self._probe is not None:
                remedy = "serve the model of that time under this name, or train again"
                _check_model(client, self._probe, "that the run was trained with", remedy)
            self._client = client
        return self._client

    def _ask(self, client: Client, texts: list[str], path: Path | None) -> list[bytes | None]:
        from minirank.llm_client import EmbeddingStore, Store

        told, before = time.monotonic(), self._embedded

        def progress(done: int, total: int, failed: int) -> None:
            nonlocal told
            self._embedded = before + done - failed
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                self._say(f"{done:,} of {total:,} texts embedded by {client.model} at {client.base_url}")

        with TemporaryDirectory() as temporary, Store(path or Path(temporary) / STORE) as store:
            keeper = EmbeddingStore(client, store)
            if self._strict and not self._compared and None in keeper.vectors(texts):
                held = keeper.vectors([PROBE])[0]
                if held is not None:
                    remedy = "serve the model of that time under this name, or move the file away to start anew"
                    _check_model(client, quantised(np.frombuffer(held, "<f4")[None])[0], f"in {store.path}", remedy)
                self._compared = True
            earlier = store.ledger()
            try:
                done = keeper.fill(texts, progress)
            finally:
                now = store.ledger()
                self._tokens += now["tokens_in"] - earlier["tokens_in"]
                self._estimated += now["estimated"] - earlier["estimated"]
                self._cost += now["cost"] - earlier["cost"]
            if done.failed and not self._strict:
                self._tell(f"{done.failed:,} texts have no vector, for {client.model} does not take them")
            return keeper.vectors(texts)

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._say(text)


def _check_model(client: Client, probe: np.ndarray, whose: str, remedy: str) -> None:
    """Refuse a server whose vector of PROBE is not the one that is known: another model has its name.

    Args:
        probe: (W,) int16. whose: where it is from, for the error.
    Raises:
        RunError: names both.
    """
    from minirank.llm_client.embeddings import embed

    found = np.frombuffer(embed(client, [PROBE]).vectors[0], "<f4")
    if found.shape == probe.shape and float(quantised(found[None])[0].astype(np.int64) @ probe.astype(np.int64)) / SCALE**2 >= SAME:
        return
    what = f"vectors of {len(found):,} numbers" if found.shape != probe.shape else "other vectors"
    told = f"{client.base_url} gives {what} for {client.model}, not those of {len(probe):,} numbers {whose}"
    raise RunError(f"features.embeddings: {told}; {remedy}")
