"""The campaign of the role in the gates: its figures by hand, its worlds, and what its tables say."""

import json

import numpy as np
import pytest

from bench.ranking.gates import BOTH, IN_X, WAYS, apart, expected_ndcg, relabelled, table, with_others
from minirank.config.features import FeatureConfig
from minirank.data import read_folder, split_by_time
from minirank.features.folder_dataset import labels_only
from minirank.simulate import World, WorldConfig


def test_the_expected_ndcg_is_that_of_expected_gains():
    gains, search = np.array([1.0, 3.0, 2.0, 5.0]), np.array([4, 4, 4, 7])
    found = (1 + 3 / np.log2(3) + 2 / 2) / (3 + 2 / np.log2(3) + 1 / 2)  # of the first search, ranked 1, 3, 2; the second has one row
    assert expected_ndcg(gains, np.array([0.9, 0.5, 0.1, 0.3]), search) == pytest.approx((found + 1) / 2)


def test_another_strength_has_the_labels_of_a_world_of_that_strength(tmp_path):
    found = {}
    for strength in (1.0, 2.0):
        World(WorldConfig(3, 600, role_strength=strength)).write(tmp_path / str(strength))
        folder = read_folder(tmp_path / str(strength))
        found[strength] = labels_only(folder, split_by_time(folder), FeatureConfig())
    changed, real = relabelled(found[1.0], WorldConfig(3, 600, role_strength=2.0)).rows, found[2.0].rows
    np.testing.assert_array_equal(changed.labels, real.labels)
    np.testing.assert_array_equal(changed.weights, real.weights)
    assert not np.array_equal(found[1.0].rows.labels, real.labels, equal_nan=True)


def test_what_was_not_trained_now_stays_in_the_record():
    held = {"impressions": 600, "cells": {"a": {"11": 1, "12": 2}, "b": {"11": 3}}}
    now = {"impressions": 600, "cells": {"a": {"12": 4}, "c": {"11": 5}}}
    assert with_others(now, held)["cells"] == {"a": {"11": 1, "12": 4}, "b": {"11": 3}, "c": {"11": 5}}
    assert with_others(now | {"impressions": 700}, held)["cells"] == now["cells"] == with_others(now, {})["cells"]


def test_the_table_says_what_a_way_gains_and_how_far_gates_lie_apart():
    assert apart({"a": [1.0, 0.0], "b": [0.5, 0.5], "c": [0.0, 1.0]}) == pytest.approx(2 / 3)
    maps = {task: {"a": [1.0, 0.0], "b": [0.0, 1.0]} for task in ("ctr", "cvr", "relevance")}
    plain = {world: {"figures": [0.7] * 6, "cosines": {"within": 0.5, "between": 0.25}} for world in ("11", "12", "13")}
    steered = {world: {"figures": [0.7 + gain] * 6, "maps": maps} for world, gain in (("11", 0.01), ("12", 0.02), ("13", 0.03))}
    cells = {json.dumps([way, "rules", 2.0]): worlds for way, worlds in ((IN_X, plain), (BOTH, steered))}
    told = table({"cells": cells, "impressions": 50_000, "seconds": 6.0, "machine": "a machine"})
    assert "rules +0.0200 (-0.0048 to +0.0448) at 2;" in told and "| rules | 2 | 3 | +0.0200 (-0.0048 to +0.0448) |" in told
    assert "| rules | 2 | +0.500 | +0.250 | 1.000 | 1.000 | 1.000 |" in told
    assert WAYS[BOTH].model.gate.role == "full"
