"""From a model's answer to features: every quote is looked up, every value is checked against its quote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minirank.extract.llm.grounding import SentText, fold
from minirank.extract.llm.parse_years import parse_years
from minirank.extract.rules.ambiguity import believable
from minirank.extract.rules.gazetteer import Gazetteer
from minirank.extract.rules.lexicon import Match, Matcher, Tokens, lexicon
from minirank.extract.schema import JobFeatures, ResumeFeatures, Value, first_of_each

_LONGEST_NAME = 60  # characters of a skill that the lexicon does not know
_FACT_KINDS = {"must_have": "skill", "nice_to_have": "skill", "skills": "skill", "soft_skills": "soft", "languages": "language"}


def read_job(answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None) -> JobFeatures:
    """Features of one piece of a job; a skill in both lists is demanded.

    Args:
        answer: valid under the schema of the prompt `job`.
        source: what was sent.
        gazetteer: whose names count for skills that the lexicon does not know.
    Returns: JobFeatures without id and flags, offsets into the document.
    """
    reader = _Reader(answer, source, gazetteer)
    must = reader.names("must_have")
    demanded = {value.value for value in must}
    return JobFeatures(
        min_years=reader.years("min_years", dates=False),
        must_have=must,
        nice_to_have=tuple(value for value in reader.names("nice_to_have") if value.value not in demanded),
        responsibilities=reader.texts("responsibilities"),
        **reader.common(),
    )


def read_resume(answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None) -> ResumeFeatures:
    """Features of one piece of a resume; arguments as for `read_job`, under the schema of the prompt `resume`."""
    reader = _Reader(answer, source, gazetteer)
    return ResumeFeatures(years=reader.years("years", dates=True), skills=reader.names("skills"), **reader.common())


class _Reader:
    """One answer beside the text that it is about."""

    def __init__(self, answer: dict[str, Any], source: SentText, gazetteer: Gazetteer | None = None) -> None:
        self._answer, self._source, self._gazetteer = answer, source, gazetteer

    def common(self) -> dict[str, Any]:
        """The features that jobs and resumes share, by name."""
        scales = {"seniority": lexicon().levels, "education": lexicon().facts, "remote": lexicon().facts}
        found: dict[str, Any] = {"title": self.title(), "domains": self.domains(), "location": self.text("location")}
        found |= {key: self.level(key, matcher) for key, matcher in scales.items()}
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
            known = [m for m in facts if m.kind == _FACT_KINDS[key]]
            if self._gazetteer is not None and _FACT_KINDS[key] == "skill":
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
        said = {m.name for m in _scan(self._quote(span), matcher) if m.kind == key}
        value = claim["value"]
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

    def domains(self) -> tuple[Value, ...]:
        """Domains with the words that show them."""
        spans = [(claim["value"], self._span(claim["quote"])) for claim in self._answer["domains"]]
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
