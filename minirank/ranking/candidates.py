"""Jobs and resumes given by hand rather than by a data folder: checked, and in the form that encoding reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, NoReturn

from ..data import values
from ..data.column_names import JOB_KEYS, RESUME_KEYS
from ..data.problems import Problems
from ..data.read_files import read_json_lines, short
from ..errors import DataError

NEW_JOB = "(new job)"  # stands for the job_id that it has not
NEEDED = ("resume_id", "text", "title", "description")


def check_query(job: Any, roles: Iterable[Any], top: Any, now: Any) -> None:
    """Refuses arguments of a ranking that are not of their kind; what a job given by hand holds is for `check_job`.

    Args:
        roles: of the recruiters who ask.
    Raises:
        DataError: names the argument.
    """
    if not isinstance(job, str | Mapping):
        _refuse("a job", job, 'give a job_id, or {"title": ..., "description": ...}')
    for role in roles:
        if not (role is None or isinstance(role, str)):
            _refuse("a role", role, "give one text such as hr, or None where it is not known")
    if not (top is None or (_is_whole(top) and top >= 1)):
        _refuse("top, how many candidates to return,", top, "give a whole number from 1, or None for all")
    if not (now is None or _is_time(now)):
        _refuse("now, the moment of the search,", now, "give whole seconds since 1970, up to the year 9999")


def check_resumes(resumes: Any) -> list[str | Mapping[str, Any]]:
    """The resumes to rank, ids and mappings, as a list; what a mapping holds is for `check_resume`.

    Raises:
        DataError: one that is neither, or no list.
    """
    remedy = 'give a list of resume_ids and {"resume_id": ..., "text": ...}'
    if isinstance(resumes, str | Mapping) or not isinstance(resumes, Iterable):
        _refuse("resumes", resumes, remedy)
    resumes = list(resumes)
    for resume in resumes:
        if not isinstance(resume, str | Mapping):
            _refuse("a resume", resume, remedy)
    return resumes


def check_job(job: Mapping[str, Any], now: int, where: str = "job", line: int | None = None) -> dict[str, Any]:
    """A job that is new: {title, description}, and what else is known of it.

    Args:
        job: without team_id it has no past hires but those for jobs of its title; without posted_at it is posted now.
        now: seconds.
        where, line: of error messages.
    Raises:
        DataError: names the key.
    """
    return {"job_id": NEW_JOB, "team_id": "", "posted_at": now, "location": None} | _checked(job, JOB_KEYS, where, line)


def check_resume(resume: Mapping[str, Any], now: int, where: str = "resume", line: int | None = None) -> dict[str, Any]:
    """A resume that is new: {resume_id, text}, and what else is known of it; without updated_at it is as of now.

    Args:
        now: seconds.
        where, line: of error messages.
    Raises:
        DataError: names the key.
    """
    return {"updated_at": now, "location": None} | _checked(resume, RESUME_KEYS, where, line)


def read_resumes(path: str | Path, now: int) -> list[dict[str, Any]]:
    """The resumes of a file, one JSON object a line, as in resumes.jsonl; updated_at and location may be left out.

    Args:
        now: seconds, stands for a time that is left out.
    Raises:
        DataError: the file cannot be read, or one of its lines; says which line and what to write.
    """
    found = _read(path, now, check_resume)
    _refuse_twice(path, found, ("resume_id", "updated_at"), "keep one line for each (resume_id, updated_at)")
    return [resume for resume, _ in found]


def read_jobs(path: str | Path, now: int) -> list[dict[str, Any]]:
    """The jobs of a file, one JSON object a line, as in jobs.jsonl; team_id, posted_at and location may be left out.

    Args, Raises: as for `read_resumes`.
    """
    found = _read(path, now, check_job)
    for job, line in found:
        if job["job_id"] == NEW_JOB:
            raise DataError("the key is missing", file=str(path), line=line, column="job_id", remedy='add "job_id"')
    _refuse_twice(path, found, ("job_id",), "give each job one line")
    return [job for job, _ in found]


def _read(path: str | Path, now: int, check: Callable[..., dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """The checked lines of a file, each with its number."""
    problems = Problems()
    records, lines = read_json_lines(Path(path), str(path), problems)
    problems.raise_first()
    return [(check(record, now, str(path), line), line) for record, line in zip(records, lines)]


def _refuse_twice(path: str | Path, found: list[tuple[dict[str, Any], int]], keys: tuple[str, ...], remedy: str) -> None:
    first: dict[tuple[Any, ...], int] = {}
    for record, line in found:
        other = first.setdefault(tuple(record[key] for key in keys), line)
        if other != line:
            problem = f"{record[keys[0]]!r} stands already on line {other}, " + ("as of the same time" if len(keys) > 1 else "")
            raise DataError(problem.rstrip(", "), file=str(path), line=line, column=keys[0], remedy=remedy)


def newest(resumes: Iterable[dict[str, Any]]) -> list[int]:
    """Places of the snapshots that stand for their resume_id, the newest of each; of equal ones the later."""
    place: dict[str, int] = {}
    resumes = list(resumes)
    for number, resume in enumerate(resumes):
        other = place.get(resume["resume_id"])
        if other is None or resume["updated_at"] >= resumes[other]["updated_at"]:
            place[resume["resume_id"]] = number
    return list(place.values())


def _checked(record: Mapping[str, Any], readers: dict, where: str, line: int | None = None) -> dict[str, Any]:
    """`record` with the keys of `readers` checked, without those that are None; other keys are kept."""
    found = {key: value for key, value in record.items() if key not in readers}
    for key, read in readers.items():
        value = record.get(key)
        if value is None and key in NEEDED:
            known = ", ".join(map(str, record)) or "nothing"
            raise DataError(f"the key is missing, there is {known}", file=where, line=line, column=key, remedy=f'add "{key}"')
        if value is None or (key == "team_id" and value == ""):  # as a folder without a log has it
            continue
        try:
            found[key] = value if read is values.seconds and _is_time(value) else read(value)
        except values.BadValue as error:
            raise DataError(error.problem, file=where, line=line, column=key, remedy=error.remedy) from None
    return found


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    """Whether `value` is a time in whole seconds."""
    return _is_whole(value) and 0 <= value <= values.LATEST


def _refuse(kind: str, value: Any, remedy: str) -> NoReturn:
    raise DataError(f"expected {kind} but got {short(value)}", remedy=remedy)
