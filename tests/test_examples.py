"""Every lesson runs from its folder's name alone, and says what a reader learns."""

import ast
import os
import subprocess
import sys

import pytest
from paths import ROOT

LESSONS = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))


def test_lessons_are_numbered_without_a_gap():
    assert [path.name[:2] for path in LESSONS] == [f"{i:02d}" for i in range(1, len(LESSONS) + 1)] and len(LESSONS) >= 3


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_runs(path, tmp_path):
    assert ast.get_docstring(ast.parse(path.read_text())).startswith(f"Lesson {int(path.name[:2])}: ")
    done = subprocess.run([sys.executable, "-W", "error", str(path)], cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
