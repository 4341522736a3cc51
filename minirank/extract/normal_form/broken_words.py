"""Words that a hyphen or a character without a font parts, put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from minirank.extract.normal_form.known_words import BREAK, LETTER, are_neighbours, is_word, letters_around
from minirank.extract.normal_form.tables import UNKNOWN

# SPEED: the rare character first, so that the engine skips from one to the next.
_HYPHEN = re.compile(rf"[-{BREAK}](?<={LETTER}[-{BREAK}])[ ]{{0,8}}\n{{0,2}}[ ]{{0,8}}(?={LETTER})")
_ODD = re.compile(f"[\x0b\x0c{UNKNOWN}{BREAK}]+")
_BREAKS = dict.fromkeys(map(ord, BREAK))
_LIGATURES = ("fi", "fl", "ff", "ffi", "ffl", "ti", "tt", "ft", "tf")
_AFTER_APOSTROPHE = frozenset("s t d m re ve ll".split())
# `short- and long-term`: the hyphen stands for the word that follows later.
_SUSPENDED = frozenset("and or to und oder bis et ou y o e ed en of och og og/eller".split())


def mended_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that join what a hyphen parts: at the end of a line, before a blank, or a hyphen that means nothing elsewhere."""
    for m in _HYPHEN.finditer(text):
        if m[0] != "-":
            joint = _joint(*letters_around(text, m.start(), m.end()), m[0])
            if joint is not None:
                yield m.start(), m.end(), joint


def _joint(left: str, right: str, between: str) -> str | None:
    """What stands between the halves of a word: nothing, a hyphen, or None for what was there."""
    real, lines = between[0] == "-", between.count("\n")
    parts = len(left + right)
    left, right = left.translate(_BREAKS), right.translate(_BREAKS)
    if not real and len(left + right) < parts:  # a word with a break after every syllable
        return ""
    if real and right.lower() in _SUSPENDED:
        return None
    both = is_word(left) and is_word(right)
    if are_neighbours(left, right) and not (real and not lines):
        return "-"
    if is_word(left + right) and not (real and not lines and both):
        return ""
    if not real:
        return "-" if both else ""
    if lines != 1 or not (left[-1].islower() and right[0].islower()):
        return None
    return "-" if both else ""


def mended_characters(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that put something plain in the place of characters that no font had."""
    for m in _ODD.finditer(text):
        yield m.start(), m.end(), _guess(text, m, *letters_around(text, m.start(), m.end()))


def _guess(text: str, m: re.Match, left: str, right: str) -> str:
    before, after = text[m.start() - 1 : m.start()] or "\n", text[m.end() : m.end() + 1] or "\n"
    paged = "\x0b" in m[0] or "\x0c" in m[0]
    if left and right:
        for ligature in _LIGATURES:
            if is_word(left + ligature + right) and not (paged and is_word(left) and is_word(right)):
                return ligature
        if paged:
            return "\n"
        if right.lower() in _AFTER_APOSTROPHE and is_word(left):
            return "'"
        if is_word(left + right) or set(m[0]) <= set(BREAK):
            return ""
        if is_word(left) and is_word(right):
            return "-"
        return m[0] if m[0] == "\ufffd" else ""
    if paged:
        return "\n"
    if not text[max(0, m.start() - 80) : m.start()].rpartition("\n")[2].strip(" •"):
        return "" if m[0] in BREAK or after == "\n" else "•"
    if after == "\n":
        return "-" if "\xad" in m[0] and left else ""
    near = text[max(0, m.start() - 2) : m.start()].strip()[-1:], text[m.end() : m.end() + 2].strip()[:1]
    if any(map(str.isdigit, near)) and all(map(str.isalnum, near)):  # `2019 - present`
        return "-"
    if before == " " and after == " ":
        return "•" if m[0] == "\x7f" or "\ue000" <= m[0] <= "\uf8ff" else "-"
    for ligature in _LIGATURES[:2]:  # `<FB01>nance` in a font without it
        if right and not before.isalnum() and is_word(ligature + right) and not is_word(right):
            return ligature
    return "" if set(m[0]) <= set(BREAK) else " "
