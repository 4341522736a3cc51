"""What is kept beside data: where it lies, when it is trusted, how much there may be.

It lies in the folder `.minirank` beside the data, so that whoever deletes the data deletes what was made of them, and may itself be
deleted at any time. An entry is found under a name that is made of everything it depends on: the SHA-256 of each file that was
read (neither a date nor a size is ever believed), the options, the sources of this package, the versions and the processor that
computed. What is damaged, or of another format, is made again. Where nothing can be kept (a folder that cannot be written, a full
disk), a line says so once, and all goes on without. All entries together take at most 1.5 times the bytes of the data; those that
were used last stay; rows that `training.memory` keeps out of memory are no choice, and take what they take. What is made of a table,
which is a file among others, lies in a folder of its name therein, likewise limited, and goes once that file has gone and something
else is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from minirank.data.kept.array_file import Damaged, read_arrays, write_arrays
from minirank.errors import DataError, changed_while_read
from minirank.locking import is_held

FOLDER = ".minirank"
TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by minirank of the data beside it; delete it when you like.\n"
SHARE = 1.5  # of the bytes of the data
DATA = (".jsonl", ".csv", ".npz")  # endings of the files that entries are made of
ABANDONED = 3600  # seconds after which an unfinished file is that of a process that was killed, where nothing tells who has it
JUST_MADE = 10  # seconds in which nobody may have it yet
PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Contents:
    """Files as they are now.

    Args:
        paths: of files. sizes: bytes of each. sums: SHA-256 (hex) of each.
        states: what changes with each change of a file, as far as the system tells.
    """

    paths: tuple[Path, ...]
    sizes: tuple[int, ...]
    sums: tuple[str, ...]
    states: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Contents:
        """Those of files.

        Raises:
            DataError: one cannot be read.
        """
        paths = tuple(paths)
        with ThreadPoolExecutor(2) as threads:
            states = tuple(map(_state, paths))
            sums = tuple(threads.map(_sum, paths))
        return cls(paths, tuple(state[0] for state in states), sums, states)

    def with_files(self, paths: Iterable[Path]) -> Contents:
        """These files and others.

        Raises:
            DataError: one of the others cannot be read.
        """
        more = Contents.of(paths)
        return Contents(*(ours + theirs for ours, theirs in zip(vars(self).values(), vars(more).values())))

    def without(self, *names: str) -> Contents:
        """These files but for those of some names."""
        return self._some(lambda path: path.name not in names)

    def named(self, *names: str) -> Contents:
        """Those of some names."""
        return self._some(lambda path: path.name in names)

    def _some(self, chosen: Callable[[Path], bool]) -> Contents:
        rows = [row for row, path in enumerate(self.paths) if chosen(path)]
        return Contents(*(tuple(values[row] for row in rows) for values in vars(self).values()))

    def are_unchanged(self) -> bool:
        """Whether no file was written since."""
        return self._changed() is None

    def check_unchanged(self) -> None:
        """Refuse what was made of files part by part while somebody wrote.

        Raises:
            DataError: names a file that was written since.
        """
        changed = self._changed()
        if changed is not None:
            raise changed_while_read(changed.name)

    def _changed(self) -> Path | None:
        """A file that was written since, or is gone."""
        for path, state in zip(self.paths, self.states):
            try:
                if state != _state(path):
                    return path
            except DataError:
                return path
        return None

    def names(self) -> list[list[str]]:
        """The name and the sum of each."""
        return [[path.name, each] for path, each in zip(self.paths, self.sums)]

    def fingerprint(self, paths: Iterable[Path]) -> str:
        """`read_files.fingerprint` of some of the files."""
        total, of = hashlib.sha256(), {path: f"{path.name}:{size}:{each}\n" for path, size, each in zip(self.paths, self.sizes, self.sums)}
        for path in paths:
            total.update(of[path].encode())
        return total.hexdigest()


class Kept:
    """What is kept beside data.

    Args:
        say: told once why nothing can be kept, and when features are those of older texts.
        used: False neither reads nor writes anything.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: None, used: bool = True) -> None:
        self.say, self.used = say, used
        self._is_said = False
        self._needed: set[Path] = set()

    def read(self, beside: Path, kind: str, key: Mapping[str, Any], file: str = "") -> tuple[dict[str, np.ndarray], Any] | None:
        """The arrays of an entry and what is noted about them; None where there is none that can be used.

        Args:
            beside: the folder of the data. kind: a word for what it is. key: all that it depends on but for what computes.
            file: the name of one in that folder of which it was made, where that is no data folder.
        """
        if not self.used:
            return None
        path = _path(beside, kind, key, file)
        try:
            found = read_arrays(path)
        except (OSError, Damaged):
            return None
        with suppress(OSError):
            os.utime(path)  # it was used now
        return found

    def write(
        self,
        beside: Path,
        kind: str,
        key: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        about: Any,
        data: int,
        file: str = "",
        needed: bool = False,
    ) -> None:
        """Keep an entry, where that is possible.

        Args:
            data: bytes of the files that all entries here (those of `file`) were made of.
            needed: the entry may take more than its share, for there is no going on without.
        Raises:
            OSError: an entry that is needed cannot be written.
        """
        if not self.used:
            return
        path, size = _path(beside, kind, key, file), sum(array.nbytes for array in arrays.values())
        folder = beside / FOLDER
        try:
            if size > SHARE * data and not needed:
                raise OSError(f"it would take {size / 1e6:,.0f} MB, more than {SHARE} times the data")
            folder.mkdir(exist_ok=True)
            if not (folder / "CACHEDIR.TAG").exists():
                (folder / "CACHEDIR.TAG").write_text(TAG)
                (folder / ".gitignore").write_text("*\n")
            path.parent.mkdir(exist_ok=True)
            if needed:
                self._needed.add(path)
            _make_room(path.parent, SHARE * data - (0 if needed else size), self._needed)
            _remove_orphans(folder)
            write_arrays(path, arrays, about)
        except OSError as error:
            if needed:
                raise
            self.say_why(beside, error)

    def say_why(self, beside: Path, error: OSError) -> None:
        """Say, once, what keeps entries from being kept."""
        if not self._is_said:
            self.say(f"{beside / FOLDER}: nothing is kept there for the next time: {error.strerror or error}")
        self._is_said = True


NOTHING_KEPT = Kept(used=False)


def data_bytes(folder: Path) -> int:
    """Bytes of the files of a data folder that entries are made of, whichever of them a command reads."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in DATA)
    return 0


def _path(beside: Path, kind: str, key: Mapping[str, Any], file: str) -> Path:
    text = json.dumps([kind, key, computed_by()], sort_keys=True, default=str)
    return beside / FOLDER / file / f"{kind}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.bin"


def _make_room(folder: Path, most: float, needed: Collection[Path]) -> None:
    """Remove entries but those that are needed, those used longest ago first, until the others take at most so many bytes; and what
    kills left."""
    entries = []
    for path in {*folder.glob("*.bin")} - {*needed}:
        with suppress(OSError):
            entries.append((path.stat().st_mtime, path.stat().st_size, path))
    remove_unfinished(folder)
    left = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if left <= most:
            break
        with suppress(OSError):
            path.unlink()
        left -= size


def remove_unfinished(folder: Path) -> None:
    """Remove what kills left, which may be as large as the data."""
    for path in folder.glob(".*.part"):
        with suppress(OSError):
            age = time.time() - path.stat().st_mtime
            if age <= JUST_MADE:  # and asking would keep it from its maker, who tries once
                continue
            held = is_held(path)
            if not held and (held is not None or age > ABANDONED):
                path.unlink()


def _remove_orphans(folder: Path) -> None:
    """Remove what was made of files that are not there any more."""
    for path in folder.glob("*/*.bin"):
        if not os.path.lexists(folder.parent / path.parent.name):
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # with the last one


@cache
def computed_by() -> dict[str, str]:
    """What computes: the sources of this package, versions, and the processor, on which the last bit of a logarithm may depend."""
    sources = hashlib.sha256()
    for folder in (PACKAGE, PACKAGE / "kernels"):  # which may be a link
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".pyc", ".nbc", ".md") and path.is_file() and "__pycache__" not in path.parts:
                sources.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    features = [name for name, there in sorted(np._core._multiarray_umath.__cpu_features__.items()) if there]  # type: ignore[attr-defined]
    return {
        "sources": sources.hexdigest(),
        "python": f"{sys.version_info} {unicodedata.unidata_version}",
        "numpy": np.__version__,
        "scipy": version("scipy"),  # which is not loaded for that
        "numba": version("numba"),
        "machine": f"{platform.machine()} {sys.byteorder} {' '.join(features)}",
        "threads": f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}"
        + "".join(
            f" {os.environ.get(name, '')}" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
        ),  # in whose products the order of sums differs
    }


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path), remedy="check the path") from None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def _sum(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=str(path), remedy="check the path") from None
