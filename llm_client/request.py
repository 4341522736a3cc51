"""How a schema is asked for: three rungs, from a server that enforces it to one that only reads the prompt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace

from .errors import CapabilityError, ItemError
from .neutralise import neutralise
from .quotes import grammar, list_name, narrowed
from .schema import check_schema, is_strict

RUNGS = ("json_schema", "json_object", "text")
GRAMMAR = "grammar"  # the parameter that holds answers that quote to their text, and the name of this rung before the others
CAPS = ("max_tokens", "max_completion_tokens")  # names of the parameter that caps an answer
ASK = "Answer with one JSON object and nothing else. It must follow this JSON Schema:\n"
ASK_AGAIN = "Your last answer was wrong: {error}. Answer again with the JSON object alone."


@dataclass(frozen=True)
class Request:
    """One item.

    Args:
        key: the caller's name of the item, unique in its input.
        messages: dicts with role and content, without a word about the schema (it is added).
        schema: of the answer, in the keywords of schema.py; None for free text.
        max_tokens: of the answer.
        temperature: 0 for the likeliest answer.
        version: of the prompt; another one is another request.
        meta: whatever the caller wants back; JSON, kept beside the item, neither sent nor hashed.
        quotes: a text that stands in the messages, where the answer may hold nothing but runs of contiguous words of its
            lines: servers that can are made to keep to it, see quotes.py. Not hashed, for it follows from the messages.
    Raises:
        ValueError: a schema with keywords that are not checked, or that is none of quotes.
    """

    key: str
    messages: tuple[dict, ...]
    schema: dict | None
    max_tokens: int = 1024
    temperature: float = 0.0
    version: str = ""
    meta: dict = field(default_factory=dict)
    quotes: str | None = None

    def __post_init__(self) -> None:
        if self.quotes is not None:
            list_name(self.schema or {})
        if self.schema is not None and id(self.schema) not in _checked:
            check_schema(self.schema)
            _checked[id(self.schema)] = self.schema  # SPEED: one check for all items that share it

    def digest(self, model: str) -> str:
        """Content hash: everything that shapes the answer; neither the server's address nor the rung."""
        parts = [self.messages, self.schema, model, self.max_tokens, self.temperature, self.version]
        canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


_checked: dict[int, dict] = {}


@dataclass(frozen=True)
class Ability:
    """What a server and model were found to accept.

    Args:
        rung: index into RUNGS.
        enforced: False once an answer broke the schema that the rung promised to enforce.
        grammar: whether the parameter `grammar` may be tried, and is obeyed, for answers that quote.
        max_tokens: name of that parameter.
        temperature: whether it may be given.
        system: whether messages may have the role `system`.
        base64: whether vectors may be asked for in that form.
    """

    rung: int = 0
    enforced: bool = True
    max_tokens: str = "max_tokens"
    temperature: bool = True
    system: bool = True
    grammar: bool = True
    base64: bool = True

    def __post_init__(self) -> None:
        flags = (self.enforced, self.temperature, self.system, self.grammar, self.base64)
        if self.rung not in range(len(RUNGS)) or self.max_tokens not in CAPS or not all(isinstance(flag, bool) for flag in flags):
            raise ValueError(f"no ability of a server: {self}")

    @property
    def name(self) -> str:
        """Of the rung."""
        return RUNGS[self.rung]

    def without(self, error: CapabilityError, sent: dict) -> Ability:
        """What is left after the server rejected something that was sent.

        Raises:
            ItemError: nothing is left to give up.
        """
        if error.kind == "max_tokens" and self.max_tokens == "max_tokens":
            return replace(self, max_tokens="max_completion_tokens")
        if error.kind == "temperature" and self.temperature:
            return replace(self, temperature=False)
        if error.kind == "system_role" and self.system:
            return replace(self, system=False)
        if error.kind == "format" and GRAMMAR in sent:
            return replace(self, grammar=False)
        if error.kind == "format" and self.rung + 1 < len(RUNGS):
            return replace(self, rung=self.rung + 1, enforced=True)
        raise ItemError(f"rejected: {error}", kind="rejected", status=error.status)


def payload(request: Request, model: str, ability: Ability, max_tokens: int, complaint: str | None = None) -> dict:
    """The JSON body of a request.

    Args:
        complaint: what was wrong with the answer before; the answer itself is not repeated.
    """
    messages = [{**message, "content": neutralise(message["content"])} for message in request.messages]
    if request.schema is not None:
        ask = ASK + json.dumps(request.schema, ensure_ascii=False, separators=(",", ":"))
        if messages and messages[0]["role"] == "system":
            messages[0]["content"] += f"\n\n{ask}"
        else:
            messages.insert(0, {"role": "system", "content": ask})
    if complaint:
        messages[-1]["content"] += "\n\n" + ASK_AGAIN.format(error=complaint)
    if not ability.system:
        messages = _fold_system(messages)
    made = {"model": model, "messages": messages, ability.max_tokens: max_tokens}
    if ability.temperature:
        made["temperature"] = request.temperature
    return made | _constraint(request, ability)


def _constraint(request: Request, ability: Ability) -> dict:
    """The parameter that holds a server to what is asked for, the narrowest that it accepts."""
    if request.schema is None:
        return {}
    if request.quotes is None:
        return response_format(request.schema, ability.name)
    quotes = neutralise(request.quotes)
    if ability.grammar:
        return {GRAMMAR: grammar(request.schema, quotes)}
    return response_format(narrowed(request.schema, quotes), ability.name)


def response_format(schema: dict, rung: str) -> dict:
    """The parameter that asks for a schema on a rung; empty on the last one."""
    if rung == "json_schema":
        named = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    if rung == "json_object":
        return {"response_format": {"type": "json_object", "schema": schema}}
    return {}


def _fold_system(messages: list[dict]) -> list[dict]:
    """Put what the system says in front of what the user says first."""
    said = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [dict(message) for message in messages if message["role"] != "system"]
    if not others:
        return [{"role": "user", "content": said}]
    others[0]["content"] = f"{said}\n\n{others[0]['content']}" if said else others[0]["content"]
    return others
