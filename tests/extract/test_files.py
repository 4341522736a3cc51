"""The feature files: written beside the data, read back as they were, or refused with file, line and remedy."""

import json
from types import SimpleNamespace

import pytest
from command_line import run
from extraction_server import write_folder

from minirank.data import read_folder
from minirank.data.kept.store import Kept
from minirank.errors import DataError
from minirank.extract import JobFeatures, Value, extract_folder, read_features
from minirank.features.kept_rows import KeptRows

DAY = 86_400
VALUE = {"quote": "q", "start": 0, "end": 1, "source": "llm"}


@pytest.fixture
def folder(tmp_path):
    need = {"title": "Nurse", "description": "You need triage. \ud800"}
    jobs = [{"job_id": "j1", "posted_at": 9 * DAY} | need, {"job_id": "j2", "title": "", "description": "", "posted_at": 9 * DAY}]
    texts = {0: "Accountant. IFRS", 400 * DAY + 1: "Accountant. IFRS, SAP"}
    resumes = [{"resume_id": "r1", "text": text, "updated_at": at} for at, text in texts.items()]
    return SimpleNamespace(path=tmp_path, jobs=jobs, resumes=resumes, contents=None)


def test_files_come_back_as_they_were_written(folder):
    calls = []
    written = extract_folder(folder, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [j.job_id for j in written.jobs] == ["j1", "j2"]
    assert [v.value for v in written.jobs[0].must_have] == ["emergency care"]
    assert [(r.resume_id, r.updated_at) for r in written.resumes] == [("r1", "1970-01-01T00:00:00Z"), ("r1", "1971-02-05T00:00:01Z")]
    assert [len(r.skills) for r in written.resumes] == [1, 2]
    assert read_features(folder) == written
    assert sorted(p.name for p in folder.path.iterdir()) == ["extraction.json", "job_features.jsonl", "resume_features.jsonl"]


def test_a_line_has_the_documented_keys(folder):
    extract_folder(folder)
    line = json.loads((folder.path / "job_features.jsonl").read_text().splitlines()[0])
    keys = "job_id title seniority min_years must_have nice_to_have education domains responsibilities soft_skills "
    keys += "location remote languages salary currency start leadership conditions employer industries stressed flagged masked"
    assert " ".join(line) == keys
    assert line["must_have"] == [{"value": "emergency care", "quote": "triage", "start": 15, "end": 21, "source": "rules"}]
    line = json.loads((folder.path / "resume_features.jsonl").read_text().splitlines()[0])
    keys = (
        "resume_id updated_at title seniority years skills education domains soft_skills location remote languages salary currency notice "
    )
    keys += "tenure moves gap leadership conditions employers industries schools flagged masked"
    assert " ".join(line) == keys


def test_files_are_asked_for(folder):
    with pytest.raises(DataError, match=r"job_features.jsonl: there are no .*; run `minirank extract DATA`"):
        read_features(folder)


def test_features_of_other_resumes_are_refused(folder):
    extract_folder(folder)
    folder.resumes[1]["updated_at"] += 1
    with pytest.raises(DataError, match=r"resume_features.jsonl: no features of resume_id 'r1': the data changed"):
        read_features(folder)


DAMAGE = [
    (lambda line: line["must_have"][0].update(value=7), "a value of key 'must_have' must be a text, got 7"),
    (lambda line: line["must_have"][0].update(start=-1), "start and end of a value must be offsets in a text, got -1"),
    (lambda line: line["must_have"][0].update(depth="deep"), "key 'depth' of a value must be one of basic, solid, expert, got 'deep'"),
    (lambda line: line["must_have"][0].update(years=-1), "key 'years' of a value must be years, got -1"),
    (lambda line: line["must_have"][0].update(years=True), "key 'years' of a value is missing or has the wrong type"),
    (lambda line: line.update(conditions=[VALUE | {"value": "fun"}]), "key 'conditions' must be one of relocation, travel"),
    (lambda line: line.pop("salary"), "made by an earlier version, which did not read salary"),
    (lambda line: line["must_have"][0].update(start=5, end=4), "start and end of a value must be offsets in a text, got 5 and 4"),
    (lambda line: line["must_have"][0].update(end=10**30), "start and end of a value must be offsets in a text"),
    (lambda line: line.update(min_years=VALUE | {"value": "three"}), "a value of key 'min_years' must be a number, got 'three'"),
    (lambda line: line.update(min_years=VALUE | {"value": 10**400}), "a value of key 'min_years' must be a number, got 1000"),
    (lambda line: line.update(min_years=VALUE | {"value": 3, "rules": -3}), "a value of key 'min_years' must be a number, got 3"),
    (lambda line: line.update(title=VALUE | {"value": 3}), "a value of key 'title' must be a text, got 3"),
    (lambda line: line.update(job_id=["j1"]), r"key 'job_id' must be a text, got \['j1'\]"),
    (lambda line: line.update(job_id={}), "key 'job_id' must be a text, got {}"),
    (lambda line: line.update(flagged=[{"start": 2, "end": 1, "reason": "x"}]), "start and end of a flagged span must be offsets"),
    (lambda line: line.pop("title"), "key 'title' is missing"),
    (lambda line: line.update(extra=1), "key 'extra' is unknown"),
    (lambda line: line.update(must_have={}), "key 'must_have' must be a list, got dict"),
    (lambda line: line["must_have"][0].pop("quote"), "key 'quote' of a value is missing"),
    (lambda line: line["must_have"][0].update(start=True), "key 'start' of a value is missing or has the wrong type"),
    (
        lambda line: line.update(seniority={"value": "king", "quote": "k", "start": 0, "end": 1, "source": "llm"}),
        "key 'seniority' must be one of intern, junior",
    ),
]


@pytest.mark.parametrize("change, message", DAMAGE)
def test_damage_is_named_with_its_line(folder, change, message):
    extract_folder(folder)
    path = folder.path / "job_features.jsonl"
    first, second = path.read_text().splitlines()
    line = json.loads(first)
    change(line)
    path.write_text("\n".join([second, json.dumps(line), ""]))
    with pytest.raises(DataError, match=f"job_features.jsonl:2: {message}"):
        read_features(folder)
    path.write_text(first[:40])
    with pytest.raises(DataError, match="job_features.jsonl:1: "):
        read_features(folder)


def test_values_of_a_model_share_the_form():
    value = Value("sql", "SQL", 3, 6, "llm")
    assert Value.from_json(value.to_json()) == value
    assert JobFeatures.from_json(JobFeatures(must_have=(value,)).to_json()) == JobFeatures(must_have=(value,))
    deep = Value("sql", "SQL", 3, 6, "llm", depth="expert", years=5)
    assert Value.from_json(deep.to_json()) == deep


def test_texts_that_changed_since_are_told(capsys, tmp_path):
    """Features of the old texts go on to be used, and who reads them learns that; an appended hire is no text."""
    data = write_folder(tmp_path, {"j1": ("Nurse", "You need triage.")}, [("r1", "Nurse. Triage"), ("r2", "Accountant. IFRS")])

    def told():
        said = []
        KeptRows(Kept(said.append), read_folder(data, kept=Kept()))
        return said

    assert run(capsys, "extract", data, "--rules")[0] == 0
    (data / "hires.csv").write_text("job_id,resume_id,hired_at\nj1,r1,2025-03-01\n")
    assert told() == []
    resumes = data / "resumes.jsonl"
    resumes.write_text(resumes.read_text().replace("IFRS", "SAP"))
    (sentence,) = told()
    assert sentence.startswith("resumes.jsonl changed since features were extracted, which are still the old ones; run `minirank extract ")
    assert run(capsys, "extract", data, "--rules")[0] == 0 and told() == []
    note = json.loads((data / "extraction.json").read_text())
    (data / "extraction.json").write_text(json.dumps(note | {"texts": ["odd"]}))
    assert told() == []
