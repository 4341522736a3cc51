"""What extraction found in n jobs or resumes, key by key: of objects, or of columns that were read without any object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from minirank.extract import DEPTH, Value
from minirank.extract.feature_columns import FeatureColumns
from minirank.features.sparse import column, sets, sets_of

DEPTHS = {name: (place + 1) / len(DEPTH) for place, name in enumerate(DEPTH)}  # how deep a skill is held
UNSTATED_DEPTH = DEPTHS["solid"]
DEPTH_OF_YEARS = ((5, "expert"), (2, "solid"), (0, "basic"))  # from so many years with a skill on


class Found(Protocol):
    """n jobs or resumes."""

    def numbers(self, key: str) -> np.ndarray:
        """(n,) float64, NaN where there is none."""

    def first(self, key: str) -> list[Any]:
        """n values, the first ones of a key; None where there is none."""

    def sets(self, *keys: str) -> csr_array:
        """(n, COLUMNS), the set of the names that some keys hold."""

    def depths(self) -> csr_array:
        """(n, COLUMNS), skills and how deep they are held."""

    def skill_counts(self, rows: np.ndarray) -> Counter[str]:
        """How many of some rows hold each skill."""


class FoundObjects:
    """Of `JobFeatures` or `ResumeFeatures`."""

    def __init__(self, features: Sequence[Any]) -> None:
        self._features = features

    def numbers(self, key: str) -> np.ndarray:
        """As in `Found`."""
        return np.array([value_of(getattr(each, key), np.nan) for each in self._features], np.float64)

    def first(self, key: str) -> list[Any]:
        """As in `Found`."""
        held = [getattr(each, key) for each in self._features]
        return [value_of(each[0] if each else None) if isinstance(each, tuple) else value_of(each) for each in held]

    def sets(self, *keys: str) -> csr_array:
        """As in `Found`."""
        return sets([[value.value for key in keys for value in getattr(each, key)] for each in self._features])

    def depths(self) -> csr_array:
        """As in `Found`."""
        skills = [each.skills for each in self._features]
        return sets([[skill.value for skill in held] for held in skills], [list(map(_depth, held)) for held in skills])

    def skill_counts(self, rows: np.ndarray) -> Counter[str]:
        """As in `Found`."""
        return Counter(chain.from_iterable({skill.value for skill in self._features[row].skills} for row in rows))


class FoundColumns:
    """Of columns.

    Args:
        columns: of resumes. rows, names: skills that linked phrases name, and whose they are.
    """

    def __init__(self, columns: FeatureColumns, rows: np.ndarray, names: Sequence[str]) -> None:
        self._columns, texts = columns, list(columns.texts)
        place = {name: code for code, name in enumerate(texts)}
        for name in names:
            if name not in place:
                place[name] = len(texts)
                texts.append(name)
        entries = np.zeros((len(rows), columns.entries.shape[1]), np.int32)
        entries[:, 0], entries[:, 2], entries[:, 4:] = rows, [place[name] for name in names], -1
        self._texts, self._linked = texts, entries

    def numbers(self, key: str) -> np.ndarray:
        """As in `Found`."""
        return self._columns.numbers(key)

    def first(self, key: str) -> list[Any]:
        """As in `Found`."""
        return self._columns.first(key)

    def sets(self, *keys: str) -> csr_array:
        """As in `Found`."""
        entries = self._entries(*keys)
        return sets_of(entries[:, 0], self._names(entries), self._columns.length)

    def depths(self) -> csr_array:
        """As in `Found`."""
        entries = self._entries("skills")
        years, stated = entries[:, 5], entries[:, 4]
        of_years = np.select([years >= least for least, _ in DEPTH_OF_YEARS], [DEPTHS[name] for _, name in DEPTH_OF_YEARS], UNSTATED_DEPTH)
        depth = np.where(stated >= 0, np.array(list(DEPTHS.values()))[stated], of_years)
        return sets_of(entries[:, 0], self._names(entries), self._columns.length, depth)

    def skill_counts(self, rows: np.ndarray) -> Counter[str]:
        """As in `Found`."""
        entries, chosen = self._entries("skills"), np.zeros(self._columns.length, bool)
        chosen[rows] = True
        pairs = np.unique(entries[chosen[entries[:, 0]]][:, (0, 2)], axis=0)
        codes, counts = np.unique(pairs[:, 1], return_counts=True)
        return Counter({self._texts[code]: count for code, count in zip(codes.tolist(), counts.tolist())})

    def _entries(self, *keys: str) -> np.ndarray:
        entries = self._columns.of(*keys)
        return np.concatenate([entries, self._linked]) if "skills" in keys else entries

    def _names(self, entries: np.ndarray) -> np.ndarray:
        """(entries,) columns of their names in sets."""
        codes, place = np.unique(entries[:, 2], return_inverse=True)
        return np.array([column(self._texts[code]) for code in codes.tolist()], np.int64)[place]


def value_of(found: Value | None, default: Any = None) -> Any:
    """The value that was found, `default` where none was."""
    return default if found is None else found.value


def _depth(skill: Value) -> float:
    """How deep a skill is held, as stated, or as its years say, or in between."""
    if skill.depth is None and skill.years is not None:
        return DEPTHS[next(name for least, name in DEPTH_OF_YEARS if skill.years >= least)]
    return UNSTATED_DEPTH if skill.depth is None else DEPTHS[skill.depth]
