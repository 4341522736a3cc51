"""Encoded rows in an entry: each column packed alone, so that some of the rows can be had without the others."""

from __future__ import annotations

import numpy as np

from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.mapped_rows import MappedBag, MappedInputs
from minirank.kernels.batch import Inputs


def write_inputs(entry: EntryWriter, rows: Inputs) -> None:
    """What `read_inputs` gives back."""
    for name, values in (("ids", rows.ids), ("dense", rows.dense)):
        entry.columns({f"{name}.{column}": values[:, column] for column in range(values.shape[1])})
    for place, bag in enumerate(rows.bags):
        entry.column(f"bag.{place}.entity", bag.entity)
        entry.column(f"bag.{place}.lengths", np.diff(bag.offsets))
        entry.column(f"bag.{place}.ids", bag.ids)
    entry.about |= {"rows": len(rows), "ids": rows.ids.shape[1], "dense": rows.dense.shape[1], "bags": len(rows.bags)}


def read_inputs(entry: EntryReader) -> MappedInputs:
    """All rows, still packed.

    Raises:
        Damaged, KeyError: the entry is of another form.
    """
    about = entry.about
    ids, dense = (tuple(entry.column(f"{name}.{column}") for column in range(about[name])) for name in ("ids", "dense"))
    bags = []
    for place in range(about["bags"]):
        lengths = entry.column(f"bag.{place}.lengths").rows()
        offsets = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        bags.append(MappedBag(entry.column(f"bag.{place}.entity"), offsets, entry.column(f"bag.{place}.ids")))
    return MappedInputs(about["rows"], ids, tuple(bags), dense)
