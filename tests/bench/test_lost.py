"""Shares of what is reachable, against sums over pairs of rows."""

import numpy as np
import pytest

from bench.ranking.lost import CELLS, GROUPS, STEERED, expected_auc, table
from minirank.evaluation.metrics import auc
from minirank.simulate.tastes import APPEALS


def test_the_expected_auc_is_a_sum_over_pairs():
    chance, scores = np.array([0.1, 0.5, 0.2, 0.9]), np.array([1.0, 3.0, 1.0, 2.0])
    above = won = 0.0
    for i in range(4):
        for j in range(4):
            weight = chance[i] * (1 - chance[j])
            above, won = above + weight, won + weight * ((scores[i] > scores[j]) + (scores[i] == scores[j]) / 2)
    assert expected_auc(chance, scores) == pytest.approx(won / above)


def test_of_sure_clicks_it_is_the_auc():
    random = np.random.default_rng(0)
    clicked, scores = (random.random(50) < 0.3).astype(float), random.integers(0, 9, 50).astype(float)
    assert expected_auc(clicked, scores) == pytest.approx(float(auc(clicked, scores)))


def test_groups_are_parts_of_the_truth_and_the_table_says_what_each_adds():
    assert set(GROUPS["all of the team"]) | set(GROUPS["all but the team"]) == set(GROUPS["all"]) == set(APPEALS)
    cells = {name: {"1": [0.5 + row / 100, 0.4 + row / 100], "2": [0.5, 0.4]} for row, name in enumerate(CELLS)}
    told = table({"cells": cells, "impressions": 50_000, "machine": "a machine"})
    gain = (list(CELLS).index(f"{STEERED}, and tenure") - list(CELLS).index(STEERED)) / 200
    assert f"| and, from the truth: tenure | 0.520 | 0.420 | {gain:+.3f} |" in told
