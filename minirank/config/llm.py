"""The `llm:` part of a configuration: the server whose model reads texts and grades pairs. The key is never in it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

from ..errors import ConfigError
from .dataclass_yaml import build

T = TypeVar("T")
MOST_CONCURRENCY = 1024
MOST_TOKENS = 1_000_000  # of an answer
LONGEST_WAIT = 86_400.0  # seconds that an answer may take
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_SECRET = re.compile(r"key|token|secret|passw|auth|credential", re.IGNORECASE)
_LONG = re.compile(r"[\w-]{16,}")  # in a message: it may be a key
_REMEDY = "put it into an environment variable, and that variable's name, such as OPENAI_API_KEY, into {}.api_key_env"


@dataclass(frozen=True)
class LLMConfig:
    """The server, its prices and how hard it is driven; an option of the command line wins over each.

    Args:
        base_url: of an OpenAI-compatible server; null = the rules read.
        model: its name there.
        api_key_env: name of the environment variable that holds the key; unset means no key.
        price_in, price_out: of a million tokens sent, and of answers.
        max_cost: in the currency of the prices, never passed on a store; null = no limit.
        concurrency: requests at a time.
        rpm, tpm: requests and tokens a minute at most; null = no limit.
        timeout: seconds for an answer.
        max_tokens: of an answer, in the place of what each prompt says; null = as the prompts say. Another one asks nothing
            anew that was answered.
    """

    base_url: str | None = None
    model: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    price_in: float = 0.0
    price_out: float = 0.0
    max_cost: float | None = None
    concurrency: int = 8
    rpm: float | None = None
    tpm: float | None = None
    timeout: float = 120.0
    max_tokens: int | None = None

    def __post_init__(self):
        check_server(self)
        if not 0 <= self.price_out < math.inf:
            raise ValueError(f"price_out must be finite and 0 or more, got {self.price_out}")
        if self.max_tokens is not None and not 1 <= self.max_tokens <= MOST_TOKENS:
            raise ValueError(f"max_tokens must be 1 to {MOST_TOKENS}, got {self.max_tokens}; null is what the prompts say")


def check_server(config: Any) -> None:
    """Refuse what no server can be asked with.

    Raises:
        ValueError: names the field.
    """
    if config.model is not None and not config.model.strip():
        raise ValueError("model must be the name of a model, got a blank one")
    if not 1 <= config.concurrency <= MOST_CONCURRENCY:
        raise ValueError(f"concurrency must be 1 to {MOST_CONCURRENCY}, got {config.concurrency}")
    if not 0 <= config.price_in < math.inf:
        raise ValueError(f"price_in must be finite and 0 or more, got {config.price_in}")
    for name in ("max_cost", "rpm", "tpm"):
        value = getattr(config, name)
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{name} must be finite and above 0, got {value}; null is no limit")
    if not 0 < config.timeout <= LONGEST_WAIT:
        raise ValueError(f"timeout must be above 0 and at most {LONGEST_WAIT:g} s, got {config.timeout}")


def read_server(section: Any, kind: type[T], where: str = "llm") -> T:
    """The configuration of a server that a part of a file describes.

    Args:
        section: of the file. kind: `LLMConfig`, or another with a base_url and an api_key_env. where: its key.
    Raises:
        ConfigError: names the key; what may be a key of the API is refused and not shown.
    """
    if section is None:
        return kind()
    if not isinstance(section, dict):
        raise ConfigError(f"{where}: expected a section of keys and values, such as base_url and model")
    known = {field.name: field.default for field in fields(cast(Any, kind))}
    for name in section:
        if name not in known and _SECRET.search(str(name)):
            raise ConfigError(f"{where}.{name}: a key must not be in a file; {_REMEDY.format(where)}")
    variable = section.get("api_key_env", known["api_key_env"])
    if not (isinstance(variable, str) and _NAME.fullmatch(variable)):
        message = f"{where}.api_key_env: no name of an environment variable in capitals; if it is the key: {_REMEDY.format(where)}"
        raise ConfigError(message)
    try:
        config: Any = build(kind, section, where)
    except ConfigError as error:
        raise ConfigError(_LONG.sub("[...]", str(error))) from None
    if config.base_url is not None:
        from ..llm_client import FatalError
        from ..llm_client.address import canonical_url, secrets

        try:
            address = canonical_url(config.base_url)
        except FatalError as error:
            raise ConfigError(f"{where}.{error}") from None
        if secrets(address):
            remedy = "give it with --base-url" if where == "llm" else "give it a server that takes it from the environment"
            raise ConfigError(f"{where}.base_url: its query may hold a secret, which must not be in a file; {remedy}")
    return config
