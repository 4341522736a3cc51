"""The encoding of a text file: UTF-8 where it is valid, UTF-16 and UTF-32 by their mark, Windows-1252 where it is certain."""

from __future__ import annotations

import codecs
import re
from itertools import groupby

from .document import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ANYWHERE = frozenset("€…•–—‘’‚“”„«»·°§©®™\xa0£±²³½¼¾µ×")  # signs of Windows-1252 that stand between words
_IN_WORDS = frozenset("’–\xa0·")  # of these, those that also stand within a word
_SAME = frozenset("ÄÖÜäöüßÉéËëÓóÔôÎîÁáÍíÚúÇç")  # the same byte in the code pages of Western and Central Europe and of Turkey
# Letters that are another one there: certain in a text with words of the language. Words of one letter prove nothing.
_LANGUAGES = (
    ("àâèêïùûœæÀÂÈÊ", "et le les des pour dans avec du une sur"),
    ("ñÑ¿¡", "en el los las con para del una por"),
    ("ãõâàêÃÕ", "em com para do da os uma dos"),
    ("àèìòùÀÈ", "di con per il del della nel una"),
    ("åæøÅÆØ", "och og på med av af til till som ett"),
)
_LEAST_WORDS = 3
_REMEDY = "save it as UTF-8"


def decoded(content: bytes) -> str:
    """The text of a file, without its mark.

    Raises:
        Unreadable: its encoding is not certain.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding)
    if (wide := _wide(content)) is not None:
        return _strictly(content, wide)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if b"\0" in content[:4_096]:
        raise Unreadable("no text: it holds bytes of a program", remedy="save it as text, PDF or DOCX")
    text = _western(content)
    if text is None:
        raise Unreadable("its encoding is not certain: not UTF-8, and not surely Windows-1252", remedy=_REMEDY)
    return text


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(f"damaged: it begins as {encoding.upper()} and is not", remedy=_REMEDY) from None


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a text in Latin letters is zero."""
    start = content[:4_096]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half, other = start[first::2], start[1 - first :: 2]
        if len(start) >= 8 and half.count(0) > 0.9 * len(half) and 0 not in other:
            return encoding
    return None


def _western(content: bytes) -> str | None:
    """The text in Windows-1252, where nothing else can be meant; None where something can."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    letters = {char for char in text if char > "\x7f" and char not in _ANYWHERE}
    inside = {m[0] for m in re.finditer(r"(?<=[^\W\d_])[^\x00-\x7f](?=[^\W\d_])", text)}
    if (inside & _ANYWHERE) - _IN_WORDS or _mostly_high(text):
        return None
    special = letters - _SAME
    words = set(re.findall(r"[^\W\d_]{2,}", text.lower()))
    known = any(special <= set(own) and len(words & set(said.split())) >= _LEAST_WORDS for own, said in _LANGUAGES)
    return text if not special or known else None


def _mostly_high(text: str) -> bool:
    """Whether words consist of letters beyond ASCII, as those of Cyrillic, Greek or Hebrew code pages read as Western ones do."""
    runs = [len([*run]) for high, run in groupby(text, lambda char: char > "\x7f" and char.isalpha()) if high]
    ascii_letters = sum(char.isascii() and char.isalpha() for char in text)
    return max(runs, default=0) > 2 or sum(runs) > 0.2 * (ascii_letters + sum(runs))
