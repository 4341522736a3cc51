"""Names of the columns on disk: ours, and how an export may call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minirank.data import values
from minirank.errors import ConfigError, DataError, listed, nearest, suggestion

# The keys of a JSON line, and how each value is read.
JOB_KEYS = {
    "job_id": values.identifier,
    "team_id": values.identifier,
    "title": values.text,
    "description": values.text,
    "posted_at": values.seconds,
    "location": values.optional_text,
}

RESUME_KEYS = {"resume_id": values.identifier, "text": values.text, "updated_at": values.seconds, "location": values.optional_text}

COLUMNS = {
    "jobs": tuple(JOB_KEYS),
    "resumes": tuple(RESUME_KEYS),
    "recruiters": ("recruiter_id", "role"),
    "hires": ("job_id", "resume_id", "hired_at"),
    "impressions": tuple(
        "search_id time recruiter_id job_id resume_id position clicked converted converted_at relevance relevance_confidence "
        "propensity".split()
    ),
}

FILES = {
    "jobs": "jobs.jsonl",
    "resumes": "resumes.jsonl",
    "recruiters": "recruiters.csv",
    "hires": "hires.csv",
    "impressions": "impressions.csv",
}

# Columns that an export may lack. A CSV export must say so (`relevance: null`), or a misspelt label would pass
# for a missing one; a JSON key may simply be left out.
OPTIONAL = {
    "jobs": ("location",),
    "resumes": ("location",),
    "impressions": ("position", "clicked", "converted", "converted_at", "relevance", "relevance_confidence", "propensity"),
}
RARE = ("propensity",)  # columns of a CSV export that few have, and nothing is trained on: without a word there is none

# What a line may lack beside them where there is neither a log nor hires, and what stands for it.
WITHOUT_LOG: Mapping[str, Mapping[str, Any]] = {
    "jobs": {"team_id": "", "posted_at": values.MISSING_TIME},
    "resumes": {"updated_at": values.MISSING_TIME},
}

TEXTS = FILES["jobs"], FILES["resumes"]  # what extraction reads
PROTECTED_FILE = "protected.csv"


def resolve(columns: Mapping[str, Mapping[str, str | None]] | None) -> dict[str, dict[str, str | None]]:
    """For each file, our name of a column -> its name in the file, or None where the export has no such column.

    Args:
        columns: file ("impressions") -> our name -> their name, as in the configuration's `data.columns`.
    Raises:
        ConfigError: a file or a column that does not exist, or a column that cannot be left out.
        DataError: the protected attribute is asked for.
    """
    names: dict[str, dict[str, str | None]] = {file: {ours: ours for ours in wanted} for file, wanted in COLUMNS.items()}
    for file, mapping in (columns or {}).items():
        where = f"data.columns.{file}"
        if file == "protected":
            raise protected_error("protected", PROTECTED_FILE)
        if file not in names:
            raise ConfigError(f"{where}: unknown file; {suggestion(file, names)}")
        for ours, theirs in (mapping or {}).items():
            if ours not in names[file]:
                raise ConfigError(f"{where}.{ours}: unknown column; {suggestion(ours, names[file])}")
            if theirs is None and ours not in OPTIONAL.get(file, ()):
                raise ConfigError(f"{where}.{ours}: this column is needed; write its name in {FILES[file]}")
            names[file][ours] = theirs
    return names


def missing_column(file: str, ours: str, theirs: str | None, existing: Iterable[str], line: int = 1) -> DataError:
    """The error for a column that a file lacks: names the nearest column and how to map it."""
    existing = [str(name) for name in existing]
    near = nearest(theirs, existing)
    key = f"data.columns.{file}.{ours}"
    if near:
        remedy = f"if it is the column {near!r}, write {key}: {near} in the configuration"
    else:
        remedy = f"name the column that holds it, {key}: NAME; there are {listed(existing) or 'none'}"
    if ours in OPTIONAL.get(file, ()):
        remedy += f" ({key}: null if there is none)"
    return DataError("missing", file=FILES[file], column=theirs, line=line, remedy=remedy)


def protected_error(column: str, file: str) -> DataError:
    """The error for a protected attribute where a feature is read."""
    remedy = f"keep it in {PROTECTED_FILE}, which only the fairness audit reads"
    return DataError("a protected attribute is never a feature", file=file, column=column, remedy=remedy)
