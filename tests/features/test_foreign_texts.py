"""Texts in words that training never saw: what was read in them is unknown to the model."""

from types import SimpleNamespace

import numpy as np
import pytest
from case_table import cases
from features_world import ROLES, write_world

from minirank.data import split_by_time
from minirank.features import Encoder, inputs


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder, features = write_world(tmp_path_factory.mktemp("world"))
    return SimpleNamespace(folder=folder, features=features, encoder=Encoder.fit(folder, features, split_by_time(folder).train))


FOREIGN = "inginer de date cu experiență în automatizare și distribuția energiei"


@cases("""
    job | resume | hidden=
    0 | 0 | ()
    1 | 0 | ("job", "resume", "pair")
    0 | 1 | ("resume", "pair")
    1 | 1 | ("job", "resume", "pair")
""")
def test_what_was_read_in_a_text_of_unknown_words_is_left_out(world, job, resume, hidden):
    texts = {"title": "Inginer", "description": FOREIGN} if int(job) else {}
    record = world.folder.jobs[0] | texts
    person = world.folder.resumes[0] | ({"text": FOREIGN} if int(resume) else {})
    found = world.encoder.pairs(record, world.features.jobs[0], None, [person], [world.features.resumes[0]], ROLES[0])
    spec, config = world.encoder.inputs, world.encoder.config
    lost = {name for owner in hidden for name in inputs.read_in_texts(config, owner)}
    assert bool(lost) == bool(hidden)
    for column, (name, _) in enumerate(spec.categorical):
        assert name not in lost or found.ids[0, column] == 0
    for (name, _), bag in zip(spec.bags, found.bags):
        at = bag.entity[0]
        assert name not in lost or bag.offsets[at + 1] == bag.offsets[at]
    for column, name in enumerate(spec.dense):
        if name.removesuffix("_unknown") in lost:
            assert found.dense[0, column] == name.endswith("_unknown")
    known = [name for (name, _), bag in zip(spec.bags, found.bags) if bag.offsets[bag.entity[0] + 1] > bag.offsets[bag.entity[0]]]
    assert ("job_tokens" in known, "resume_tokens" in known) == ("job" not in hidden, "resume" not in hidden)
    known, foreign = world.encoder.words_known(record, world.features.jobs[0])
    assert foreign.tolist() == [bool(int(job))] and (known[0] < 0.5) == bool(int(job))


PEOPLE = [FOREIGN, "șofer de camion cu experiență de zece ani", "bucătar cu experiență în restaurante", "asistent medical cu experiență"]


def similarities(world, texts, take=None):
    """(n, 3) text_similarity, title_found and text_found of a foreign job and resumes, standardised."""
    record = world.folder.jobs[0] | {"title": "Inginer cu experiență", "description": FOREIGN}
    people = [world.folder.resumes[0] | {"resume_id": str(row), "text": text} for row, text in enumerate(texts)]
    pool = world.encoder.resumes(people, [world.features.resumes[0]] * len(people))
    pool = pool if take is None else pool.take(take)
    found = world.encoder.pairs(record, world.features.jobs[0], None, pool, None, ROLES[0])
    columns = [world.encoder.inputs.dense.index(name) for name in ("text_similarity", "title_found", "text_found")]
    return found.dense[:, columns], pool.model


def test_foreign_words_are_as_rare_as_among_the_candidates(world):
    """`experiență` stands in every resume and tells nothing; `inginer` tells."""
    among, model = similarities(world, PEOPLE)
    counts = model.count(PEOPLE)[0]
    holders = np.bincount(counts.indices, minlength=counts.shape[1])
    expected = np.log1p((4 - holders + 0.5) / (holders + 0.5))
    np.testing.assert_allclose(model.words.weights, expected)
    assert sorted(set(holders[holders > 0])) == [1, 2, 4] and (among[0] > among[1:]).all()
    assert model.word_length == np.mean([len(text.split()) for text in PEOPLE])


def test_some_of_the_candidates_have_the_numbers_that_they_have_among_all(world):
    whole, _ = similarities(world, PEOPLE)
    part, _ = similarities(world, PEOPLE, [3, 0])
    assert part.tolist() == whole[[3, 0]].tolist()


def test_texts_that_training_knows_are_compared_as_in_training(world):
    for texts in ([world.folder.resumes[0]["text"]] * 4, [world.folder.resumes[0]["text"]] * 2 + PEOPLE[:2]):
        assert similarities(world, texts)[1] is world.encoder.text


def test_a_single_foreign_candidate_has_finite_numbers(world):
    for texts in (PEOPLE[:1], [""], ["", ""], ["", *PEOPLE[:2]]):
        assert np.isfinite(similarities(world, texts)[0]).all()
