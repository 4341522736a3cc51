"""The words of resume_words.json: prepositions, schools, forms of companies, what is no work, what negates."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from minirank.extract.rules.lexicon import Match, Matcher, Tokens


@cache
def _data() -> dict[str, list[str]]:
    return json.loads(resources.files(__package__).joinpath("resume_words.json").read_text(encoding="utf-8"))


@cache
def _matcher() -> Matcher:
    return Matcher((phrase, kind, kind) for kind, phrases in _data().items() if kind != "not between" for phrase in phrases)


def resume_marks(tokens: Tokens) -> list[Match]:
    """Words that tell what others mean, in text order.

    Kinds: "at" and "for" before an employer, the latter beside a verb of work ("works"); "as" before a title; "apart" for what
    is no work, but for "paid"; "studies", but for "employed student"; "school", "firm" and "no name" inside names; "not".
    """
    return _matcher().scan(tokens)


@cache
def negation_matcher() -> Matcher:
    """Finds `negations`."""
    return Matcher((phrase, "not", "not") for phrase in _data()["not"])


def negations(tokens: Tokens) -> list[Match]:
    """Those of kind "not" alone, in a third of the time."""
    return negation_matcher().scan(tokens)


@cache
def words_between() -> frozenset[str]:
    """Words that may stand between a negation and what it denies: `no formal experience with Python`."""
    return frozenset(_data()["not between"])
