"""The `features.embeddings:` part of a configuration: whose vectors of texts are features. The key of a server is never in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .llm import check_server


@dataclass(frozen=True)
class EmbeddingConfig:
    """A model that embeds, and where its vectors come from: a server, or a file of them. Off where no model is named.

    Args:
        model: its name there; null = no embeddings.
        base_url: of an OpenAI-compatible server, asked for texts of which no vector is at hand; null asks none.
        file: an .npz of vectors, relative to the YAML file: `id`, `vector` and `model`, see `minirank/features/EMBEDDINGS.md`.
        api_key_env: name of the environment variable that holds the key; unset means no key.
        price_in: of a million tokens.
        max_cost: in the currency of the price, never passed on a store; null = no limit.
        concurrency: requests at a time.
        rpm, tpm: requests and tokens a minute at most; null = no limit.
        timeout: seconds for an answer.
    """

    model: str | None = None
    base_url: str | None = None
    file: Path | None = None
    api_key_env: str = "OPENAI_API_KEY"
    price_in: float = 0.0
    max_cost: float | None = None
    concurrency: int = 4
    rpm: float | None = None
    tpm: float | None = None
    timeout: float = 120.0

    def __post_init__(self):
        check_server(self)
        if self.model is None and (self.base_url is not None or self.file is not None):
            raise ValueError("model is missing; name the model that embeds (`minirank doctor` lists those of a server)")
        if self.max_cost is not None and not self.price_in:
            raise ValueError("max_cost needs price_in, the price of a million tokens")

    @property
    def identity(self) -> EmbeddingConfig:
        """What predictions depend on: the model."""
        return EmbeddingConfig(model=self.model)
