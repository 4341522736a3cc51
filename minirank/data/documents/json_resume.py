"""A resume of jsonresume.org as plain text: who, what, and headings that a reader of resumes knows.

Source: https://docs.jsonresume.org/schema (1.0.0, and the older names `company` and `website`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .document import Document, Hidden
from .job_posting import plain
from .lines import tidy

# Heading -> (key, keys of an entry's first line): what an entry says more is the same for all.
_ENTRIES = {
    "Experience": ("work", ("position", "name", "company", "location")),
    "Projects": ("projects", ("name", "roles", "entity")),
    "Education": ("education", ("studyType", "area", "institution")),
    "Skills": ("skills", ()),
    "Languages": ("languages", ()),
    "Certifications": ("certificates", ("name", "issuer")),
    "Volunteering": ("volunteer", ("position", "organization")),
    "Awards": ("awards", ("title", "awarder")),
    "Publications": ("publications", ("name", "publisher")),
    "Interests": ("interests", ()),
    "References": ("references", ("name",)),
}
_CONTACT = (("E-mail", "email"), ("Phone", "phone"), ("Website", "url"), ("Website", "website"))


def is_resume(thing: dict[str, Any]) -> bool:
    """Whether a JSON object is a resume."""
    if "@type" in thing:
        return False
    own = any(isinstance(thing.get(key), list) for key, _ in _ENTRIES.values())
    return isinstance(thing.get("basics"), dict) or ("resume-schema" in str(thing.get("$schema", "")) and own)


def document_of_resume(thing: dict[str, Any]) -> Document:
    """The document of a resume; its date is that of its last change, where `meta` has it."""
    resume = _Resume(thing)
    meta = thing.get("meta")
    fields = {"kind": "resumes", "location": resume.place, "date": resume.text(meta.get("lastModified")) if isinstance(meta, dict) else ""}
    return Document(resume.written(), tuple(resume.hidden), (), fields)


class _Resume:
    """A resume while it is written."""

    def __init__(self, thing: dict[str, Any]) -> None:
        self._thing = thing
        self.hidden: list[Hidden] = []
        basics = thing.get("basics")
        self._basics: dict[str, Any] = basics if isinstance(basics, dict) else {}
        location = self._basics.get("location")
        self._location: dict[str, Any] = location if isinstance(location, dict) else {}
        self.place = self.line(self._location.get(key) for key in ("city", "region", "countryCode"))

    def text(self, value: Any) -> str:
        return plain(value, self.hidden)

    def line(self, values: Iterable[Any], sign: str = ", ") -> str:
        """Values in one line, those of a list among them, empty ones left out."""
        single = (each for value in values for each in (value if isinstance(value, list) else [value]))
        return sign.join(filter(None, (" ".join(self.text(each).split()) for each in single)))

    def written(self) -> str:
        """All parts, each below its heading."""
        parts = [self._who(), self.text(self._basics.get("summary"))]
        if parts[1]:
            parts[1] = f"Summary\n{parts[1]}"
        for heading, (key, keys) in _ENTRIES.items():
            entries = [self._entry(each, keys) if keys else self._listed(each) for each in _things(self._thing.get(key))]
            said = ("\n\n" if keys else "\n").join(filter(None, map(tidy, entries)))
            parts.append(f"{heading}\n{said}" if said else "")
        return tidy("\n\n".join(filter(None, parts)))

    def _who(self) -> str:
        """Name, what the person is, address and links, each in a line of its own, as `extract` masks them."""
        lines = [self.line([self._basics.get(key)]) for key in ("name", "label")]
        lines += [f"{label}: {said}" for label, key in _CONTACT if (said := self.line([self._basics.get(key)]))]
        street = self.line(self._location.get(key) for key in ("address", "postalCode"))
        lines += [f"Address: {street}" if street else "", self.place]
        for each in _things(self._basics.get("profiles")):
            if said := self.line([each.get("url") or each.get("username")]):
                lines.append(f"{self.line([each.get('network')]) or 'Profile'}: {said}")
        return "\n".join(filter(None, lines))

    def _entry(self, each: dict[str, Any], keys: tuple[str, ...]) -> str:
        """`what, where, start - end`, and below it what is said more."""
        start, end = (self.line([each.get(key)]) for key in ("startDate", "endDate"))
        when = f"{start} - {end or 'present'}" if start else end or self.line([each.get("date") or each.get("releaseDate")])
        lines = [self.line([*(each.get(key) for key in keys), when])]
        lines += [self.text(each.get(key)) for key in ("summary", "description", "reference")]
        lines += [f"- {said}" for key in ("highlights", "courses") for point in _list(each.get(key)) if (said := self.line([point]))]
        return "\n".join(filter(None, [*lines, self.line(_list(each.get("keywords")))]))

    def _listed(self, each: dict[str, Any]) -> str:
        """`name (level): keywords`."""
        name, level = self.line([each.get("name") or each.get("language")]), self.line([each.get("level") or each.get("fluency")])
        return ": ".join(filter(None, (f"{name} ({level})" if name and level else name or level, self.line(_list(each.get("keywords"))))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _things(value: Any) -> list[dict[str, Any]]:
    """The entries of a list; a bare text among them is a name."""
    return [each if isinstance(each, dict) else {"name": each} for each in _list(value)]
