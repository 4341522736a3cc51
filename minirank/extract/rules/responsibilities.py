"""The responsibilities of a job: items that start with an action verb."""

from __future__ import annotations

import re

from minirank.extract.masked_text import PLACEHOLDER
from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.lexicon import lexicon

_MOST_RESPONSIBILITIES, _LONGEST = 15, 300
_ITEM = re.compile(r"[^\n•.!?；。;]{8,}(?:\.(?=[\w])[^\n•.!?；。;]*)*")
_LEADING = re.compile(
    r"(?i)[\s*>•\d.)(-]{0,8}(?:(?:you(?:'ll| will)(?: be)?|your tasks? (?:is|are) to|responsible for|to)\s)?"
    r"(?:(?:also|actively|proactively|continuously|independently|successfully|regularly|directly)\s)?"
)
HOW_TO_APPLY = re.compile(
    r"(?i)[\s*>•-]{0,4}(?:please |to |in order to |you can )?apply (?:and|now|today|online|via|by|here|directly|before|through"
    r"|to us|for (?:this|the) (?:job|position|role)"
    r"|with (?:your|a|an) (?:cv|resume|application|letter|cover))\b"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")


def find_responsibilities(document: NormalisedText, border: int, language: str | None = None) -> list[tuple[str, int, int]]:
    """Items that say what is done in the job: list of (text, start, end), in order.

    In sections of tasks every item that starts with an action verb; without such a section, the items
    outside the others that do. Of another language than English, whose verbs are not known, every item of several words in
    sections of tasks.

    Args:
        document: NormalisedText of a job.
        border: offset where the description starts.
        language: of the text (`language_of`).
    """
    verbs = lexicon().verbs
    tasks = document.spans("responsibilities")
    foreign = bool(tasks) and language not in ("en", None)
    found = []
    for begin, finish in tasks or document.spans(None):
        for item in _ITEM.finditer(document.plain, max(begin, border), finish):
            if _applies(document, item):
                continue
            leading = _LEADING.match(document.plain, item.start(), item.end())
            start = leading.end() if leading else item.start()
            word = _WORD.match(document.plain, start, item.end())
            if not (word is not None and word[0].lower() in verbs) and not (foreign and _is_task(document, item, begin)):
                continue
            quote = document.plain[start : min(item.end(), start + _LONGEST)].rstrip(" ,:")
            if len(quote) >= 8 and PLACEHOLDER not in quote:
                found.append((" ".join(quote.split()), start, start + len(quote)))
            if len(found) == _MOST_RESPONSIBILITIES:
                return found
    return found


def _applies(document: NormalisedText, item: re.Match[str]) -> bool:
    """Whether an item is a heading, or says how to apply: `Work Assignments`, `Apply now`."""
    line = document.plain.rfind("\n", 0, item.start()) + 1
    finish = document.plain.find("\n", item.end())
    heading = (
        document.is_heading(line) and item.end() >= (finish if finish >= 0 else len(document.plain)) and ":" not in item[0].rstrip(" :")
    )
    return heading or HOW_TO_APPLY.match(item[0]) is not None


def _is_task(document: NormalisedText, item: re.Match[str], begin: int) -> bool:
    """Whether an item has several words and is not the heading that its section begins with."""
    line = document.plain.rfind("\n", begin, item.start()) + 1 or begin
    return not document.is_heading(line) and len(item[0].split()) > 2
