"""What extraction yields: values with their evidence, and the features of a job or a resume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, ClassVar, Self

SENIORITY = ("intern", "junior", "mid", "senior", "lead", "principal")
EDUCATION = ("none", "vocational", "bachelor", "master", "doctorate")
REMOTE = ("onsite", "hybrid", "remote")
DEPTH = ("basic", "solid", "expert")
LEADERSHIP = ("none", "project", "people")
CONDITIONS = ("relocation", "travel", "driving licence", "shifts", "nights", "weekends", "on call")
SOURCES = ("rules", "llm", "tagger")
MOST = 2**31  # characters of a text, and what any number may be


@dataclass(frozen=True, slots=True)
class Value:
    """One extracted value and the span of the source text that supports it.

    Args:
        value: str or int, normalised (a skill is the lexicon's lower-case name).
        quote: the evidence, exactly as the source has it: `text[start:end] == quote`.
        start: offset of the quote in the source text, characters.
        end: offset after its last character.
        source: one of SOURCES: "tagger" is a span that no lexicon names, in the words of the text.
        rules: what the rules read instead of a model's value, where they disagree; None where they do not.
        depth: of a skill, how well it is known or must be, one of DEPTH; None where the text does not say.
        years: of a skill, int, years with it; None where the text does not say.
    """

    value: str | int
    quote: str
    start: int
    end: int
    source: str = "rules"
    rules: str | int | None = None
    depth: str | None = None
    years: int | None = None

    def to_json(self) -> dict:
        """The value as a JSON object, without what is None."""
        found = zip(_KEYS, _values(self))  # SPEED: a fifth of the time of dataclasses.asdict, which copies what cannot change
        return {key: item for key, item in found if item is not None}

    @classmethod
    def from_json(cls, item: object) -> Value:
        """Value of a JSON object.

        Raises:
            ValueError: a key is missing or has the wrong type.
        """
        if type(item) is dict:  # SPEED: nearly all are sound, and the way below, which says what is wrong, takes four times as long
            values: Any = map(item.get, _KEYS)
            quick = cls(*values)
            if quick._is_sound():
                return quick
        kinds = {"value": str | int, "quote": str, "start": int, "end": int, "source": str, "rules": str | int | None}
        found = _parsed(cls, "a value", item, **kinds, depth=str | None, years=int | None)
        if found.depth not in (None, *DEPTH):
            raise ValueError(f"key 'depth' of a value must be one of {', '.join(DEPTH)}, got {_short(found.depth)}")
        if found.years is not None and not 0 <= found.years < MOST:
            raise ValueError(f"key 'years' of a value must be years, got {_short(found.years)}")
        return found

    def _is_sound(self) -> bool:
        """Whether every key has the right type and a value that may be."""
        return (
            type(self.value) in (str, int)
            and type(self.quote) is type(self.source) is str
            and type(self.start) is type(self.end) is int
            and 0 <= self.start <= self.end < MOST
            and (self.rules is None or type(self.rules) in (str, int))
            and (self.depth is None or self.depth in DEPTH)
            and (self.years is None or (type(self.years) is int and 0 <= self.years < MOST))
        )


_KEYS = tuple(each.name for each in fields(Value))
_values = attrgetter(*_KEYS)


@dataclass(frozen=True, slots=True)
class Flag:
    """A span that is addressed to a machine rather than to a reader: nothing is extracted from it.

    Args:
        start: offset of its first character.
        end: offset after its last character.
        reason: "instruction", "control token", "hidden characters" or "keyword stuffing".
    """

    start: int
    end: int
    reason: str

    def to_json(self) -> dict:
        """The flag as a JSON object."""
        return {"start": self.start, "end": self.end, "reason": self.reason}

    @classmethod
    def from_json(cls, item: object) -> Flag:
        """Flag of a JSON object.

        Raises:
            ValueError: a key is missing or has the wrong type.
        """
        return _parsed(cls, "a flagged span", item, start=int, end=int, reason=str)


@dataclass(frozen=True, slots=True)
class Mask:
    """A span that says who a person is: nothing is read from it. The words themselves are not kept.

    Args:
        start: offset of its first character in the source text.
        end: offset after its last character.
        kind: what it holds, such as "NAME" or "EMAIL" (see `personal`).
    """

    start: int
    end: int
    kind: str

    def to_json(self) -> dict:
        """The mask as a JSON object."""
        return {"start": self.start, "end": self.end, "kind": self.kind}

    @classmethod
    def from_json(cls, item: object) -> Mask:
        """Mask of a JSON object.

        Raises:
            ValueError: a key is missing or has the wrong type.
        """
        return _parsed(cls, "a masked span", item, start=int, end=int, kind=str)


def _parsed(cls: type, name: str, item: object, **kinds):
    """An object of a class, from the keys of a JSON object; a bool is no int."""
    if not isinstance(item, dict):
        raise ValueError(f"{name} must be an object, got {type(item).__name__}")
    for key, kind in kinds.items():
        if not isinstance(item.get(key), kind) or isinstance(item.get(key), bool):
            raise ValueError(f"key {key!r} of {name} is missing or has the wrong type: {_short(item.get(key))}")
    if not 0 <= item["start"] <= item["end"] < MOST:
        raise ValueError(f"start and end of {name} must be offsets in a text, got {_short(item['start'])} and {_short(item['end'])}")
    return cls(**{key: item.get(key) for key in kinds})


def _holds(found: Value, kind: type) -> bool:
    """Whether a value, and what the rules read instead, are of a kind; a number is none below 0."""
    known = [value for value in (found.value, found.rules) if value is not None]
    return all(isinstance(value, kind) and (not isinstance(value, int) or 0 <= value < MOST) for value in known)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_PARTS: dict[str, type[Value] | type[Flag] | type[Mask]] = {"flagged": Flag, "masked": Mask}  # of features; others are values


def _each(found: Any) -> tuple:
    """What a key of features holds, as a tuple."""
    return found if isinstance(found, tuple) else () if found is None else (found,)


def first_of_each(values: Iterable[Value]) -> tuple[Value, ...]:
    """The first mention of each value."""
    first: dict[str | int, Value] = {}
    for value in values:
        first.setdefault(value.value, value)
    return tuple(first.values())


def named(values: Iterable[Value]) -> tuple[Value, ...]:
    """The values under a name that others share: without the open vocabulary, which is in the words of one text."""
    return tuple(value for value in values if value.source != "tagger")


class _Features:
    """JSON form shared by both kinds of features: ids as they are, values and lists of values."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]  # of those who derive from it
    _ids: ClassVar[tuple[str, ...]] = ()
    _numbers: ClassVar = ("min_years", "years", "salary", "start", "notice", "tenure", "moves", "gap")
    _allowed: ClassVar = {
        "seniority": SENIORITY,
        "education": EDUCATION,
        "remote": REMOTE,
        "leadership": LEADERSHIP,
        "conditions": CONDITIONS,
    }

    def to_json(self) -> dict:
        """The features as a JSON object, every key in its place."""
        line = {}
        for name in self.__dataclass_fields__:
            item = getattr(self, name)
            if item is not None and name not in self._ids:
                item = [v.to_json() for v in item] if type(item) is tuple else item.to_json()
            line[name] = item
        return line

    @classmethod
    def from_json(cls, line: object) -> Self:
        """Features of a parsed line.

        Raises:
            ValueError: names the key that is missing, unknown or holds something else.
        """
        if not isinstance(line, dict):
            raise ValueError(f"a line must be an object, got {type(line).__name__}")
        names = [f.name for f in fields(cls)]
        wrong = sorted(set(line) ^ set(names))
        if "masked" in wrong and set(wrong) <= _LATER | {"masked"}:
            raise ValueError("made by an earlier version, which did not mask what says who a person is")
        if wrong and set(wrong) <= _LATER:
            raise ValueError("made by an earlier version, which did not read " + ", ".join(wrong))
        if wrong:
            raise ValueError(f"key {wrong[0]!r} is {'missing' if wrong[0] in names else 'unknown'}")
        parsed: dict[str, Any] = {}
        for f in fields(cls):
            item, kind = line[f.name], _PARTS.get(f.name, Value)
            if f.name in cls._ids:
                if not (item is None or isinstance(item, str)):
                    raise ValueError(f"key {f.name!r} must be a text, got {_short(item)}")
                parsed[f.name] = item
            elif item is None and f.default is None:
                parsed[f.name] = item
            elif f.default is None:
                parsed[f.name] = kind.from_json(item)
            elif isinstance(item, list):
                parsed[f.name] = tuple(map(kind.from_json, item))
            else:
                raise ValueError(f"key {f.name!r} must be a list, got {type(item).__name__}")
        for name, allowed in cls._allowed.items():
            for item in _each(parsed[name]):
                if item.value not in allowed:
                    raise ValueError(f"key {name!r} must be one of {', '.join(allowed)}, got {_short(item.value)}")
        for name, found in parsed.items():
            wanted = int if name in cls._numbers else str
            for value in _each(found):
                if isinstance(value, Value) and not _holds(value, wanted):
                    expected = "a number" if wanted is int else "a text"
                    raise ValueError(f"a value of key {name!r} must be {expected}, got {_short(value.value)}")
        return cls(**parsed)


@dataclass(frozen=True, slots=True)
class JobFeatures(_Features):
    """What a job asks for; offsets are into `title + "\\n" + description`.

    `min_years` is an int (years); skills, domains, languages, soft skills and industries are lower-case names; a
    responsibility's value is its text. A skill is in `must_have` or in `nice_to_have`, never in both. `salary`: int, the
    upper end of what is offered, whole units of `currency` (ISO 4217) a year. `start`: int, weeks until the person must
    start, 0 is at once. `leadership`: what is asked. `industries` are those of `employer`. `stressed`: names of skills and
    soft skills that the ad stresses.
    """

    job_id: str | None = None
    title: Value | None = None
    seniority: Value | None = None
    min_years: Value | None = None
    must_have: tuple[Value, ...] = ()
    nice_to_have: tuple[Value, ...] = ()
    education: Value | None = None
    domains: tuple[Value, ...] = ()
    responsibilities: tuple[Value, ...] = ()
    soft_skills: tuple[Value, ...] = ()
    location: Value | None = None
    remote: Value | None = None
    languages: tuple[Value, ...] = ()
    salary: Value | None = None
    currency: Value | None = None
    start: Value | None = None
    leadership: Value | None = None
    conditions: tuple[Value, ...] = ()
    employer: Value | None = None
    industries: tuple[Value, ...] = ()
    stressed: tuple[Value, ...] = ()
    flagged: tuple[Flag, ...] = ()
    masked: tuple[Mask, ...] = ()

    _ids = ("job_id",)


@dataclass(frozen=True, slots=True)
class ResumeFeatures(_Features):
    """What a resume shows; `years` is total experience (int), `updated_at` ISO 8601 as in resumes.jsonl.

    `salary`: int, the least that is wished for, whole units of `currency` (ISO 4217) a year. `notice`: int, weeks until the
    person can start, 0 is at once. `tenure`: int, mean months a job; `moves`: int, employers so far. `leadership`: what was
    done; `conditions`: what is accepted or held. `employers` are names in lower case, the newest first, and `industries`
    theirs. `gap` (int, months of the longest pause between jobs) and `schools` are shown and never features: they stand for
    leave, age and class.
    """

    resume_id: str | None = None
    updated_at: str | None = None
    title: Value | None = None
    seniority: Value | None = None
    years: Value | None = None
    skills: tuple[Value, ...] = ()
    education: Value | None = None
    domains: tuple[Value, ...] = ()
    soft_skills: tuple[Value, ...] = ()
    location: Value | None = None
    remote: Value | None = None
    languages: tuple[Value, ...] = ()
    salary: Value | None = None
    currency: Value | None = None
    notice: Value | None = None
    tenure: Value | None = None
    moves: Value | None = None
    gap: Value | None = None
    leadership: Value | None = None
    conditions: tuple[Value, ...] = ()
    employers: tuple[Value, ...] = ()
    industries: tuple[Value, ...] = ()
    schools: tuple[Value, ...] = ()
    flagged: tuple[Flag, ...] = ()
    masked: tuple[Mask, ...] = ()

    _ids = ("resume_id", "updated_at")


# Keys that an earlier version did not write.
_LATER = frozenset(
    "salary currency start notice leadership conditions employer employers industries stressed tenure moves gap schools".split()
)
AnyFeatures = JobFeatures | ResumeFeatures
