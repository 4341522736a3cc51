"""Relevance grades for pairs of a job and a resume where people gave few: by rules here, by a model in `grading_llm`.

    relevance_grades.csv: job_id, resume_id, updated_at, relevance, confidence, reason, source

A grade belongs to a snapshot of a resume, or a later one would tell of the future. Grades enter training through
`with_grades`, which fills the relevance of impressions that have none.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...data import DataFolder
from ...data.problems import Problems
from ...data.read_files import read_csv
from ...data.values import BadValue, share
from ...errors import DataError
from ...evaluation.metrics import concordance, spearman
from ...features.match import match_features
from ...features.tables import job_table, resume_table
from .. import Features
from ..feature_files import iso_time

FILE = "relevance_grades.csv"
COLUMNS = ("job_id", "resume_id", "updated_at", "relevance", "confidence", "reason", "source")
LEVELS = 5  # of a grade: 0, 0.25 .. 1
SUREST = 0.8  # confidence of the rules where they know everything: words are not the person

# What a grade of the rules is made of; unknown parts are left out of the mean.
WEIGHTS = {"must-haves": 0.4, "title": 0.2, "years": 0.1, "seniority": 0.1, "nice-to-haves": 0.1, "education": 0.05, "domain": 0.05}


@dataclass(frozen=True)
class Pairs:
    """n pairs to grade.

    Args:
        job: (n,) int, index into `DataFolder.jobs`.
        resume: (n,) int, index into `DataFolder.resumes`, a snapshot.
    """

    job: np.ndarray
    resume: np.ndarray

    def __len__(self) -> int:
        return len(self.job)

    def take(self, rows: np.ndarray) -> "Pairs":
        return Pairs(self.job[rows], self.resume[rows])


@dataclass(frozen=True)
class Grade:
    """How well a person fits a job.

    Args:
        relevance: in [0, 1]; NaN where nothing is known that could be compared.
        confidence: in [0, 1].
        reason: one sentence.
        source: "rules" or "llm".
    """

    relevance: float
    confidence: float
    reason: str
    source: str


def shown_pairs(folder: DataFolder, limit: int | None = None, seed: int = 0) -> Pairs:
    """The distinct pairs of the log, or `limit` random ones of them, in the order of jobs and resumes."""
    shown = folder.impressions
    pairs = np.unique(np.stack([shown.job, shown.resume], axis=1), axis=0)
    if limit is not None and limit < len(pairs):
        pairs = pairs[np.sort(np.random.default_rng(seed).choice(len(pairs), limit, replace=False))]
    return Pairs(pairs[:, 0], pairs[:, 1])


def read_pairs(folder: DataFolder, path: str | Path) -> Pairs:
    """Pairs of a CSV file with the columns job_id and resume_id; the newest snapshot of each resume is meant.

    Raises:
        DataError: a column lacks, or an id that the folder does not have.
    """
    path = Path(path)
    jobs = {job["job_id"]: row for row, job in enumerate(folder.jobs)}
    newest = {folder.resumes[row]["resume_id"]: int(row) for row in folder.latest_resumes()}
    table = _table(path, path.name, ("job_id", "resume_id"))
    rows = []
    for known, name in ((jobs, "job_id"), (newest, "resume_id")):
        column = table.columns[name]
        for code, text in enumerate(column.values):
            if text not in known:
                line = int(table.lines[np.flatnonzero(column.codes == code)[0]])
                raise DataError(
                    f"the data folder has no {name} {text!r}",
                    file=path.name,
                    line=line,
                    column=name,
                    remedy="remove the row or mend the id",
                )
        rows.append(np.array([known[text] for text in column.values], np.int64)[column.codes])
    return Pairs(*rows)


def grade_by_rules(folder: DataFolder, features: Features, pairs: Pairs) -> list[Grade]:
    """Grades from what extraction found: the mean of the known parts under `WEIGHTS`.

    The confidence is `SUREST` times the weight of the known parts. Must- and nice-to-haves, domain: the share that the
    resume has. Title: 1 for the same, else half the share of common words. Years: had / asked for, at most 1. Seniority:
    a level too low costs 1/2, one too high 1/4. Education: a level too low costs 1/2.
    """
    jobs, job = _used(pairs.job)
    resumes, resume = _used(pairs.resume)
    side_a = job_table([folder.jobs[j] for j in jobs], [features.jobs[j] for j in jobs], None, 1)
    side_b = resume_table([folder.resumes[r] for r in resumes], [features.resumes[r] for r in resumes], None, 1)
    raw = match_features(side_a, side_b, None, job, resume, side_b.time[resume])
    parts = _parts(raw)
    weights = np.stack([np.where(np.isnan(part), 0.0, WEIGHTS[name]) for name, part in parts.items()])
    known = weights.sum(axis=0)
    total = (weights * np.nan_to_num(np.stack(list(parts.values())))).sum(axis=0)
    relevance = np.divide(total, known, out=np.full(len(pairs), np.nan), where=known > 0)
    return [
        Grade(
            float(relevance[row]),
            float(SUREST * known[row]),
            _reason(features.jobs[pairs.job[row]], features.resumes[pairs.resume[row]]),
            "rules",
        )
        for row in range(len(pairs))
    ]


def _parts(raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(n,) each part of a grade in [0, 1], NaN is unknown."""
    seniority, education = raw["seniority_gap"], raw["education_gap"]
    asked = raw["min_years"]
    title = np.where(raw["same_title"] == 1, 1.0, raw["title_similarity"] / 2)
    return {
        "must-haves": raw["must_coverage"],
        "title": title,
        "years": np.clip(raw["years"] / np.maximum(asked, 1), 0, 1),
        "seniority": np.clip(np.where(seniority < 0, 1 + seniority / 2, 1 - seniority / 4), 0, 1),
        "nice-to-haves": raw["nice_coverage"],
        "education": np.clip(1 + education / 2, 0, 1),
        "domain": raw["domain_overlap"],
    }


def _reason(job, resume) -> str:
    """What the grade rests on, in words."""
    has = {skill.value for skill in resume.skills}
    said = []
    if job.must_have:
        missing = [skill.value for skill in job.must_have if skill.value not in has]
        said.append(f"{len(job.must_have) - len(missing)} of {len(job.must_have)} must-haves")
        said += [f"lacks {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''}"] if missing else []
    for name, wanted, found in (
        ("years", job.min_years, resume.years),
        ("seniority", job.seniority, resume.seniority),
        ("title", job.title, resume.title),
        ("education", job.education, resume.education),
    ):
        if wanted is not None and found is not None:
            said.append(f"{name}: {found.value} for {wanted.value}")
    return "; ".join(said) or "nothing to compare"


def _used(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.unique(rows, return_inverse=True)


def write_grades(folder: DataFolder, pairs: Pairs, grades: Sequence[Grade]) -> Path:
    """Writes relevance_grades.csv beside the data, whole or not at all; pairs with confidence 0 are left out.

    Raises:
        DataError: it cannot be written.
    """
    path = Path(folder.path) / FILE
    part = path.with_name(f"{FILE}.{os.getpid()}.part")
    try:
        with open(part, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            for job, resume, grade in zip(pairs.job, pairs.resume, grades, strict=True):
                if grade.confidence > 0:
                    snapshot = folder.resumes[resume]
                    writer.writerow(
                        (
                            folder.jobs[job]["job_id"],
                            snapshot["resume_id"],
                            iso_time(snapshot["updated_at"]),
                            f"{grade.relevance:.4f}",
                            f"{grade.confidence:.4f}",
                            grade.reason,
                            grade.source,
                        )
                    )
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DataError(
            f"cannot be written: {error.strerror or error}", file=FILE, remedy="free disk space or change the folder's permissions"
        ) from None
    return path


def with_grades(folder: DataFolder, rows: np.ndarray | None = None) -> DataFolder:
    """The folder with relevance_grades.csv in the place of grades that people did not give.

    Only impressions without a relevance are filled, with the grade's confidence as theirs.

    Args:
        folder: as read from disk.
        rows: (n,) impressions that may be filled, such as the training rows (so that people's grades alone decide how
            good a model is); None is all.
    Raises:
        DataError: the file is missing or damaged.
    """
    table = _table(Path(folder.path) / FILE, FILE, COLUMNS[:5])
    names = {job["job_id"]: row for row, job in enumerate(folder.jobs)}
    snapshots = {(r["resume_id"], iso_time(r["updated_at"])): row for row, r in enumerate(folder.resumes)}
    graded = {}
    cells = [[table.columns[name].values[code] for code in table.columns[name].codes] for name in COLUMNS[:5]]
    for line, job, resume, time, relevance, confidence in zip(table.lines, *cells, strict=True):
        key = names.get(job), snapshots.get((resume, time))
        graded[key] = _share(relevance, "relevance", line), _share(confidence, "confidence", line)
    shown = folder.impressions
    relevance, confidence = shown.relevance.copy(), shown.confidence.copy()
    for row in np.arange(len(relevance)) if rows is None else rows:
        grade = graded.get((int(shown.job[row]), int(shown.resume[row])))
        if grade is not None and np.isnan(relevance[row]):
            relevance[row], confidence[row] = grade
    shown = replace(shown, relevance=relevance, confidence=confidence)
    return replace(folder, files=(*folder.files, Path(folder.path) / FILE), impressions=shown)


def _share(text: str, column: str, line: int) -> float:
    try:
        value = share(text)
    except BadValue:
        value = np.nan
    if np.isnan(value):
        raise DataError(
            f"expected a number from 0 to 1, got {text!r}",
            file=FILE,
            line=int(line),
            column=column,
            remedy="run `minirank grade DATA` again",
        )
    return value


def _table(path: Path, file: str, columns: Sequence[str]):
    """The wanted columns of a CSV file.

    Raises:
        DataError: it cannot be read, or a column lacks.
    """

    def wanted(names):
        for name in columns:
            if name not in names:
                raise DataError("missing", file=file, line=1, column=name, remedy=f"there are {', '.join(map(str, names))}")
        return columns

    problems = Problems()
    table = read_csv(path, file, problems, only=wanted)[1]
    problems.raise_first("minirank grade DATA")
    return table


@dataclass(frozen=True)
class Agreement:
    """How grades compare with those of people on the same pairs.

    Args:
        pairs: that have both.
        concordance: share of the pairs of pairs that people grade differently and that are ordered as they do.
        spearman: rank correlation.
        kappa: quadratic weighted, on five levels.
    """

    pairs: int
    concordance: float
    spearman: float
    kappa: float

    def __str__(self) -> str:
        if not self.pairs:
            return "no pair has a grade by people to compare with"
        said = [
            f"{name} {value:.3f}"
            for name, value in (("concordance", self.concordance), ("Spearman", self.spearman), ("weighted kappa", self.kappa))
            if not np.isnan(value)
        ]
        return (
            f"against people's grades on {self.pairs:,} pair{'s' * (self.pairs > 1)}: "
            f"{', '.join(said) or 'too few different grades to compare'}"
        )


def agreement(folder: DataFolder, pairs: Pairs, grades: Sequence[Grade]) -> Agreement:
    """Grades against the mean grade that people gave the same pair in the log."""
    shown = folder.impressions
    total, count = {}, {}
    for row in np.flatnonzero(~np.isnan(shown.relevance)):
        key = int(shown.job[row]), int(shown.resume[row])
        total[key] = total.get(key, 0.0) + float(shown.relevance[row])
        count[key] = count.get(key, 0) + 1
    both = [
        (total[key] / count[key], grade.relevance)
        for key, grade in zip(zip(pairs.job.tolist(), pairs.resume.tolist()), grades, strict=True)
        if key in total and not np.isnan(grade.relevance)
    ]
    if not both:
        return Agreement(0, np.nan, np.nan, np.nan)
    people, ours = np.array(both).T
    return Agreement(len(both), concordance(people, ours).value, spearman(people, ours), weighted_kappa(people, ours))


def weighted_kappa(a: np.ndarray, b: np.ndarray, levels: int = LEVELS) -> float:
    """Agreement beyond chance of two graders, a disagreement by d levels weighing d squared.

    kappa = 1 - sum w O / sum w E, w_ij = (i - j)^2, O the joint counts, E those of independent graders

    Args:
        a, b: (n,) grades in [0, 1], rounded to the nearest level.
    Returns: 1 for the same grades, 0 for chance; NaN where both give one and the same grade only.
    Source: Cohen, Psychological Bulletin 70, 1968.
    """
    i, j = (np.floor(np.asarray(grades) * (levels - 1) + 0.5).astype(int) for grades in (a, b))
    observed = np.bincount(i * levels + j, minlength=levels**2).reshape(levels, levels) / len(i)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    cost = np.subtract.outer(np.arange(levels), np.arange(levels)) ** 2
    return float(1 - (cost * observed).sum() / (cost * expected).sum()) if (cost * expected).any() else np.nan
