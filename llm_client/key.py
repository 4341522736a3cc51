"""The API key: read from the environment, never shown."""

from __future__ import annotations

import os
from collections.abc import Iterable
from urllib.parse import quote, unquote_plus

from .address import HIDDEN
from .errors import FatalError

SECRET = 8  # characters from which a key is a secret: `none` or `EMPTY` is a word, and answers hold it too


class Key:
    """A key that no repr, message or record shows.

    One of fewer than 8 characters is what a local server is given for want of a key; it is not looked for in texts.

    Args:
        secret: the key itself, or None where the server wants none.
        others: what else is not to be shown: secrets in the address of the server.
    """

    __slots__ = ("_others", "_secret")

    def __init__(self, secret: str | None, others: Iterable[str] = ()) -> None:
        self._secret, self._others = secret, tuple(others)

    @classmethod
    def from_environment(cls, name: str, others: Iterable[str] = ()) -> Key:
        """The key in an environment variable; an unset or empty one is no key.

        Args:
            name: of the variable.
            others: as the class takes them.
        Raises:
            FatalError: it holds characters that no HTTP header may hold, or the name looks like a key itself.
        """
        if name not in os.environ and not name.isupper():  # it is not shown: it may be the key
            raise FatalError(
                "there is no such environment variable; give the name of the one that holds the key, not the key", kind="config"
            )
        secret = os.environ.get(name, "").strip()
        if not secret.isascii() or any(not 32 < ord(character) < 127 for character in secret):
            raise FatalError(f"the key in {name} holds blanks or characters outside ASCII; copy it again", kind="config")
        return cls(secret or None, others)

    def __bool__(self) -> bool:
        return self._secret is not None

    def __repr__(self) -> str:
        return f"Key({HIDDEN})" if self else "Key(None)"

    __str__ = __repr__

    def __reduce__(self):
        raise TypeError("a key is neither copied nor written")

    def header(self, azure: bool = False) -> dict[str, str]:
        """The header that carries it; empty without a key.

        Args:
            azure: by `api-key`, as Azure's classic form has it; but what is a token of Azure's own (a JWT) always as a bearer.
        """
        if self._secret is None:
            return {}
        token = self._secret.startswith("eyJ") and self._secret.count(".") == 2
        return {"api-key": self._secret} if azure and not token else {"Authorization": f"Bearer {self._secret}"}

    def redact(self, text: str) -> str:
        """The text with every copy of the key hidden."""
        for form in self._forms():
            text = text.replace(form, HIDDEN)
        return text

    def redact_bytes(self, content: bytes) -> bytes:
        """Likewise for what came over the wire."""
        for form in self._forms():
            content = content.replace(form.encode(), HIDDEN.encode())
        return content

    def _forms(self) -> tuple[str, ...]:
        """The key as it is, as in an address, as some write a slash in JSON."""
        known = [secret for secret in (self._secret, *self._others, *map(unquote_plus, self._others)) if secret and len(secret) >= SECRET]
        return tuple(form for secret in known for form in (secret, quote(secret, safe=""), secret.replace("/", r"\/")))
