"""Every lesson runs from its folder's name alone, and says what a reader learns."""

import ast

import pytest
from checkout import ROOT, python

LESSONS = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))


def test_lessons_are_numbered_without_a_gap():
    assert [path.name[:2] for path in LESSONS] == [f"{i:02d}" for i in range(1, len(LESSONS) + 1)] and len(LESSONS) >= 3


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_runs(path, tmp_path):
    assert ast.get_docstring(ast.parse(path.read_text())).startswith(f"Lesson {int(path.name[:2])}: ")
    done = python("-W", "error", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
