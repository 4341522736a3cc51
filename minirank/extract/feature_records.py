"""Features in a file as a sequence: each is parsed when it is asked for, and all that they hold is there as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from minirank.data.folder.records import Records
from minirank.data.read_files import COMPILED
from minirank.errors import changed_while_read
from minirank.extract.feature_columns import FeatureColumns
from minirank.extract.schema import JobFeatures, ResumeFeatures
from minirank.storage import BadJson, parse_json

PART = 2**23  # bytes that are scanned at a time


class FeatureRecords(Records):
    """`Records` of features.

    Args:
        kind: of the features. known: their columns, where they are at hand.
    """

    def __init__(
        self,
        path: Path,
        begins: np.ndarray,
        ends: np.ndarray,
        kind: type[JobFeatures] | type[ResumeFeatures],
        columns: Mapping[str, Sequence[Any]] = MappingProxyType({}),
        known: FeatureColumns | None = None,
    ) -> None:
        super().__init__(path, begins, ends, partial(line_of_features, path.name, kind), columns)
        self._kind, self._known = kind, known
        self._whole: FeatureRecords | None = None

    def part(self, first: int, last: int) -> FeatureRecords:
        """Places first .. last - 1; of their lines alone are `feature_columns`."""
        made = copy(self)
        made.__dict__.pop("feature_columns", None)
        made._begins, made._ends = (each[first:last] for each in self.places)
        made._known, made._columns = None, {name: values[first:last] for name, values in self._columns.items()}
        made._whole = self  # whose file it reads
        return made

    @cached_property
    def feature_columns(self) -> FeatureColumns | None:
        """All of them as columns; None where their lines are spelled in another way than `to_json` does."""
        if self._known is not None:
            return self._known
        if self._whole is not None:
            lines = [self.line(place).rstrip(b"\n") for place in range(len(self))]
            ends = np.cumsum([len(line) + 1 for line in lines], dtype=np.int64)
            content = np.frombuffer(b"".join(line + b"\n" for line in lines), np.uint8)
            return _columns_of(content, np.append(0, ends[:-1]), self._kind, self.size)
        content = np.frombuffer(self.content, np.uint8)
        return _columns_of(content, self.places[0], self._kind) if len(content) and content[-1] == ord("\n") else None


def _columns_of(
    content: np.ndarray, begins: np.ndarray, kind: type[JobFeatures] | type[ResumeFeatures], size: int = 0
) -> FeatureColumns | None:
    """`FeatureColumns.of_lines`; None, too, where its loops would have to be compiled for little, be it part of a file of a larger size."""
    from minirank.extract.scan_features import is_compiled  # with numba, which extraction has no need of

    return FeatureColumns.of_lines(content, begins, kind) if max(len(content), size) >= COMPILED or is_compiled() else None


def scan_columns(path: Path, wanted: Sequence[tuple]) -> FeatureRecords | None:
    """The features of resumes; None where something is wrong, or lines are spelled in another way.

    Args:
        path: of the file. wanted: n ids and times.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        return None
    if not len(content) or content[-1] != ord("\n"):
        return None
    ends = np.flatnonzero(content == ord("\n"))
    begins = np.append(0, ends[:-1] + 1)
    columns = _columns_of(content, begins, ResumeFeatures)
    if columns is None:
        return None
    row = {key: place for place, key in enumerate(zip(columns.first("resume_id"), columns.first("updated_at")))}
    rows = np.array([row.get(key, -1) for key in wanted], np.int64)
    if (rows < 0).any():
        return None
    return FeatureRecords(path, begins[rows], ends[rows], ResumeFeatures, known=columns.take(rows))


def scan_places(path: Path, wanted: Sequence[tuple]) -> FeatureRecords | None:
    """`scan_columns`, without what the lines hold."""
    row: dict[tuple, int] = {}
    places, at = [], 0
    try:
        size = path.stat().st_size
        with open(path, "rb") as stream:
            while at < size:
                content = np.frombuffer(stream.read(PART) + stream.readline(), np.uint8)
                if not len(content) or content[-1] != ord("\n"):
                    return None
                ends = np.flatnonzero(content == ord("\n"))
                begins = np.append(0, ends[:-1] + 1)
                columns = _columns_of(content, begins, ResumeFeatures, size)
                if columns is None:
                    return None
                row.update(zip(zip(columns.first("resume_id"), columns.first("updated_at")), count(len(row))))
                places.append((at + begins, at + ends))
                at += len(content)
    except OSError:
        return None
    begins, ends = map(np.concatenate, zip(*places)) if places else (np.empty(0, np.int64),) * 2
    rows = np.array([row.get(key, -1) for key in wanted], np.int64)
    return None if len(row) < len(begins) or (rows < 0).any() else FeatureRecords(path, begins[rows], ends[rows], ResumeFeatures)


def part_of(features: Sequence[Any], first: int, last: int) -> Sequence[Any]:
    """Those at places first .. last - 1."""
    return features.part(first, last) if isinstance(features, FeatureRecords) else features[first:last]


def line_of_features(name: str, kind: type[JobFeatures] | type[ResumeFeatures], line: bytes, place: int) -> Any:
    """A line that was read before.

    Raises:
        DataError: it is another one now.
    """
    try:
        return kind.from_json(parse_json(line))
    except (BadJson, ValueError):
        raise changed_while_read(name) from None
