"""One plain form of a text for everything that reads it: rules, tagger, gazetteer, masks, features and models.

Text comes out of PDF files, web pages and old encodings with characters that nobody sees, words that are cut at the end of
a line, ligatures, odd blanks and headings in s p a c e d letters. Here they are made plain once; an `EditedText` leads from
every place of the plain form back to the source.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain, pairwise
from zlib import crc32

from minirank.extract.edited_text import EditedText
from minirank.extract.rules.lexicon import Tokens, lexicon

_LETTER = r"[^\W\d_]"

# One character for one character.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN |= dict.fromkeys([0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x2800, 0x3000, 0x3164, 0xFFA0, 0xFFFC], ord(" "))
_PLAIN |= dict.fromkeys([0xA9, 0xAE, 0x2117, 0x2120, 0x2122], ord(" "))  # trade marks: `Java™` is Java, not JavaTM
_PLAIN |= dict.fromkeys([0x0D, 0x85, 0x2028, 0x2029], ord("\n"))
_PLAIN |= dict.fromkeys(
    [
        *range(0x2010, 0x2016),
        0x2212,
        0x2500,
        0x2501,
        0x2E3A,
        0x2E3B,
        0xFE58,
        0xFE63,
        0xFE31,
        0xFE32,
        0x2796,
        0x02D7,
        0x058A,
        0x1806,
        0x2E40,
    ],
    ord("-"),
)
_PLAIN |= dict.fromkeys([0x2018, 0x2019, 0x201A, 0x201B, 0x2032, 0x2039, 0x203A, 0x02BC, 0x60, 0xB4], ord("'")) | {0xFF40: ord("'")}
_PLAIN |= dict.fromkeys([0x201C, 0x201D, 0x201E, 0x201F, 0x2033, 0xAB, 0xBB], ord('"'))
_PLAIN |= dict.fromkeys([0x2022, 0x2023, 0x2043, 0x2219, 0xB7, 0x2713, 0x2714, 0x2756, 0x27A2, 0x27A4], ord("•"))
_PLAIN |= dict.fromkeys([0x25A0, 0x25A1, 0x25AA, 0x25AB, 0x25B6, 0x25B8, 0x25BA, 0x25C6, 0x25C7, 0x25CB, 0x25CF, 0x25E6], ord("•"))
_PLAIN |= dict.fromkeys(
    [0x204C, 0x204D, 0x25B7, 0x25D8, 0x2610, 0x2611, 0x2612, 0x2666, 0x2705, 0x2794, 0x279C, 0x27A1, 0x29BF, 0x2B24], ord("•")
)
_PLAIN |= {0x266F: ord("#"), 0x223C: ord("~"), 0x301C: ord("~")}
# Windows-1252 that was read as Latin-1.
_PLAIN |= {
    code: _PLAIN.get(ord(character), ord(character))
    for code in (*range(0x82, 0x85), *range(0x86, 0x8D), 0x8E, *range(0x91, 0x9D), 0x9E, 0x9F)
    for character in [bytes([code]).decode("cp1252")]
}
_PLAIN |= {0x80: ord("€")}
# Shapes of characters that PDF files of Chinese texts have in the place of the characters; NFKC knows the other block of them.
_RADICALS = {
    0x2EA0: "民", 0x2EC4: "西", 0x2EC5: "见", 0x2EC9: "贝", 0x2ECB: "车", 0x2ED3: "长", 0x2ED4: "门", 0x2ED8: "青", 0x2EDA: "页",
    0x2EDB: "风", 0x2EDC: "飞", 0x2EDD: "食", 0x2EE2: "马", 0x2EE3: "骨", 0x2EE4: "鬼", 0x2EE5: "鱼", 0x2EE6: "鸟", 0x2EE9: "黄",
    0x2EEC: "齐", 0x2EEE: "齿", 0x2EF0: "龙",
}  # fmt: skip
_PLAIN |= {code: ord(character) for code, character in _RADICALS.items()}

# Zero width, direction marks and isolates, variation selectors, annotations, tag characters, byte order marks.
UNSEEN = "\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
# Hyphens at which a line could be broken; they mean nothing elsewhere. Two of them are what PDF libraries put for one.
_BREAK = "\xad\x02\ufffe"
# What no font had a character for: controls, private use, halves of surrogate pairs, the replacement character.
_UNKNOWN = "\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d\ue000-\uf8ff\ufffd\uffff\ud800-\udfff\U000f0000-\U0010ffff"

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});")
# UTF-8 that was read as Windows-1252 or Latin-1, in the sequences that are no words: `â€“`, `Ã¼`, `Â `, `ï¬‚`.
_HIGH = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(rf"[âï][{_HIGH}]{{2}}|[ÃÂ][\x80-\xbf€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ]")
_CID = re.compile(r"\(cid:\d{1,5}\)")  # what PDFMiner writes for a character that no font had
_LIGATURE = re.compile("[ ]?[\ufb00-\ufb04][ ]?")
_UNSEEN = re.compile(f"[{UNSEEN}]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_TRANSLATED = re.compile(r"[^\n\x20-\x5f\x61-\x7e]+")
# An accent of its own, as TeX sets it: before its letter, or behind it.
_ACCENT = re.compile(
    rf"(?P<mark>[\xa8\xb4\xb8ˆ˜])(?:(?<=\xa8)[aeiouyAEIOUY]|(?<={_LETTER}\xb4)[aeiouAEIOU]"
    rf"|(?<={_LETTER}ˆ)[aeiouAEIOU]|(?<={_LETTER}˜)[naoNAO]|(?<=\xb8)[cCsS]"
    rf"|(?<=[aeiouyAEIOUY]\xa8)(?={_LETTER})|(?<=[cCsS]\xb8))"
)
_MARKS = {"\xa8": "\u0308", "\xb4": "\u0301", "\xb8": "\u0327", "ˆ": "\u0302", "˜": "\u0303"}
_ELISIONS = frozenset("l d c n s j m t qu lorsqu puisqu jusqu o".split())  # `l´entreprise`: there it is an apostrophe
# Letters that the ligatures of a common typeface become in PDF files: `educaƟon`, `soŌware`, `commiƩee`.
_TYPEFACE = {"Ɵ": "ti", "Ʃ": "tt", "Ō": "ft", "ƫ": "tti"}
_TYPEFACE_WORD = re.compile(rf"{_LETTER}{{0,40}}[{''.join(_TYPEFACE)}]{_LETTER}{{0,40}}")
# SPEED: the rare character first, so that the engine skips from one to the next.
_HYPHEN = re.compile(rf"[-{_BREAK}](?<={_LETTER}[-{_BREAK}])[ ]{{0,8}}\n{{0,2}}[ ]{{0,8}}(?={_LETTER})")
_ODD = re.compile(f"[\x0b\x0c{_UNKNOWN}{_BREAK}]+")
_ODD_ASCII = re.compile(r"[\x00-\x09\x0b-\x1f`\x7f]")
_PART = rf"(?:{_LETTER}|(?<={_LETTER})[{_BREAK}](?={_LETTER})){{1,60}}"  # of a word, which may be broken elsewhere too
_WORD_BEFORE, _WORD_AFTER = re.compile(f"{_PART}$"), re.compile(_PART)
_BREAKS = dict.fromkeys(map(ord, _BREAK))
_LIGATURES = ("fi", "fl", "ff", "ffi", "ffl", "ti", "tt", "ft", "tf")
_AFTER_APOSTROPHE = frozenset("s t d m re ve ll".split())
# `short- and long-term`: the hyphen stands for the word that follows later.
_SUSPENDED = frozenset("and or to und oder bis et ou y o e ed en of och og og/eller".split())
_CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
_SPACED = re.compile(
    rf"(?:^|(?<=[\n|•:]))[ *#_=>-]{{0,40}}"
    rf"(?P<run>{_LETTER}(?:[ ]{{1,8}}(?:{_LETTER}|[&/])){{3,60}}|{_CJK}(?:[ ]{{1,8}}{_CJK}){{1,20}})"
    r"(?=[ *#_=-]{0,40}(?:[\n|•:(,]|$)|[ ]{3})"
)
# Letters below each other, from the margin of a page.
_UPRIGHT = re.compile(rf"(?:^|(?<=\n)){_LETTER}(?:\n{_LETTER}){{3,30}}(?=\n|$)")
_UPRIGHT_LETTERS = re.compile(rf"\n{_LETTER}\n{_LETTER}\n")
# SPEED: what a spaced line has, to be looked for first.
_SPACED_LETTERS = re.compile(rf" {_LETTER} {{1,8}}[^\s\d] {{1,8}}{_LETTER}\b")
_SPACED_CJK = re.compile(f"{_CJK} {{1,8}}{_CJK}")
_LONGEST_WORD = 60
_MOST_MARKS = 8  # of a letter; what is heaped on it beyond is no writing


def normalised(text: str) -> str:
    """The plain form of a text."""
    return normalise(text).text


def normalise(text: str) -> EditedText:
    """The plain form of a text, and where its spans stand in the text.

    What `plain_characters` does, and across characters: a word that is broken at a hyphen becomes one, or keeps its hyphen
    where both halves are words (`full-` / `stack`); a character that no font had becomes what the letters around it ask
    for, a ligature, a hyphen, a dash, a bullet; a line of spaced letters becomes words.
    """
    plain = plain_characters(text)
    odd = not plain.text.replace("\n", "").isprintable() or "\ufffd" in plain.text
    if odd or "-" in plain.text:
        plain.edit(_mended_words(plain.text))
    if odd:
        plain.edit(_mended_characters(plain.text))
    if _SPACED_LETTERS.search(plain.text) or (not plain.text.isascii() and _SPACED_CJK.search(plain.text)):
        plain.edit((*m.span("run"), _unspaced(m["run"])) for m in _SPACED.finditer(plain.text))
    if _UPRIGHT_LETTERS.search(plain.text):
        words = ((m, " ".join(_parted(m[0].replace("\n", "")))) for m in _UPRIGHT.finditer(plain.text))
        plain.edit((m.start(), m.end(), word) for m, word in words if _is_word(word.partition(" ")[0], 3))
    return plain


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
            plain.translate(_PLAIN)
        return plain
    if any(sign in plain.text for sign in "âïÃÂ"):
        for _ in range(2):  # misread, or misread once more
            plain.edit((m.start(), m.end(), fixed) for m in _MISREAD.finditer(plain.text) if (fixed := _reread(m[0])) is not None)
    if any(mark in plain.text for mark in _MARKS):
        plain.edit(_accented(plain.text))
    if any(letter in plain.text for letter in _TYPEFACE):
        plain.edit(_typeface(plain.text))
    if any(ligature in plain.text for ligature in "\ufb00\ufb01\ufb02\ufb03\ufb04"):
        plain.edit(_ligatures(plain.text))
    # SPEED: a look-up for each character of the table's alone.
    plain.text = _TRANSLATED.sub(lambda m: m[0].translate(_PLAIN), plain.text)
    plain.edit(_composed(plain.text))
    return plain


def _accented(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that set an accent of its own on the letter beside it."""
    for m in _ACCENT.finditer(text):
        if m["mark"] == "\xb4" and _around(text, m.start(), m.end())[0].lower() in _ELISIONS:
            continue
        letter = m[0][1:]
        start = m.start() if letter else m.start() - 1
        yield start, m.end(), unicodedata.normalize("NFC", (letter or text[start]) + _MARKS[m["mark"]])


def _typeface(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that undo what a typeface's ligatures became, in words that are known then, or that no language has before."""
    table = str.maketrans(_TYPEFACE)
    for m in _TYPEFACE_WORD.finditer(text):
        word = m[0].translate(table)
        if _is_word(word) or (word.isascii() and m[0][0] not in _TYPEFACE and not set("Ōƫ") & set(m[0])):
            yield from ((m.start() + at, m.start() + at + 1, _TYPEFACE[c]) for at, c in enumerate(m[0]) if c in _TYPEFACE)


def _ligatures(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that take away the blanks which stand around a ligature, where it is within a known word: `work fl ow`."""
    for m in _LIGATURE.finditer(text):
        if m[0].strip() == m[0]:
            continue
        letters = unicodedata.normalize("NFKC", m[0].strip())
        first, last = m.start() + m[0].startswith(" "), m.end() - m[0].endswith(" ")
        for start, end in dict.fromkeys(((m.start(), m.end()), (m.start(), last), (first, m.end()))):
            left, right = _around(text, start, end)
            if (left or start == first) and (right or end == last) and _is_word(left + letters + right):
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
    plain = unicodedata.normalize("NFKC", seen).translate(_PLAIN)
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


def _mended_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that join what a hyphen parts: at the end of a line, before a blank, or a hyphen that means nothing elsewhere."""
    for m in _HYPHEN.finditer(text):
        if m[0] != "-":
            joint = _joint(*_around(text, m.start(), m.end()), m[0])
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
    both = _is_word(left) and _is_word(right)
    if _are_neighbours(left, right) and not (real and not lines):
        return "-"
    if _is_word(left + right) and not (real and not lines and both):
        return ""
    if not real:
        return "-" if both else ""
    if lines != 1 or not (left[-1].islower() and right[0].islower()):
        return None
    return "-" if both else ""


def _mended_characters(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that put something plain in the place of characters that no font had."""
    for m in _ODD.finditer(text):
        yield m.start(), m.end(), _guess(text, m, *_around(text, m.start(), m.end()))


def _guess(text: str, m: re.Match, left: str, right: str) -> str:
    before, after = text[m.start() - 1 : m.start()] or "\n", text[m.end() : m.end() + 1] or "\n"
    paged = "\x0b" in m[0] or "\x0c" in m[0]
    if left and right:
        for ligature in _LIGATURES:
            if _is_word(left + ligature + right) and not (paged and _is_word(left) and _is_word(right)):
                return ligature
        if paged:
            return "\n"
        if right.lower() in _AFTER_APOSTROPHE and _is_word(left):
            return "'"
        if _is_word(left + right) or set(m[0]) <= set(_BREAK):
            return ""
        if _is_word(left) and _is_word(right):
            return "-"
        return m[0] if m[0] == "\ufffd" else ""
    if paged:
        return "\n"
    if not text[max(0, m.start() - 80) : m.start()].rpartition("\n")[2].strip(" •"):
        return "" if m[0] in _BREAK or after == "\n" else "•"
    if after == "\n":
        return "-" if "\xad" in m[0] and left else ""
    near = text[max(0, m.start() - 2) : m.start()].strip()[-1:], text[m.end() : m.end() + 2].strip()[:1]
    if any(map(str.isdigit, near)) and all(map(str.isalnum, near)):  # `2019 - present`
        return "-"
    if before == " " and after == " ":
        return "•" if m[0] == "\x7f" or "\ue000" <= m[0] <= "\uf8ff" else "-"
    for ligature in _LIGATURES[:2]:  # `<FB01>nance` in a font without it
        if right and not before.isalnum() and _is_word(ligature + right) and not _is_word(right):
            return ligature
    return "" if set(m[0]) <= set(_BREAK) else " "


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """The letters before and after a span."""
    before, after = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start), _WORD_AFTER.match(text, end)
    return before[0] if before else "", after[0] if after else ""


def _unspaced(run: str) -> str:
    """Words of spaced letters: those that a wider gap parts; of a single run, those that the vocabulary knows."""
    gap = min(map(len, re.findall(" +", run)))
    words = [word for part in re.split(rf"[ ]{{{gap + 1},}}", run) for word in re.split(r"([&/])", part.replace(" ", "")) if word]
    return " ".join(" ".join(_parted(word)) for word in words)


def _parted(word: str) -> list[str]:
    """The fewest known words that make up a word; the word itself where there are none."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(word) + 1):
        found = [[*before, word[at:end]] for at, before in enumerate(best) if before is not None and _is_word(word[at:end], 3)]
        best.append(min(found, key=len, default=None))
    return best[-1] or [word]


def _is_word(word: str, least: int = 2) -> bool:
    """Whether the lexicon or the tagger has seen a word."""
    from minirank.extract.rules.tagger import tagger  # it reads plain texts itself

    word = word.lower()
    return len(word) >= least and (word in _vocabulary()[0] or crc32(word.encode(errors="replace")) in tagger().classes)


def _are_neighbours(left: str, right: str) -> bool:
    """Whether a phrase of the lexicon has both words side by side."""
    return (left.lower(), right.lower()) in _vocabulary()[1]


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Words of the lexicon's phrases, and pairs of neighbours."""
    phrases = [Tokens(phrase).words for phrase in lexicon().phrases()]
    return frozenset(chain.from_iterable(phrases)), frozenset(chain.from_iterable(map(pairwise, phrases)))
