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
    words, counts = list(words), dict[str, int]()
    for languages, count in Counter(map(_languages().get, words)).items():  # SPEED: counted in C
        for language in languages or ():
            counts[language] = counts.get(language, 0) + count
    most, best = max(((count, name) for name, count in counts.items()), default=(0, None))
    return best if most >= max(_FEWEST, _SHARE * len(words)) else None


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """word -> languages that have it."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in lexicon().data["function_words"].items():
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found
