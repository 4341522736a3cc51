"""A data folder that is wrong gives one line: file, line, column and remedy."""

import json

import numpy as np
import pytest
from data_world import HEADER, HIRES, IMPRESSIONS, JOBS, RECRUITERS, RESUMES, edited, write

from minirank.data import read_folder, validate
from minirank.errors import DataError

JOB_LINES = [json.dumps(job) for job in JOBS]
RESUME_LINES = [json.dumps(resume) for resume in RESUMES]


def impression(line: int, old: str, new: str, column: str | None, says: str) -> tuple[dict, str]:
    """A line of impressions.csv with something else in it, and what is said of it."""
    place = f"impressions.csv:{line}: " + (f"column {column}: " if column else "")
    return {"impressions__csv": edited(IMPRESSIONS, line, old, new)}, place + says


def job(says: str, **change) -> tuple[dict, str]:
    """A second job with another value, and what is said of that column."""
    (column,) = change
    return {"jobs__jsonl": [JOB_LINES[0], json.dumps(JOBS[1] | change)]}, f"jobs.jsonl:2: column {column}: {says}"


BAD = {
    "no jobs": ({"jobs__jsonl": None}, "jobs.jsonl: no such file; "),
    "empty jobs": ({"jobs__jsonl": b""}, "jobs.jsonl: the file is empty; write one JSON object a line"),
    "empty impressions": ({"impressions__csv": b""}, "impressions.csv: the file is empty; write a header line and rows"),
    "header only": ({"impressions__csv": [HEADER]}, "impressions.csv: no row below the header; export at least one"),
    "truncated JSON": (
        {"jobs__jsonl": [JOB_LINES[0], '{"job_id": "j2"']},
        "jobs.jsonl:2: not valid JSON (Expecting ',' delimiter at character 16); write one JSON object a line",
    ),
    "no object": ({"jobs__jsonl": [*JOB_LINES, "[1]"]}, "jobs.jsonl:3: expected a JSON object, got [1]; write {"),
    "NaN in JSON": ({"jobs__jsonl": [*JOB_LINES, '{"a": NaN}']}, "jobs.jsonl:3: NaN is not a JSON number; "),
    "not UTF-8": (
        {"jobs__jsonl": b'{"job_id": "j1"}\n{"job_id": "K\xf6ln"}\n'},
        "jobs.jsonl:2: not UTF-8; save it as UTF-8, for instance: iconv",
    ),
    "UTF-16": (
        {"jobs__jsonl": "\n".join(JOB_LINES).encode("utf-16")},
        "jobs.jsonl:1: not UTF-8; save it as UTF-8, for instance: iconv -f UTF-16 -t UTF-8",
    ),
    "overlong whole number": (
        {"jobs__jsonl": [*JOB_LINES, '{"a": ' + "9" * 5000 + "}"]},
        "jobs.jsonl:3: a whole number of 5,000 digits; write it as a text, in double quotes",
    ),
    "CSV not UTF-8": (
        {"impressions__csv": "\n".join(IMPRESSIONS).replace("s1", "sä").encode("latin-1")},
        "impressions.csv:3: not UTF-8; save it as UTF-8",
    ),
    "missing key": (
        {"jobs__jsonl": [JOB_LINES[0], JOB_LINES[1].replace("job_id", "jobId")]},
        "jobs.jsonl:2: column job_id: missing; if it is the column 'jobId', write data.columns.jobs.job_id: jobId",
    ),
    "key of wrong type": job(title=None, says="expected a text, got None; write a text"),
    "id of wrong type": job(job_id=1.5, says="expected an id, got 1.5; write a text"),
    "empty id": job(team_id=" ", says="the id is empty; give every row its id"),
    "time as a number": job(posted_at=1735689600, says="expected a time, got 1735689600; w"),
    "time before 1970": job(posted_at="1969-12-31", says="time '1969-12-31' is before 1970"),
    "time after the year 9999": job(
        posted_at="9999-12-31T23:59:59-23:59", says="time '9999-12-31T23:59:59-23:59' is after the year 9999; correct it"
    ),
    "half a surrogate": job(title="\ud800", says="half of a surrogate pair stands alone; "),
    "overlong id": job(job_id="j" * 1001, says="the id has 1,001 characters; give one of at most 1,000"),
    "half a surrogate in an id": job(team_id="\ud800", says="half of a surrogate pair stands alone; write the whole character"),
    "job twice": job(job_id="j1", says="job 'j1' stands already on line 1; remove one"),
    "snapshot twice": (
        {"resumes__jsonl": [*RESUME_LINES, RESUME_LINES[2]]},
        "resumes.jsonl:4: column updated_at: resume 'c1' has the same time as on line 3; keep one line for each",
    ),
    "recruiter twice": (
        {"recruiters__csv": [*RECRUITERS, "u1,agency"]},
        "recruiters.csv:4: column recruiter_id: recruiter 'u1' stands there twice; give every recruiter one role",
    ),
    "no role": ({"recruiters__csv": [*RECRUITERS, "u3,"]}, "recruiters.csv:4: column role: the cell is empty; write"),
    "hire for no job": (
        {"hires__csv": [*HIRES, "j9,c2,2025-01-01"]},
        "hires.csv:3: column job_id: no job 'j9' in jobs.jsonl; add the job or remove the row",
    ),
    "hire of no resume": (
        {"hires__csv": [*HIRES, "j1,c9,2025-01-01"]},
        "hires.csv:3: column resume_id: no resume 'c9' in resumes.jsonl; add the resume or remove the row",
    ),
    "missing column": impression(
        1,
        "clicked",
        "was_clicked",
        "clicked",
        "missing; if it is the column 'was_clicked', write "
        "data.columns.impressions.clicked: was_clicked in the configuration (data.columns.impressions.clicked: null",
    ),
    "nothing like it": (
        {"recruiters__csv": ["a,b", "1,2"]},
        "recruiters.csv:1: column recruiter_id: missing; name the column that holds it, "
        "data.columns.recruiters.recruiter_id: NAME; there are a, b",
    ),
    "column twice": impression(1, "clicked", "position", "position", "stands twice in the header; rename one of the two"),
    "semicolons": (
        {"recruiters__csv": [line.replace(",", ";") for line in RECRUITERS]},
        "recruiters.csv:1: cells are separated by semicolons; save it with commas",
    ),
    "cells": impression(3, ",,,", ",,", None, "expected 11 cells, got 10; put cells that contain"),
    "quote inside": impression(4, "s2,", '"s2"x,', None, "quoting is broken ("),
    "quote left open": impression(4, "s2,", '"s2,', None, "quoting is broken (unexpected end of data)"),
    "quote left open in a large file": impression(
        4, "s2,", '"s2' + "," * 140_000, None, "a cell has more than 131,072 characters; close the double quote that begins it, or shorten"
    ),
    "flag": impression(3, ",2,0,0,", ",2,yes,0,", "clicked", "expected 0, 1 or empty, got 'yes'; write 1 for yes, 0 for no"),
    "flag 2": impression(3, ",2,0,0,", ",2,0,2,", "converted", "expected 0, 1 or empty, got '2'"),
    "nan": impression(2, "0.75", "nan", "relevance", "'nan' is not a finite number; leave"),
    "inf": impression(2, "0.75", "inf", "relevance", "'inf' is not a finite number; leave"),
    "grade": impression(2, "0.75", "3", "relevance", "'3' is outside 0 .. 1; divide grades by"),
    "word": impression(2, "0.5", "high", "relevance_confidence", "expected a number, got 'high'"),
    "number with an underscore": impression(
        2, "0.75", "0_1", "relevance", "expected a number, got '0_1'; write a number, or leave the cell empty"
    ),
    "digit of another script": impression(3, ",2,0,0,", ",2,\u0661,0,", "clicked", "expected 0, 1 or empty, got '\u0661'; write 1 for yes"),
    "position of another script": impression(
        5, ",1,1,0", ",\u0661,1,0", "position", "expected a position 1, 2, 3 ... or empty, got '\u0661'; count"
    ),
    "position 0": impression(5, ",1,1,0", ",0,1,0", "position", "expected a position 1, 2, 3"),
    "position 1.5": impression(5, ",1,1,0", ",1.5,1,0", "position", "expected a position 1, 2, "),
    "time": impression(
        2, "2025-03-02T00:00:00Z", "02/03/2025", "time", "expected a time, got '02/03/2025'; write ISO 8601 such as 2025-03-01 or"
    ),
    "no time": impression(2, "2025-03-02T00:00:00Z", "", "time", "expected a time, got ''; w"),
    "no search": impression(2, "s2,", ",", "search_id", "the id is empty; give every row its id"),
    "unknown job": impression(2, "j1", "j9", "job_id", "no job 'j9' in jobs.jsonl; add the job or remove the row"),
    "unknown resume": impression(2, "c1", "c9", "resume_id", "no resume 'c9' in resumes.jsonl"),
    "unknown recruiter": impression(2, "u1", "u9", "recruiter_id", "no recruiter 'u9' in rec"),
    "conversion without a click": impression(3, ",2,0,0,", ",2,0,1,", "converted", "converted without a click; write clicked 1"),
    "converted before": impression(2, "2025-03-04", "2025-03-01", "converted_at", "converted before the impression; check the two times"),
    "time without conversion": impression(
        5, ",1,0,,", ",1,0,2025-03-04,", "converted_at", "a time of conversion without a conversion; write converted 1, or"
    ),
    "first snapshot too late": (
        {"resumes__jsonl": RESUME_LINES[:2]},
        "impressions.csv:3: column resume_id: no snapshot of this resume is as old as the impression; add to resumes.j",
    ),
    "two jobs in a search": impression(4, "j1", "j2", "job_id", "a search with a second job; give every (recruiter, job, page) its own"),
    "two recruiters in a search": impression(
        4, "u1", "u2", "recruiter_id", "a search with a second recruiter; give every (recruiter, job, page)"
    ),
    "resume twice in a search": impression(
        4, "c2", "c1", "resume_id", "this resume stands twice in the same search; keep one row for each"
    ),
    "truth of another world": ({"truth__npz": b"no archive"}, "truth.npz: cannot be read: "),
    "protected attribute as a feature": (
        {"protected__csv": ["resume_id,grade", "c1,a"]},
        "resumes.jsonl: column grade: a protected attribute is never a feature; keep it in protected.csv",
    ),
}


@pytest.mark.parametrize("changes, message", BAD.values(), ids=BAD.keys())
def test_whatever_is_wrong_is_one_line_with_a_remedy(tmp_path, changes, message):
    write(tmp_path, **changes)
    with pytest.raises(DataError) as error:
        read_folder(tmp_path)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value) and error.value.remedy
    report = validate(tmp_path)
    assert not report.ok and report.problems[0].problem == error.value.problem and report.summary is None


def test_messages_name_the_column_as_the_file_does(tmp_path):
    header = HEADER.replace("clicked", "opened")
    write(tmp_path, impressions__csv=[header, *edited(IMPRESSIONS, 3, ",2,0,0,", ",2,yes,0,")[1:]])
    with pytest.raises(DataError, match="impressions.csv:3: column opened: expected 0, 1 or empty, got 'yes'"):
        read_folder(tmp_path, {"impressions": {"clicked": "opened"}})


def test_lines_are_counted_in_the_file_even_with_breaks_in_cells(tmp_path):
    role = ["recruiter_id,role", '"u1","sourcer', 'and more"', "", "u2,", "u3,agency"]
    with pytest.raises(DataError, match="recruiters.csv:5: column role: the cell is empty"):
        read_folder(write(tmp_path, recruiters__csv=role))


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder; check the path, or make one with minirank simulate"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file: is a file, not a folder; give the folder that holds jobs.jsonl"):
        read_folder(tmp_path / "file")


def test_a_folder_without_permission(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("minirank.data.folder.data_folder.os.listdir", refuse)
    with pytest.raises(DataError, match="no permission to read the folder; run chmod u\\+rx on it"):
        read_folder(write(tmp_path))


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    write(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(DataError) as error:
        patch.setattr("minirank.data.read_files.open_bytes", refuse)
        read_folder(tmp_path)
    assert str(error.value).startswith("jobs.jsonl: no permission to read it; run chmod u+r on it")
    (tmp_path / "jobs.jsonl").unlink()
    (tmp_path / "jobs.jsonl").mkdir()
    with pytest.raises(DataError, match="jobs.jsonl: is a folder, not a file; give the path of a file"):
        read_folder(tmp_path)


def test_truth_of_another_length(tmp_path):
    np.savez(write(tmp_path) / "truth.npz", click=np.zeros(3))
    with pytest.raises(DataError, match=r"truth.npz: column click: expected 4 entries, one an impression, got shape \(3,"):
        read_folder(tmp_path)
