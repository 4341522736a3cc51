"""The API key: read from the environment, never shown."""

from __future__ import annotations

import os
from urllib.parse import quote

from .errors import FatalError

HIDDEN = "[key]"
SECRET = 8  # characters from which a key is a secret: `none` or `EMPTY` is a word, and answers hold it too


class Key:
    """A key that no repr, message or record shows.

    One of fewer than 8 characters is what a local server is given for want of a key; it is not looked for in texts.

    Args:
        secret: the key itself, or None where the server wants none.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    @classmethod
    def from_environment(cls, name: str) -> Key:
        """The key in an environment variable; an unset or empty one is no key.

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
        return cls(secret or None)

    def __bool__(self) -> bool:
        return self._secret is not None

    def __repr__(self) -> str:
        return f"Key({HIDDEN})" if self else "Key(None)"

    __str__ = __repr__

    def __reduce__(self):
        raise TypeError("a key is neither copied nor written")

    def header(self) -> dict[str, str]:
        """The header that carries it; empty without a key."""
        return {"Authorization": f"Bearer {self._secret}"} if self else {}

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
        if self._secret is None or len(self._secret) < SECRET:
            return ()
        return self._secret, quote(self._secret, safe=""), self._secret.replace("/", r"\/")
