"""Words that are known, by which a reading of damaged letters is told from another."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, pairwise
from zlib import crc32

from minirank.extract.rules.lexicon import Tokens, lexicon

LETTER = r"[^\W\d_]"
# Hyphens at which a line could be broken; they mean nothing elsewhere. PDF libraries put two of them for one, old encodings one.
BREAK = "\xad\xac\x02\ufffe"

_PART = rf"(?:{LETTER}|(?<={LETTER})[{BREAK}](?={LETTER})){{1,60}}"  # of a word, which may be broken elsewhere too
_WORD_BEFORE, _WORD_AFTER = re.compile(f"{_PART}$"), re.compile(_PART)
_LONGEST_WORD = 60
_SHORT = frozenset("of in my to hr it".split())


def is_word(word: str, least: int = 2) -> bool:
    """Whether the lexicon or the tagger has seen a word."""
    from minirank.extract.rules.tagger import tagger  # it reads plain texts itself

    word = word.lower()
    return len(word) >= least and (word in _vocabulary()[0] or crc32(word.encode(errors="replace")) in tagger().classes)


def are_neighbours(left: str, right: str) -> bool:
    """Whether a phrase of the lexicon has both words side by side."""
    return (left.lower(), right.lower()) in _vocabulary()[1]


def letters_around(text: str, start: int, end: int) -> tuple[str, str]:
    """The letters before and after a span."""
    before, after = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start), _WORD_AFTER.match(text, end)
    return before[0] if before else "", after[0] if after else ""


def known_parts(word: str) -> list[str]:
    """The fewest known words that make up a word; the word itself where there are none."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(word) + 1):
        found = [[*before, word[at:end]] for at, before in enumerate(best) if before is not None and _is_part(word[at:end])]
        best.append(min(found, key=len, default=None))
    return best[-1] or [word]


def _is_part(word: str) -> bool:
    return is_word(word, 3) or word.lower() in _SHORT


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Words of the lexicon's phrases, and pairs of neighbours."""
    phrases = [Tokens(phrase).words for phrase in lexicon().phrases()]
    return frozenset(chain.from_iterable(phrases)), frozenset(chain.from_iterable(map(pairwise, phrases)))
