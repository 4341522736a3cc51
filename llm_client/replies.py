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
    r"|string_above_max_length|token limit|prompt too long"
)
_NO_QUOTA = re.compile(r"(?i)insufficient_quota|billing_hard_limit|insufficient (?:balance|credit|fund)|credit balance is too low")
_QUOTA = re.compile(r"(?i)exceeded your current quota|payment required")
_REFUSED = re.compile(
    r"(?i)content_filter|content.management.policy|responsibleaipolicy|safety system|was flagged|moderation|content_policy"
)
_KEY = re.compile(
    r"(?i)(?:invalid|incorrect|missing|no|expired) (?:api|authentication|access).?(?:key|token)|api.?key not valid|invalid_api_key"
    r"|authentication"
)
_MODEL = re.compile(r"(?i)model_not_found|model .{0,80}(?:does not exist|not found|not exist)|no such model|unknown model|model not exist")
_ROLE = re.compile(
    r"(?i)system.{0,20}(?:role|message|prompt).{0,40}(?:not|n't|un)|system role|roles must alternate"
    r"|only user and assistant|developer instruction"
)
_UNSUPPORTED = re.compile(
    r"(?i)unsupported|not (?:be )?supported|does ?n.t support|does not support|unknown|unrecognized"
    r"|unexpected|not allowed|extra|instead|not permitted|only the default"
)
_FORMAT = re.compile(r"(?i)response_format|json_schema|json_object|json.?mode|structured.?output|invalid schema|grammar|'text' or")


@dataclass(frozen=True)
class Completion:
    """An answer of a model.

    Args:
        text: of the answer; of the reasoning where a server put the answer there.
        finish: `stop`, `length`, or another word of the server.
        model: the name that the server gave.
        tokens_in, tokens_out: as the server counted them; None where it did not say.
    """

    text: str
    finish: str
    model: str
    tokens_in: int | None
    tokens_out: int | None


def read_completion(raw: RawReply) -> Completion:
    """Read a reply of `/chat/completions`.

    Raises:
        RetryLater, CapabilityError, ItemError, FatalError: whatever it is instead of an answer.
    """
    text = raw.body.decode("utf-8", "replace").removeprefix("\ufeff")
    content = read_json(text)
    if isinstance(content, list) and content:  # some gateways wrap errors in an array
        content = content[0]
    if raw.status != 200 or not isinstance(content, dict) or content.get("error") or "choices" not in content:
        raise sort_error(raw, text, content)
    choices = content["choices"]
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise _bad("the reply has no answer in it", text)
    finish = choice.get("finish_reason") or "unknown"
    if message.get("refusal") or finish == "content_filter":
        raise ItemError(f"the model refused: {_short(str(message.get('refusal') or 'content filter'))}", kind="refused", status=200)
    answer = message.get("content")
    if isinstance(answer, list):  # parts, as newer servers may send them
        answer = "".join(part["text"] for part in answer if isinstance(part, dict) and isinstance(part.get("text"), str))
    if not isinstance(answer, str) or not answer.strip():
        answer = message.get("reasoning_content")
    if finish != "length" and (not isinstance(answer, str) or not answer.strip()):
        raise _bad("the answer is empty", text)
    usage = content["usage"] if isinstance(content.get("usage"), dict) else {}
    tokens = (_count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens"))
    return Completion(answer if isinstance(answer, str) else "", str(finish), str(content.get("model") or ""), *tokens)


def sort_error(raw: RawReply, text: str, content: object) -> LLMError:
    """The error that a reply stands for; the body may overrule the status, for servers disagree about statuses."""
    status, where = raw.status, f"the server answered {raw.status}"
    if status == 200 and isinstance(content, dict) and content.get("error"):
        status = _inner_status(content["error"])
    said = _said(content) or text
    message, probe = f"{where}: {_short(said)}", said[:4000]
    after = retry_after(raw.headers)
    if 300 <= status < 400:
        where += f", a redirect to {_short(raw.headers.get('location', 'another address'))}"
        return FatalError(f"{where}; it is not followed: use the final address as base_url", kind="redirect", status=status)
    if _NO_QUOTA.search(probe) or status == 402 or (status in (403, 429) and after is None and _QUOTA.search(probe)):
        return FatalError(f"no quota left: {message}; finished items are kept, start again later", kind="quota", status=status)
    if _LOADING.search(probe) and status in (503, 500, 429):
        return RetryLater(message, kind="loading", status=status, after=after)
    if (status in (400, 401, 403) and _KEY.search(probe)) or status == 401:
        return FatalError(f"the server does not accept the key: {message}; {NEW_KEY}", kind="auth", status=status)
    if (status in (400, 413, 422, 500) and _CONTEXT.search(probe)) or status == 413:
        return ItemError(f"too long for the model: {message}", kind="context", status=status)
    if status in (400, 403, 451) and _REFUSED.search(probe):
        return ItemError(f"refused: {message}", kind="refused", status=status)
    if status == 403:
        return FatalError(f"access denied: {message}", kind="auth", status=status)
    if status in (400, 404) and _MODEL.search(probe):
        return FatalError(f"no such model: {message}; `minirank doctor` lists the models", kind="model", status=status)
    if status in (400, 404, 422, 500, 501) and (kind := _rejected(probe)):
        return CapabilityError(message, kind=kind, status=status)
    if status in (404, 405):
        return FatalError(f"{message}; base_url must be the address before /chat/completions", kind="address", status=status)
    if status == 429:
        return RetryLater(message, kind="busy", status=status, after=after)
    if status in (408, 409, 425) or status >= 500:
        return RetryLater(message, kind="busy" if status in (503, 529) else "server", status=status, after=after)
    if status == 200:
        return _bad("the reply is not a chat completion", text)
    return ItemError(f"rejected: {message}", kind="rejected", status=status)


def _rejected(text: str) -> str | None:
    """Which parameter or role an error is about."""
    if _ROLE.search(text):
        return "system_role"
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
    return RetryLater(f"{problem}: {_short(text) or 'nothing'}", kind="bad reply", status=200)


def _short(text: str) -> str:
    """The first 200 characters on one line, none of which steers a terminal."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "?" for sign in text[: 2 * SHOWN]).split())[:SHOWN]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def read_json(text: str | bytes) -> object:
    """The value of a JSON text, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
