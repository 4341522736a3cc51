"""Features of many jobs or resumes as columns: all that they hold, but for the quotes, without an object for any of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from minirank.extract.schema import Flag, JobFeatures, Mask, ResumeFeatures

Kind = type[JobFeatures] | type[ResumeFeatures]
SHORTEST, SHORTEST_SPAN = 60, 30  # bytes of a line that a value takes at least, and a flag or a mask


@dataclass(frozen=True)
class FeatureColumns:
    """The values of n features, those of one beside each other, keys in their order.

    Args:
        kind: of the features. length: n.
        texts: all different texts, of ids and of values.
        entries: (values, 6) int32: row, key (its place in the class), place in `texts` or number, whether the tagger found it, place in
            DEPTH, years; -1 where the text does not say.
        spans: (spans, 4) int32: row, key, start and end of flags and masks.
    """

    kind: Kind
    length: int
    texts: list[str]
    entries: np.ndarray
    spans: np.ndarray

    @classmethod
    def of_lines(cls, content: np.ndarray, begins: np.ndarray, kind: Kind) -> FeatureColumns | None:
        """Those of the lines of a file; None where one is not spelled as `to_json` does, or holds what may not be.

        Args:
            content: (bytes,) uint8, with a line break at the end. begins: (n,) int64, where each line begins.
        """
        from minirank.extract import scan_features as scan  # with numba, which extraction has no need of

        names = [field.name for field in fields(kind)]
        texts = [f'{", " if place else "{"}"{name}": ' for place, name in enumerate(names)] + list(scan.LITERALS)
        bounds = np.cumsum([0, *map(len, texts)])
        shapes = np.array([_shape(kind, field.name, field.default) for field in fields(kind)])
        numeric = np.array([name in kind._numbers for name in names])
        most = len(content) // SHORTEST + 2 * len(begins) + 1
        places, counts = np.empty((most, 2), np.int64), np.zeros(3, np.int64)
        entries, spans = np.empty((most, 6), np.int32), np.empty((len(content) // SHORTEST_SPAN + 1, 4), np.int32)
        content = content.view()
        content.setflags(write=False)  # one form to compile, whether the bytes lie in a file or not
        odd, slots = np.zeros(len(begins), bool), np.full(1 << (2 * most - 1).bit_length(), -1, np.int32)
        literals = np.frombuffer("".join(texts).encode(), np.uint8)
        scan.scan_lines(content, begins, literals, bounds, shapes, numeric, slots, places, counts, entries, spans, odd)
        if odd.any():
            return None
        different = [json.loads(content[first:last].tobytes()) for first, last in places[: counts[0]].tolist()]
        made = cls(kind, len(begins), different, entries[: counts[1]].copy(), spans[: counts[2]].copy())
        return made if made._is_allowed() else None

    def take(self, rows: np.ndarray) -> FeatureColumns:
        """Those of some rows, each at most once, in the given order."""
        place = np.full(self.length, -1, np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        chosen = []
        for found in (self.entries, self.spans):
            row = place[found[:, 0]]
            order = np.argsort(row, kind="stable")
            order = order[np.searchsorted(row[order], 0) :]
            taken = found[order]
            taken[:, 0] = row[order]
            chosen.append(taken)
        return FeatureColumns(self.kind, len(rows), self.texts, *chosen)

    def of(self, *keys: str) -> np.ndarray:
        """(values, 6) the entries of some keys, row by row."""
        return self.entries[np.isin(self.entries[:, 1], [self._key(key) for key in keys])]

    def numbers(self, key: str) -> np.ndarray:
        """(n,) float64 of a key that holds a number, NaN where there is none."""
        found = np.full(self.length, np.nan)
        entries = self.of(key)
        found[entries[:, 0]] = entries[:, 2]
        return found

    def first(self, key: str) -> list[str | None]:
        """n texts, the first of those that a key holds."""
        found: list[str | None] = [None] * self.length
        for row, code in self.of(key)[::-1, (0, 2)].tolist():
            found[row] = self.texts[code]
        return found

    def flags_and_masks(self, row: int) -> tuple[list[Flag], list[Mask]]:
        """Where the flags and masks of a row stand; what they are is not told."""
        flags, masks = [], []
        for key, start, end in self.spans[self._span_starts[row] : self._span_starts[row + 1], 1:].tolist():
            if key == self._masked:
                masks.append(Mask(start, end, ""))
            else:
                flags.append(Flag(start, end, ""))
        return flags, masks

    @cached_property
    def _span_starts(self) -> list[int]:
        return np.searchsorted(self.spans[:, 0], np.arange(self.length + 1)).tolist()

    @cached_property
    def _masked(self) -> int:
        return self._key("masked")

    def _key(self, name: str) -> int:
        return [field.name for field in fields(self.kind)].index(name)

    def _is_allowed(self) -> bool:
        """Whether no value is one that may not be."""
        found = ((self.of(key)[:, 2], allowed) for key, allowed in self.kind._allowed.items())
        return all(self.texts[code] in allowed for codes, allowed in found for code in np.unique(codes).tolist())


def columns_of(features: Sequence[Any]) -> FeatureColumns | None:
    """The columns of features that were read from a file, where they could be; None of others."""
    columns: FeatureColumns | None = getattr(features, "feature_columns", None)
    return columns


def _shape(kind: Kind, name: str, default: object) -> int:
    """What a key holds, in the words of `scan_features`."""
    if name in kind._ids:
        return 0
    return 1 if default is None else {"flagged": 3, "masked": 4}.get(name, 2)
