"""Cases of a test as a table in plain text."""

import re
from ast import literal_eval

import pytest


def cases(table: str) -> pytest.MarkDecorator:
    """Parametrizes a test: the first line names the arguments, every other line is a case, its cells between ` | `.

    A cell is text, or a Python literal where the name of its column ends with `=`.
    """
    names, *rows = ([cell.strip() for cell in re.split(r"(?:^| )\|(?= |$)", line.strip())] for line in table.strip().splitlines())
    values = [[literal_eval(cell) if name.endswith("=") else cell for name, cell in zip(names, row, strict=True)] for row in rows]
    return pytest.mark.parametrize([name.rstrip("=") for name in names], values)
