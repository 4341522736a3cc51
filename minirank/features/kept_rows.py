"""The encoded rows of a data folder, and the encoder that was fitted to it, as they are kept beside the data.

Rows have the order of `Impressions`, so that those of a search are neighbours; each column is packed alone, so that some of the
rows can be had without the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.data import DataFolder
from minirank.data.column_facts import ColumnFacts
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.inputs import read_inputs, write_inputs
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.kept.store import Contents, Kept
from minirank.errors import ConfigError, DataError, RunError
from minirank.extract.made_files import JOB_FILE, RESUME_FILE
from minirank.kernels.batch import Inputs

if TYPE_CHECKING:
    from minirank.features.encoder import Encoder

ROWS, FIT = "rows", "fit"


class KeptRows:
    """What was made of a folder and its features, where something may be kept.

    Args:
        kept: where. folder: which was read with it.
        most: bytes that rows may take in memory; None = as many as they take.
    """

    def __init__(self, kept: Kept, folder: DataFolder, most: float | None = None) -> None:
        self._kept, self._folder, self.most = kept, folder, most
        self._sources: Contents | None = None
        self._made = [folder.path / name for name in (JOB_FILE, RESUME_FILE)]
        if kept.used and folder.contents is not None:
            known = folder.contents
            with suppress(DataError):  # whoever reads them says what is wrong
                self._sources = known.with_files([*(path for path in folder.files if path not in known.paths), *self._made])

    def fingerprint(self, files: Sequence[Path]) -> str | None:
        """`read_files.fingerprint` of a folder's files and its features; None where nothing is kept."""
        if self._sources is None:
            return None
        sources = self._sources.with_files(path for path in files if path not in self._sources.paths)  # such as grades
        return sources.fingerprint([*files, *self._made])

    def read_fit(self, options: Any) -> tuple[Encoder, dict[str, ColumnFacts]] | None:
        """The encoder that was fitted with some options, which JSON can hold, and what was left of the columns."""
        from minirank.features.encoder import Encoder

        found = self._read(FIT, {"options": options})
        if found is None:
            return None
        try:
            arrays, about = found
            with TemporaryDirectory() as place:
                for name, content in arrays.items():
                    (Path(place) / name).write_bytes(content.tobytes())
                encoder = Encoder.load(place)
            return encoder, {name: build(ColumnFacts, facts) for name, facts in about.items()}
        except (ConfigError, KeyError, OSError, RunError):
            return None

    def write_fit(self, options: Any, encoder: Encoder, facts: dict[str, ColumnFacts]) -> None:
        """Keep what `read_fit` gives back."""
        arrays = {name: np.frombuffer(content, np.uint8) for name, content in _files(encoder)}
        self._write(FIT, {"options": options}, arrays, {name: asdict(each) for name, each in facts.items()})

    def read_rows(self, encoder: Encoder) -> tuple[Inputs | MappedInputs, list[str]] | None:
        """All rows as an encoder makes them, mapped where they would take too much of the memory, and what it said of texts."""
        found = self.read_of(ROWS, encoder)
        try:
            if found is None:
                return None
            rows = read_inputs(EntryReader(*found))
            return rows.in_memory() if self.most is None or rows.bytes_in_memory <= self.most else rows, found[1]["remarks"]
        except (Damaged, KeyError):
            return None

    def write_rows(self, encoder: Encoder, rows: Inputs, remarks: list[str]) -> Inputs | MappedInputs:
        """Keep what `read_rows` gives back; the rows, mapped where they take too much of the memory and were kept."""
        if not self.is_used:
            return rows
        entry = EntryWriter()
        write_inputs(entry, rows)
        entry.about["remarks"] = remarks
        self.write_of(ROWS, encoder, entry)
        if self.most is None:
            return rows
        found = self.read_rows(encoder)
        return rows if found is None else found[0]

    @property
    def is_used(self) -> bool:
        """Whether anything can be kept."""
        return self._sources is not None

    def read_of(self, kind: str, encoder: Encoder) -> tuple[dict[str, np.ndarray], Any] | None:
        """What is kept of the folder as an encoder reads it."""
        return self._read(kind, {"encoder": _checksum(encoder)}) if self.is_used else None

    def write_of(self, kind: str, encoder: Encoder, entry: EntryWriter) -> None:
        """Keep something of the folder as an encoder reads it."""
        self._write(kind, {"encoder": _checksum(encoder)}, entry.arrays, entry.about)

    def _read(self, kind: str, key: dict[str, Any]) -> tuple[dict[str, np.ndarray], Any] | None:
        if self._sources is None:
            return None
        return self._kept.read(self._folder.path, kind, self._key(key, self._sources))

    def _write(self, kind: str, key: dict[str, Any], arrays: dict[str, np.ndarray], about: Any) -> None:
        sources = self._sources
        if sources is not None and sources.are_unchanged():
            self._kept.write(self._folder.path, kind, self._key(key, sources), arrays, about, sum(sources.sizes))

    def _key(self, key: dict[str, Any], sources: Contents) -> dict[str, Any]:
        return key | {"files": sources.names(), "columns": self._folder.columns}


def _files(encoder: Encoder) -> Iterable[tuple[str, bytes]]:
    """The files of an encoder."""
    with TemporaryDirectory() as place:
        encoder.save(place)
        return [(path.name, path.read_bytes()) for path in sorted(Path(place).iterdir())]


def _checksum(encoder: Encoder) -> str:
    """SHA-256 (hex) of the files of an encoder."""
    total = hashlib.sha256()
    for name, content in _files(encoder):
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()
