"""Training of the tagger: posteriors against all paths, the gradient of the objective, a tagger that learns its sentences."""

import itertools

import numpy as np
import pytest
from crf_world import LENGTHS, paths, random_crf, score_of

from bench.extraction.tagger_training import Objective, forbid, forward_backward, gold_tags, indicator_matrix, time_major, train
from minirank.extract.rules.spans import propose
from minirank.extract.rules.tagger import LAYERS, SCHEMES, Tagger, inside, spans_of
from minirank.extract.rules.tagger_features import sentences
from minirank.kernels.gradcheck import projection_error


def test_time_major_by_hand():
    order, steps = time_major([1, 3, 2])
    assert order.tolist() == [1, 4, 0, 2, 5, 3]
    assert steps.tolist() == [0, 3, 5, 6]


@pytest.mark.parametrize("layer", LAYERS)
def test_partition_and_posteriors_against_all_paths(layer):
    scheme, emissions, transitions = random_crf(layer)
    order, steps = time_major(LENGTHS)
    expected, posteriors, pairs, begin = 0.0, np.zeros_like(emissions), np.zeros_like(transitions), 0
    for length in LENGTHS:
        allowed = list(paths(scheme, length))
        weights = np.exp([score_of(path, emissions[begin : begin + length], transitions) for path in allowed])
        expected += np.log(weights.sum())
        for path, probability in zip(allowed, weights / weights.sum(), strict=True):
            posteriors[np.arange(begin, begin + length), path] += probability
            for move in itertools.pairwise(path):
                pairs[move] += probability
        begin += length
    scores = emissions[order]
    forbid(scores, scheme, steps)
    found = forward_backward(scores, np.where(scheme.follows, transitions, -np.inf), steps)
    np.testing.assert_allclose(found[0], expected, rtol=1e-9)
    np.testing.assert_allclose(found[1], posteriors[order], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found[2], pairs, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("layer", LAYERS)
def test_huge_scores_do_not_overflow(layer):
    _, emissions, transitions = random_crf(layer)
    order, steps = time_major(LENGTHS)
    log_partition, posteriors, _ = forward_backward(1e3 * emissions[order], transitions, steps)
    assert np.isfinite(log_partition)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0, rtol=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("layer", LAYERS)
def test_gradient_of_the_objective(layer, seed):
    rng = np.random.default_rng(seed)
    scheme = SCHEMES[layer]
    order, steps = time_major(LENGTHS)
    tags = np.concatenate([list(paths(scheme, n))[rng.integers(len(list(paths(scheme, n))))] for n in LENGTHS])
    values = rng.integers(0, 6, 3 * sum(LENGTHS)).astype(np.uint32)
    matrix = indicator_matrix(values, np.arange(0, len(values) + 1, 3), np.arange(5, dtype=np.uint32))[order]
    objective = Objective(matrix, tags[order], steps, scheme, l2=0.3)
    x = rng.normal(size=objective.size)
    gradient = objective(x)[1]
    assert projection_error(lambda: objective(x)[0], gradient, x, 1.0, seed) < 1e-6


def posting(title, skill, knowledge):
    """A posting and the spans of its one skill and its one piece of knowledge."""
    text = f"{title}\nYou will {skill} .\nKnowledge of {knowledge} is a must .\n"
    return text, {layer: [(text.index(part), text.index(part) + len(part))] for layer, part in zip(LAYERS, (skill, knowledge))}


POSTINGS = [("Engineer", "write reports", "Erlang"), ("Nurse", "dress wounds", "first aid"), ("Cook", "bake bread", "hygiene")]
POSTINGS = [posting(*parts) for parts in POSTINGS] * 3


@pytest.fixture(scope="module")
def tiny():
    return train(POSTINGS)


def test_training_learns_its_sentences(tiny):
    for text, gold in POSTINGS:
        assert tiny.spans(*propose(text)) == (gold["skill"], gold["knowledge"])


def test_a_tagger_survives_its_file(tiny, tmp_path):
    tiny.save(tmp_path / "weights.npz")
    text = POSTINGS[0][0]
    assert Tagger.load(tmp_path / "weights.npz").spans(*propose(text)) == tiny.spans(*propose(text))


@pytest.mark.parametrize("layer", LAYERS)
def test_gold_tags_and_spans_are_inverse(layer):
    document, _ = propose("Plan and run big projects fast. Use C++")
    found = sentences(document)
    spans = [(0, 4), (9, 25), (36, 39)]
    tags = gold_tags(found, spans, SCHEMES[layer])
    letters = "".join(SCHEMES[layer].names[tag] for tag in tags)
    assert letters == {"skill": "SOBIEOOOS", "knowledge": "BOBIIOOOB"}[layer]
    assert spans_of(found, np.array(tags), SCHEMES[layer]) == spans
    assert inside(found, spans).tolist() == [letter != "O" for letter in letters]
