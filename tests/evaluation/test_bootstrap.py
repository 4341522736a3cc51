"""Intervals: replicates against resampled rows, coverage, clusters."""

import json

import numpy as np
import pytest
from evaluation_world import dataset, world

from minirank.errors import ConfigError
from minirank.evaluation import bootstrap, evaluate, metrics
from minirank.evaluation.bootstrap import Auc, Ratio, interval, replicates
from minirank.evaluation.targets import select


def test_replicates_equal_the_metrics_of_resampled_rows():
    data, rows, predictions = world(jobs=12)
    job, labels, scores = data.job, data.rows.labels[:, 0], predictions["ctr"]
    counts = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12)).astype(float)
    drawn = np.repeat(rows, counts[job].astype(int))
    copy = np.concatenate([np.arange(c) for c in counts[job].astype(int)])
    search = data.search[drawn] * 100 + copy  # a search drawn twice is two searches
    grouped = metrics.gauc(labels, scores, data.search)
    gauc = Ratio(grouped.scores * grouped.weights, grouped.weights, job[grouped.first], 12)
    assert gauc.replicates(counts[None]) == pytest.approx(metrics.gauc(labels[drawn], scores[drawn], search).value)
    auc = Auc(labels, scores, job, 12)
    assert auc.value == pytest.approx(metrics.auc(labels, scores))
    assert auc.replicates(counts[None]) == pytest.approx(metrics.auc(labels[drawn], scores[drawn]))


@pytest.mark.parametrize("seed", range(3))
def test_replicates_of_an_auc_with_ties_equal_resampled_rows(seed):
    rng = np.random.default_rng(seed)
    labels, scores, cluster = rng.integers(0, 2, 200), rng.integers(0, 30, 200) / 30, rng.integers(0, 9, 200)
    counts = rng.integers(0, 4, (5, 9)).astype(float)
    expected = [metrics.auc(*(np.repeat(column, draws[cluster].astype(int)) for column in (labels, scores))) for draws in counts]
    assert Auc(labels, scores, cluster, 9).replicates(counts) == pytest.approx(expected, rel=1e-12)
    nothing = Auc(labels, scores, cluster, 9).replicates(np.zeros((1, 9)))
    assert np.isnan(nothing).all()


def test_replicates_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    labels, scores, cluster = rng.integers(0, 2, 100), rng.random(100), rng.integers(0, 9, 100)
    made = [Auc(labels, scores, cluster, 9), Ratio(scores, np.ones(100), cluster, 9)]
    whole = replicates(made, 9, 20, 0)
    monkeypatch.setattr(bootstrap, "MOST_AT_ONCE", 7)
    assert np.allclose(replicates(made, 9, 20, 0), whole, rtol=1e-14, atol=0)
    monkeypatch.setattr(bootstrap, "MOST_COUNTS", 5)
    assert np.allclose(replicates(made, 9, 20, 0), whole, rtol=1e-14, atol=0)


def test_intervals_of_a_mean_cover_it_as_often_as_they_say():
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(40), 5)
        values = rng.normal(size=40)[cluster] + rng.normal(size=200)  # rows of a cluster go together
        low, high = interval(replicates([Ratio(values, np.ones(200), cluster, 40)], 40, 200, seed)[0], 40)
        covered += low < 0 < high
    assert 0.88 <= covered / 200 <= 0.99  # 95 % less the percentile method's small-sample shortfall


def test_clusters_widen_the_interval():
    data, rows, predictions = world()
    first = data.rows.labels[:, 0].reshape(40 * 3, 10)
    first[:] = first[:, :1]  # all rows of a search alike: 10 rows say no more than one
    wide = evaluate(data, rows, predictions)["overall"]["tasks"]["ctr"]["metrics"]["brier"]
    flat = dataset(data.rows.labels)
    narrow = evaluate(flat, rows, predictions)["overall"]["tasks"]["ctr"]["metrics"]["brier"]
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
    with pytest.raises(ConfigError, match="bootstrap: expected 0 .no intervals. or 2 and more, got -1"):
        replicates([], 3, -1, 0)


def test_a_seed_gives_the_same_intervals():
    data, rows, predictions = world()
    first, again, other = (evaluate(data, rows, predictions, bootstrap=30, seed=seed) for seed in (1, 1, 2))
    assert json.dumps(first) == json.dumps(again)
    assert first["overall"]["tasks"]["ctr"]["metrics"]["auc"] != other["overall"]["tasks"]["ctr"]["metrics"]["auc"]
    assert first["bootstrap"] == {"replicates": 30, "seed": 1, "level": 0.95, "unit": "job", "clusters": 40}


def test_a_search_goes_with_the_job_of_its_first_row():
    labels, rows = np.zeros((4, 3)), np.arange(4)
    both = select(dataset(labels, search=[0, 0, 1, 1], job=[0, 1, 1, 1]), rows)
    assert (both.unit, both.clusters, both.cluster.tolist()) == ("job", 2, [0, 0, 1, 1])
    job = select(dataset(labels, job=[5, 1, 1, 5]), rows)
    assert (job.unit, job.clusters, job.cluster.tolist()) == ("job", 2, [1, 0, 0, 1])
    search = select(dataset(labels, search=[0, 0, 3, 4]), rows)
    assert (search.unit, search.clusters, search.cluster.tolist()) == ("search", 3, [0, 0, 1, 2])


def test_one_job_gives_no_interval():
    data, rows, predictions = world(jobs=1)
    entry = evaluate(data, rows, predictions)["overall"]["tasks"]["ctr"]["metrics"]["auc"]
    assert entry["value"] is not None and entry["low"] is None and entry["high"] is None
