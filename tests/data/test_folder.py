"""A data folder that is right is read to the letter, under our names or others."""

import json

import numpy as np
import pytest
from case_table import cases
from data_world import HEADER, HIRES, IMPRESSIONS, JOBS, write

from minirank.data import fingerprint, protected_columns, read_folder, validate
from minirank.errors import ConfigError, DataError

JOB_LINES = [json.dumps(job) for job in JOBS]


def day(text: str) -> int:
    return int(np.datetime64(text, "s").astype(np.int64))


def test_values_arrive(tmp_path):
    folder = read_folder(write(tmp_path))
    assert [job["job_id"] for job in folder.jobs] == ["j1", "j2"]
    assert folder.jobs[0]["posted_at"] == day("2025-01-01") and folder.jobs[0]["location"] is None
    assert folder.jobs[1]["location"] == "Köln"
    snapshots = [(resume["resume_id"], resume["updated_at"]) for resume in folder.resumes]
    assert snapshots == [("c1", day("2025-01-01")), ("c1", day("2025-03-01T09:00")), ("c2", day("2025-01-01"))]
    assert folder.resumes[2]["grade"] == 3
    assert folder.latest_resumes().tolist() == [1, 2]
    assert folder.recruiters == {"u1": "sourcer", "u2": "agency"} and folder.roles == ("agency", "sourcer")
    assert folder.hires.job.tolist() == [0] and folder.hires.resume_id == ("c2",)
    assert folder.hires.hired_at.tolist() == [day("2024-12-01")]
    rows = folder.impressions
    assert len(rows) == 4 and rows.search_id == ["s1", "s2"]
    assert rows.row.tolist() == [1, 3, 0, 2]
    assert rows.search.tolist() == [0, 0, 1, 1]
    assert rows.time.tolist() == [day("2025-02-01")] * 2 + [day("2025-03-02")] * 2
    assert rows.role.tolist() == [0, 0, 1, 1] and rows.job.tolist() == [1, 1, 0, 0]
    assert rows.position.tolist() == [2, 1, 1, 0]
    np.testing.assert_array_equal(rows.clicked, np.float32([0, 1, 1, np.nan]))
    np.testing.assert_array_equal(rows.converted, np.float32([0, 0, 1, np.nan]))
    assert rows.converted_at.tolist() == [-1, -1, day("2025-03-04"), -1]
    np.testing.assert_array_equal(rows.relevance, np.float32([np.nan, 0, 0.75, 1]))
    np.testing.assert_array_equal(rows.confidence, np.float32([np.nan, 1, 0.5, np.nan]))
    assert folder.truth is None


def test_a_resume_is_the_snapshot_before_the_impression(tmp_path):
    folder = read_folder(write(tmp_path))
    texts = [folder.resumes[index]["text"] for index in folder.impressions.resume]
    assert texts == ["python", "nurse", "python, later", "nurse"]


@pytest.mark.parametrize("seconds, text", [("08:59:59", "python"), ("09:00:00", "python, later")])
def test_a_snapshot_counts_from_its_second_on(tmp_path, seconds, text):
    lines = [line.replace("2025-03-02T00:00:00", f"2025-03-01T{seconds}") for line in IMPRESSIONS]
    folder = read_folder(write(tmp_path, impressions__csv=lines))
    assert folder.resumes[folder.impressions.resume[2]]["text"] == text


@pytest.mark.parametrize("start, end", [("", "\r\n"), ("\ufeff", "\n"), ("\ufeff", "\r\n"), ("", "\n\n")])
def test_marks_line_ends_and_empty_lines_do_not_matter(tmp_path, start, end):
    plain, other = tmp_path / "plain", tmp_path / "other"
    plain.mkdir(), other.mkdir()
    write(plain)
    for path in plain.iterdir():
        text = path.read_text(encoding="utf-8").replace("\n", end)
        (other / path.name).write_bytes((start + text).encode())
    expected, folder = read_folder(plain), read_folder(other)
    assert folder.jobs == expected.jobs and folder.resumes == expected.resumes
    assert folder.recruiters == expected.recruiters
    for name in ("row", "time", "resume", "clicked"):
        np.testing.assert_array_equal(getattr(folder.impressions, name), getattr(expected.impressions, name))


def test_quoted_cells_spaces_whole_number_ids_and_float_flags(tmp_path):
    jobs = [json.dumps(JOBS[0] | {"job_id": 7}), JOB_LINES[1]]
    hires = ["job_id,resume_id,hired_at", "7, c2 ,2024-12-01"]
    lines = [line.replace("j1", " 7 ").replace(",1,1,1,", ',1,1.0,"1",') for line in IMPRESSIONS]
    folder = read_folder(write(tmp_path, jobs__jsonl=jobs, hires__csv=hires, impressions__csv=lines))
    assert folder.jobs[0]["job_id"] == "7" and folder.impressions.clicked[2] == 1


def test_columns_may_have_other_names(tmp_path):
    header = HEADER.replace("clicked", "was_clicked").replace(",relevance_confidence", ",note")
    jobs = [json.dumps({"id" if key == "job_id" else key: value for key, value in job.items()}) for job in JOBS]
    write(tmp_path, impressions__csv=[header, *IMPRESSIONS[1:]], jobs__jsonl=jobs)
    columns = {"impressions": {"clicked": "was_clicked", "relevance_confidence": None}, "jobs": {"job_id": "id"}}
    folder = read_folder(tmp_path, columns)
    np.testing.assert_array_equal(folder.impressions.clicked, np.float32([0, 1, 1, np.nan]))
    assert np.isnan(folder.impressions.confidence).all()
    assert folder.jobs[0]["job_id"] == "j1" and "id" not in folder.jobs[0]


def test_truth_follows_the_rows(tmp_path):
    write(tmp_path)
    np.savez(tmp_path / "truth.npz", click=np.array([0.0, 0.1, 0.2, 0.3]))
    assert read_folder(tmp_path).truth["click"].tolist() == [0.1, 0.3, 0.0, 0.2]


def test_no_hires_are_fine(tmp_path):
    assert len(read_folder(write(tmp_path, hires__csv=HIRES[:1])).hires.job) == 0


@cases("""
    columns= | message
    {"impresions": {}} | data.columns.impresions: unknown file; did you mean impressions?
    {"impressions": {"cliked": "x"}} | data.columns.impressions.cliked: unknown column; did you mean clicked?
    {"impressions": {"time": None}} | data.columns.impressions.time: this column is needed; write its name in imp
""")
def test_a_mapping_that_names_nothing(tmp_path, columns, message):
    with pytest.raises(ConfigError) as error:
        read_folder(write(tmp_path), columns)
    assert str(error.value).startswith(message)


def test_the_protected_file_is_never_read_as_data(tmp_path):
    write(tmp_path, protected__csv=["resume_id,group", "c1,a"])
    assert protected_columns(tmp_path) == {"group"}
    assert all("group" not in resume for resume in read_folder(tmp_path).resumes)
    with pytest.raises(DataError, match="protected.csv: column protected: a protected attribute is never a feature"):
        read_folder(tmp_path, {"protected": {"group": "group"}})


def test_the_first_error_says_how_many_more_there_are(tmp_path):
    lines = [line.replace("2025-0", "0/") for line in IMPRESSIONS]
    write(tmp_path, impressions__csv=lines)
    with pytest.raises(DataError, match=r"\(4 more; minirank validate lists them\)"):
        read_folder(tmp_path)
    text = str(validate(tmp_path))
    assert text.splitlines()[-1] == "5 problems"
    assert "... and 1 more" in text and text.count("column time") == 3 and "column converted_at" in text


def test_validate_keeps_no_more_than_asked(tmp_path):
    report = validate(write(tmp_path, impressions__csv=[HEADER] + ["s,x,u9,j9,c9,0,9,9,9,9,9"] * 50), limit=4)
    assert len(report.problems) == 4 and report.count == 50 * 10


def test_the_summary(tmp_path):
    report = validate(write(tmp_path))
    assert report.ok and report.count == 0
    lines = {" ".join(line.split()) for line in str(report).splitlines()}
    assert lines >= {
        "jobs 2 of 1 teams",
        "resumes 2 in 3 snapshots",
        "recruiters 2 in 2 roles",
        "impressions 4 2025-02-01 to 2025-03-02, 29.0 days",
        "sourcer 2 100.00 % 100.00 % 0.875",
        "all 4 66.67 % 50.00 % 0.583",
        "position 25.00 %",
        "conversions come after 2.0 days (median), 99 % within 2.0 days",
    }


def test_the_fingerprint_is_of_every_byte_and_name(tmp_path):
    files = read_folder(write(tmp_path)).files
    first = fingerprint(files)
    assert len(first) == 64 and fingerprint(files) == first
    path = tmp_path / "hires.csv"
    path.write_text(path.read_text().replace("c2", "c1"))
    assert fingerprint(files) != first
    with pytest.raises(DataError, match="nothing: cannot be read: No such file or directory; check the path"):
        fingerprint([tmp_path / "nothing"])
