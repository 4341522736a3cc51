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
    writer = csv.writer(_Rows(text, end), lineterminator="\r\n")
    writer.writerow([marked(name) for name in header])
    for first in range(0, len(columns[0]), ROWS):
        writer.writerows(zip(*(_cells(column[first : first + ROWS]) for column in columns)))
    text.flush()
    text.detach()


def _cells(values: np.ndarray | Sequence[Any]) -> Iterable[Any]:
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.tolist()
    cells = {value: marked(value) if isinstance(value, str) else value for value in set(values)}
    return map(cells.__getitem__, values)


class _Rows:
    """Takes rows that end in `\\r\\n`, so that the writer quotes cells which hold either of them, and ends them as is asked."""

    def __init__(self, text: io.TextIOWrapper, end: str) -> None:
        self._text, self._end = text, end

    def write(self, row: str) -> None:
        self._text.write(row[:-2] + self._end)
