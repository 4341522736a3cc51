"""The encoded rows of a data folder, and the encoder that was fitted to it, as they are kept beside the data.

Rows have the order of `Impressions`, so that those of a search are neighbours; each column is packed alone, so that some of the
rows can be had without the others.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from minirank.config.dataclass_yaml import build
from minirank.config.features import FeatureConfig
from minirank.data import DataFolder
from minirank.data.column_facts import ColumnFacts
from minirank.data.column_names import FILES
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.inputs import read_inputs, write_inputs
from minirank.data.kept.mapped_rows import MappedInputs
from minirank.data.kept.scratch import Scratch
from minirank.data.kept.store import FOLDER, Contents, Kept, data_bytes
from minirank.errors import ConfigError, DataError, RunError
from minirank.extract.made_files import JOB_FILE, RESUME_FILE, changed_texts
from minirank.features import inputs
from minirank.kernels.batch import Inputs, InputSpec

if TYPE_CHECKING:
    from minirank.features.encoder import Encoder

TEXTS = 25  # times their bytes are taken in memory by all that is made of them
ROWS, FIT = "rows", "fit"


class KeptRows:
    """What was made of a folder and its features, where something may be kept.

    Args:
        kept: where. folder: which was read with it.
        most: bytes that rows may take in memory; None = as many as they take.

    Attributes:
        sources: contents of the folder's files and of its features; None where nothing can be kept.
    """

    def __init__(self, kept: Kept, folder: DataFolder, most: float | None = None) -> None:
        self.kept, self.folder, self.most = kept, folder, most
        self.sources: Contents | None = None
        self._made = [folder.path / name for name in (JOB_FILE, RESUME_FILE)]
        if kept.used and folder.contents is not None:
            known = folder.contents
            with suppress(DataError):  # whoever reads them says what is wrong
                self.sources = known.with_files([*(path for path in folder.files if path not in known.paths), *self._made])
                note = changed_texts(folder.path, dict(self.sources.names()))
                if note is not None:
                    kept.say(note)

    def fingerprint(self, files: Sequence[Path]) -> str | None:
        """`read_files.fingerprint` of a folder's files and its features; None where nothing is kept."""
        if self.sources is None:
            return None
        sources = self.sources.with_files(path for path in files if path not in self.sources.paths)  # such as grades
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
        if not self.is_used or not _decides(encoder):
            return rows
        entry = EntryWriter()
        write_inputs(entry, rows)
        entry.about["remarks"] = remarks
        self.write_of(ROWS, encoder, entry)
        if self.most is None:
            return rows
        found = self.read_rows(encoder)
        return rows if found is None else found[0]

    def exceed(self, rows: int, spec: InputSpec) -> bool:
        """Whether so many rows must not be in memory all at once."""
        return self.most is not None and 4 * rows * (len(spec.categorical) + len(spec.dense)) > self.most

    def texts_exceed(self, config: FeatureConfig) -> bool:
        """Whether so many texts, or what rows are made of them, must not be in memory all at once."""
        if self.most is None:
            return False
        texts = sum(path.stat().st_size for path in self.folder.files if path.name in (FILES["jobs"], FILES["resumes"]))
        columns = len(inputs.categorical(config)) + len(inputs.dense_columns(config))
        return 4 * len(self.folder.impressions) * columns > self.most or (self.is_used and TEXTS * texts > self.most)

    @contextmanager
    def room_for_rows(self) -> Iterator[Scratch]:
        """Where the columns of rows wait that exceed the memory.

        Raises:
            ConfigError: nothing can be kept, or there is no space.
        """
        folder = self.folder.path / FOLDER
        try:
            if not self.is_used:
                raise OSError("with --no-cache nothing is kept")
            folder.mkdir(exist_ok=True)
            yield Scratch(folder)
        except OSError as error:
            problem = f"these rows must be kept beside the data, in {folder}: {error.strerror or error}"
            first = "free some space, or " if error.errno == errno.ENOSPC else "allow writing there, or " if error.errno else ""
            first = first if self.is_used else "leave out --no-cache, or "
            remedy = f"{first}raise training.memory (of a run: in its config.yaml)"
            raise ConfigError(f"training.memory: {problem}; {remedy}") from None

    def keep_rows(self, encoder: Encoder, entry: EntryWriter) -> Inputs | MappedInputs:
        """Keep the columns of `write_rows`, which exceed the memory or were made in parts, whatever share of the data they take.

        Raises:
            OSError: they cannot be kept. DataError: the data changed meanwhile.
        """
        if not _decides(encoder):
            raise OSError("not all texts have their vectors yet")
        self.write_of(ROWS, encoder, entry, needed=True)
        found = self.read_rows(encoder)
        if found is None:
            assert self.sources is not None
            self.sources.check_unchanged()
            raise OSError("what was written cannot be read")
        return found[0]

    @property
    def is_used(self) -> bool:
        """Whether anything can be kept."""
        return self.sources is not None

    def read_of(self, kind: str, encoder: Encoder, files: Sequence[str] = ()) -> tuple[dict[str, np.ndarray], Any] | None:
        """What is kept of the folder as an encoder reads it; files: names of those that it was made of, by default of all."""
        return self._read(kind, {"encoder": _checksum(encoder)}, files) if self.is_used else None

    def write_of(self, kind: str, encoder: Encoder, entry: EntryWriter, files: Sequence[str] = (), needed: bool = False) -> None:
        """Keep something of the folder as an encoder reads it; `needed` as in `Kept.write`."""
        self._write(kind, {"encoder": _checksum(encoder)}, entry.arrays, entry.about, files, needed)

    def _read(self, kind: str, key: dict[str, Any], files: Sequence[str] = ()) -> tuple[dict[str, np.ndarray], Any] | None:
        if self.sources is None:
            return None
        return self.kept.read(self.folder.path, kind, self._key(key, self.sources, files))

    def _write(
        self, kind: str, key: dict[str, Any], arrays: dict[str, np.ndarray], about: Any, files: Sequence[str] = (), needed: bool = False
    ) -> None:
        sources = self.sources
        if sources is not None and sources.are_unchanged():
            key = self._key(key, sources, files)
            self.kept.write(self.folder.path, kind, key, arrays, about, data_bytes(self.folder.path), needed=needed)

    def _key(self, key: dict[str, Any], sources: Contents, files: Sequence[str]) -> dict[str, Any]:
        sources = sources.named(*files) if files else sources
        return key | {"files": sources.names(), "columns": self.folder.columns}


def _decides(encoder: Encoder) -> bool:
    """Whether the files of an encoder, beside those of a folder, are all that rows were made of; vectors may come from elsewhere."""
    vectors = None if encoder.text is None else encoder.text.vectors
    return vectors is None or vectors.are_all


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
