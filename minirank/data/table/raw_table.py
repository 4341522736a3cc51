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
from minirank.data.read_files import Column, read_arrays, read_csv
from minirank.data.table.svmlight import LABEL, QUERY, SparseRows, is_feature, read_svmlight
from minirank.data.texts import Texts, WrittenNumbers
from minirank.data.values import BadValue, number
from minirank.errors import DataError, listed, nearest
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
    """

    columns: dict[Name, Column]
    files: tuple[str, ...]
    file: np.ndarray
    line: np.ndarray
    _numbers: dict[Name, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: np.ndarray) -> RawTable:
        """The given rows, in the given order."""
        columns = {name: Column(column.codes[rows], column.values) for name, column in self.columns.items()}
        return RawTable(columns, self.files, self.file[rows], self.line[rows])

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
            self._numbers[column] = values
        return self._numbers[column]

    def error(self, column: Name, code: int, problem: str, remedy: str) -> DataError:
        """The error for the value `code` of a column; it names the first row that has it."""
        row = int(np.argmax(self.columns[column].codes == code))
        return DataError(problem, file=self.files[self.file[row]], line=int(self.line[row]), column=str(column), remedy=remedy)


class Select(Protocol):
    """Names of a file's columns, name of the file -> the columns to read."""

    def __call__(self, names: Sequence[Name], file: str) -> Iterable[Name]: ...


def read_raw(paths: Sequence[Path], options: TableFiles, select: Select, known: Sequence[Name] = ()) -> RawTable:
    """Reads the selected columns of files that have the same columns.

    Args:
        options: format, header, separator and missing markers.
        select: (names of a file's columns, name of the file) -> the columns to read.
        known: what a file of SVMlight may name, by default what the first one names.
    Raises:
        DataError: a file cannot be read, or lacks a column.
    """
    tables = []
    for path in paths:
        kind = options.format_of(path)
        if kind == "npz":
            tables.append(_read_npz(path, select))
            continue
        if kind == "svmlight":
            rows = read_svmlight(path)
            known = known or rows.names()
            tables.append(_take(rows, known, select))
            continue
        problems, only = Problems(), partial(select, file=path.name)
        read = read_csv(path, path.name, problems, header=options.header, separator=options.separator, only=only)[1]
        problems.raise_first()
        if not len(read.lines):
            raise DataError("no row below the header", file=path.name, remedy="give a table with rows")
        tables.append((read.columns, read.lines))
    for path, (columns, _) in zip(paths, tables):
        lacking = [name for name in tables[0][0] if name not in columns]
        if lacking:
            remedy = f"give it the columns of {paths[0].name}"
            raise DataError("missing", file=path.name, column=str(lacking[0]), remedy=remedy)
    missing = frozenset(options.missing)
    columns = {name: merge([table[0][name] for table in tables], missing) for name in tables[0][0]}
    lines = [table[1] for table in tables]
    file = np.repeat(np.arange(len(paths), dtype=np.int8), [len(part) for part in lines])
    return RawTable(columns, tuple(path.name for path in paths), file, np.concatenate(lines))


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


def merge(columns: Sequence[Column], missing: frozenset[str]) -> Column:
    """One column from the same column of several files; missing markers become None."""
    if len(columns) > 1:
        columns = [_one_column(columns)]
    codes, found = columns[0].codes, columns[0].values
    if isinstance(found, Texts | WrittenNumbers):
        places = found.places(missing)
        if not places:
            return Column(codes, found)
        kept = np.ones(len(found), bool)
        kept[places[1:]] = False
        recode = (np.cumsum(kept) - 1).astype(np.int32)
        recode[places] = places[0]
        return Column(recode[codes] if len(places) > 1 else codes, found.take(kept, places[0]))
    merged = Column.of(None if value in missing else value for value in found)
    return Column(merged.codes[codes], merged.values)


def _one_column(columns: Sequence[Column]) -> Column:
    """One column from the same column of several files, its values in the order of the files."""
    values = [column.values for column in columns]
    texts = [each for each in values if isinstance(each, Texts)]
    numbers = [each for each in values if isinstance(each, WrittenNumbers)]
    if len(texts) == len(columns):
        from minirank.data.fast_csv import TextNumbers

        numbering = TextNumbers()
        for each in texts:
            numbering.add(each.content, each.begins[None], each.ends[None], 0, len(each))
        merged = numbering.done()
    elif len(numbers) == len(columns) and len({each.values.dtype for each in numbers}) == 1:
        every = np.concatenate([each.values for each in numbers])
        bits, order, place = np.unique(every.view(f"u{every.itemsize}"), return_index=True, return_inverse=True)
        rank = np.empty(len(bits), np.int32)
        rank[np.argsort(order)] = np.arange(len(bits))
        distinct = every[np.sort(order)]
        missing = np.flatnonzero(distinct != distinct)
        merged = Column(rank[place], WrittenNumbers(distinct, int(missing[0]) if len(missing) else -1))
    else:
        merged = Column.of(value for each in values for value in each)
    starts = np.cumsum([0, *map(len, values)])
    codes = [merged.codes[start : start + len(each)][column.codes] for column, each, start in zip(columns, values, starts)]
    return Column(np.concatenate(codes), merged.values)


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


def _read_npz(path: Path, select: Select) -> tuple[dict[Name, Column], np.ndarray]:
    """The selected columns of an .npz and the 1-based numbers of its rows; arrays of other lengths are passed over, what is not
    selected is not unpacked.
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

    arrays = read_arrays(path, path.name, choose)
    columns: dict[Name, Column] = {}
    for column in wanted:
        name, index = places[column]
        columns[column] = _factorise(arrays[name] if index is None else arrays[name][:, index], path.name, column)
    return columns, np.arange(1, rows + 1)


def _take(rows: SparseRows, known: Sequence[Name], select: Select) -> tuple[dict[Name, Column], np.ndarray]:
    """The selected columns of a file of SVMlight and the lines of its rows; features that are not known are passed over."""
    names = [LABEL, QUERY, *filter(is_feature, known)]
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{len(names):,} columns, at most {MOST_COLUMNS:,} are read", file=rows.file, remedy="leave some features out")
    return {name: _factorise(rows.column(name), rows.file, name) for name in select(names, rows.file)}, rows.line


def _factorise(array: np.ndarray, file: str, name: Name) -> Column:
    """A column of an array; NaN is missing.

    Raises:
        DataError: a text that is no Unicode.
    """
    distinct, codes = np.unique(array, return_inverse=True)
    if distinct.dtype.kind == "b":
        distinct = distinct.astype(np.int8)
    if distinct.dtype.kind in "iuf" and distinct.itemsize <= 8:
        missing = len(distinct) - 1 if distinct.dtype.kind == "f" and np.isnan(distinct[-1]) else -1
        distinct[-1] = np.nan if missing >= 0 else distinct[-1]  # of the many that there are
        return Column(codes.astype(np.int32), WrittenNumbers(distinct, missing))
    try:
        found = [value.decode("utf-8") for value in distinct.tolist()] if distinct.dtype.kind == "S" else distinct.tolist()
        values = [None if value != value else str(value).strip() for value in found]
        "".join(value or "" for value in values).encode("utf-8")
    except ValueError:
        raise DataError("a text that is no Unicode", file=file, column=str(name), remedy="correct it") from None
    return Column(codes.astype(np.int32), values)
