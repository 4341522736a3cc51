"""The language of a text, by the words that every sentence of it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

from minirank.extract.rules.lexicon import lexicon

_FEWEST, _SHARE = 4, 0.1  # words of the language, and their share of all


def language_of(words: Iterable[str]) -> str | None:
    """Two letters of ISO 639-1, None of a text with too few sentences to tell, or of a language that lexicon.json does not name.

    Args:
        words: of the text, in lower case.
    """
    languages, total = _languages(), 0
    counts: Counter[str] = Counter()
    for word in words:
        total += 1
        counts.update(languages.get(word, ()))
    best = max(counts, key=lambda name: (counts[name], name), default=None)
    return best if best is not None and counts[best] >= max(_FEWEST, _SHARE * total) else None


@cache
def _languages() -> dict[str, list[str]]:
    """word -> languages that have it."""
    found: dict[str, list[str]] = {}
    for language, words in lexicon().data["function_words"].items():
        for word in words.split():
            found.setdefault(word, []).append(language)
    return found
