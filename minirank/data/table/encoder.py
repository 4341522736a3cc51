"""Encodes the rows of a table: vocabularies and statistics of training rows, kept for the rows to come."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.config.table import Name, TableColumns, TableFiles
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.kept.packed import ROWS
from minirank.data.kept.store import NOTHING_KEPT, Kept
from minirank.data.open_files import refuse_pipe
from minirank.data.table.column_scratch import ColumnScratch, Most
from minirank.data.table.encode_in_parts import encode_in_parts
from minirank.data.table.fields import Fields
from minirank.data.table.kept_table import KeptTable, in_parts_or_memory, is_too_large, keep_rows, kept_rows, within
from minirank.data.table.raw_table import RawTable, find, from_rows, read_raw
from minirank.data.table.threads import in_threads
from minirank.data.table.transforms import DenseTransform, bin_edges
from minirank.data.texts import chosen
from minirank.errors import ConfigError, DataError, RunError
from minirank.kernels.batch import Bag, Inputs, InputSpec
from minirank.storage import read_json, write_text
from minirank.terminal import json_text

FILE = "table_encoder.json"
_AGAIN = "train the run again"
BINS = "bins"
Numbers = tuple[np.ndarray, np.ndarray, bool]  # as `_training_numbers` gives them
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
        """(V,) int32 ids of the distinct values."""
        ids = self.ids()
        return np.array([ids.get(value, 0) for value in raw.columns[self.column].values], np.int32)


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
    """A numeric column under one transform; `indicator` says whether a column behind it marks where it is missing."""

    column: Name
    name: str
    transform: DenseTransform
    indicator: bool

    @property
    def names(self) -> list[str]:
        """Of the columns that `encode` makes."""
        width = self.transform.width
        columns = [self.name] if width == 1 else [f"{self.name}:{piece}" for piece in range(width)]
        return [*columns, f"{self.name}:missing"] if self.indicator else columns

    def encode(self, raw: RawTable) -> np.ndarray:
        """(V, number of names) float32 of the distinct values: the columns of the transform, and the indicator where it has one."""
        values = raw.numbers(self.column, _REMEDY)
        columns = self.transform(values)
        return np.column_stack([columns, np.isnan(values).astype(np.float32)]) if self.indicator else columns


@dataclass(frozen=True)
class BinnedField:
    """A numeric column as ids: 0 where it is missing, else the place of its bin; `edges` are the smallest values of the bins."""

    column: Name
    name: str
    edges: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many ids there are."""
        return 1 + len(self.edges)

    def is_usable(self) -> bool:
        """Whether the edges are finite and ascend; those of a file need not."""
        return bool(self.edges) and bool(np.isfinite(self.edges).all()) and all(one < other for one, other in pairwise(self.edges))

    def encode(self, raw: RawTable) -> np.ndarray:
        """(V,) int32 ids of the distinct values; what lies below all training values is in the first bin."""
        values = raw.numbers(self.column, _REMEDY)
        places = np.maximum(np.searchsorted(self.edges, values, side="right"), 1)
        return np.where(np.isnan(values), 0, places).astype(np.int32)


@dataclass(frozen=True)
class TableEncoder:
    """From rows of a table to `Inputs`.

    Args:
        categorical: the role first, under the name `role`, if the table has one.
        dense, binned: of a numeric column each transform is a field; its bins are ids, behind those of `categorical`.
        header, separator, missing, format: how to read a file of new rows.
    """

    categorical: tuple[CategoricalField, ...]
    bags: tuple[BagField, ...]
    dense: tuple[DenseField, ...]
    tasks: tuple[str, ...]
    header: bool
    separator: str
    missing: tuple[str, ...]
    binned: tuple[BinnedField, ...] = ()
    format: Literal["csv", "svmlight"] = "csv"

    @classmethod
    def fit(cls, raw: RawTable, train: np.ndarray, fields: Fields, columns: TableColumns, files: TableFiles) -> TableEncoder:
        """Learns vocabularies and statistics from the training rows.

        Args:
            train: (n,) int64, indices of the training rows.
        Raises:
            DataError: a dense cell is not a finite number, a dense column is empty, or two inputs would have one name.
        """
        roles = [(fields.role, "role", 1)] if fields.role is not None else []
        named = roles + [(column, field_name(column), columns.min_count) for column in fields.categorical]

        def fit_numbers(column: Name, kinds: tuple[str, ...]) -> tuple[list[DenseField], list[BinnedField]]:
            numbers, kinds_of_numbers = _training_numbers(raw, train, column), [kind for kind in kinds if kind != BINS]
            dense = [
                _fit_dense(raw, numbers, column, kind, place, columns.missing_indicator) for place, kind in enumerate(kinds_of_numbers)
            ]
            return dense, [_fit_bins(numbers, column, columns.bin_rows)] if BINS in kinds else []

        numeric = in_threads("fitting the encoder", fit_numbers, fields.dense, raw.threads)
        made = cls(
            categorical=tuple(in_threads("fitting the encoder", partial(_categorical, raw, train), named, raw.threads)),
            bags=tuple(
                BagField(column, field_name(column), _bag_vocabulary(raw, train, column, separator, columns.min_count), separator)
                for column, separator in fields.multi_valued
            ),
            dense=tuple(field for dense, _ in numeric for field in dense),
            tasks=tuple(task.name for task in fields.tasks),
            header=files.header,
            separator=files.separator,
            missing=files.missing,
            binned=tuple(field for _, binned in numeric for field in binned),
            format=files.format,
        )
        inputs = Counter([*(name for name, _ in (*made.inputs.categorical, *made.inputs.bags)), *made.inputs.dense])
        for name, times in inputs.items():
            if times > 1:
                raise DataError(f"{times} inputs would have this name", file=raw.files[0], column=name, remedy="rename the column")
        return made

    @property
    def fields_of_ids(self) -> tuple[CategoricalField | BinnedField, ...]:
        """In the order of their columns of ids."""
        return (*self.categorical, *self.binned)

    @property
    def inputs(self) -> InputSpec:
        """Names and sizes of what an encoded row holds."""
        return InputSpec(
            tuple((field.name, field.size) for field in self.fields_of_ids),
            tuple((field.name, field.size) for field in self.bags),
            tuple(name for field in self.dense for name in field.names),
            self.tasks,
        )

    def encode(self, raw: RawTable) -> Inputs:
        """The rows as the model reads them.

        Raises:
            DataError: a dense cell is not a finite number.
        """
        fields = [*self.fields_of_ids, *self.dense]
        encoded = in_threads("encoding", lambda field: field.encode(raw), [(field,) for field in fields])
        columns = [(raw.columns[field.column].codes, found) for field, found in zip(fields, encoded)]
        ids: np.ndarray = np.empty((len(raw), len(self.fields_of_ids)), np.int32)
        dense: np.ndarray = np.empty((len(raw), sum(len(field.names) for field in self.dense)), np.float32)

        def place(first: int) -> None:
            rows, at = slice(first, first + ROWS), 0
            for column, (codes, found) in enumerate(columns):
                if column < ids.shape[1]:
                    ids[rows, column] = found[codes[rows]]
                else:
                    dense[rows, at : at + found.shape[1]] = found[codes[rows]]
                    at += found.shape[1]

        in_threads("encoding", place, [(first,) for first in range(0, len(raw), ROWS)])
        return Inputs(ids, tuple(field.encode(raw) for field in self.bags), dense)

    def columns(self) -> list[Name]:
        """The columns that are read, each once, in the order of the fields."""
        fields: tuple[Any, ...] = (*self.categorical, *self.bags, *self.dense, *self.binned)
        return list(dict.fromkeys(field.column for field in fields))

    def transform(self, rows: Sequence[Mapping[Name, Any]]) -> Inputs:
        """Encodes rows given as dicts of column -> value; a column that a row lacks is missing there.

        Raises:
            DataError: a dense value is not a finite number.
        """
        separators = {field.column: field.separator for field in self.bags}
        return self.encode(from_rows(rows, self.columns(), separators, self.missing))

    def read(self, path: str | Path, kept: Kept = NOTHING_KEPT, most: Most = lambda rows: None) -> Inputs | MappedInputs:
        """Encodes the rows of a file that has the training table's feature columns.

        Args:
            kept, most: as in `read_table`.
        Raises:
            DataError: the file cannot be read or lacks a column.
        """
        path = Path(path)
        options = TableFiles(path, header=self.header, separator=self.separator, missing=self.missing, format=self.format)

        def select(names, file):
            for column in self.columns():
                found = find(column, names, file, None)
                if found != [column]:
                    raise DataError("missing", file=file, column=str(column), remedy=f"rename the column {found[0]} of the file")
            return self.columns()

        identity = hashlib.sha256(json_text(asdict(self)).encode()).hexdigest() if kept.used else ""

        def encoded(scratch: ColumnScratch | None) -> Inputs | MappedInputs:
            raw = read_raw([path], options, select, self.columns(), scratch)
            if scratch is None:
                rows = self.encode(raw)
                keep_rows(table, rows)
                return rows if most(len(rows)) is None else kept_rows(table, most) or rows
            entry, mapped = encode_in_parts(self, raw)
            table.write("rows", entry, is_too_large(mapped, most))
            return kept_rows(table, most) or within(mapped, most)

        refuse_pipe(path)
        table = KeptTable(kept, [path], {"encoder": identity})
        return kept_rows(table, most) or in_parts_or_memory(table, most, encoded)

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
            usable = [field.transform.is_usable() for field in made.dense] + [field.is_usable() for field in made.binned]
            if not all(usable) or not all(field.separator for field in made.bags):
                raise ValueError
        except (ConfigError, ValueError):
            raise RunError(f"{path}: truncated or damaged; {_AGAIN}") from None
        return made


def field_name(column: Name) -> str:
    """The name of a field: the column's, or `column_7` where columns have numbers."""
    return f"column_{column}" if isinstance(column, int) else column


def _counts(raw: RawTable, train: np.ndarray, column: Name) -> np.ndarray:
    """(V,) how many training rows have each value of a column."""
    return np.bincount(raw.columns[column].codes[train], minlength=len(raw.columns[column].values))


def _vocabulary(raw: RawTable, train: np.ndarray, column: Name, least: int) -> tuple[str | None, ...]:
    """Values with `least` training rows or more: the missing one first, then in alphabetical order."""
    found = chosen(raw.columns[column].values, _counts(raw, train, column) >= least)
    return tuple(sorted(found, key=lambda value: (value is not None, value or "")))


def _bag_vocabulary(raw: RawTable, train: np.ndarray, column: Name, separator: str, least: int) -> tuple[str, ...]:
    """Items that `least` training rows or more hold, in alphabetical order."""
    rows: Counter[str] = Counter()
    for value, count in zip(raw.columns[column].values, _counts(raw, train, column).tolist()):
        rows.update(dict.fromkeys(items_of(value, separator), count))
    return tuple(sorted(item for item, count in rows.items() if count >= least))


def items_of(value: str | None, separator: str) -> list[str]:
    """The distinct items of a cell, in its order."""
    items = (item.strip() for item in (value or "").split(separator))
    return list(dict.fromkeys(item for item in items if item))


def _categorical(raw: RawTable, train: np.ndarray, column: Name, name: str, least: int) -> CategoricalField:
    return CategoricalField(column, name, _vocabulary(raw, train, column, least))


def _fit_dense(raw: RawTable, numbers: Numbers, column: Name, kind: str, place: int, indicator: bool) -> DenseField:
    """A column under one transform, the `place`-th of its own; the first has the column's name, and the indicator if it is wanted."""
    values, counts, missing = numbers
    name = f"{field_name(column)}:{kind}" if place else field_name(column)
    try:
        return DenseField(column, name, DenseTransform.fit(kind, values, counts), indicator and missing and not place)
    except ValueError as error:
        remedy = "use dense_transform: quantile, or correct the values"
        raise DataError(str(error), file=raw.files[0], column=str(column), remedy=remedy) from None


def _fit_bins(numbers: Numbers, column: Name, least: int) -> BinnedField:
    """The bins of a column, of `least` training rows or more where there are so many."""
    values, counts, _ = numbers
    return BinnedField(column, f"{field_name(column)}:{BINS}", bin_edges(values, counts, least))


def _training_numbers(raw: RawTable, train: np.ndarray, column: Name) -> Numbers:
    """Distinct numbers of a column in training rows (V,), ascending, how many rows have each (V,), and whether some have none.

    Raises:
        DataError: a cell is not a finite number, or all are empty.
    """
    rows = raw.numbers(column, _REMEDY)[raw.columns[column].codes[train]]
    known = rows[~np.isnan(rows)] + 0.0  # `1` and `1.0` are one number, and so are `0` and `-0`
    if not len(known):
        problem, remedy = "no value in the training rows", "remove it from data.columns.dense"
        raise DataError(problem, file=raw.files[0], column=str(column), remedy=remedy)
    known.sort()
    first = np.flatnonzero(np.concatenate([[True], known[1:] > known[:-1]]))
    return known[first], np.diff(first, append=len(known)), len(known) < len(rows)
