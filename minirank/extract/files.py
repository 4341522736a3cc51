"""job_features.jsonl and resume_features.jsonl: extraction of a whole data folder, and reading it back."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from minirank.errors import DataError
from minirank.extract.rules import extract_job, extract_resume
from minirank.extract.schema import JobFeatures, ResumeFeatures

JOB_FILE, RESUME_FILE = "job_features.jsonl", "resume_features.jsonl"
_REMEDY = "run `minirank extract DATA --rules`"


@dataclass(frozen=True)
class Features:
    """What extraction found in a data folder.

    Args:
        jobs: list of JobFeatures, aligned with `DataFolder.jobs`.
        resumes: list of ResumeFeatures, one a snapshot, aligned with `DataFolder.resumes`.
    """

    jobs: list[JobFeatures]
    resumes: list[ResumeFeatures]


def extract_folder(folder, progress=None):
    """Extract every job and every snapshot of a resume by rules, and write both files beside the data.

    Args:
        folder: DataFolder.
        progress: called with (done, total) after every text, or None.
    Returns: Features.
    Raises:
        DataError: a file cannot be written.
    """
    total = len(folder.jobs) + len(folder.resumes)
    report = progress or (lambda done, total: None)
    jobs, resumes = [], []
    for done, job in enumerate(folder.jobs, start=1):
        jobs.append(replace(extract_job(job["title"], job["description"]), job_id=job["job_id"]))
        report(done, total)
    for done, resume in enumerate(folder.resumes, start=len(jobs) + 1):
        found = extract_resume(resume["text"], resume["updated_at"])
        resumes.append(replace(found, resume_id=resume["resume_id"], updated_at=iso_time(resume["updated_at"])))
        report(done, total)
    features = Features(jobs, resumes)
    write_features(folder, features)
    return features


def write_features(folder, features):
    """Write both files; each is the old one or the new one, whole, at any time.

    Args:
        folder: DataFolder.
        features: Features aligned with it.
    Raises:
        DataError: a file cannot be written.
    """
    for name, lines in ((JOB_FILE, features.jobs), (RESUME_FILE, features.resumes)):
        path = Path(folder.path) / name
        part = path.with_name(f"{name}.{os.getpid()}.part")
        try:
            with open(part, "w", encoding="ascii", newline="\n") as file:
                for line in lines:
                    # ASCII with escapes: a lone surrogate in a quote survives the way there and back.
                    file.write(json.dumps(line.to_json()) + "\n")
            os.replace(part, path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise DataError(f"cannot be written: {error.strerror or error}", file=name,
                            remedy="free disk space or change the folder's permissions") from None


def read_features(folder):
    """The features that extraction wrote beside the data.

    Args:
        folder: DataFolder.
    Returns: Features aligned with its jobs and resumes.
    Raises:
        DataError: a file is missing, damaged, or was made from other jobs or resumes.
    """
    jobs = _read(folder, JOB_FILE, JobFeatures, [(job["job_id"],) for job in folder.jobs], ("job_id",))
    wanted = [(resume["resume_id"], iso_time(resume["updated_at"])) for resume in folder.resumes]
    return Features(jobs, _read(folder, RESUME_FILE, ResumeFeatures, wanted, ("resume_id", "updated_at")))


def iso_time(seconds):
    """ISO 8601 form, UTC, of int seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(folder, name, kind, wanted, ids):
    path = Path(folder.path) / name
    found = {}
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    item = kind.from_json(json.loads(line))
                except (ValueError, RecursionError) as error:
                    raise DataError(str(error), file=name, line=number, remedy=_REMEDY) from None
                found[tuple(getattr(item, key) for key in ids)] = item
    except FileNotFoundError:
        raise DataError("there are no extracted features yet", file=name, remedy=_REMEDY) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", file=name, remedy=_REMEDY) from None
    for key in wanted:
        if key not in found:
            raise DataError(f"no features of {ids[0]} {key[0]!r}: the data changed since extraction", file=name,
                            remedy=_REMEDY + " again")
    return [found[key] for key in wanted]
