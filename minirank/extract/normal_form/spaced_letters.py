"""Headings in s p a c e d letters, and others whose blanks are not where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from minirank.extract.edited_text import EditedText
from minirank.extract.normal_form.known_words import LETTER, is_word, known_parts
from minirank.extract.rules.lexicon import lexicon

_CJK = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
_SPACED = re.compile(
    rf"(?:^|(?<=[\n|•:]))[ *#_=>/\[-]{{0,40}}(?:(?:\d{{1,2}}|[IVX]{{1,4}})[.)][ *#_=>/\[-]{{0,8}})?"
    rf"(?P<run>{LETTER}(?:[ ]{{1,8}}(?:{LETTER}|[&/]|['-](?= {{1,8}}{LETTER} {{1,8}}{LETTER}))){{3,60}}|{_CJK}(?:[ ]{{1,8}}{_CJK}){{1,20}})"
    r"(?=[ *#_=\]-]{0,40}(?:[\n|•:(,]|$)|[ ]{3})"
)
# The same with another sign than a blank, of known words alone: `S.K.I.L.L.S`.
_DOTTED = re.compile(
    rf"(?:^|(?<=\n))[ ]{{0,40}}(?P<run>{LETTER}(?P<sign>[.•_-]){LETTER}(?:(?P=sign){LETTER}){{3,30}})(?=[ ]{{0,40}}[:\n]|$)"
)
_DOTTED_LETTERS = re.compile(rf"[.•_-]{LETTER}[.•_-]{LETTER}[.•_-]")
# A line of capitals, which a heading may be that has its blanks where a PDF file has gaps: `EX PERIENCE`.
_CAPITALS = re.compile(r"\n[ *#_=>/\[•-]{0,40}(?P<run>[A-Z&]{1,20}(?: [A-Z&]{1,20}){1,9})(?=[ :*#_=\]-]{0,40}(?:\n|$))")
# Letters below each other, from the margin of a page.
_UPRIGHT = re.compile(rf"(?:^|(?<=\n))(?P<run>{LETTER}(?:\n{LETTER}){{3,30}})(?=\n|$)")
_UPRIGHT_LETTERS = re.compile(rf"\n{LETTER}\n{LETTER}\n")
# SPEED: what a spaced line has, to be looked for first.
_SPACED_LETTERS = re.compile(rf" {LETTER} {{1,8}}[^\s\d] {{1,8}}{LETTER}\b")
_SPACED_CJK = re.compile(f"{_CJK} {{1,8}}{_CJK}")


def close_up(plain: EditedText) -> None:
    """Edit a text: a line of spaced letters becomes words; so do letters below each other, and dotted ones, where all are known."""
    if _SPACED_LETTERS.search(plain.text) or (not plain.text.isascii() and _SPACED_CJK.search(plain.text)):
        plain.edit((*m.span("run"), _unspaced(m["run"])) for m in _SPACED.finditer(plain.text))
    plain.edit(_respaced(plain.text))
    if _UPRIGHT_LETTERS.search(plain.text):
        plain.edit(_known_words(_UPRIGHT.finditer(plain.text), "\n"))
    if _DOTTED_LETTERS.search(plain.text):
        plain.edit(_known_words(_DOTTED.finditer(plain.text)))


def _unspaced(run: str) -> str:
    """Words of spaced letters: those that a wider gap parts; of a single run, those that the vocabulary knows."""
    gap = min(map(len, re.findall(" +", run)))
    words = [word for part in re.split(rf"[ ]{{{gap + 1},}}", run) for word in re.split(r"([&/])", part.replace(" ", "")) if word]
    return " ".join(" ".join(known_parts(word)) for word in words)


def _respaced(text: str) -> Iterator[tuple[int, int, str]]:
    """Edits that set the blanks of headings in capitals where they belong."""
    for m in _CAPITALS.finditer(f"\n{text}"):
        spellings = _squeezed_headings().get(m["run"].replace(" ", ""), (m["run"],))
        if m["run"] not in spellings:
            yield m.start("run") - 1, m.end("run") - 1, spellings[0]


@cache
def _squeezed_headings() -> dict[str, list[str]]:
    """Headings in capitals without their blanks -> with them, the longest spelling first."""
    found: dict[str, list[str]] = {}
    headings = {phrase.upper() for phrases in lexicon().data["headings"].values() for phrase in phrases}
    for heading in sorted(headings, key=lambda heading: (-len(heading), heading)):
        found.setdefault(heading.replace(" ", ""), []).append(heading)
    return found


def _known_words(runs: Iterable[re.Match], sign: str | None = None) -> Iterator[tuple[int, int, str]]:
    """Edits that make known words of letters with a sign between them."""
    for m in runs:
        word = m["run"].replace(sign or m["sign"], "")
        words = known_parts(word)
        if words != [word] or is_word(word, 3):
            yield *m.span("run"), " ".join(words)
