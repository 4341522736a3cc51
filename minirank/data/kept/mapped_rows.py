"""Encoded rows that stay packed, in the file that is mapped into memory: more of them than memory holds.

They are read as a `Batch` is, by `take`; each call unpacks the rows that it names, and of the lists of bags those that these rows need.
The system keeps in memory what is used again, and takes it back where memory is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from minirank.data.kept.array_file import is_cut
from minirank.data.kept.packed import Packed, table
from minirank.data.kept.store import FOLDER
from minirank.errors import DataError
from minirank.kernels.batch import Bag, Batch, Inputs

if TYPE_CHECKING:
    from minirank.kernels.ranked import Ranked


@dataclass(frozen=True)
class MappedBag:
    """A multi-valued field of N rows; see `kernels.batch.Bag`.

    Args:
        entity: (N,) int32. offsets: (entities + 1,) int64. ids: (total,) int32.
    """

    entity: Packed
    offsets: np.ndarray
    ids: Packed

    def take(self, entities: Ranked) -> Bag:
        """The lists of some entities, which are numbered anew, in their order; the last list is empty."""
        from minirank.data.kept.pack_kernels import unpack_lists

        used = entities.distinct
        begins = self.offsets[used]
        offsets = np.zeros(len(used) + 2, np.int64)
        np.cumsum(self.offsets[used + 1] - begins, out=offsets[1:-1])
        offsets[-1] = offsets[-2]
        ids = np.empty(offsets[-1], np.int32)
        unpack_lists(_addresses([self.ids])[0], begins, offsets, ids)
        return Bag(entities.ranks.copy(), offsets, ids)  # for several bags may have the same entities, and `hide_inputs` writes into each


@dataclass(frozen=True)
class MappedInputs:
    """N rows as a prediction reads them; see `kernels.batch.Inputs`.

    Args:
        count: N. ids: C columns. bags: one `MappedBag` for each multi-valued field. dense: ND columns.
    """

    count: int
    ids: tuple[Packed, ...]
    bags: tuple[MappedBag, ...]
    dense: tuple[Packed, ...]

    def __len__(self) -> int:
        return self.count

    def take(self, rows: np.ndarray) -> Inputs:
        """The given rows, (n,) int64, in the given order; they are read from the first to the last.

        Raises:
            DataError: somebody cut their file meanwhile.
        """
        from minirank.kernels.ranked import ranked  # with numba, which whoever reads one column has no need of

        if any(is_cut(column.numbers) for column in (*self.ids, *self.dense, *(bag.ids for bag in self.bags))):
            remedy = "start again (a training with --resume), and they are made anew"
            raise DataError("rows that are kept in this folder of the data were cut off while they were read", file=FOLDER, remedy=remedy)
        order = ranked(rows).order
        ids, dense = (_some(columns, rows, order) for columns in (self.ids, self.dense))
        different = {id(bag.entity.codes): bag.entity for bag in self.bags}  # of bags, which may share one
        entities = dict(zip(different, _some([*different.values()], rows, order).T))
        used = {name: ranked(entity) for name, entity in entities.items()}
        return Inputs(ids, tuple(bag.take(used[id(bag.entity.codes)]) for bag in self.bags), dense.view(np.float32))

    @property
    def bytes_in_memory(self) -> int:
        """What `in_memory` takes."""
        bags = sum(self.count + 2 * len(bag.offsets) + bag.ids.length for bag in self.bags)
        return 4 * (self.count * (len(self.ids) + len(self.dense)) + bags)

    def in_memory(self) -> Inputs:
        """All rows, unpacked."""
        bags = tuple(map(self.bag, range(len(self.bags))))
        return Inputs(table(self.ids, self.count, np.int32), bags, table(self.dense, self.count, np.float32))

    def field(self, column: int) -> np.ndarray:
        """(N,) int32 ids of a categorical field."""
        return self.ids[column].rows()

    def bag(self, number: int) -> Bag:
        """A multi-valued field, unpacked."""
        bag = self.bags[number]
        return Bag(bag.entity.rows(), bag.offsets, bag.ids.rows())

    def number(self, column: int) -> np.ndarray:
        """(N,) float32, a dense column."""
        return self.dense[column].rows()


@dataclass(frozen=True)
class MappedRows(MappedInputs):
    """N rows with what losses compare predictions with, which is in memory; see `kernels.batch.Batch`."""

    labels: np.ndarray
    weights: np.ndarray
    groups: np.ndarray

    def take(self, rows: np.ndarray) -> Batch:
        """The given rows, (n,) int64, in the given order."""
        inputs = super().take(rows)
        return Batch(inputs.ids, inputs.bags, inputs.dense, self.labels[rows], self.weights[rows], self.groups[rows])


Rows = Batch | MappedRows


def _some(columns: Sequence[Packed], rows: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(n, columns) int32, floats as their bits: some rows, (n,) int64, read in this order."""
    from minirank.data.kept.pack_kernels import unpack

    made = np.empty((len(rows), len(columns)), np.int32)
    unpack(_addresses(columns), rows, order, made)
    return made


def _addresses(columns: Sequence[Packed]) -> np.ndarray:
    """(C, 3) int64, as kernels read columns, which must live meanwhile."""
    from minirank.data.kept.pack_kernels import BITS, BYTES, CONSTANT, PAIRS, RAW

    kinds = {"raw": RAW, "constant": CONSTANT, "bits": BITS}
    kind_of = [kinds.get(column.kind, PAIRS if column.codes.itemsize == 2 else BYTES) for column in columns]
    held = [[column.codes, column.numbers] for column in columns]
    assert all(array.flags.c_contiguous for each in held for array in each) and all(column.numbers.itemsize == 4 for column in columns)
    places = [[array.__array_interface__["data"][0] for array in each] for each in held]
    return np.array([[kind, *each] for kind, each in zip(kind_of, places)], np.int64).reshape(-1, 3)
