"""What becomes of empty searches, searches of one candidate and ties: the table of CONVENTIONS.md, and every place that counts them."""

import numpy as np
import pytest
from checkout import ROOT
from evaluation_world import dataset, sigmoid

from minirank.config.model import TaskConfig
from minirank.evaluation import compare, evaluate, format_table, metrics
from minirank.evaluation.bootstrap import Ratio, replicates
from minirank.training.validation import validation_metrics

PAGE = ROOT / "minirank" / "evaluation" / "CONVENTIONS.md"


def small_searches():
    """(labels as the page writes them, our cell) of each row of the page's table of numbers."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    header = next(line for line in lines if line.startswith("| labels |"))
    first = lines.index(header) + 2
    assert header.split("|")[-2].strip() == "minirank"
    rows = lines[first : lines.index("", first)]
    return [(row.split("|")[1].strip(), row.split("|")[-2].strip()) for row in rows]


def ours(text):
    """NDCG@3 of the searches that the page describes, as it writes the number."""
    labels, scores, groups = [], [], []
    for group, search in enumerate(text.removeprefix("mean of ").split(" and of ")):
        grades = [int(word) for word in search.removesuffix(" tied").split()]
        labels += grades
        scores += [1.0] * len(grades) if search.endswith("tied") else [*range(len(grades), 0, -1)]
        groups += [group] * len(grades)
    found = metrics.ndcg(labels, scores, groups, k=3)
    return "left out" if found.group_share == 0 else f"{found.value:.4f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize("labels, cell", small_searches(), ids=str)
def test_our_column_of_the_table_is_what_the_code_does(labels, cell):
    assert ours(labels) == cell


def test_the_table_has_the_edges():
    searches = [labels for labels, _ in small_searches()]
    assert {"0 0 0", "0", "1", "1 1 1", "1 0 0 tied", "0 0 1 tied", "1 2", "mean of 1 and of 0 1"} <= set(searches)


def half_single(seed=0, searches=4000, size=10):
    """(labels, scores, search) of random scores, every second search of one clicked candidate."""
    rng = np.random.default_rng(seed)
    search = np.repeat(np.arange(searches), np.where(np.arange(searches) % 2, 1, size))
    first = np.flatnonzero(np.diff(search, prepend=-1))
    labels = np.zeros(len(search))
    labels[first + rng.integers(0, np.where(np.arange(searches) % 2, 1, size))] = 1
    return labels, rng.random(len(search)), search


def test_random_scores_gain_nothing_from_searches_of_one_candidate():
    labels, scores, search = half_single()
    found = metrics.ndcg(labels, scores, search)
    large = search % 2 == 0
    alone = metrics.ndcg(labels[large], scores[large], search[large])
    assert found.value == pytest.approx(alone.value, rel=1e-12)
    assert 0.44 < found.value < 0.47  # one of ten at random: the mean of 1 / log2(i + 1) is 0.454
    assert (found.single, found.empty, found.group_share) == (2000, 0, 0.5)
    assert metrics.ndcg(labels, scores, search, convention="lightgbm").value == pytest.approx((1 + alone.value) / 2)


@pytest.mark.parametrize("name", ["ndcg", "gauc", "concordance"])
def test_every_metric_within_searches_counts_what_it_leaves_out(name):
    labels, scores = [1, 0, 0, 0, 1, 0], [0.1, 0.9, 0.3, 0.2, 0.5, 0.6]
    found = getattr(metrics, name)(labels, scores, [0, 0, 1, 1, 2, 3])
    assert (found.empty, found.single) == (1, 2)
    assert found.group_share == 1 / 4 and found.row_share == 2 / 6
    alone = getattr(metrics, name)(labels[:2], scores[:2], [0, 0])
    assert found.value == alone.value


def searches(sizes, seed=0):
    """A log of clicks with searches of these sizes, two roles, and predictions."""
    rng = np.random.default_rng(seed)
    search = np.repeat(np.arange(len(sizes)), sizes)
    fit = rng.normal(size=len(search))
    clicked = (rng.random(len(search)) < sigmoid(fit)).astype(float)
    labels = np.column_stack([clicked, np.where(clicked == 1, rng.integers(0, 2, len(search)), np.nan), np.round(sigmoid(fit), 1)])
    data = dataset(labels, search=search, job=search, role=search % 2, role_names=("hr", "manager"))
    scores = sigmoid(fit + rng.normal(size=len(search)))
    return data, {"ctr": scores, "cvr": scores, "relevance": scores}


def test_evaluation_is_that_of_the_larger_searches():
    data, predictions = searches([1, 8] * 40)
    every, large = np.arange(len(data.search)), np.flatnonzero(np.bincount(data.search)[data.search] > 1)
    found = evaluate(data, every, predictions, bootstrap=0)
    alone = evaluate(data, large, {name: values[large] for name, values in predictions.items()}, bootstrap=0)
    for segment, other, single in ((found["overall"], alone["overall"], 40), (found["roles"]["manager"], alone["roles"]["manager"], 0)):
        for task in ("ctr", "ranking", "relevance"):
            entry, expected = (part["tasks"][task]["metrics"]["ndcg@10"] for part in (segment, other))
            assert entry["value"] == pytest.approx(expected["value"], rel=1e-12), task
            assert entry["coverage"]["single"] == single and expected["coverage"]["single"] == 0
            assert entry["coverage"]["empty"] == expected["coverage"]["empty"]
    # every search of hr is of one candidate
    entry = found["roles"]["hr"]["tasks"]["ranking"]["metrics"]["ndcg@10"]
    assert entry["value"] is None and entry["reason"] == "not defined: no search of two candidates or more has a label above 0"
    assert entry["coverage"] == {"unit": "search", "groups": 0, "rows": 0, "empty": 0, "single": 40}
    same = compare(data, every, predictions, {**predictions, "score": -predictions["ctr"]}, bootstrap=0)
    assert same["overall"]["ranking"]["ndcg@10"]["a"] == found["overall"]["tasks"]["ranking"]["metrics"]["ndcg@10"]["value"]
    assert "(40 single)" in format_table(found) or " empty, 40 single)" in format_table(found)


def test_replicates_leave_them_out():
    labels, scores, search = half_single(searches=60)
    grouped = metrics.ndcg(labels, scores, search)
    drawn = replicates([Ratio(grouped.scores * grouped.weights, grouped.weights, search[grouped.first], 60)], 60, 50, seed=1)[0]
    rng = np.random.default_rng(1)
    for value in drawn:
        counts = np.bincount(rng.integers(0, 60, 60), minlength=60)
        kept = np.flatnonzero((counts > 0) & (np.arange(60) % 2 == 0))
        expected = sum(counts[s] * metrics.ndcg(labels[search == s], scores[search == s], search[search == s]).value for s in kept)
        assert value == pytest.approx(expected / counts[kept].sum(), rel=1e-12)


def test_a_search_counts_by_its_rows_with_a_label():
    """Two candidates, one of them without a label: one candidate."""
    data = dataset([[1], [np.nan], [0], [1]], tasks=("ctr",), search=[0, 0, 1, 1])
    found = evaluate(data, np.arange(4), {"ctr": np.array([0.1, 0.9, 0.8, 0.3])}, bootstrap=0)["overall"]["tasks"]["ctr"]
    assert found["metrics"]["gauc"]["coverage"] | {"rows": None} == {"unit": "search", "groups": 0.5, "rows": None, "empty": 0, "single": 1}


def test_early_stopping_watches_the_same_number():
    data, predictions = searches([1, 8] * 40)
    every = np.arange(len(data.search))
    tasks = [TaskConfig(name) for name in ("ctr", "cvr", "relevance")]
    watched = validation_metrics(data, tasks, every, predictions)
    found = evaluate(data, every, predictions, bootstrap=0)["overall"]["tasks"]
    for task in ("ctr", "ranking", "relevance"):
        assert watched[f"{task}.ndcg@10"] == found[task]["metrics"]["ndcg@10"]["value"]
    alone = np.flatnonzero(np.bincount(data.search)[data.search] == 1)
    assert validation_metrics(data, tasks, alone, {name: values[alone] for name, values in predictions.items()})["ctr.ndcg@10"] is None
