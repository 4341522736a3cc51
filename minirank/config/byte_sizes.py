"""Sizes as people write them: 2GB, 500 MB, 1.5GiB."""

from __future__ import annotations

import re

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s?([A-Za-z]+)", re.ASCII)


def bytes_of(text: str) -> int:
    """Bytes of a size.

    Raises:
        ValueError: it is none, or 0.
    """
    found, units = _SIZE.fullmatch(text.strip()), {unit.lower(): size for unit, size in UNITS.items()}
    size = int(float(found[1]) * units.get(found[2].lower(), 0)) if found else 0
    if size < 1:
        raise ValueError(f"expected a size such as 2GB or 500MB, got {text!r}")
    return size


def size_text(size: float) -> str:
    """Bytes as a person reads them: 1.7 GB, 350 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"
