"""Evaluation of whole prediction sets: which rows count, intervals, ceilings, comparison, text."""

import json

import numpy as np
import pytest

from minirank.data.dataset import Dataset
from minirank.errors import ConfigError
from minirank.evaluation import (
    compare,
    evaluate,
    format_comparison,
    format_table,
    metric_direction,
    metric_names,
    metric_value,
    metrics,
)
from minirank.evaluation.bootstrap import Auc, Ratio, interval, replicates
from minirank.evaluation.targets import select
from minirank.kernels.batch import Batch, InputSpec

NAN = np.nan
TASKS = ("ctr", "cvr", "relevance")


def dataset(labels, tasks=TASKS, search=None, job=None, role=None, role_names=(), truth=None):
    labels = np.asarray(labels, np.float32)
    n = len(labels)
    search, job, role = (None if codes is None else np.asarray(codes, np.int32) for codes in (search, job, role))
    groups = np.zeros(n, np.int32) if search is None else search
    batch = Batch(np.zeros((n, 0), np.int32), (), np.zeros((n, 0), np.float32), labels, np.ones_like(labels), groups)
    nothing = np.zeros(0, np.int64)
    inputs = InputSpec(tasks=tuple(tasks))
    return Dataset(inputs, batch, nothing, nothing, np.arange(n), search, job, role, role_names, truth, "", None)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def world(seed=0, jobs=40, searches=3, size=10):
    """A simulated log with its truth, and predictions that are right up to noise."""
    rng = np.random.default_rng(seed)
    n = jobs * searches * size
    search = np.repeat(np.arange(jobs * searches), size)
    seen, hidden = rng.normal(size=(2, n))
    click, conversion, relevance = sigmoid(seen + hidden - 1), sigmoid(seen - 0.5), sigmoid(seen)
    clicked = rng.random(n) < click
    converted = np.where(clicked, rng.random(n) < conversion, NAN)
    graded = np.where(rng.random(n) < 0.5, np.clip(relevance + rng.normal(0, 0.1, n), 0, 1), NAN)
    truth = {"click": click, "conversion": conversion, "relevance": relevance}
    truth |= {"click_reachable": sigmoid(0.85 * seen - 0.85)}
    truth |= {"conversion_reachable": conversion, "relevance_reachable": relevance}
    labels = np.stack([clicked, converted, graded], axis=1)
    data = dataset(labels, search=search, job=search % jobs, role=search % 2, role_names=("hr", "manager"), truth=truth)
    noisy = seen + rng.normal(0, 0.5, n)
    return data, np.arange(n), {"ctr": sigmoid(noisy - 1), "cvr": sigmoid(noisy - 0.5), "relevance": sigmoid(noisy)}


# Which rows count


def test_targets_by_hand():
    labels = [  # clicked, converted, relevance
        [0, NAN, 0.2],
        [0, 1, NAN],  # not clicked: no conversion, whatever the label says
        [1, 0, 0.8],
        [1, 1, NAN],
        [1, NAN, 0.5],  # clicked, conversion unknown
        [NAN, 1, NAN],  # click unknown
    ]
    data = dataset(labels, search=[0, 0, 0, 0, 0, 0], job=[0] * 6)
    predictions = {
        "ctr": [0.1, 0.6, 0.3, 0.9, 0.8, 0.5],
        "cvr": [0.9, 0.9, 0.4, 0.2, 0.9, 0.9],
        "relevance": [0.3, 0.1, 0.6, 0.1, 0.5, 0.1],
    }
    tasks = evaluate(data, np.arange(6), predictions)["overall"]["tasks"]
    assert [tasks[task]["rows"] for task in ("ctr", "cvr", "ctcvr", "relevance", "ranking")] == [5, 2, 4, 3, 4]
    assert [tasks[task]["positives"] for task in ("ctr", "cvr", "ctcvr")] == [3, 1, 1]
    assert tasks["ctr"]["metrics"]["auc"]["value"] == pytest.approx(5 / 6)  # positives .3 .9 .8, negatives .1 .6
    assert tasks["cvr"]["metrics"]["auc"]["value"] == 0  # .2 against .4
    # products .09 .54 .12 .18: the positive .18 beats two of three
    assert tasks["ctcvr"]["metrics"]["auc"]["value"] == pytest.approx(2 / 3)
    assert tasks["relevance"]["metrics"]["concordance"]["value"] == 1
    expected = metrics.ndcg([0, 0, 1, 2], [0.09, 0.54, 0.12, 0.18], [0] * 4).value
    assert tasks["ranking"]["metrics"]["ndcg@10"]["value"] == pytest.approx(expected)


def test_cvr_metrics_ignore_what_is_predicted_for_rows_without_a_click():
    data, rows, predictions = world()
    unclicked = data.rows.labels[:, 0] == 0
    other = {**predictions, "cvr": np.where(unclicked, 0.999, predictions["cvr"])}
    before, after = (evaluate(data, rows, given, bootstrap=20)["overall"]["tasks"] for given in (predictions, other))
    assert before["cvr"] == after["cvr"]
    assert before["ctr"] == after["ctr"]
    assert before["ctcvr"]["metrics"]["auc"] != after["ctcvr"]["metrics"]["auc"]
    assert before["cvr_all"]["metrics"]["kl"] != after["cvr_all"]["metrics"]["kl"]


def test_metrics_ignore_confidences():
    data, rows, predictions = world()
    before = evaluate(data, rows, predictions, bootstrap=0)
    data.rows.weights[:] = np.random.default_rng(0).random(data.rows.weights.shape)
    assert evaluate(data, rows, predictions, bootstrap=0) == before


def test_rows_choose_a_part_in_any_order():
    data, rows, predictions = world()
    part = np.random.default_rng(0).permutation(rows)[:300]
    given = {task: values[part] for task, values in predictions.items()}
    result = evaluate(data, part, given, bootstrap=0)["overall"]
    assert result["rows"] == 300
    expected = metrics.auc(data.rows.labels[part, 0], given["ctr"])
    assert result["tasks"]["ctr"]["metrics"]["auc"]["value"] == pytest.approx(expected)


def test_roles_are_evaluated_on_their_own_rows():
    data, rows, predictions = world()
    result = evaluate(data, rows, predictions, bootstrap=0)
    assert list(result["roles"]) == ["hr", "manager"]
    of = data.role == 1
    manager = result["roles"]["manager"]
    assert (manager["rows"], manager["searches"], manager["jobs"]) == (of.sum(), 60, 20)
    expected = metrics.gauc(data.rows.labels[of, 0], predictions["ctr"][of], data.search[of])
    entry = manager["tasks"]["ctr"]["metrics"]["gauc"]
    assert entry["value"] == pytest.approx(expected.value)
    assert entry["coverage"] == {"unit": "search", "groups": expected.group_share, "rows": expected.row_share}
    assert manager["tasks"]["cvr"]["metrics"]["gauc"]["coverage"]["unit"] == "job"


def test_a_score_of_its_own_only_changes_the_ranking():
    data, rows, predictions = world()
    plain = evaluate(data, rows, predictions, bootstrap=0)["overall"]["tasks"]
    scored = evaluate(data, rows, predictions | {"score": -1e9 * predictions["ctr"]}, bootstrap=0)["overall"]["tasks"]
    assert scored["ranking"]["metrics"]["ndcg@10"]["value"] < plain["ranking"]["metrics"]["ndcg@10"]["value"]
    assert scored["ctcvr"] == plain["ctcvr"]


# Not defined


def test_a_missing_class_is_a_reason_and_not_a_crash():
    data = dataset([[1, 0, NAN], [0, NAN, NAN], [1, 0, NAN]], search=[0, 0, 1], job=[0, 0, 1])
    predictions = {task: np.full(3, 0.5) for task in TASKS}
    result = evaluate(data, np.arange(3), predictions, bootstrap=10)
    tasks = result["overall"]["tasks"]
    assert tasks["cvr"]["metrics"]["auc"]["value"] is None
    assert tasks["cvr"]["metrics"]["auc"]["reason"] == "not defined: no clicked row converted"
    assert tasks["cvr"]["metrics"]["log_loss"]["value"] == pytest.approx(np.log(2))
    assert tasks["ctcvr"]["metrics"]["gauc"]["reason"] == "not defined: no row was clicked and converted"
    assert tasks["relevance"]["metrics"]["concordance"]["reason"] == "not defined: no row has a relevance label"
    assert tasks["ctr"]["metrics"]["gauc"]["reason"] is None
    same = dataset([[0, NAN, 0.3], [1, 0, 0.3]], search=[0, 1], job=[0, 0])
    entries = evaluate(same, np.arange(2), {task: np.zeros(2) for task in TASKS})["overall"]["tasks"]
    assert entries["ctr"]["metrics"]["gauc"]["reason"] == "not defined: no search holds both classes"
    expected = "not defined: no search has two different labels"
    assert entries["relevance"]["metrics"]["concordance"]["reason"] == expected
    assert entries["cvr"]["metrics"]["observed_over_predicted"]["reason"] == "not defined: every prediction is 0"
    assert "not defined: no clicked row converted" in format_table(result)
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("clicked", [0, 1])
def test_one_row_and_no_row(clicked):
    data = dataset([[clicked, NAN, 0.5]], search=[0], job=[0], role=[0], role_names=("hr",))
    for rows in (np.arange(1), np.zeros(0, np.int64)):
        given = {task: np.zeros(len(rows)) for task in TASKS}
        result = evaluate(data, rows, given, bootstrap=5)
        json.dumps(result, allow_nan=False)
        json.dumps(compare(data, rows, given, given, bootstrap=5), allow_nan=False)
        assert format_table(result) and format_comparison({"a": result})
        reason = ("no row was clicked", "every row was clicked")[clicked] if len(rows) else "no row has a click label"
        assert result["overall"]["tasks"]["ctr"]["metrics"]["auc"]["reason"] == f"not defined: {reason}"


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ({"ctr": [0.1]}, r"predictions\['ctr'\] must be \(2,\), one for each row, got \(1,\)"),
        ({"ctr": [0.1, NAN]}, r"predictions\['ctr'\] must be finite, got 1 of 2 that are not"),
        ({"ctr": [0.1, 1.5]}, r"predictions\['ctr'\] must lie in \[0, 1\], got 0.1 .. 1.5"),
        ({"click": [0.1, 0.2]}, "predictions must be for ctr, cvr, relevance, ctcvr, score, got 'click'"),
    ],
)
def test_wrong_predictions_are_named(predictions, message):
    data = dataset([[1, 0, NAN], [0, NAN, NAN]], search=[0, 0], job=[0, 0])
    with pytest.raises(ValueError, match=message):
        evaluate(data, np.arange(2), predictions)


# Ceilings


def test_ceilings_are_the_truth_as_predictions():
    data, rows, predictions = world()
    tasks = evaluate(data, rows, predictions, bootstrap=0)["overall"]["tasks"]
    clicked, truth = data.rows.labels[:, 0], data.truth
    auc = tasks["ctr"]["metrics"]["auc"]
    assert auc["oracle"] == pytest.approx(metrics.auc(clicked, truth["click"]))
    assert auc["reachable"] == pytest.approx(metrics.auc(clicked, truth["click_reachable"]))
    assert auc["share"] == pytest.approx((auc["value"] - 0.5) / (auc["reachable"] - 0.5))
    both = clicked * np.nan_to_num(data.rows.labels[:, 1])
    ctcvr = tasks["ctcvr"]["metrics"]["auc"]
    assert ctcvr["oracle"] == pytest.approx(metrics.auc(both, truth["click"] * truth["conversion"]))
    known = (clicked == 0) | ~np.isnan(data.rows.labels[:, 1])
    gain = truth["click"] * (1 + 2 * truth["conversion"])  # 1 for a click, 2^2 - 1 for a conversion
    expected = metrics.ndcg((clicked + both)[known], gain[known], data.search[known]).value
    assert tasks["ranking"]["metrics"]["ndcg@10"]["oracle"] == pytest.approx(expected)
    assert tasks["cvr_all"]["rows"] == len(rows)
    assert tasks["cvr_all"]["metrics"]["kl"]["oracle"] == pytest.approx(0, abs=1e-9)
    expected = metrics.kl(truth["conversion"], predictions["cvr"])
    assert tasks["cvr_all"]["metrics"]["kl"]["value"] == pytest.approx(expected)
    assert tasks["relevance"]["metrics"]["log_loss"]["share"] is None


def test_without_truth_there_are_no_ceilings():
    data, rows, predictions = world()
    object.__setattr__(data, "truth", None)
    result = evaluate(data, rows, predictions, bootstrap=0)
    assert "cvr_all" not in result["overall"]["tasks"]
    entry = result["overall"]["tasks"]["ctr"]["metrics"]["auc"]
    assert entry["oracle"] is None and entry["reachable"] is None and entry["share"] is None
    assert "reachable" not in format_table(result)


# Bootstrap


def test_replicates_equal_the_metrics_of_resampled_rows():
    data, rows, predictions = world(jobs=12)
    job, labels, scores = data.job, data.rows.labels[:, 0], predictions["ctr"]
    counts = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12)).astype(float)
    drawn = np.repeat(rows, counts[job].astype(int))
    copy = np.concatenate([np.arange(c) for c in counts[job].astype(int)])
    search = data.search[drawn] * 100 + copy  # a search drawn twice is two searches
    grouped = metrics.gauc(labels, scores, data.search)
    gauc = Ratio(grouped.scores * grouped.weights, grouped.weights, job[grouped.first], 12)
    assert gauc.replicate(counts) == pytest.approx(metrics.gauc(labels[drawn], scores[drawn], search).value)
    auc = Auc(labels, scores, job, 12)
    assert auc.value == pytest.approx(metrics.auc(labels, scores))
    assert auc.replicate(counts) == pytest.approx(metrics.auc(labels[drawn], scores[drawn]))


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


def test_compare_pairs_the_draws():
    data, rows, predictions = world()
    better = predictions | {"ctr": data.truth["click"]}
    result = compare(data, rows, predictions, better)
    entry = result["overall"]["ctr"]["auc"]
    assert entry["difference"] == pytest.approx(entry["b"] - entry["a"])
    assert 0 < entry["low"] < entry["difference"] < entry["high"]
    alone = evaluate(data, rows, predictions)["overall"]["tasks"]["ctr"]["metrics"]["auc"]
    assert entry["a"] == alone["value"]
    same = compare(data, rows, predictions, predictions)["roles"]["hr"]["cvr"]["auc"]
    assert (same["difference"], same["low"], same["high"]) == (0, 0, 0)
    json.dumps(result, allow_nan=False)


# Tables


def test_a_table_is_evaluated_by_the_kind_of_its_labels():
    rng = np.random.default_rng(0)
    labels = np.stack([rng.integers(0, 2, 50), rng.random(50), rng.normal(size=50)], axis=1)
    labels[:5] = NAN
    data = dataset(labels, tasks=("income", "grade", "price"))
    predictions = {"income": rng.random(50), "grade": rng.random(50), "price": rng.normal(size=50)}
    result = evaluate(data, np.arange(50), predictions)
    tasks = result["overall"]["tasks"]
    assert result["kind"] == "table" and result["roles"] == {} and result["bootstrap"]["unit"] == "row"
    assert [facts["kind"] for facts in tasks.values()] == ["binary", "soft", "real"]
    assert all(facts["rows"] == 45 for facts in tasks.values())
    income = tasks["income"]["metrics"]["auc"]
    assert income["value"] == pytest.approx(metrics.auc(labels[5:, 0], predictions["income"][5:]))
    assert income["low"] < income["value"] < income["high"]
    assert "gauc" not in tasks["income"]["metrics"]
    expected = metrics.mse(data.rows.labels[5:, 2], predictions["price"][5:])
    assert tasks["price"]["metrics"]["mse"]["value"] == pytest.approx(expected)
    assert tasks["price"]["calibration"] is None and len(tasks["income"]["calibration"]["bins"]) == 15
    text = format_comparison({"mmoe": result | {"parameters": 12_345}, "lightgbm": result})
    assert "income AUC" in text and "price MSE" in text and "12,345" in text
    assert format_table(result)
    json.dumps(result, allow_nan=False)


def test_clicks_and_conversions_without_searches():
    labels = [[1, 0], [0, NAN], [1, 1], [0, NAN]]
    data = dataset(labels, tasks=("ctr", "cvr"))
    result = evaluate(data, np.arange(4), {"ctr": [0.9, 0.1, 0.8, 0.2], "cvr": [0.2, 0.9, 0.8, 0.9]})
    tasks = result["overall"]["tasks"]
    assert tasks["cvr"]["metrics"]["auc"]["value"] == 1 and "gauc" not in tasks["ctr"]["metrics"]
    assert format_table(result) and "CTCVR AUC" in format_comparison({"esmm": result})


# Metrics by name


def test_every_name_gives_the_value_that_evaluate_reports():
    data, rows, predictions = world()
    tasks = evaluate(data, rows, predictions, bootstrap=0)["overall"]["tasks"]
    names = metric_names(TASKS)
    assert {"ctr.auc", "cvr.auc", "ctcvr.auc", "ctr.gauc", "ctr.log_loss", "relevance.concordance"} <= set(names)
    for name in names:
        task, metric = name.split(".")
        assert metric_value(name, data, rows, predictions) == tasks[task]["metrics"][metric]["value"]
        assert metric_direction(name, TASKS) == ("min" if metric in ("log_loss", "kl", "brier") else "max")


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ConfigError, match="unknown metric 'ctr.acu'; did you mean 'ctr.auc'?"):
        metric_direction("ctr.acu", TASKS)
    with pytest.raises(ConfigError, match="did you mean 'income.auc'?"):
        metric_direction("icome.auc", ("income", "marital"))
    data = dataset([[0.5], [1]], tasks=("grade",))
    with pytest.raises(ConfigError, match="grade.auc does not apply to this data; choose one of grade.concordance"):
        metric_value("grade.auc", data, np.arange(2), {"grade": [0.5, 0.6]})
    with pytest.raises(ValueError, match="grade.kl needs predictions for grade, got none"):
        metric_value("grade.kl", data, np.arange(2), {})


def test_a_value_that_is_not_defined_is_nan():
    data = dataset([[1, 0, NAN]], search=[0], job=[0])
    assert np.isnan(metric_value("cvr.auc", data, np.arange(1), {"cvr": [0.5]}))


# Text


def test_text_shows_intervals_ceilings_and_coverage():
    data, rows, predictions = world()
    result = evaluate(data, rows, predictions, bootstrap=50)
    text = format_table(result)
    entry = result["overall"]["tasks"]["ctr"]["metrics"]["gauc"]
    for part in (f"{entry['value']:.4f}", f"{entry['low']:.4f} to {entry['high']:.4f}", f"{entry['oracle']:.4f}"):
        assert part in text
    assert f"{100 * entry['share']:.0f} %" in text and "% of searches" in text and "% of jobs" in text
    assert "manager, 600 rows" in text
    assert max(map(len, text.splitlines())) <= 130


def test_comparison_ends_with_the_ceilings():
    data, rows, predictions = world()
    result = evaluate(data, rows, predictions, bootstrap=0)
    lines = format_comparison({"MMoE": result | {"parameters": 1000}, "ours": result}).splitlines()
    assert [line.split("  ")[0] for line in lines[2:]] == [
        "MMoE",
        "ours",
        "ceiling: all that is observable",
        "ceiling: oracle",
    ]
    assert f"{result['overall']['tasks']['ctr']['metrics']['auc']['oracle']:.4f}" in lines[-1]
