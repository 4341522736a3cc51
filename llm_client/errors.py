"""What can go wrong with an LLM server, sorted by what a caller should do about it.

    LLMError
      RetryLater      the same request may succeed later: busy, loading, connection lost
      CapabilityError this server does not support what was asked: ask for less
      ItemError       this one item has a final status (refused, truncated, invalid): go on with the rest
      FatalError        nothing further can succeed (bad key, no quota): stop, keep the work, resume later
      Stopped         the caller asked to stop; the item stays pending

No message ever holds an API key.
"""

from __future__ import annotations


class LLMError(Exception):
    """Base of all errors of this package.

    Args:
        message: one line: what happened and what to do.
        kind: a word or two for tables and tests, such as `busy`, `truncated`, `quota`.
        status: HTTP status, or None when no answer came.

    Attributes:
        attempts: what the failed call sent, tuple of ledger.Attempt; filled in by Client.complete.
    """

    def __init__(self, message: str, *, kind: str = "", status: int | None = None) -> None:
        super().__init__(message.encode("utf-8", "replace").decode())  # servers may send half a surrogate pair
        self.kind, self.status = kind, status
        self.attempts: tuple = ()


class RetryLater(LLMError):
    """The same request may succeed later.

    Args:
        after: seconds the server asked to wait, or None.
    """

    def __init__(self, message: str, *, kind: str = "", status: int | None = None, after: float | None = None) -> None:
        super().__init__(message, kind=kind, status=status)
        self.after = after


class CapabilityError(LLMError):
    """The server rejects a parameter, a role or a response format: ask for less, once."""


class ItemError(LLMError):
    """One item is finished without a result; the others go on."""


class FatalError(LLMError):
    """No further request can succeed; finished items are kept."""


class Stopped(LLMError):
    """The client was stopped before this call was sent."""
