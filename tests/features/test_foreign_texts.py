"""Texts in words that training never saw: what was read in them is unknown to the model."""

from types import SimpleNamespace

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
