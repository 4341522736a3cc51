"""The campaign of noisy grades: what a cell makes of the grades of some rows."""

from dataclasses import dataclass, replace

import numpy as np
from random_rows import random_batch

from bench.ranking.grades import CELLS, RELEVANCE, Cell, table, with_grades
from minirank.kernels.batch import Batch

GRADES, SURE = np.arange(100) / 100, np.repeat([0.4, 1.0], 50)


@dataclass(frozen=True)
class Rows:
    rows: Batch


def grades_of(cell):
    """(grades, weights) of 200 rows, of which people graded the first 100, and the rules the first 150 with 0.25."""
    labels, weights = np.full((200, 3), np.nan, np.float32), np.ones((200, 3), np.float32)
    labels[:100, RELEVANCE], weights[:100, RELEVANCE] = GRADES, SURE
    rules = np.full(200, 0.25), np.where(np.arange(200) < 150, 0.8, 0.0)
    changed = with_grades(Rows(replace(random_batch(200, seed=4), labels=labels, weights=weights)), rules, cell).rows
    return changed.labels[:, RELEVANCE], changed.weights[:, RELEVANCE]


def test_the_least_sure_grades_are_lost_first_unless_the_confidence_is_silent():
    for told, most in ((True, 0), (False, 35)):
        grades, weights = grades_of(Cell(0.4, told))
        moved = ~np.isclose(grades[:100], GRADES)
        assert 30 < moved.sum() <= 40 and moved[50:].sum() <= most and (told or moved[50:].any())
        np.testing.assert_allclose(np.sort(grades[:100]), GRADES, rtol=1e-6)
        assert np.isnan(grades[100:]).all() and set(weights[:50]) == {np.float32(0.4)}


def test_thresholds_weights_and_the_rules_grades():
    grades, weights = grades_of(Cell(weighted=False, threshold=0.5))
    np.testing.assert_array_equal(grades[:100], GRADES >= 0.5)
    assert (weights == 1).all() and np.isnan(grades[100:]).all()
    grades, weights = grades_of(Cell(rules=True))
    np.testing.assert_allclose(grades[:150], [*GRADES, *[0.25] * 50], rtol=1e-6)
    assert np.isnan(grades[150:]).all() and set(weights[100:150]) == {np.float32(0.8)}
    assert np.allclose(grades_of(Cell(people=False, rules=True))[0][:150], 0.25)


def test_the_table_compares_each_way_with_weights():
    cells = {name: {"1": [0.7 + row / 1000, 0.04], "2": [0.7, 0.04]} for row, name in enumerate(CELLS)}
    told = table({"cells": cells, "impressions": 10_000, "seconds": 60, "machine": "a machine"})
    assert "| 0% | no weights | +0.0005 (-0.0059 to +0.0069) |" in told and "80% of them are lost" in told
