"""Documents become lines of a data folder; what cannot be read costs one line, and the rest goes on."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from checkout import python
from command_line import refused, run

from minirank.data import read_folder
from minirank.data.documents.document import Document, Hidden
from minirank.data.documents.ingest import Ingested, _add, certain_date, identifier_of
from minirank.data.documents.pool import Worker


@pytest.fixture
def folder(tmp_path):
    """Two jobs, three resumes, and files that are none."""
    made = {
        "jobs/cook.txt": "\nCook\n\nWe need a cook.",
        "jobs/Clerk é.txt": "Clerk",
        "resumes/anna.txt": "Data engineer",
        "resumes/2024/ben.txt": "Nurse",
        "resumes/eve.txt": "",
        "resumes/scan.jpg": "x",
        "resumes/.DS_Store": "x",
        "resumes/~$anna.docx": "x",
        "letter.txt": "neither",
    }
    for name, text in made.items():
        path = tmp_path / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "documents"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_folder_becomes_jobs_and_resumes(capsys, folder, tmp_path):
    data = tmp_path / "data"
    status, said, _ = run(capsys, "ingest", folder, "--out", data)
    assert status == 0 and "resumes: 2 read, 0 of them with hidden text, 2 not read" in said
    assert "not read: resumes/eve.txt: the file is empty" in said and "resumes/scan.jpg: a picture (.jpg); run OCR" in said
    assert lines(data / "jobs.jsonl") == [
        {"job_id": "Clerk_é", "title": "Clerk", "description": "Clerk"},
        {"job_id": "cook", "title": "Cook", "description": "Cook\n\nWe need a cook."},
    ]
    read = read_folder(data, needs_log=False)
    assert {each["resume_id"]: each["text"] for each in read.resumes} == {"anna": "Data engineer", "2024/ben": "Nurse"}
    assert lines(data / "resume_documents.jsonl")[-1]["problem"] == "a picture (.jpg)"
    assert "overwrite it with --force" in refused(capsys, "ingest", folder, "--out", data)
    assert run(capsys, "ingest", folder, "--out", data, "--force", "--strict")[0] == 1


def test_folders_that_cannot_be_meant(capsys, folder, tmp_path):
    assert "neither a folder jobs nor a folder resumes" in refused(capsys, "ingest", folder / "resumes", "--out", tmp_path / "d")
    assert "lies among the documents" in refused(capsys, "ingest", folder, "--out", folder / "resumes" / "d")
    assert "no such folder" in refused(capsys, "ingest", tmp_path / "nothing", "--out", tmp_path / "d")
    (tmp_path / "empty").mkdir()
    assert "holds no document" in refused(capsys, "ingest", tmp_path / "empty", "--as", "jobs", "--out", tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_where_nothing_can_be_read_nothing_is_written(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    status, said, _ = run(capsys, "ingest", tmp_path / "in", "--as", "resumes", "--out", tmp_path / "d")
    assert status == 1 and "nothing was written" in said and not (tmp_path / "d").exists()


def test_a_file_that_ends_its_process_costs_one_line(tmp_path):
    good = tmp_path / "good.txt"
    good.write_text("Nurse")
    worker = Worker(seconds=5, most_bytes=2**28)
    try:
        assert worker.read(good) == [Document("Nurse")]
        with open(tmp_path / "huge.txt", "wb") as stream:
            stream.truncate(2**29)
        assert "memory" in worker.read(tmp_path / "huge.txt").problem
        assert worker.read(good) == [Document("Nurse")]
    finally:
        worker.close()


def test_a_file_that_takes_too_long_costs_one_line_and_a_pipe_is_no_file(tmp_path):
    (tmp_path / "long.csv").write_text("id,text\n" + "1,a\n" * 400_000)
    (tmp_path / "good.txt").write_text("Nurse")
    os.mkfifo(tmp_path / "pipe.txt")
    worker = Worker(seconds=1)
    try:
        assert "takes more than 1 s" in worker.read(tmp_path / "long.csv").problem
        assert "is no file" in worker.read(tmp_path / "pipe.txt").problem and worker.read(tmp_path / "good.txt") == [Document("Nurse")]
    finally:
        worker.close()


def test_names_and_links_that_are_no_good(capsys, tmp_path):
    inside, texts = (
        tmp_path / "in",
        {" .txt": "a", "x.csv": f"id,text\n{'x' * 1001},a\n", "list.json": '[{"basics":{"name":"A"}},{"basics":{}}]'},
    )
    inside.mkdir()
    for name, text in texts.items():
        (inside / name).write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    (inside / "out.txt").symlink_to(tmp_path / "secret.txt")
    (inside / "within.csv").symlink_to(inside / "x.csv")
    (inside / "nothing.txt").symlink_to(tmp_path / "nothing.txt")
    said = run(capsys, "ingest", inside, "--as", "resumes", "--out", tmp_path / "d")[1]
    for problem in (
        " .txt: its name as an id: the id is empty; rename it",
        "x.csv: its id: the id has 1,001 characters",
        "within.csv: its id: the id has",
        "list.json number 2: no text in it",
        "out.txt: a link that leads out of the folder; put",
        "nothing.txt: cannot be read: No such file",
    ):
        assert problem in said
    assert [line["resume_id"] for line in lines(tmp_path / "d" / "resumes.jsonl")] == ["list#1"]


def test_ids():
    assert identifier_of(Path("resumes/2024/anna.b.pdf"), "resumes") == "2024/anna.b"
    assert identifier_of(Path("jobs/anna.pdf"), "resumes") == "jobs/anna"
    assert identifier_of(Path("resumes/new ones/Anna  B\u00a0CV .pdf"), "resumes") == "new_ones/Anna_B_CV", "as a TREC run takes it"
    assert identifier_of(Path("resumes"), "resumes") == "resumes"
    made, taken = Ingested("resumes"), {}
    for name in ("anna.docx", "anna.pdf"):
        _add(made, Path(name), [Document("Nurse")], (), taken)
    assert len(made.records) == 1 and "its id anna is that of anna.docx" in made.not_read[0]["problem"]


def test_a_date_that_cannot_be_is_none():
    assert certain_date("2024-05-01T10:00:00+02:00") and not any(map(certain_date, ("1970-01-01", "2999-01-01", "May", "", None)))


def test_the_process_that_reads_loads_no_arrays():
    code = "import sys, minirank.data.documents.worker; sys.exit(bool({'numpy', 'numba'} & set(sys.modules)))"
    assert python("-c", code).returncode == 0


def test_hidden_text_is_read_where_it_is_asked_for():
    eve = Document("Nurse", (Hidden("Python", "white", "page 1"), Hidden("SQL", "tiny", "page 1")))
    scan = Document("", (Hidden("Clerk", "ocr", "page 1"),))
    for keep, texts in (((), ["Nurse"]), (("white",), ["Nurse\nPython"]), (("ocr",), ["Nurse", "Clerk"])):
        made = Ingested("resumes")
        for name, document in (("eve.pdf", eve), ("scan.pdf", scan)):
            _add(made, Path(name), [document], keep, {})
        assert [record["text"] for record in made.records] == texts
        assert made.documents[0]["hidden"] == [asdict(each) for each in eve.hidden]  # whatever is read, it is told
        assert made.documents[1]["hidden"] == [asdict(each) for each in scan.hidden]
        assert ("--keep-hidden ocr" in made.documents[1].get("remedy", "")) == ("ocr" not in keep)
