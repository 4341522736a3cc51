"""What is read of a document: its plain form, with one placeholder for each span that says who a person is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from minirank.extract.edited_text import EditedText
from minirank.extract.normal_form.normalise import normalise
from minirank.extract.schema import Flag, Mask

TEXT_LIMIT = 100_000  # characters of a document that are read: some thirty times a long resume
PLACEHOLDER = "\x01"  # a word of its own, which no phrase contains; plain forms have no control characters
# Of the source: more than is read, so that what is cut off does not hang on how long a masked name is.
_SOURCE_LIMIT = 4 * TEXT_LIMIT


def read_text(source: str, names: bool = True) -> tuple[EditedText, tuple[Mask, ...]]:
    """The plain form of a document, personal spans replaced, and these spans.

    Args:
        source: str, any length; TEXT_LIMIT characters of what it becomes are read.
        names: whether it is about a person, whose name and traits are masked too; else addresses and numbers alone.
    Returns: (text, masks in the order of the source). Spans with nothing but blanks between have one placeholder: of how many
        words a name is, and of which kind each is, does not show.
    """
    from minirank.extract.personal import find_personal  # only here: a text whose spans are known needs none of its patterns

    text = normalise(source[:_SOURCE_LIMIT])
    found = find_personal(text.text, names)
    spans = _joined(text.text, [(start, end) for start, end, _ in found])
    text.cut(_read_length(spans))
    length = len(text.text)
    masks = [Mask(*text.source_span(start, end), kind) for start, end, kind in found if start < length]
    text.edit((start, end, PLACEHOLDER) for start, end in spans if start < length)
    return text, tuple(masks)


def masked_text(source: str, masks: Iterable[Mask], flagged: Iterable[Flag], replacement: Callable[[Mask | Flag, str], str]) -> EditedText:
    """The same part of the text where its masks and flags are known.

    Args:
        source: str.
        masks: of `read_text`.
        flagged: what else is replaced; of two spans that overlap the first one's replacement stands for both.
        replacement: of a mask or a flag, and of the plain text that stood there.
    """
    text, masks = normalise(source[:_SOURCE_LIMIT]), sorted(masks, key=lambda mask: mask.start)
    text.cut(_read_length(_joined(text.text, [text.text_span(mask.start, mask.end) for mask in masks])))
    edits: list[tuple[int, int, str]] = []
    spans: list[Mask | Flag] = [*flagged, *masks]
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start, end = text.text_span(span.start, span.end)
        if edits and start < edits[-1][1]:
            edits[-1] = (edits[-1][0], max(end, edits[-1][1]), edits[-1][2])
        elif start < end:
            edits.append((start, end, replacement(span, text.text[start:end])))
    text.edit(edits)
    return text


def clean_form(source: str, flagged: Iterable[Flag] = (), masks: Iterable[Mask] = ()) -> EditedText:
    """What words and similarities are made of: the plain form without flags and masks, a space in the place of each."""
    return masked_text(source, masks, flagged, lambda span, plain: " ")


def clean_text(source: str, flagged: Iterable[Flag] = (), masks: Iterable[Mask] = ()) -> str:
    """The text of `clean_form`."""
    return clean_form(source, flagged, masks).text


def _joined(plain: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans; those with nothing but blanks between as one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and not plain[joined[-1][1] : start].strip(" "):
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _read_length(spans: Iterable[tuple[int, int]]) -> int:
    """Characters of a plain text of which TEXT_LIMIT are left when a placeholder stands for each span."""
    length = TEXT_LIMIT
    for start, end in spans:
        if start >= length:
            break
        length += end - start - 1
    return length
