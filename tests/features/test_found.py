"""What columns say of resumes is what objects say of them: profiles, vocabularies, links."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from features_world import write_world
from scipy.sparse import csr_array

from minirank.config.features import FeatureConfig
from minirank.data import split_by_time
from minirank.extract import Features, Value, read_features
from minirank.extract.feature_columns import columns_of
from minirank.extract.feature_files import iso_time, write_features
from minirank.extract.schema import DEPTH, Flag, Mask
from minirank.features.encoder import Encoder
from minirank.features.fit import fit_and_encode
from minirank.features.links import Links
from minirank.features.profiles import resume_profiles, resume_texts

NAMES = {"apache": "spark", "python": "snake handling", "no python": "python"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with features in its files: some resumes have depths, words of their own, masks, or deny what they name."""
    folder, features = write_world(tmp_path_factory.mktemp("world"))
    random, found = np.random.default_rng(1), []
    for row, (resume, each) in enumerate(zip(folder.resumes, features.resumes)):
        skills = [
            replace(skill, depth=(*DEPTH, None)[random.integers(4)], years=(None, 0, 3, 9)[random.integers(4)]) for skill in each.skills
        ]
        skills += [Value("apache", "apache", 0, 1, "tagger"), Value("sql", "sql", 0, 1, "llm")] if row % 3 == 0 else []
        masks = (Mask(2, 6, "NAME"), Mask(8, 9, "AGE")) if row % 4 == 0 else ()
        each = replace(each, resume_id=resume["resume_id"], updated_at=iso_time(resume["updated_at"]), skills=tuple(skills), masked=masks)
        found.append(replace(each, flagged=(Flag(10, 14, "instruction"),) if row % 5 == 0 else ()))
    jobs = [replace(each, job_id=job["job_id"]) for job, each in zip(folder.jobs, features.jobs)]
    write_features(folder, Features(jobs, found))
    return SimpleNamespace(folder=folder, split=split_by_time(folder), columns=read_features(folder))


def objects(features):
    return Features(list(features.jobs), list(features.resumes))


def assert_same(one, other):
    for name, ours in vars(one).items():
        theirs = vars(other)[name]
        if name in ("features", "found", "records", "model"):
            continue
        if isinstance(ours, tuple):
            ours, theirs = dict(enumerate(ours)), dict(enumerate(theirs))
        for key, part in ours.items() if isinstance(ours, dict) else [(name, ours)]:
            there = theirs[key] if isinstance(theirs, dict) else theirs
            if isinstance(part, csr_array):
                assert part.shape == there.shape and all(
                    np.array_equal(getattr(part, each), getattr(there, each)) for each in ("data", "indices", "indptr")
                ), key
            else:
                np.testing.assert_array_equal(np.array(part), np.array(there), err_msg=key)


def test_profiles_of_columns_are_those_of_objects(world):
    folder, found = world.folder, world.columns.resumes
    assert columns_of(found) is not None and columns_of(list(found)) is None
    texts = resume_texts(folder.resumes, found)
    assert texts == resume_texts(folder.resumes, list(found))
    encoder = Encoder.fit(folder, objects(world.columns), world.split.train)
    texts[::7] = [f"No Python. {text}" for text in texts[::7]]
    records = [resume | {"text": text} for resume, text in zip(folder.resumes, texts)]
    for names in ({}, NAMES):
        model = replace(encoder.text, links=Links(names))
        ours, theirs = (resume_profiles(records, each, model, 8, candidates=True) for each in (found, list(found)))
        assert_same(ours, theirs)
        assert ours.skill_counts() == theirs.skill_counts()
        rows = np.array([5, 1, 40])
        assert_same(ours.take(rows), theirs.take(rows))
        assert ours.take(rows).take([2, 0]).skill_counts() == theirs.take([40, 5]).skill_counts()
    assert theirs.skill_counts()["snake handling"] > 5


def test_an_encoder_of_columns_is_that_of_objects(world, tmp_path):
    """To the byte, and so are the rows."""
    made = []
    for place, features in enumerate((world.columns, objects(world.columns))):
        encoder, (rows, told, facts) = fit_and_encode(world.folder, features, world.split, FeatureConfig())
        (folder := tmp_path / str(place)).mkdir()
        encoder.save(folder)
        files = [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
        bags = [(bag.entity.tobytes(), bag.offsets.tobytes(), bag.ids.tobytes()) for bag in rows.bags]
        made.append((files, rows.ids.tobytes(), rows.dense.tobytes(), bags, told, facts))
    assert made[0] == made[1]
