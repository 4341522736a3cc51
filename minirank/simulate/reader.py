"""A reader of known quality: what an LLM that finds a share of the facts, and makes some up, would extract from a world.

A fact is what a text says of its job or person, in words of either half of the phrasebook. The reader finds each with
probability `recall`, one by one; what it finds at a recall it finds at every higher one, for the dice are keyed by seed, text
and fact. `made_up` is the share of the values it writes that no text supports: values of other texts, quoted from words that
say something else. One stands beside true ones in a list, or where the text says nothing or the reader found nothing; with
recall 0 nothing is written. Of an employer the reader knows the industry, as a person knows those of known names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from random import Random
from typing import Any
from zlib import crc32

import numpy as np

from minirank.errors import ConfigError
from minirank.extract.feature_files import Features, iso_time
from minirank.extract.rules.lexicon import lexicon
from minirank.extract.rules.scanned_text import ScannedText
from minirank.extract.schema import AnyFeatures, JobFeatures, ResumeFeatures, Value

from .truth import FOUND, MADE_UP, keyed_uniform
from .wording import Mention
from .world import World

MOST_MADE_UP = 0.9  # nine for each true value
TRIES = 12  # at a value that nothing in a text bears out
WEEKS = {"now": 0, "soon": 4, "later": 13}  # of notice, where the words name no number of months
_MONTHS = re.compile(r"\b(\d{1,2}) months?\b")
_WORD = re.compile(r"\w+")
# What kind of mention is which feature; those that a list below does not name stand under their own name.
_NAMES = {"must": "must_have", "nice": "nice_to_have", "skill": "skills", "city": "location", "leads": "leadership"}
_NAMES |= {"available": "notice", "employer": "employers", "industry": "industries", "school": "schools"}
_IDS = ("job_id", "resume_id", "updated_at", "flagged", "masked")
# The features of a job or a resume that hold values, and those of them that are lists.
_VALUES = {kind: tuple(f.name for f in fields(kind) if f.name not in _IDS) for kind in (JobFeatures, ResumeFeatures)}
_LISTS = {kind: frozenset(f.name for f in fields(kind) if f.default == ()) for kind in (JobFeatures, ResumeFeatures)}
_UNREAD = ("moves", "start")  # a habit, which tenure tells better; dates, of which the features are made


@dataclass
class _Text:
    """A text and all that it says.

    found: the features with every fact; they hold its ids, masks and flags.
    hidden: spans that are masked or flagged.
    """

    text: str
    found: AnyFeatures
    hidden: list[tuple[int, int]]

    def facts(self) -> Iterator[tuple[str, Value]]:
        """Name of a feature and its value, one a fact."""
        for name in _VALUES[type(self.found)]:
            item = getattr(self.found, name)
            yield from ((name, value) for value in (item if isinstance(item, tuple) else () if item is None else (item,)))

    @cached_property
    def words(self) -> list[tuple[int, int]]:
        """Spans of the words that say no fact and can be read."""
        taken = [*self.hidden, *((value.start, value.end) for _, value in self.facts())]
        return [m.span() for m in _WORD.finditer(self.text) if not _meets(*m.span(), taken)]


class Reader:
    """Reads the texts of a world; all that they say is looked up once.

    Args:
        world: World.
    """

    def __init__(self, world: World):
        self.world = world
        self._jobs = [_job(world, row, *text) for row, text in enumerate(world.job_texts())]
        self._resumes = [_resume(world, row, *text) for row, text in enumerate(world.resume_texts())]

    def read(self, recall: float, made_up: float = 0.0) -> Features:
        """What a reader finds.

        Args:
            recall: chance that it finds a fact, in [0, 1].
            made_up: share of made-up values among those that it writes, in [0, MOST_MADE_UP].
        Returns: Features, rows as in jobs.jsonl and resumes.jsonl.
        Raises:
            ConfigError: a share is out of its range.
        """
        if not 0 <= recall <= 1:
            raise ConfigError(f"the reader's recall must lie between 0 and 1, got {recall}")
        if not 0 <= made_up <= MOST_MADE_UP:
            raise ConfigError(f"the share of made-up values must lie between 0 and {MOST_MADE_UP}, got {made_up}")
        rate = made_up / (1 - made_up)
        return Features(list(self._read(self._jobs, 0, recall, rate)), list(self._read(self._resumes, 1, recall, rate)))

    def _read(self, texts: list[_Text], kind: int, recall: float, rate: float) -> Iterator[Any]:
        facts = [list(text.facts()) for text in texts]
        text_of = np.repeat(np.arange(len(texts)) * 2 + kind, [len(each) for each in facts])
        fact = np.array([_key(name, value) for each in facts for name, value in each], np.int64)
        seed = self.world.config.seed
        found = iter((keyed_uniform(seed, FOUND, text_of, fact) < recall).tolist())
        extra = iter(np.floor(keyed_uniform(seed, MADE_UP, text_of, fact) + rate).astype(int).tolist())
        for row, (text, said) in enumerate(zip(texts, facts, strict=True)):
            known = [(each, copies) for each, hit, copies in zip(said, found, extra) if hit]
            written = [each for each, _ in known]
            for (name, value), copies in known:
                for copy in range(copies):
                    dice = Random(f"{seed} {kind} {row} {name} {value.value} {copy}")
                    written += _made_up(dice, text, said, written, facts)
            yield replace(text.found, **_gathered(type(text.found), written))


def _key(name: str, value: Value) -> int:
    return crc32(f"{name} {value.value}".encode())


def _gathered(kind: type[AnyFeatures], facts: Iterable[tuple[str, Value]]) -> dict[str, Any]:
    """Every feature of a kind from its facts, the first of each value."""
    found: dict[str, dict] = defaultdict(dict)
    for name, value in facts:
        found[name].setdefault(value.value, value)
    lists, names = _LISTS[kind], _VALUES[kind]
    return {name: tuple(found[name].values()) if name in lists else next(iter(found[name].values()), None) for name in names}


def _made_up(dice: Random, text: _Text, said: list, written: list, facts: list) -> list[tuple[str, Value]]:
    """At most one value of another text which this one does not hold, with words of this one that say no fact."""
    lists = _LISTS[type(text.found)]
    for _ in range(TRIES if text.words else 0):
        other = facts[int(dice.random() * len(facts))]
        name, value = other[int(dice.random() * len(other))]
        alike = ("must_have", "nice_to_have") if name in ("must_have", "nice_to_have") else (name,)
        if any(held in alike and fact.value == value.value for held, fact in (*said, *written)):
            continue
        if name not in lists and any(held == name for held, _ in written):
            continue
        start, end = text.words[int(dice.random() * len(text.words))]
        return [(name, replace(value, quote=text.text[start:end], start=start, end=end))]
    return []


def _job(world: World, row: int, title: str, description: str, mentions: list[Mention]) -> _Text:
    text, jobs = f"{title}\n{description}", world.jobs
    scan = ScannedText(text, lexicon().job_headings, names=False)
    empty = JobFeatures(job_id=f"j{row:06d}", flagged=scan.flagged, masked=scan.masked)
    hidden = _hidden(empty)
    facts = []
    for m in mentions:
        name = {"years": "min_years", "employer": "employer"}.get(m.kind) or _NAMES.get(m.kind, m.kind)
        facts += _said(text, hidden, name, int(m.value) if m.kind in ("years", "salary") else m.value, m)
        if m.kind == "title":
            facts += _said(text, hidden, "domains", world.book.domains[world.book.title_domain[jobs.title[row]]], m)
    return _Text(text, replace(empty, **_gathered(JobFeatures, facts)), hidden)


def _resume(world: World, row: int, text: str, mentions: list[Mention]) -> _Text:
    people, book = world.people, world.book
    person = people.person[row]
    scan = ScannedText(text, lexicon().resume_headings, names=True)
    time = iso_time(int(people.updated_at[row]))
    empty = ResumeFeatures(resume_id=f"r{person:06d}", updated_at=time, flagged=scan.flagged, masked=scan.masked)
    hidden = _hidden(empty)
    industry = dict(zip(book.employers, (book.names["industries"][i] for i in book.employer_industry)))
    facts = []
    for m in mentions:
        if m.kind not in _UNREAD:
            facts += _said(text, hidden, _NAMES.get(m.kind, m.kind), _resume_value(m), m)
        if m.kind == "employer":
            facts += _said(text, hidden, "industries", industry[m.value], m)
        if m.kind == "title":
            facts += _said(text, hidden, "domains", book.domains[book.title_domain[people.title[person]]], m)
    for m in [m for m in mentions if m.kind == "start"][:1]:  # the dates of all entries, quoted from the newest
        count = {m.value for m in mentions if m.kind == "employer"}
        months = {"tenure": round(people.tenure[row]), "gap": int(people.gap[row]), "moves": len(count), "years": int(people.years[row])}
        for name, value in months.items():
            if name != "gap" or value:
                facts += _said(text, hidden, name, value, m)
    return _Text(text, replace(empty, **_gathered(ResumeFeatures, facts)), hidden)


def _resume_value(m: Mention) -> str | int:
    """The value of a mention of a resume, as features have it."""
    if m.kind in ("years", "salary"):
        return int(m.value)
    if m.kind == "available":
        months = _MONTHS.search(m.phrase)
        return WEEKS[m.value] if months is None else round(int(months[1]) * 52 / 12)
    return "people" if m.kind == "leads" else m.value.lower()


def _hidden(features: AnyFeatures) -> list[tuple[int, int]]:
    return [(mask.start, mask.end) for mask in features.masked] + [(flag.start, flag.end) for flag in features.flagged]


def _said(text: str, hidden: list[tuple[int, int]], name: str, value: str | int, m: Mention) -> list[tuple[str, Value]]:
    """A fact, where a text says it in the words of a mention and these can be read."""
    if isinstance(value, str) and name != "title":
        value = value.lower()
    span = _found(text, m.phrase, hidden)
    if span is None:
        return []
    start, end = span
    return [(name, Value(value, text[start:end], start, end, "llm", depth=m.depth))]


def _found(text: str, phrase: str, hidden: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Where a phrase stands, as whole words in any case; two of its letters may have changed places.

    Where a word of it is hidden (`their`), the longest part is the evidence, if half of it can be read or more.
    """
    low, phrase = text.lower(), phrase.lower()
    swapped = (phrase[:i] + phrase[i + 1] + phrase[i] + phrase[i + 2 :] for i in range(1, len(phrase) - 2))
    for words in (phrase, *swapped):
        start = low.find(words)
        while start >= 0:
            end = start + len(words)
            parts = _read_parts(start, end, hidden)
            if not (low[start - 1 : start].isalnum() or low[end : end + 1].isalnum()) and 2 * sum(map(_length, parts)) >= end - start:
                return max(parts, key=_length)
            start = low.find(words, start + 1)
    return None


def _read_parts(start: int, end: int, hidden: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of a span that no hidden one meets."""
    parts, at = [], start
    for first, last in sorted(span for span in hidden if _meets(start, end, [span])):
        parts.append((at, max(first, at)))
        at = max(at, last)
    return [*parts, (at, max(at, end))]


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _meets(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < last and first < end for first, last in spans)
