"""A TREC run: the rankings of many jobs as text, for programs that measure rankings.

    job_id Q0 resume_id rank score name        one line a candidate, best first

Measuring programs do not look at the rank: they sort by the score, some of them in single precision, and break ties in an order of
their own. So scores are written as float32 that fall strictly: one that would equal the score before is the next number below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ..errors import DataError
from .results import ShortRanking


def trec_lines(rankings: Iterable[ShortRanking], name: str) -> Iterator[bytes]:
    """The lines of rankings, with their line ends.

    Args:
        name: of the run; its blanks become `-`.
    """
    tag = "-".join(name.split()) or "minirank"
    for ranking in rankings:
        for rank, (resume_id, score) in enumerate(zip(ranking.resume_ids, falling(ranking.scores)), 1):
            yield f"{ranking.job_id} Q0 {resume_id} {rank} {score!s} {tag}\n".encode()


def falling(scores: np.ndarray) -> np.ndarray:
    """(n,) float32: scores that do not ascend, (n,), each below the one before."""
    found = scores.astype(np.float32)
    for place in range(1, len(found)):
        if found[place] >= found[place - 1]:
            found[place] = np.nextafter(found[place - 1], np.float32(-np.inf))
    return found


def check_ids(ids: Iterable[str], column: str, file: str | Path | None = None) -> None:
    """Refuse ids that cannot stand in a file whose columns blanks part.

    Raises:
        DataError: names the id.
    """
    for name in ids:
        if not name or name.split() != [name]:
            remedy = "columns of a TREC run are parted by blanks: give an id without"
            raise DataError(f"the id {name!r} has blanks", file=None if file is None else str(file), column=column, remedy=remedy)
