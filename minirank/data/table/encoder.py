"""Encodes the rows of a table: vocabularies and statistics of training rows, kept for the rows to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.config.table import Name, TableColumns, TableFiles
from minirank.data.table.fields import Fields
from minirank.data.table.raw_table import RawTable, find, from_rows, read_raw
from minirank.data.table.transforms import DenseTransform
from minirank.errors import ConfigError, DataError, RunError
from minirank.kernels.batch import Bag, Inputs, InputSpec
from minirank.storage import read_json, write_text
from minirank.terminal import json_text

FILE = "table_encoder.json"
_AGAIN = "train the run again"
_REMEDY = "list it in data.table.missing if it stands for a missing value"  # a dense cell that is no number


@dataclass(frozen=True)
class Vocabulary:
    """The values of a column that have ids; id 0 is unknown, `values[i]` has id i + 1; None among them is the missing value.

    Args:
        column: in the table.
        name: of the field.
    """

    column: Name
    name: str
    values: tuple[str | None, ...]

    @property
    def size(self) -> int:
        """How many ids there are."""
        return 1 + len(self.values)

    def ids(self) -> dict[str | None, int]:
        """Value -> id."""
        return {value: code for code, value in enumerate(self.values, 1)}


@dataclass(frozen=True)
class CategoricalField(Vocabulary):
    """A column with one value a row."""

    def encode(self, raw: RawTable) -> np.ndarray:
        """(N,) int32 ids."""
        column, ids = raw.columns[self.column], self.ids()
        return np.array([ids.get(value, 0) for value in column.values], np.int32)[column.codes]


@dataclass(frozen=True)
class BagField(Vocabulary):
    """A multi-valued column."""

    separator: str

    def encode(self, raw: RawTable) -> Bag:
        """Rows with the same text share a list; an item that training did not keep is the unknown, once a list."""
        column, known = raw.columns[self.column], self.ids()
        lists = [list(dict.fromkeys(known.get(item, 0) for item in items_of(value, self.separator))) for value in column.values]
        offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in lists])]).astype(np.int64)
        return Bag(column.codes.astype(np.int32), offsets, np.array([item for ids in lists for item in ids], dtype=np.int32))


@dataclass(frozen=True)
class DenseField:
    """A numeric column; `indicator` says whether a second column marks where it is missing."""

    column: Name
    name: str
    transform: DenseTransform
    indicator: bool

    @property
    def names(self) -> list[str]:
        """Of the columns that `encode` makes."""
        return [self.name, f"{self.name}:missing"] if self.indicator else [self.name]

    def encode(self, raw: RawTable) -> list[np.ndarray]:
        """(N,) float32 each: the column, and its indicator where it has one."""
        values, codes = raw.numbers(self.column, _REMEDY), raw.columns[self.column].codes
        columns = [self.transform(values), np.isnan(values).astype(np.float32)]
        return [column[codes] for column in columns[: len(self.names)]]


@dataclass(frozen=True)
class TableEncoder:
    """From rows of a table to `Inputs`.

    Args:
        categorical: the role first, under the name `role`, if the table has one.
        header, separator, missing: how to read a CSV of new rows.
    """

    categorical: tuple[CategoricalField, ...]
    bags: tuple[BagField, ...]
    dense: tuple[DenseField, ...]
    tasks: tuple[str, ...]
    header: bool
    separator: str
    missing: tuple[str, ...]

    @classmethod
    def fit(cls, raw: RawTable, train: np.ndarray, fields: Fields, columns: TableColumns, files: TableFiles) -> TableEncoder:
        """Learns vocabularies and statistics from the training rows.

        Args:
            train: (n,) int64, indices of the training rows.
        Raises:
            DataError: a dense cell is not a finite number, or a dense column is empty.
        """
        roles = [(fields.role, "role", 1)] if fields.role is not None else []
        named = roles + [(column, field_name(column), columns.min_count) for column in fields.categorical]
        return cls(
            categorical=tuple(CategoricalField(column, name, _vocabulary(raw, train, column, least)) for column, name, least in named),
            bags=tuple(
                BagField(column, field_name(column), _bag_vocabulary(raw, train, column, separator, columns.min_count), separator)
                for column, separator in fields.multi_valued
            ),
            dense=tuple(_fit_dense(raw, train, column, kind, columns.missing_indicator) for column, kind in fields.dense),
            tasks=tuple(task.name for task in fields.tasks),
            header=files.header,
            separator=files.separator,
            missing=files.missing,
        )

    @property
    def inputs(self) -> InputSpec:
        """Names and sizes of what an encoded row holds."""
        return InputSpec(
            tuple((field.name, field.size) for field in self.categorical),
            tuple((field.name, field.size) for field in self.bags),
            tuple(name for field in self.dense for name in field.names),
            self.tasks,
        )

    def encode(self, raw: RawTable) -> Inputs:
        """The rows as the model reads them.

        Raises:
            DataError: a dense cell is not a finite number.
        """
        ids = np.empty((len(raw), len(self.categorical)), np.int32)
        for index, field in enumerate(self.categorical):
            ids[:, index] = field.encode(raw)
        parts = [part for field in self.dense for part in field.encode(raw)]
        dense = np.stack(parts, axis=1) if parts else np.empty((len(raw), 0), np.float32)
        return Inputs(ids, tuple(field.encode(raw) for field in self.bags), dense)

    def columns(self) -> list[Name]:
        """The columns that are read, in the order of the fields."""
        fields: tuple[Any, ...] = (*self.categorical, *self.bags, *self.dense)
        return [field.column for field in fields]

    def transform(self, rows: Sequence[Mapping[Name, Any]]) -> Inputs:
        """Encodes rows given as dicts of column -> value; a column that a row lacks is missing there.

        Raises:
            DataError: a dense value is not a finite number.
        """
        separators = {field.column: field.separator for field in self.bags}
        return self.encode(from_rows(rows, self.columns(), separators, self.missing))

    def read(self, path: str | Path) -> Inputs:
        """Encodes the rows of a CSV or .npz that has the training table's feature columns.

        Raises:
            DataError: the file cannot be read or lacks a column.
        """
        path = Path(path)
        options = TableFiles(path, header=self.header, separator=self.separator, missing=self.missing)

        def select(names, file):
            for column in self.columns():
                found = find(column, names, file, None)
                if found != [column]:
                    raise DataError("missing", file=file, column=str(column), remedy=f"rename the column {found[0]} of the file")
            return self.columns()

        return self.encode(read_raw([path], options, select))

    def save(self, folder: str | Path) -> None:
        """Writes the encoder as JSON.

        Raises:
            RunError: the folder cannot be written to.
        """
        write_text(Path(folder) / FILE, json_text(asdict(self)))

    @classmethod
    def load(cls, folder: str | Path) -> TableEncoder:
        """Reads what `save` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        path = Path(folder) / FILE
        content = read_json(path, _AGAIN)
        try:
            made = build(cls, content)
            TableFiles(path, header=made.header, separator=made.separator, missing=made.missing)
            if not all(field.transform.is_usable() for field in made.dense) or not all(field.separator for field in made.bags):
                raise ValueError
        except (ConfigError, ValueError):
            raise RunError(f"{path}: truncated or damaged; {_AGAIN}") from None
        return made


def field_name(column: Name) -> str:
    """The name of a field: the column's, or `column_7` where columns have numbers."""
    return f"column_{column}" if isinstance(column, int) else column


def _counts(raw: RawTable, train: np.ndarray, column: Name) -> list[tuple[str | None, int]]:
    """The values of a column, and how many training rows have each."""
    codes, values = raw.columns[column].codes[train], raw.columns[column].values
    return list(zip(values, np.bincount(codes, minlength=len(values)).tolist()))


def _vocabulary(raw: RawTable, train: np.ndarray, column: Name, least: int) -> tuple[str | None, ...]:
    """Values with `least` training rows or more: the missing one first, then in alphabetical order."""
    found = [value for value, count in _counts(raw, train, column) if count >= least]
    return tuple(sorted(found, key=lambda value: (value is not None, value or "")))


def _bag_vocabulary(raw: RawTable, train: np.ndarray, column: Name, separator: str, least: int) -> tuple[str, ...]:
    """Items that `least` training rows or more hold, in alphabetical order."""
    rows: Counter[str] = Counter()
    for value, count in _counts(raw, train, column):
        rows.update(dict.fromkeys(items_of(value, separator), count))
    return tuple(sorted(item for item, count in rows.items() if count >= least))


def items_of(value: str | None, separator: str) -> list[str]:
    """The distinct items of a cell, in its order."""
    items = (item.strip() for item in (value or "").split(separator))
    return list(dict.fromkeys(item for item in items if item))


def _fit_dense(raw: RawTable, train: np.ndarray, column: Name, kind: str, indicator: bool) -> DenseField:
    """The transform of a column, from its distinct values and how many training rows have each."""
    values, counts = raw.numbers(column, _REMEDY), np.array([count for _, count in _counts(raw, train, column)])
    known, missing = ~np.isnan(values) & (counts > 0), np.isnan(values) & (counts > 0)
    problem, remedy = "no value in the training rows", "remove it from data.columns.dense"
    if known.any():
        try:
            return DenseField(
                column, field_name(column), DenseTransform.fit(kind, values[known], counts[known]), indicator and bool(missing.any())
            )
        except ValueError as error:
            problem, remedy = str(error), "use dense_transform: quantile, or correct the values"
    raise DataError(problem, file=raw.files[0], column=str(column), remedy=remedy)
