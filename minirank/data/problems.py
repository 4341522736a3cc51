"""Collects what is wrong with a data set, so that one pass over it finds more than the first problem."""

from __future__ import annotations

from collections import Counter

from minirank.errors import DataError


class Problems:
    """The problems found so far, in the order in which they were met.

    A column that is wrong in every row would hide all others, so only the first few of each column are kept.

    Args:
        limit: how many problems are kept in all.
        each: how many are kept of one column of one file.
    """

    def __init__(self, limit: int = 20, each: int = 3):
        self.limit, self.each = limit, each
        self.kept: list[DataError] = []
        self.count = 0
        self._by_column: Counter = Counter()

    def add(
        self, problem: str, *, file: str | None = None, line: int | None = None, column: str | None = None, remedy: str | None = None
    ) -> None:
        """Notes one problem; the arguments are those of `DataError`."""
        self.add_error(DataError(problem, file=file, line=line, column=column, remedy=remedy))

    def add_error(self, error: DataError) -> None:
        """Notes a problem that was raised."""
        key = (error.file, error.column)
        self.count += 1
        self._by_column[key] += 1
        if self._by_column[key] <= self.each and len(self.kept) < self.limit:
            self.kept.append(error)

    def raise_first(self, see: str | None = None) -> None:
        """Raises the first problem, if there is one; it says how many more there are.

        Args:
            see: command that lists them all, if there is one.
        Raises:
            DataError: the first problem.
        """
        if not self.count:
            return
        first = self.kept[0]
        if self.count > 1:
            more = f"({self.count - 1:,} more; {see} lists them)" if see else f"({self.count - 1:,} more)"
            remedy = more if first.remedy is None else f"{first.remedy} {more}"
            first = DataError(first.problem, file=first.file, line=first.line, column=first.column, remedy=remedy)
        raise first
