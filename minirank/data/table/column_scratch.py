"""Columns of a table that wait on the disk while it is read and encoded: more of them than memory holds.

    each part of the rows     distinct texts of a column, and the place of each row's text among them
    each column               one list of distinct texts of all parts; statistics; encoded, packed and kept

So a column is in memory at a time, or as many as there are threads, if memory holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from minirank.data.kept.scratch import Scratch
from minirank.data.read_files import Column, Part
from minirank.data.texts import Texts, WrittenNumbers
from minirank.kernels.cpu.workers import available_threads

CELLS = 2**21  # of a part
LEAST_ROWS = 2**13  # of a part
A_COLUMN = 80  # bytes a row that a column may take while it is worked on

Most = Callable[[int], float | None]  # rows of a table -> bytes that they may take in memory, None for as many as they take


class NoSpace(Exception):
    """The disk has no space for a column, or may not be written to; str() says why."""


class ColumnScratch(Scratch):
    """Where they wait.

    Args:
        folder: on the disk that has space for them. most: of the table.
    """

    def __init__(self, folder: Path, most: Most) -> None:
        super().__init__(folder)
        self._most = most

    def another(self) -> ColumnScratch:
        """One beside it, whose arrays go without those of this one."""
        return ColumnScratch(self._folder, self._most)

    def part_rows(self, columns: int) -> int:
        """How many rows of so many columns are read at a time."""
        return max(CELLS // max(columns, 1), LEAST_ROWS)

    def put_part(self, part: Part) -> Part:
        """An equal part of the rows.

        Raises:
            NoSpace: there is no space.
        """
        columns, lines = part
        return [self.put_column(column) for column in columns], self.put(lines)

    def put_column(self, column: Column) -> Column:
        """An equal column, its values `texts.Texts` where they are a list of distinct texts.

        Raises:
            NoSpace: there is no space.
        """
        values = column.values
        if isinstance(values, list) and None not in values and len({*values}) == len(values):
            values = Texts.of(value for value in values if value is not None)
        return Column(self.put(column.codes), values.moved(self.put) if isinstance(values, Texts | WrittenNumbers) else values)

    def threads(self, rows: int) -> int:
        """How many columns may be worked on side by side.

        Raises:
            ConfigError: what must be in memory of so many rows does not fit.
        """
        most = self._most(rows)
        return available_threads() if most is None else int(min(max(most // (A_COLUMN * rows), 1), available_threads()))

    def _file(self, size: int) -> np.ndarray:
        try:
            return super()._file(size)
        except OSError as error:
            raise NoSpace(error.strerror or str(error)) from None
