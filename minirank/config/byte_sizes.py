"""Sizes as people write them: 2GB, 500 MB, 2G, 1.5GiB, 2000000000."""

from __future__ import annotations

import re
from typing import Annotated

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "M": 10**6, "G": 10**9, "T": 10**12}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
LEAST = 10**6  # a number without a unit that is smaller, such as 2 or 500, lacks it
EXPECTED = "a size such as 2GB or 500MB, or a number of bytes such as 2000000000"
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s?([A-Za-z]+)", re.ASCII)

Size = Annotated[str | int, EXPECTED]


def bytes_of(size: Size) -> int:
    """Bytes of a size.

    Raises:
        ValueError: it is none, or 0, or a number that must mean something else than bytes.
    """
    if isinstance(size, int):
        found = size if size >= LEAST else 0
    else:
        parts, units = _SIZE.fullmatch(size.strip()), {unit.lower(): each for unit, each in UNITS.items()}
        found = int(float(parts[1]) * units.get(parts[2].lower(), 0)) if parts else 0
    if found < 1:
        raise ValueError(f"must be {EXPECTED}, got {size!r}")
    return found


def size_text(size: float) -> str:
    """Bytes as a person reads them: 1.7 GB, 350 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"
