"""Rows of SVMlight, as LightGBM, XGBoost and LETOR write them: `label qid:3 1:0.5 7:2  # comment`.

What a row does not name is 0. Features stand for columns `x[1]`, `x[7]`, by the numbers that they have in the file, the label for
the column `label`, the search for `query`: its number is the row's `qid`, or the rows are counted off by a file beside it, of the same
name and `.query`, whose lines are the sizes of the searches.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from minirank.config.table import Name
from minirank.data.open_files import open_text
from minirank.data.read_files import short
from minirank.errors import DataError

LABEL, QUERY = "label", "query"
PACKED = (".bz2", ".gz")
ROW, NUMBER = "write a row as label qid:NUMBER feature:value feature:value", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"


@dataclass(frozen=True)
class SparseRows:
    """N rows.

    Args:
        file: name of the file in messages.
        label: (N,) float64. line: (N,) int64, 1-based lines of the file.
        row, feature, value: (n,) of each number that is there.
        query: (N,) int64, or None.
    """

    file: str
    label: np.ndarray
    line: np.ndarray
    row: np.ndarray
    feature: np.ndarray
    value: np.ndarray
    query: np.ndarray | None

    @cached_property
    def by_feature(self) -> np.ndarray:
        """(n,) the order of the numbers by their features."""
        return np.argsort(self.feature, kind="stable")

    def names(self) -> list[Name]:
        """Of the columns: those of features that occur, by their numbers."""
        return [LABEL, QUERY, *(f"x[{number}]" for number in np.unique(self.feature).tolist())]

    def column(self, name: Name) -> np.ndarray:
        """(N,) one of the columns that this file's head describes.

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
        first, last = np.searchsorted(self.feature, [number, number + 1], sorter=self.by_feature)
        found, there = np.zeros(len(self.label)), self.by_feature[first:last]
        found[self.row[there]] = self.value[there]
        return found


def is_feature(name: Name) -> bool:
    """Whether a column is called like one of a feature: `x[7]`."""
    return re.fullmatch(r"x\[\d+\]", str(name)) is not None


def query_file(path: Path) -> Path:
    """Where LightGBM keeps the sizes of the searches."""
    return path.with_name(f"{path.stem if path.suffix.lower() in PACKED else path.name}.query")


def read_svmlight(path: Path) -> SparseRows:
    """The rows of a file, and of the file with its searches where there is one.

    Raises:
        DataError: it cannot be read, or a row is none; names file, line and remedy.
    """
    labels, lines, queries = array("d"), array("q"), array("q")
    counts, features, values = array("q"), array("q"), array("d")
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
    if not lines:
        raise DataError("the file is empty", file=path.name, remedy=ROW)
    row = np.repeat(np.arange(len(counts)), counts)
    label, line, feature, value = (np.array(each) for each in (labels, lines, features, values))
    rows = SparseRows(path.name, label, line, row, feature, value, np.array(queries) if queries else None)
    _check(rows)
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


def _check(rows: SparseRows) -> None:
    """Refuse numbers that are not finite and features that are named twice."""

    def refuse(wrong: np.ndarray, row: np.ndarray, problem: str, remedy: str) -> None:
        if wrong.any():
            raise DataError(problem, file=rows.file, line=int(rows.line[row[np.argmax(wrong)]]), remedy=remedy)

    every = np.arange(len(rows.label))
    refuse(~np.isfinite(rows.label), every, "a label that is not finite", "leave out rows without a label")
    refuse(~np.isfinite(rows.value), rows.row, "a number that is not finite", "leave out what is not known; it counts as 0")
    refuse(rows.feature < 0, rows.row, "a feature with a negative number", "number features from 0 or 1")
    order = np.lexsort((rows.feature, rows.row))
    twice = (np.diff(rows.row[order]) == 0) & (np.diff(rows.feature[order]) == 0)
    refuse(twice, rows.row[order], "a feature stands twice", "name each feature once in a row")


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
