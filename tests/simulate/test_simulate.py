"""The simulated world: its files, its order in time, and labels that agree with the planted truth."""

import json
from dataclasses import replace

import numpy as np
import pytest
from checkout import python

from minirank.data import read_folder, split_by_time
from minirank.errors import ConfigError, DataError, MinirankError
from minirank.simulate import ROLES, World, WorldConfig

NAMES = ("jobs.jsonl", "resumes.jsonl", "recruiters.csv", "hires.csv", "impressions.csv", "protected.csv", "truth.npz", "world.json")


@pytest.fixture(scope="module")
def path(world, tmp_path_factory):
    return world.write(tmp_path_factory.mktemp("simulate") / "world")


@pytest.fixture(scope="module")
def folder(path):
    return read_folder(path)


def test_a_seed_gives_the_same_bytes_in_another_process(path, tmp_path):
    code = "import sys; from minirank.simulate import World, WorldConfig;World(WorldConfig(seed=3, impressions=2_000)).write(sys.argv[1])"
    assert python("-c", code, tmp_path / "again").returncode == 0
    assert sorted(p.name for p in path.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (path / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_another_seed_gives_another_world(world):
    other = World(replace(world.config, seed=4))
    assert not np.array_equal(other.log.job, world.log.job)
    assert next(other.resume_texts())[0] != next(world.resume_texts())[0]


@pytest.mark.parametrize("size", [1, 7, 333])
def test_any_size(size, tmp_path):
    made = read_folder(World(WorldConfig(impressions=size)).write(tmp_path / "world"))
    assert len(made.impressions.time) == size


def test_the_folder_is_valid_and_aligned_with_the_truth(world, folder):
    rows = folder.impressions
    assert len(rows.time) == 2_000
    assert folder.roles == ROLES
    log = world.log
    assert [folder.jobs[j]["job_id"] for j in rows.job[:50]] == [f"j{j:06d}" for j in log.job[rows.row[:50]]]
    # Snapshots have the same numbers in the folder as in the world.
    np.testing.assert_array_equal(rows.resume, log.snapshot[rows.row])
    np.testing.assert_array_equal(rows.job, log.job[rows.row])
    np.testing.assert_array_equal(rows.role, log.role[rows.row])


def test_time_runs_forward(world, folder):
    rows, jobs = folder.impressions, folder.jobs
    posted = np.array([job["posted_at"] for job in jobs])
    updated = np.array([resume["updated_at"] for resume in folder.resumes])
    assert (np.diff(world.log.time) >= 0).all()
    assert (posted[rows.job] <= rows.time).all()
    assert (updated[rows.resume] <= rows.time).all()
    answered = rows.converted == 1
    assert (rows.converted_at[answered] > rows.time[answered]).all()
    assert (rows.converted_at[~answered] == -1).all()
    assert (posted[folder.hires.job] < folder.hires.hired_at).all()


def test_resumes_have_several_snapshots_and_impressions_see_the_right_one(world):
    log, people = world.log, world.people
    last = people.first[people.person[log.snapshot] + 1] - 1
    outdated = log.snapshot < last
    assert 0.02 < outdated.mean() < 0.5
    assert (people.updated_at[log.snapshot[outdated] + 1] > log.time[outdated]).all()


def test_every_searched_job_has_three_hires_of_its_team_before_it_was_posted(world):
    hires, jobs = world.hires, world.jobs
    for job in np.unique(world.log.job):
        same_team = jobs.team[hires.job] == jobs.team[job]
        assert (hires.hired_at[same_team] < jobs.posted_at[job]).sum() >= 3


def test_a_person_is_hired_on_a_resume_that_existed(world):
    assert (world.people.snapshot(world.hires.person, world.hires.hired_at) >= 0).all()


def test_a_search_shows_nobody_twice_and_positions_count_from_one(world):
    log = world.log
    for search in range(log.search[-1] + 1):
        rows = log.search == search
        assert len(set(world.people.person[log.snapshot[rows]])) == rows.sum()
        np.testing.assert_array_equal(log.position[rows], 1 + np.arange(rows.sum()))
        assert len(set(log.job[rows])) == len(set(log.recruiter[rows])) == len(set(log.time[rows])) == 1


def test_conversions_only_with_clicks(folder):
    rows = folder.impressions
    assert ((rows.converted == 1) <= (rows.clicked == 1)).all()
    assert np.isnan(rows.clicked).mean() == pytest.approx(0.01, abs=0.01)
    assert (~np.isnan(rows.relevance)).mean() == pytest.approx(0.30, abs=0.04)
    np.testing.assert_array_equal(np.isnan(rows.relevance), np.isnan(rows.confidence))
    grades = rows.relevance[~np.isnan(rows.relevance)]
    assert set(grades * 4) <= {0, 1, 2, 3, 4}


def test_the_protected_attribute_leaves_its_mark_on_career_gaps_alone():
    people = World(WorldConfig(impressions=60_000)).people
    newest = people.first[1:] - 1
    other = people.group == 1
    gap = people.gap[newest] > 6
    assert 0.05 < gap[other].mean() - gap[~other].mean() < 0.18
    for name in ("standing", "prestige", "salary", "leads"):
        values = getattr(people, name)[newest].astype(float)
        error = values.std() * np.sqrt(1 / other.sum() + 1 / (~other).sum())
        assert abs(values[other].mean() - values[~other].mean()) < 3.5 * error, name


def test_a_split_by_time_has_rows_in_every_part(folder):
    split = split_by_time(folder)
    assert min(len(split.train), len(split.valid), len(split.test)) > 50


def test_read_gives_the_world_back(path, world, tmp_path):
    again = World.read(path)
    assert again.config == world.config
    np.testing.assert_array_equal(again.logged.click, world.logged.click)
    with pytest.raises(DataError, match="world.json: "):
        World.read(tmp_path)
    (tmp_path / "world.json").write_text(json.dumps({"version": 0}))
    with pytest.raises(ConfigError, match="simulate the world again"):
        World.read(tmp_path)


def test_a_folder_that_is_not_empty_stays_as_it_is(world, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(MinirankError, match="not an empty folder; choose another name") as error:
        world.write(tmp_path)
    assert "\n" not in str(error.value)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_half_written(world, tmp_path, monkeypatch):
    monkeypatch.setattr(World, "resume_texts", lambda self: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(MinirankError, match="No space left on device"):
        world.write(tmp_path / "world")
    assert list(tmp_path.iterdir()) == []


def test_shares_of_roles_are_told_only_where_they_differ():
    assert "role_shares" not in WorldConfig().to_json()
    other = WorldConfig(role_shares=(0.4, 0.3, 0.2, 0.1))
    assert WorldConfig.from_json(json.loads(json.dumps(other.to_json()))) == other


WRONG = [{"impressions": 0}, {"seed": -1}, {"role_strength": -0.1}, {"ctr": float("nan")}]
WRONG += [{"role_shares": shares} for shares in ((0.5, 0.5), (0.5, 0.5, 0.5, 0.5), (1.0, 0.0, 0.0, 0.0))]


@pytest.mark.parametrize("values", WRONG)
def test_impossible_worlds_are_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        WorldConfig(**values)
