"""What is counted as read, and what an ablation takes away."""

import pytest

from bench.ranking.reading import IN_GATES, PERFECT, RULES, compare, with_others, without_finer, without_open_forms
from minirank.extract import Features, JobFeatures, ResumeFeatures, Value


def value(name, start=0, source="llm", **more):
    return Value(name, "words", start, start + 5, source, **more)


SAID = ResumeFeatures(title=value("chef"), years=value(7), skills=(value("sql", 10), value("law", 20)), location=value("oslo"))


OTHERS = ResumeFeatures(title=value("cook"), years=value(8), skills=(value("sql"), value("art", 20)))
OPEN = ResumeFeatures(years=value(9), skills=(value("a", 22, "tagger"), value("sql", 30, "tagger")))


@pytest.mark.parametrize(
    "found, counts",
    [
        (SAID, {"title": [1, 1, 1, 0], "years": [1, 1, 1, 0], "skills": [2, 2, 2, 0]}),
        (ResumeFeatures(), {"title": [1, 0, 0, 0], "years": [1, 0, 0, 0], "skills": [2, 0, 0, 0]}),
        (OTHERS, {"title": [1, 0, 1, 1], "years": [1, 1, 1, 0], "skills": [2, 1, 2, 1]}),
        (OPEN, {"title": [1, 0, 0, 0], "years": [1, 0, 1, 1], "skills": [2, 1, 2, 1]}),
    ],
    ids=["all", "nothing", "something else, a year off", "open forms count where they overlap"],
)
def test_facts_found_and_values_made_up(found, counts):
    features = [Features([JobFeatures()], [item]) for item in (found, SAID)]
    assert compare(*features) == {f"resume: {name}": count for name, count in sorted(counts.items())}


def test_an_industry_has_a_longer_name_elsewhere():
    ours, theirs = (ResumeFeatures(industries=(value(name), value("media"))) for name in ("banking and finance", "banking"))
    for found, said in ((ours, theirs), (theirs, ours), (ours, ours)):
        assert compare(*(Features([JobFeatures()], [item]) for item in (found, said))) == {"resume: industries": [2, 2, 2, 0]}


def test_groups_take_away_what_they_name():
    job = JobFeatures(
        must_have=(value("sql", depth="expert"), value("the law", source="tagger")), salary=value(50_000), title=value("chef")
    )
    assert without_open_forms(job).must_have == job.must_have[:1] and without_open_forms(job).salary == job.salary
    less = without_finer(job)
    assert (less.salary, less.title) == (None, job.title)
    assert [v.value for v in less.must_have] == ["sql", "the law"] and not any(v.depth for v in less.must_have)


def test_cells_that_were_not_trained_keep_their_figures():
    held = {"cells": {PERFECT: {"1": [0.7]}, RULES: {"1": [0.6]}}, "ceilings": {"1": [0.8]}, "read": {RULES: {"job: title": [1, 1, 1, 0]}}}
    held["seconds"] = 5
    now = {"cells": {f"{PERFECT}{IN_GATES}": {"1": [0.75]}, RULES: {"1": [0.65]}}, "ceilings": {"1": [0.8]}, "read": {}, "seconds": 3}
    found = with_others(now, held)
    assert found["cells"] == held["cells"] | now["cells"] and next(iter(found["cells"])) == RULES
    assert found["read"] == held["read"] and found["seconds"] == 8
