"""The probabilities that a simulated world was drawn from, beside its impressions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from minirank.data.folder.column_reader import rows_of
from minirank.data.folder.impressions import Impressions
from minirank.data.kept.scratch import Scratch
from minirank.data.problems import Problems
from minirank.data.read_files import read_arrays
from minirank.errors import DataError
from minirank.npz import Header


def read_truth(path: Path, impressions: Impressions, problems: Problems, scratch: Scratch | None = None) -> dict[str, np.ndarray] | None:
    """The simulated probabilities in the order of the impressions, or None where there are none.

    Args:
        scratch: takes them; None leaves them in memory.
    """
    if not path.exists():
        return None
    rows = len(impressions.row)
    remedy = "write the world again with minirank simulate"

    def choose(headers: Mapping[str, Header]) -> Mapping[str, Header]:
        for name, header in headers.items():
            if header.shape != (rows,) or header.dtype.kind != "f":
                problem = f"expected {rows:,} entries, one an impression, got shape {header.shape} of {header.dtype}"
                raise DataError(problem, file=path.name, column=name, remedy=remedy)
        return headers

    try:
        truth = read_arrays(path, path.name, choose, np.empty if scratch is None else scratch.empty)
        for name, array in truth.items():
            if not ((array >= 0) & (array <= 1)).all():  # NaN included
                raise DataError("a probability is not in 0 .. 1", file=path.name, column=name, remedy=remedy)
    except DataError as error:
        problems.add_error(error)
        return None
    if (impressions.row[1:] > impressions.row[:-1]).all():
        return truth
    return {name: rows_of(array, impressions.row, scratch) for name, array in truth.items()}
