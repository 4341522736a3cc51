"""What recruiters saw and did: impressions.csv as arrays, sorted into searches, with every reference checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minirank.data import values
from minirank.data.folder.column_reader import ROWS, ColumnReader
from minirank.data.folder.records import column_of
from minirank.data.kept.scratch import Scratch
from minirank.data.problems import Problems
from minirank.data.read_files import CsvFile
from minirank.data.values import MISSING_TIME


@dataclass(frozen=True)
class Impressions:
    """N impressions; rows of a search are neighbours, searches are in the order of their first time.

    Args:
        row: (N,) int64, 0-based row of the file, to align what lies beside it.
        search: (N,) int32, code 0 .. searches-1 in time order.
        time: (N,) int64, seconds.
        role: (N,) int32, index into `DataFolder.roles`.
        job: (N,) int32, index into `DataFolder.jobs`.
        resume: (N,) int32, index into `DataFolder.resumes`: the newest snapshot that is not after `time`.
        position: (N,) int32, 1 at the top, 0 = unknown.
        clicked, converted: (N,) float32, 0, 1 or NaN = missing.
        converted_at: (N,) int64, seconds, -1 = missing.
        relevance, confidence: (N,) float32 in [0, 1], NaN = missing.
        propensity: (N,) float32 in (0, 1], the chance that the candidate came to this position, NaN = missing.
        search_id: the ids of the searches, by code.
    """

    row: np.ndarray
    search: np.ndarray
    time: np.ndarray
    role: np.ndarray
    job: np.ndarray
    resume: np.ndarray
    position: np.ndarray
    clicked: np.ndarray
    converted: np.ndarray
    converted_at: np.ndarray
    relevance: np.ndarray
    confidence: np.ndarray
    propensity: np.ndarray
    search_id: list[str]

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def none(cls) -> Impressions:
        """No impression."""
        whole, code, share = (np.empty(0, kind) for kind in (np.int64, np.int32, np.float32))
        return cls(whole, code, whole, code, code, code, code, share, share, whole, share, share, share, [])


def read_impressions(
    table: CsvFile,
    names: dict[str, str | None],
    jobs: dict[str, int],
    resumes: Sequence[dict],
    recruiters: dict[str, str],
    problems: Problems,
    scratch: Scratch | None = None,
) -> Impressions | None:
    """Reads the columns of impressions.csv and checks them against each other and the other files.

    Args:
        names: our name of a column -> its name in the file, None where the file has no such column.
        jobs: job_id -> index.
        resumes: the snapshots, sorted by (resume_id, updated_at).
        scratch: takes the impressions; None leaves them in memory.
    Returns:
        the impressions, or None where rows were found wrong.
    """
    before = problems.count
    check = ColumnReader(table, names, problems, scratch)
    resume_ids = {key: index for index, key in enumerate(dict.fromkeys(column_of(resumes, "resume_id")))}

    search, search_names = check.codes("search_id")
    time = check.read("time", values.seconds, np.int64, 0)
    recruiter = check.reference("recruiter_id", {key: index for index, key in enumerate(recruiters)}, "recruiters.csv")
    job = check.reference("job_id", jobs, "jobs.jsonl")
    resume = check.reference("resume_id", resume_ids, "resumes.jsonl")
    position = check.read("position", values.rank, np.int32, 0)
    clicked = check.read("clicked", values.flag, np.float32, np.nan)
    converted = check.read("converted", values.flag, np.float32, np.nan)
    converted_at = check.read("converted_at", values.optional_seconds, np.int64, MISSING_TIME)
    relevance = check.read("relevance", values.share, np.float32, np.nan)
    confidence = check.read("relevance_confidence", values.share, np.float32, np.nan)
    propensity = check.read("propensity", values.propensity, np.float32, np.nan)
    if problems.count > before:
        return None

    _check_labels(check, time, clicked, converted, converted_at)
    _check_searches(check, search, search_names, job, recruiter, resume)
    snapshot = _snapshots(resume, time, resumes, resume_ids, check.empty(np.int32))
    remedy = "add to resumes.jsonl the resume as it was shown, with its updated_at"
    check.refuse("resume_id", snapshot < 0, "no snapshot of this resume is as old as the impression", remedy)
    if problems.count > before:
        return None

    table.columns.clear()  # nobody reads them again, and of ten million rows they are half a gigabyte
    rank, search_id = _by_time(search, search_names, time)
    search = check.of_rows(rank, search)
    order = np.argsort(search, kind="stable")
    roles = sorted(set(recruiters.values()))
    role = check.of_rows(np.array([roles.index(role) for role in recruiters.values()], np.int32), recruiter)
    columns = search, time, role, job, snapshot, position, clicked, converted, converted_at, relevance, confidence, propensity
    row = order if scratch is None else scratch.put(order)
    if (order[1:] > order[:-1]).all():  # as logs are written
        return Impressions(row, *columns, search_id)
    found: list[Any] = [row, *(check.of_rows(column, row) for column in columns), search_id]
    return Impressions(*found)


def _check_labels(check: ColumnReader, time: np.ndarray, clicked: np.ndarray, converted: np.ndarray, converted_at: np.ndarray) -> None:
    """Labels that contradict each other."""
    unclicked, dated = (converted == 1) & (clicked == 0), converted_at != MISSING_TIME
    check.refuse("converted", unclicked, "converted without a click", "write clicked 1: a candidate who answered was contacted")
    early, unconverted = dated & (converted_at < time), dated & (converted != 1)
    check.refuse("converted_at", early, "converted before the impression", "check the two times and their offsets")
    remedy = "write converted 1, or leave converted_at empty"
    check.refuse("converted_at", unconverted, "a time of conversion without a conversion", remedy)


def _check_searches(check: ColumnReader, search: np.ndarray, names: list[str], job, recruiter, resume) -> None:
    """A search is one recruiter looking for one job, and shows a resume once."""
    first = np.full(len(names), -1, np.int64)
    first[search[::-1]] = np.arange(len(search))[::-1]
    for ours, entity in (("recruiter_id", recruiter), ("job_id", job)):
        problem = f"a search with a second {ours.removesuffix('_id')}"
        check.refuse(ours, entity != entity[first[search]], problem, "give every (recruiter, job, page) its own search_id")
    order = np.lexsort((resume, search))
    again = np.zeros(len(search), bool)
    again[order[1:]] = (search[order[1:]] == search[order[:-1]]) & (resume[order[1:]] == resume[order[:-1]])
    check.refuse("resume_id", again, "this resume stands twice in the same search", "keep one row for each")


def _snapshots(resume: np.ndarray, time: np.ndarray, resumes: Sequence[dict], ids: dict[str, int], snapshot: np.ndarray) -> np.ndarray:
    """`snapshot`, (N,) int32: the index of the newest snapshot of `resume` that is not after `time`, -1 where there is none."""
    owner = np.array([ids[key] for key in column_of(resumes, "resume_id")], dtype=np.int64)
    updated = np.array(column_of(resumes, "updated_at"), dtype=np.int64)
    # One sorted key for both: owners are in the order of their first snapshot, times within an owner ascend.
    span = max(int(updated.max()), int(time.max())) + 1
    keys = owner * span + updated
    for first in range(0, len(time), ROWS):
        rows = slice(first, first + ROWS)
        found = np.searchsorted(keys, resume[rows].astype(np.int64) * span + time[rows], side="right") - 1
        snapshot[rows] = np.where((found >= 0) & (owner[found] == resume[rows]), found, -1)
    return snapshot


def _by_time(search: np.ndarray, names: list[str], time: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(searches,) int32, the place of each search in the order of their first time, and their ids in this order."""
    start = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(start, search, time)
    by_time = np.argsort(start, kind="stable")
    rank = np.empty(len(names), np.int32)
    rank[by_time] = np.arange(len(names))
    return rank, [names[index] for index in by_time]
