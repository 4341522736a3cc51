"""Past hires: who was hired by a team, or for such jobs, before a job was posted."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from minirank.data import DataFolder
from minirank.data.folder.records import Chosen, Records, column_of
from minirank.extract import Features, JobFeatures
from minirank.features.found import value_of

NONE, TEAM, TITLE = 0, 1, 2  # where a job's history comes from
LEVEL_NAMES = {NONE: None, TEAM: "team", TITLE: "title"}


@dataclass(frozen=True)
class PastHires:
    """H hires in order of time, each with the resume as it was when the person was hired.

    Args:
        team: H team ids, of the job hired for.
        title: H normalised titles of that job, or None.
        resume_id: H ids.
        hired_at: (H,) int64 seconds, ascending.
        resumes: H lines of resumes.jsonl, the latest snapshots with updated_at <= hired_at.
        features: H `ResumeFeatures` of these snapshots.
        ads: H `JobFeatures` of that job; none where no ad is known.
        rows, jobs: H places of these snapshots and of that job in the folder; none where they are from elsewhere.
    """

    team: tuple = ()
    title: tuple = ()
    resume_id: tuple = ()
    hired_at: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    resumes: Sequence = ()
    features: Sequence = ()
    ads: Sequence = ()
    rows: tuple = ()
    jobs: tuple = ()

    @classmethod
    def from_folder(cls, folder: DataFolder, features: Features) -> PastHires:
        """All hires of a data folder; one without a resume from before the hire is left out.

        Args:
            folder: `DataFolder`.
            features: `Features` of its jobs and resumes.
        """
        snapshots, updated, hired = defaultdict(list), column_of(folder.resumes, "updated_at"), set(folder.hires.resume_id)
        for row, resume_id in enumerate(column_of(folder.resumes, "resume_id")):
            if resume_id in hired:
                snapshots[resume_id].append(row)
        found = []
        for job, resume_id, hired_at in zip(folder.hires.job, folder.hires.resume_id, folder.hires.hired_at):
            rows = [row for row in snapshots[resume_id] if updated[row] <= hired_at]
            if rows:
                found.append((int(hired_at), resume_id, int(job), rows[-1]))  # in order of time
        found.sort()
        title = titles_of(features.jobs)
        team, jobs, rows = column_of(folder.jobs, "team_id"), [job for _, _, job, _ in found], [row for _, _, _, row in found]
        return cls(
            team=tuple(team[job] for job in jobs),
            title=tuple(title[job] for job in jobs),
            resume_id=tuple(resume_id for _, resume_id, _, _ in found),
            hired_at=np.array([hired_at for hired_at, _, _, _ in found], np.int64),
            resumes=Chosen(folder.resumes, rows),
            features=Chosen(features.resumes, rows),
            ads=Chosen(features.jobs, jobs),
            rows=tuple(rows),
            jobs=tuple(jobs),
        )

    def __len__(self) -> int:
        return len(self.resume_id)

    @cached_property
    def _rows(self) -> dict[tuple[int, str], list[int]]:
        """(TEAM, its id) or (TITLE, its name) -> places in this list."""
        found = defaultdict(list)
        for row, keys in enumerate(zip(self.team, self.title)):
            for level, key in zip((TEAM, TITLE), keys):
                found[level, key].append(row)
        return found

    def of(self, team_id: str, title: str | None, before: int, k: int, most: int) -> tuple[int, list[int]]:
        """History of a job: its team's hires, or those for jobs of the same title where the team has too few.

        A person counts once, with the latest hire. The choice is made before anyone is removed,
        so it is the same for every candidate of the job.

        Args:
            team_id, title: of the job; title is normalised, or None.
            before: seconds, when the job was posted; hires at that very second are left out.
            k: at least k + 1 people, or there is no history.
            most: people kept, the latest ones.
        Returns:
            TEAM, TITLE or NONE, and places in this list, in order of time.
        """
        end = int(np.searchsorted(self.hired_at, before, side="left"))
        for level, key in ((TEAM, team_id), (TITLE, title)):
            rows = [] if key is None else self._rows.get((level, key), [])
            people = {self.resume_id[row]: row for row in rows[: bisect_left(rows, end)]}
            if len(people) > k:
                return level, sorted(people.values())[-most:]
        return NONE, []


def titles_of(jobs: Sequence[JobFeatures]) -> Sequence[str | None]:
    """The normalised title of each job, or None."""
    return jobs.column("title") if isinstance(jobs, Records) else [value_of(found.title) for found in jobs]
