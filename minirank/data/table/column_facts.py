"""What is left of the columns of a table once its rows are encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minirank.config.table import Name
from minirank.data.column_facts import SAMPLE, ColumnFacts, Parts, looks_like_codes, looks_like_numbers, rows_without_id, rows_without_item
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.read_files import Column
from minirank.data.table.encoder import BagField, BinnedField, CategoricalField, DenseField, TableEncoder, field_name, items_of
from minirank.data.table.raw_table import RawTable
from minirank.kernels.batch import Inputs


def table_facts(raw: RawTable, encoder: TableEncoder, encoded: Inputs | MappedInputs, parts: Parts) -> dict[str, ColumnFacts]:
    """Name of a field -> `ColumnFacts`.

    Args:
        raw: the rows. encoder: fitted to the training rows. encoded: what it made of all rows.
        parts: "train", at least one row, "valid", "test" -> their rows.
    """

    def of(field: CategoricalField | BagField | DenseField | BinnedField) -> _Values:
        return _Values.of(raw.columns[field.column], parts["train"])

    facts = {field.name: _categorical(of(field), field, encoded.field(i), parts) for i, field in enumerate(encoder.categorical)}
    facts |= {field.name: _bag(of(field), field, rows_without_item(encoded.bag(i), parts)) for i, field in enumerate(encoder.bags)}
    marked = {field.column for field in encoder.binned} | {field.column for field in encoder.dense if field.indicator}
    numbers: dict[Name, DenseField | BinnedField] = {field.column: field for field in encoder.dense}
    numbers |= {field.column: field for field in encoder.binned}
    return facts | {field_name(column): _dense(of(field), column in marked) for column, field in numbers.items()}


@dataclass(frozen=True)
class _Values:
    """What the training rows hold of a column.

    Args:
        texts: the distinct values of all rows. present: (v,) the places in `texts` of those that training rows have, but for the
            missing one. counts: (v,) how many training rows have each. missing: share of the training rows without a value.
    """

    texts: Sequence[str | None]
    present: np.ndarray
    counts: np.ndarray
    missing: float

    @classmethod
    def of(cls, column: Column, train: np.ndarray) -> _Values:
        counts, rows = np.bincount(column.codes[train], minlength=len(column.values)), len(train)
        missing = 0
        if None in column.values:
            empty = column.values.index(None)
            missing, counts[empty] = int(counts[empty]), 0
        present = np.flatnonzero(counts)
        return cls(column.values, present, counts[present], missing / rows)

    def written(self, most: int) -> list[str]:
        """The values as they were written, at most `most`, spread over all."""
        return [str(self.texts[place]) for place in self.present[:: max(1, -(-len(self.present) // most))].tolist()]


def _categorical(values: _Values, field: CategoricalField, ids: np.ndarray, parts: Parts) -> ColumnFacts:
    unknown, count = rows_without_id(ids, parts), len(values.present)
    return ColumnFacts(
        "categorical",
        values=count,
        kept=len(field.values) - (None in field.values),
        missing=values.missing,
        dropped=unknown["train"] - (0 if None in field.values else values.missing),
        constant=count + (values.missing > 0) == 1,
        unknown=unknown,
        looks_like="numbers" if looks_like_numbers(count, values.written(SAMPLE)) else None,
    )


def _bag(values: _Values, field: BagField, unknown: dict[str, float]) -> ColumnFacts:
    items: Counter[str] = Counter()
    rows = filled = int(values.counts.sum())
    for place, count in zip(values.present.tolist(), values.counts.tolist()):
        found = items_of(values.texts[place], field.separator)
        items.update(dict.fromkeys(found, count))
        filled -= 0 if found else count
    total, kept = items.total(), sum(items[item] for item in field.values)
    missing = 1 - (1 - values.missing) * (filled / rows if rows else 1)
    return ColumnFacts(
        "bag",
        values=len(items),
        kept=len(field.values),
        missing=missing,
        dropped=1 - kept / total if total else None,
        constant=not items,
        unknown=unknown,
    )


def _dense(values: _Values, marked: bool) -> ColumnFacts:
    """`marked`: the model is told where a value is missing; else it sees the mean there."""
    count = len(values.present)
    codes = looks_like_codes(count, values.written(SAMPLE))
    constant = count == 1 and not (marked and values.missing)
    return ColumnFacts("dense", count, missing=values.missing, constant=constant, looks_like="codes" if codes else None)
