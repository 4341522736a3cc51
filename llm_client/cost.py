"""What calls cost: prices, the attempts made, and a limit that is never passed."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from .errors import FatalError, Stopped
from .forks import renew_in_forks

MILLION = 1_000_000
TEMPLATE_TOKENS = 64  # what chat templates add to a request, generously
BYTES_A_TOKEN = 4  # of ordinary text
# A word up to a blank or a sign of ASCII; a long one counts as several.
_WORD = re.compile(r"[^\s\x00-/:-@\[-`{-\x7f]{1,16}")
_KANA_OR_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+")


@dataclass(frozen=True)
class Limits:
    """How hard a server is driven and what it may cost.

    Args:
        concurrency: most requests at a time.
        rpm: requests a minute, or None.
        tpm: tokens a minute, or None.
        retries: of one request, after its first attempt.
        max_cost: of all calls, in the currency of the prices, or None; runs on a store count what earlier ones spent there.
        price_in: for a million prompt tokens.
        price_out: for a million tokens of the answer.
        max_tokens: of an answer, in the place of what each request says; or None.
        max_wait: seconds; a server that asks to wait longer stops the run instead.
        loading_wait: seconds that a server may take to load its model.
    """

    concurrency: int = 8
    rpm: float | None = None
    tpm: float | None = None
    retries: int = 5
    max_cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0
    max_tokens: int | None = None
    max_wait: float = 120.0
    loading_wait: float = 300.0

    def __post_init__(self) -> None:
        for name, least in (("concurrency", 1), ("retries", 0), ("price_in", 0), ("price_out", 0), ("max_wait", 0), ("loading_wait", 0)):
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        for name in ("rpm", "tpm", "max_cost", "max_tokens"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        if self.max_cost is not None and self.price_in == self.price_out == 0:
            raise ValueError("max_cost needs price_in and price_out, the prices of a million tokens")

    def cap(self, max_tokens: int) -> int:
        """Tokens that the answer to a request may have which asks for so many."""
        return max_tokens if self.max_tokens is None else self.max_tokens

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Price of so many tokens."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / MILLION


@dataclass(frozen=True)
class Attempt:
    """One request that was sent.

    Args:
        time: seconds since the epoch.
        rung: of the ladder.
        status: HTTP status, None when no answer came.
        outcome: `ok` or the kind of the error; `sent` for one whose run was killed before anybody heard of it again.
        tokens_in, tokens_out: as the server counted them; 0 where nothing came.
        ms: milliseconds until the reply.
        cost: its price; the upper bound where the server may have worked without saying how much.
        estimated: an answer came without counts: the tokens are our estimate.
    """

    time: float
    rung: str
    status: int | None
    outcome: str
    tokens_in: int
    tokens_out: int
    ms: float
    cost: float
    estimated: bool = False


def most_tokens(body: bytes) -> int:
    """Upper bound of a request's prompt tokens: no tokenizer makes more tokens than there are bytes."""
    return len(body) + TEMPLATE_TOKENS


def least_tokens(text: str) -> int:
    """Lower bound of the tokens of ordinary text: each word is a token at least, and so are four characters of Chinese or Japanese.

    Six tokenizers (cl100k, o200k, Anthropic's, DeepSeek's, Mistral's first, Tekken) made 1.3 to 1.7 times as many of English, 1.6
    to 2.4 times as many of instructions with a schema, 1.3 to 26 times as many of 13 other languages, and of no text fewer.
    """
    if text.isascii():
        return len(_WORD.findall(text))
    unspaced = sum(map(len, _KANA_OR_HAN.findall(text)))
    return len(_WORD.findall(_KANA_OR_HAN.sub(" ", text) if unspaced else text)) + unspaced // 4


class Budget:
    """What one client may spend, and has spent. What a call could cost at most is set aside before it is sent.

    Args:
        limits: prices and max_cost.

    `spent` is the cost of what was sent.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.spent, self._stopped = 0.0, False
        renew_in_forks(self).renew()

    def renew(self) -> None:
        """Nothing is under way in a forked process."""
        self._changed, self._reserved = threading.Condition(), 0.0

    def count_earlier(self, spent: float) -> None:
        """Start from what a ledger shows, this client's own calls included."""
        with self._changed:
            self.spent = max(self.spent, spent)

    def reserve(self, tokens_in: int, tokens_out: int) -> float:
        """Set a call's upper bound aside, waiting for others to end where only that makes room.

        Returns:
            The sum, for `charge`.
        Raises:
            FatalError: it would pass max_cost.
        """
        bound = self._limits.cost(tokens_in, tokens_out)
        most = self._limits.max_cost
        if most is None:
            return bound
        with self._changed:
            while self.spent + self._reserved + bound > most:
                if self._stopped:
                    raise Stopped("stopped before sending", kind="stopped")
                if self._reserved == 0:
                    spent = f"{self.spent:.6g} spent so far, earlier runs included, and the next call could cost {bound:.6g}"
                    text = f"max_cost {most:g} is reached: {spent}; raise it and start again, finished items are kept"
                    raise FatalError(text, kind="max_cost")
                self._changed.wait()
            self._reserved += bound
        return bound

    def charge(self, bound: float, cost: float) -> None:
        """A call has ended: replace what was set aside by what it did cost."""
        with self._changed:
            if self._limits.max_cost is not None:
                self._reserved = max(0.0, self._reserved - bound)
                if self._reserved < 1e-12:
                    self._reserved = 0.0
            self.spent += cost
            self._changed.notify_all()

    def stop(self) -> None:
        """Wake whoever waits for room."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def restart(self) -> None:
        """Let calls through again; what was spent stays spent."""
        with self._changed:
            self._stopped = False
