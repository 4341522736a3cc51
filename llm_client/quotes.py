"""Answers that can only quote: a grammar, and a schema, that allow nothing but contiguous words of a text.

A text of n words has n (n + 1) / 2 runs of words. The grammar needs 3 n short rules for all of them, because a run is said as
a walk from word to word, and it allows only lists whose runs stand in the text's order without overlaps: a model cannot
repeat itself. A schema has to name each run; it names the shorter ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

MOST_CHOICES = 250  # runs that a schema names: some servers allow more than that only where they are short
MOST_QUOTES = 12  # of an answer under a schema, which cannot forbid a model to repeat itself
_PART = re.compile(r"[^\s()\[\]{}<>\"“”„«»`,;:!?*•|/]+")
# Thai, Lao, Burmese, Khmer, kana and Han write no spaces: each character counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECE = re.compile(rf"[{_UNSPACED}]|[^{_UNSPACED}]+")
_FRONT, _BACK = "-–—'’=~_&", "-–—'’=~_&."  # signs that belong to no word where it begins and ends


def words(text: str) -> list[tuple[int, int]]:
    """(start, end) of what a quote may begin and end with: words without the punctuation around them.

    `C++`, `Node.js` and `on-site` are one word each, `CI/CD` is two.
    """
    found = []
    for part in _PART.finditer(text):
        for piece in _PIECE.finditer(text, part.start(), part.end()):
            start = piece.end() - len(piece[0].lstrip(_FRONT))
            end = piece.start() + len(piece[0].rstrip(_BACK))
            if any(map(str.isalnum, text[start:end])):
                found.append((start, end))
    return found


def runs(text: str, most: int | None = None) -> Iterator[str]:
    """Every run of contiguous words on one line, of at most so many words."""
    for line in text.split("\n"):
        found = words(line)
        for first, (start, _) in enumerate(found):
            for _, end in found[first : None if most is None else first + most]:
                yield line[start:end]


def are_runs(answer: object, text: str) -> bool:
    """Whether the texts of a valid answer are runs of a text."""
    quoted = next(iter(answer.values())) if isinstance(answer, dict) else []
    return not quoted or set(quoted) <= set(runs(text))


def list_name(schema: dict) -> str:
    """The name of the one list in a schema of answers that quote.

    Raises:
        ValueError: the schema is no object with one required list of texts.
    """
    match schema:
        case {"type": "object", "properties": dict(parts), "required": [name]} if list(parts) == [name]:
            if parts[name].get("type") == "array" and parts[name].get("items", {}).get("type") == "string":
                return name
    raise ValueError(f"a schema of quotes must be an object with one required list of texts, got {json.dumps(schema)[:120]}")


def narrowed(schema: dict, text: str) -> dict:
    """A schema whose list may hold only runs of a text: up to MOST_CHOICES of them, the shortest."""
    name, most = list_name(schema), 1
    choices = list(dict.fromkeys(runs(text, most)))
    while most < len(text) and len(longer := list(dict.fromkeys(runs(text, most + 1)))) <= MOST_CHOICES:
        if len(longer) == len(choices):
            break
        choices, most = longer, most + 1
    items = {"type": "string", "enum": choices} if choices else {"type": "string"}
    quotes = {"type": "array", "maxItems": min(len(choices), MOST_QUOTES), "items": items}
    return {**schema, "properties": {name: quotes}}


def grammar(schema: dict, text: str) -> str:
    """The same in GBNF, llama.cpp's form of a grammar: any number of runs, of any length, in the order of the text.

    `pI` is a list that goes on with word I or a later one, `sI` a quote that says word I next, `eI` what follows on a quote
    that ended with it.
    """
    rules, at = [], 0
    for line in text.split("\n"):
        found = words(line)
        for number, (start, end) in enumerate(found):
            last = number + 1 == len(found)
            further = "" if last else f"{_literal(line[end : found[number + 1][0]])} s{at + 1} | "
            rules.append(f'p{at} ::= s{at} | p{at + 1}\ns{at} ::= {_literal(line[start:end])} ({further}"\\"" e{at})')
            rules.append(f'e{at} ::= "]}}" | ", \\"" p{at + 1}')
            at += 1
    head = _literal(f"{{{json.dumps(list_name(schema), ensure_ascii=False)}: [", escaped=True)
    if not at:
        return f'root ::= {head} "]}}"'
    rules[-2:] = [rules[-2].replace(f" | p{at}\n", "\n"), f'e{at - 1} ::= "]}}"']
    return "\n".join([f'root ::= {head} ("]}}" | "\\"" p0)', *rules])


def _literal(text: str, escaped: bool = False) -> str:
    """A text as a literal of GBNF, as it stands within a text of JSON unless it is JSON itself (`escaped`)."""
    inner = text if escaped else json.dumps(text, ensure_ascii=False)[1:-1]
    return f'"{inner.translate(_SIGNS)}"'


_SIGNS = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
