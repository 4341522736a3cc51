"""Every error that a user can cause: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from .terminal import printable

COMPARED = 20_000  # names that one is compared with; each takes time
LONGEST_NAME = 100  # characters
SHOWN = 40  # names in a message


class MinirankError(Exception):
    """Base of all errors shown to the user without a traceback; the command line exits with 2."""

    exit_code = 2


class ConfigError(MinirankError):
    """A configuration that cannot be used: unknown key, value out of range."""


class UnknownKey(ConfigError):
    """A key that a configuration does not have."""


class RunError(MinirankError):
    """A run folder that cannot be used: truncated checkpoint, other version, wrong permission."""


class DataError(MinirankError):
    """Input data that cannot be used.

    Args:
        problem: what is wrong, in one clause.
        file: name of the file, relative to the data folder.
        line: 1-based line in that file.
        column: name of the column or JSON key.
        remedy: what the user can do about it.

    str() gives `impressions.csv:17: column clicked: expected 0, 1 or empty, got 'yes'; write ...`, one line whatever the names.
    """

    def __init__(
        self, problem: str, *, file: str | Path | None = None, line: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> None:
        self.problem, self.file, self.line, self.column, self.remedy = problem, file, line, column, remedy
        where = "" if file is None else f"{file}:{line}: " if line is not None else f"{file}: "
        where += "" if column is None else f"column {column}: "
        super().__init__(printable(where + problem + ("" if remedy is None else f"; {remedy}")))


def changed_while_read(file: str) -> DataError:
    """Of a file that somebody wrote while it was read part by part."""
    return DataError("changed while it was read", file=file, remedy="start again once nothing writes there, or with a copy")


def nearest(name: object, names: Iterable[object]) -> str | None:
    """The closest of `names` to `name`, if any is close; long ones, and those after the first `COMPARED`, are not looked at."""
    names = [item for item in islice(names, COMPARED) if len(str(item)) <= LONGEST_NAME]
    if len(str(name)) > LONGEST_NAME:
        return None
    found = difflib.get_close_matches(str(name).lower(), {str(item).lower(): None for item in names}, n=1)
    return next((str(item) for item in names if str(item).lower() == found[0]), None) if found else None


def suggestion(name: object, names: Iterable[object]) -> str:
    """`did you mean X?` where one of `names` is close to `name`, else all of them."""
    known = list(names)
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"known are {listed(known)}"


def listed(names: Iterable[object]) -> str:
    """Names as a message can show them: the first `SHOWN`, and how many more there are."""
    texts = [str(name)[:LONGEST_NAME] for name in names]
    more = f" and {len(texts) - SHOWN:,} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
