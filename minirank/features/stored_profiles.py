"""Jobs or resumes of which some are taken into memory: all that is known of them lies on the disk, some thousands after others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from itertools import chain
from sys import intern
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from minirank.data.folder.records import Chosen
from minirank.data.kept.scratch import Scratch
from minirank.features.profiles import Profiles
from minirank.features.sparse import Weights


class StoredProfiles:
    """n jobs or n resumes.

    Args:
        parts: neighbours, some after others, as `stored` gives them.
    """

    def __init__(self, parts: list[Profiles]) -> None:
        self.parts = parts
        self._starts = np.cumsum([0, *map(len, parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def without_terms(self) -> StoredProfiles:
        """`Profiles.without_terms` of all."""
        return StoredProfiles([part.without_terms() for part in self.parts])

    def take(self, rows: Sequence[int] | np.ndarray) -> Profiles:
        """The given rows, in the given order, in memory."""
        rows = np.asarray(rows, np.int64)
        used, place = np.unique(rows, return_inverse=True)  # SPEED: what lies on the disk is read from one end to the other
        bounds = np.searchsorted(used, self._starts)
        chosen = [
            part.take(used[first:last] - start)
            for part, start, first, last in zip(self.parts, self._starts, bounds, bounds[1:])
            if first < last
        ]
        made = joined(chosen or [self.parts[0].take([])])
        return made if np.array_equal(used, rows) else made.take(place)

    def whole(self, scratch: Scratch, sets: Iterable[str]) -> Profiles:
        """All rows with what is a number or a name of each, and some of the sets."""
        parts = []
        for part in self.parts:
            made = part.without_texts()
            made.sets = {name: part.sets[name] for name in sets}
            parts.append(made)
        found = joined(parts)
        found.sets = _stored(found.sets, scratch)
        return found


def stored(made: Profiles, scratch: Scratch, of_records: Chosen) -> Profiles:
    """Jobs or resumes whose numbers lie on the disk from now on.

    Args:
        made: its `Weights` lie there already. of_records: their lines, which are not in memory.
    Raises:
        OSError: there is no space.
    """
    kept = copy(made)
    kept.counts = kept.meaning = None
    vars(kept).update(_stored(vars(kept), scratch) | {"records": of_records, "features": None, "found": None})
    for name in ("title", "domain"):  # which most share with others
        setattr(kept, name, [None if each is None else intern(each) for each in getattr(kept, name)])
    return kept


def joined(parts: Sequence[Profiles]) -> Profiles:
    """Jobs or resumes below each other."""
    made = copy(parts[0])
    vars(made).update({name: _joined([vars(part)[name] for part in parts]) for name in vars(made) if name not in ("text", "saturated")})
    text = [part.text for part in parts]
    of_parts = [part.saturated.get("parts") for part in parts]
    if all(isinstance(one, Weights) and isinstance(other, Weights) and one.columns is other.columns for one, other in zip(text, of_parts)):
        made.saturated = _joined([part.saturated for part in parts])
        shared: Any = made.saturated["parts"]
        made.text = replace(shared, numbers=max((each.numbers for each in text), key=len), idf=text[0].idf)
        made.text = replace(made.text, by_row=np.concatenate([each.by_row for each in text]))
    else:
        made.text, made.saturated = _joined(text), _joined([part.saturated for part in parts])
    return made


def stored_weights(weights: Weights, scratch: Scratch) -> Weights:
    """Equal ones whose entries lie on the disk."""
    return replace(weights, **{name: scratch.put(getattr(weights, name)) for name in ("begins", "ends", "columns", "codes")})


def _stored(values: Any, scratch: Scratch) -> Any:
    if isinstance(values, dict):
        return {name: _stored(each, scratch) for name, each in values.items()}
    if isinstance(values, np.ndarray):
        return scratch.put(values)
    if isinstance(values, csr_array):
        rows = csr_array(values.shape, dtype=values.dtype)  # NOTE: of parts of a larger array its constructor makes copies, in memory
        rows.data, rows.indices, rows.indptr = map(
            scratch.put, (values.data, *(each.astype(np.int32) for each in (values.indices, values.indptr)))
        )
        return rows
    return replace(values, by_row=scratch.put(values.by_row)) if isinstance(values, Weights) else values  # whose entries are there


def _joined(values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, dict):
        return {name: _joined([each[name] for each in values]) for name in first}
    if isinstance(first, np.ndarray):
        return np.concatenate(values)
    if isinstance(first, csr_array):
        return vstack(values, format="csr") if len(values) > 1 else first
    if isinstance(first, Weights | Chosen):
        return type(first).joined(values)
    return list(chain.from_iterable(values)) if isinstance(first, list) else first
