"""Lines of a JSON lines file as a sequence of objects, each parsed when it is asked for."""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import eq
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np

from minirank.errors import changed_while_read


class Records(Sequence):
    """n objects.

    Args:
        path: of the file, which stays open: one that takes its place later is not seen.
        begins, ends: (n,) int64, bytes of the line of each.
        read: such a line, (bytes, its place in this sequence) -> the object.
        columns: key -> n values that are known without parsing.
    """

    def __init__(
        self, path: Path, begins: np.ndarray, ends: np.ndarray, read: Callable[[bytes, int], Any], columns: Mapping[str, Sequence[Any]]
    ) -> None:
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        finalize(self, os.close, self._file)
        self._begins, self._ends, self._read, self._columns = begins, ends, read, columns

    @property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) int64 each, where their lines begin and end in bytes."""
        return self._begins, self._ends

    def __len__(self) -> int:
        return len(self._begins)

    @cached_property
    def content(self) -> mmap.mmap:
        """The bytes of the file."""
        return mmap.mmap(self._file, 0, access=mmap.ACCESS_READ)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        place = range(len(self))[place]
        return self._read(self.line(place), place)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self._file).st_size

    def line(self, place: int) -> bytes:
        """The line of one of them, as far as the file still reaches."""
        begin, end = int(self._begins[place]), int(self._ends[place])
        if hasattr(os, "pread"):  # a file that is cut while it is read would end a process that has mapped it
            return os.pread(self._file, end - begin, begin)
        return self.content[begin:end]

    def __eq__(self, other: object) -> bool:
        """Whether the objects are those of another sequence."""
        return self is other or (isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other)))

    def column(self, key: str) -> Sequence[Any]:
        """The values of a key."""
        return self._columns[key] if key in self._columns else [record[key] for record in self]


class KnownKeys(Sequence):
    """n objects of which some keys are known alone.

    Args:
        columns: key -> n values. keys: all that some of the objects has.
    """

    def __init__(self, columns: Mapping[str, list[Any]], keys: frozenset[str]) -> None:
        self.columns, self.keys = columns, keys

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, place: Any) -> Any:
        return {key: values[place] for key, values in self.columns.items()}

    def column(self, key: str) -> Sequence[Any]:
        """The values of a key."""
        return self.columns[key]

    def take(self, places: Sequence[int]) -> KnownKeys:
        """Those at some places."""
        return KnownKeys({key: [values[place] for place in places] for key, values in self.columns.items()}, self.keys)


class Chosen(Sequence):
    """Some of a sequence of objects, none of which is asked for before it is used.

    Args:
        of: the sequence. places: in it.
    """

    def __init__(self, of: Sequence[Any], places: Sequence[int] | np.ndarray) -> None:
        inner = of if isinstance(of, Chosen) else None
        self._of: Sequence[Any] = of if inner is None else inner._of
        self._places: np.ndarray = np.asarray(places, np.int64) if inner is None else inner._places[places]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Chosen(self._of, self._places[place])
        return self._of[int(self._places[place])]

    @classmethod
    def joined(cls, several: Sequence[Chosen]) -> Chosen:
        """Those of some choices of the same objects."""
        return cls(several[0]._of, np.concatenate([each._places for each in several]))

    def column(self, key: str) -> Sequence[Any]:
        """The values of a key."""
        whole = column_of(self._of, key)
        return [whole[place] for place in self._places.tolist()]


def column_of(records: Sequence[Mapping[str, Any]], key: str) -> Sequence[Any]:
    """The values of a key of some objects."""
    return records.column(key) if isinstance(records, Records | Chosen | KnownKeys) else [record[key] for record in records]


def places_of_lines(path: Path, lines: Sequence[int]) -> tuple[np.ndarray, np.ndarray] | None:
    """(n,) int64 each, where lines of a text file begin and end in bytes; None where carriage returns alone end some of its lines.

    Args:
        lines: (n,) numbers from 1 on.
    Raises:
        DataError: it has fewer lines by now.
    """
    sizes, marked = array("q"), False
    with open(path, "rb") as stream:
        for line in stream:
            if line.count(b"\r") != line.endswith(b"\r\n"):
                return None
            marked = marked or (not sizes and line.startswith(b"\xef\xbb\xbf"))  # a byte order mark
            sizes.append(len(line))
    ends = np.cumsum(np.array(sizes, np.int64))
    begins = ends - sizes
    begins[:1] += 3 * marked
    rows = np.array(lines, np.int64) - 1
    if len(rows) and rows.max() >= len(ends):
        raise changed_while_read(path.name)
    return begins[rows], ends[rows]
