"""Jobs and resumes without a log: a run from elsewhere reads and ranks them, one job or a file of jobs."""

import json

import command_line
import data_world
import numpy as np
import pytest
from case_table import cases

from minirank.data import read_folder, validate
from minirank.errors import DataError
from minirank.extract import extract_folder, read_features
from minirank.features.signals import hiring_signals
from minirank.ranking import Ranker
from minirank.ranking.candidates import read_resumes
from minirank.ranking.trec_run import falling

JOBS = [
    {"job_id": "q1", "title": "Senior Data Engineer", "description": "You must have Python and SQL. Docker is a plus."},
    {"job_id": "q2", "title": "Nurse", "description": "Requirements: wound care."},
]
RESUMES = [
    {"resume_id": "b", "text": "Data Engineer\nSkills: Python, SQL, Docker\n7 years of experience"},
    {"resume_id": "a", "text": "Nurse\nSkills: wound care"},
    {"resume_id": "c", "text": "Cook\nSkills: baking"},
]


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def folder(tmp_path):
    """A folder of jobs and resumes that says nothing else."""
    path = tmp_path / "texts"
    path.mkdir()
    (path / "jobs.jsonl").write_text(lines(JOBS))
    (path / "resumes.jsonl").write_text(lines(RESUMES))
    return path


def test_validate_extract_and_rank_need_no_log(market, folder, capsys):
    status, out, _ = command_line.run(capsys, "validate", folder)
    assert status == 0 and "nothing to learn from, for there is no impressions.csv" in out
    assert out.endswith(f"next: minirank extract {folder} (there are no extracted features yet)\n")
    assert command_line.run(capsys, "extract", folder)[0] == 0
    assert command_line.run(capsys, "validate", folder)[1].endswith(f"next: minirank rank RUN --data {folder} --job J\n")
    status, out, _ = command_line.run(capsys, "rank", market[1], "--data", folder, "--job", "q1", "--json")
    assert status == 0 and json.loads(out)["scored"] == 3


def test_a_folder_without_a_log_ranks_as_the_same_texts_by_hand(market, folder):
    by_id = Ranker.load(market[1], folder)
    by_hand = Ranker.load(market[1])
    for job in JOBS:
        for role in (None, "hr"):
            one, other = by_id.rank(job["job_id"], role=role), by_hand.rank(job, RESUMES, role)
            assert [(c.resume_id, c.score) for c in one.candidates] == [(c.resume_id, c.score) for c in other.candidates]
            assert one.candidates[0].evidence == other.candidates[0].evidence


def test_what_was_extracted_is_read_back(folder):
    found = read_folder(folder, needs_log=False)
    assert not found.has_log and len(found.impressions) == 0
    written = extract_folder(found)
    assert read_features(found) == written and [resume.updated_at for resume in written.resumes] == [None] * 3
    assert [line["hires"] for line in hiring_signals(found, written)] == [0, 0]


def test_many_jobs_have_the_order_and_scores_of_each(market, folder):
    ranker = Ranker.load(market[1], folder)
    many = list(ranker.rank_jobs(["q1", JOBS[1]], role="hr", top=2))
    for job, short in zip(("q1", "q2"), many, strict=True):
        one = ranker.rank(job, role="hr", top=2)
        assert short.job_id == job and list(zip(short.resume_ids, short.scores)) == [(c.resume_id, c.score) for c in one.candidates]
        assert short.note == one.note


@pytest.mark.parametrize("words", [("--data", "."), ("--resumes", "resumes.jsonl")], ids=["folder", "files"])
def test_a_run_of_many_jobs_is_written(market, folder, capsys, monkeypatch, words):
    monkeypatch.chdir(folder)
    arguments = ("rank", market[1], "--jobs", "jobs.jsonl", *words, "--out", "a.run")
    status, out, _ = command_line.run(capsys, *arguments)
    assert status == 0 and out == "wrote 6 candidates of 2 jobs to a.run\n"
    rows = [line.split(" ") for line in (folder / "a.run").read_text().splitlines()]
    assert [(job, q0, int(rank), name) for job, q0, _, rank, _, name in rows] == [
        (job, "Q0", rank, "run") for job in ("q1", "q2") for rank in (1, 2, 3)
    ]
    expected = Ranker.load(market[1]).rank(JOBS[0], RESUMES)
    assert [row[2] for row in rows[:3]] == [c.resume_id for c in expected.candidates]
    assert [float(row[4]) for row in rows[:3]] == pytest.approx([c.score for c in expected.candidates], rel=1e-6)
    assert "a.run: exists; choose another name" in command_line.refused(capsys, *arguments)
    assert command_line.run(capsys, *arguments, "--force", "--top", "1")[1] == "wrote 2 candidates of 2 jobs to a.run\n"


def test_the_scores_of_a_run_fall_where_they_are_equal_in_single_precision():
    scores = np.array([0.5, 0.5, 0.5 - 1e-12, 0.25, 0.0, 0.0])
    found = falling(scores)
    assert found.dtype == np.float32 and (np.diff(found) < 0).all()
    np.testing.assert_allclose(found, scores, atol=1e-6)


@cases("""
    words | message
    --jobs jobs.jsonl | --jobs writes the rankings of many jobs: give --out FILE, or one job with --job
    --job q1 --force | --force is for the file of --out; leave it out
    --job q1 --out a.run --json | --out writes a TREC run, which has no place for what --json asks; leave one of the two out
    --job q1 --out a.run --versus hr | --out writes a TREC run, which has no place for what --versus asks; leave one of the two out
    --job q1 --jobs jobs.jsonl --out a.run | argument --jobs: not allowed with argument --job
    --out a.run | one of the arguments --job --jobs is required
    --jobs jobs.jsonl --out jobs.jsonl --force | --out jobs.jsonl: this command reads jobs.jsonl, which would be overwritten
    --jobs jobs.jsonl --out resumes.jsonl --force | --out resumes.jsonl: this command reads resumes.jsonl, which would be
    --jobs resumes.jsonl --out a.run | resumes.jsonl:1: column title: the key is missing, there is resume_id, text; add "title"
    --jobs unnamed.jsonl --out a.run | unnamed.jsonl:1: column job_id: the key is missing; add "job_id"
    --jobs twice.jsonl --out a.run | twice.jsonl:3: column job_id: 'q1' stands already on line 1; give each job one line
    --jobs blank.jsonl --out a.run | blank.jsonl: column job_id: the id 'q 1' has blanks; columns of a TREC run are parted by blanks
    --jobs jobs.jsonl --resumes again.jsonl --out a.run | again.jsonl:4: column resume_id: 'b' stands already on line 1, as of the same time
""")
def test_what_does_not_go_together_is_refused_before_any_work(market, folder, capsys, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    (folder / "unnamed.jsonl").write_text(lines([{"title": "Cook", "description": "Cooks."}]))
    (folder / "twice.jsonl").write_text(lines([*JOBS, JOBS[0]]))
    (folder / "blank.jsonl").write_text(lines([JOBS[0] | {"job_id": "q 1"}]))
    (folder / "again.jsonl").write_text(lines([*RESUMES, RESUMES[0]]))
    assert command_line.refused(capsys, "rank", market[1], "--data", ".", *words.split()).startswith(message)
    assert not (folder / "a.run").exists()


def test_snapshots_of_a_file_may_have_one_id(tmp_path):
    path = tmp_path / "resumes.jsonl"
    path.write_text(lines([RESUMES[0] | {"updated_at": at} for at in ("2024-01-01", "2025-01-01")]))
    assert len(read_resumes(path, now=0)) == 2


@cases(r"""
    changes= | message
    {"recruiters.csv": None, "impressions.csv": None} |
    {"recruiters.csv": None, "impressions.csv": None, "hires.csv": None} |
    {"recruiters.csv": None} | recruiters.csv: no such file
    {"hires.csv": None} | hires.csv: no such file
    {"impressions.csv": []} | impressions.csv: the file is empty
    {"impressions.csv": None, "hires.csv": ["job_id,resume_id,hired_at", "j9,c2,2024-12-01"]} | hires.csv:2: column job_id: no job 'j9'
    {"impressions.csv": None, "resumes.jsonl": ['{"resume_id": "c2", "text": "x"}']} | resumes.jsonl:1: column updated_at: missing
    {"impressions.csv": None, "hires.csv": None, "resumes.jsonl": ['{"resume_id": "c2"}']} | resumes.jsonl:1: column text: missing
    {"impressions.csv": None, "hires.csv": None, "jobs.jsonl": ['{"job_id": "j1", "posted_at": 7.5}']} | jobs.jsonl:1: column title: missing
""")
def test_a_log_needs_all_files_and_hires_need_times(tmp_path, changes, message):
    data_world.write(tmp_path, **changes)
    report = validate(tmp_path, needs_log=False)
    assert report.ok == (not message)
    if message:
        assert str(report.problems[0]).startswith(message)
    else:
        assert not report.folder.has_log


def test_training_asks_for_the_log(folder, capsys):
    with pytest.raises(DataError):
        read_folder(folder)
    status, out, _ = command_line.run(capsys, "validate", folder, "--set", "training.epochs=2")
    assert status == 1 and "impressions.csv: no such file" in out


def test_grading_without_a_log_asks_for_pairs(folder, capsys):
    command_line.run(capsys, "extract", folder)
    assert "so no pair was shown to anybody; name pairs with --pairs FILE.csv" in command_line.refused(capsys, "grade", folder)
    pairs = folder.parent / "pairs.csv"
    pairs.write_text("job_id,resume_id\nq1,b\nq2,c\n")
    assert command_line.run(capsys, "grade", folder, "--pairs", pairs)[0] == 0
    assert (folder / "relevance_grades.csv").read_text().splitlines()[1].startswith("q1,b,,")
