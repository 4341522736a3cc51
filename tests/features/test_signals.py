"""What people read: hiring_signals.jsonl, and the evidence beside a ranked candidate."""

import json
from dataclasses import replace

import numpy as np
import pytest
from features_world import DAY, START, job_features, resume_features, skill, write_world

from minirank.config.features import FeatureConfig
from minirank.data import split_by_time
from minirank.errors import RunError
from minirank.features import Encoder, PastHires, hiring_signals, write_signals
from minirank.features.evidence import evidence
from minirank.ranking.format_ranking import reasons
from minirank.ranking.results import Candidate

JOB = {"job_id": "j", "team_id": "t", "title": "x", "description": "", "posted_at": START}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"))


def test_signals_count_the_hires_from_before_the_posting(world):
    folder, features = world
    lines = hiring_signals(folder, features)
    assert [line["job_id"] for line in lines] == [job["job_id"] for job in folder.jobs]
    for job, line in zip(folder.jobs, lines):
        if line["level"] != "team":
            continue
        people = {}
        for hired_for, person, at in zip(folder.hires.job, folder.hires.resume_id, folder.hires.hired_at):
            rows = [r for r, record in enumerate(folder.resumes) if record["resume_id"] == person and record["updated_at"] <= at]
            if folder.jobs[hired_for]["team_id"] == job["team_id"] and at < job["posted_at"] and rows:
                people[person] = features.resumes[rows[-1]]
        assert line["hires"] == len(people) >= 3
        held = [skill.value for found in people.values() for skill in found.skills]
        assert {s["value"]: s["support"] for s in line["skills"]} == {s: held.count(s) for s in held if held.count(s) >= 2}
        years = [found.years.value for found in people.values() if found.years is not None]
        assert line["years"] == np.median(years)
        assert sum(line["seniority"].values()) <= line["hires"]
    assert {line["level"] for line in lines} == {"team", "title", None}


def test_two_hires_are_no_signal(world):
    folder, features = world
    for line in hiring_signals(folder, features, FeatureConfig(hires=2)):
        if line["hires"] == 0:
            assert line["skills"] == [] and line["years"] is None and not line["seniority"] and line["level"] is None
        else:
            assert line["hires"] > 2


def test_signals_are_written_whole(world):
    folder, features = world
    path = write_signals(folder, features)
    assert path.name == "hiring_signals.jsonl"
    assert [json.loads(line) for line in path.read_text().splitlines()] == hiring_signals(folder, features)
    assert not list(folder.path.glob("*.part"))


def test_a_folder_that_cannot_be_written(world, tmp_path):
    folder, features = world
    with pytest.raises(RunError, match="cannot be written"):
        write_signals(replace(folder, path=tmp_path / "missing"), features)


@pytest.fixture(scope="module")
def encoder(world):
    folder, features = world
    return Encoder.fit(folder, features, split_by_time(folder).train)


def test_evidence(encoder):
    job = job_features(must_have=("sql", "go"), nice_to_have=("rust",), min_years=5, seniority="senior", title="designer")
    people = [resume_features(skills=skills) for skills in (("sql", "rust", "excel"), ("excel",), ("sql", "excel"))]
    records = [{"resume_id": name, "text": "", "updated_at": START - 9 * DAY} for name in "abc"]
    past = PastHires(("t",) * 3, (None,) * 3, tuple("abc"), START - 9 * DAY + np.arange(3), tuple(records), tuple(people))
    candidate = resume_features(skills=("sql", "rust", "excel"), years=3, seniority="lead")
    found = evidence(encoder.config, JOB, job, past, [records[0]], [candidate])[0]
    assert json.loads(json.dumps(found)) == found
    assert found["resume_id"] == "a"
    assert found["must_have"] == [{"skill": "sql", "quote": "<sql>", "start": 0, "end": 1, "source": "rules"}]
    assert [item["skill"] for item in found["must_have_missing"]] == ["go"]
    assert [item["skill"] for item in found["nice_to_have"]] == ["rust"] and found["nice_to_have_missing"] == []
    assert found["years"] == {"job": 5, "resume": 3, "gap": -2}
    assert found["seniority"] == {"job": "senior", "resume": "lead", "gap": 1}
    assert found["education"] == {"job": None, "resume": None, "gap": None}
    assert found["title"] == {"job": "designer", "resume": None}
    # b and c are left: supports excel 2, sql 1
    shared = [{"skill": "excel", "support": 2}]
    assert found["past_hires"] == {"level": "team", "hires": 2, "closeness": 1.0, "shared_skills": shared}


def test_evidence_of_terms_careers_and_depths(encoder):
    asked = {"salary": 65_000, "currency": "EUR", "start": 4, "leadership": "project", "conditions": ("travel", "nights")}
    job = job_features(must_have=(skill("sql", "expert"), skill("go")), stressed=("go",), **asked)
    told = {"salary": 57_000, "notice": 13, "leadership": "people", "conditions": ("travel",), "moves": 3, "tenure": 31, "gap": 9}
    person = resume_features(skills=(skill("sql", "basic", 5),), schools=("kingsmere university",), industries=("energy",), **told)
    (found,) = evidence(encoder.config, JOB, job, None, [{"resume_id": "a", "text": "", "updated_at": 0}], [person])
    assert json.loads(json.dumps(found)) == found
    held = {"skill": "sql", "quote": "<sql>", "start": 0, "end": 1, "source": "rules", "depth": "basic", "years": 5}
    assert found["must_have"] == [held | {"asked": {"depth": "expert"}}]
    assert found["must_have_missing"] == [{"skill": "go", "quote": "<go>", "start": 0, "end": 1, "source": "rules", "stressed": True}]
    currencies = {"currency": {"job": "EUR", "resume": None}}
    assert found["salary"] == {"job": 65_000, "resume": 57_000, "quote": "<57000>"} | currencies
    assert found["notice"] == {"job": 4, "resume": 13, "quote": "<13>"}
    assert found["leadership"] == {"job": "project", "resume": "people", "quote": "<people>"}
    assert found["conditions"] == {"job": ["travel", "nights"], "resume": [{"condition": "travel", "quote": "<travel>"}]}
    names = {"employers": [], "industries": ["energy"], "schools": ["kingsmere university"]}
    assert found["career"] == {"moves": 3, "tenure": 31, "gap": 9} | names
    lines = reasons(Candidate("a", 1, 0.5, {}, {}, found))
    assert lines[0] == 'must-haves 1 of 2: sql ("<sql>", basic, 5 years, expert asked); not found: go (stressed)'
    assert lines[1] == (
        "wishes 57,000 (65,000 EUR offered); free in 13 weeks (4 asked); led people (project asked); "
        "accepts travel (asked: travel, nights); 3 employers, 31 months each, longest pause 9 months, kingsmere university"
    )


def test_evidence_without_a_history(encoder):
    (found,) = evidence(encoder.config, JOB, job_features(), None, [{"resume_id": "a", "text": "", "updated_at": 0}], [resume_features()])
    assert found["past_hires"] is None
    assert evidence(encoder.config, JOB, job_features(), None, [], []) == []
