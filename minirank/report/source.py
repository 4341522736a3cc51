"""The data folder of a run, read as far as a report needs it: all of the log, of what was extracted the few texts that are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..config.configuration import FolderConfig, data_paths
from ..data import DataFolder, Split, fingerprint, read_folder
from ..errors import DataError, RunError
from ..extract import Features, JobFeatures, ResumeFeatures
from ..extract.feature_files import iso_time
from ..extract.made_files import JOB_FILE, RESUME_FILE
from ..features.found import value_of
from ..run.folder import CONFIG
from ..run.load_data import split_of
from ..run.load_run import Run

Line = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """The data that a run was trained on.

    Args:
        folder: the data folder. split: its parts.
        jobs, resumes: lines of the files that extraction wrote, aligned with those of the folder.
    """

    folder: DataFolder
    split: Split
    jobs: list[Line]
    resumes: list[Line]

    @property
    def times(self) -> dict[str, np.ndarray]:
        """Part -> (n,) int64 seconds of its rows."""
        return {name: self.folder.impressions.time[getattr(self.split, name)] for name in ("train", "valid", "test")}

    @property
    def now(self) -> int:
        """Seconds: the latest time that the data know, as `Ranker` takes it."""
        return max(int(self.folder.impressions.time.max(initial=0)), *(resume["updated_at"] for resume in self.folder.resumes))

    def roles(self, part: str) -> list[str]:
        """The roles of a part, most rows first."""
        codes, counts = np.unique(self.folder.impressions.role[getattr(self.split, part)], return_counts=True)
        return [self.folder.roles[code] for _, code in sorted(zip((-counts).tolist(), codes.tolist()))]

    @cached_property
    def job_features(self) -> list[JobFeatures]:
        """Of all jobs."""
        return [_parsed(JobFeatures, line, JOB_FILE) for line in self.jobs]

    def resume_features(self, rows: Iterable[int]) -> list[ResumeFeatures]:
        """Of some resumes."""
        return [_parsed(ResumeFeatures, self.resumes[row], RESUME_FILE) for row in rows]

    def part_for(self, job: str, resumes: Sequence[str]) -> tuple[DataFolder, Features]:
        """What is needed to rank some resumes for a job: these, and those who were hired by its team or for its title.

        Raises:
            DataError: there is no such job.
        """
        row = next((row for row, each in enumerate(self.folder.jobs) if each["job_id"] == job), None)
        if row is None:
            first = self.folder.jobs[0]["job_id"]
            raise DataError(f"no job {job!r} in {self.folder.path}", file="jobs.jsonl", remedy=f"take an id of that file, such as {first}")
        folder, jobs, team = self.folder, self.job_features, self.folder.jobs[row]["team_id"]
        titles = [value_of(each.title) for each in jobs]
        alike = [each["team_id"] == team or title == titles[row] is not None for each, title in zip(folder.jobs, titles)]
        used = np.array(alike, bool)[folder.hires.job]
        hired = np.flatnonzero(used).tolist()
        people = {*resumes, *(folder.hires.resume_id[place] for place in hired)}
        rows = [place for place, resume in enumerate(folder.resumes) if resume["resume_id"] in people]
        hires = replace(
            folder.hires,
            job=folder.hires.job[used],
            resume_id=tuple(folder.hires.resume_id[place] for place in hired),
            hired_at=folder.hires.hired_at[used],
        )
        part = replace(folder, resumes=[folder.resumes[place] for place in rows], hires=hires)
        return part, Features(jobs, self.resume_features(rows))


def open_source(run: Run) -> Source:
    """The data of a run.

    Raises:
        DataError: they cannot be read.
        RunError: they are gone, or changed since.
    """
    config = run.config.data
    assert isinstance(config, FolderConfig)
    for key, path in data_paths(run.config).items():
        if not path.exists() and key not in ("data.gazetteer", "features.embeddings.file"):
            raise RunError(f"{run.folder}: the data {path} are not there; if they moved, set {key} in {run.folder / CONFIG}")
    folder, split = split_of(read_folder(config.folder, config.columns), config, run.config.tasks)
    made = [folder.path / name for name in (JOB_FILE, RESUME_FILE)]
    if fingerprint([*folder.files, *(path for path in made if path.exists())]) != run.fingerprint:
        raise RunError(f"{run.folder}: the data are not those that the run was trained on; restore them, or train again")
    jobs = _lines(made[0], [(job["job_id"],) for job in folder.jobs], ("job_id",))
    keys = [(resume["resume_id"], iso_time(resume["updated_at"])) for resume in folder.resumes]
    return Source(folder, split, jobs, _lines(made[1], keys, ("resume_id", "updated_at")))


def _lines(path: Path, wanted: list[tuple[Any, ...]], ids: tuple[str, ...]) -> list[Line]:
    """The lines of a file that extraction wrote, in the order of `wanted`; the fingerprint says that it is as training read it."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = {tuple(line[key] for key in ids): line for line in map(json.loads, stream)}
        return [found[key] for key in wanted]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError("cannot be read", file=path.name, remedy="run `minirank extract DATA`") from None


def _parsed(kind: type, line: Line, name: str) -> Any:
    try:
        return kind.from_json(line)  # type: ignore[attr-defined]
    except ValueError as error:
        raise DataError(str(error), file=name, remedy="run `minirank extract DATA`") from None
