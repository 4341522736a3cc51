"""Training, validation and test rows of a data folder: in time order, without a look into the future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minirank.data.folder.data_folder import DataFolder
from minirank.errors import DataError

DAY = 86_400
NEVER = np.iinfo(np.int64).max  # the border of a part that nobody asked for


@dataclass(frozen=True)
class Split:
    """Rows of `DataFolder.impressions`, ascending.

    Args:
        train, valid, test: (n,) int64 row indices.
        borders: the time (seconds) at which validation begins and the time at which the test begins, NEVER without.
        left_out: rows in no part: at a border their labels were not known yet.
        to_come: (N,) float32, of each row the share of conversions that come later than what was known of it when training ends;
            None where such rows are left out. See delays.py.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    borders: tuple[int, int]
    left_out: int
    to_come: np.ndarray | None = None


def split_by_time(
    folder: DataFolder, valid: float = 0.15, test: float = 0.15, maturity_days: float = 7.0, keep_open: bool = False
) -> Split:
    """Splits the impressions at two points in time.

    A model that is trained at a border knows only what had happened by then. So a search belongs, as a whole, to the
    part in which it begins, and is left out of it where at the part's end one of its labels was still open: an
    impression younger than `maturity_days` (no conversion yet is no label yet), or a conversion that came later.

    Args:
        valid, test: shares of the rows, 0 for none.
        maturity_days: days after which a missing conversion counts as none.
        keep_open: training rows stay whose labels were still open when training ends; see delays.py.
    Raises:
        ValueError: shares or days that make no sense.
        DataError: a part would be empty.
    """
    if not (0 <= valid < 1 and 0 <= test < 1 and valid + test < 1):
        raise ValueError(f"valid and test must be shares 0 .. 1 with a sum below 1, got {valid} and {test}")
    if not maturity_days >= 0:
        raise ValueError(f"maturity_days must be 0 or more, got {maturity_days}")
    rows = folder.impressions
    searches = len(rows.search_id)
    start = np.full(searches, NEVER)
    np.minimum.at(start, rows.search, rows.time)
    known_at = np.zeros(searches, np.int64)
    np.maximum.at(known_at, rows.search, np.maximum(rows.time + round(maturity_days * DAY), rows.converted_at))
    sizes = np.bincount(rows.search, minlength=searches)

    test_at = _border(start, sizes, 1 - test) if test else NEVER
    valid_at = _border(start, sizes, 1 - valid - test) if valid else test_at
    begins = {"train": start < valid_at, "valid": (start >= valid_at) & (start < test_at), "test": start >= test_at}
    settled = {"train": (known_at <= valid_at) | keep_open, "valid": known_at <= test_at, "test": np.ones(searches, bool)}
    indices = {name: np.flatnonzero((begins[name] & settled[name])[rows.search]) for name in begins}
    for name, share in (("train", 1.0), ("valid", valid), ("test", test)):
        if share > 0 and not len(indices[name]):
            raise _empty(name, start, begins[name], maturity_days)
    left_out = len(rows) - sum(map(len, indices.values()))
    return Split(indices["train"], indices["valid"], indices["test"], (int(valid_at), int(test_at)), left_out)


def _border(start: np.ndarray, sizes: np.ndarray, share: float) -> int:
    """The start of the first search that has at least `share` of the rows before it."""
    before = np.cumsum(sizes) - sizes
    # NOTE: 1 - 0.7 is a little more than 0.3; without the margin that would cost a whole search.
    index = np.searchsorted(before, share * sizes.sum() - 1e-6)
    return int(start[min(index, len(start) - 1)])


def _empty(part: str, start: np.ndarray, within: np.ndarray, days: float) -> DataError:
    """The error about a part without a row.

    Args:
        start: (searches,) when each begins. within: which of them begin in the part. days: `maturity_days`.
    """
    problem = f"the {part} part of the split is empty"
    if start.min() == start.max():
        searches = "there is one search alone" if len(start) == 1 else f"all {len(start):,} searches begin at the same time"
        problem, remedy = f"{problem}, for {searches}", "take a longer log"
    elif within.any():
        problem += f": in each of its {int(within.sum()):,} searches a label was open when the part ended, counted by maturity_days"
        remedy = f"lower data.split.maturity_days (it is {days:g}), give a larger share to this part, or take a longer log"
    else:
        remedy = "give a smaller share to the other parts, or take a longer log"
    whole = "set data.split.valid and data.split.test to 0 to train on all rows"
    return DataError(problem, file="impressions.csv", remedy=f"{remedy}; {whole}")
