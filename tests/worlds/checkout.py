"""Folders of the checkout, and processes of Python that import from it."""

import os
import subprocess
import sys
from pathlib import Path

WORLDS = Path(__file__).resolve().parent
TESTS = WORLDS.parent
ROOT = TESTS.parent


def environment(**more: str) -> dict[str, str]:
    """The variables of a process that finds our packages and the helpers in this folder."""
    before = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, WORLDS, *([before] if before else []))))} | more


def python(*arguments, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess:
    """Runs Python to its end; `more` are environment variables."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, encoding="utf-8", timeout=1800)


def start_python(*arguments, stderr: int = subprocess.PIPE, **more: str) -> subprocess.Popen:
    """The same, while it runs."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, env=environment(**more), stdout=subprocess.PIPE, stderr=stderr, text=True)
