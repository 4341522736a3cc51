"""Encoded rows that stay packed, in the file that is mapped into memory: more of them than memory holds.

They are read as a `Batch` is, by `take`; each call unpacks the rows that it names, and of the lists of bags those that these rows need.
The system keeps in memory what is used again, and takes it back where memory is short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minirank.data.kept.packed import Packed, table
from minirank.kernels.batch import Bag, Batch, Inputs


@dataclass(frozen=True)
class MappedBag:
    """A multi-valued field of N rows; see `kernels.batch.Bag`.

    Args:
        entity: (N,) int32. offsets: (entities + 1,) int64. ids: (total,) int32.
    """

    entity: Packed
    offsets: np.ndarray
    ids: Packed

    def take(self, rows: np.ndarray) -> Bag:
        """The lists of some rows; entities are numbered anew, in their order, and the last list is empty."""
        used, entity = np.unique(self.entity.take(rows), return_inverse=True)
        begins = self.offsets[used]
        lengths = self.offsets[used + 1] - begins
        offsets = np.zeros(len(used) + 2, np.int64)
        np.cumsum(lengths, out=offsets[1:-1])
        offsets[-1] = offsets[-2]
        places = np.repeat(begins - offsets[:-2], lengths) + np.arange(offsets[-1])
        return Bag(entity.astype(np.int32), offsets, self.ids.take(places))


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
        """The given rows, (n,) int64, in the given order; fastest where they ascend."""
        return Inputs(table(self.ids, rows, np.int32), tuple(bag.take(rows) for bag in self.bags), table(self.dense, rows, np.float32))

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
        """The given rows, (n,) int64, in the given order; fastest where they ascend."""
        inputs = super().take(rows)
        return Batch(inputs.ids, inputs.bags, inputs.dense, self.labels[rows], self.weights[rows], self.groups[rows])


Rows = Batch | MappedRows
