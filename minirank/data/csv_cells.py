"""CSV that people open in a spreadsheet: no text of it is taken for a formula, and every id can be had back.

A text that begins like a formula (`=`, `+`, `-`, `@`, also full-width, after blanks or characters that do not show) gets an
apostrophe in front, which spreadsheets take as the mark of a text. Numbers, `-12` and `+4.5e3` as texts included, stay as they
are. `original` takes the mark away: pandas users call it on a column of ids before they join.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np

from minirank.data.read_files import Column

# Blanks, control and format characters may be dropped on the way to a cell; apostrophes, so that the mark can be told from the text.
_FORMULA = re.compile(
    r"[\s'\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ROWS = 65_536  # formatted at a time
FEW = 1_000  # rows that Python writes before compiled loops are loaded


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
        columns: (n,) each, texts as objects; or what gives an array or a `Column` for a slice. Half of a surrogate pair is written as
            `\\ud800`.
        end: of a row.
    """
    stream.write(_encoded(",".join(_quoted([marked(name) for name in header], len(columns))) + end))
    for first in range(0, len(columns[0]), ROWS):
        rows, part = min(ROWS, len(columns[0]) - first), [column[first : first + ROWS] for column in columns]
        if rows < FEW:
            cells = [map(of.__getitem__, codes.tolist()) for of, codes in (_texts(column, len(part)) for column in part)]
            stream.write(_encoded("".join(f"{row}{end}" for row in map(",".join, zip(*cells)))))
        else:
            stream.write(_joined(part, rows, end))


def _joined(columns: Sequence[np.ndarray | Sequence[Any] | Column], rows: int, end: str) -> memoryview:
    """Rows of a file by compiled loops, for which a cell is where it begins and how long it is among the bytes of all."""
    from minirank.data.float_text import WIDEST, join_rows, powers, write_floats  # with Numba, which few rows need not wait for

    pools, begins, lengths = [], [], []
    before = 0
    for column in columns:
        if isinstance(column, np.ndarray) and column.dtype.kind == "f" and column.dtype.itemsize <= 8 and np.isfinite(column).all():
            pool, length = np.zeros((rows, WIDEST), np.uint8), np.zeros(rows, np.int64)
            write_floats(np.ascontiguousarray(column, np.float64).view(np.uint64), powers(), pool, length)
            pools.append(pool.ravel())
            begins.append(np.arange(rows) * WIDEST + before)
            lengths.append(length)
        else:
            texts, codes = _texts(column, len(columns))
            parts = list(map(_encoded, texts))
            sizes = np.array(list(map(len, parts)), np.int64)
            pools.append(np.frombuffer(b"".join(parts), np.uint8))
            begins.append((np.cumsum(sizes) - sizes + before)[codes])
            lengths.append(sizes[codes])
        before += len(pools[-1])
    ending = np.frombuffer(end.encode(), np.uint8)
    out = np.empty(sum(int(length.sum()) for length in lengths) + rows * (len(columns) - 1 + len(ending)), np.uint8)
    join_rows(np.concatenate(pools), np.array(begins), np.array(lengths), ending, out)
    return out.data


def _texts(values: np.ndarray | Sequence[Any] | Column, columns: int) -> tuple[list[str], np.ndarray]:
    """The different cells of a column as they stand in a file of so many, and (n,) the place of each value among them."""
    if isinstance(values, Column):
        texts, places = values.distinct()
        return _quoted([marked(text or "") for text in texts], columns), places
    if isinstance(values, np.ndarray) and values.dtype != object:
        return list(map(repr, values.tolist())), np.arange(len(values))
    place = {value: number for number, value in enumerate(dict.fromkeys(values))}  # SPEED: each text is marked and quoted once
    cells = _quoted([marked(value) if isinstance(value, str) else value for value in place], columns)
    return cells, np.fromiter(map(place.__getitem__, values), np.int64, len(values))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


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
