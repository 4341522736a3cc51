"""hiring_signals.jsonl: what the people hired before each job was posted have in common, for people to read."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median

from minirank.config.features import FeatureConfig
from minirank.data import DataFolder
from minirank.extract import Features
from minirank.extract.made_files import SIGNALS_FILE, noted
from minirank.features.hires import LEVEL_NAMES, PastHires, titles_of
from minirank.storage import write_text
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
    past = PastHires.from_folder(folder, features)
    lines, person_of = [], cache(past.features.__getitem__)  # whose line is parsed once
    for job, title in zip(folder.jobs, titles_of(features.jobs)):
        level, rows = past.of(job["team_id"], title, job["posted_at"], config.hires, config.max_hires)
        people = [person_of(row) for row in rows]
        support = Counter(name for person in people for name in {skill.value for skill in person.skills})
        shared = sorted((pair for pair in support.items() if pair[1] >= config.hires), key=lambda pair: (-pair[1], pair[0]))
        years = [person.years.value for person in people if person.years is not None]
        lines.append(
            {
                "job_id": job["job_id"],
                "team_id": job["team_id"],
                "level": LEVEL_NAMES[level],
                "hires": len(people),
                "skills": [{"value": name, "support": count} for name, count in shared],
                "years": median(years) if years else None,
                "seniority": _counts(person.seniority for person in people),
                "education": _counts(person.education for person in people),
                "titles": _counts(person.title for person in people),
            }
        )
    return lines


def write_signals(folder: DataFolder, features: Features, config: FeatureConfig = FeatureConfig()) -> Path:
    """Writes `hiring_signals` beside the data, whole or not at all.

    Returns:
        The file's path.
    Raises:
        RunError: it cannot be written.
    """
    path = Path(folder.path) / SIGNALS_FILE
    lines = [json_text(line) for line in hiring_signals(folder, features, config)]
    with noted(path.parent, (SIGNALS_FILE,)):
        write_text(path, "".join(f"{line}\n" for line in lines))
    return path


def _counts(found) -> dict[str, int]:
    return dict(sorted(Counter(value.value for value in found if value is not None).items()))
