"""The form in which a document leaves the machine: nothing hidden, nothing flagged, nobody's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from minirank.extract.masked_text import masked_text
from minirank.extract.schema import Flag, Mask

PLACEHOLDERS = re.compile(r"\[[A-Z]+_\d+\]")
_BLANKS = re.compile(r"\s+")
# What could close the prompt's own quotation marks, or open a chat turn.
_DELIMITERS = re.compile(r"(?i)<(?=\||/?\s?(?:document|job|resume|example|answer)\b)|\[(?=/?INST\])|<(?=</?SYS>>)")
_LEAST, _REACH = 200, 0.5  # characters of a chunk; share of it that is searched for a good place to cut


class MaskedDocument:
    """A document as a model sees it.

    Its plain form (see `normalise`), at most TEXT_LIMIT characters. Flagged spans are gone; runs of blanks are one blank or
    one line break (the same text with and without a flagged line is the same request); personal data are placeholders,
    the same data the same one (`[EMAIL_1]`, `[NAME_2]` ...), and none is used that the text itself holds.

    Args:
        source: the document.
        flagged: Flags with offsets into it.
        masks: Masks, likewise.
    """

    def __init__(self, source: str, flagged: Iterable[Flag] = (), masks: Iterable[Mask] = ()) -> None:
        self.source = source
        self._given: dict[tuple[str, str], str] = {}
        self._numbers: Counter[str] = Counter()
        self._taken = frozenset(PLACEHOLDERS.findall(source))
        text = masked_text(source, masks, flagged, self._replacement)
        text.edit(_blanks(text.text))
        text.edit((m.start(), m.end(), m[0] + " ") for m in _DELIMITERS.finditer(text.text))
        self._edited, self.text = text, text.text

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of a span of `text`."""
        return self._edited.source_span(start, end)

    def restored(self, text: str) -> str:
        """Words of a model with the personal data put back."""
        for (_, found), placeholder in self._given.items():
            text = text.replace(placeholder, found)
        return text

    def impersonal(self, text: str) -> str:
        """Words of a model, or of `text`, without the placeholders."""
        for placeholder in self._given.values():
            text = text.replace(placeholder, " ")
        return " ".join(text.split())

    def _replacement(self, span: Flag | Mask, found: str) -> str:
        if isinstance(span, Flag):
            return _blank(found)
        if (span.kind, found) not in self._given:
            self._numbers[span.kind] += 1
            while f"[{span.kind}_{self._numbers[span.kind]}]" in self._taken:
                self._numbers[span.kind] += 1
            self._given[span.kind, found] = f"[{span.kind}_{self._numbers[span.kind]}]"
        return self._given[span.kind, found]


def _blanks(text: str) -> Iterator[tuple[int, int, str]]:
    for m in _BLANKS.finditer(text):
        replacement = "" if m.start() == 0 or m.end() == len(text) else _blank(m[0])
        if m[0] != replacement:
            yield m.start(), m.end(), replacement


def _blank(text: str) -> str:
    return "\n" if "\n" in text else " "


def chunks(text: str, most: int) -> list[tuple[int, int]]:
    """(start, end) of pieces of at most `most` characters, cut at a line break, else after a sentence, else at a blank.

    Args:
        text: a document's `MaskedDocument.text`.
        most: characters; at least 200.
    Returns: spans that cover the text; one empty text has none.
    """
    most = max(most, _LEAST)
    found, start = [], 0
    while len(text) - start > most:
        end = _cut(text, start, start + most)
        found.append((start, end))
        start = end
    return found + [(start, len(text))] if start < len(text) else found


def halves(text: str) -> list[tuple[int, int]]:
    """Two spans of a text that a model could not hold, of two characters at least."""
    middle = _cut(text, 0, int(len(text) * 0.6))
    return [(0, middle), (middle, len(text))]


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut before `limit`."""
    least = start + int((limit - start) * _REACH)
    for marks in ("\n", ".。！？!?；;", "，,、 "):
        at = max(text.rfind(mark, least, limit) for mark in marks)
        if at > 0:
            return at + 1
    return limit
