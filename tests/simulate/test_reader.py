"""A reader of known quality finds the share of facts that it should, makes up what it should, and quotes the text."""

from collections import Counter

import numpy as np
import pytest
from command_line import refused, run

from minirank.data import read_folder
from minirank.errors import ConfigError
from minirank.extract import SENIORITY, read_features
from minirank.extract.made_files import EXTRACTED, MADE_FILE, made_with, not_ours
from minirank.simulate import Reader


@pytest.fixture(scope="module")
def reader(world):
    return Reader(world)


def facts(features):
    """(text, name of the feature, value) of everything in Features -> the Value."""
    found = {}
    for kind, items in (("job", features.jobs), ("resume", features.resumes)):
        for row, item in enumerate(items):
            for name in item.__dataclass_fields__:
                held = () if name in (*item._ids, "flagged", "masked") else getattr(item, name) or ()
                for value in held if isinstance(held, tuple) else (held,):
                    found[kind, row, name, value.value] = value
    return found


def test_a_perfect_reader_finds_what_is_so(world, reader):
    people, jobs, book, found = world.people, world.jobs, world.book, reader.read(1.0)
    for row, job in enumerate(found.jobs):
        assert {v.value for v in job.must_have} == {book.skills[k] for k in jobs.must[row] if k >= 0}
        assert {v.value for v in job.nice_to_have} == {book.skills[k] for k in jobs.nice[row] if k >= 0}
        assert job.must_have[0].value == book.skills[jobs.must[row, 0]]
        assert job.title.value == book.titles[jobs.title[row]]
        assert job.salary.value == pytest.approx(1080 * jobs.salary[row], abs=501)
        assert (job.min_years.value if job.min_years else 0) == jobs.min_years[row]
        assert job.employer is None or job.employer.value == book.employers[world.teams.employer[jobs.team[row]]].lower()
    for row, resume in enumerate(found.resumes):
        depths = dict(zip(book.skills, people.skill[row]))
        assert {v.value for v in resume.skills} == {name for name, depth in depths.items() if depth}
        for value in resume.skills:
            assert value.depth == {0.45: "basic", 0.75: "solid", 1.0: "expert"}[round(float(depths[value.value]), 2)] or value.depth is None
        assert resume.years.value == int(people.years[row])
        assert resume.tenure.value == round(people.tenure[row])
        assert resume.salary.value == 1000 * people.salary[row]
        assert {v.value for v in resume.industries} == {
            name for name, worked in zip(book.names["industries"], people.industries[row]) if worked
        }
        assert (resume.leadership is not None) == people.leads[row]
        assert (resume.remote is not None) == people.remote_ok[people.person[row]]
        assert np.sign(resume.notice.value - 4) == people.available[row] - 1
        assert resume.seniority is None or resume.seniority.value == SENIORITY[people.level[row]]


def test_quotes_stand_in_the_text_outside_of_what_is_masked(world, reader):
    found = reader.read(0.7, 0.4)
    texts = {("job", row): f"{title}\n{text}" for row, (title, text, _) in enumerate(world.job_texts())}
    texts |= {("resume", row): text for row, (text, _) in enumerate(world.resume_texts())}
    masked = {("resume", row): r.masked for row, r in enumerate(found.resumes)}
    assert sum(map(len, masked.values())) > len(found.resumes)
    for (kind, row, *_), value in facts(found).items():
        assert texts[kind, row][value.start : value.end] == value.quote != ""
        assert value.source == "llm"
        assert not any(value.start < mask.end and mask.start < value.end for mask in masked.get((kind, row), ()))


def test_recall_is_the_share_of_facts_and_what_one_finds_a_better_one_finds_too(reader):
    whole, before = facts(reader.read(1.0)), {}
    for recall in (0.0, 0.25, 0.5, 0.75):
        found = facts(reader.read(recall))
        assert found.items() <= whole.items() and before.items() <= found.items()
        assert len(found) / len(whole) == pytest.approx(recall, abs=0.02)
        kinds = Counter(name for _, _, name, _ in found)
        for name, count in Counter(name for _, _, name, _ in whole).items():
            assert kinds[name] / count == pytest.approx(recall, abs=0.2), name
        before = found


@pytest.mark.parametrize("recall, made_up", [(0.25, 0.3), (1.0, 0.1), (1.0, 0.5)])
def test_made_up_is_the_share_of_what_no_text_says(reader, recall, made_up):
    whole, found = facts(reader.read(1.0)), facts(reader.read(recall, made_up))
    wrong = found.keys() - whole.keys()
    assert len(wrong) / len(found) == pytest.approx(made_up, abs=0.02)
    assert found.keys() - wrong == facts(reader.read(recall)).keys()
    said = {(kind, row, value.start, value.end) for (kind, row, *_), value in whole.items()}
    for kind, row, name, value in wrong:
        claimed = found[kind, row, name, value]
        assert (kind, row, claimed.start, claimed.end) not in said


def test_nothing_found_is_nothing_written(reader):
    assert facts(reader.read(0.0, 0.5)) == {}


def test_a_reading_is_the_same_whenever_it_is_made(world, reader):
    assert Reader(world).read(0.5, 0.3) == reader.read(0.5, 0.3) != reader.read(0.5, 0.2)


@pytest.mark.parametrize("recall, made_up", [(-0.1, 0), (1.1, 0), (float("nan"), 0), (0.5, -0.1), (0.5, 0.95), (0.5, float("nan"))])
def test_shares_out_of_range_are_refused(reader, recall, made_up):
    with pytest.raises(ConfigError, match="must lie between 0 and"):
        reader.read(recall, made_up)


def test_the_command_writes_files_as_extraction_does(tmp_path, capsys, reader):
    data = tmp_path / "data"
    status, out, _ = run(capsys, "simulate", data, "--seed", 3, "--impressions", 2000, "--reader", 0.5, "--made-up", 0.1)
    assert status == 0 and "what the reader found" in out
    assert read_features(read_folder(data)) == reader.read(0.5, 0.1)
    assert made_with(data)["by"] == "llm" and "recall 0.5, made up 0.1" in made_with(data)["model"]
    assert not_ours(data, EXTRACTED) is None and (data / MADE_FILE).exists()


def test_a_share_of_made_up_values_needs_a_reader(tmp_path, capsys):
    assert "--made-up needs --reader" in refused(capsys, "simulate", tmp_path / "data", "--made-up", 0.1)
    assert "at most 1" in refused(capsys, "simulate", tmp_path / "data", "--reader", 75)
    assert not (tmp_path / "data").exists()
