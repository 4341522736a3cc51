"""Each character of a text made plain by itself, or with the marks and blanks around it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from minirank.extract.edited_text import EditedText
from minirank.extract.normal_form.known_words import LETTER, is_word, letters_around
from minirank.extract.normal_form.tables import PLAIN, UNSEEN

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
# UTF-8 that was read as Windows-1252 or Latin-1, in the sequences that are no words: `â€“`, `Ã¼`, `Â `, `ï¬‚`.
_HIGH = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# SPEED: one character class in front lets the engine skip from candidate to candidate.
_MISREAD = re.compile(rf"[âïÃÂ](?:(?<=[âï])[{_HIGH}]{{2}}|(?<=[ÃÂ])[\x80-\xbf€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ])")
_CID = re.compile(r"\(cid:\d{1,5}\)")  # what PDFMiner writes for a character that no font had
_LIGATURE = re.compile("[ ]?[\ufb00-\ufb04][ ]?")
_UNSEEN = re.compile(f"[{UNSEEN}]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_TRANSLATED = re.compile(f"[{re.escape(''.join(map(chr, PLAIN)))}]+")
# An accent of its own, as TeX sets it: before its letter, or behind it.
_ACCENT = re.compile(
    rf"(?P<mark>[\xa8\xb4\xb8ˆ˜])(?:(?<=\xa8)[aeiouyAEIOUY]|(?<={LETTER}\xb4)[aeiouAEIOU]"
    rf"|(?<={LETTER}ˆ)[aeiouAEIOU]|(?<={LETTER}˜)[naoNAO]|(?<=\xb8)[cCsS]"
    rf"|(?<=[aeiouyAEIOUY]\xa8)(?={LETTER})|(?<=[cCsS]\xb8))"
)
_MARKS = {"\xa8": "\u0308", "\xb4": "\u0301", "\xb8": "\u0327", "ˆ": "\u0302", "˜": "\u0303"}
_ELISIONS = frozenset("l d c n s j m t qu lorsqu puisqu jusqu o".split())  # `l´entreprise`: there it is an apostrophe
# Letters that the ligatures of a common typeface become in PDF files: `educaƟon`, `soŌware`, `commiƩee`.
_TYPEFACE = {"Ɵ": "ti", "Ʃ": "tt", "Ō": "ft", "ƫ": "tti"}
_TYPEFACE_WORD = re.compile(rf"{LETTER}{{0,40}}[{''.join(_TYPEFACE)}]{LETTER}{{0,40}}")
_ODD_ASCII = re.compile(r"[\x00-\x09\x0b-\x1f`\x7f]")
_MOST_MARKS = 8  # of a letter; what is heaped on it beyond is no writing


def plain_characters(text: str) -> EditedText:
    """A text with each character made plain by itself.

    Entities of HTML and misread UTF-8 become characters; blanks, quotes, dashes, bullets, full-width forms and line breaks
    plain ones; unseen characters go; ligatures, compatibility forms and decomposed accents become letters (NFKC).
    """
    plain = EditedText(text)
    if "\0" in text and text.count("\0") * 3 > len(text):  # UTF-16, every other byte of which is none
        plain.edit((m.start(), m.end(), "") for m in re.finditer("\0+", text))
    if "(cid:" in text:
        plain.edit((m.start(), m.end(), "\x1a") for m in _CID.finditer(plain.text))
    if "&" in plain.text:
        plain.edit((m.start(), m.end(), html.unescape(m[0])) for m in _ENTITY.finditer(plain.text) if html.unescape(m[0]) != m[0])
    if "\r\n" in plain.text:
        plain.edit((m.start(), m.start() + 1, "") for m in re.finditer("\r\n", plain.text))
    if plain.text.isascii():
        if _ODD_ASCII.search(plain.text):
            plain.translate(PLAIN)
        return plain
    if any(sign in plain.text for sign in "âïÃÂ"):
        for _ in range(2):  # misread, or misread once more
            found = [(m.start(), m.end(), fixed) for m in _MISREAD.finditer(plain.text) if (fixed := _reread(m[0])) is not None]
            if not found:
                break
            plain.edit(found)
    if any(mark in plain.text for mark in _MARKS):
        plain.edit(_accented(plain.text))
    if any(letter in plain.text for letter in _TYPEFACE):
        plain.edit(_typeface(plain.text))
    if any(ligature in plain.text for ligature in "\ufb00\ufb01\ufb02\ufb03\ufb04"):
        plain.edit(_ligatures(plain.text))
    # SPEED: a look-up for each character of the table's alone.
    plain.text = _TRANSLATED.sub(lambda m: m[0].translate(PLAIN), plain.text)
    plain.edit(_composed(plain.text))
    return plain


def _accented(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that set an accent of its own on the letter beside it."""
    for m in _ACCENT.finditer(text):
        if m["mark"] == "\xb4" and letters_around(text, m.start(), m.end())[0].lower() in _ELISIONS:
            continue
        letter = m[0][1:]
        start = m.start() if letter else m.start() - 1
        yield start, m.end(), unicodedata.normalize("NFC", (letter or text[start]) + _MARKS[m["mark"]])


def _typeface(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that undo what a typeface's ligatures became, in words that are known then, or that no language has before."""
    table = str.maketrans(_TYPEFACE)
    for m in _TYPEFACE_WORD.finditer(text):
        word = m[0].translate(table)
        if is_word(word) or (word.isascii() and m[0][0] not in _TYPEFACE and not set("Ōƫ") & set(m[0])):
            yield from ((m.start() + at, m.start() + at + 1, _TYPEFACE[c]) for at, c in enumerate(m[0]) if c in _TYPEFACE)


def _ligatures(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that take away the blanks which stand around a ligature, where it is within a known word: `work fl ow`."""
    for m in _LIGATURE.finditer(text):
        if m[0].strip() == m[0]:
            continue
        letters = unicodedata.normalize("NFKC", m[0].strip())
        first, last = m.start() + m[0].startswith(" "), m.end() - m[0].endswith(" ")
        for start, end in dict.fromkeys(((m.start(), m.end()), (m.start(), last), (first, m.end()))):
            left, right = letters_around(text, start, end)
            if (left or start == first) and (right or end == last) and is_word(left + letters + right):
                yield start, end, letters
                break


def _reread(misread: str) -> str | None:
    """What the bytes of some characters are in UTF-8; None where they are no such text."""
    try:
        return b"".join(c.encode("latin-1") if c < "\u0100" else c.encode("cp1252") for c in misread).decode("utf-8")
    except ValueError:
        return None


def _composed(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that make NFKC of every character with its marks, and nothing of unseen ones."""
    if _UNSEEN.search(text) is None and unicodedata.is_normalized("NFKC", text):  # SPEED: then so is every part of it
        return
    for m in _NOT_ASCII.finditer(text):
        begin = m.start() - (m.start() > 0 and _composes(m[0][0]))
        run = text[begin : m.end()]
        if not _UNSEEN.search(run) and unicodedata.is_normalized("NFKC", run):
            continue
        for start, end in _clusters(run):
            plain = _composed_cluster(run[start : min(end, start + _MOST_MARKS)])
            if plain != run[start:end]:
                yield begin + start, begin + end, plain


@lru_cache(maxsize=20_000)
def _composed_cluster(cluster: str) -> str:
    seen = _UNSEEN.sub("", cluster)
    plain = unicodedata.normalize("NFKC", seen).translate(PLAIN)
    # A vulgar fraction would run into the number before it, an accent of its own would be a blank.
    return seen if "\u2044" in plain or plain.startswith(" ") else plain


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each character with the marks that compose with it."""
    start = 0
    for at in range(1, len(text)):
        if not _composes(text[at]):
            yield start, at
            start = at
    yield start, len(text)


def _composes(character: str) -> bool:
    """Combining marks, half-width voicing marks, and the vowels and finals of Korean syllables."""
    return character > "\u02ff" and (
        unicodedata.combining(character) > 0 or "\u1160" <= character <= "\u11ff" or character in "\uff9e\uff9f"
    )
