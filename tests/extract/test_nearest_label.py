"""The label that is spelled most like a phrase."""

import numpy as np
import pytest

from minirank.extract.rules.nearest_label import NearestLabel, parts_of

NAMES = {"welding": "joining metals", "data modelling": "data models", "wine": "wine", "data": "data"}


@pytest.fixture(scope="module")
def nearest():
    return NearestLabel(NAMES)


def test_cosine_by_hand():
    """`data model` has the parts <dat data ata> <mod mode odel del>, of which `data modelling` has all but the last."""
    nearest = NearestLabel({"data modelling": "a", "welding": "b"})
    counts = {label: [part for word in label.split() for part in parts_of(word)] for label in ("data modelling", "welding", "data model")}
    frequency = {p: sum(p in counts[label] for label in ("data modelling", "welding")) for label in counts for p in counts[label]}
    idf = {part: np.log(3 / (1 + n)) + 1 for part, n in frequency.items()}
    vector = {label: {part: idf[part] for part in found} for label, found in counts.items()}
    both = sum(idf[p] ** 2 for p in vector["data model"] if p in vector["data modelling"])
    cosine = both / np.prod([np.sqrt(sum(x * x for x in vector[label].values())) for label in ("data model", "data modelling")])
    assert 0.3 < cosine < 0.9
    assert nearest.find("data model", cosine - 1e-9) == "a" and nearest.find("data model", cosine + 1e-9) is None


def test_a_name_stands_for_its_labels(nearest):
    assert nearest.find("welding") == "joining metals" and nearest.find("weldings", 0.6) == "joining metals"
    assert nearest.find("data modeling", 0.5) == "data models"


@pytest.mark.parametrize("phrase", ["", "zzz", "漢字", "\x00", "x" * 100_000])
def test_what_is_like_no_label_has_none(nearest, phrase):
    assert nearest.find(phrase) is None
    assert NearestLabel({}).find(phrase) is None
