"""What a server can do, in words that tell a user what to do next."""

from __future__ import annotations

import difflib
import statistics
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any

from .address import page
from .client import Client
from .cost import Attempt, Limits
from .embeddings import embed
from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater
from .parse_json import InvalidReply, Unfinished, read_answer
from .replies import NEW_KEY, instead_of_json, read_body, sort_error
from .request import RUNGS, Ability, Request, payload, response_format
from .transport import RawReply

LONG_WORDS = 3000  # of a prompt that shows whether a server cuts prompts silently
ADDRESS = "check the address (it mostly ends in /v1)"
REMEDIES = {
    "unreachable": "start the server, or check host and port",
    "lost": "check that the server is still running, and read its log",
    "stale": "check that the server is still running, and read its log",
    "timeout": "give it longer with --timeout, or check what else the server does",
    "server": "read the server's log",
    "busy": "run this again when it has less to do",
    "rate limit": "run this again then",
    "bad reply": "check that this is the address of an OpenAI-compatible server, or try another --model",
    "refused": "try another --model",
    "quota": "see to the account, then run this again",
}
PERHAPS_EMBEDS = ("address", "model", "rejected", "server")  # errors of servers that give vectors and nothing else
CONTEXT_FIELDS = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
_PROPERTIES = {"colour": {"type": "string", "enum": ["teal", "umber"]}, "number": {"type": "integer", "minimum": 0, "maximum": 9}}
_COLOUR = {"type": "object", "additionalProperties": False, "required": ["colour", "number"], "properties": _PROPERTIES}
_HELLO = Request("hello", ({"role": "user", "content": "Say hello in three words."},), None, max_tokens=64)
_TASK = Request("task", ({"role": "user", "content": "Pick a colour and a number."},), _COLOUR, max_tokens=128)


@dataclass
class ServerReport:
    """What was found.

    Args:
        lines: (mark, subject, words); mark is `ok`, `note` or `FAIL`.
        model: that was asked.
        ability: as `Client.ability`.
        tell: called with each finding as it is found.
    """

    lines: list[tuple[str, str, str]] = field(default_factory=list)
    model: str | None = None
    ability: Ability | None = None
    tell: Callable[[str], object] = lambda text: None

    @property
    def ok(self) -> bool:
        """Whether the server can be used."""
        return all(mark != "FAIL" for mark, _, _ in self.lines)

    def add(self, mark: str, subject: str, words: str) -> None:
        """One finding; what a server says must not steer the terminal."""
        self.lines.append((mark, subject, "".join(sign if sign.isprintable() else " " for sign in words)))
        self.tell(_line(*self.lines[-1]))

    def __str__(self) -> str:
        return "\n".join(_line(*line) for line in self.lines)


def _line(mark: str, subject: str, words: str) -> str:
    return f"{mark:4}  {subject:14}  {words}"


def doctor(
    base_url: str,
    model: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 60.0,
    transport: Any = None,
    *,
    max_tokens: int | None = None,
    tell: Callable[[str], object] | None = None,
    trial: Callable[[Client, ServerReport], str] | None = None,
) -> ServerReport:
    """Examine a server: models, authentication, rung, context length, latency.

    Sends a handful of short requests; a server that bills is charged for some 4,000 tokens.

    Args:
        base_url: as a user types it.
        model: its name; by default the first that the server lists.
        api_key_env: name of the environment variable that holds the key.
        timeout: seconds for a reply.
        transport: another one than HTTP, such as a recording.
        max_tokens: of each answer; by default some, too few for a model that reasons at length.
        tell: called with each finding as it is found.
        trial: called where the server can be used, with a client that knows how; adds findings, and returns what to do next.
    """
    report = ServerReport(tell=tell or (lambda text: None))
    try:
        limits = Limits(concurrency=1, retries=1, max_tokens=max_tokens)
        client = Client(base_url, model or "", api_key_env, timeout, limits, transport=transport)
        report.add("ok", "address", client.base_url)
        if client.withholds_key:
            report.add("note", "key", f"not sent, since {client.base_url} is not https; use https if the server wants it")
        listed = _models(client, report, api_key_env, timeout)
        report.model = client.model = _choose(model, listed, report)
        attempts: list[Attempt] = []
        _first_answer(client, report, api_key_env, attempts)
        _rungs(client, report, attempts)
        _context(client, report, listed, timeout)
        _latency(report, attempts)
        report.ability = client.ability
        _embeddings(client, report)
        if report.ok and trial is not None:
            report.add("ok", "next", trial(client, report))
    except LLMError as error:
        advice = _advice(error)
        if error.kind == "server":
            advice += _without_key(client, api_key_env)
        chats = report.ability is not None  # then it is a trial that failed
        embeds = not chats and error.kind in PERHAPS_EMBEDS and _embeddings(client, report)
        if embeds:
            advice = f"no chat: {str(error).partition('; ')[0]}; enough for features.embeddings, not for minirank extract"
        report.add("note" if embeds else "FAIL", "answers" if embeds else error.kind or "error", advice)
        if embeds and trial is not None:
            report.add("FAIL", "trial", f"nothing was tried, since {client.model} does not chat; name one that does with --model")
    else:
        if report.ok and trial is None:
            report.add("ok", "next", f"minirank extract DATA --base-url {quote(client.base_url)} --model {quote(client.model)}")
    return report


def _embeddings(client: Client, report: ServerReport) -> bool:
    """Whether the model embeds, and how wide its vectors are."""
    if not client.model:
        return False
    try:
        found = embed(client, ["data engineer"])
    except LLMError as error:
        report.add("note", "embeddings", f"none of {client.model}: {_advice(error)}")
        return False
    where = f"{{base_url: {client.base_url}, model: {client.model}}}"
    report.add("ok", "embeddings", f"{found.width:,} numbers a text; for a ranker: features.embeddings: {where}")
    return True


def _advice(error: LLMError) -> str:
    """What went wrong and what to do about it; nothing about the items of a run, for there is none."""
    said = "; ".join(part for part in str(error).split("; ") if "finished items are kept" not in part)
    said = said.removesuffix("; is the server running?")
    return f"{said}; {REMEDIES[error.kind]}" if error.kind in REMEDIES else said


def _without_key(client: Client, name: str) -> str:
    """Some gateways answer 500 where a key is missing."""
    if client.key and not client.withholds_key:
        return ""
    missing = "the key is not sent over http to another machine" if client.withholds_key else f"{name} is not set"
    return f"; {missing}, and some gateways answer so where they want a key"


def _get(client: Client, url: str, timeout: float) -> tuple[RawReply, str, object]:
    raw = client.transport.get(url, timeout)
    return raw, *read_body(raw)


def _models(client: Client, report: ServerReport, api_key_env: str, timeout: float) -> list[dict]:
    """The server's list of models; empty where it has none."""
    raw, text, content = _get(client, page(client.base_url, "/models"), timeout)
    if raw.status != 200:
        error = sort_error(raw, text, content)
        if error.kind == "auth":
            raise FatalError(_about_key(client, api_key_env, error), kind="auth", status=raw.status)
        if isinstance(error, FatalError) and error.kind not in ("address", "model"):
            raise error
        if error.kind == "loading":
            raise FatalError("the server is still loading its model; wait a moment and run this again", kind="loading")
    data = content.get("data") if isinstance(content, dict) else None
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    listed = [entry for entry in entries if isinstance(entry.get("id"), str) and entry["id"]]
    if listed:
        names = ", ".join(entry["id"] for entry in listed[:8])
        report.add("ok", "models", names + (f" and {len(listed) - 8} more" if len(listed) > 8 else ""))
    else:
        why = instead_of_json(text)[0] if content is None and raw.status == 200 else raw.status
        report.add(
            "note", "models", f"the server lists none ({why} at {page(client.base_url, '/models')}); {ADDRESS} if the rest fails too"
        )
    return listed


def _choose(model: str | None, listed: list[dict], report: ServerReport) -> str:
    names = [entry["id"] for entry in listed]
    if model is None:
        if not names:
            raise FatalError(f"without a list of models one must be named: give its name with --model, and {ADDRESS}", kind="model")
        report.add("ok", "model", f"{names[0]} (the first; choose another with --model)")
        return names[0]
    if names and model not in names:
        near = difflib.get_close_matches(model, names, 1)
        report.add("note", "model", f"{model} is not in the list{f'; did you mean {near[0]}?' if near else ''}")
    else:
        report.add("ok", "model", model)
    return model


def _first_answer(client: Client, report: ServerReport, api_key_env: str, attempts: list[Attempt]) -> None:
    """An answer without any schema: authentication, and who answers."""
    try:
        completion = _send(client, _HELLO, {}, "text", attempts)
    except FatalError as error:
        if error.kind != "auth":
            raise
        raise FatalError(_about_key(client, api_key_env, error), kind="auth", status=error.status) from None
    sent = bool(client.key) and not client.withholds_key
    report.add("ok", "authentication", f"the key in {api_key_env} is accepted" if sent else "the server wants no key")
    if completion.tokens_in is None or completion.tokens_out is None:
        report.add("note", "tokens", "the server reports none: the tokens of a run are our estimate, its costs upper bounds")
    if completion.model and completion.model != client.model:
        report.add("note", "answers as", f"{completion.model}: some servers answer with the model they have, whatever is asked for")


def _send(client: Client, request: Request, extra: dict, rung: str, attempts: list[Attempt]):
    """Send a request, giving up parameters that the server rejects, other than those in `extra`."""
    while True:
        cap = client.limits.cap(request.max_tokens)
        sent = payload(request, client.model, client.ability, cap) | extra
        try:
            return client.exchange(sent, cap, rung, attempts)
        except CapabilityError as error:
            if error.kind == "format":
                raise
            client.ability = client.ability.without(error, sent)


def _rungs(client: Client, report: ServerReport, attempts: list[Attempt]) -> None:
    """Which rungs are accepted and which enforced: the prompt asks for anything but the schema."""
    best = None
    for number, rung in enumerate(RUNGS[:-1]):
        try:
            completion = _send(client, _HELLO, response_format(_COLOUR, rung), rung, attempts)
        except (CapabilityError, ItemError, RetryLater) as error:
            report.add("note", rung, f"rejected: {error}" if isinstance(error, CapabilityError) else str(error))
            continue
        try:
            read_answer(completion, _COLOUR)
        except Unfinished as error:
            cap = client.limits.cap(_HELLO.max_tokens)
            report.add("note", rung, f"accepted; whether it is enforced is not seen: {error} within {cap} tokens")
            best = best or (number, False)
        except InvalidReply:
            report.add("note", rung, "accepted, not enforced: answers are checked here and asked for again where they are wrong")
            best = best or (number, False)
        else:
            report.add("ok", rung, "accepted and enforced")
            best = best if best and best[1] else (number, True)
    number, enforced = best or (len(RUNGS) - 1, True)
    client.ability = replace(client.ability, rung=number, enforced=enforced)
    try:
        reply = client.complete(_TASK)
    except (CapabilityError, ItemError, RetryLater) as error:
        report.add("FAIL", "answer", f"no valid answer to a small task: {error}; a larger model may do")
        return
    attempts += reply.attempts
    alone = "; the prompt alone asks for the schema, answers are checked here" if reply.rung == RUNGS[-1] else ""
    how = (" after a repair" if reply.repaired else "") + (f", in its {reply.place}" if reply.place != "content" else "")
    report.add("ok", "rung", f"{reply.rung}: a small task came back valid{how}{alone}")


def _context(client: Client, report: ServerReport, listed: list[dict], timeout: float) -> None:
    """How long a prompt may be: as the server says, else by sending one."""
    entry = next((entry for entry in listed if entry["id"] == client.model), {})
    props = None
    with suppress(LLMError):  # no such page: any other server than llama.cpp
        _, _, content = _get(client, page(client.base_url, "/props", version=False), timeout)
        props = content.get("default_generation_settings") if isinstance(content, dict) else None
    sources = [source for source in (props, entry, entry.get("meta")) if isinstance(source, dict)]
    found = [source[name] for source in sources for name in CONTEXT_FIELDS if type(source.get(name)) is int and source[name] > 0]
    if found:
        pages = found[0] // 700
        report.add("ok", "context", f"{found[0]:,} tokens for prompt and answer together, some {pages} pages of text")
        return
    long = Request("long", ({"role": "user", "content": "one two " * (LONG_WORDS // 2) + "\nSay ok."},), None, max_tokens=8)
    try:
        completion = _send(client, long, {}, "text", [])
    except LLMError as error:
        report.add("note", "context", f"a prompt of {LONG_WORDS:,} words fails: {error}")
        return
    if completion.tokens_in is None:
        report.add("note", "context", f"a prompt of {LONG_WORDS:,} words passes; the server counts no tokens, so costs are upper bounds")
    elif completion.tokens_in < 0.8 * LONG_WORDS:
        cut = f"the server cut a prompt of {LONG_WORDS:,} words to {completion.tokens_in:,} tokens without a word; raise its context length"
        report.add("FAIL", "context", cut)
    else:
        report.add("ok", "context", f"at least {completion.tokens_in:,} tokens")


def _latency(report: ServerReport, attempts: list[Attempt]) -> None:
    good = [attempt for attempt in attempts if attempt.outcome == "ok"]
    if not good:
        return
    seconds = statistics.median(attempt.ms for attempt in good) / 1000
    tokens, total = sum(attempt.tokens_out for attempt in good), sum(attempt.ms for attempt in good) / 1000
    speed = f", {tokens / total:.0f} tokens a second" if tokens and total else ""
    report.add("ok", "latency", f"{seconds:.2f} s for a short answer{speed}, one at a time")


def _about_key(client: Client, name: str, error: LLMError) -> str:
    if not client.key:
        return f"the server wants a key and {name} is not set; set it and run this again"
    if client.withholds_key:
        return f"the server wants a key, which is not sent over http to another machine; use https ({error})"
    said = str(error).removeprefix("the server does not accept the key: ").removesuffix("; " + NEW_KEY)
    return f"the server does not accept the key in {name} ({said}); set the right one and run this again"
