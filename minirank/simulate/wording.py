"""Choosing words: a cheap source of choices for each text, and phrases known or unknown to the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .phrasebook import Phrasebook

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = ("twenty", "thirty", "forty", "fifty")


@dataclass(frozen=True)
class Mention:
    """One thing that a text says on purpose.

    Args:
        kind: must, nice, skill, title, seniority, years, education, remote, available, moves or leads, all worded by the
            phrasebook; city, salary, employer, industry, school or start (of a career entry), which have one wording.
        value: canonical name (a skill, a title, a level ...); of a salary, whole units a year.
        phrase: the words used, as they stand in the text (but for a typo).
        known: whether they come from the half of the phrasebook that the rules know.
        cue: for must and nice, whether the words that tell the two apart are known; None elsewhere.
        depth: for a skill of a resume, how well, where words around it say so; None elsewhere.
    """

    kind: str
    value: str
    phrase: str
    known: bool
    cue: bool | None = None
    depth: str | None = None


class Writer:
    """Choices for one text, from a row of uniform numbers that it walks round and round.

    Args:
        book: Phrasebook.
        numbers: list of floats in [0, 1).
        known_share: chance that a mention is worded as the rules know it.
    """

    def __init__(self, book: Phrasebook, numbers: list[float], known_share: float):
        self.book, self.numbers, self.known_share = book, numbers, known_share
        self.at = 0
        self.mentions: list[Mention] = []

    def chance(self) -> float:
        self.at = (self.at + 1) % len(self.numbers)
        return self.numbers[self.at]

    def pick(self, options: Sequence[Any]) -> Any:
        return options[int(self.chance() * len(options))]

    def some(self, options: Sequence[Any], count: int) -> list:
        """`count` different options, in an order of their own."""
        pool, out = list(options), []
        for _ in range(min(count, len(pool))):
            out.append(pool.pop(int(self.chance() * len(pool))))
        return out

    def knows(self) -> bool:
        """Whether the next thing is said with a phrase known to the rules."""
        return self.chance() < self.known_share

    def phrase(self, part: str, name: str, known: bool | None = None) -> tuple[str, bool]:
        """A phrase for a thing of the phrasebook, and whether it is from the known half."""
        known = self.knows() if known is None else known
        return self.pick(self.book.phrases[part][name]["known" if known else "unknown"]), known

    def mention(self, kind: str, part: str, name: str, cue: bool | None = None) -> str:
        """A phrase, noted as a mention."""
        words, known = self.phrase(part, name)
        self.mentions.append(Mention(kind, name, words, known, cue))
        return words

    def note(self, kind: str, value: str, words: str) -> str:
        """Words that a thing is always said with, noted as a mention."""
        self.mentions.append(Mention(kind, value, words, True))
        return words

    def mention_years(self, part: str, years: int) -> str:
        """A phrase with a number of years, noted as a mention."""
        words, known = self.phrase(part, part)
        text = words.format(n=years, word=spelled(years))
        self.mentions.append(Mention("years", str(years), text, known))
        return text

    def heading(self, name: str, known: bool | None = None) -> str:
        return self.phrase("headings", name, known)[0]

    def typo(self, text: str, rate: float = 0.15) -> str:
        """Swap two neighbouring letters of one long word, in a share `rate` of texts."""
        if self.chance() >= rate or len(text) < 80:
            return text
        at = int(self.chance() * (len(text) - 60)) + 30
        for i in range(at, len(text) - 3):
            if text[i - 1 : i + 3].isalpha() and text[i - 1 : i + 3].islower():
                return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        return text


def listed(items: Sequence[str]) -> str:
    """a, b and c"""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def sentence(text: str) -> str:
    """With a capital letter and a full stop; a brand that begins in lower case keeps it."""
    first = text.split(" ", 1)[0]
    text = text if any(c.isupper() for c in first) else text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def spelled(number: int) -> str:
    """A whole number below 60 in words."""
    if number < 20:
        return UNITS[number]
    tens = TENS[number // 10 - 2]
    return f"{tens}-{UNITS[number % 10]}" if number % 10 else tens
