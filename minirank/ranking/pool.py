"""The candidates of a ranking, encoded as far as that needs no job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..data import DataFolder
from ..data.folder.records import Chosen
from ..extract import Features
from ..features import Encoder
from ..features.kept_pool import can_keep, keep_resumes, kept_resumes
from ..features.kept_rows import KeptRows
from ..features.profiles import Profiles

CHUNK_ROWS = 4096  # candidates encoded at a time


@dataclass(frozen=True)
class Pool:
    """n candidates.

    Args:
        resumes: n mappings.
        features: n `ResumeFeatures`.
        table: the candidates made ready for `Encoder.pairs`.
    """

    resumes: Sequence[dict[str, Any]]
    features: Sequence[Any]
    table: Profiles

    def __len__(self) -> int:
        return len(self.resumes)

    @property
    def parts(self) -> list[range]:
        """The candidates, CHUNK_ROWS at a time."""
        return [range(first, min(first + CHUNK_ROWS, len(self))) for first in range(0, len(self), CHUNK_ROWS)]

    def take(self, rows: Sequence[int]) -> Pool:
        """Some of the candidates, in the given order."""
        if len(rows) == len(self) and all(row == place for place, row in enumerate(rows)):
            return self
        return Pool(Chosen(self.resumes, rows), Chosen(self.features, rows), self.table.take(rows))


def newest_of(folder: DataFolder, features: Features, latest: Sequence[int], encoder: Encoder, kept: KeptRows | None) -> Pool:
    """The newest snapshot of every resume of a folder; where something may be kept, all of them are, for the next time.

    Args:
        latest: of `DataFolder.latest_resumes`.
    """
    people, found = folder.resumes, features.resumes
    if kept is None or not can_keep(kept, encoder.config):
        resumes, read = [people[row] for row in latest], [found[row] for row in latest]
        return Pool(resumes, read, encoder.resumes(resumes, read))
    table = kept_resumes(kept, encoder, people, found)
    if table is None:
        table = encoder.resumes(list(people), list(found))
        keep_resumes(kept, encoder, table)
    return Pool(people, found, table).take(latest)
