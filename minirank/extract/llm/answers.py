"""From a model's answer to features: every quote is looked up, every value is checked against its quote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from minirank.extract.llm.grounding import SentText, fold
from minirank.extract.llm.parse_years import parse_years
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.availability import LONGEST_WAIT, read_wait
from minirank.extract.rules.conditions import find_conditions, find_leadership
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.lexicon import Match, Matcher, Tokens, lexicon
from minirank.extract.rules.pay import read_pay
from minirank.extract.rules.signal_words import find_cues, signal_words
from minirank.extract.schema import JobFeatures, ResumeFeatures, Value, first_of_each

_LONGEST_NAME = 60  # characters of a skill that the lexicon does not know
_SKILL, _SOFT = ("skill",), ("soft",)
_FACT_KINDS: dict[str, tuple[str, ...]] = {
    "must_have": _SKILL,
    "nice_to_have": _SKILL,
    "skills": _SKILL,
    "soft_skills": _SOFT,
    "languages": ("language",),
}
_FACT_KINDS |= {"soft_skills": _SOFT, "languages": ("language",), "stressed": (*_SKILL, *_SOFT)}


def read_job(answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None, since: int | None = None) -> JobFeatures:
    """Features of one piece of a job; a skill in both lists is demanded.

    Args:
        answer: valid under the schema of the prompt `job`.
        source: what was sent.
        gazetteer: whose names count for skills that the lexicon does not know.
        since: the day of the document, seconds since the epoch, from which on the weeks to a date count; or None.
    Returns: JobFeatures without id and flags, offsets into the document.
    """
    reader = _Reader(answer, source, gazetteer)
    must = reader.names("must_have")
    demanded = {value.value for value in must}
    nice = tuple(value for value in reader.names("nice_to_have") if value.value not in demanded)
    depths = reader.depths()
    return JobFeatures(
        min_years=reader.years("min_years", dates=False),
        must_have=_with_depths(must, depths),
        nice_to_have=_with_depths(nice, depths),
        responsibilities=reader.texts("responsibilities"),
        start=reader.wait("start", since),
        employer=reader.text("employer"),
        stressed=reader.names("stressed"),
        **reader.pay(wished=False),
        **reader.common(),
    )


def read_resume(answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None, since: int | None = None) -> ResumeFeatures:
    """Features of one piece of a resume; arguments as for `read_job`, under the schema of the prompt `resume`."""
    reader = _Reader(answer, source, gazetteer)
    return ResumeFeatures(
        years=reader.years("years", dates=True),
        skills=_with_depths(reader.names("skills"), reader.depths()),
        notice=reader.wait("notice", since),
        **reader.pay(wished=True),
        **reader.common(),
    )


def _with_depths(skills: Iterable[Value], depths: list[Value]) -> tuple[Value, ...]:
    """Skills with the depth whose quote holds their own, or names them."""
    known = {m.name: claim for claim in reversed(depths) for m in _scan(claim.quote, lexicon().facts) if m.kind == "skill"}
    found = []
    for skill in skills:
        claim = next((c for c in depths if c.start <= skill.start and skill.end <= c.end), known.get(str(skill.value)))
        found.append(skill if claim is None else replace(skill, depth=str(claim.value)))
    return tuple(found)


class _Reader:
    """One answer beside the text that it is about."""

    def __init__(self, answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None) -> None:
        self._answer, self._source, self._gazetteer = answer, source, gazetteer

    def common(self) -> dict[str, Any]:
        """The features that jobs and resumes share, by name."""
        scales = {"seniority": lexicon().levels, "education": lexicon().facts, "remote": lexicon().facts}
        found: dict[str, Any] = {"title": self.title(), "domains": self.claimed("domains"), "location": self.text("location")}
        found |= {key: self.level(key, matcher) for key, matcher in scales.items()}
        found |= {"leadership": self.leadership(), "conditions": self.conditions(), "industries": self.claimed("industries")}
        return found | {key: self.names(key) for key in ("soft_skills", "languages")}

    def title(self) -> Value | None:
        """The lexicon's name of the quoted title, or the quote in lower case."""
        span = self._span(self._answer["title"])
        if span is None:
            return None
        known = _scan(self._quote(span), lexicon().titles)
        if known:
            best = max(known, key=lambda m: (m.end - m.start, -m.start))
            return self._value(best.name, (span[0] + best.start, span[0] + best.end))
        return self._named(span)

    def text(self, key: str) -> Value | None:
        """A quote as it is, in lower case."""
        span = self._span(self._answer[key])
        return None if span is None else self._named(span)

    def texts(self, key: str) -> tuple[Value, ...]:
        """Quotes, their blanks made plain."""
        spans = map(self._span, self._answer[key])
        return first_of_each(self._value(name, span) for span in spans if span and (name := self._source.impersonal(*span)))

    def names(self, key: str) -> tuple[Value, ...]:
        """Names that the lexicon or the gazetteer knows in each quote; a short quote without any is a name itself."""
        found: list[Value | None] = []
        for span in filter(None, map(self._span, self._answer[key])):
            quote = self._quote(span)
            facts = believable(quote, _scan(quote, lexicon().facts))
            known = [m for m in facts if m.kind in _FACT_KINDS[key]]
            if self._gazetteer is not None and "skill" in _FACT_KINDS[key]:
                known = sorted([*known, *self._gazetteer.matches(quote, Tokens(quote), facts)])
            if known:
                found += [self._value(m.name, (span[0] + m.start, span[0] + m.end)) for m in known]
            else:
                found.append(self._named(span))
        return first_of_each(filter(None, found))

    def level(self, key: str, matcher: Matcher) -> Value | None:
        """A value of a scale; where the lexicon reads exactly one level in the quote, that one counts."""
        claim, span = self._claim(key)
        if span is None:
            return None
        return self._checked(claim["value"], span, {m.name for m in _scan(self._quote(span), matcher) if m.kind == key})

    def leadership(self) -> Value | None:
        """As `level`, by what the rules read in the quote."""
        claim, span = self._claim("leadership")
        if span is None:
            return None
        quote = self._quote(span)
        said = find_leadership(quote, find_cues(Tokens(quote))["leadership"])
        return self._checked(claim["value"], span, {said[0]} if said else set())

    def conditions(self) -> tuple[Value, ...]:
        """Conditions with the words that show them, but for those that the words rule out (`no travel`)."""
        found: list[Value | None] = []
        for claim in self._answer["conditions"]:
            if span := self._span(claim["quote"]):
                cues = find_cues(Tokens(self._quote(span)))["conditions"]
                refused = cues and not any(find_conditions(self._quote(span), cues))
                found.append(self._invalid() if refused else self._value(claim["value"], span))
        return first_of_each(filter(None, found))

    def depths(self) -> list[Value]:
        """How well skills are known: values of DEPTH with quotes that hold the skills and the words that tell it."""
        found = []
        for claim in self._answer["depths"]:
            if span := self._span(claim["quote"]):
                found.append(self._checked(claim["value"], span, {m.name for m in _scan(self._quote(span), signal_words().depth)}))
        return [value for value in found if value is not None]

    def pay(self, wished: bool) -> dict[str, Any]:
        """Salary and currency as the rules read the quote: the lower end of a wish, the upper end of an offer."""
        span = self._span(self._answer["salary"])
        if span is None:
            return {}
        quote = self._quote(span)
        pay = read_pay(quote, find_cues(Tokens(quote))["period"])
        if pay is None:
            return {"salary": self._invalid()}
        found: dict[str, Any] = {"salary": self._value(pay.low if wished else pay.high, span)}
        if pay.currency is not None and pay.currency_span is not None:
            found["currency"] = self._value(pay.currency, (span[0] + pay.currency_span[0], span[0] + pay.currency_span[1]))
        return found

    def wait(self, key: str, since: int | None) -> Value | None:
        """Weeks: as the rules read the quote, else as the model says, at most two years."""
        claim, span = self._claim(key)
        if span is None:
            return None
        quote, weeks = self._quote(span), claim["value"]
        read = read_wait(quote, find_cues(Tokens(quote))["availability"], since)
        if read is None:
            return self._value(weeks, span) if 0 <= weeks <= LONGEST_WAIT else self._invalid()
        self._source.counts.corrected += read.weeks != weeks
        return self._value(read.weeks, span)

    def _checked(self, value: str, span: tuple[int, int], said: set[str]) -> Value | None:
        """A value of a scale with its quote; where the quote says exactly one other, that one counts."""
        if said and value not in said:
            if len(said) > 1:
                return self._invalid()
            self._source.counts.corrected += 1
            value = said.pop()
        return self._value(value, span)

    def years(self, key: str, dates: bool) -> Value | None:
        """Years, see `parse_years`."""
        claim, span = self._claim(key)
        if span is None:
            return None
        years = parse_years(claim["value"], self._quote(span), dates)
        return self._invalid() if years is None else self._value(years, span)

    def claimed(self, key: str) -> tuple[Value, ...]:
        """Values of a list with the words that show them."""
        spans = [(claim["value"], self._span(claim["quote"])) for claim in self._answer[key]]
        return first_of_each(self._value(value, span) for value, span in spans if span)

    def _claim(self, key: str) -> tuple[Any, tuple[int, int] | None]:
        """A value with its quote as the model gave them, and the span of the quote where it stands in the text."""
        claim = self._answer[key]
        return claim, None if claim is None else self._span(claim["quote"])

    def _span(self, quote: str | None) -> tuple[int, int] | None:
        return None if quote is None else self._source.find(quote)

    def _quote(self, span: tuple[int, int]) -> str:
        return self._source.text[span[0] : span[1]]

    def _named(self, span: tuple[int, int]) -> Value | None:
        """The quote itself in lower case; too long a one is no name."""
        name = fold(self._source.impersonal(*span))
        if not any(map(str.isalnum, name)) or len(name) > _LONGEST_NAME:
            return self._invalid()
        return self._value(name, span)

    def _invalid(self) -> Value | None:
        """None, for a value that is dropped though its quote stands in the text; it is counted."""
        self._source.counts.invalid += 1
        return None

    def _value(self, value: str | int, span: tuple[int, int]) -> Value:
        start, end = self._source.to_source(*span)
        self._source.counts.grounded += 1
        return Value(value, self._source.document(start, end), start, end, "llm")


def _scan(quote: str, matcher: Matcher) -> list[Match]:
    return matcher.scan(Tokens(quote))


READERS: dict[str, Callable] = {"job": read_job, "resume": read_resume}
