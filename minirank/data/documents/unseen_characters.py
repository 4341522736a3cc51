"""Characters that no screen shows, where they hide something: a word cut in two, a message in tags, letters in another order.

Marks and joiners that scripts and emoji need stay as they are.

Source: Unicode Standard, 23.2 (layout controls), 23.4 (variation selectors), 23.9 (tags); UAX 9 (overrides of direction).
"""

from __future__ import annotations

import re

from .document import Hidden

_NO_WIDTH = "\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff"
_TAGS = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f|([\U000e0000-\U000e007f]+)")  # a region's flag, or a message
_SELECTORS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
# Letters of scripts that are written letter by letter, in which a joiner joins nothing. A soft hyphen is where a word may break.
_LETTERS = r"A-Za-z\u00c0-\u024f\u0370-\u052f"
_CUT_WORD = re.compile(rf"(?<![{_LETTERS}])[{_LETTERS}]+(?:[{_NO_WIDTH.replace(chr(0xAD), '')}]+[{_LETTERS}]+)+")
_RUN = re.compile(rf"[{_NO_WIDTH}]{{3,}}")
_OVERRIDDEN = re.compile("[\u202d\u202e]([^\u202c\u202d\u202e\n]{1,2000})(?:\u202c|(?=[\n\u202d\u202e])|$)")
_ALL = re.compile(f"[{_NO_WIDTH}]")


def without_unseen(text: str) -> tuple[str, tuple[Hidden, ...]]:
    """A text as it is seen, and what is hidden in it in characters that are not."""
    if text.isascii():
        return text, ()
    found: list[str] = []

    def tags(m: re.Match) -> str:
        if m[1] is None:
            return m[0]
        found.append("".join(chr(ord(char) - 0xE0000) for char in m[0] if 0xE0020 <= ord(char) < 0xE007F) or _escaped(m[0]))
        return ""

    def selectors(m: re.Match) -> str:
        found.append(bytes(_selected(char) for char in m[0]).decode("utf-8", "backslashreplace"))
        return ""

    def cut_word(m: re.Match) -> str:
        found.append(_escaped(m[0]))
        return _ALL.sub("", m[0])

    def run(m: re.Match) -> str:
        found.append(_escaped(m[0]))
        return ""

    def overridden(m: re.Match) -> str:
        found.append(m[1])
        return m[1][::-1] if m[0][0] == "\u202e" else m[1]

    for pattern, shown in ((_TAGS, tags), (_SELECTORS, selectors), (_OVERRIDDEN, overridden), (_CUT_WORD, cut_word), (_RUN, run)):
        text = pattern.sub(shown, text)
    return text, tuple(Hidden(words, "zero-width") for words in dict.fromkeys(found))


def _selected(char: str) -> int:
    """The number of a variation selector, from 0 to 255."""
    return ord(char) - 0xFE00 if ord(char) < 0xE0100 else ord(char) - 0xE0100 + 16


def _escaped(text: str) -> str:
    """With numbers in place of characters that are not seen: `py\\u200bthon`."""
    return re.sub(rf"[{_NO_WIDTH}\U000e0000-\U000e007f]", lambda m: m[0].encode("ascii", "backslashreplace").decode(), text)[:200]
