"""Encodes the rows of a table: vocabularies and statistics of training rows, kept for the rows to come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minirank.data.read_files import write_json
from minirank.data.table.raw_table import RawTable, find, from_rows, read_raw
from minirank.data.table.schema import Fields, Name, TableColumns, TableFiles
from minirank.data.table.transforms import DenseTransform
from minirank.data.values import BadValue, number
from minirank.errors import DataError, RunError
from minirank.kernels.batch import Bag, Inputs, InputSpec

FILE = "table_encoder.json"


@dataclass(frozen=True)
class CategoricalField:
    """A vocabulary; id 0 is unknown, `values[i]` has id i + 1; None among them is the missing value.

    Args:
        column: in the table.
        name: of the field.
    """

    column: Name
    name: str
    values: tuple[str | None, ...]

    @property
    def size(self) -> int:
        return 1 + len(self.values)


@dataclass(frozen=True)
class BagField(CategoricalField):
    """The vocabulary of a multi-valued column."""

    separator: str


@dataclass(frozen=True)
class DenseField:
    """A numeric column; `indicator` says whether a second column marks where it is missing."""

    column: Name
    name: str
    transform: DenseTransform
    indicator: bool


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
    def fit(cls, raw: RawTable, train: np.ndarray, fields: Fields, columns: TableColumns, files: TableFiles):
        """Learns vocabularies and statistics from the training rows.

        Args:
            train: (n,) int64, indices of the training rows.
        Raises:
            DataError: a dense cell is not a finite number, or a dense column is empty.
        """
        counts = {
            column: np.bincount(raw.columns[column].codes[train], minlength=len(raw.columns[column].values))
            for _, column in fields.features()
        }
        least = columns.min_count
        categorical = []
        if fields.role is not None:
            categorical.append(CategoricalField(fields.role, "role", _vocabulary(raw, fields.role, counts, 1)))
        for column in fields.categorical:
            values = _vocabulary(raw, column, counts, least)
            categorical.append(CategoricalField(column, field_name(column), values))
        bags = [
            BagField(column, field_name(column), _bag_vocabulary(raw, column, separator, counts, least), separator)
            for column, separator in fields.multi_valued
        ]
        dense = [_fit_dense(raw, column, transform, counts[column], columns.missing_indicator) for column, transform in fields.dense]
        tasks = tuple(task.name for task in fields.tasks)
        reading = (files.header, files.separator, files.missing)
        return cls(tuple(categorical), tuple(bags), tuple(dense), tasks, *reading)

    @property
    def inputs(self) -> InputSpec:
        """Names and sizes of what an encoded row holds."""
        dense = []
        for field in self.dense:
            dense += [field.name, f"{field.name}:missing"] if field.indicator else [field.name]
        return InputSpec(
            tuple((field.name, field.size) for field in self.categorical),
            tuple((field.name, field.size) for field in self.bags),
            tuple(dense),
            self.tasks,
        )

    def encode(self, raw: RawTable) -> Inputs:
        """The rows as a model reads them.

        Raises:
            DataError: a dense cell is not a finite number.
        """
        count = len(raw)
        ids = np.empty((count, len(self.categorical)), np.int32)
        for index, field in enumerate(self.categorical):
            column = raw.columns[field.column]
            lookup = {value: code for code, value in enumerate(field.values, 1)}
            coded = np.array([lookup.get(value, 0) for value in column.values], np.int32)
            ids[:, index] = coded[column.codes]
        parts = [part for field in self.dense for part in _encode_dense(raw, field)]
        dense = np.stack(parts, axis=1) if parts else np.empty((count, 0), np.float32)
        bags = tuple(_encode_bag(raw, field) for field in self.bags)
        return Inputs(ids, bags, dense)

    def columns(self) -> list[Name]:
        """The columns that are read, in the order of the fields."""
        return [field.column for field in (*self.categorical, *self.bags, *self.dense)]

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
            return [find(column, names, file, None)[0] for column in self.columns()]

        return self.encode(read_raw([path], options, select))

    def save(self, folder: str | Path) -> None:
        """Writes the encoder as JSON.

        Raises:
            RunError: the folder cannot be written to.
        """
        write_json(Path(folder) / FILE, _to_json(self))

    @classmethod
    def load(cls, folder: str | Path) -> TableEncoder:
        """Reads what `save` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        path = Path(folder) / FILE
        try:
            with open(path, encoding="utf-8") as stream:
                return _from_json(json.load(stream))
        except OSError as error:
            reason = error.strerror
        except (ValueError, KeyError, TypeError):
            reason = "it is damaged"
        raise RunError(f"{path}: cannot be read: {reason}; train the run again") from None


def field_name(column: Name) -> str:
    """The name of a field: the column's, or `column_7` where columns have numbers."""
    return f"column_{column}" if isinstance(column, int) else column


def _vocabulary(raw: RawTable, column: Name, counts: dict, least: int) -> tuple[str | None, ...]:
    """Values with `least` training rows or more: the missing one first, then in alphabetical order."""
    found = [value for value, count in zip(raw.columns[column].values, counts[column]) if count >= least]
    return tuple(sorted(found, key=lambda value: (value is not None, value or "")))


def _bag_vocabulary(raw: RawTable, column: Name, separator: str, counts: dict, least: int) -> tuple[str, ...]:
    """Items that `least` training rows or more hold, in alphabetical order."""
    rows: dict[str, int] = {}
    for value, count in zip(raw.columns[column].values, counts[column].tolist()):
        for item in _items(value, separator):
            rows[item] = rows.get(item, 0) + count
    return tuple(sorted(item for item, count in rows.items() if count >= least))


def _items(value: str | None, separator: str) -> list[str]:
    """The distinct items of a cell, in its order."""
    items = (item.strip() for item in (value or "").split(separator))
    return list(dict.fromkeys(item for item in items if item))


def _encode_bag(raw: RawTable, field: BagField) -> Bag:
    """Rows with the same text share a list; an item that training did not keep is the unknown, once a list."""
    lookup = {value: code for code, value in enumerate(field.values, 1)}
    column = raw.columns[field.column]
    lists = [list(dict.fromkeys(lookup.get(item, 0) for item in _items(v, field.separator))) for v in column.values]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in lists])]).astype(np.int64)
    ids = np.array([item for ids in lists for item in ids], dtype=np.int32)
    return Bag(column.codes.astype(np.int32), offsets, ids)


def _numbers(raw: RawTable, column: Name) -> np.ndarray:
    """(V,) float64, the distinct values of a column as numbers, NaN where missing."""
    values = np.full(len(raw.columns[column].values), np.nan)
    for code, value in enumerate(raw.columns[column].values):
        if value is not None:
            try:
                values[code] = number(value)
            except BadValue as error:
                remedy = "list it in data.table.missing if it stands for a missing value"
                raise raw.error(column, code, error.problem, remedy) from None
    return values


def _fit_dense(raw: RawTable, column: Name, kind: str, counts: np.ndarray, indicator: bool) -> DenseField:
    """The transform of a column, from its distinct values and how many training rows have each."""
    values = _numbers(raw, column)
    known = ~np.isnan(values) & (counts > 0)
    if not known.any():
        remedy = "remove it from data.columns.dense"
        raise DataError("no value in the training rows", file=raw.files[0], column=str(column), remedy=remedy)
    try:
        transform = DenseTransform.fit(kind, values[known], counts[known])
    except ValueError as error:
        remedy = "use dense_transform: quantile, or correct the values"
        raise DataError(str(error), file=raw.files[0], column=str(column), remedy=remedy) from None
    missing = bool((np.isnan(values) & (counts > 0)).any())
    return DenseField(column, field_name(column), transform, indicator and missing)


def _encode_dense(raw: RawTable, field: DenseField) -> list[np.ndarray]:
    """The column, and its indicator where it has one."""
    values, codes = _numbers(raw, field.column), raw.columns[field.column].codes
    columns = [field.transform(values)[codes]]
    return columns + [np.isnan(values).astype(np.float32)[codes]] if field.indicator else columns


def _to_json(encoder: TableEncoder) -> dict[str, Any]:
    return {
        "categorical": [vars(field) for field in encoder.categorical],
        "bags": [vars(field) for field in encoder.bags],
        "dense": [{**vars(field), "transform": vars(field.transform)} for field in encoder.dense],
        "tasks": encoder.tasks,
        "header": encoder.header,
        "separator": encoder.separator,
        "missing": encoder.missing,
    }


def _from_json(content: dict[str, Any]) -> TableEncoder:
    def field(cls, values):
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})

    dense = [{**values, "transform": field(DenseTransform, values["transform"])} for values in content["dense"]]
    return TableEncoder(
        tuple(field(CategoricalField, values) for values in content["categorical"]),
        tuple(field(BagField, values) for values in content["bags"]),
        tuple(DenseField(**values) for values in dense),
        tuple(content["tasks"]),
        content["header"],
        content["separator"],
        tuple(content["missing"]),
    )
