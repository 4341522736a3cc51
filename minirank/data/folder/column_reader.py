"""Columns of a CSV file as arrays, under our names; what is wrong in them is noted under the file's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minirank.data.column_names import FILES, RARE, missing_column
from minirank.data.kept.scratch import Scratch
from minirank.data.problems import Problems
from minirank.data.read_files import CsvFile, read_csv_parts
from minirank.data.table.column_scratch import ColumnScratch
from minirank.data.table.merge import merge
from minirank.data.values import BadValue, folded, identifier

ROWS = 2**20  # looked up at a time


class ColumnReader:
    """Reads the N rows of a table.

    Args:
        table: the columns of a file.
        names: our name of a column -> its name in the file, None where the file has no such column.
        problems: where to note what is wrong.
        scratch: takes the columns; None leaves them in memory.
    """

    def __init__(self, table: CsvFile, names: Mapping[str, str | None], problems: Problems, scratch: Scratch | None = None):
        self.table, self.names, self.problems, self._scratch = table, names, problems, scratch

    def read(self, ours: str, read: Callable[[Any], Any], dtype: type, fallback: Any) -> np.ndarray:
        """(N,) values of a column; each distinct text is read once.

        Args:
            read: text -> value; it may raise `BadValue`.
            fallback: the value of rows where it did, and of all rows where the file has no such column.
        """
        theirs = self.names[ours]
        if theirs is None:
            made = self.empty(dtype)
            made[...] = fallback
            return made
        return self.of_rows(self._distinct(theirs, read, dtype, fallback), self.table.columns[theirs].codes)

    def _distinct(self, theirs: str, read: Callable[[Any], Any], dtype: type, fallback: Any) -> np.ndarray:
        """(V,) values of the distinct texts of a column, see `read`."""
        column, bad = self.table.columns[theirs], {}
        values: np.ndarray = np.empty(len(column.values), dtype)
        for code, value in enumerate(column.values):
            try:
                values[code] = read(value)
            except BadValue as error:
                values[code], bad[code] = fallback, error
        if bad:
            self._note(theirs, np.flatnonzero(np.isin(column.codes, list(bad))), lambda row: bad[column.codes[row]])
        return values

    def empty(self, dtype: type | np.dtype) -> np.ndarray:
        """A column of N numbers, or of objects, to be written to."""
        return _empty(len(self.table.lines), dtype, self._scratch)

    def of_rows(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """`rows_of`, where the columns are."""
        return rows_of(values, places, self._scratch)

    def codes(self, ours: str) -> tuple[np.ndarray, list[str]]:
        """(N,) int32 codes of an id in the order of first appearance, and the ids."""
        theirs = self.names[ours]
        self._distinct(theirs, identifier, object, "")
        column = self.table.columns[theirs]
        return column.codes, [*map(str, column.values)]

    def reference(self, ours: str, known: Mapping[str, Any], file: str, dtype: type = np.int32, fallback: Any = -1) -> np.ndarray:
        """(N,) what `known` has for the id of an entity in another file."""
        kind = ours.removesuffix("_id")
        alike: dict[str, str] = {}  # made for the first id that is not known

        def find(value: Any) -> Any:
            key = identifier(value)
            if key not in known:
                if not alike:
                    alike.update((folded(name), name) for name in known)
                other = alike.get(folded(key))
                if other is not None:
                    raise BadValue(f"no {kind} {key!a} in {file}", f"write {other!a} as it stands there, an id is the same in all files")
                raise BadValue(f"no {kind} {key!r} in {file}", f"add the {kind} or remove the row")
            return known[key]

        return self.read(ours, find, dtype, fallback)

    def refuse(self, ours: str, bad: np.ndarray, problem: str, remedy: str) -> None:
        """Notes the same problem for every row where `bad` is set."""
        error = BadValue(problem, remedy)
        self._note(self.names[ours] or ours, np.flatnonzero(bad), lambda row: error)

    def _note(self, theirs: str, rows: np.ndarray, describe: Callable[[int], BadValue]) -> None:
        """Notes a problem for every one of `rows`; those beyond the first few, which nobody reads, are only counted."""
        for row in rows[: self.problems.each]:
            error, line = describe(row), int(self.table.lines[row])
            self.problems.add(error.problem, file=self.table.file, line=line, column=theirs, remedy=error.remedy)
        self.problems.count += len(rows[self.problems.each :])


def rows_of(values: np.ndarray, places: np.ndarray, scratch: Scratch | None) -> np.ndarray:
    """(N,) for each row the value at its place, (N,), of some values."""
    if scratch is None:
        return values[places]
    made = _empty(len(places), values.dtype, scratch)
    for first in range(0, len(places), ROWS):
        made[first : first + ROWS] = values[places[first : first + ROWS]]
    return made


def _empty(rows: int, dtype: type | np.dtype, scratch: Scratch | None) -> np.ndarray:
    return np.empty(rows, dtype) if scratch is None else scratch.empty((rows,), dtype)


def read_our_csv(path: Path, file: str, names: dict[str, dict], problems: Problems, scratch: ColumnScratch | None = None) -> CsvFile | None:
    """The columns of one of our CSV files in the folder `path`; None where it has none.

    Args:
        names: file -> our name of a column -> its name in the file, which becomes None where a rare one is not there.
        scratch: takes the columns; None leaves them in memory.
    """

    def wanted(existing):
        for ours, theirs in [*names[file].items()]:
            if ours == theirs and ours in RARE and theirs not in existing:
                names[file][ours] = None
            elif theirs is not None and theirs not in existing:
                raise missing_column(file, ours, theirs, existing)
        return [theirs for theirs in names[file].values() if theirs is not None]

    aside = None if scratch is None else scratch.another()
    parts = read_csv_parts(path / FILES[file], FILES[file], problems, aside, only=wanted)[1]
    table = parts[0] if scratch is None and parts else _joined(parts, scratch)
    if table is not None and not len(table.lines) and file != "hires":
        problems.add("no row below the header", file=FILES[file], remedy="export at least one row")
        return None
    return table


def _joined(parts: list[CsvFile], scratch: ColumnScratch) -> CsvFile | None:
    """The rows of some parts of a file; None where there are no parts."""
    if not parts:
        return None
    lines = scratch.empty((sum(len(part.lines) for part in parts),), np.int64)
    np.concatenate([part.lines for part in parts], out=lines)
    columns = {name: merge([part.columns.pop(name) for part in parts], frozenset(), scratch) for name in [*parts[0].columns]}
    return CsvFile(parts[0].file, columns, lines)
