"""An encoded table as it is kept beside its file, in `.minirank/FILE`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.config.table import TableConfig
from minirank.data.column_facts import ColumnFacts
from minirank.data.dataset import Dataset
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.inputs import read_inputs, write_inputs
from minirank.data.kept.mapped_rows import MappedInputs, MappedRows, Rows
from minirank.data.kept.store import FOLDER, Contents, Kept, remove_unfinished
from minirank.data.table.column_scratch import ColumnScratch, Most, NoSpace
from minirank.errors import ConfigError, DataError, RunError
from minirank.kernels.batch import Batch, Inputs

LEAST = 2**22  # bytes of a table that is worth it: a smaller one is read in a moment
PARTS = ("train", "valid", "test")
T = TypeVar("T")


class KeptTable:
    """What was made of the files of a table, where something may be kept.

    Args:
        kept: where. paths: of the files that are read, the one beside which it is kept first.
        key: what else the rows depend on, as JSON can hold it.
    """

    def __init__(self, kept: Kept, paths: Iterable[Path], key: dict[str, Any]) -> None:
        paths, self._kept = tuple(paths), kept
        self.contents: Contents | None = None
        if kept.used:
            with suppress(DataError, OSError):  # whoever reads the files says what is wrong
                if sum(path.stat().st_size for path in paths) >= LEAST:
                    self.contents = Contents.of(paths)
        self._place, self._key = paths[0], key

    def fingerprint(self, paths: Iterable[Path]) -> str | None:
        """`read_files.fingerprint` of some of the files; None where nothing is kept, or they have changed meanwhile."""
        return self.contents.fingerprint(paths) if self.contents is not None and self.contents.are_unchanged() else None

    def read(self, kind: str) -> EntryReader | None:
        """An entry, where there is one."""
        if self.contents is None:
            return None
        found = self._kept.read(self._place.parent, kind, self._whole_key(self.contents), self._place.name)
        try:
            return None if found is None else EntryReader(*found)
        except Damaged:
            return None

    def write(self, kind: str, entry: EntryWriter, needed: bool = False) -> None:
        """Keep an entry where that is possible; `needed`: whatever share of the files it takes."""
        contents = self.contents
        if contents is not None and contents.are_unchanged():
            size, key = sum(contents.sizes), self._whole_key(contents)
            try:
                self._kept.write(self._place.parent, kind, key, entry.arrays, entry.about, size, self._place.name, needed)
            except OSError as error:
                self._kept.say_why(self._place.parent, error)

    def scratch(self, most: Most) -> ColumnScratch | None:
        """Where the columns wait; None where they may all be in memory, or nothing can be kept."""
        if self.contents is None or not _is_limited(most):
            return None
        folder = self._place.parent / FOLDER
        try:
            folder.mkdir(exist_ok=True)
            remove_unfinished(folder / self._place.name)
        except OSError as error:
            self.say_in_memory(error.strerror or str(error))
            return None
        return ColumnScratch(folder, most)

    def check_unchanged(self) -> None:
        """Refuse rows that were read part by part while somebody wrote.

        Raises:
            DataError: a file is not what it was.
        """
        if self.contents is not None:
            self.contents.check_unchanged()

    def say_in_memory(self, reason: str) -> None:
        """Say that no columns can wait."""
        self._kept.say(f"{self._place.parent / FOLDER}: {reason}; so {self._place.name} is read into memory as a whole")

    def _whole_key(self, contents: Contents) -> dict[str, Any]:
        return self._key | {"files": contents.names()}


def in_parts_or_memory(table: KeptTable, most: Most, read: Callable[[ColumnScratch | None], T]) -> T:
    """What is read of a table, its columns on the disk where they may not all be in memory; else, or where there is no space, there.

    Raises:
        DataError: a file changed while it was read part by part.
    """
    scratch = table.scratch(most)
    if scratch is not None:
        try:
            found = read(scratch)
            table.check_unchanged()
            return found
        except DataError:  # perhaps of half a row
            table.check_unchanged()
            raise
        except NoSpace as error:
            table.say_in_memory(str(error))
    return read(None)


def _is_limited(most: Most) -> bool:
    try:
        return most(0) is not None
    except ConfigError:  # whoever knows the number of rows says it again
        return True


def kept_dataset(table: KeptTable, paths: Iterable[Path], most: Most = lambda rows: None) -> Dataset | None:
    """The data set that `keep_dataset` kept.

    Args:
        paths: of the files of its fingerprint. most: as in `read_table`.
    """
    from minirank.data.table.encoder import FILE, TableEncoder

    entry = table.read("table")
    if entry is None or table.contents is None:
        return None
    try:
        about, encoded = entry.about, read_inputs(entry)
        with TemporaryDirectory() as place:
            (Path(place) / FILE).write_bytes(entry.column("encoder").rows().tobytes())
            encoder = TableEncoder.load(place)
        labels, weights = (
            np.column_stack([entry.column(f"{name}.{task}").rows() for task in range(len(encoder.tasks))]) for name in ("labels", "weights")
        )
        ends = np.cumsum([0, *about["parts"]])
        groups = entry.column("groups").rows() if about["grouped"] else np.arange(len(encoded), dtype=np.int32)
        targets: Any = {"labels": labels, "weights": weights, "groups": groups}
        rows = with_targets(within(encoded, most), **targets)
        return Dataset(
            inputs=encoder.inputs,
            rows=rows,
            **{part: np.arange(first, last) for part, first, last in zip(PARTS, ends, ends[1:])},
            search=groups if about["grouped"] else None,
            job=None,
            role=entry.column("role").rows() if about["role_names"] is not None else None,
            role_names=tuple(about["role_names"] or ()),
            truth=None,
            fingerprint=table.contents.fingerprint(paths),
            encoder=encoder,
            columns={name: build(ColumnFacts, facts) for name, facts in about["facts"].items()},
        )
    except (ConfigError, Damaged, KeyError, OSError, RunError, ValueError):
        return None


def with_targets(inputs: Inputs | MappedInputs, labels: np.ndarray, weights: np.ndarray, groups: np.ndarray) -> Rows:
    """Rows of a data set."""
    kind: Any = Batch if isinstance(inputs, Inputs) else MappedRows
    return kind(**vars(inputs), labels=labels, weights=weights, groups=groups)


def keep_dataset(table: KeptTable, dataset: Dataset, entry: EntryWriter | None = None, needed: bool = False) -> None:
    """Keep a data set whose parts follow each other.

    Args:
        entry: holds its inputs; None takes them from the data set, which has them in memory. needed: as in `KeptTable.write`.
    """
    if table.contents is not None:
        table.write("table", entry_of(dataset, entry), needed)


def entry_of(dataset: Dataset, entry: EntryWriter | None = None) -> EntryWriter:
    """What `kept_dataset` makes a data set of; entry: as in `keep_dataset`."""
    rows = dataset.rows
    if entry is None:
        assert isinstance(rows, Batch)
        entry = EntryWriter()
        write_inputs(entry, rows)
    with TemporaryDirectory() as place:
        dataset.encoder.save(place)
        (path,) = Path(place).iterdir()
        entry.column("encoder", np.frombuffer(path.read_bytes(), np.uint8))
    for name, values in (("labels", rows.labels), ("weights", rows.weights)):
        for task in range(values.shape[1]):
            entry.column(f"{name}.{task}", values[:, task])
    if dataset.search is not None:
        entry.column("groups", rows.groups)
    if dataset.role is not None:
        entry.column("role", dataset.role)
    entry.about |= {"parts": [len(getattr(dataset, part)) for part in PARTS], "grouped": dataset.search is not None}
    entry.about["role_names"] = None if dataset.role is None else list(dataset.role_names)
    entry.about["facts"] = {name: asdict(facts) for name, facts in dataset.columns.items()}
    return entry


def kept_rows(table: KeptTable, most: Most) -> Inputs | MappedInputs | None:
    """The rows that `keep_rows` kept; most: as in `read_table`."""
    entry = table.read("rows")
    try:
        return None if entry is None else within(read_inputs(entry), most)
    except (Damaged, KeyError):
        return None


def keep_rows(table: KeptTable, rows: Inputs) -> None:
    """Keep rows without labels."""
    if table.contents is not None:
        entry = EntryWriter()
        write_inputs(entry, rows)
        table.write("rows", entry)


def within(rows: MappedInputs, most: Most) -> Inputs | MappedInputs:
    """Rows in memory, unless they take too much of it."""
    return rows if is_too_large(rows, most) else rows.in_memory()


def is_too_large(rows: MappedInputs, most: Most) -> bool:
    """Whether rows must not be in memory all at once."""
    limit = most(len(rows))
    return limit is not None and rows.bytes_in_memory > limit


def key_of(config: TableConfig) -> dict[str, Any]:
    """What the rows of a table depend on but for the contents of its files."""
    files = asdict(config.table)
    roles = [part for part in PARTS if files.pop(part) is not None]
    return {"roles": roles, "table": files, "columns": asdict(config.columns)}
