"""Shared by the benchmarks: records, tables between markers of a Markdown page, and one line about the machine.

A script FOLDER/NAME.py keeps what it measured in FOLDER/results/NAME.json, and its tables in FOLDER/RESULTS.md.
"""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path


def record_of(script: str) -> Path:
    """Where a script keeps what it measured.

    Args:
        script: its `__file__`.
    """
    path = Path(script).resolve()
    return path.parent / "results" / f"{path.stem}.json"


def page_of(script: str) -> Path:
    """The page that holds a script's tables."""
    return Path(script).resolve().parent / "RESULTS.md"


def write_record(path: Path, results) -> None:
    """Write JSON that a reader can compare line by line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, default=float) + "\n", encoding="utf-8")


def publish(script: str, results, text: str) -> None:
    """Write a script's record and tables, and print the tables."""
    write_record(record_of(script), results)
    replace_between(page_of(script), Path(script).stem, text)
    print(text)


def replace_between(path: Path, name: str, text: str) -> None:
    """Put a text between `<!-- name:begin -->` and `<!-- name:end -->`; both are appended where they lack.

    Args:
        path: Markdown file, made when it does not exist.
        name: of the markers.
        text: Markdown, replaces what stood between.
    """
    path = Path(path)
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
    if begin not in page or end not in page:
        page = f"{page.rstrip()}\n\n{begin}\n{end}\n"
    head, _, rest = page.partition(begin)
    tail = rest.partition(end)[2]
    path.write_text(f"{head}{begin}\n{text.strip()}\n{end}{tail}", encoding="utf-8")


def row(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def machine(*packages: str) -> str:
    """Processor, cores and versions in one line, without the name of the host.

    Args:
        packages: distributions whose versions are told, beside Python's.
    """
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"Python {platform.python_version()}"
    return f"{_processor()}, {cores} cores; {python}{', ' + versions if versions else ''}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
