"""Conversions that had not come yet when training ends: what was known then, and how many are still to come.

    F(e) = share of the conversions of rows older than `maturity_days` that came within e of their impression

A training row of age e that has no conversion yet may still get one: a share 1 - F(e) of all conversions comes later. What a loss makes
of it: `kernels/ops/delayed.py`. F is that of older rows, so it is the same for every row: delays that differ by job or role are averaged.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from minirank.data.folder.data_folder import DataFolder
from minirank.data.folder.split import DAY, NEVER, Split
from minirank.errors import DataError

FEWEST = 30  # conversions of older rows from which delays are taken


def as_known_at_the_border(folder: DataFolder, split: Split, maturity_days: float) -> tuple[DataFolder, Split]:
    """The folder with the conversions of training rows as they were known when training ends, and the split with `to_come`.

    Args:
        split: of `split_by_time(..., keep_open=True)`.
        maturity_days: age from which a missing conversion counts as none.
    Raises:
        DataError: older rows have too few conversions with a time.
    """
    rows, train = folder.impressions, split.train
    end = split.borders[0] if split.borders[0] != NEVER else int(max(rows.time.max(), rows.converted_at.max()))
    age, dated = end - rows.time[train], rows.converted_at[train] >= 0
    known = dated & (rows.converted_at[train] <= end)
    old = age >= maturity_days * DAY
    delays = np.sort((rows.converted_at - rows.time)[train[known & old]])
    if len(delays) < FEWEST:
        problem = f"{len(delays)} conversions of training rows older than data.split.maturity_days ({maturity_days:g}) have a time"
        remedy = f"delays are taken from {FEWEST} or more: lower data.split.maturity_days, take a longer log, or set delayed: false"
        raise DataError(problem, file="impressions.csv", column="converted_at", remedy=remedy)
    converted, to_come = rows.converted.copy(), np.zeros(len(rows), np.float32)
    converted[train[dated & ~known]] = 0
    if split.borders[0] != NEVER:
        converted[train[(rows.converted[train] == 1) & ~dated & ~old]] = np.nan  # it may have come later
    to_come[train] = np.where(old, 0, 1 - np.searchsorted(delays, age, side="right") / len(delays))
    return replace(folder, impressions=replace(rows, converted=converted)), replace(split, to_come=to_come)
