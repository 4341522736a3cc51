"""What the campaign of the parts takes away, how it measures, and that the package shows the committed record."""

import json
from dataclasses import replace

import numpy as np
import pytest
from evaluation_world import dataset, world

from bench.ranking.parts import BASELINES, CELLS, FIGURES, GAINS, REPORT, ROWS, WORTH, Campaign, gained, worth
from bench.ranking.worlds import RARE, expected_auc, figures, noisy, thinned, with_tasks
from minirank.evaluation.metrics import auc


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


def test_weights_are_rows_counted_more_often():
    chance, scores, weight = np.array([0.1, 0.5, 0.2]), np.array([1.0, 3.0, 2.0]), np.array([1, 3, 2])
    often = expected_auc(np.repeat(chance, weight), np.repeat(scores, weight))
    assert expected_auc(chance, scores, weight) == pytest.approx(often) and expected_auc(np.full(3, 0.2), scores) == pytest.approx(0.5)


def test_no_more_cells_than_were_asked_for_and_every_one_is_in_a_row(tmp_path):
    campaign = Campaign(CELLS, 1, 50_000, tmp_path / "none.jsonl")
    assert len({campaign.key(cell, 0) for cell in CELLS.values()} - {campaign.key(CELLS[name], 0) for name in BASELINES}) <= 40
    assert {name for gain in ROWS.values() for name in (gain.without, gain.having)} == set(CELLS)
    assert len(ROWS) == sum(map(len, GAINS.values()))
    for cell in CELLS.values():  # a role has rows to be rare in
        assert cell.world_of(1, 50_000).impressions == (72_000 if cell.searches else 50_000)


def test_a_gain_is_paired_over_worlds():
    gain = ROWS["past hires"]
    worlds = {
        name: {str(world): {"overall": [0.5 + world / 10 + more] * 4 + [None]} for world in (1, 2)}
        for name, more in ((gain.without, 0.0), (gain.having, 0.02))
    }
    worlds[gain.having]["2"]["overall"][0] += 0.02
    found = gained({"cells": worlds}, gain)
    assert found["mean"][0] == pytest.approx(0.03) and found["mean"][1] == pytest.approx(0.02)
    assert found["high"][0] - found["mean"][0] == pytest.approx(12.706 * 0.01, rel=1e-4)  # t of one degree of freedom
    assert found["low"][1] == pytest.approx(0.02) and np.isnan(found["mean"][4])


def small(labels, **columns):
    """Twelve rows of a data set: six train, three validate, three test."""
    rows = np.arange(12)
    return replace(dataset(labels, **columns), train=rows[:6], valid=rows[6:9], test=rows[9:])


def test_grades_are_dealt_out_anew_and_those_of_test_rows_stay():
    labels = np.array([[1, np.nan, each / 12] for each in range(12)])
    labels[2, 2] = np.nan
    rows = small(labels)
    assert noisy(rows, 0.0, 1) is rows
    grades, before = noisy(rows, 1.0, 1).rows.labels[:, 2], rows.rows.labels[:, 2]
    assert np.isnan(grades[2]) and (grades[9:] == before[9:]).all() and (grades[:9] != before[:9]).sum() > 3
    np.testing.assert_array_equal(np.sort(grades[:9]), np.sort(before[:9]))
    np.testing.assert_array_equal(noisy(rows, 1.0, 1).rows.labels[:, :2], rows.rows.labels[:, :2])


def test_a_rare_role_keeps_whole_searches():
    search = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6])
    role = np.array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1])
    rows = small(np.ones((12, 3)), search=search, role=role, role_names=(RARE, "hr"))
    assert thinned(rows, None, 1) is rows
    less = thinned(rows, 1, 1)
    assert set(search[less.train]) in ({0, 2}, {1, 2}) and len(less.train) == 4 and len(less.valid) in (1, 2)
    assert list(less.test) == list(rows.test) and list(thinned(rows, 2, 1).train) == list(rows.train)


def test_figures_are_those_of_the_truth_and_a_task_less_is_a_blank():
    data, _, scores = world()
    truth = {"ctr": data.truth["click"], "cvr": data.truth["conversion"], "relevance": data.truth["relevance"]}
    best, found = figures(data, truth), figures(data, scores)
    assert set(found) == {"overall", "hr", "manager"} and all(a > b > 0.5 for a, b in zip(best["overall"], found["overall"]))
    assert best["overall"][FIGURES.index("relevance order")] == 1
    assert found["overall"][0] == pytest.approx(float(auc(data.rows.labels[:, 0], scores["ctr"])), abs=0.02)
    alone = with_tasks(data, ("relevance",))
    assert alone.inputs.tasks == ("relevance",) and alone.rows.labels.shape == alone.rows.weights.shape == (len(data.rows), 1)
    assert figures(data, {"relevance": scores["relevance"]})["hr"][:4] == [None] * 4


def test_what_the_package_shows_follows_from_the_record():
    """`python bench/ranking/parts.py` writes both."""
    results = REPORT.read()
    assert json.loads(WORTH.read_text(encoding="utf-8")) == json.loads(json.dumps(worth(results)))
    assert set(results["cells"]) == set(CELLS)
