"""A plain text cut into sections and sentences."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate

from minirank.extract.edited_text import EditedText

# SPEED: one character class in front lets the engine skip from candidate to candidate.
_SENTENCE = re.compile(r"[.!?\n•。！？；](?:(?<=[\n•。！？；])|(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\betc\.)['\")]?[ ]+(?=[^a-z ]))")
# A placeholder (`<NAME>`), a word with the signs that belong to it (`C++`, `CI/CD`), a flagged span, or any other single character.
WORDS = re.compile(r"(<\w{1,20}>|[^\W_](?:[\w.+#'/&-]*[\w+#])?|\x01+|[^\s\x01])")
_HEADING_MARKUP = " *#_=:|>[]/~+•-\"'"
_NUMBERED = re.compile(r"(?:\d{1,2}|[IVX]{1,4}|[A-H](?=[.)] ))[.)] ?")
_LONGEST_HEADING = 48
# `We bake. You have: an oven licence.`: a heading within a line.
_WITHIN = re.compile(rf"[.!?;] {{1,2}}([^\W\d_][^.:!?;\n]{{1,{_LONGEST_HEADING - 2}}}):(?=\s)")


class NormalisedText:
    """The plain form of a text with its sentences and sections; all offsets are into `plain`.

    Args:
        text: what the source became.
        plain: `text.text`, of the same length, flagged spans blanked.
        headings: heading in lower case -> section kind.

    `sentences` are the sorted start offsets of the sentences.
    """

    def __init__(self, text: EditedText, plain: str, headings: Mapping[str, str]) -> None:
        self.text, self.plain = text, plain
        self.sentences = sentence_starts(plain)
        self._starts, self._kinds = _sections(plain, headings)

    @cached_property
    def words(self) -> tuple[list[str], list[int], list[int]]:
        """Words as they stand there, where each starts and where it ends."""
        # SPEED: split, accumulate and map run in C, in less time than a finditer loop.
        parts = WORDS.split(self.plain)
        offsets = list(accumulate(map(len, parts)))
        return parts[1::2], offsets[:-1:2], offsets[1::2]

    def quote(self, start: int, end: int) -> tuple[str, int, int]:
        """The words of the source that a span stands for, and their offsets there."""
        start, end = self.text.source_span(start, end)
        return self.text.source[start:end], start, end

    def source_spans(self, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Offsets in the source of spans."""
        return [self.text.source_span(*span) for span in spans]

    def sentence(self, position: int) -> tuple[int, int]:
        """(start, end) of the sentence at an offset."""
        at = bisect_right(self.sentences, position)
        return self.sentences[at - 1], self.sentences[at] if at < len(self.sentences) else len(self.plain)

    def section(self, position: int) -> str | None:
        """Kind of the section at an offset, None before the first heading."""
        return self._kinds[bisect_right(self._starts, position) - 1]

    def is_heading(self, line: int) -> bool:
        """Whether the line that begins at an offset is, or begins with, a heading."""
        at = bisect_right(self._starts, line) - 1
        return self._starts[at] == line and at > 0

    def section_start(self, position: int) -> int:
        """Where the section at an offset starts: at its heading, or at 0."""
        return self._starts[bisect_right(self._starts, position) - 1]

    def spans(self, kind: str | None) -> list[tuple[int, int]]:
        """(start, end) of every section of a kind, in order."""
        ends = [*self._starts[1:], len(self.plain)]
        return [(a, b) for a, b, k in zip(self._starts, ends, self._kinds, strict=True) if k == kind]

    def has(self, kind: str) -> bool:
        """Whether a section of this kind exists."""
        return kind in self._kinds


def sentence_starts(plain: str) -> list[int]:
    """Sorted start offsets of the sentences of a plain text, the first one 0."""
    return [0, *(m.end() for m in _SENTENCE.finditer(plain))]


def within(spans: list[tuple[int, int]], position: int) -> bool:
    """Whether an offset lies in one of sorted spans without overlaps."""
    at = bisect_right(spans, (position, sys.maxsize)) - 1
    return at >= 0 and position < spans[at][1]


def _sections(plain: str, headings: Mapping[str, str]) -> tuple[list[int], list[str | None]]:
    """Start offsets and kinds of the sections.

    A heading is a line of its own, or the words before a colon at the start of a line; the latter
    (`Nice to have: Go`) lasts to the end of its paragraph, or to the next one in the line, the former to the next heading. A fact
    of the job (`Salary: 50k`) is told on its line, or in the paragraph below it; then the section before goes on.
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
            if number := _NUMBERED.match(content):
                content = content[number.end() :]
            head, colon, rest = content[: _LONGEST_HEADING + 1].partition(":")
            kind = None
            if len(head) <= _LONGEST_HEADING and (colon or len(head) == len(content)):
                kind = headings.get(head.rstrip(_HEADING_MARKUP).lower())
            if kind is not None:
                told = bool(rest.strip())
                inline = told or kind == "fact"
                if not inline:
                    current = kind
                starts.append(begin)
                kinds.append("other" if kind == "fact" else kind)
                if told and kind == "fact":
                    starts.append(begin + len(line) + 1)
                    kinds.append(current)
                    inline = False
            for m in _WITHIN.finditer(line) if ": " in line else ():
                kind = headings.get(m[1].lower())
                if kind is not None:
                    inline = True
                    starts.append(begin + m.start(1))
                    kinds.append(kind)
        begin += len(line) + 1
    return starts, kinds
