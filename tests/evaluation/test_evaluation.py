"""Evaluation of whole prediction sets: which rows count, intervals, ceilings, comparison, text."""

import json

import numpy as np
import pytest
from evaluation_world import NAN, TASKS, dataset, world

from minirank.evaluation import compare, evaluate, format_comparison, format_table, metrics
from minirank.evaluation.targets import HIGHER_IS_BETTER, OBSERVED

# Which rows count


def test_targets_by_hand():
    # Not clicked: no conversion, whatever the label says (row 1). Row 4: clicked, conversion unknown. Row 5: click unknown.
    clicked, converted, relevance = [0, 0, 1, 1, 1, NAN], [NAN, 1, 0, 1, NAN, 1], [0.2, NAN, 0.8, NAN, 0.5, NAN]
    data = dataset(np.stack([clicked, converted, relevance], axis=1), search=[0] * 6, job=[0] * 6)
    predictions = {"ctr": [0.1, 0.6, 0.3, 0.9, 0.8, 0.5], "cvr": [0.9, 0.9, 0.4, 0.2, 0.9, 0.9]}
    predictions |= {"relevance": [0.3, 0.1, 0.6, 0.1, 0.5, 0.1]}
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
    shares = {"unit": "search", "groups": expected.group_share, "rows": expected.row_share}
    assert entry["coverage"] == shares | {"empty": expected.empty, "single": expected.single}
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


WRONG = [
    ({"ctr": [0.1]}, r"predictions\['ctr'\] must be \(2,\), one for each row, got \(1,\)"),
    ({"ctr": [0.1, NAN]}, r"predictions\['ctr'\] must be finite, got 1 of 2 that are not"),
    ({"ctr": [0.1, 1.5]}, r"predictions\['ctr'\] must lie in \[0, 1\], got 0.1 .. 1.5"),
    ({"click": [0.1, 0.2]}, "predictions must be for ctr, cvr, relevance, ctcvr, score, got 'click'"),
]


@pytest.mark.parametrize("predictions, message", WRONG)
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
    expected = metrics.row_kl(truth["conversion"], predictions["cvr"]).mean()
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
    expected = metrics.row_squared_error(data.rows.labels[5:, 2], predictions["price"][5:]).mean()
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


def test_every_metric_has_a_direction_but_the_one_that_is_best_at_1():
    data, rows, predictions = world()
    tasks = evaluate(data, rows, predictions, bootstrap=0)["overall"]["tasks"]
    for metric in {name for facts in tasks.values() for name in facts["metrics"]} - {OBSERVED}:
        assert (metric in HIGHER_IS_BETTER) == (metric not in ("log_loss", "kl", "brier"))
    assert OBSERVED not in HIGHER_IS_BETTER and "mse" not in HIGHER_IS_BETTER


# Regressions


def test_a_regression_is_measured_by_its_squared_error_and_its_order():
    data, rows, predictions = world()
    values = predictions | {"relevance": 3 * predictions["relevance"] - 1}
    with pytest.raises(ValueError, match=r"predictions\['relevance'\] must lie in \[0, 1\]"):
        evaluate(data, rows, values)
    result = evaluate(data, rows, values, regressions=["relevance"], bootstrap=20)
    before, after = evaluate(data, rows, predictions, bootstrap=20)["overall"]["tasks"], result["overall"]["tasks"]
    assert list(after["relevance"]["metrics"]) == ["concordance", "ndcg@10", "mse"]
    assert after["relevance"]["calibration"] is None
    labels = data.rows.labels[:, 2]
    known = ~np.isnan(labels)
    assert after["relevance"]["metrics"]["mse"]["value"] == pytest.approx(((labels - values["relevance"])[known] ** 2).mean())
    for name in ("concordance", "ndcg@10"):  # of the order alone
        assert after["relevance"]["metrics"][name] == before["relevance"]["metrics"][name]
    assert after | {"relevance": before["relevance"]} == before
    assert format_table(result) and "relevance concordance" in format_comparison({"mmoe": result})
    json.dumps(compare(data, rows, predictions, values, regressions=["relevance"], bootstrap=5), allow_nan=False)


def test_what_is_made_of_a_regression_is_one_too():
    data, rows, predictions = world()
    tasks = evaluate(data, rows, predictions | {"cvr": 2 * predictions["cvr"]}, regressions=["cvr"], bootstrap=0)["overall"]["tasks"]
    assert list(tasks["cvr"]["metrics"]) == list(tasks["ctcvr"]["metrics"]) == ["auc", "gauc", "mse"]
    assert list(tasks["ranking"]["metrics"]) == ["ndcg@10"] and list(tasks["cvr_all"]["metrics"]) == ["concordance", "spearman", "mse"]
    assert "log_loss" in tasks["ctr"]["metrics"]


def test_grades_outside_0_1_beside_clicks_have_no_gain():
    data = dataset([[1, 0, -3.0], [0, NAN, 2.5], [1, 1, 7.0]], search=[0, 0, 0], job=[0, 0, 0])
    given = {"ctr": [0.9, 0.1, 0.8], "cvr": [0.2, 0.9, 0.8], "relevance": [-2.0, 1.0, 8.0]}
    assert list(evaluate(data, np.arange(3), given)["overall"]["tasks"]["relevance"]["metrics"]) == ["concordance", "mse"]


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


# Tables


def test_grades_within_groups_have_ndcg_and_map():
    labels = np.array([0, 4, 1, 2, 0, 0, 3, 3], float)[:, None]
    data = dataset(labels, tasks=("grade",), search=[0, 0, 0, 1, 1, 2, 2, 2])
    found = evaluate(data, np.arange(8), {"grade": [3.0, 2, 1, 1, 2, 9, 8, 7]}, bootstrap=10)["overall"]["tasks"]["grade"]
    assert found["kind"] == "graded" and list(found["metrics"]) == ["concordance", "ndcg@1", "ndcg@10", "map", "mse"]
    values = {name: entry["value"] for name, entry in found["metrics"].items()}
    assert values["ndcg@1"] == 0 and values["map"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 2 + (1 / 2 + 2 / 3) / 2) / 3)
    assert values["concordance"] == pytest.approx((1 + 0 + 0) / 6)  # pairs: 4 over 1, of 3 + 1 + 2 that differ
    assert found["metrics"]["map"]["low"] <= values["map"] <= found["metrics"]["map"]["high"]
    half = evaluate(dataset(labels + 0.5, tasks=("grade",), search=[0] * 8), np.arange(8), {"grade": np.ones(8)}, bootstrap=0)
    assert list(half["overall"]["tasks"]["grade"]["metrics"]) == ["mse"]  # prices, not grades


def test_a_joint_probability_is_measured_on_the_labels_of_both():
    first, second = [0, 0, 1, 1, 1, NAN], [NAN, 1, 0, 1, NAN, 1]
    data = dataset(np.stack([first, second], axis=1), tasks=("a", "b"))
    predictions = {"a": np.full(6, 0.5), "b": np.full(6, 0.5), "a_b": [0.9, 0.1, 0.2, 0.6, 0.9, 0.9]}
    tasks = evaluate(data, np.arange(6), predictions, joint={"a_b": ("a", "b")}, bootstrap=0)["overall"]["tasks"]
    assert tasks["a_b"]["rows"] == 4 and tasks["a_b"]["positives"] == 1
    assert tasks["a_b"]["metrics"]["auc"]["value"] == pytest.approx(2 / 3)  # .6 over .1 and .2, not over .9
    with pytest.raises(ValueError, match="predictions must be for a, b, got 'a_b'"):
        evaluate(data, np.arange(6), predictions)
