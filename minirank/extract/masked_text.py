"""What is read of a document: its plain form, with one placeholder for each span that says who a person is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from minirank.extract.edited_text import EditedText
from minirank.extract.normalise import normalise
from minirank.extract.personal import find_personal
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
    Returns: (text, masks in the order of the source); spans of one kind with only blanks between are one.
    """
    text = normalise(source[:_SOURCE_LIMIT])
    spans = list(_joined(text.text, find_personal(text.text, names)))
    masks = [Mask(*text.source_span(start, end), kind) for start, end, kind in spans]
    text.edit((start, end, PLACEHOLDER) for start, end, _ in spans)
    text.cut(TEXT_LIMIT)
    read = text.text.count(PLACEHOLDER)
    return text, tuple(masks[:read])


def masked_text(source: str, masks: Iterable[Mask], flagged: Iterable[Flag], replacement: Callable[[Mask | Flag, str], str]) -> EditedText:
    """The same text where its masks and flags are known.

    Args:
        source: str.
        masks: of `read_text`.
        flagged: what else is replaced; of two spans that overlap the first one's replacement stands for both.
        replacement: of a mask or a flag, and of the plain text that stood there.
    """
    text = normalise(source[:_SOURCE_LIMIT])
    edits: list[tuple[int, int, str]] = []
    spans: list[Mask | Flag] = [*flagged, *masks]
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start, end = text.text_span(span.start, span.end)
        if edits and start < edits[-1][1]:
            edits[-1] = (edits[-1][0], max(end, edits[-1][1]), edits[-1][2])
        elif start < end:
            edits.append((start, end, replacement(span, text.text[start:end])))
    text.edit(edits)
    text.cut(TEXT_LIMIT)
    return text


def clean_text(source: str, flagged: Iterable[Flag] = (), masks: Iterable[Mask] = ()) -> str:
    """The text that words and similarities are made of: without flags and masks, a space in the place of each."""
    return masked_text(source, masks, flagged, lambda span, plain: " ").text


def _joined(plain: str, spans: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Spans of one kind with nothing but blanks between as one."""
    last = None
    for start, end, kind in spans:
        if last is not None and last[2] == kind and not plain[last[1] : start].strip(" "):
            last = (last[0], end, kind)
        else:
            if last is not None:
                yield last
            last = (start, end, kind)
    if last is not None:
        yield last
