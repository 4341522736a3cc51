"""Grounding: what a model claims must stand in the document, or it is dropped and counted.

Two texts are compared folded: their characters made plain, case folded, runs of blanks as one. A span of a script
with spaces must begin and end where words do (`Java` does not stand in `JavaScript`); for Chinese, Japanese and other
scripts without spaces any substring counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from minirank.extract.llm.masked_document import MaskedDocument
from minirank.extract.normal_form import plain_characters

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_BLANKS = re.compile(r"\s+")
_EDGES = " \t\n\"'.,;:!?()[]{}<>*•-…"
_LONGEST_QUOTE = 600


class _Folded(dict):
    """Case folding of characters that become one character, as a table for `str.translate`."""

    def __missing__(self, code: int) -> int:
        folded = chr(code).casefold()
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDED = _Folded()


class FoldedText:
    """A text folded for comparison, and where its spans stand in the text.

    Args:
        text: str.

    `folded` is the folded text.
    """

    def __init__(self, text: str) -> None:
        self._text, self._edited = text, plain_characters(text)
        self._edited.translate(_FOLDED)
        if not self._edited.text.isascii():  # one letter that becomes two
            self._edited.edit((at, at + 1, c.casefold()) for at, c in enumerate(self._edited.text) if c.casefold() != c)
        self._edited.edit((m.start(), m.end(), " ") for m in _BLANKS.finditer(self._edited.text) if m[0] != " ")
        self.folded = self._edited.text

    def find(self, quote: str) -> tuple[int, int] | None:
        """Offsets in the text of the place where a quote stands: the first in its own spelling, else the first; or None.

        Args:
            quote: as a model wrote it; blanks, quotation marks and punctuation around it do not count. One of more
                than 600 characters stands nowhere.
        """
        if len(quote) > _LONGEST_QUOTE:
            return None
        for wanted in dict.fromkeys((fold(quote), fold(quote.strip(_EDGES)))):
            first = None
            at = self.folded.find(wanted) if wanted else -1
            while at >= 0:
                if self._whole(at, at + len(wanted)):
                    span = self._edited.source_span(at, at + len(wanted))
                    if self._text[slice(*span)] == quote:
                        return span
                    first = first or span
                at = self.folded.find(wanted, at + 1)
            if first is not None:
                return first
        return None

    def _whole(self, start: int, end: int) -> bool:
        """Whether the span begins and ends where words do."""
        return not any(0 < at < len(self.folded) and all(map(_inside_word, self.folded[at - 1 : at + 1])) for at in (start, end))


def fold(text: str) -> str:
    """The folded form of a text, without blanks around it."""
    return FoldedText(text).folded.strip()


def _inside_word(character: str) -> bool:
    return character.isalnum() and not _UNSPACED.match(character)


@dataclass
class ValueCounts:
    """What became of the values of replies.

    Args:
        grounded: kept, with their evidence.
        ungrounded: the quote does not stand in the document.
        leaked: nor there, but in the example of the prompt.
        invalid: a quote that says nothing, or a number out of bounds or not in its quote.
        corrected: kept, but the quote says another level than the model did.
        disputed: kept, but the rules read something else.
        overruled: as disputed, in a document that tries to instruct a model: the rules' value is kept.
        filled: found by the rules alone.
    """

    grounded: int = 0
    ungrounded: int = 0
    leaked: int = 0
    invalid: int = 0
    corrected: int = 0
    disputed: int = 0
    overruled: int = 0
    filled: int = 0

    def add(self, other: ValueCounts) -> None:
        """Add the counts of another document."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    @property
    def dropped(self) -> int:
        """Values that were not kept."""
        return self.ungrounded + self.leaked + self.invalid


class SentText:
    """A piece of a document that was sent, and the example that was sent with it.

    Args:
        masked: the document as a model sees it.
        start, end: the piece of `masked.text`.
        example: folded text of the prompt's example, document and answer.
        counts: gets one count for each quote that is not kept.
    """

    def __init__(self, masked: MaskedDocument, start: int, end: int, example: FoldedText, counts: ValueCounts) -> None:
        self.text, self.counts = masked.text[start:end], counts
        self._outgoing, self._start = masked, start
        self._folded, self._example = FoldedText(self.text), example

    def find(self, quote: str) -> tuple[int, int] | None:
        """Offsets in `text` of a quote; counts it as leaked or ungrounded where there are none."""
        found = self._folded.find(quote)
        if found is None:
            if self._example.find(quote) is not None:
                self.counts.leaked += 1
            else:
                self.counts.ungrounded += 1
        return found

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the document of a span of `text`."""
        return self._outgoing.source_span(self._start + start, self._start + end)

    def impersonal(self, start: int, end: int) -> str:
        """A span of `text` without placeholders of personal data."""
        return self._outgoing.impersonal(self.text[start:end])

    def document(self, start: int, end: int) -> str:
        """The document's own words between two of its offsets."""
        return self._outgoing.source[start:end]
