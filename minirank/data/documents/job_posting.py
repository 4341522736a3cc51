"""A job of schema.org (JSON-LD) as plain text with headings, and what it says beside the text.

Source: https://schema.org/JobPosting; https://json-ld.org (graphs and lists of things).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .document import Document, Hidden
from .lines import tidy

_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,300}|!--[^<>]{0,300})>")
_ESCAPED_TAG = re.compile(r"&(?:amp;)?lt;/?[a-zA-Z]")
_ADDRESS = ("streetAddress", "addressLocality", "addressRegion", "addressCountry")
# Properties with a text of their own -> its heading.
_SECTIONS = {
    "responsibilities": "Responsibilities",
    "qualifications": "Requirements",
    "skills": "Skills",
    "experienceRequirements": "Experience",
    "educationRequirements": "Education",
    "jobBenefits": "Benefits",
    "incentiveCompensation": "Compensation",
}
_FACTS = {"employmentType": "Employment type", "workHours": "Working hours", "industry": "Industry", "occupationalCategory": "Occupation"}
_MOST_THINGS = 10_000  # looked at in a file


@dataclass
class Posting:
    """A job: its description, its sections as (heading, text), lines of facts, and the fields of a `Document`."""

    description: str
    sections: list[tuple[str, str]] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    hidden: list[Hidden] = field(default_factory=list)


def postings_in(value: Any) -> Iterator[dict[str, Any]]:
    """The jobs in a JSON value: one, a list, a `@graph`, a list of items; within each other, too."""
    left, seen = [value], 0
    while left and seen < _MOST_THINGS:
        thing, seen = left.pop(), seen + 1
        if isinstance(thing, list):
            left += reversed(thing)
        elif isinstance(thing, dict):
            if is_posting(thing):
                yield thing
            else:
                left += [
                    thing[key] for key in ("mainEntity", "item", "itemListElement", "@graph") if isinstance(thing.get(key), (dict, list))
                ]


def is_posting(thing: dict[str, Any]) -> bool:
    """Whether a thing is a job, by its type."""
    types = thing.get("@type")
    return any(
        isinstance(name, str) and name.rpartition("/")[2].rpartition(":")[2] == "JobPosting"
        for name in (types if isinstance(types, list) else [types])
    )


def posting_in(texts: Iterable[str]) -> Posting | None:
    """The job that a page offers; None where it names none, or several."""
    found: list[dict[str, Any]] = []
    for text in texts:
        try:
            found += postings_in(json.loads(text, strict=False))
        except (ValueError, RecursionError):  # the page's own text is there all the same
            continue
    return read_posting(found[0]) if len(found) == 1 else None


def read_posting(thing: dict[str, Any]) -> Posting:
    """What a job says."""
    hidden: list[Hidden] = []

    def text(value: Any) -> str:
        return plain(value, hidden)

    posting = Posting(text(thing.get("description")), hidden=hidden)
    known = _words(posting.description)
    for key, heading in _SECTIONS.items():
        said = text(_experience(thing.get(key)))
        if said and _words(said) not in known:  # many repeat the description
            posting.sections.append((heading, said))
    company, place = text(thing.get("hiringOrganization")), place_of(thing.get("jobLocation"))
    remote = "remote" if "TELECOMMUTE" in str(thing.get("jobLocationType", "")).upper() else ""
    where = ", ".join(filter(None, (place, remote)))
    facts = [("Company", company), ("Location", where), ("Salary", salary_of(thing.get("baseSalary")))]
    facts += [(label, text(thing.get(key)).replace("_", " ").replace("\n", ", ").lower()) for key, label in _FACTS.items()]
    posting.facts = [f"{label}: {said}" for label, said in facts if said]
    posting.fields = {
        "kind": "jobs",
        "id": text(thing.get("identifier")),
        "title": " ".join(text(thing.get("title") or thing.get("name")).split()),
        "location": where,
        "date": text(thing.get("datePosted")),
    }
    return posting


def text_of_posting(posting: Posting) -> str:
    """A job as plain text: description, sections, facts."""
    sections = (f"{heading}\n{said}" for heading, said in posting.sections)
    return tidy("\n\n".join([posting.description, *sections, "\n".join(posting.facts)]))


def document_of_posting(thing: dict[str, Any]) -> Document:
    """A job of a JSON file as a document."""
    posting = read_posting(thing)
    return Document(text_of_posting(posting), tuple(posting.hidden), (), posting.fields)


def plain(value: Any, hidden: list[Hidden]) -> str:
    """A value as plain text: of a thing its name or value, of a list its members line by line, of HTML what is seen."""
    if isinstance(value, str):
        if not _TAG.search(value) and _ESCAPED_TAG.search(value):
            value = html.unescape(html.unescape(value))
        if _TAG.search(value):
            from .html.read_html import text_of_html

            value, unseen = text_of_html(value)
            hidden += unseen
        return tidy(html.unescape(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15:  # no infinity
        return str(value)
    if isinstance(value, list):
        return "\n".join(filter(None, (plain(each, hidden) for each in value)))
    if isinstance(value, dict):
        keys = ("name", "value", "credentialCategory", "description", "@value", "termCode", "codeValue")
        return next((said for key in keys if (said := plain(value.get(key), hidden))), "")
    return ""


def place_of(value: Any) -> str:
    """A place, or several, in one line."""
    if isinstance(value, list):
        return "; ".join(dict.fromkeys(filter(None, map(place_of, value))))
    if isinstance(value, dict):
        address = value.get("address", value)
        if isinstance(address, dict):
            parts = [plain(address.get(key), []) for key in _ADDRESS[1:]]
            return ", ".join(dict.fromkeys(filter(None, parts))) or plain(value.get("name"), [])
        return plain(address, []) or plain(value.get("name"), [])
    return plain(value, [])


def salary_of(value: Any) -> str:
    """A salary such as `50000 to 60000 EUR a year`; empty where no amount is said."""
    if isinstance(value, list):
        return next(filter(None, map(salary_of, value)), "")
    if not isinstance(value, dict):
        return plain(value, [])
    amount = value.get("value", value)
    amount = amount if isinstance(amount, dict) else {"value": amount}
    low, high, one = (plain(amount.get(key), []) for key in ("minValue", "maxValue", "value"))
    said = f"{low} to {high}" if low and high and low != high else low or high or one
    unit = plain(amount.get("unitText") or value.get("unitText"), []).lower()
    currency = plain(value.get("currency") or amount.get("currency"), [])
    return " ".join(filter(None, (said, currency, f"a {unit}" if unit else ""))) if said else ""


def _experience(value: Any) -> Any:
    """Months of experience as words."""
    months = value.get("monthsOfExperience") if isinstance(value, dict) else None
    if isinstance(months, (int, float)) and not isinstance(months, bool) and months > 0:
        return f"{months / 12:g} years of experience" if months >= 12 and months % 12 == 0 else f"{months:g} months of experience"
    return value


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
