"""Shared by the benchmarks: tables between markers of a Markdown file, and one line about the machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
RECORDS = Path(__file__).parent / "results"


def replace_between(path, name, text):
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


def machine(*packages):
    """Processor, cores and versions in one line, without the name of the host.

    Args:
        packages: distributions whose versions are told, beside Python's.
    """
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in packages)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"Python {platform.python_version()}"
    return f"{_processor()}, {cores} cores; {python}{', ' + versions if versions else ''}"


def _processor():
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
