"""One call to a model: the ladder, one retry loop, validation, the ledger of what was sent."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .address import canonical_url, page, secrets, shown
from .cost import BYTES_A_TOKEN, Attempt, Budget, Limits, least_tokens, most_tokens
from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater
from .forks import renew_in_forks
from .key import Key
from .neutralise import neutralise
from .pace import Pace
from .parse_json import InvalidReply, Unfinished, is_loop, read_answer
from .quotes import are_runs
from .replies import Completion, read_completion
from .request import GRAMMAR, Ability, Request, payload
from .retry import RetryBudget, backoff
from .transport import RawReply, Transport

PATH = "/chat/completions"
AFTER_TIMEOUT = 0.5  # seconds at least: a server may still be at work on the request that we gave up
LOADING_SECONDS = 1.0  # between requests to a server that loads its model
LEAST_CONTEXT = 128  # tokens: a server that counts fewer does not count what it was sent
BAD_REPLIES = 2  # retries after replies that are no completion: they may have been paid for
CUT = 0.8  # of the least tokens that a prompt can have: a server that counts fewer did not read all of it
RAISE_CAP = "the cap of answer tokens may be too low: raise max_tokens (--max-tokens N, or llm.max_tokens in CONFIG.yaml)"
_CHARGED = ("timeout", "lost", "stale", "bad reply", "unnumbered", "record")  # the server may have worked, and says not how much

_log = logging.getLogger(__name__)

Notice = Callable[[str], None]  # called with one line that a user should see
BeforeSend = Callable[[Attempt], None] | None  # called with an attempt before anything is sent that may cost money


class Endpoint(NamedTuple):
    """A page that takes requests.

    Args:
        path: below base_url.
        read: a reply -> what it says, or one of our errors.
        tokens: that and the body of the request -> tokens sent, tokens of the answer, and whether they are our estimate.
    """

    path: str
    read: Callable[[RawReply], Any]
    tokens: Callable[[Any, bytes], tuple[int, int, bool]]


@dataclass(frozen=True)
class Reply:
    """A valid answer.

    Args:
        value: parsed, coerced and validated; the text itself where no schema was asked for.
        text: as the model wrote it.
        finish: why the model stopped.
        rung: of the ladder: grammar, json_schema, json_object or text.
        model: the name that the server gave.
        usage: tokens_in and tokens_out of the last attempt, as counted by the server, None where it did not say.
        repaired: the text was not strict JSON, or a value was coerced.
        place: where in the message the answer stood: `content`, `tool call` or `reasoning`.
        attempts: all that was sent for it.
    """

    value: object
    text: str
    finish: str
    rung: str
    model: str
    usage: dict[str, int | None]
    repaired: bool
    place: str
    attempts: tuple[Attempt, ...]


class Client:
    """A model on an OpenAI-compatible server. Safe from several threads.

    Args:
        base_url: with or without `/v1` or a trailing slash; `client.base_url` is it in one form, secrets in its query hidden.
        model: its name.
        api_key_env: name of the environment variable that holds the key; unset means no key.
        timeout: seconds for a reply; grows up to four times when the server is too slow.
        limits: concurrency, rates, retries and cost.
        transport: another one than HTTP, such as a recording (cassette.py).
        notice: called with one line that a user should see, such as `waiting for the model to load`.
    Raises:
        FatalError: an address or a key that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str = "OPENAI_API_KEY",
        timeout: float = 60.0,
        limits: Limits | None = None,
        *,
        transport: Any = None,
        notice: Notice | None = None,
    ) -> None:
        address = canonical_url(base_url)
        self.base_url, self.model = shown(address), model
        self.limits = limits or Limits()
        self.key = Key.from_environment(api_key_env, secrets(address))
        self.transport = transport or Transport(address, self.key)
        self.budget = Budget(self.limits)
        self.pace = Pace(self.limits.concurrency, timeout, self.limits.rpm, self.limits.tpm, self.limits.max_wait)
        self.ability = Ability()  # learned; assign what an earlier run learned
        self._retry_budget = RetryBudget(20 + 2 * self.limits.concurrency)
        self._notice = notice or (lambda text: None)
        self._notified: set[str] = set()
        self._most_in = 0  # the longest prompt that the server counted
        renew_in_forks(self).renew()
        self._resent: Counter[str] = Counter()  # retries by the kind of error
        if self.withholds_key:
            self.notify(f"{self.base_url} is not https: the key is not sent")

    def renew(self) -> None:
        """Nothing is under way in a forked process."""
        self._lock, self._first = threading.Lock(), threading.Lock()
        self._under_way: dict[int, float] = {}  # thread -> when it sent what is not answered yet

    def __repr__(self) -> str:
        return f"Client({self.base_url!r}, {self.model!r})"

    @property
    def withholds_key(self) -> bool:
        """Whether there is a key that must not travel to this address."""
        return getattr(self.transport, "withholds_key", False)

    def complete(self, request: Request, before_send: BeforeSend = None) -> Reply:
        """Ask until there is a valid answer or a final error.

        Args:
            request: what is asked.
            before_send: called before anything is sent that may cost money, with the attempt as it stands should this process
                die before the reply: outcome `sent`, its upper bound as cost.
        Raises:
            ItemError: this item has a final status; `kind` says which.
            FatalError: no further call can succeed.
            Stopped: `stop` was called before the call was sent.
        """
        attempts: list[Attempt] = []
        try:
            with self.first_alone():
                return self._complete(request, attempts, before_send)
        except LLMError as error:
            error.attempts = tuple(attempts)
            raise

    def stop(self) -> None:
        """Send nothing more: calls that wait end at once with Stopped, calls under way are finished."""
        self.pace.stop()
        self.budget.stop()

    def restart(self) -> None:
        """Go on after `stop`."""
        self.pace.restart()
        self.budget.restart()

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """Until there is an answer one call goes alone: what a server accepts is learned once and not by every thread."""
        if not self.pace.opened:
            with self._first:
                if not self.pace.opened:
                    yield
                    return
        yield

    def _complete(self, request: Request, attempts: list[Attempt], before_send: BeforeSend) -> Reply:
        ability, complaint = self.ability, None
        cap = least_cap = self.limits.cap(request.max_tokens)
        while True:
            sent = payload(request, self.model, ability, cap, complaint)
            rung = GRAMMAR if GRAMMAR in sent else ability.name
            try:
                completion = self.exchange(sent, cap, rung, attempts, before_send)
            except CapabilityError as error:
                ability = ability.without(error, sent)
                continue
            except ItemError as error:
                if cap > least_cap and error.kind == "rejected" and "max_" in str(error):  # twice as many are too many for the model
                    raise ItemError(f"the answer is cut off at {least_cap} tokens, and {cap} are {error}", kind="truncated") from None
                raise
            self.learn(ability)
            self.pace.open()
            self._check_cut(sent, completion, attempts)
            try:
                value, repaired, place = read_answer(completion, request.schema)
            except Unfinished as error:
                self._mark(attempts, error.kind)
                if rung == GRAMMAR and not completion.text.startswith("{"):
                    ability = replace(ability, grammar=False)
                    continue
                if completion.finish == "length" and is_loop(completion.text or completion.reasoning):
                    raise ItemError("the model repeats itself until its token limit", kind="loop", status=200) from None
                if cap > least_cap:
                    raise ItemError(f"{error} even at {cap} tokens; {RAISE_CAP}", kind=error.kind, status=200) from None
                cap = 2 * cap
                continue
            except InvalidReply as error:
                self._mark(attempts, "invalid")
                if rung == GRAMMAR:  # the server does not know it, and says nothing
                    ability = replace(ability, grammar=False)
                    continue
                self.learn(replace(ability, enforced=False))
                if complaint:
                    text = f"invalid twice: {error}; it begins: {' '.join(completion.text[:200].split())}"
                    raise ItemError(self.key.redact(text), kind="invalid", status=200) from None
                complaint = str(error)
                continue
            if request.quotes is not None and not are_runs(value, neutralise(request.quotes)):
                self.learn(replace(ability, grammar=False) if rung == GRAMMAR else replace(ability, enforced=False))
            text = {"content": completion.text, "tool call": completion.called, "reasoning": completion.reasoning}[place]
            usage = {"tokens_in": completion.tokens_in, "tokens_out": completion.tokens_out}
            return Reply(value, text, completion.finish, rung, completion.model, usage, repaired, place, tuple(attempts))

    def _check_cut(self, sent: dict, completion: Completion, attempts: list[Attempt]) -> None:
        """Servers with a short context cut a prompt without a word: they count fewer tokens than its text can have.

        No alarm where the server counted as many for another prompt: it can hold them, and leaves out those of its cache.

        Raises:
            ItemError: the prompt was cut.
        """
        if completion.tokens_in is None:
            return
        counted = completion.tokens_in + completion.cached
        self._most_in = max(self._most_in, counted)
        if counted < LEAST_CONTEXT or 5 * counted >= sum(len(message["content"]) for message in sent["messages"]):
            return  # SPEED: a word takes more than four characters, its blank included; no need to count
        least = sum(least_tokens(message["content"]) for message in sent["messages"])
        if max(counted, self._most_in) >= CUT * least:
            return
        self._mark(attempts, "cut")
        self.notify("the server cuts prompts without a word; give it a longer context, or shorter texts (--characters)")
        text = f"the server cut the prompt: it counted {counted:,} tokens of {least:,} at least; give it a longer context"
        raise ItemError(text, kind="cut", status=200)

    def waiting(self) -> str:
        """What its calls wait for, in words."""
        with self._lock:
            sent, resent = list(self._under_way.values()), self._resent.most_common()
        parts = [
            f"{len(sent)} under way, the oldest for {time.monotonic() - min(sent):.0f} s"
            if sent
            else "nothing under way, to be sent again soon"
        ]
        if held := self.pace.held():
            parts.append(f"nothing is sent for another {held:.0f} s, as the server asked")
        if resent:
            parts.append(f"{sum(count for _, count in resent):,} sent again ({', '.join(f'{kind} {count:,}' for kind, count in resent)})")
        return "; ".join(parts)

    def exchange(
        self, sent: dict, cap: int, rung: str, attempts: list[Attempt], before_send: BeforeSend = None, endpoint: Endpoint | None = None
    ) -> Any:
        """Send one body until there is an answer: the one retry loop.

        Args:
            sent: body of the request.
            cap: its limit of answer tokens.
            rung: for the ledger.
            attempts: what is sent is added to it.
            before_send: as `complete` takes it.
            endpoint: another one than that of chat completions.
        Returns:
            What `endpoint.read` gives: a `Completion`.
        """
        body = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()
        retries, bad, wait, refreshed, loading_since = 0, 0, 0.0, False, None
        while True:
            try:
                return self._attempt(body, cap, rung, attempts, before_send, endpoint or CHAT)
            except RetryLater as error:
                if error.kind == "stale" and not refreshed:
                    refreshed = True  # the server had closed a kept connection; a fresh one costs nothing
                    continue
                if error.kind == "loading":
                    loading_since = loading_since or time.monotonic()
                    self._wait_for_model(error, loading_since)
                    continue
                retries += 1
                with self._lock:
                    self._resent[error.kind] += 1
                bad += error.kind == "bad reply"
                if (retries > self.limits.retries or bad > BAD_REPLIES) and not self.pace.stopped:
                    raise _final(error, retries) from None
                if not self._retry_budget.take():
                    text = f"the server fails again and again: {error}; finished items are kept, start again later"
                    raise FatalError(text, kind="outage") from None
                if error.after is None:
                    wait = backoff(wait, retries, random.uniform)
                    self.pace.sleep(max(wait, AFTER_TIMEOUT) if error.kind == "timeout" else wait)

    def _attempt(self, body: bytes, cap: int, rung: str, attempts: list[Attempt], before_send: BeforeSend, endpoint: Endpoint) -> Any:
        """Send once, and write into the ledger what came of it."""
        sent = self.pace.acquire(len(body) // BYTES_A_TOKEN + cap)
        ok = estimated = False
        try:
            bound = self.budget.reserve(most_tokens(body), cap)
            cost, outcome, status = 0.0, "lost", None
            tokens_in = tokens_out = 0
            clock, began = time.time(), time.monotonic()
            try:
                if before_send is not None and bound > 0:
                    before_send(Attempt(clock, rung, None, "sent", 0, 0, 0.0, bound))
                with self._lock:
                    self._under_way[threading.get_ident()] = began
                raw = self.transport.post(endpoint.path, body, self.pace.patience)
                status = raw.status
                found = endpoint.read(raw)
                ok, outcome = True, "ok"
                tokens_in, tokens_out, estimated = endpoint.tokens(found, body)
                cost = bound if estimated else self.limits.cost(tokens_in, tokens_out)
                self._retry_budget.earn()
                return found
            except LLMError as error:
                outcome = error.kind
                cost = bound if error.kind in _CHARGED else 0.0
                if isinstance(error, RetryLater) and error.after is not None:
                    self.pace.hold(error.after)  # before `release`, or another thread could send in between
                if error.kind in ("busy", "timeout", "loading"):
                    self.pace.slow_down(sent, too_slow=error.kind == "timeout")
                error.args = (self.key.redact(str(error)),)
                raise
            finally:
                ms = 1000 * (time.monotonic() - began)
                with self._lock:
                    self._under_way.pop(threading.get_ident(), None)
                self.budget.charge(bound, cost)
                attempts.append(Attempt(clock, rung, status, outcome, tokens_in, tokens_out, ms, cost, estimated))
                _log.debug("POST %s: %s, %s, %.0f ms", page(self.base_url, endpoint.path), status, outcome, ms)
        finally:
            self.pace.release(ok)

    def _wait_for_model(self, error: RetryLater, since: float) -> None:
        if time.monotonic() - since > self.limits.loading_wait:
            text = f"the model is still loading after {self.limits.loading_wait:g} s; start again later"
            raise FatalError(text, kind="loading") from None
        self.notify(f"the server is loading its model; waiting up to {self.limits.loading_wait:g} s")
        self.pace.sleep(min(error.after or LOADING_SECONDS, self.limits.loading_wait))

    def learn(self, ability: Ability) -> None:
        """Remember what the server accepted. Threads that set out earlier with more than it accepts do not undo it."""
        if ability == self.ability:
            return
        with self._lock:
            known = self.ability
            if ability.rung < known.rung:
                return
            enforced = ability.enforced and (known.enforced or ability.rung > known.rung)
            name = max(ability.max_tokens, known.max_tokens, key=len)
            flags = {flag: getattr(ability, flag) and getattr(known, flag) for flag in ("temperature", "system", "grammar", "base64")}
            self.ability = replace(ability, enforced=enforced, max_tokens=name, **flags)

    def _mark(self, attempts: list[Attempt], outcome: str) -> None:
        attempts[-1] = replace(attempts[-1], outcome=outcome)

    def notify(self, text: str) -> None:
        """Say a line that a user should see, once."""
        with self._lock:
            if text in self._notified:
                return
            self._notified.add(text)
        self._notice(text)


def counted_or_estimated(completion: Completion, body: bytes) -> tuple[int, int, bool]:
    """Tokens of a prompt and its answer, and whether one of them is our estimate, since the server did not count it."""
    tokens_in, tokens_out = completion.tokens_in, completion.tokens_out
    if tokens_in is not None and tokens_out is not None:
        return tokens_in, tokens_out, False
    answer = (completion.text + completion.called + completion.reasoning).encode("utf-8", "replace")
    return tokens_in or len(body) // BYTES_A_TOKEN, tokens_out if tokens_out is not None else len(answer) // BYTES_A_TOKEN + 1, True


CHAT = Endpoint(PATH, read_completion, counted_or_estimated)


def _final(error: RetryLater, tries: int) -> LLMError:
    """What a retryable error is after the last retry."""
    if error.kind == "unreachable":
        return FatalError(f"{error}; finished items are kept", kind=error.kind)
    return ItemError(f"given up after {tries} attempts: {error}", kind=error.kind, status=error.status)
