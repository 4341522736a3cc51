"""The encoder: what training rows fix, what a row holds, serving against logging, and files on disk."""

import copy
import hashlib
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from case_table import cases
from features_world import ROLES, job_features, resume_features, write_world
from random_rows import ids_of

from minirank.config.features import FeatureConfig
from minirank.data import split_by_time
from minirank.errors import ConfigError, DataError, RunError
from minirank.features import FEATURES, Encoder, PastHires, inputs
from minirank.kernels.batch import Inputs
from minirank.npz import read_npz


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder, features = write_world(tmp_path_factory.mktemp("world"))
    split = split_by_time(folder)
    encoder = Encoder.fit(folder, features, split.train)
    return SimpleNamespace(folder=folder, features=features, split=split, encoder=encoder, dataset=encoder.dataset(folder, features, split))


def encoded(world, **settings):
    """An encoder with other settings, and the rows that it makes."""
    encoder = Encoder.fit(world.folder, world.features, world.split.train, FeatureConfig(**settings))
    return encoder, encoder.dataset(world.folder, world.features, world.split)


def saved(encoder, path) -> bytes:
    encoder.save(path)
    return (path / "encoder.json").read_bytes() + (path / "encoder.npz").read_bytes()


def test_shapes_types_and_ranges(world):
    rows, inputs = world.dataset.rows, world.dataset.inputs
    n = len(world.folder.impressions)
    assert rows.ids.shape == (n, len(inputs.categorical)) and rows.ids.dtype == np.int32
    for place, (name, size) in enumerate(inputs.categorical):
        assert rows.ids[:, place].min() >= 0 and rows.ids[:, place].max() < size, name
    assert rows.dense.shape == (n, len(inputs.dense)) and rows.dense.dtype == np.float32
    assert np.isfinite(rows.dense).all() and np.abs(rows.dense).max() <= 5
    assert len(rows.bags) == len(inputs.bags)
    for bag, (name, size) in zip(rows.bags, inputs.bags):
        assert bag.entity.shape == (n,) and bag.entity.dtype == bag.ids.dtype == np.int32 and bag.offsets.dtype == np.int64
        assert bag.entity.max() < len(bag.offsets) - 1 and bag.offsets[-1] == len(bag.ids), name
        assert bag.ids.min() >= 0 and bag.ids.max() < size, name


def test_dense_columns_are_standardised_by_training_rows(world):
    train = world.dataset.rows.dense[world.split.train]
    place = world.dataset.inputs.dense.index("must_missing")  # never unknown
    assert train[:, place].mean() == pytest.approx(0, abs=1e-5)
    assert train[:, place].std() == pytest.approx(1, abs=1e-2)
    flag = world.dataset.inputs.dense.index("years_unknown")
    unknown = [world.features.resumes[r].years is None for r in world.folder.impressions.resume]
    assert world.dataset.rows.dense[:, flag].tolist() == unknown
    assert (world.dataset.rows.dense[unknown, world.dataset.inputs.dense.index("years")] == 0).all()


def test_labels_and_weights(world):
    shown, rows = world.folder.impressions, world.dataset.rows
    assert np.array_equal(rows.labels[:, 0], shown.clicked)
    assert np.isnan(rows.labels[shown.clicked == 0, 1]).all()
    assert np.array_equal(rows.labels[shown.clicked == 1, 1], shown.converted[shown.clicked == 1])
    assert np.array_equal(rows.labels[:, 2], shown.relevance, equal_nan=True)
    assert np.array_equal(rows.weights[:, 2], np.where(np.isnan(shown.relevance), 1, 0.5))
    assert (rows.weights[:, :2] == 1).all()
    assert np.array_equal(rows.groups, shown.search)


def test_role_and_position(world):
    shown, rows, inputs = world.folder.impressions, world.dataset.rows, world.dataset.inputs
    names = ["", *world.encoder.roles]
    assert [names[i] for i in rows.ids[:, inputs.column("role")]] == [world.folder.roles[r] for r in shown.role]
    assert rows.ids[:, inputs.column("position")].tolist() == shown.position.tolist()
    deep = replace(world.folder, impressions=replace(shown, position=shown.position + 60))
    assert set(world.encoder.dataset(deep, world.features, world.split).rows.ids[:, inputs.column("position")]) == {50}


def test_a_role_that_training_never_saw_is_0(world):
    shown = world.folder.impressions
    rows = world.split.train[shown.role[world.split.train] != 1]
    encoder = Encoder.fit(world.folder, world.features, rows)
    assert encoder.roles == (ROLES[0], ROLES[2])
    role = encoder.dataset(world.folder, world.features, world.split).rows.ids[:, 0]
    assert (role[shown.role == 1] == 0).all() and (role[shown.role != 1] > 0).all()


def test_nothing_but_training_rows_shapes_the_encoder(world, tmp_path):
    """Plants the leak: other labels, texts, skills, titles and roles everywhere but in training rows."""
    shown, train = world.folder.impressions, world.split.train
    rest = np.setdiff1d(np.arange(len(shown)), train)
    folder, features = copy.deepcopy(world.folder), copy.deepcopy(world.features)
    past = PastHires.from_folder(world.folder, world.features)
    known = past.hired_at < shown.time[train].max()  # a resume at a hire before that may count
    at_hire = {(r["resume_id"], r["updated_at"]) for r, early in zip(past.resumes, known) if early}
    for row in np.setdiff1d(shown.job[rest], shown.job[train]):
        folder.jobs[row] |= {"description": "zebra " * 9, "title": "zebra keeper", "kind": "zebra"}
        features.jobs[row] = job_features(title="zebra keeper", must_have=("zebra care",), domains=("zoo",), min_years=39)
    changed = 0
    for row in np.setdiff1d(shown.resume[rest], shown.resume[train]):
        if (folder.resumes[row]["resume_id"], folder.resumes[row]["updated_at"]) not in at_hire:
            folder.resumes[row]["text"] = "zebra " * 9
            features.resumes[row] = resume_features(title="zebra keeper", skills=("zebra care",), domains=("zoo",), years=39)
            changed += 1
    assert changed >= 5
    for name in ("clicked", "converted", "relevance"):
        getattr(folder.impressions, name)[rest] = 1
    config = FeatureConfig(columns=("job.kind",), ids=True, min_count=1)
    before = Encoder.fit(world.folder, world.features, train, config)
    after = Encoder.fit(folder, features, train, config)
    assert saved(before, tmp_path / "a") == saved(after, tmp_path / "b")
    everything = Encoder.fit(folder, features, np.arange(len(shown)), config)
    assert "zebra keeper" in everything.vocabularies["title"] and "zebra" in everything.vocabularies["job.kind"]
    assert len(everything.text) > len(after.text)


def test_labels_of_training_rows_do_not_enter_features(world, tmp_path):
    shown = world.folder.impressions
    flipped = replace(shown, clicked=1 - shown.clicked, relevance=1 - shown.relevance)
    encoder = Encoder.fit(replace(world.folder, impressions=flipped), world.features, world.split.train)
    assert saved(encoder, tmp_path / "a") == saved(world.encoder, tmp_path / "b")


def test_truth_does_not_enter_features(world, tmp_path):
    truth = {"click": np.linspace(0, 1, len(world.folder.impressions))}
    folder = replace(world.folder, truth=truth)
    assert saved(Encoder.fit(folder, world.features, world.split.train), tmp_path / "a") == saved(world.encoder, tmp_path / "b")
    dataset = world.encoder.dataset(folder, world.features, world.split)
    assert dataset.truth is truth and np.array_equal(dataset.rows.dense, world.dataset.rows.dense)


def test_serving_gives_the_logged_numbers_bit_for_bit(world):
    shown, rows = world.folder.impressions, world.dataset.rows
    past = PastHires.from_folder(world.folder, world.features)
    for search in range(0, len(shown.search_id), 5):
        logged = np.flatnonzero(shown.search == search)
        for part in (logged, logged[:1]):
            job, resumes = shown.job[part[0]], shown.resume[part]
            people, found = ([table[r] for r in resumes] for table in (world.folder.resumes, world.features.resumes))
            role, now = world.folder.roles[shown.role[part[0]]], int(shown.time[part[0]])
            served = world.encoder.pairs(world.folder.jobs[job], world.features.jobs[job], past, people, found, role, now=now)
            assert served.dense.tobytes() == rows.dense[part].tobytes()
            assert np.array_equal(np.delete(served.ids, 1, axis=1), np.delete(rows.ids[part], 1, axis=1))
            assert (served.ids[:, 1] == 0).all()
            for ours, theirs in zip(served.bags, rows.bags):
                assert [ids_of(ours, i) for i in range(len(part))] == [ids_of(theirs, i) for i in part]
            assert type(served) is Inputs, "rows without labels"


def test_serving_what_training_never_saw(world):
    job = {"job_id": "new", "team_id": "new", "title": "Zebra keeper", "description": "", "posted_at": 0}
    resume = {"resume_id": "new", "text": "", "updated_at": 10**10}
    found = job_features(title="zebra keeper", must_have=("zebra care",)), [resume_features(skills=("zebra care",))]
    batch = world.encoder.pairs(job, found[0], None, [resume], found[1], "astronaut")
    assert len(batch) == 1 and not batch.ids[0, :4].any()
    names = world.dataset.inputs.dense
    mean, std = world.encoder.mean[0], world.encoder.std[0]
    assert batch.dense[0, names.index("must_coverage")] == np.float32(min((1 - mean) / std, 5))
    mean, std = (values[[feature.name for feature in FEATURES].index("recency")] for values in (world.encoder.mean, world.encoder.std))
    assert batch.dense[0, names.index("recency")] == np.float32((0 - mean) / std)  # `now` is not before any time that is known
    assert len(world.encoder.pairs(job, found[0], None, [], [], "hr")) == 0


def test_a_table_of_resumes_serves_many_jobs(world):
    folder, features, encoder = world.folder, world.features, world.encoder
    latest = folder.latest_resumes()
    resumes, found = [folder.resumes[r] for r in latest], [features.resumes[r] for r in latest]
    table = encoder.resumes(resumes, found)
    for job in (0, 9):
        once = encoder.pairs(folder.jobs[job], features.jobs[job], None, table, None, "hr")
        again = encoder.pairs(folder.jobs[job], features.jobs[job], None, resumes, found, "hr")
        assert once.dense.tobytes() == again.dense.tobytes()


def test_rows_taken_from_a_table_are_those_resumes_encoded_alone(world):
    folder, features, encoder = world.folder, world.features, world.encoder
    rows = [7, 2, 2, 30]
    taken = encoder.resumes(folder.resumes, features.resumes).take(rows)
    some = [folder.resumes[row] for row in rows], [features.resumes[row] for row in rows]
    once = encoder.pairs(folder.jobs[3], features.jobs[3], None, taken, None, "hr")
    again = encoder.pairs(folder.jobs[3], features.jobs[3], None, *some, "hr")
    assert once.ids.tobytes() == again.ids.tobytes() and once.dense.tobytes() == again.dense.tobytes()
    for bag, other in zip(once.bags, again.bags, strict=True):
        assert all(np.array_equal(getattr(bag, name), getattr(other, name)) for name in ("entity", "offsets", "ids"))
    assert len(encoder.resumes(folder.resumes, features.resumes).take([])) == 0


@pytest.mark.parametrize("off", ["match", "signals", "text", "skills", "tokens"])
def test_every_group_can_be_switched_off(world, off):
    _, dataset = encoded(world, **{off: False})
    fewer = lambda kind: len(getattr(dataset.inputs, kind)) < len(getattr(world.dataset.inputs, kind))  # noqa: E731
    assert fewer("dense") == (off in ("match", "signals", "text")) and fewer("bags") == (off in ("skills", "tokens"))
    assert fewer("categorical") == (off == "signals")
    kept = [world.dataset.inputs.dense.index(name) for name in dataset.inputs.dense]
    assert np.array_equal(dataset.rows.dense, world.dataset.rows.dense[:, kept])


def test_with_everything_off_the_categorical_fields_remain(world):
    encoder, dataset = encoded(world, match=False, signals=False, text=False, skills=False, tokens=False)
    rows = dataset.rows
    assert encoder.inputs.vocabularies == (("job_domain", "resume_domain"), ("job_title", "resume_title"))
    assert encoder.text is None and rows.dense.shape[1] == 0 and rows.bags == () and rows.ids.shape[1] == 13


def test_a_new_input_is_one_entry(world, monkeypatch):
    """Each kind: the column comes after the others of its kind, with the size, the place and the numbers of its entry."""
    entries = {
        "CATEGORICAL": inputs.Categorical("new_field", "pair", 3, lambda pairs: np.arange(len(pairs)) % 3),
        "BAGS": inputs.MultiValued("new_bag", "job", "skill", lambda pairs: pairs.jobs.sets["named"]),
        "FEATURES": inputs.Feature("new_number", "job", "1", "a row", lambda pairs: np.arange(len(pairs.jobs), dtype=float)),
    }
    for table, entry in entries.items():
        monkeypatch.setattr(inputs, table, (*getattr(inputs, table), entry))
    encoder = Encoder.fit(world.folder, world.features, world.split.train)
    dataset, before = encoder.dataset(world.folder, world.features, world.split), world.dataset.inputs
    spec, rows = dataset.inputs, dataset.rows
    assert spec.categorical == (*before.categorical, ("new_field", 3))
    assert spec.bags == (*before.bags, ("new_bag", len(encoder.vocabularies["skill"]) + 1))
    assert set(spec.dense) == {*before.dense, "new_number"} and set(spec.of_request) == {*before.of_request, "new_bag"}
    assert before.vocabularies == (
        ("job_domain", "resume_domain"),
        ("must_have", "nice_to_have", "resume_skills", "must_covered"),
        ("job_title", "resume_title"),
    )
    assert spec.vocabularies[1] == (*before.vocabularies[1], "new_bag")
    assert np.array_equal(rows.ids[:, -1], np.arange(len(rows)) % 3)
    names = ["", *encoder.vocabularies["skill"]]
    for row in range(0, len(rows), 50):
        job = world.features.jobs[world.folder.impressions.job[row]]
        asked = {skill.value for skill in (*job.must_have, *job.nice_to_have)}
        assert {names[id] for id in ids_of(rows.bags[-1], row)} == asked
    place = spec.dense.index("new_number")
    values = rows.dense[:, place] * encoder.std[place] + encoder.mean[place]
    assert values[world.split.train[-1]] > values[world.split.train[0]]
    old = [spec.dense.index(name) for name in before.dense]
    assert np.array_equal(rows.dense[:, old], world.dataset.rows.dense)


def test_identifiers_are_off_unless_asked_for(world):
    names = {name for name, _ in world.dataset.inputs.categorical + world.dataset.inputs.bags}
    assert not names & {"job_id", "resume_id", "team_id", "recruiter_id"}
    assert "p001" not in json.dumps(world.encoder.vocabularies)
    encoder, dataset = encoded(world, ids=True, min_count=12)
    inputs = encoder.inputs
    assert encoder.vocabularies["job_id"] and not inputs.categorical[inputs.column("resume_id")][1] > 10
    shown = world.folder.impressions
    ids = dataset.rows.ids[:, inputs.column("team_id")]
    teams = np.array([world.folder.jobs[j]["team_id"] for j in shown.job])
    assert all(len(set(ids[teams == team])) == 1 for team in set(teams))
    with pytest.raises(ConfigError, match="job_id is an identifier"):
        FeatureConfig(columns=("job.job_id",))


def test_further_columns(world):
    encoder, dataset = encoded(world, columns=("job.kind",))
    ids = dataset.rows.ids[:, encoder.inputs.column("job.kind")]
    names = ["", *encoder.vocabularies["job.kind"]]
    assert [names[i] for i in ids] == [world.folder.jobs[j]["kind"] for j in world.folder.impressions.job]


def test_a_protected_attribute_is_refused(world, tmp_path):
    (tmp_path / "protected.csv").write_text("resume_id,group\np000,a\n")
    folder = replace(world.folder, path=tmp_path)
    with pytest.raises(DataError, match="protected.csv: column group: a protected attribute is never a feature"):
        Encoder.fit(folder, world.features, world.split.train, FeatureConfig(columns=("resume.group",)))


@pytest.mark.parametrize("settings", [{"columns": ("kind",)}, {"min_count": 0}, {"buckets": 1}, {"max_hires": 2}])
def test_wrong_settings(settings):
    with pytest.raises(ConfigError, match="^features\\."):
        FeatureConfig(**settings)


def test_a_column_that_no_line_has(world):
    with pytest.raises(DataError, match="jobs.jsonl: column kin: no line has it"):
        Encoder.fit(world.folder, world.features, world.split.train, FeatureConfig(columns=("job.kin",)))


def test_saved_and_loaded(world, tmp_path):
    first = saved(world.encoder, tmp_path)
    loaded = Encoder.load(tmp_path)
    assert loaded.config == world.encoder.config and loaded.inputs == world.encoder.inputs
    assert saved(loaded, tmp_path / "again") == first
    again = loaded.dataset(world.folder, world.features, world.split)
    assert again.rows.dense.tobytes() == world.dataset.rows.dense.tobytes()
    assert again.rows.ids.tobytes() == world.dataset.rows.ids.tobytes()
    assert again.fingerprint == world.dataset.fingerprint


@pytest.mark.parametrize("name", ["encoder.json", "encoder.npz"])
def test_a_truncated_file_is_one_line(world, tmp_path, name):
    world.encoder.save(tmp_path)
    content = (tmp_path / name).read_bytes()
    for size in (0, len(content) // 2, len(content) - 1):
        (tmp_path / name).write_bytes(content[:size])
        with pytest.raises(RunError, match=f"{name}: truncated") as error:
            Encoder.load(tmp_path)
        assert "\n" not in str(error.value)
    (tmp_path / name).unlink()
    with pytest.raises(RunError, match=f"{name}: cannot be read"):
        Encoder.load(tmp_path)


@cases("""
    key | value= | message
    roles | 3 | damaged
    roles | ["hr", None] | damaged
    vocabularies | {} | damaged
    vocabularies | [["title", ["x"]]] | damaged
    vocabularies | {"title": {"x": 1}} | damaged
    until | "today" | damaged
    until | -1 | damaged
    until | 1e99 | damaged
    until | True | damaged
    max_position | None | damaged
    config | {"bukkets": 5} | damaged
    config | {"buckets": "many"} | damaged
    config | [] | damaged
    arrays | 7 | damaged
    arrays | "0" | truncated, or not written together
    version | [2] | version [2], this minirank reads 4
""")
def test_settings_of_other_types(world, tmp_path, key, value, message):
    world.encoder.save(tmp_path)
    settings = json.loads((tmp_path / "encoder.json").read_text()) | {key: value}
    (tmp_path / "encoder.json").write_text(json.dumps(settings))
    with pytest.raises(RunError, match=rf"encoder\.(json|npz): {re.escape(message)}"):
        Encoder.load(tmp_path)


@cases(
    """
    name | change= | message
    mean | None | mean must be
    mean | "x" | mean must be
    mean | 1 | mean must be
    mean | [-1e999] | mean has a number that is not finite
    std | [0.0] | damaged
    std | [-1.0] | damaged
    idf | [1e999] | idf has a number that is not finite
    idf | [-1.0] | damaged
    texts | [1e300] | damaged
    texts | [-1.0] | damaged
    kept | [0] | damaged
    kept | [2147483647] | damaged
    skill_names | [2147483647] | damaged
    skill_names | [0] | damaged
    skill_shares | None | skill_shares must be
    industry_shares | [0.0] | damaged
    employers | None | employers must be
    domains | [-1] | damaged
    job_levels | [6.0] | damaged
    resume_levels | [-0.5] | damaged
""".replace('float("nan")', "'nan'")
)
def test_arrays_of_other_types_and_values(world, tmp_path, name, change, message):
    """Each with a checksum that is right: what vouches for a file must not be all that looks at it."""
    world.encoder.save(tmp_path)
    arrays = read_npz(tmp_path / "encoder.npz")
    if change is None:
        del arrays[name]
    elif isinstance(change, list):
        arrays[name][-1] = change[0]
    else:
        arrays[name] = np.full(len(arrays[name]) + (change == 1), change)
    np.savez(tmp_path / "encoder.npz", **arrays)
    settings = json.loads((tmp_path / "encoder.json").read_text())
    settings["arrays"] = hashlib.sha256((tmp_path / "encoder.npz").read_bytes()).hexdigest()
    (tmp_path / "encoder.json").write_text(json.dumps(settings))
    with pytest.raises(RunError, match=f"encoder.npz: {message}"):
        Encoder.load(tmp_path)


@pytest.mark.parametrize(("change", "message"), [({"version": 1}, "version 1, this minirank reads 4"), ({"format": "x"}, "no encoder")])
def test_another_version(world, tmp_path, change, message):
    world.encoder.save(tmp_path)
    settings = json.loads((tmp_path / "encoder.json").read_text()) | change
    (tmp_path / "encoder.json").write_text(json.dumps(settings))
    with pytest.raises(RunError, match=message):
        Encoder.load(tmp_path)
