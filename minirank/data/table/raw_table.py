"""Rows of a generic table before they are encoded: columns of texts from CSV, .npz, SVMlight or dicts."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from minirank.config.table import Name, TableFiles
from minirank.data.problems import Problems
from minirank.data.read_files import Column, read_arrays, read_csv_parts
from minirank.data.table.column_scratch import ColumnScratch
from minirank.data.table.merge import merge
from minirank.data.table.svmlight import LABEL, QUERY, SparseRows, is_feature, read_svmlight
from minirank.data.table.threads import in_threads
from minirank.data.texts import Texts, WrittenNumbers
from minirank.data.values import BadValue, number
from minirank.errors import DataError, listed, nearest
from minirank.kernels.cpu.workers import available_threads
from minirank.npz import Header

MOST_COLUMNS = 100_000  # of an array


@dataclass(frozen=True)
class RawTable:
    """N rows of one or several files.

    Args:
        columns: name -> column; rows of all files share the values of a column.
        files: names of the files, for messages.
        file: (N,) int8, index into `files`.
        line: (N,) int64, line of a file of text, or 1-based row of an .npz.
        scratch: where the arrays are; None where they are in memory.
    """

    columns: dict[Name, Column]
    files: tuple[str, ...]
    file: np.ndarray
    line: np.ndarray
    scratch: ColumnScratch | None = None
    _numbers: dict[Name, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: np.ndarray) -> RawTable:
        """The given rows, in the given order."""
        columns = {name: Column(self._put(column.codes[rows]), column.values) for name, column in self.columns.items()}
        return RawTable(columns, self.files, self.file[rows], self._put(self.line[rows]), self.scratch, self._numbers)

    @property
    def threads(self) -> int:
        """How many columns may be worked on side by side."""
        return available_threads() if self.scratch is None else self.scratch.threads(len(self))

    def some_values(self, column: Name, first: int, last: int) -> RawTable:
        """A table without rows, and of the distinct values of a column those from one place to before another."""
        values, numbers = self.columns[column].values, self._numbers.get(column)
        part = values.between(first, last) if isinstance(values, Texts | WrittenNumbers) else values[first:last]
        known = {} if numbers is None else {column: numbers[first:last]}
        none = np.empty(0, np.int32)
        return RawTable({column: Column(none, part)}, self.files, none, none, None, known)

    def _put(self, array: np.ndarray) -> np.ndarray:
        return array if self.scratch is None else self.scratch.put(array)

    def numbers(self, column: Name, remedy: str) -> np.ndarray:
        """(V,) float64, the distinct values of a column as numbers, NaN where missing.

        Raises:
            DataError: one is not a finite number.
        """
        if column not in self._numbers:
            texts = self.columns[column].values
            values, left = (
                texts.numbers() if isinstance(texts, Texts | WrittenNumbers) else (np.full(len(texts), np.nan), [*range(len(texts))])
            )
            for code in left:
                text = texts[code]
                if text is not None:
                    try:
                        values[code] = number(text)
                    except BadValue as error:
                        raise self.error(column, code, error.problem, remedy) from None
            self._numbers[column] = self._put(values)
        return self._numbers[column]

    def error(self, column: Name, code: int, problem: str, remedy: str) -> DataError:
        """The error for the value `code` of a column; it names the first row that has it."""
        row = int(np.argmax(self.columns[column].codes == code))
        return DataError(problem, file=self.files[self.file[row]], line=int(self.line[row]), column=str(column), remedy=remedy)


class Select(Protocol):
    """Names of a file's columns, name of the file -> the columns to read."""

    def __call__(self, names: Sequence[Name], file: str) -> Iterable[Name]: ...


def read_raw(
    paths: Sequence[Path], options: TableFiles, select: Select, known: Sequence[Name] = (), scratch: ColumnScratch | None = None
) -> RawTable:
    """Reads the selected columns of files that have the same columns.

    Args:
        options: format, header, separator and missing markers.
        select: (names of a file's columns, name of the file) -> the columns to read.
        known: what a file of SVMlight may name, by default what the first one names.
        scratch: takes the rows, part by part; None leaves them in memory.
    Raises:
        DataError: a file cannot be read, or lacks a column.
        ConfigError: what must be in memory of so many rows does not fit. NoSpace: `scratch` has no space.
    """
    tables: list[tuple[dict[Name, Column], np.ndarray]] = []
    places: list[int] = []  # of each, in `paths`, where a file may stand twice
    parts = None if scratch is None else scratch.another()
    for place, path in enumerate(paths):
        kind = options.format_of(path)
        if kind == "npz":
            tables.append(_read_npz(path, select, parts))
        elif kind == "svmlight":
            rows = read_svmlight(path) if parts is None else read_svmlight(path, parts.put)
            known = known or rows.names()
            tables.append(_take(rows, known, select, parts))
        else:
            problems, only = Problems(), partial(select, file=path.name)
            found = read_csv_parts(path, path.name, problems, parts, header=options.header, separator=options.separator, only=only)[1]
            problems.raise_first()
            if not len(found[0].lines):
                raise DataError("no row below the header", file=path.name, remedy="give a table with rows")
            tables += [(part.columns, part.lines) for part in found]
        places += [place] * (len(tables) - len(places))
    for path, (columns, _) in zip((paths[place] for place in places), tables):
        lacking = [name for name in tables[0][0] if name not in columns]
        if lacking:
            remedy = f"give it the columns of {paths[0].name}"
            raise DataError("missing", file=path.name, column=str(lacking[0]), remedy=remedy)
    missing, lines = frozenset(options.missing), [table[1] for table in tables]
    file = np.repeat(np.array(places, np.int8), [len(part) for part in lines])
    names = list(tables[0][0])
    if scratch is None:
        merged = [merge([table[0][name] for table in tables], missing) for name in names]
    else:
        given = [([table[0].pop(name) for table in tables], missing, scratch) for name in names]
        merged = in_threads("joining", merge, given, threads=scratch.threads(len(file)))
    line: np.ndarray = np.empty(len(file), np.int64) if scratch is None else scratch.empty((len(file),), np.int64)
    np.concatenate(lines, out=line)
    return RawTable(dict(zip(names, merged)), tuple(path.name for path in paths), file, line, scratch)


def from_rows(
    rows: Sequence[Mapping[Name, Any]], names: Iterable[Name], separators: Mapping[Name, str], missing: Container[str | None]
) -> RawTable:
    """Rows given as dicts; a name that a row lacks, and None, is missing; a list is joined by its separator.

    Args:
        names: the columns to take.
        separators: of the multi-valued columns.
        missing: texts that stand for a missing value.
    """
    columns = {name: Column.of(_cell(row.get(name), separators.get(name), missing) for row in rows) for name in names}
    return RawTable(columns, ("rows",), np.zeros(len(rows), np.int8), np.arange(1, len(rows) + 1))


def find(name: Name, names: Sequence[Name], file: str, key: str | None) -> list[Name]:
    """The columns that a name of the configuration stands for: itself, or all columns of an array.

    Args:
        key: of `data.columns`, for messages; None where the file, not the configuration, is to be corrected.
    Raises:
        DataError: there is no such column; suggests the nearest.
    """
    if name in names:
        return [name]
    if names and isinstance(names[0], str) and str(name) in names:
        return [str(name)]  # a header of numbers
    pattern = re.compile(re.escape(str(name)) + r"\[\d+\]")
    parts: list[Name] = [column for column in names if isinstance(column, str) and pattern.fullmatch(column)]
    if parts:
        return parts
    near = nearest(name, names)
    correct = f"correct data.columns.{key}" if key else "rename the column of the file"
    if names and isinstance(names[0], int):
        remedy = f"write an index 0 .. {len(names) - 1}, or header: true if the first line names the columns"
    elif near is not None:
        remedy = f"did you mean {near!r}? {correct}"
    else:
        remedy = f"{correct}; there are {listed(names)}"
    raise DataError("missing", file=file, column=str(name), remedy=remedy)


def _cell(value: Any, separator: str | None, missing: Container[str | None]) -> str | None:
    if isinstance(value, (list, tuple)) and separator is not None:
        value = separator.join(map(str, value))
    text = None if value is None else str(value).strip()
    return None if text in missing else text


def _read_npz(path: Path, select: Select, scratch: ColumnScratch | None) -> tuple[dict[Name, Column], np.ndarray]:
    """The selected columns of an .npz and the 1-based numbers of its rows; arrays of other lengths are passed over, what is not
    selected is not unpacked; scratch: as in `read_raw`.
    """
    places: dict[Name, tuple[str, int | None]] = {}  # column -> array, column in it
    wanted: list[Name] = []
    rows = 0

    def choose(headers: Mapping[str, Header]) -> list[str]:
        nonlocal rows
        rows = max((header.shape[0] for header in headers.values() if len(header.shape) in (1, 2)), default=0)
        if not rows:
            raise DataError("no array with rows in it", file=path.name, remedy="store arrays of shape (rows,) or (rows, n)")
        for name, header in headers.items():
            if header.shape == (rows,):
                places[name] = name, None
            elif len(header.shape) == 2 and header.shape[0] == rows:
                if header.shape[1] > MOST_COLUMNS:
                    problem = f"{header.shape[1]:,} columns, at most {MOST_COLUMNS:,} are read"
                    raise DataError(problem, file=path.name, column=name, remedy="leave some of them out")
                places.update({f"{name}[{index}]": (name, index) for index in range(header.shape[1])})
        wanted.extend(select(list(places), path.name))
        return [places[name][0] for name in wanted]

    arrays = read_arrays(path, path.name, choose, np.empty if scratch is None else scratch.another().empty)
    indices: dict[str, list[int]] = {}  # array -> its columns, in ascending order
    for name, index in sorted({places[column] for column in wanted if places[column][1] is not None}):
        indices.setdefault(name, []).append(index)
    if scratch is not None:
        arrays |= {name: _by_columns(arrays[name], indices[name], scratch) for name in indices}
    columns: dict[Name, Column] = {}
    for column in wanted:
        name, index = places[column]
        array = arrays[name] if index is None else arrays[name][:, index if scratch is None else indices[name].index(index)]
        columns[column] = _factorise(array, path.name, column, scratch)
    return columns, np.arange(1, rows + 1)


def _by_columns(array: np.ndarray, columns: Sequence[int], scratch: ColumnScratch) -> np.ndarray:
    """(N, n) some columns of an array, each of which lies together: whoever reads one reads no other."""
    made = scratch.empty((len(columns), len(array)), array.dtype).T
    step = scratch.part_rows(array.shape[1])
    for first in range(0, len(array), step):
        made[first : first + step] = array[first : first + step, columns]
    return made


def _take(rows: SparseRows, known: Sequence[Name], select: Select, scratch: ColumnScratch | None) -> tuple[dict[Name, Column], np.ndarray]:
    """The selected columns of a file of SVMlight and the lines of its rows; features that are not known are passed over.

    Args:
        scratch: as in `read_raw`.
    """
    names = [LABEL, QUERY, *filter(is_feature, known)]
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{len(names):,} columns, at most {MOST_COLUMNS:,} are read", file=rows.file, remedy="leave some features out")
    columns: dict[Name, Column] = {}
    for name in select(names, rows.file):
        values = rows.column(name) if scratch is None else rows.column(name, scratch.another().empty)
        columns[name] = _factorise(values, rows.file, name, scratch)
    return columns, rows.line


def _factorise(array: np.ndarray, file: str, name: Name, scratch: ColumnScratch | None = None) -> Column:
    """A column of an array; NaN is missing.

    Args:
        scratch: as in `read_raw`.
    Raises:
        DataError: a text that is no Unicode.
    """
    distinct, codes = _distinct(array, scratch)
    if distinct.dtype.kind == "b":
        distinct = distinct.astype(np.int8)
    values: WrittenNumbers | list[str | None]
    if distinct.dtype.kind in "iuf" and distinct.itemsize <= 8:
        missing = len(distinct) - 1 if distinct.dtype.kind == "f" and np.isnan(distinct[-1]) else -1
        distinct[-1] = np.nan if missing >= 0 else distinct[-1]  # of the many that there are
        values = WrittenNumbers(distinct, missing)
    else:
        try:
            found = [value.decode("utf-8") for value in distinct.tolist()] if distinct.dtype.kind == "S" else distinct.tolist()
            values = [None if value != value else str(value).strip() for value in found]
            "".join(value or "" for value in values).encode("utf-8")
        except ValueError:
            raise DataError("a text that is no Unicode", file=file, column=str(name), remedy="correct it") from None
    column = Column(codes.astype(np.int32), values)
    return column if scratch is None else scratch.put_column(column)


def _distinct(array: np.ndarray, scratch: ColumnScratch | None) -> tuple[np.ndarray, np.ndarray]:
    """`numpy.unique` and its inverse; texts, of which that makes copies, part by part where there is a scratch."""
    if scratch is None or array.dtype.kind not in "US":
        return np.unique(array, return_inverse=True)
    step, codes = scratch.part_rows(array.itemsize), scratch.empty(array.shape, np.int32)
    parts, ends = [], [0]
    for first in range(0, len(array), step):
        found, codes[first : first + step] = np.unique(array[first : first + step], return_inverse=True)
        parts.append(found)
        ends.append(ends[-1] + len(found))
    distinct, places = np.unique(np.concatenate(parts), return_inverse=True)
    for part, first in enumerate(range(0, len(array), step)):
        codes[first : first + step] = places[ends[part] : ends[part + 1]][codes[first : first + step]]
    return distinct, codes
