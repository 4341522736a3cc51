"""What is left of the inputs of a data folder, against counts made row by row."""

from collections import Counter

import numpy as np
import pytest
from features_world import write_world

from minirank.config.features import FeatureConfig
from minirank.data import Split
from minirank.data.column_facts import column_remarks
from minirank.features import Encoder
from minirank.features.profiles import job_text, resume_text
from minirank.features.word_counts import hashed_counts

CONFIG = FeatureConfig(min_count=34, ids=True, columns=("job.kind", "resume.location"))
TRAIN, VALID, TEST = np.arange(300), np.arange(300, 400), np.arange(400, 480)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(folder, features, encoder, facts) of a small folder."""
    folder, features = write_world(tmp_path_factory.mktemp("data"))
    encoder = Encoder.fit(folder, features, TRAIN, CONFIG)
    dataset = encoder.dataset(folder, features, Split(TRAIN, VALID, TEST, (0, 0), 0))
    return folder, features, encoder, dataset


def counted(values, known, rows):
    """(distinct, kept, share missing, share dropped) of a column by loops; values: one a row, known: the vocabulary."""
    there = [values[row] for row in rows if values[row] is not None]
    lost = [value for value in there if value not in known]
    distinct = set(there)
    return len(distinct), len(distinct & set(known)), 1 - len(there) / len(rows), len(lost) / len(rows)


@pytest.mark.parametrize("name", ["job_title", "job_domain", "resume_location", "resume_id", "job.kind"])
def test_names(world, name):
    folder, features, encoder, dataset = world
    shown = folder.impressions
    of_row = {
        "job_title": [features.jobs[j].title and features.jobs[j].title.value for j in shown.job],
        "job_domain": [features.jobs[j].domains[0].value if features.jobs[j].domains else None for j in shown.job],
        "resume_location": [folder.resumes[r]["location"] for r in shown.resume],
        "resume_id": [folder.resumes[r]["resume_id"] for r in shown.resume],
        "job.kind": [folder.jobs[j]["kind"] for j in shown.job],
    }[name]
    name = name.replace("resume_location", "resume.location")
    known = encoder.vocabularies[name.removeprefix("job_")]
    facts = dataset.columns[name]
    assert (facts.values, facts.kept, facts.missing, facts.dropped) == pytest.approx(counted(of_row, known, TRAIN))
    for part, rows in (("train", TRAIN), ("valid", VALID), ("test", TEST)):
        assert facts.unknown[part] == pytest.approx(np.mean([of_row[row] not in known for row in rows]))


def test_skills(world):
    folder, features, encoder, dataset = world
    known, facts = set(encoder.vocabularies["skill"]), dataset.columns["resume_skills"]
    of_row = [[skill.value for skill in features.resumes[r].skills] for r in folder.impressions.resume]
    items = [skill for row in TRAIN for skill in of_row[row]]
    assert facts.values == len(set(items)) and facts.kept == len(set(items) & known)
    assert facts.missing == pytest.approx(np.mean([not of_row[row] for row in TRAIN]))
    assert 0.1 < facts.dropped < 0.9 and facts.dropped == pytest.approx(np.mean([skill not in known for skill in items]))
    assert facts.unknown["test"] == pytest.approx(np.mean([not known & set(of_row[row]) for row in TEST]))


def test_words(world):
    folder, features, _, dataset = world
    shown, facts = folder.impressions, dataset.columns["words"]
    texts = [job_text(folder.jobs[j], features.jobs[j]).text for j in np.unique(shown.job[TRAIN])]
    texts += [resume_text(folder.resumes[r], features.resumes[r]).text for r in np.unique(shown.resume[TRAIN])]
    uses = Counter(hashed_counts(texts, CONFIG.buckets).indices.tolist())
    lost = [count for count in uses.values() if count < CONFIG.min_count]
    assert (facts.values, facts.kept) == (len(uses), len(uses) - len(lost))
    assert facts.dropped == pytest.approx(sum(lost) / uses.total())


def test_numbers_and_levels(world):
    *_, dataset = world
    facts, names = dataset.columns, dataset.inputs.dense
    assert facts["years"].missing == pytest.approx(dataset.rows.dense[TRAIN, names.index("years_unknown")].mean())
    assert facts["remote_fit"].kind == "dense" and not facts["years"].constant
    assert facts["location_match"].kind == "categorical" and facts["location_match (number)"].kind == "dense"
    assert facts["role"].unknown["train"] == 0 and not facts["role"].constant
    assert facts["position"].constant is False


def test_an_encoder_that_was_loaded_tells_all_but_the_words(world, tmp_path):
    folder, features, encoder, dataset = world
    encoder.save(tmp_path)
    again = Encoder.load(tmp_path).dataset(folder, features, Split(TRAIN, VALID, TEST, (0, 0), 0))
    assert again.columns == {name: facts for name, facts in dataset.columns.items() if name != "words"}
    none = np.zeros(0, np.int64)
    assert encoder.dataset(folder, features, Split(none, none, none, (0, 0), 0)).columns == {}


def test_an_encoder_that_keeps_no_word_is_read_back(world, tmp_path):
    folder, features, *_ = world
    encoder = Encoder.fit(folder, features, TRAIN, FeatureConfig(min_count=10_000))
    encoder.save(tmp_path)
    again = Encoder.load(tmp_path)
    facts = encoder.dataset(folder, features, Split(TRAIN, VALID, TEST, (0, 0), 0)).columns
    assert len(again.text) == 0 and facts["words"].kept == facts["job_title"].kept == 0
    assert "none of its" in column_remarks(facts, 10_000, False)[0]
