"""The rows of a table that waits on the disk, encoded column by column; each is packed and goes back there.

The bytes are those of `TableEncoder.encode`, for what becomes of a value hangs on that value alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from minirank.config.table import Name
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.inputs import read_inputs
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.table.column_scratch import ColumnScratch
from minirank.data.table.raw_table import RawTable
from minirank.progress import stage

if TYPE_CHECKING:
    from minirank.data.table.encoder import BagField, BinnedField, CategoricalField, DenseField, TableEncoder

VALUES = 2**18  # distinct ones that are encoded at a time


def encode_in_parts(encoder: TableEncoder, raw: RawTable) -> tuple[EntryWriter, MappedInputs]:
    """What `kept.inputs.write_inputs` writes, and the rows as they are read from there.

    Args:
        raw: N rows, with a scratch.
    Raises:
        DataError: a dense cell is not a finite number. NoSpace: the disk is full.
    """
    assert raw.scratch is not None
    scratch, threads = raw.scratch.another(), raw.threads
    entry, fields, done = EntryWriter(scratch), [*encoder.fields_of_ids, *encoder.dense], 0
    sizes = {"ids": len(encoder.fields_of_ids), "dense": sum(len(field.names) for field in encoder.dense), "bags": len(encoder.bags)}
    names = iter([f"{kind}.{place}" for kind in ("ids", "dense") for place in range(sizes[kind])])
    with ThreadPoolExecutor(threads) as pool, stage("encoding", sum(sizes.values()), "columns") as at:
        for some in (fields[first : first + threads] for first in range(0, len(fields), threads)):
            found = list(pool.map(lambda field: _encoded(field, raw, scratch), some))
            columns = [
                (next(names), raw.columns[field.column].codes, each[:, k]) for field, each in zip(some, found) for k in range(each.shape[1])
            ]
            for group in (columns[first : first + threads] for first in range(0, len(columns), threads)):
                entry.columns(dict(pool.map(lambda column: (column[0], column[2][column[1]]), group)))
                at(done := done + len(group))
        for place, bag in enumerate(encoder.bags):
            entity, lengths, ids = _lists(bag, raw)
            entry.column(f"bag.{place}.entity", entity)
            entry.column(f"bag.{place}.lengths", lengths)
            entry.column(f"bag.{place}.ids", ids)
            at(done := done + 1)
    entry.about |= {"rows": len(raw), **sizes}
    return entry, read_inputs(EntryReader(entry.arrays, entry.about))


def _encoded(field: CategoricalField | BinnedField | DenseField, raw: RawTable, scratch: ColumnScratch) -> np.ndarray:
    """(V, columns) what becomes of the distinct values."""
    count, made = len(raw.columns[field.column].values), None
    for part, first in _parts(field.column, raw):
        found = field.encode(part).reshape(len(part.columns[field.column].values), -1)
        if made is None:
            made = (
                np.empty((count, found.shape[1]), found.dtype) if count <= VALUES else scratch.empty((found.shape[1], count), found.dtype).T
            )
        made[first : first + len(found)] = found
    assert made is not None
    return made


def _lists(field: BagField, raw: RawTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) int32 entities; of each distinct value the length of its list; the ids of all lists."""
    bags = [field.encode(part) for part, _ in _parts(field.column, raw)]
    lengths, ids = (np.concatenate(each) for each in ([np.diff(bag.offsets) for bag in bags], [bag.ids for bag in bags]))
    return raw.columns[field.column].codes, lengths, ids


def _parts(column: Name, raw: RawTable) -> Iterator[tuple[RawTable, int]]:
    """Tables of some of the distinct values of a column each, and the place of the first one."""
    for first in range(0, len(raw.columns[column].values), VALUES):
        yield raw.some_values(column, first, first + VALUES), first
