"""What a cell may hold: each function takes its text and returns the value, or raises `BadValue` with a remedy."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from minirank.data.read_files import short

MISSING_TIME = -1
_DECIMALS = re.compile(r"[.,]0*$")
LONGEST_ID = 1_000  # characters
LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z, in seconds


class BadValue(Exception):
    """A value that cannot be used.

    Args:
        problem: what is wrong with it.
        remedy: what to write in its place.
    """

    def __init__(self, problem: str, remedy: str):
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def seconds(value: Any) -> int:
    """ISO 8601 time -> whole seconds since the epoch, UTC; a time without an offset is UTC."""
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        result = math.floor(time.timestamp())
    except (ValueError, TypeError, OverflowError):
        remedy = "write ISO 8601 such as 2025-03-01 or 2025-03-01T12:00:00Z"
        raise BadValue(f"expected a time, got {short(value)}", remedy) from None
    if result < 0:
        raise BadValue(f"time {short(value)} is before 1970", "correct it")
    if result > LATEST:
        raise BadValue(f"time {short(value)} is after the year 9999", "correct it")
    return result


def identifier(value: Any) -> str:
    """An id: a text or a whole number."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        raise BadValue(f"expected an id, got {short(value)}", "write a text")
    if not value.strip():
        raise BadValue("the id is empty", "give every row its id")
    if len(value) > LONGEST_ID:
        raise BadValue(f"the id has {len(value):,} characters", f"give one of at most {LONGEST_ID:,}")
    return text(value).strip()


def folded(name: str) -> str:
    """An id without what people do not see or other programs change: case, Unicode form, invisible characters, blanks, zeros or an
    apostrophe in front, `.0` at the end. Ids that are equal so are still different ids.
    """
    shown = "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isprintable() and not char.isspace())
    return _DECIMALS.sub("", shown).lstrip("'0")


def text(value: Any) -> str:
    """A text, which may be empty."""
    if not isinstance(value, str):
        raise BadValue(f"expected a text, got {short(value)}", 'write a text, "" where there is none')
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadValue("half of a surrogate pair stands alone", "write the whole character") from None
    return value


def optional_text(value: Any) -> str | None:
    """A text or nothing."""
    return None if value is None else text(value)


def name(value: str) -> str:
    """A name that is not empty."""
    if not value:
        raise BadValue("the cell is empty", "write a name, such as unknown")
    return value


def _decimal(value: str) -> float | None:
    """`float` of what other programs also take for a number, ASCII digits without an underscore between them; None of other texts."""
    try:
        return float(value) if value.isascii() and "_" not in value else None
    except ValueError:
        return None


def number(value: str) -> float:
    """A finite number."""
    result = _decimal(value)
    if result is None:
        raise BadValue(f"expected a number, got {short(value)}", "write a number, or leave the cell empty")
    if not math.isfinite(result):
        raise BadValue(f"{short(value)} is not a finite number", "leave the cell empty where the value is missing")
    return result


def flag(value: str) -> float:
    """0, 1, or NaN for an empty cell."""
    if not value:
        return math.nan
    result = _decimal(value)
    if result not in (0.0, 1.0):
        raise BadValue(f"expected 0, 1 or empty, got {short(value)}", "write 1 for yes, 0 for no, nothing for unknown")
    return result


def share(value: str) -> float:
    """A number in [0, 1], or NaN for an empty cell."""
    if not value:
        return math.nan
    result = number(value)
    if not 0.0 <= result <= 1.0:
        raise BadValue(f"{short(value)} is outside 0 .. 1", "divide grades by the highest grade")
    return result


def propensity(value: str) -> float:
    """A number above 0 and at most 1, or NaN for an empty cell."""
    result = share(value)
    if result == 0:
        raise BadValue("expected a chance above 0, got 0", "what was shown had a chance; leave the cell empty where it is not known")
    return result


def rank(value: str) -> int:
    """A position in a list, 1 at the top, or 0 for an empty cell."""
    if not value:
        return 0
    result = _decimal(value)
    if result is None or not (1 <= result < 2**31 and result == int(result)):
        problem = f"expected a position 1, 2, 3 ... or empty, got {short(value)}"
        raise BadValue(problem, "count positions from 1 at the top of the list")
    return int(result)


def optional_seconds(value: str) -> int:
    """A time, or MISSING_TIME for an empty cell."""
    return seconds(value) if value else MISSING_TIME
