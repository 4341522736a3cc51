"""A text normalised character by character, cut into sections and sentences; flagged spans blanked or left out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping

from minirank.extract.schema import Flag

# One character for one character, so that every offset stays valid: full-width forms, odd spaces, quotes, dashes.
_NORMAL = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NORMAL |= dict.fromkeys([0, 0x09, 0x0B, 0x0C, 0xA0, 0x1680, *range(0x2000, 0x2010), 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF], ord(" "))
# 0x91 to 0x97: the quotes, bullet and dashes of Windows-1252 that was read as Latin-1.
_NORMAL |= dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0x96, 0x97], ord("-"))
_NORMAL |= dict.fromkeys([0x2018, 0x2019, 0x201A, 0x02BC, 0x60, 0xB4, 0x91, 0x92], ord("'"))
_NORMAL |= dict.fromkeys([0x201C, 0x201D, 0x201E, 0xAB, 0xBB, 0x93, 0x94], ord('"'))
_NORMAL |= dict.fromkeys([0x0D, 0x85, 0x2028, 0x2029], ord("\n"))
_NORMAL |= dict.fromkeys([0x2022, 0x2023, 0x25AA, 0x25CF, 0x25E6, 0x2219, 0xB7, 0x95], ord("•"))

# SPEED: one character class in front lets the engine skip from candidate to candidate.
_SENTENCE = re.compile(r"[.!?\n•。！？；](?:(?<=[\n•。！？；])|(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\betc\.)['\")]?[ ]+(?=[^a-z ]))")
_HEADING_MARKUP = " *#_=:|>•-\"'"
_LONGEST_HEADING = 48


def normalise(text: str) -> str:
    """The text with spaces, quotes, dashes and full-width forms made plain; same length, same offsets."""
    return text.translate(_NORMAL)


class NormalisedText:
    """A normalised text with its sentences and sections.

    Args:
        text: source text.
        plain: its normalised form, same length, flagged spans blanked.
        headings: heading in lower case -> section kind.

    `sentences` are the sorted start offsets of the sentences.
    """

    def __init__(self, text: str, plain: str, headings: Mapping[str, str]) -> None:
        self.text, self.plain = text, plain
        self.sentences = [0, *(m.end() for m in _SENTENCE.finditer(plain))]
        self._starts, self._kinds = _sections(plain, headings)

    def sentence(self, position: int) -> tuple[int, int]:
        """(start, end) of the sentence at an offset."""
        at = bisect_right(self.sentences, position)
        return self.sentences[at - 1], self.sentences[at] if at < len(self.sentences) else len(self.plain)

    def section(self, position: int) -> str | None:
        """Kind of the section at an offset, None before the first heading."""
        return self._kinds[bisect_right(self._starts, position) - 1]

    def spans(self, kind: str | None) -> list[tuple[int, int]]:
        """(start, end) of every section of a kind, in order."""
        ends = [*self._starts[1:], len(self.plain)]
        return [(a, b) for a, b, k in zip(self._starts, ends, self._kinds, strict=True) if k == kind]

    def has(self, kind: str) -> bool:
        """Whether a section of this kind exists."""
        return kind in self._kinds


def _sections(plain: str, headings: Mapping[str, str]) -> tuple[list[int], list[str | None]]:
    """Start offsets and kinds of the sections.

    A heading is a line of its own, or the words before a colon at the start of a line; the latter
    (`Nice to have: Go`) lasts to the end of its paragraph, the former to the next heading.
    """
    starts: list[int] = [0]
    kinds: list[str | None] = [None]
    current, inline, begin = None, False, 0
    for line in plain.split("\n"):
        content = line.strip(_HEADING_MARKUP)
        if not content:
            if inline and not line.strip():
                starts.append(begin)
                kinds.append(current)
                inline = False
        else:
            head, colon, rest = content[: _LONGEST_HEADING + 1].partition(":")
            kind = headings.get(head.rstrip(_HEADING_MARKUP).lower()) if len(head) <= _LONGEST_HEADING else None
            if kind is not None and (colon or len(head) == len(content)):
                inline = bool(rest.strip())
                if not inline:
                    current = kind
                starts.append(begin)
                kinds.append(kind)
        begin += len(line) + 1
    return starts, kinds


def blank(plain: str, flagged: Iterable[Flag]) -> str:
    """The text with every flagged span overwritten by a character that no phrase contains; same length."""
    return _replaced(plain, flagged, lambda flag: "\x01" * (flag.end - flag.start))


def clean_text(text: str, flagged: Iterable[Flag]) -> str:
    """The text without its flagged spans, a space in the place of each; for tokens and similarities."""
    return _replaced(text, flagged, lambda flag: " ")


def _replaced(text: str, flagged: Iterable[Flag], replacement: Callable[[Flag], str]) -> str:
    """The text with its flagged spans replaced; Flags in any order, of two that overlap the first one counts."""
    parts: list[str] = []
    position = 0
    for flag in sorted(flagged, key=lambda f: f.start):
        if flag.start >= position:
            parts += (text[position : flag.start], replacement(flag))
        position = max(position, flag.end)
    return "".join((*parts, text[position:]))
