"""Lines of a JSON lines file as a sequence of objects, each parsed when it is asked for."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping, Sequence
from operator import eq
from pathlib import Path
from typing import Any

import numpy as np


class Records(Sequence):
    """n objects.

    Args:
        path: of the file, which is mapped: one that takes its place later is not seen.
        begins, ends: (n,) int64, bytes of the line of each.
        read: such a line, (bytes, its place in this sequence) -> the object.
        columns: key -> n values that are known without parsing.
    """

    def __init__(
        self, path: Path, begins: np.ndarray, ends: np.ndarray, read: Callable[[bytes, int], Any], columns: Mapping[str, Sequence[Any]]
    ) -> None:
        with open(path, "rb") as stream:
            self.content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._begins, self._ends, self._read, self._columns = begins, ends, read, columns

    def __len__(self) -> int:
        return len(self._begins)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        place = range(len(self))[place]
        return self._read(self.content[self._begins[place] : self._ends[place]], place)

    def __eq__(self, other: object) -> bool:
        """Whether the objects are those of another sequence."""
        return self is other or (isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other)))

    def column(self, key: str) -> Sequence[Any]:
        """The values of a key."""
        return self._columns[key] if key in self._columns else [record[key] for record in self]


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

    def column(self, key: str) -> Sequence[Any]:
        """The values of a key."""
        whole = column_of(self._of, key)
        return [whole[place] for place in self._places.tolist()]


def column_of(records: Sequence[Mapping[str, Any]], key: str) -> Sequence[Any]:
    """The values of a key of some objects."""
    return records.column(key) if isinstance(records, Records | Chosen) else [record[key] for record in records]


def places_of_lines(path: Path, lines: Sequence[int]) -> tuple[np.ndarray, np.ndarray] | None:
    """(n,) int64 each, where lines of a text file begin and end in bytes; None where carriage returns alone end some of its lines.

    Args:
        lines: (n,) numbers from 1 on.
    """
    content = path.read_bytes()
    if content.count(b"\r") != content.count(b"\r\n"):
        return None
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")).astype(np.int64)
    ends = np.append(ends, len(content))
    begins = np.append(0, ends[:-1] + 1)
    begins[0] = 3 if content.startswith(b"\xef\xbb\xbf") else 0  # a byte order mark
    rows = np.array(lines, np.int64) - 1
    return begins[rows], ends[rows]
