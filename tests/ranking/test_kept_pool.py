"""A ranking from what was kept is the ranking from the files, to the last bit, and parses no more than it shows."""

import json
import shutil

import numpy as np
import pytest

from minirank.data.kept.store import FOLDER, Kept
from minirank.extract.schema import ResumeFeatures
from minirank.features.sparse import dot_shared
from minirank.features.sparse_kernels import DRIVERS, run_drivers
from minirank.ranking import Ranker


@pytest.mark.parametrize("role", ["sourcer", None])
def test_the_ranking_is_the_same(market, role, monkeypatch):
    run, kept = market[1], Kept()
    run_drivers()
    compiled = [list(each.signatures) for each in DRIVERS]
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
    assert [list(each.signatures) for each in DRIVERS] == compiled  # ahead, as `minirank warm` does it
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


def test_other_features_are_read_anew_and_another_log_is_not(market, tmp_path):
    data, run = shutil.copytree(market[0], tmp_path / "data", ignore=shutil.ignore_patterns(FOLDER)), market[1]

    (data / "truth.npz").unlink()  # which goes with the log

    def ranked():
        kept, fresh = Ranker.load(run, data, Kept()), Ranker.load(run, data)
        job = fresh.folder.jobs[0]["job_id"]
        found = kept.rank(job, role="sourcer").to_json()
        assert found == fresh.rank(job, role="sourcer").to_json()
        return found, {file.name for file in (data / FOLDER).glob("resumes-*")}, len(kept.folder.impressions)

    first, entries, _ = ranked()
    assert len(entries) == 1 and ranked()[2] == 0  # the log is not read where all else is kept
    log = (data / "impressions.csv").read_text().splitlines(keepends=True)
    (data / "impressions.csv").write_text("".join(log[:-1]))
    assert ranked()[1] == entries
    path = data / "resume_features.jsonl"
    lines = [json.loads(line) | {"skills": []} for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    other, others, _ = ranked()
    assert others - entries and other["candidates"] != first["candidates"]
