"""The data folder in memory: jobs, resumes, recruiters, hires, and what recruiters did."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from minirank.data import values
from minirank.data.column_names import (
    FILES,
    JOB_KEYS,
    OPTIONAL,
    PROTECTED_FILE,
    RESUME_KEYS,
    WITHOUT_LOG,
    missing_column,
    protected_error,
    resolve,
)
from minirank.data.folder.column_reader import ColumnReader, read_our_csv
from minirank.data.folder.impressions import Impressions, read_impressions
from minirank.data.folder.records import KnownKeys, Records, column_of
from minirank.data.folder.truth import read_truth
from minirank.data.kept.scratch import give_back
from minirank.data.kept.store import NOTHING_KEPT, Contents, Kept
from minirank.data.problems import Problems
from minirank.data.read_files import CsvFile, json_lines, read_csv
from minirank.data.table.column_scratch import ColumnScratch, NoSpace
from minirank.errors import DataError

# Keys that are held of all lines where nothing else of them is.
KNOWN = {"jobs": ("job_id", "team_id", "posted_at"), "resumes": ("resume_id", "updated_at")}


@dataclass(frozen=True)
class Hires:
    """Who was hired for what.

    Args:
        job: (H,) int32, index into `DataFolder.jobs`.
        resume_id: the ids, one a hire.
        hired_at: (H,) int64, seconds.
    """

    job: np.ndarray
    resume_id: tuple[str, ...]
    hired_at: np.ndarray


@dataclass(frozen=True)
class DataFolder:
    """A data folder that was read and found to be right.

    Args:
        path: the folder.
        files: the files that were read, for a fingerprint.
        jobs: dicts with job_id, team_id, title, description, posted_at (seconds), location (or None), and any other
            keys of the file.
        resumes: dicts with resume_id, text, updated_at (seconds), location (or None), and other keys: one a snapshot,
            sorted by (resume_id, updated_at). Without log and hires a team may be "" and a time MISSING_TIME. Where the folder was
            kept, both are `Records`, which are parsed when they are asked for.
        recruiters: recruiter_id -> role.
        roles: all roles, sorted; `Impressions.role` is an index into them.
        truth: simulated probabilities, (N,) each, aligned with `impressions`; None outside simulated worlds.
        until: seconds, the last time of the log, 0 without one; also where the log itself was not asked for.
        lines: "jobs", "resumes" -> the line of each in its file.
        contents: of all files, where something may be kept beside them. columns: what these files call our columns; with the contents
            it says what was read.
    """

    path: Path
    files: tuple[Path, ...]
    jobs: Sequence[dict[str, Any]]
    resumes: Sequence[dict[str, Any]]
    recruiters: dict[str, str]
    roles: tuple[str, ...]
    hires: Hires
    impressions: Impressions
    truth: dict[str, np.ndarray] | None
    until: int = 0
    lines: dict[str, list[int]] = field(default_factory=dict)
    contents: Contents | None = None
    columns: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    @property
    def has_log(self) -> bool:
        """Whether there is anything to learn from; without a log the texts can be read and ranked."""
        return len(self.impressions) > 0

    @property
    def is_complete(self) -> bool:
        """Whether all files were there, as training needs them."""
        return self.has_log and len(self.files) == len(FILES)

    def dated(self, now: int) -> DataFolder:
        """The same folder, in which jobs and resumes without a time are of `now`, int seconds."""

        def of_now(records: Sequence[dict[str, Any]], key: str) -> Sequence[dict[str, Any]]:
            if isinstance(records, Records) and values.MISSING_TIME not in records.column(key):
                return records
            return [record | {key: now} if record[key] == values.MISSING_TIME else record for record in records]

        return replace(self, jobs=of_now(self.jobs, "posted_at"), resumes=of_now(self.resumes, "updated_at"))

    def latest_resumes(self) -> np.ndarray:
        """(resumes,) int32, the index of each resume's newest snapshot, in the order of their ids."""
        ids = column_of(self.resumes, "resume_id")
        last = [index for index, name in enumerate(ids) if index + 1 == len(ids) or ids[index + 1] != name]
        return np.array(last, dtype=np.int32)


def read_folder(
    path: str | Path,
    columns: Mapping[str, Mapping[str, str | None]] | None = None,
    needs_log: bool = True,
    kept: Kept = NOTHING_KEPT,
    mapped: bool = False,
    with_log: bool = True,
) -> DataFolder:
    """Reads and checks a data folder.

    Args:
        path: the folder.
        needs_log: whether impressions.csv must be there. Without it recruiters.csv and hires.csv may lack too, and without
            hires the lines of jobs and resumes their team and times; and where something may be kept, the log is left out.
        columns: file ("impressions", "jobs", ...) -> our name of a column -> its name in the file; None in place of
            a name says that the export has no such column.
        kept: reads what was kept of the very same files, and keeps it for the next time.
        mapped: a folder that was read now is given as it is kept, and little of it is in memory at any time.
        with_log: whether impressions.csv is read.
    Raises:
        DataError: something is wrong with the data; names file, line, column and remedy.
        ConfigError: `columns` names what does not exist.
    """
    from minirank.data.folder.kept_folder import keep_folder, kept_folder, room_for_columns, with_records

    contents, folder = kept_folder(Path(path), resolve(columns), kept, needs_log, mapped) if kept.used else (None, None)
    if folder is not None and (folder.is_complete or not needs_log):
        return folder
    try:
        problems, scratch = Problems(), room_for_columns(Path(path)) if mapped and contents is not None else None
        folder = collect(path, columns, problems, needs_log, with_log, mapped, scratch)
    except NoSpace:  # then it is read into memory
        problems = Problems()
        folder = collect(path, columns, problems, needs_log, with_log, mapped)
    if problems.count and contents is not None:
        contents.check_unchanged()  # or they are perhaps of half a row
    problems.raise_first("minirank validate")
    assert folder is not None  # or there was a problem
    if mapped:
        parsed_later = with_records(folder, resolve(columns))
        folder = collect(path, columns, problems, needs_log, with_log) if parsed_later is None else parsed_later
        problems.raise_first("minirank validate")  # of files that changed meanwhile
        assert folder is not None
    if contents is not None:
        folder = keep_folder(replace(folder, contents=contents, columns=resolve(columns)), kept, mapped)
    if mapped:
        give_back()
    return folder


def collect(
    path: str | Path,
    columns: Mapping | None,
    problems: Problems,
    needs_log: bool = True,
    with_log: bool = True,
    slim: bool = False,
    scratch: ColumnScratch | None = None,
) -> DataFolder | None:
    """Reads a data folder and notes whatever is wrong with it; None where too much is missing to go on.

    Args:
        with_log: whether impressions.csv is read.
        slim: of jobs and resumes no more is held than their ids and times, as `KnownKeys`.
        scratch: takes the impressions; None leaves them in memory.
    Raises:
        NoSpace: `scratch` has none.
    """
    path = Path(path)
    names = resolve(columns)
    if not _is_readable_folder(path, problems):
        return None
    there = [file for file in ("recruiters", "hires", "impressions") if needs_log or os.path.lexists(path / FILES[file])]
    if "impressions" in there:
        there = [file for file in FILES if with_log or file != "impressions"]
    lacking: Mapping[str, Mapping[str, Any]] = {name: {} for name in WITHOUT_LOG} if "hires" in there else WITHOUT_LOG
    jobs, job_lines = _read_objects(path, "jobs", names["jobs"], JOB_KEYS, lacking["jobs"], problems, slim)
    resumes, resume_lines = _read_objects(path, "resumes", names["resumes"], RESUME_KEYS, lacking["resumes"], problems, slim)
    _refuse_protected(path, (("jobs", jobs), ("resumes", resumes)), problems)
    job_index = _index_jobs(jobs, job_lines, problems)
    resumes, resume_lines = _sort_resumes(resumes, resume_lines, problems)
    tables = {
        file: read_our_csv(path, file, names, problems, scratch if file == "impressions" else None)
        for file in ("recruiters", "hires", "impressions")
        if file in there
    }
    recruiters = _read_recruiters(tables.get("recruiters"), names["recruiters"], problems)
    known_resumes = set(column_of(resumes, "resume_id"))
    hires = _read_hires(tables.get("hires"), names["hires"], job_index, known_resumes, problems)
    if None in tables.values() or not (jobs and resumes and (recruiters or "recruiters" not in there)):
        return None
    impressions: Impressions | None = Impressions.none()
    if (log := tables.get("impressions")) is not None:
        impressions = read_impressions(log, names["impressions"], job_index, resumes, recruiters, problems, scratch)
    if impressions is None:
        return None
    truth = read_truth(path / "truth.npz", impressions, problems, scratch) if "impressions" in there else None
    files = tuple(path / FILES[file] for file in FILES if file in (*WITHOUT_LOG, *there))
    roles = tuple(sorted(set(recruiters.values())))
    lines = {"jobs": job_lines, "resumes": resume_lines}
    until = int(impressions.time.max(initial=0))
    return DataFolder(path, files, jobs, resumes, recruiters, roles, hires, impressions, truth, until, lines)


def _is_readable_folder(path: Path, problems: Problems) -> bool:
    known = {
        FileNotFoundError: ("no such folder", "check the path, or make one with minirank simulate"),
        NotADirectoryError: (
            "is a file, not a folder",
            f"give the folder that holds {FILES['jobs']}, or for a table the .yaml that names it",
        ),
        PermissionError: ("no permission to read the folder", "run chmod u+rx on it"),
    }
    try:
        os.listdir(path)
    except OSError as error:
        problem, remedy = known.get(type(error), (f"cannot be read: {error.strerror}", "check the disk"))
        problems.add(problem, file=str(path), remedy=remedy)
        return False
    return True


def _read_objects(
    path: Path,
    file: str,
    names: dict[str, str | None],
    readers: dict[str, Callable],
    defaults: Mapping[str, Any],
    problems: Problems,
    slim: bool,
) -> tuple[Sequence[dict], list[int]]:
    """The objects of jobs.jsonl or resumes.jsonl under our names, and their lines; wrong ones are left out.

    Args:
        defaults: what stands for keys that may lack. slim: as in `collect`.
    """
    good: list[Any] = []
    lines: list[int] = []
    known: dict[str, list] = {key: [] for key in KNOWN[file]}
    keys: set[str] = set()
    for record, line in json_lines(path / FILES[file], FILES[file], problems):
        ours = our_record(record, file, names, readers, defaults, problems, line)
        if ours is None:
            continue
        lines.append(line)
        if slim:
            keys |= ours.keys()
            for key, column in known.items():
                column.append(ours[key])
        else:
            good.append(ours)
    return (KnownKeys(known, frozenset(keys)) if slim else good), lines


def our_record(
    record: dict,
    file: str,
    names: dict[str, str | None],
    readers: dict[str, Callable],
    defaults: Mapping[str, Any],
    problems: Problems,
    line: int,
) -> dict | None:
    """An object of a JSON line under our names; None where something is wrong with it."""
    known = {}
    for ours, read in readers.items():
        theirs = names[ours]
        try:
            if ours in defaults and record.get(theirs) is None:
                known[ours] = defaults[ours]
            elif ours in OPTIONAL[file]:
                known[ours] = read(record.get(theirs))
            elif theirs in record:
                known[ours] = read(record[theirs])
            else:
                problems.add_error(missing_column(file, ours, theirs, record, line))
        except values.BadValue as error:
            problems.add(error.problem, file=FILES[file], line=line, column=theirs, remedy=error.remedy)
    if len(known) != len(readers):
        return None
    renamed = {theirs for ours, theirs in names.items() if theirs is not None and theirs != ours}
    return {key: value for key, value in record.items() if key not in renamed} | known


def _refuse_protected(path: Path, files: tuple[tuple[str, Sequence[dict]], ...], problems: Problems) -> None:
    """A key that protected.csv holds must not stand where features are read from."""
    try:
        attributes = protected_columns(path)
    except DataError as error:
        problems.add_error(error)
        return
    for file, records in files:
        there = records.keys if isinstance(records, KnownKeys) else {key for record in records for key in record}
        for key in sorted(attributes & there):
            problems.add_error(protected_error(key, FILES[file]))


def protected_columns(path: Path) -> frozenset[str]:
    """Names of the attributes in the protected.csv of a folder, without their values.

    Raises:
        DataError: the file is there and cannot be read.
    """
    if not (path / PROTECTED_FILE).exists():
        return frozenset()
    problems = Problems()
    names, _ = read_csv(path / PROTECTED_FILE, PROTECTED_FILE, problems, only=lambda names: ())
    if not names:
        problems.raise_first("minirank validate")
    return frozenset(str(name) for name in names) - {"resume_id"}


def _index_jobs(jobs: Sequence[dict], lines: list[int], problems: Problems) -> dict[str, int]:
    """job_id -> index."""
    index: dict[str, int] = {}
    for position, (job_id, line) in enumerate(zip(column_of(jobs, "job_id"), lines)):
        first = index.setdefault(job_id, position)
        if first != position:
            problem = f"job {job_id!r} stands already on line {lines[first]}"
            problems.add(problem, file=FILES["jobs"], line=line, column="job_id", remedy="remove one of the two")
    return index


def _sort_resumes(resumes: Sequence[dict], lines: list[int], problems: Problems) -> tuple[Sequence[dict], list[int]]:
    """The snapshots in the order of (resume_id, updated_at), and their lines."""
    ids, times = column_of(resumes, "resume_id"), column_of(resumes, "updated_at")
    order = sorted(range(len(resumes)), key=lambda i: (ids[i], times[i], i))
    for before, after in pairwise(order):
        if (ids[before], times[before]) == (ids[after], times[after]):
            problem = f"resume {ids[after]!r} has the same time as on line {lines[before]}"
            remedy = "keep one line for each (resume_id, updated_at)"
            problems.add(problem, file=FILES["resumes"], line=lines[after], column="updated_at", remedy=remedy)
    ordered = resumes.take(order) if isinstance(resumes, KnownKeys) else [resumes[index] for index in order]
    return ordered, [lines[index] for index in order]


def _read_recruiters(table: CsvFile | None, names: dict[str, str | None], problems: Problems) -> dict[str, str]:
    """recruiter_id -> role."""
    if table is None:
        return {}
    check = ColumnReader(table, names, problems)
    ids = check.read("recruiter_id", values.identifier, object, None)
    roles = check.read("role", values.name, object, None)
    recruiters: dict[str, str] = {}
    for key, role, line in zip(ids, roles, table.lines):
        if key in recruiters and key is not None:
            problem, column = f"recruiter {key!r} stands there twice", names["recruiter_id"]
            problems.add(problem, file=table.file, line=int(line), column=column, remedy="give every recruiter one role")
        recruiters[key] = role
    return {key: role for key, role in recruiters.items() if None not in (key, role)}


def _read_hires(table: CsvFile | None, names: dict[str, str | None], jobs: dict[str, int], resumes: set[str], problems: Problems) -> Hires:
    """The hires; each must name a job and a resume that exist."""
    if table is None:
        return Hires(np.empty(0, np.int32), (), np.empty(0, np.int64))
    check = ColumnReader(table, names, problems)
    job = check.reference("job_id", jobs, "jobs.jsonl")
    resume = check.reference("resume_id", {key: key for key in resumes}, "resumes.jsonl", object, "")
    return Hires(job, tuple(resume), check.read("hired_at", values.seconds, np.int64, 0))
