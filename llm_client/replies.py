"""What a server's reply means: a completion, or one of our errors, decided by its status *and* its body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .errors import CapabilityError, FatalError, ItemError, LLMError, RetryLater
from .retry import retry_after
from .transport import RawReply

NEW_KEY = "set the right one and start again, finished items are kept"
SHOWN = 200  # characters of a server's text in a message

_LOADING = re.compile(r"(?i)loading model|model is (?:currently )?loading|currently loading")
_CONTEXT = re.compile(
    r"(?i)context.?(?:length|size|window|limit)|exceed_context|maximum context|(?:prompt|input) is too long"
    r"|too many (?:input )?tokens|exceeds? the (?:available |maximum )?context|reduce the length|input token count"
    r"|string_above_max_length|token limit|prompt too long|too large to process"
)
_NO_QUOTA = re.compile(r"(?i)insufficient_quota|billing_hard_limit|insufficient (?:balance|credit|fund)|credit balance is too low")
_QUOTA = re.compile(r"(?i)exceeded your current quota|payment required")
_REFUSED = re.compile(
    r"(?i)content_filter|content.management.policy|responsibleaipolicy|safety system|was flagged|moderation|content_policy"
)
_NO_KEY = re.compile(
    r"(?i)(?:invalid|incorrect|missing|no|expired) (?:api|authentication|access).?(?:key|token)|api.?key not valid|invalid_api_key"
    r"|(?:missing|no|requires?|required) .{0,30}authorization|authorization .{0,30}(?:missing|required|not provided)"
)
_KEY = re.compile(_NO_KEY.pattern + "|authentication|unauthenticated|unauthorized")
# No such model, or none that this key may use, in the words of servers and gateways.
_MODEL = re.compile(
    r"(?i)model_?not_?found|model_decommissioned|deployment_?not_?found|(?:no such|unknown|not found the) (?:model|deployment)"
    r"|invalid model(?! (?:output|response|answer|reply))|not a valid model|no models? (?:is |are )?(?:loaded|available)|no endpoints found"
    r"|(?:model|deployment|engine)\b.{0,120}(?:does(?: not|n't) exist|not exist|(?:not|n't be) found|decommissioned|not deployed|no longer)"
    r"|(?:no|not|n't|unable to|denied) .{0,40}access .{0,40}(?:model|deployment)|(?:model|deployment)\b.{0,40}access.{0,3}(?:is )?denied"
    r"|(?:model|deployment) .{0,80}not (?:available|supported) (?:to|for|in|by|on) (?:you|your|this|any)|模型不存在|无可用渠道"
)
_ROLE = re.compile(
    r"(?i)system.{0,20}(?:role|message|prompt).{0,40}(?:not|n't|un)|system role|roles must alternate"
    r"|only user and assistant|developer instruction"
)
_UNSUPPORTED = re.compile(
    r"(?i)unsupported|not (?:be )?supported|does ?n.t support|does not support|unknown|unrecognized"
    r"|unexpected|not allowed|extra|instead|not permitted|only the default"
)
# Words of servers for why a model stopped -> OpenAI's.
FINISHES = {
    "stop": ("eos", "eos_token", "end_turn", "stop_sequence", "complete"),
    "length": ("max_tokens", "model_length", "max_output_tokens"),
    "content_filter": ("content-filter", "safety", "refusal"),
}
UNREADABLE = "a body "  # begins the words for a body that is no text in UTF-8
COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}  # by their first bytes
DECODED = ("identity", "gzip", "x-gzip", "deflate")  # encodings that the transport reads
_FORMAT = re.compile(r"(?i)response_format|json_schema|json_object|json.?mode|structured.?output|invalid schema|grammar|'text' or")


@dataclass(frozen=True)
class Completion:
    """An answer of a model.

    Args:
        text: of the message's content; blank where there is none.
        called: arguments of its one tool call, blank without one: some servers put an answer there.
        reasoning: what it thought before it answered, where a server tells that apart.
        finish: `stop`, `length`, or another word of the server.
        model: the name that the server gave.
        tokens_in, tokens_out: as the server counted them; None where it did not say.
        cached: of the prompt's tokens, those that the server had already; some servers leave them out of `tokens_in`.
    """

    text: str
    called: str
    reasoning: str
    finish: str
    model: str
    tokens_in: int | None
    tokens_out: int | None
    cached: int = 0


def read_completion(raw: RawReply) -> Completion:
    """Read a reply of `/chat/completions`.

    Raises:
        RetryLater, CapabilityError, ItemError, FatalError: whatever it is instead of an answer.
    """
    text, content = read_body(raw)
    if isinstance(content, list) and content:  # some gateways wrap errors in an array
        content = content[0]
    if raw.status != 200 or not isinstance(content, dict) or content.get("error") or "choices" not in content:
        raise sort_error(raw, text, content)
    choices = content["choices"]
    choice = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(choice, dict) and choice.get("error"):  # of the provider behind a gateway
        raise sort_error(raw, text, choice)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise _bad("the reply has no answer in it", text)
    finish = str(choice.get("finish_reason") or "unknown").lower()
    finish = next((name for name, same in FINISHES.items() if finish in same), finish)
    answer, reasoning, refusal = _parts(message.get("content"))
    refusal = message.get("refusal") or refusal
    if refusal or finish == "content_filter":
        raise ItemError(f"the model refused: {shortened(str(refusal or 'content filter'))}", kind="refused", status=200)
    called = _called(message)
    for name in ("reasoning_content", "reasoning", "thinking", "reasoning_details"):
        reasoning = reasoning if reasoning.strip() else "".join(_parts(message.get(name))[:2])
    if finish != "length" and not (answer + called + reasoning).strip():
        raise _bad("the answer is empty", text)
    usage = content["usage"] if isinstance(content.get("usage"), dict) else {}
    tokens_in = count_of(usage, "prompt_tokens", "input_tokens") or None  # no prompt has 0 tokens
    tokens_out = count_of(usage, "completion_tokens", "output_tokens")
    if tokens_out == 0 and (answer + called).strip():
        tokens_out = None
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    details = details if isinstance(details, dict) else {}
    cached = (
        count_of(details, "cached_tokens") or count_of(usage, "cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens") or 0
    )
    cached += count_of(usage, "cache_creation_input_tokens") or 0
    return Completion(answer, called, reasoning, finish, str(content.get("model") or ""), tokens_in, tokens_out, cached)


def _parts(content: object) -> tuple[str, str, str]:
    """(answer, reasoning, refusal) of a message's content: a text, or a list of parts, as newer servers may send them."""
    if isinstance(content, str):
        return content, "", ""
    found = {"answer": "", "reasoning": "", "refusal": ""}
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            found["answer"] += part
        elif isinstance(part, dict):
            name = {"reasoning": "reasoning", "thinking": "reasoning", "refusal": "refusal"}.get(str(part.get("type")), "answer")
            text = part.get("text") or part.get("thinking") or part.get("refusal")
            text = text.get("value") if isinstance(text, dict) else text
            inner = [each.get("text") for each in text if isinstance(each, dict)] if isinstance(text, list) else [text]
            found[name] += "".join(each for each in inner if isinstance(each, str))
    return found["answer"], found["reasoning"], found["refusal"]


def _called(message: dict) -> str:
    """The arguments of a message's tool call; blank where there is none, or more than one."""
    calls = message.get("tool_calls")
    if isinstance(calls, list) and len(calls) == 1 and isinstance(calls[0], dict):
        function = calls[0].get("function")
    else:
        function = None if calls else message.get("function_call")  # the older form
    arguments = function.get("arguments") if isinstance(function, dict) else None
    try:
        return arguments if isinstance(arguments, str) else json.dumps(arguments) if isinstance(arguments, dict) else ""
    except RecursionError:
        return ""


def read_body(raw: RawReply) -> tuple[str, object]:
    """Text and JSON value of a body (None where it is none); one that cannot be read is described in the place of its text."""
    if unreadable := _unreadable(raw):
        return unreadable, None
    text = raw.body.decode("utf-8").removeprefix("\ufeff")
    return text, read_json(text)


def _unreadable(raw: RawReply) -> str:
    """What a body is that is no text in UTF-8, as its headers or its first bytes tell; blank where it is one."""
    try:
        if "\0" not in raw.body.decode("utf-8"):
            return ""
    except UnicodeDecodeError:
        pass
    coding = raw.headers.get("content-encoding", "").strip().lower()
    coding = next((name for begin, name in COMPRESSED.items() if raw.body.startswith(begin)), "" if coding in DECODED else coding)
    if coding:
        return (
            f"{UNREADABLE}in the encoding {shortened(coding)}, which was not asked for; let the server or gateway send it plain or as gzip"
        )
    told = re.search(r"(?i)charset=[\"']?([\w.:-]+)", raw.headers.get("content-type", ""))
    charset: str = json.detect_encoding(raw.body)  # of UTF-8, UTF-16 and UTF-32
    charset = told[1] if told and charset == "utf-8" else charset
    named = "that is no text in UTF-8" if charset.lower() in ("utf-8", "utf8") else f"in {charset.upper()}, where JSON is UTF-8"
    return f"{UNREADABLE}{named}; let the server or gateway send UTF-8"


def instead_of_json(text: str) -> tuple[str, str]:
    """What a body is that is no JSON, and what to do about it, blank where that is plain."""
    begin = text[:1000].lstrip().lower()
    if not begin:
        return "an empty body", ""
    if begin.startswith(UNREADABLE):
        what, _, remedy = text.partition("; ")
        return what, remedy
    if begin.startswith("<"):
        title = re.search(r"(?is)<title[^>]*>([^<]{1,200})", text[:20_000])
        html = title or "<html" in begin or "<!doctype html" in begin
        remedy = "a login or a web site is at this address, check base_url and the key"
        return f"an HTML page{f' ({shortened(title[1])})' if title else ''}" if html else "XML", remedy
    stream = "switch streaming off at the server or gateway"
    if re.match(r"(?:data|event|id|retry)\s*:|:", begin):
        return "a stream of events, though none was asked for", stream
    if isinstance(read_json(begin.partition("\n")[0]), dict):
        return "several JSON values, one a line, though no stream was asked for", stream
    return "no JSON", ""


def sort_error(raw: RawReply, text: str, content: object) -> LLMError:
    """The error that a reply stands for; the body may overrule the status, for servers disagree about statuses."""
    status, where = raw.status, f"the server answered {raw.status}"
    if status == 200 and isinstance(content, dict) and content.get("error"):
        status = _inner_status(content["error"])
    said = _said(content) or text
    if content is None and status != 200 and (what := instead_of_json(text)[0]).startswith("an HTML page ("):
        said = f"{what} {said}"
    message, probe = f"{where}: {shortened(said) or 'nothing'}", said[:4000]
    after = retry_after(raw.headers)
    if 300 <= status < 400:
        where += f", a redirect to {shortened(raw.headers.get('location', 'another address'))}"
        return FatalError(f"{where}; it is not followed: use the final address as base_url", kind="redirect", status=status)
    if _NO_QUOTA.search(probe) or status == 402 or (status in (403, 429) and after is None and _QUOTA.search(probe)):
        return FatalError(f"no quota left: {message}; finished items are kept, start again later", kind="quota", status=status)
    if _LOADING.search(probe) and status in (503, 500, 429):
        return RetryLater(message, kind="loading", status=status, after=after)
    if status in (400, 401, 403, 404, 422) and _MODEL.search(probe) and not _rejected(probe):
        return FatalError(
            f"no such model, or none for this key: {message}; `minirank doctor` lists the models", kind="model", status=status
        )
    if status == 401 or (status in (400, 403) and _KEY.search(probe)) or (status == 500 and _NO_KEY.search(probe)):
        return FatalError(f"the server does not accept the key: {message}; {NEW_KEY}", kind="auth", status=status)
    if (status in (400, 413, 422, 500) and _CONTEXT.search(probe)) or status == 413:
        return ItemError(f"too long for the model: {message}", kind="context", status=status)
    if status in (400, 403, 451) and _REFUSED.search(probe):
        return ItemError(f"refused: {message}", kind="refused", status=status)
    if status == 403:
        return FatalError(f"access denied: {message}", kind="auth", status=status)
    if status in (400, 404, 422, 500, 501) and (kind := _rejected(probe)):
        return CapabilityError(message, kind=kind, status=status)
    if status in (404, 405):
        return FatalError(f"{message}; base_url must be the address before /chat/completions", kind="address", status=status)
    if status == 429:
        return RetryLater(message, kind="busy", status=status, after=after)
    if status in (408, 409, 425) or status >= 500:
        return RetryLater(message, kind="busy" if status in (503, 529) else "server", status=status, after=after)
    if status == 200 and content is None:
        what, remedy = instead_of_json(text)
        excerpt = "" if text.startswith(UNREADABLE) or not text else f": {shortened(text)}"
        return RetryLater(f"the reply is {what}{remedy and '; '}{remedy}{excerpt}", kind="bad reply", status=200)
    if status == 200:
        return _bad("the reply is not a chat completion", text)
    return ItemError(f"rejected: {message}", kind="rejected", status=status)


def _rejected(text: str) -> str | None:
    """Which parameter or role an error is about."""
    if _ROLE.search(text):
        return "system_role"
    if "encoding_format" in text:
        return "encoding"
    if "max_tokens" in text and (_UNSUPPORTED.search(text) or "max_completion_tokens" in text):
        return "max_tokens"
    if "temperature" in text and _UNSUPPORTED.search(text):
        return "temperature"
    return "format" if _FORMAT.search(text) else None


def _said(content: object) -> str:
    """The words of an error body: OpenAI's, FastAPI's and plain ones."""
    if not isinstance(content, dict):
        return ""
    error = content.get("error")
    if isinstance(error, dict):
        return " ".join(str(error[name]) for name in ("message", "code", "type", "param", "status") if error.get(name))
    if isinstance(error, str):
        return error
    if isinstance(detail := content.get("detail"), list):  # FastAPI repeats the whole request in `input`
        return " ".join(f"{item.get('msg')} {item.get('loc')}" for item in detail if isinstance(item, dict))
    return str(detail or content.get("message") or "")


def _inner_status(error: object) -> int:
    """The status that an error inside a 200 stands for; 500 where it does not say."""
    code = error.get("code") if isinstance(error, dict) else None
    status = int(str(code)) if str(code).isdecimal() else 0
    return status if 400 <= status < 600 else 500


def _bad(problem: str, text: str) -> RetryLater:
    return RetryLater(f"{problem}: {shortened(text) or 'nothing'}", kind="bad reply", status=200)


def shortened(text: str) -> str:
    """The first 200 characters on one line, none of which steers a terminal."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "?" for sign in text[: 2 * SHOWN]).split())[:SHOWN]


def count_of(usage: dict, *names: str) -> int | None:
    """The first of these counts that is one."""
    found = (usage.get(name) for name in names)
    return next((value for value in found if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9), None)


def read_json(text: str | bytes) -> object:
    """The value of a JSON text, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
