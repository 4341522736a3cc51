"""From an answer to a value: where it stands, strict JSON, a bounded repair, limits on size and depth."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from itertools import accumulate

from .replies import Completion
from .schema import coerce, validate

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 32  # of objects and lists within one another
MAX_DIGITS = 18  # of a whole number: it fits 64 bits
MAX_STARTS = 64  # places where an object is looked for in a text around it

# Where a text begins and ends to think aloud, as models and their templates mark it.
_THINKS = re.compile(r"(?i)<(?:think|thinking|thought|reasoning)>|\[THINK\]|◁think▷|<\|channel\|>analysis")
_ANSWERS = re.compile(r"(?i)</(?:think|thinking|thought|reasoning)>|\[/THINK\]|◁/think▷|<\|channel\|>final(?:<\|message\|>)?")
_BRACKETS = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}]')
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")  # escaped once, or twice with the body around the answer


class InvalidReply(ValueError):
    """An answer that is not what was asked for; the message is short enough to send back to the model."""


class Unfinished(InvalidReply):
    """A model came to no answer, which more tokens may help.

    Args:
        kind: `truncated` where it ends in the middle; `reasoning` where it only thought, drafts of an answer included.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__({"truncated": "the answer is cut off", "reasoning": "only reasoning came and no answer"}[kind])


def read_answer(completion: Completion, schema: dict | None) -> tuple[object, bool, str]:
    """The value of an answer, whether it was repaired or coerced, and where in the message it stood.

    Where the content holds none, a tool call may, or the reasoning: that holds drafts too, so it is the answer only if the
    model stopped by itself and the whole of it is one JSON object that follows the schema as it is.

    Raises:
        Unfinished: it is cut off, or there is only reasoning.
        InvalidReply: it does not follow the schema.
    """
    if completion.finish == "length":
        raise Unfinished("truncated" if _after_reasoning(completion.text) or completion.called.strip() else "reasoning")
    wrong: InvalidReply | None = None
    for place, text in (("content", completion.text), ("tool call", completion.called)):
        if text.strip() and (schema is not None or place == "content"):
            try:
                return *_follows(text, schema), place
            except InvalidReply as error:
                wrong = wrong or error
    if wrong is not None and not (isinstance(wrong, Unfinished) and completion.reasoning.strip()):
        raise wrong
    if schema is not None and completion.finish == "stop":
        with suppress(InvalidReply):
            value, repaired = _follows(completion.reasoning, schema)
            if isinstance(value, dict) and not repaired:
                return value, False, "reasoning"
    raise Unfinished("reasoning")


def _follows(text: str, schema: dict | None) -> tuple[object, bool]:
    if schema is None:
        return text, False
    parsed, repaired = parse(text)
    value = coerce(parsed, schema)
    if wrong := validate(value, schema):
        raise InvalidReply(wrong)
    return value, repaired or value is not parsed


def parse(text: str) -> tuple[object, bool]:
    """Read the JSON value of an answer.

    Strict JSON first. Then, marked as repaired: the last valid object behind what the model thinks aloud (`<think>` ...
    `</think>`), in a fenced block or between other words, and commas before a closing bracket. Nothing is completed or guessed.

    Args:
        text: of the answer, complete (an answer cut by its token limit is never parsed).
    Returns:
        The value, and whether it was repaired.
    Raises:
        InvalidReply: no JSON, a duplicate key, NaN or Infinity, a number beyond 64 bits, a lone surrogate,
            deeper than 32 or longer than a million characters.
        Unfinished: it thinks aloud, and nothing is behind it.
    """
    text = text.strip().removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        raise InvalidReply(f"the answer has more than {MAX_CHARACTERS} characters")
    if _depth(text) > MAX_DEPTH:
        raise InvalidReply(f"the answer is nested deeper than {MAX_DEPTH}")
    try:
        return _checked(_decoder.decode(text), text), False
    except json.JSONDecodeError as error:
        first = InvalidReply(f"not JSON: {error.msg} at character {error.pos}")
    if (text := _after_reasoning(text)) == "":
        raise Unfinished("reasoning")
    for candidate in (text, _TRAILING_COMMA.sub(lambda found: found[1] or "", text)):
        found = _last_object(candidate)
        if found is not None:
            return _checked(found, candidate), True
    raise first


def is_loop(text: str) -> bool:
    """Whether an answer ends in white space or in the same few words over and over."""
    if len(text) >= 80 and not text[-80:].strip():
        return True
    tail = text[-min(600, len(text) * 3 // 4) :]
    if len(tail) < 80:
        return False
    return any(tail[period:] == tail[:-period] for period in range(1, len(tail) // 4 + 1))


def _after_reasoning(text: str) -> str:
    """What stands behind the last mark that ends to think aloud, and before one that only begins to."""
    ends = list(_ANSWERS.finditer(text))
    text = text[ends[-1].end() :] if ends else text
    begun = _THINKS.search(text)
    return (text[: begun.start()] if begun else text).strip()


def _last_object(text: str) -> dict | None:
    """The last object at the top level of a text."""
    start, last = 0, None
    for _ in range(MAX_STARTS):
        start = text.find("{", start)
        if start < 0:
            break
        try:
            last, start = _decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            start += 1
    return last


def _depth(text: str) -> int:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0  # SPEED: cannot be deeper than its brackets; spares the scan for nearly every answer
    marks = (found[0] for found in _BRACKETS.finditer(text))
    return max(accumulate(1 if mark in "{[" else -1 for mark in marks if mark in "{}[]"), default=0)  # a string may hold them all


def _checked(value: object, text: str) -> object:
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InvalidReply("the answer holds half of a surrogate pair") from None
    return value


def _pairs(pairs: list[tuple[str, object]]) -> dict:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise InvalidReply(f"the key {next(n for n in names if names.count(n) > 1)[:40]!r} stands twice")
    return made


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise InvalidReply(f"the number {text[:20]}... is out of range")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise InvalidReply(f"the number {text[:20]} is out of range")
    return value


def _constant(text: str) -> None:
    raise InvalidReply(f"{text} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant)
