"""A data folder that is wrong gives one line: file, line, column and remedy."""

import json

import numpy as np
import pytest
from case_table import cases
from data_world import HEADER, HIRES, IMPRESSIONS, JOBS, RECRUITERS, RESUMES, edited, write

from minirank.data import read_folder, validate
from minirank.data.kept.store import Kept
from minirank.errors import DataError

LINES = {"jobs.jsonl": [json.dumps(job) for job in JOBS], "resumes.jsonl": [json.dumps(resume) for resume in RESUMES]}
LINES |= {"recruiters.csv": RECRUITERS, "hires.csv": HIRES}


def check_error(path, message, **changes):
    """A folder with these changes is refused in one line that begins like that, by a reader and by `validate`."""
    write(path, **changes)
    with pytest.raises(DataError) as error:
        read_folder(path)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value) and error.value.remedy
    with pytest.raises(DataError) as part_by_part:
        read_folder(path, kept=Kept(), mapped=True)
    assert str(part_by_part.value) == str(error.value)
    report = validate(path)
    assert not report.ok and report.problems[0].problem == error.value.problem and report.summary is None


@cases(r"""
    file | content= | message
    jobs.jsonl | None | no such file;
    jobs.jsonl | b"" | the file is empty; write one JSON object a line
    jobs.jsonl | b'{"job_id": "j1"}\n{"job_id": "K\xf6ln"}\n' | 2: not UTF-8; save it as UTF-8, for instance: iconv
    impressions.csv | b"" | the file is empty; write a header line and rows
    recruiters.csv | ["recruiter_id;role", "u1;sourcer", "u2;agency"] | 1: cells are separated by semicolons; save it with commas
    truth.npz | b"no archive" | cannot be read:
""")
def test_a_file_with_other_content(tmp_path, file, content, message):
    check_error(tmp_path, f"{file}:{'' if message[0].isdigit() else ' '}{message}", **{file: content})


@cases("""
    file | line | message
    jobs.jsonl | [1] | 3: expected a JSON object, got [1]; write {
    jobs.jsonl | {"a": NaN} | 3: NaN is not a JSON number;
    jobs.jsonl | {"a": NINES} | 3: a whole number of 5,000 digits; write it as a text, in double quotes
    resumes.jsonl | SNAPSHOT | 4: column updated_at: resume 'c1' has the same time as on line 3; keep one line for each
    recruiters.csv | u1,agency | 4: column recruiter_id: recruiter 'u1' stands there twice; give every recruiter one role
    recruiters.csv | u3, | 4: column role: the cell is empty; write
    hires.csv | j9,c2,2025-01-01 | 3: column job_id: no job 'j9' in jobs.jsonl; add the job or remove the row
    hires.csv | j1,c9,2025-01-01 | 3: column resume_id: no resume 'c9' in resumes.jsonl; add the resume or remove the row
""")
def test_a_line_more(tmp_path, file, line, message):
    line = line.replace("NINES", "9" * 5000).replace("SNAPSHOT", LINES["resumes.jsonl"][2])
    check_error(tmp_path, f"{file}:{message}", **{file: [*LINES[file], line]})


@cases(r"""
    column | value= | says
    title | None | expected a text, got None; write a text
    title | "\ud800" | half of a surrogate pair stands alone;
    job_id | 1.5 | expected an id, got 1.5; write a text
    job_id | "j1" | job 'j1' stands already on line 1; remove one
    team_id | " " | the id is empty; give every row its id
    team_id | "\ud800" | half of a surrogate pair stands alone; write the whole character
    posted_at | 1735689600 | expected a time, got 1735689600; w
    posted_at | "1969-12-31" | time '1969-12-31' is before 1970
    posted_at | "9999-12-31T23:59:59-23:59" | time '9999-12-31T23:59:59-23:59' is after the year 9999; correct it
""")
def test_another_value_in_the_second_job(tmp_path, column, value, says):
    lines = [LINES["jobs.jsonl"][0], json.dumps(JOBS[1] | {column: value})]
    check_error(tmp_path, f"jobs.jsonl:2: column {column}: {says}", jobs__jsonl=lines)


@cases("""
    line= | old | new | says
    1 | clicked | position | column position: stands twice in the header; rename one of the two
    3 | ,,, | ,, | expected 11 cells, got 10; put cells that contain
    4 | s2, | "s2"x, | quoting is broken (
    4 | s2, | "s2, | quoting is broken (unexpected end of data)
    4 | s2, | "s2COMMAS | a cell has more than 131,072 characters; close the double quote that begins it, or shorten
    3 | ,2,0,0, | ,2,yes,0, | column clicked: expected 0, 1 or empty, got 'yes'; write 1 for yes, 0 for no
    3 | ,2,0,0, | ,2,0,2, | column converted: expected 0, 1 or empty, got '2'
    2 | 0.75 | nan | column relevance: 'nan' is not a finite number; leave
    2 | 0.75 | inf | column relevance: 'inf' is not a finite number; leave
    2 | 0.75 | 3 | column relevance: '3' is outside 0 .. 1; divide grades by
    2 | 0.5 | high | column relevance_confidence: expected a number, got 'high'
    2 | 0.75 | 0_1 | column relevance: expected a number, got '0_1'; write a number, or leave the cell empty
    3 | ,2,0,0, | ,2,\u0661,0, | column clicked: expected 0, 1 or empty, got '\u0661'; write 1 for yes
    5 | ,1,1,0 | ,\u0661,1,0 | column position: expected a position 1, 2, 3 ... or empty, got '\u0661'; count
    5 | ,1,1,0 | ,0,1,0 | column position: expected a position 1, 2, 3
    5 | ,1,1,0 | ,1.5,1,0 | column position: expected a position 1, 2,
    2 | 2025-03-02T00:00:00Z | 02/03/2025 | column time: expected a time, got '02/03/2025'; write ISO 8601 such as 2025-03-01 or
    2 | 2025-03-02T00:00:00Z | | column time: expected a time, got ''; w
    2 | s2, | , | column search_id: the id is empty; give every row its id
    2 | j1 | j9 | column job_id: no job 'j9' in jobs.jsonl; add the job or remove the row
    2 | c1 | c9 | column resume_id: no resume 'c9' in resumes.jsonl
    2 | u1 | u9 | column recruiter_id: no recruiter 'u9' in rec
    3 | ,2,0,0, | ,2,0,1, | column converted: converted without a click; write clicked 1
    2 | 2025-03-04 | 2025-03-01 | column converted_at: converted before the impression; check the two times
    5 | ,1,0,, | ,1,0,2025-03-04, | column converted_at: a time of conversion without a conversion; write converted 1, or
    4 | j1 | j2 | column job_id: a search with a second job; give every (recruiter, job, page) its own
    4 | u1 | u2 | column recruiter_id: a search with a second recruiter; give every (recruiter, job, page)
    4 | c2 | c1 | column resume_id: this resume stands twice in the same search; keep one row for each
""")
def test_something_else_in_a_line_of_the_impressions(tmp_path, line, old, new, says):
    lines = edited(IMPRESSIONS, line, old, new.replace("COMMAS", "," * 140_000))
    check_error(tmp_path, f"impressions.csv:{line}: {says}", impressions__csv=lines)


J1, J2 = LINES["jobs.jsonl"]
TOO_LATE = "impressions.csv:3: column resume_id: no snapshot of this resume is as old as the impression; add to resumes.j"
RENAMED = (
    "impressions.csv:1: column clicked: missing; if it is the column 'was_clicked', write "
    "data.columns.impressions.clicked: was_clicked in the configuration (data.columns.impressions.clicked: null"
)
UNLIKE = "column recruiter_id: missing; name the column that holds it, data.columns.recruiters.recruiter_id: NAME; there are a, b"
OTHERS = [
    ("impressions.csv: no row below the header; export at least one", {"impressions.csv": [HEADER]}),
    ("impressions.csv:3: not UTF-8; save it as UTF-8", {"impressions.csv": "\n".join(IMPRESSIONS).replace("s1", "sä").encode("latin-1")}),
    (RENAMED, {"impressions.csv": edited(IMPRESSIONS, 1, "clicked", "was_clicked")}),
    (TOO_LATE, {"resumes.jsonl": LINES["resumes.jsonl"][:2]}),
    (f"recruiters.csv:1: {UNLIKE}", {"recruiters.csv": ["a,b", "1,2"]}),
    (
        "resumes.jsonl: column grade: a protected attribute is never a feature; keep it in protected.csv",
        {"protected.csv": ["resume_id,grade", "c1,a"]},
    ),
    (
        "jobs.jsonl:2: not valid JSON (Expecting ',' delimiter at character 16); write one JSON object a line",
        {"jobs.jsonl": [J1, '{"job_id": "j2"']},
    ),
    ("jobs.jsonl:1: not UTF-8; save it as UTF-8, for instance: iconv -f UTF-16 -t UTF-8", {"jobs.jsonl": f"{J1}\n{J2}".encode("utf-16")}),
    (
        "jobs.jsonl:2: column job_id: missing; if it is the column 'jobId', write data.columns.jobs.job_id: jobId",
        {"jobs.jsonl": [J1, J2.replace("job_id", "jobId")]},
    ),
    (
        "jobs.jsonl:2: column job_id: the id has 1,001 characters; give one of at most 1,000",
        {"jobs.jsonl": [J1, J2.replace('"j2"', f'"{"j" * 1001}"')]},
    ),
]


@pytest.mark.parametrize("message, changes", OTHERS)
def test_other_changes(tmp_path, message, changes):
    check_error(tmp_path, message, **changes)


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


def test_folders_and_files_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    write(tmp_path)
    for function, message in (
        ("folder.data_folder.os.listdir", r".*no permission to read the folder; run chmod u\+rx on it"),
        ("open_files.open_bytes", r"jobs.jsonl: no permission to read it; run chmod u\+r on it"),
    ):
        with monkeypatch.context() as patch, pytest.raises(DataError, match=f"^{message}"):
            patch.setattr(f"minirank.data.{function}", refuse)
            read_folder(tmp_path)
    (tmp_path / "jobs.jsonl").unlink()
    (tmp_path / "jobs.jsonl").mkdir()
    with pytest.raises(DataError, match="jobs.jsonl: is a folder, not a file; give the path of a file"):
        read_folder(tmp_path)


def test_truth_of_another_length(tmp_path):
    np.savez(write(tmp_path) / "truth.npz", click=np.zeros(3))
    with pytest.raises(DataError, match=r"truth.npz: column click: expected 4 entries, one an impression, got shape \(3,"):
        read_folder(tmp_path)


@cases(r"""
    known= | written= | shown
    "caf\u00e9" | "cafe\u0301" | no resume 'cafe\u0301' in resumes.jsonl; write 'caf\xe9' as it stands there
    1 | "1.0" | no resume '1.0' in resumes.jsonl; write '1' as it stands there
    "007" | "7" | no resume '7' in resumes.jsonl; write '007' as it stands there
    "Anna" | "anna" | no resume 'anna' in resumes.jsonl; write 'Anna' as it stands there
    "a1" | "a\u200b1" | no resume 'a\u200b1' in resumes.jsonl; write 'a1' as it stands there
    "a1" | "\uff41\uff11" | no resume '\uff41\uff11' in resumes.jsonl; write 'a1' as it stands there
    "=a1" | "'=a1" | no resume "'=a1" in resumes.jsonl; write '=a1' as it stands there
""")
def test_an_id_that_another_program_wrote_otherwise(tmp_path, known, written, shown):
    """Ids that people take for one are two; the error tells them apart."""
    resume = RESUMES[0] | {"resume_id": known}
    lines = [*LINES["hires.csv"], f"j1,{written},2025-01-01"]
    message = f"hires.csv:{len(lines)}: column resume_id: {shown}, an id is the same in all files"
    check_error(tmp_path, message, **{"resumes.jsonl": [*LINES["resumes.jsonl"], json.dumps(resume)], "hires.csv": lines})


def test_many_ids_that_are_not_known_take_no_time_each(tmp_path):
    """The comparison with all known ids is made once."""
    lines = [*LINES["hires.csv"], *(f"j1,x{number},2025-01-01" for number in range(20_000))]
    resumes = [*LINES["resumes.jsonl"], *(json.dumps(RESUMES[0] | {"resume_id": f"y{number}"}) for number in range(2_000))]
    write(tmp_path, **{"resumes.jsonl": resumes, "hires.csv": lines})
    assert validate(tmp_path).count == 20_000


def test_ids_keep_everything_but_the_blanks_around_them(tmp_path):
    ids = {"  b1\t": "b1", "\u00e9": "\u00e9", "e\u0301": "e\u0301", "n\x00": "n\x00", "n": "n", "a\nb": "a\nb", "1.0": "1.0", "1": "1"}
    resumes = [json.dumps(RESUMES[0] | {"resume_id": name}) for name in ids]
    write(tmp_path, **{"resumes.jsonl": [*LINES["resumes.jsonl"], *resumes]})
    assert set(ids.values()) <= {resume["resume_id"] for resume in read_folder(tmp_path).resumes}
