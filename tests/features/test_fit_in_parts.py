"""An encoder that is fitted text by text is the one that is fitted in memory, and so are the rows that it makes."""

import importlib
import json
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from ranking_world import write_market
from scipy.sparse import csr_array

from minirank.config.configuration import Config, FolderConfig, config_from_dict, to_dict
from minirank.data import read_folder
from minirank.data.folder.records import Chosen, Records
from minirank.data.kept.scratch import Scratch
from minirank.data.kept.store import FOLDER, Kept
from minirank.errors import DataError
from minirank.extract import feature_records, read_features
from minirank.extract.feature_records import FeatureRecords
from minirank.features import encode_in_parts, fit_in_parts, sparse
from minirank.features.profiles import resume_profiles, resume_texts
from minirank.features.sparse import Weights, dot_shared, squares
from minirank.features.stored_profiles import StoredProfiles, stored, stored_weights
from minirank.features.tfidf import TextModel
from minirank.features.word_counts import TermCounter, counts_of
from minirank.run.load_data import load_dataset
from minirank.run.memory_plan import PROCESS

CHANGED = "changed while it was read; start again once nothing writes there, or with a copy"
LITTLE = f"{PROCESS / 1e6 + 0.2}MB"  # neither rows nor texts fit beside the rest


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    path = tmp_path_factory.mktemp("parts").resolve()
    write_market(path, impressions=250)
    lines = (path / "resumes.jsonl").read_text().splitlines()
    (path / "resumes.jsonl").write_text("\n".join(lines[::-1]))  # in another order than their features, and the last without an end
    shutil.rmtree(path / FOLDER, ignore_errors=True)
    return path


@pytest.fixture
def small(monkeypatch):
    """Parts of a few texts, pairs and bytes."""
    for module, part in ((fit_in_parts, 15), (encode_in_parts, 90), (feature_records, 10_000)):
        monkeypatch.setattr(module, "PART", part)
    monkeypatch.setattr(sparse, "ROWS", 5)


def loaded(market, place, memory, encoder=None, **features):
    data = shutil.copytree(market, place / "data", ignore=shutil.ignore_patterns(FOLDER))
    made = to_dict(Config(FolderConfig(data))) | {"features": features, "training": {"memory": memory}}
    dataset = load_dataset(config_from_dict(made), encoder, kept=Kept())
    dataset.encoder.save(place)
    return dataset


@pytest.mark.parametrize(
    "features",
    [{"ids": True, "bigrams": True, "columns": ["job.location"], "min_count": 2}, {"links": False, "signals": False, "text": False}],
)
def test_the_encoder_and_its_rows_have_the_same_bytes(market, tmp_path, small, monkeypatch, features):
    whole = loaded(market, tmp_path / "whole", None, **features)
    seen, encode = [], encode_in_parts.encode_in_parts
    monkeypatch.setattr(fit_in_parts, "encode_in_parts", lambda encoder, pairs, *rest: seen.append(pairs) or encode(encoder, pairs, *rest))
    little = loaded(market, tmp_path / "little", LITTLE, **features)
    assert min(len(seen[0].all_jobs.parts), len(seen[0].all_resumes.parts)) > 1 and seen[0].resumes.text is None
    for name in ("encoder.json", "encoder.npz"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "little" / name).read_bytes(), name
    other = loaded(market, tmp_path / "other", LITTLE, whole.encoder, **features)  # a folder that another was not fitted to
    assert len(seen) == 2 and len(seen[1].all_resumes.parts) > 1
    for made in (little, other):
        in_memory = made.rows.in_memory()
        for name in ("ids", "dense"):
            assert getattr(in_memory, name).tobytes() == getattr(whole.rows, name).tobytes()
        for one, theirs in zip(in_memory.bags, whole.rows.bags, strict=True):
            assert all(getattr(one, name).tobytes() == getattr(theirs, name).tobytes() for name in ("entity", "offsets", "ids"))
    assert little.columns == whole.columns


def test_texts_that_are_foreign_are_fitted_as_in_memory(market, tmp_path, small, monkeypatch):
    monkeypatch.setattr(TextModel, "foreign", lambda self, words: np.arange(words.shape[0]) >= 0)
    whole, little = (loaded(market, tmp_path / name, memory) for name, memory in (("whole", None), ("little", LITTLE)))
    other = loaded(market, tmp_path / "other", LITTLE, whole.encoder)
    assert little.rows.in_memory().dense.tobytes() == other.rows.in_memory().dense.tobytes() == whole.rows.dense.tobytes()


@pytest.mark.parametrize(
    "name, cut", [("jobs.jsonl", True), ("resumes.jsonl", True), ("job_features.jsonl", True), ("resume_features.jsonl", False)]
)
def test_a_file_that_changes_between_two_reads_is_one_line(market, tmp_path, small, monkeypatch, name, cut):
    fit = fit_in_parts._text_model

    def change(*arguments):
        path = tmp_path / "data" / name
        if cut:
            os.truncate(path, path.stat().st_size // 3)
        else:
            path.write_bytes(path.read_bytes().replace(b"engineer", b"engineex"))
        return fit(*arguments)

    monkeypatch.setattr(fit_in_parts, "_text_model", change)
    assert refused(market, tmp_path) == f"{name}: {CHANGED}"


@pytest.mark.parametrize("moment", ["data_folder.collect", "kept_folder.with_records", "kept_folder._keep"])
@pytest.mark.parametrize("name, change", [("impressions.csv", "replaced"), ("jobs.jsonl", "cut"), ("resumes.jsonl", "grown")])
def test_a_file_that_changes_while_the_folder_is_read_is_one_line(market, tmp_path, small, monkeypatch, moment, name, change):
    module, function = moment.split(".")
    module = importlib.import_module(f"minirank.data.folder.{module}")
    real = getattr(module, function)

    def change_first(*arguments):
        path = tmp_path / "data" / name
        *lines, last = path.read_bytes().splitlines(keepends=True)
        if change == "grown":
            last = last.rstrip() + b"\n"
            last += json.dumps(json.loads(last) | {"resume_id": "new"}).encode() + b"\n"
        if change == "replaced":
            path.unlink()
        path.write_bytes(b"".join([*lines, last] if change == "grown" else lines)[: -40 if change == "cut" else None])
        monkeypatch.setattr(module, function, real)
        return real(*arguments)

    monkeypatch.setattr(module, function, change_first)
    market = shutil.copytree(market, tmp_path / "market", ignore=shutil.ignore_patterns("truth.npz"))
    assert refused(market, tmp_path) == f"{name}: {CHANGED}"
    assert not [*(tmp_path / "data" / FOLDER).glob("*.bin")]


def refused(market, place):
    """The line that a first training in parts ends with."""
    with pytest.raises(DataError) as error:
        loaded(market, place, LITTLE)
    return str(error.value)


def test_a_folder_is_read_without_its_texts(market, tmp_path):
    data = shutil.copytree(market, tmp_path / "data")
    (data / "jobs.jsonl").write_bytes(b"\xef\xbb\xbf" + (data / "jobs.jsonl").read_bytes().replace(b"\n", b"\r\n"))
    whole, slim = read_folder(data), read_folder(data, mapped=True)
    assert isinstance(slim.resumes, Records) and isinstance(slim.jobs, Records)
    assert slim.jobs == whole.jobs and slim.resumes == whole.resumes and slim.lines == whole.lines
    assert slim.impressions.resume.tolist() == whole.impressions.resume.tolist() and slim.hires.resume_id == whole.hires.resume_id
    (data / "jobs.jsonl").write_bytes((data / "jobs.jsonl").read_bytes().replace(b"\r\n", b"\r"))
    assert read_folder(data, mapped=True).jobs == whole.jobs
    whole, slim = read_features(whole), read_features(slim, mapped=True)
    assert isinstance(slim.jobs, FeatureRecords) and slim.jobs == whole.jobs and slim.resumes == list(whole.resumes)
    assert slim.resumes.part(3, 9) == list(whole.resumes)[3:9]


@pytest.fixture(scope="module")
def sides(market, tmp_path_factory):
    """Profiles of resumes in memory, and the same on the disk."""
    folder = read_folder(market)
    features = list(read_features(folder).resumes)
    texts, scratch = resume_texts(folder.resumes, features), Scratch(tmp_path_factory.mktemp("scratch"))
    counts = counts_of(texts, 512)
    model = TextModel.fit(*counts, len(texts), 2)
    parts, counter = [], TermCounter.of_both(512, False)
    for first in range(0, len(texts), 9):
        some = slice(first, min(first + 9, len(texts)))
        weights = [stored_weights(Weights.of_counts(each), scratch) for each in counter.count(texts[some])]
        made = resume_profiles(
            folder.resumes[some], features[some], model, 8, tuple(each.counts(512) for each in weights), texts=texts[some]
        )
        made.text, made.saturated = model.weights(*weights)
        parts.append(stored(made, scratch, Chosen(folder.resumes, range(some.start, some.stop))))
    whole = resume_profiles(folder.resumes, features, model, 8, counts, texts=texts)
    return SimpleNamespace(whole=whole, stored=StoredProfiles(parts), scratch=scratch)


@pytest.mark.parametrize("rows", [[0], [], [5, 5, 40, 2], list(range(30, 0, -3)), list(range(60))])
def test_profiles_on_the_disk_are_those_in_memory(sides, rows):
    one, other = sides.whole.take(rows), sides.stored.take(rows)
    assert list(other.records) == [sides.whole.records[row] for row in rows]
    for name in set(vars(one)) - {"rows", "records", "features", "found", "model", "meaning", "counts", "wanted"}:
        ours, theirs = getattr(one, name), getattr(other, name)
        for key, part in ours.items() if isinstance(ours, dict) else [(name, ours)]:
            there = theirs[key] if isinstance(theirs, dict) else theirs
            there = there.rows() if isinstance(there, Weights) else there
            if isinstance(part, csr_array):
                assert all(np.array_equal(getattr(part, each), getattr(there, each)) for each in ("data", "indices", "indptr")), key
            else:
                np.testing.assert_array_equal(np.array(part), np.array(there), err_msg=key)


def test_whole_columns_are_on_the_disk_and_products_of_weights_have_the_same_bits(sides, small):
    found = sides.stored.whole(sides.scratch, ("skills",))
    assert list(found.sets) == ["skills"] and found.text is None and found.title == sides.whole.title
    assert np.array_equal(found.sets["skills"].indices, sides.whole.sets["skills"].indices)
    assert not found.sets["skills"].data.flags.owndata
    rows = np.arange(40)
    weights, plain = sides.stored.take(rows).text, sides.whole.take(rows).text
    one, other = np.random.default_rng(0).integers(40, size=(2, 200))
    assert dot_shared(weights, one, weights, other).tobytes() == dot_shared(plain, one, plain, other).tobytes()
    assert squares(weights).tobytes() == squares(plain).tobytes()
