"""JSON files: resumes of jsonresume.org and jobs of schema.org; any other is refused by name."""

from __future__ import annotations

import json
from typing import Any

from .document import Document, Unreadable
from .job_posting import document_of_posting, postings_in
from .json_resume import document_of_resume, is_resume
from .text_encoding import decoded


def read_json(content: bytes, name: str) -> list[Document]:
    """The documents of a JSON file: one, or those of a list, of a `@graph`, or of one object a line.

    Raises:
        Unreadable: it is no JSON, or holds something else.
    """
    value = _parsed(decoded(content))
    things = value if isinstance(value, list) else [value]
    if things and all(isinstance(thing, dict) and is_resume(thing) for thing in things):
        return [document_of_resume(thing) for thing in things]
    postings = [*postings_in(value)]
    if not postings:
        problem = "neither a resume of jsonresume.org (with basics) nor a job of schema.org (with @type JobPosting)"
        raise Unreadable(problem, remedy="save it in one of these two, as CSV, or as text")
    return [document_of_posting(thing) for thing in postings]


def _parsed(text: str) -> Any:
    """The value of a text: one, or a list of those of its lines."""
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise Unreadable("lists within lists, too many of them", remedy="save it anew") from None
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            if len(lines) > 1:
                return [json.loads(line, strict=False) for line in lines]
        except (ValueError, RecursionError):
            pass
        raise Unreadable(f"no JSON: {error}", remedy="save it anew") from None
