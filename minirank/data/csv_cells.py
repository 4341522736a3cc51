"""CSV that people open in a spreadsheet: no text of it is taken for a formula, and every id can be had back.

A text that begins like a formula (`=`, `+`, `-`, `@`, also full-width, after blanks or characters that do not show) gets an
apostrophe in front, which spreadsheets take as the mark of a text. Numbers, `-12` and `+4.5e3` as texts included, stay as they
are. `original` takes the mark away: pandas users call it on a column of ids before they join.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np

# Blanks, control and format characters may be dropped on the way to a cell; apostrophes, so that the mark can be told from the text.
_FORMULA = re.compile(
    r"[\s'\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ROWS = 65_536  # formatted at a time


def marked(text: str) -> str:
    """A text as a spreadsheet may have it."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def original(cell: str) -> str:
    """The text that `marked` made a cell of."""
    return cell[1:] if cell.startswith("'") and marked(cell[1:]) == cell else cell


def write_csv(stream: BinaryIO, header: Iterable[str], columns: Sequence[np.ndarray | Sequence[Any]], end: str = "\n") -> None:
    """Write columns of numbers and texts as UTF-8.

    Args:
        header: a name for each column.
        columns: (n,) each; texts as objects. Half of a surrogate pair is written as `\\ud800`.
        end: of a row.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    text.write(",".join(_quoted([marked(name) for name in header], len(columns))) + end)
    for first in range(0, len(columns[0]), ROWS):
        parts = (_cells(column[first : first + ROWS], len(columns)) for column in columns)
        text.write("".join(f"{row}{end}" for row in map(",".join, zip(*parts))))
    text.flush()
    text.detach()


def _cells(values: np.ndarray | Sequence[Any], columns: int) -> Iterable[str]:
    """The values as they stand in a file of so many columns."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return map(repr, values.tolist())
    different = list(set(values))  # SPEED: a column repeats its texts, each is marked and quoted once
    cells = _quoted([marked(value) if isinstance(value, str) else value for value in different], columns)
    return map(dict(zip(different, cells)).__getitem__, values)


def _quoted(values: list[Any], columns: int) -> list[str]:
    """Each as the writer of a row has it, in quotes where it must be; alone in its row where there is one column."""
    rows: list[str] = []
    behind = ("",) if columns > 1 else ()
    csv.writer(_Rows(rows), lineterminator="\r\n").writerows((value, *behind) for value in values)
    return [row[: -len(",\r\n") if behind else -len("\r\n")] for row in rows]


class _Rows:
    """Takes rows that end in `\\r\\n`, so that the writer quotes cells which hold either of them."""

    def __init__(self, rows: list[str]) -> None:
        self.write = rows.append
