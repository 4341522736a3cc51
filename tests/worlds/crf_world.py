"""A small linear-chain CRF with random scores, and all of its paths."""

import itertools

import numpy as np

from minirank.extract.rules.tagger import SCHEMES

LENGTHS = [2, 4, 1, 3]


def paths(scheme, length):
    """All tag sequences that a scheme allows."""
    for path in itertools.product(range(len(scheme.names)), repeat=length):
        if scheme.starts[path[0]] and scheme.ends[path[-1]] and all(scheme.follows[a, b] for a, b in itertools.pairwise(path)):
            yield path


def score_of(path, emissions, transitions):
    """Log score of a tag sequence."""
    return sum(emissions[at, tag] for at, tag in enumerate(path)) + sum(transitions[a, b] for a, b in itertools.pairwise(path))


def random_crf(layer):
    """Scheme, emissions in reading order, transitions of random sentences of LENGTHS."""
    scheme = SCHEMES[layer]
    rng = np.random.default_rng(0)
    tags = len(scheme.names)
    return scheme, rng.normal(size=(sum(LENGTHS), tags)), rng.normal(size=(tags, tags))
