"""hiring_signals.jsonl: what the people hired before each job was posted have in common, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from statistics import median
from sys import intern
from typing import Any, BinaryIO, NamedTuple

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder
from minirank.data.folder.records import column_of
from minirank.extract import Features, ResumeFeatures
from minirank.extract.made_files import SIGNALS_FILE, noted
from minirank.features.found import value_of
from minirank.features.hires import LEVEL_NAMES, PastHires, titles_of
from minirank.storage import write_atomic
from minirank.terminal import json_text


def hiring_signals(folder: DataFolder, features: Features, config: FeatureConfig = FeatureConfig()) -> list[dict]:
    """One dict a job: job_id, team_id, level (team, title or None), hires, skills with support, years (median),
    seniority, education and titles with counts.

    With k or fewer people everything but the ids is empty: a signal of one or two people is a signal about them.
    Skills are those that at least k people have. Nobody is removed here; the encoder, which compares
    candidates with these people, leaves one out (see `history`).

    Args:
        folder: `DataFolder`.
        features: `Features` of its jobs and resumes.
        config: k is `config.hires`.
    """
    return list(_signals(folder, features, config))


def _signals(folder: DataFolder, features: Features, config: FeatureConfig) -> Iterator[dict]:
    past = PastHires.from_folder(folder, features)
    ids, teams, posted = (column_of(folder.jobs, key) for key in ("job_id", "team_id", "posted_at"))

    @cache  # a line is parsed once, and of what it says little is held
    def person_of(row: int) -> _Person:
        return _Person.of(past.features[row])

    for job_id, team, time, title in zip(ids, teams, posted, titles_of(features.jobs), strict=True):
        level, rows = past.of(team, title, time, config.hires, config.max_hires)
        people = [person_of(row) for row in rows]
        support = Counter(name for person in people for name in person.skills)
        shared = sorted((pair for pair in support.items() if pair[1] >= config.hires), key=lambda pair: (-pair[1], pair[0]))
        years = [person.years for person in people if person.years is not None]
        yield {
            "job_id": job_id,
            "team_id": team,
            "level": LEVEL_NAMES[level],
            "hires": len(people),
            "skills": [{"value": name, "support": count} for name, count in shared],
            "years": median(years) if years else None,
            "seniority": _counts(person.seniority for person in people),
            "education": _counts(person.education for person in people),
            "titles": _counts(person.title for person in people),
        }


class _Person(NamedTuple):
    """What signals need of somebody who was hired."""

    skills: tuple[Any, ...]
    years: Any
    seniority: Any
    education: Any
    title: Any

    @classmethod
    def of(cls, found: ResumeFeatures) -> _Person:
        """Equal texts are one object."""
        skills = {intern(str(skill.value)): None for skill in found.skills}
        years, *texts = (value_of(value) for value in (found.years, found.seniority, found.education, found.title))
        return cls(tuple(skills), years, *(None if text is None else intern(text) for text in texts))


def write_signals(folder: DataFolder, features: Features, config: FeatureConfig = FeatureConfig()) -> Path:
    """Writes `hiring_signals` beside the data, whole or not at all.

    Returns:
        The file's path.
    Raises:
        RunError: it cannot be written.
    """
    path = Path(folder.path) / SIGNALS_FILE
    with ExitStack() as stack:

        def write(stream: BinaryIO) -> None:
            stream.writelines(f"{json_text(line)}\n".encode() for line in _signals(folder, features, config))
            stack.enter_context(noted(path.parent, (SIGNALS_FILE,)))

        write_atomic(path, write)
    return path


def _counts(found: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(value for value in found if value is not None).items()))
