"""What extraction yields: values with their evidence, and the features of a job or a resume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

SENIORITY = ("intern", "junior", "mid", "senior", "lead", "principal")
EDUCATION = ("none", "vocational", "bachelor", "master", "doctorate")
REMOTE = ("onsite", "hybrid", "remote")
MOST = 2**31  # characters of a text, years of work


@dataclass(frozen=True, slots=True)
class Value:
    """One extracted value and the span of the source text that supports it.

    Args:
        value: str or int, normalised (a skill is the lexicon's lower-case name).
        quote: the evidence, exactly as the source has it: `text[start:end] == quote`.
        start: offset of the quote in the source text, characters.
        end: offset after its last character.
        source: "rules" or "llm".
        rules: what the rules read instead of a model's value, where they disagree; None where they do not.
    """

    value: str | int
    quote: str
    start: int
    end: int
    source: str = "rules"
    rules: str | int | None = None

    def to_json(self) -> dict:
        """The value as a JSON object, without `rules` where they do not disagree."""
        return {key: item for key, item in asdict(self).items() if key != "rules" or item is not None}

    @classmethod
    def from_json(cls, item: object) -> Value:
        """Value of a JSON object.

        Raises:
            ValueError: a key is missing or has the wrong type.
        """
        return _parsed(cls, "a value", item, value=str | int, quote=str, start=int, end=int, source=str, rules=str | int | None)


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
        return asdict(self)

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
        return asdict(self)

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
    """Whether a value, and what the rules read instead, are of a kind; a number is one of years."""
    known = [value for value in (found.value, found.rules) if value is not None]
    return all(isinstance(value, kind) and (not isinstance(value, int) or 0 <= value < MOST) for value in known)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_PARTS: dict[str, type[Value] | type[Flag] | type[Mask]] = {"flagged": Flag, "masked": Mask}  # of features; others are values


def first_of_each(values: Iterable[Value]) -> tuple[Value, ...]:
    """The first mention of each value."""
    first: dict[str | int, Value] = {}
    for value in values:
        first.setdefault(value.value, value)
    return tuple(first.values())


class _Features:
    """JSON form shared by both kinds of features: ids as they are, values and lists of values."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]  # of those who derive from it
    _ids: ClassVar[tuple[str, ...]] = ()
    _counts: ClassVar = ("min_years", "years")
    _allowed: ClassVar = {"seniority": SENIORITY, "education": EDUCATION, "remote": REMOTE}

    def to_json(self) -> dict:
        """The features as a JSON object, every key in its place."""
        line = {}
        for f in fields(self):
            item = getattr(self, f.name)
            if f.name not in self._ids and item is not None:
                item = [v.to_json() for v in item] if isinstance(item, tuple) else item.to_json()
            line[f.name] = item
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
        if wrong == ["masked"] and "masked" not in line:
            raise ValueError("made by an earlier version, which did not mask what says who a person is")
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
            item = parsed[name]
            if item is not None and item.value not in allowed:
                raise ValueError(f"key {name!r} must be one of {', '.join(allowed)}, got {_short(item.value)}")
        for name, item in parsed.items():
            wanted = int if name in cls._counts else str
            for value in item if isinstance(item, tuple) else (item,):
                if isinstance(value, Value) and not _holds(value, wanted):
                    raise ValueError(f"a value of key {name!r} must be {'years' if wanted is int else 'a text'}, got {_short(value.value)}")
        return cls(**parsed)


@dataclass(frozen=True, slots=True)
class JobFeatures(_Features):
    """What a job asks for; offsets are into `title + "\\n" + description`.

    `min_years` is an int (years); skills, domains, languages and soft skills are lower-case names; a
    responsibility's value is its text. A skill is in `must_have` or in `nice_to_have`, never in both.
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
    flagged: tuple[Flag, ...] = ()
    masked: tuple[Mask, ...] = ()

    _ids = ("job_id",)


@dataclass(frozen=True, slots=True)
class ResumeFeatures(_Features):
    """What a resume shows; `years` is total experience (int), `updated_at` ISO 8601 as in resumes.jsonl."""

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
    flagged: tuple[Flag, ...] = ()
    masked: tuple[Mask, ...] = ()

    _ids = ("resume_id", "updated_at")


AnyFeatures = JobFeatures | ResumeFeatures
