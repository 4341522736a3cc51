"""Relevance grades of pairs of a job and a resume: the file that holds them, and how they agree with people's grades.

    relevance_grades.csv: job_id, resume_id, updated_at, relevance, confidence, reason, source (texts as `data.csv_cells` marks them)

They are made by `rules.grade_rules` or by `llm.grade_llm`, where people gave few.

A grade belongs to a snapshot of a resume, or a later one would tell of the future. Grades enter training through
`with_grades`, which fills the relevance of impressions that have none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..data import DataFolder
from ..data.csv_cells import original, write_csv
from ..data.problems import Problems
from ..data.read_files import CsvFile, read_csv
from ..data.values import BadValue, share
from ..errors import DataError
from ..evaluation.metrics import concordance, spearman
from ..storage import write_atomic
from .feature_files import iso_time
from .made_files import GRADES_FILE, noted

COLUMNS = ("job_id", "resume_id", "updated_at", "relevance", "confidence", "reason", "source")
LEVELS = 5  # of a grade: 0, 0.25 .. 1


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

    def take(self, rows: np.ndarray) -> Pairs:
        """The pairs of some rows."""
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

    Ids may be marked as in CSV that we write, such as predictions.csv.

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
        cells = [text or "" for text in column.values]
        names = [original(text) if original(text) in known else text for text in cells]
        for code, text in enumerate(names):
            if text not in known:
                line, remedy = int(table.lines[np.flatnonzero(column.codes == code)[0]]), "remove the row or mend the id"
                raise DataError(f"the data folder has no {name} {text!r}", file=path.name, line=line, column=name, remedy=remedy)
        rows.append(np.array([known[text] for text in names], np.int64)[column.codes])
    return Pairs(*rows)


def write_grades(folder: DataFolder, pairs: Pairs, grades: Sequence[Grade]) -> Path:
    """Writes relevance_grades.csv beside the data, whole or not at all; pairs with confidence 0 are left out.

    Raises:
        RunError: it cannot be written.
    """
    path, rows = Path(folder.path) / GRADES_FILE, []
    for job, resume, grade in zip(pairs.job, pairs.resume, grades, strict=True):
        if grade.confidence > 0:
            snapshot, sure = folder.resumes[resume], f"{grade.confidence:.4f}"
            ids = folder.jobs[job]["job_id"], snapshot["resume_id"], iso_time(snapshot["updated_at"]) or ""
            rows.append((*ids, f"{grade.relevance:.4f}", sure, grade.reason, grade.source))
    columns = [*zip(*rows)] or [()] * len(COLUMNS)
    with noted(path.parent, (GRADES_FILE,)):
        write_atomic(path, lambda stream: write_csv(stream, COLUMNS, columns, end="\r\n"))
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
    table = _table(Path(folder.path) / GRADES_FILE, GRADES_FILE, COLUMNS[:5])
    names = {job["job_id"]: row for row, job in enumerate(folder.jobs)}
    snapshots = {(r["resume_id"], iso_time(r["updated_at"])): row for row, r in enumerate(folder.resumes)}
    graded = {}
    texts = {name: [original(value or "") for value in table.columns[name].values] for name in COLUMNS[:5]}
    cells = [[texts[name][code] for code in table.columns[name].codes] for name in COLUMNS[:5]]
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
    return replace(folder, files=(*folder.files, Path(folder.path) / GRADES_FILE), impressions=shown)


def _share(text: str, column: str, line: int) -> float:
    try:
        value = share(text)
    except BadValue:
        value = np.nan
    if np.isnan(value):
        problem, remedy = f"expected a number from 0 to 1, got {text!r}", "run `minirank grade DATA` again"
        raise DataError(problem, file=GRADES_FILE, line=int(line), column=column, remedy=remedy)
    return value


def _table(path: Path, file: str, columns: Sequence[str]) -> CsvFile:
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
    assert table is not None
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
        values = {"concordance": self.concordance, "Spearman": self.spearman, "weighted kappa": self.kappa}
        shown = ", ".join(f"{name} {value:.3f}" for name, value in values.items() if not np.isnan(value))
        plural = "s" * (self.pairs > 1)
        return f"against people's grades on {self.pairs:,} pair{plural}: {shown or 'too few different grades to compare'}"


def agreement(folder: DataFolder, pairs: Pairs, grades: Sequence[Grade]) -> Agreement:
    """Grades against the mean grade that people gave the same pair in the log."""
    shown = folder.impressions
    total: dict[tuple[int, int], float] = defaultdict(float)
    count: Counter[tuple[int, int]] = Counter()
    for row in np.flatnonzero(~np.isnan(shown.relevance)):
        pair = int(shown.job[row]), int(shown.resume[row])
        total[pair] += float(shown.relevance[row])
        count[pair] += 1
    both = [
        (total[pair] / count[pair], grade.relevance)
        for pair, grade in zip(zip(pairs.job.tolist(), pairs.resume.tolist()), grades, strict=True)
        if pair in total and not np.isnan(grade.relevance)
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
