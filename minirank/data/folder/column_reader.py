"""Columns of a CSV file as arrays, under our names; what is wrong in them is noted under the file's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minirank.data.problems import Problems
from minirank.data.read_files import CsvFile
from minirank.data.values import BadValue, folded, identifier


class ColumnReader:
    """Reads the N rows of a table.

    Args:
        table: the columns of a file.
        names: our name of a column -> its name in the file, None where the file has no such column.
        problems: where to note what is wrong.
    """

    def __init__(self, table: CsvFile, names: Mapping[str, str | None], problems: Problems):
        self.table, self.names, self.problems = table, names, problems

    def read(self, ours: str, read: Callable[[Any], Any], dtype: type, fallback: Any) -> np.ndarray:
        """(N,) values of a column; each distinct text is read once.

        Args:
            read: text -> value; it may raise `BadValue`.
            fallback: the value of rows where it did, and of all rows where the file has no such column.
        """
        theirs = self.names[ours]
        if theirs is None:
            return np.full(len(self.table.lines), fallback, dtype)
        column, bad = self.table.columns[theirs], {}
        values: np.ndarray = np.empty(len(column.values), dtype)
        for code, value in enumerate(column.values):
            try:
                values[code] = read(value)
            except BadValue as error:
                values[code], bad[code] = fallback, error
        if bad:
            self._note(theirs, np.flatnonzero(np.isin(column.codes, list(bad))), lambda row: bad[column.codes[row]])
        return values[column.codes]

    def codes(self, ours: str) -> tuple[np.ndarray, list[str]]:
        """(N,) int32 codes of an id in the order of first appearance, and the ids."""
        self.read(ours, identifier, object, "")
        column = self.table.columns[self.names[ours]]
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
