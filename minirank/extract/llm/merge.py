"""Pieces of a long document become one set of features, which is checked against what the rules found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from minirank.extract.llm.grounding import ValueCounts
from minirank.extract.schema import EDUCATION, LEADERSHIP, AnyFeatures, JobFeatures, Value, first_of_each

# Where the rules find something, they are right: tell-tale words that leave little to interpret.
RELIABLE = ("years", "min_years", "education", "seniority", "salary", "currency", "start", "notice", "leadership")
# Where a model says nothing, what the rules found counts.
FILLED = ("employer", "conditions", "industries", "stressed")
# What a model is not asked for: dates and the names beside them.
OF_RULES = ("tenure", "moves", "gap", "employers", "schools")
_SKILLS = ("must_have", "nice_to_have", "skills")  # with how well they are known


def merge(parts: Sequence[AnyFeatures]) -> AnyFeatures:
    """Features of a document from those of its pieces.

    Lists are joined, the first mention of each value counts, but for a skill the first one that tells how well it is known.
    Of single values the first one counts, but for years and leadership (the most), a job's education (the lowest, which is
    enough) and a resume's (the highest). What one piece of a job demands and another welcomes is demanded.

    Args:
        parts: in the order of the text, at least one, all of one kind.
    """
    if len(parts) == 1:
        return parts[0]
    merged: dict[str, Any] = {}
    for field in fields(parts[0]):
        found = [item for item in (getattr(part, field.name) for part in parts) if item]
        if field.default == ():
            values = first_of_each(value for values in found for value in values)
            told = {v.value: v for values in reversed(found) for v in reversed(values) if isinstance(v, Value) and v.depth}
            merged[field.name] = tuple(told.get(v.value, v) for v in values) if field.name in _SKILLS else values
        elif found:
            merged[field.name] = _chosen(field.name, found, isinstance(parts[0], JobFeatures))
    if "nice_to_have" in merged:
        demanded = {value.value for value in merged["must_have"]}
        merged["nice_to_have"] = tuple(value for value in merged["nice_to_have"] if value.value not in demanded)
    return type(parts[0])(**merged)


def _chosen(name: str, found: list[Value], job: bool) -> Value:
    if name in ("years", "min_years"):
        return max(found, key=lambda value: value.value)
    if name == "leadership":
        return max(found, key=lambda value: LEADERSHIP.index(value.value))
    if name == "education":
        best: Callable = min if job else max
        return best(found, key=lambda value: EDUCATION.index(value.value))
    return found[0]


def cross_check(found: AnyFeatures, rules: AnyFeatures, counts: ValueCounts) -> AnyFeatures:
    """A model's features beside those of the rules, on what the rules are sure of (`RELIABLE`).

    What only the rules found is taken from them. Where both found something else, the model's value is kept with the
    rules' value beside it (`Value.rules`), unless the document holds spans that speak to a machine: then the rules'
    value counts. What no model is asked for is that of the rules; so is the depth of a skill, and what else is `FILLED`, where
    the model does not tell it.

    Args:
        found: of a model.
        rules: of the same document, by rules, with ids, flags and masks.
        counts: gets disputed, overruled and filled values.
    Returns: features with the ids, flags and masks of `rules`.
    """
    ids: dict[str, Any] = {name: getattr(rules, name) for name in (*found._ids, "flagged", "masked")}
    changed: dict[str, Any] = {}
    for name in RELIABLE:
        ours, theirs = getattr(rules, name, None), getattr(found, name, None)
        if ours is None or (theirs is not None and ours.value == theirs.value):
            continue
        if theirs is not None and not rules.flagged:
            counts.disputed += 1
            changed[name] = replace(theirs, rules=ours.value)
        else:
            counts.filled += theirs is None
            counts.overruled += theirs is not None
            changed[name] = ours
    changed |= {name: getattr(rules, name) for name in OF_RULES if hasattr(rules, name)}
    changed |= {name: getattr(rules, name) for name in FILLED if hasattr(rules, name) and not getattr(found, name)}
    known = {skill.value: skill for name in _SKILLS for skill in getattr(rules, name, ())}
    for name in _SKILLS:
        if skills := getattr(found, name, ()):
            changed[name] = tuple(_deepened(skill, known.get(skill.value)) for skill in skills)
    return replace(found, **ids, **changed)


def _deepened(skill: Value, by_rules: Value | None) -> Value:
    """A model's skill with the depth and the years that only the rules read."""
    if by_rules is None:
        return skill
    return replace(skill, depth=skill.depth or by_rules.depth, years=by_rules.years)
