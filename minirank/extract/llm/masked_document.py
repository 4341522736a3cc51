"""The form in which a document leaves the machine: nothing hidden, nothing flagged, nobody's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from minirank.extract.llm.edited_text import EditedText
from minirank.extract.personal import find_personal
from minirank.extract.schema import Flag
from minirank.extract.suspicion import merge_flags

# Characters nobody sees: zero width, direction marks, tag characters, byte order marks, lone surrogates.
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f\ud800-\udfff"
_BLANKS = re.compile(rf"[\s\x00-\x1f\x7f-\x9f{_UNSEEN}]+")
_ONLY_UNSEEN = re.compile(rf"[{_UNSEEN}]+")
# What could close the prompt's own quotation marks, or open a chat turn.
_DELIMITERS = re.compile(r"(?i)<(?=\||/?\s?(?:document|job|resume|example|answer)\b)|\[(?=/?INST\])|<(?=</?SYS>>)")
_LEAST, _REACH = 200, 0.5  # characters of a chunk; share of it that is searched for a good place to cut


class MaskedDocument:
    """A document as a model sees it.

    Flagged spans are gone, so are unseen characters; runs of blanks are one blank or one line break (the same text
    with and without a flagged line is the same request); personal data are placeholders.

    Args:
        source: the document.
        flagged: Flags with offsets into it.
        names: mask names too, as in resumes.
    """

    def __init__(self, source: str, flagged: Iterable[Flag] = (), names: bool = True) -> None:
        self.source = source
        open_spans = EditedText(source, [(f.start, f.end, _blank(source[f.start : f.end])) for f in merge_flags(flagged)])
        plain = EditedText(open_spans.text, _blanks(open_spans.text))
        safe = EditedText(plain.text, [(m.start(), m.end(), m[0] + " ") for m in _DELIMITERS.finditer(plain.text)])
        masked, self._placeholders = mask(safe.text, names)
        self.text = masked.text
        self._layers = (masked, safe, plain, open_spans)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of a span of `text`."""
        for layer in self._layers:
            start, end = layer.source_span(start, end)
        return start, end

    def restored(self, text: str) -> str:
        """Words of a model with the personal data put back."""
        return restore(text, self._placeholders)


def _blanks(text: str) -> Iterator[tuple[int, int, str]]:
    for m in _BLANKS.finditer(text):
        nothing = m.start() == 0 or m.end() == len(text) or _ONLY_UNSEEN.fullmatch(m[0])
        replacement = "" if nothing else _blank(m[0])
        if m[0] != replacement:
            yield m.start(), m.end(), replacement


def _blank(text: str) -> str:
    return "\n" if "\n" in text or "\r" in text else " "


def mask(text: str, names: bool = True) -> tuple[EditedText, dict[str, str]]:
    """The text with placeholders (`[EMAIL_1]`, `[NAME_2]` ...) in the place of personal data.

    The same data get the same placeholder; none is used that the text itself holds.

    Args:
        text: str, any length.
        names: look for names too.
    Returns: the edited text, and placeholder -> what stood there.
    """
    given: dict[tuple[str, str], str] = {}
    edits = []
    for start, end, kind in find_personal(text, names):
        found = text[start:end]
        if (kind, found) not in given:
            number = 1 + sum(k == kind for k, _ in given)
            while f"[{kind}_{number}]" in text or f"[{kind}_{number}]" in given.values():
                number += 1
            given[kind, found] = f"[{kind}_{number}]"
        edits.append((start, end, given[kind, found]))
    return EditedText(text, edits), {placeholder: found for (_, found), placeholder in given.items()}


def restore(text: str, placeholders: dict[str, str]) -> str:
    """The text with what stood in the place of its placeholders."""
    for placeholder, found in placeholders.items():
        text = text.replace(placeholder, found)
    return text


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
