"""One column from the same column of several files, or of several parts of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minirank.data.read_files import Column
from minirank.data.table.column_scratch import ColumnScratch
from minirank.data.texts import Texts, WrittenNumbers


def merge(columns: Sequence[Column], missing: frozenset[str], scratch: ColumnScratch | None = None) -> Column:
    """Missing markers become None; the values are in the order of the files.

    Args:
        scratch: takes the column, its values as `texts.Texts` or `texts.WrittenNumbers`; None leaves it in memory.
    """
    column = columns[0] if len(columns) == 1 else _one_column(columns, scratch)
    codes, found = column.codes, column.values
    put: Callable[[np.ndarray], np.ndarray] = (lambda array: array) if scratch is None else scratch.put
    if isinstance(found, Texts | WrittenNumbers):
        places = found.places(missing)
        if len(places) < 2:
            return Column(codes, found.marked(places[0]) if places else found)
        kept = np.ones(len(found), bool)
        kept[places[1:]] = False
        recode = (np.cumsum(kept) - 1).astype(np.int32)
        recode[places] = places[0]
        return Column(put(recode[codes]), found.take(kept, places[0]).moved(put))
    merged = Column.of(None if value in missing else value for value in found)
    return Column(merged.codes[codes], merged.values)


def _one_column(columns: Sequence[Column], scratch: ColumnScratch | None) -> Column:
    values = [column.values for column in columns]
    texts = [each for each in values if isinstance(each, Texts)]
    numbers = [each for each in values if isinstance(each, WrittenNumbers)]
    if len(texts) == len(columns):
        from minirank.data.csv_kernels import SPARE
        from minirank.data.fast_csv import TextNumbers

        numbering = TextNumbers()
        if scratch is not None:
            most = sum(int(each.ends[-1]) for each in texts if len(each))
            numbering = TextNumbers(
                texts=scratch.empty((most + SPARE,), np.uint8), offsets=scratch.empty((sum(map(len, texts)) + 2,), np.int64)
            )
        places = [numbering.number(each.content, each.begins[None], each.ends[None], 0, len(each)) for each in texts]
        return Column(_joined(places, columns, scratch), numbering.texts())
    if len(numbers) == len(columns) and len({each.values.dtype for each in numbers}) == 1:
        every = np.concatenate([each.values for each in numbers])
        bits, order, place = np.unique(every.view(f"u{every.itemsize}"), return_index=True, return_inverse=True)
        rank = np.empty(len(bits), np.int32)
        rank[np.argsort(order)] = np.arange(len(bits))
        distinct = every[np.sort(order)]
        missing = np.flatnonzero(distinct != distinct)
        merged = Column(rank[place], WrittenNumbers(distinct, int(missing[0]) if len(missing) else -1))
    else:
        merged = Column.of(value for each in values for value in each)
    places = np.split(merged.codes, np.cumsum([len(each) for each in values])[:-1])
    joined = Column(_joined(places, columns, scratch), merged.values)
    return joined


def _joined(places: Sequence[np.ndarray], columns: Sequence[Column], scratch: ColumnScratch | None) -> np.ndarray:
    """(N,) int32, for each row of some columns the new place of its value."""
    rows = sum(len(column.codes) for column in columns)
    codes: np.ndarray = np.empty(rows, np.int32) if scratch is None else scratch.empty((rows,), np.int32)
    at = 0
    for place, column in zip(places, columns):
        codes[at : at + len(column.codes)] = place[column.codes]
        at += len(column.codes)
    return codes
