"""A ranking from what was kept is the ranking from the files, to the last bit, and parses no more than it shows."""

import shutil

import numpy as np
import pytest

from minirank.data.kept.store import FOLDER, Kept
from minirank.extract.schema import ResumeFeatures
from minirank.features.sparse import dot_shared
from minirank.ranking import Ranker


@pytest.mark.parametrize("role", ["sourcer", None])
def test_the_ranking_is_the_same(market, role, monkeypatch):
    run, kept = market[1], Kept()
    fresh = Ranker.load(run)
    job = fresh.folder.jobs[0]["job_id"]
    wanted = fresh.rank(job, role=role)
    for _ in range(2):  # kept, and taken from there
        found = Ranker.load(run, kept=kept).rank(job, role=role)
        assert found.to_json() == wanted.to_json()
    parsed = []
    whole = ResumeFeatures.from_json.__func__
    monkeypatch.setattr(ResumeFeatures, "from_json", classmethod(lambda cls, line: parsed.append(1) or whole(cls, line)))
    ranker = Ranker.load(run, kept=kept)
    short = ranker.rank(job, role=role, top=3)
    assert [each.resume_id for each in short.candidates] == [each.resume_id for each in wanted.candidates[:3]]
    assert len(parsed) < len(ranker.folder.resumes) / 2
    everyone = ranker._all().table
    taken, others = everyone.take([5, 2]), fresh._all().table.take([5, 2])
    for name in ("years", "key", "time"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(others, name))
    for name, rows in others.sets.items():
        assert (rows != taken.sets[name]).nnz == 0
    assert taken.title == others.title
    each, other = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    for ours, theirs in ((taken.text, others.text), *((taken.saturated[name], others.saturated[name]) for name in ("words", "parts"))):
        assert dot_shared(others.text, each, ours, other).tobytes() == dot_shared(others.text, each, theirs, other).tobytes()
    shutil.rmtree(market[0] / FOLDER)  # which others share
