"""Rows of SVMlight, as LightGBM, XGBoost and LETOR write them: `label qid:3 1:0.5 7:2  # comment`.

What a row does not name is 0. Features stand for columns `x[1]`, `x[7]`, by the numbers that they have in the file, the label for
the column `label`, the search for `query`: its number is the row's `qid`, or the rows are counted off by a file beside it, of the same
name and `.query`, whose lines are the sizes of the searches.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from minirank.config.table import Name
from minirank.data.open_files import open_text
from minirank.data.read_files import short
from minirank.data.texts import Put
from minirank.errors import DataError
from minirank.npz import Empty

LABEL, QUERY = "label", "query"
PACKED = (".bz2", ".gz")
PART = 2**21  # rows and numbers that are read at a time
ROW, NUMBER = "write a row as label qid:NUMBER feature:value feature:value", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
CHECKS = (  # what is wrong, and what to do
    ("a label that is not finite", "leave out rows without a label"),
    ("a number that is not finite", "leave out what is not known; it counts as 0"),
    ("a feature with a negative number", "number features from 0 or 1"),
    ("a feature stands twice", "name each feature once in a row"),
)


@dataclass(frozen=True)
class Numbers:
    """The numbers of neighbouring rows, by their features.

    Args:
        first: of the rows. row: (n,) int32, of each number, counted from there. feature: (n,) int64, ascending. value: (n,) float64.
    """

    first: int
    row: np.ndarray
    feature: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class SparseRows:
    """N rows.

    Args:
        file: name of the file in messages.
        label: (N,) float64. line: (N,) int64, 1-based lines of the file.
        parts: what is there of the features.
        query: (N,) int64, or None.
    """

    file: str
    label: np.ndarray
    line: np.ndarray
    parts: tuple[Numbers, ...]
    query: np.ndarray | None

    def names(self) -> list[Name]:
        """Of the columns: those of features that occur, by their numbers."""
        found = sorted({number for part in self.parts for number in np.unique(part.feature).tolist()})
        return [LABEL, QUERY, *(f"x[{number}]" for number in found)]

    def column(self, name: Name, empty: Empty = np.empty) -> np.ndarray:
        """(N,) one of the columns that this file's head describes; empty: makes that of a feature.

        Raises:
            DataError: there are no searches.
        """
        if name == LABEL:
            return self.label
        if name == QUERY:
            if self.query is None:
                remedy = f"write qid:NUMBER behind the label of each row, or the sizes of the searches into {query_file(Path(self.file))}"
                raise DataError("says nowhere which rows are of one search", file=self.file, remedy=remedy)
            return self.query
        number = int(str(name)[2:-1])
        found = empty(self.label.shape, np.dtype(float))
        found[:] = 0
        for part in self.parts:
            first, last = np.searchsorted(part.feature, [number, number + 1])
            found[part.first + part.row[first:last]] = part.value[first:last]
        return found


def is_feature(name: Name) -> bool:
    """Whether a column is called like one of a feature: `x[7]`."""
    return re.fullmatch(r"x\[\d+\]", str(name)) is not None


def query_file(path: Path) -> Path:
    """Where LightGBM keeps the sizes of the searches."""
    return path.with_name(f"{path.stem if path.suffix.lower() in PACKED else path.name}.query")


def read_svmlight(path: Path, put: Put = lambda array: array) -> SparseRows:
    """The rows of a file, and of the file with its searches where there is one.

    Args:
        put: takes the numbers, part by part, and gives back where they lie.
    Raises:
        DataError: it cannot be read, or a row is none; names file, line and remedy.
    """
    labels, lines, queries = array("d"), array("q"), array("q")
    counts, features, values = array("q"), array("q"), array("d")
    parts: list[Numbers] = []
    wrong: list[list[DataError]] = [[] for _ in CHECKS]

    def add_part() -> None:
        first = len(lines) - len(counts)
        row, feature, value = np.repeat(np.arange(len(counts), dtype=np.int32), counts), np.array(features), np.array(values)
        for found, error in zip(wrong, _check(np.array(labels[first:]), np.array(lines[first:]), row, feature, value, path.name)):
            found += error
        order = np.argsort(feature, kind="stable")
        parts.append(Numbers(first, *(put(each[order]) for each in (row, feature, value))))
        for each in (counts, features, values):
            del each[:]

    with open_text(path, path.name) as text:
        for number, raw in enumerate(text, 1):
            cells = raw.partition("#")[0].split()
            if not cells:
                continue
            try:
                labels.append(float(cells.pop(0)))
                if cells and cells[0].startswith("qid:"):
                    queries.append(int(cells.pop(0)[4:]))
                pairs = [(int(feature), float(value)) for feature, value in (cell.split(":") for cell in cells)]
                features.extend(feature for feature, _ in pairs)
                values.extend(value for _, value in pairs)
            except (ValueError, OverflowError):
                raise DataError(_broken(raw), file=path.name, line=number, remedy=ROW) from None
            counts.append(len(pairs))
            lines.append(number)
            if len(queries) not in (0, len(lines)):
                raise DataError("a qid in some rows only", file=path.name, line=number, remedy="give every row its qid, or none")
            if len(features) + len(counts) >= PART:
                add_part()
    if not lines:
        raise DataError("the file is empty", file=path.name, remedy=ROW)
    add_part()
    for found in wrong:
        if found:
            raise found[0]
    rows = SparseRows(path.name, np.array(labels), np.array(lines), tuple(parts), np.array(queries) if queries else None)
    beside = query_file(path)
    if not beside.exists():
        return rows
    if queries:
        problem, remedy = "has a qid in its rows, and the sizes of searches beside it", f"remove one, or {beside.name}"
        raise DataError(problem, file=path.name, remedy=remedy)
    return replace(rows, query=_counted_off(beside, len(rows.label), path.name))


def _broken(raw: str) -> str:
    """What is wrong with a row."""
    label, *cells = raw.partition("#")[0].split()
    for pattern, cell, what in ((NUMBER, label, "label"), *((rf"(\d+:{NUMBER}|qid:-?\d+)", cell, "number of a feature") for cell in cells)):
        if not re.fullmatch(pattern, cell):
            return f"expected a {what}, got {short(cell)}"
    return "a number that is too large, or qid behind a feature"


def _check(
    label: np.ndarray, line: np.ndarray, row: np.ndarray, feature: np.ndarray, value: np.ndarray, file: str
) -> Iterator[list[DataError]]:
    """For each of `CHECKS` the first number of a part that does not pass it, where there is one."""
    order = np.lexsort((feature, row))
    twice = (np.diff(row[order]) == 0) & (np.diff(feature[order]) == 0)
    every = np.arange(len(label))
    found = ((~np.isfinite(label), every), (~np.isfinite(value), row), (feature < 0, row), (twice, row[order]))
    for (problem, remedy), (wrong, rows) in zip(CHECKS, found):
        yield [DataError(problem, file=file, line=int(line[rows[np.argmax(wrong)]]), remedy=remedy)] if wrong.any() else []


def _counted_off(path: Path, rows: int, file: str) -> np.ndarray:
    """(N,) numbers of the searches, 0, 1, ..., from the sizes in a file."""
    sizes = []
    with open_text(path, path.name) as text:
        for line, raw in enumerate(text, 1):
            if raw.strip():
                if not re.fullmatch(r"\d{1,18}", raw.strip()):
                    problem = f"expected the number of a search's rows, got {short(raw.strip())}"
                    raise DataError(problem, file=path.name, line=line, remedy="write one number a line")
                sizes.append(int(raw))
    if sum(sizes) != rows:
        problem = f"searches of {sum(sizes):,} rows together, but {file} has {rows:,}"
        raise DataError(problem, file=path.name, remedy=f"write the sizes of all searches of {file}, in its order")
    return np.repeat(np.arange(len(sizes)), sizes)
