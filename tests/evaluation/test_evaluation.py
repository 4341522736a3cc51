"""Evaluation of whole prediction sets: which rows count, intervals, ceilings, comparison, text."""

import json

import numpy as np
import pytest
from evaluation_world import NAN, TASKS, dataset, world

from minirank.errors import ConfigError
from minirank.evaluation import compare, evaluate, format_comparison, format_table, metric_direction, metric_names, metric_value, metrics

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


# Comparison


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
    assert [line.split("  ")[0] for line in lines[2:]] == ["MMoE", "ours", "ceiling: all that is observable", "ceiling: oracle"]
    assert f"{result['overall']['tasks']['ctr']['metrics']['auc']['oracle']:.4f}" in lines[-1]
