"""Finds what a text says of who a person is; see PERSONAL.md for what is found and what is not."""

from __future__ import annotations

import re

from minirank.extract.personal.contact import Span, find_contacts, find_streets
from minirank.extract.personal.fields import find_fields, spans_of
from minirank.extract.personal.names import find_names
from minirank.extract.personal.traits import after_name, find_traits
from minirank.extract.personal.word_lists import fold

_WORDS = re.compile(r"[^\W\d_]+")
_BLANKS = {code: " " for code in range(128) if not chr(code).isalpha()}
_BETWEEN = re.compile(r"[ /,'()\"|-]{0,3}")


def find_personal(text: str, names: bool = True) -> list[Span]:
    """(start, end, kind) of personal data, sorted, without overlaps; neighbours of one kind are one.

    Args:
        text: str, normalised.
        names: the text is a person's own, such as a resume: its name is looked for in the first lines and wherever it recurs,
            and traits of the person are found. Otherwise, as in a posting, contact lines and the names behind labels (`Contact:`)
            and forms of address (`Ms. Doe`) alone.
    Returns: kind is NAME, EMAIL, URL, PHONE, ADDRESS, BIRTH, AGE, STATUS, GENDER, NATIONALITY, BELIEF, HEALTH, ID, PHOTO or PRONOUN.
    """
    flat = fold(text)
    # SPEED: in ASCII in a fifth of the time.
    words = set(flat.translate(_BLANKS).split() if flat.isascii() else _WORDS.findall(flat))
    found = find_contacts(text, flat)
    fields = find_fields(flat)
    if names:
        found += find_streets(text, flat, words)
        found += find_traits(text, flat, words)
        for field in fields:
            found += spans_of(field, flat)
    known = find_names(text, flat, words, fields, [span for span in found if span[2] in ("EMAIL", "URL")], names)
    found += known
    if names:
        for _, end, _ in known:
            if (m := after_name().match(flat, end)) is not None:
                found.append((m.start(), m.end(), "AGE"))
    return _without_overlaps(text, found)


def _without_overlaps(text: str, found: list[Span]) -> list[Span]:
    """Sorted; of spans that overlap one, from the first start to the last end, of the kind of the longest."""
    kept: list[Span] = []
    for start, end, kind in sorted(found, key=lambda span: (span[0], -span[1])):
        while start < end and text[start] == " ":
            start += 1
        while start < end and text[end - 1] == " ":
            end -= 1
        if start >= end:
            continue
        if kept:
            a, b, last = kept[-1]
            if start < b:
                kept[-1] = a, max(b, end), last if b - a >= end - start else kind
                continue
            if kind == last and kind in ("NAME", "PRONOUN", "ADDRESS") and "\n" not in text[b:start] and _BETWEEN.fullmatch(text, b, start):
                kept[-1] = a, end, kind
                continue
        kept.append((start, end, kind))
    return kept
