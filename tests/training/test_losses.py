"""Losses that need more than a label: propensities, delays, masks; and what the configuration says against them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from case_table import cases
from evaluation_world import NAN, dataset, world
from training_world import small_config

from minirank.config.model import GateConfig, ModelConfig, TaskConfig, check_tasks
from minirank.errors import ConfigError
from minirank.evaluation import evaluate
from minirank.kernels.batch import Batch, InputSpec
from minirank.run.load_data import load_dataset, select_tasks
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run
from minirank.training import train
from minirank.training.batches import with_targets
from minirank.training.effective import effective_size, few_effective

REFERENCE = "training.backend=reference", "training.epochs=2"


def lines_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@cases("""
    tasks | message
    [{name: ctr, gamma: 3}] | tasks[0]: gamma is for the loss focal, which it has not; remove it
    [{name: ctr, loss: {focal: 1}, gamma: -1}] | tasks[0]: gamma must be finite and 0 or more, got -1
    [{name: ctr, least_propensity: 0.1}] | tasks[0]: least_propensity is for the loss ips or dr, which it has not; remove it
    [{name: ctr}, {name: cvr, given: ctr, loss: {ips: 1}, least_propensity: 0}] | least_propensity must lie in [1e-06, 1], got 0
    [{name: cvr, loss: {dr: 1}}] | task cvr has the loss 'dr' but no `given`; name the task it is conditional on
    [{name: ctr, loss: {focal: 1}}, {name: cvr, given: ctr, loss: {ips: 1}}] | weighted by the probability of ctr, which the loss 'focal'
    [{name: ctr, positive_weight: 2}, {name: cvr, given: ctr, loss: {dr: 1}}] | ctr has positive_weight, which is for the loss bce or focal
    [{name: ctr}, {name: cvr, given: ctr, loss: {ips: 1}, label_smoothing: 0.1}] | cvr has label_smoothing, which is for the loss bce or
    [{name: cvr, delayed: true}] | task cvr is delayed, which is for cvr of a data folder, whose times are known; set delayed: false
    [{name: ctr, mask: {cty: c1}}] | task ctr: mask.cty is no label and no field that masks know; did you mean city?
    [{name: ctr, mask: {role: [r1, r9x]}}] | task ctr: mask.role: no row has 'r9x', or too few; known are r0, r1, r2
    [{name: ctr, mask: {cvr: yes please}}] | task ctr: mask.cvr must be a number, for cvr is a label, got 'yes please'
    [{name: ctr, mask: {role: []}}] | tasks[0]: mask.role has no value; name one or more, or take it out
""")
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path, tasks, message):
    with pytest.raises(ConfigError) as caught:
        train(small_config(tmp_path, f"tasks={tasks}"), tmp_path / "run")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_delayed_task_has_bce_alone():
    for changes in ({"loss": {"focal": 1.0}}, {"positive_weight": 2.0}):
        with pytest.raises(ConfigError, match="task cvr is delayed, which is for the loss bce alone"):
            check_tasks(ModelConfig(gate=GateConfig("none")), (TaskConfig("cvr", delayed=True, **changes),), InputSpec(tasks=("cvr",)))


def test_every_loss_of_a_given_pair_trains_and_says_what_its_rows_are_worth(tmp_path):
    tasks = "tasks=[{name: ctr}, {name: cvr, given: ctr, loss: {LOSS: 1.0, bce: 0.5}, least_propensity: 0.2}]"
    config = small_config(tmp_path, tasks.replace("LOSS", "dr"), *REFERENCE)
    train(config, tmp_path / "run")
    lines, run = lines_of(tmp_path / "run"), load_run(tmp_path / "run")
    assert set(lines[0]["losses"]) == {"ctr.bce", "cvr.dr", "cvr.bce"}
    rows = (data := load_dataset(config)).rows.take(data.train)
    rows = rows.take(np.flatnonzero((rows.labels[:, 0] == 1) & ~np.isnan(rows.labels[:, 1])))
    best = next(line for line in lines[::-1] if line["best"])
    w = 1 / np.maximum(1 / (1 + np.exp(-run.executor.logits(run.values, rows)[:, 0])), 0.2)
    assert best["effective_rows"]["cvr"] == {"rows": len(rows), "effective": pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-5)}
    assert "imputed.cvr.out.weight" in run.plan.parameters
    assert not any("imputed" in parameter.name for op in run.plan.predicting for parameter in op.parameters)


def test_effective_sizes_by_hand():
    assert effective_size(np.array([1.0, 1, 1, 1])) == 4 and effective_size(np.array([3.0, 1])) == 1.6 and effective_size(np.zeros(0)) == 0
    task = TaskConfig("cvr", {"ips": 1.0}, given="ctr", least_propensity=0.01)
    assert few_effective({"cvr": {"rows": 100, "effective": 20.0}}, [task]) == []
    (said,) = few_effective({"cvr": {"rows": 1000, "effective": 20.0}}, [task])
    assert said.startswith("cvr: 1,000 weighted rows are worth 20,") and "raise tasks.least_propensity (it is 0.01)" in said


def test_open_labels_as_training_sees_them():
    labels = np.float32([[1, 0], [0, 0], [0, 1], [0, NAN]])
    rows = Batch(np.zeros((4, 0), np.int32), (), np.zeros((4, 0), np.float32), labels, np.ones_like(labels), np.arange(4))
    tasks = TaskConfig("ctr"), TaskConfig("cvr", delayed=True)
    seen = with_targets(rows, tasks, np.float32([0, 0.25, 0.5, 1]))
    np.testing.assert_array_equal(seen.labels, np.float32([[1, 0], [0, -0.25], [0, 1], [0, NAN]]))
    assert with_targets(rows, tasks) is rows


def test_a_mask_by_hand():
    """By label, by role, by both, and with the task that is given."""
    clicked, converted, grade = [1, 1, 0, 1], [1, 0, NAN, NAN], [0.5, 1, 0.2, NAN]
    data = dataset(np.stack([clicked, converted, grade], axis=1), role=[0, 1, 1, 0], role_names=("hr", "manager"))

    def labels(**masks):
        tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance"))
        masked = select_tasks(data, tuple(replace(task, mask=masks.get(task.name, {})) for task in tasks))
        assert select_tasks(masked, tasks[:1]).rows.labels.shape == (4, 1)
        assert (masked.outside is None) == (not masks)
        if masks:
            assert ((masked.rows.weights == 0) == masked.outside).all() and np.isnan(masked.rows.labels[masked.outside]).all()
        return masked.rows.labels.T

    np.testing.assert_array_equal(labels()[1], [1, 0, NAN, NAN])
    np.testing.assert_array_equal(labels(relevance={"ctr": 1})[2], np.float32([0.5, 1, NAN, NAN]))
    np.testing.assert_array_equal(labels(relevance={"role": ("manager", "hr"), "cvr": (1, 0)})[2], np.float32([0.5, 1, NAN, NAN]))
    found = labels(ctr={"role": "manager"})
    np.testing.assert_array_equal(found[0], [NAN, 1, 0, NAN])
    np.testing.assert_array_equal(found[1], [NAN, 0, NAN, NAN])  # given a click


def test_a_metric_is_masked_like_its_loss():
    """Metrics of two tasks together as well: what a masked data set gives is what the rows within the mask give alone."""
    data, rows, predictions = world()
    tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr", mask={"role": "hr"}), TaskConfig("relevance"))
    found = evaluate(select_tasks(data, tasks), rows, predictions, bootstrap=0)["overall"]["tasks"]
    inside = rows[data.role == 0]
    alone = evaluate(data, inside, {name: values[inside] for name, values in predictions.items()}, bootstrap=0)["overall"]["tasks"]
    whole = evaluate(data, rows, predictions, bootstrap=0)["overall"]["tasks"]
    for task in ("cvr", "ctcvr", "ranking", "cvr_all"):
        one, other = ({name: entry["value"] for name, entry in each[task]["metrics"].items()} for each in (found, alone))
        assert found[task]["rows"] == alone[task]["rows"] < whole[task]["rows"] and one == pytest.approx(other)
    assert found["ctr"] == whole["ctr"] and found["relevance"] == whole["relevance"]


def test_a_mask_holds_in_training_and_in_every_metric_of_a_table(tmp_path):
    """Rows outside change nothing, whatever their labels are; the loss over all rows and the joint metric leave them out, too."""
    tasks = "tasks=[{name: ctr}, {name: cvr, given: ctr, loss: {entire: 1.0}, mask: {city: [c1, c2]}}]"
    found = []
    for name in ("as it is", "other labels outside"):
        (tmp_path / name).mkdir()
        config = small_config(tmp_path / name, tasks, *REFERENCE)
        if found:
            path = config.data.table.train
            cells = [line.split(",") for line in path.read_text().splitlines()]
            for row in cells[1:]:
                row[-1] = "1" if row[1] not in ("c1", "c2") and row[-2] == "1" else row[-1]
            path.write_text("\n".join(map(",".join, cells)) + "\n")
        train(config, tmp_path / name / "run")
        data, last = load_dataset(config), lines_of(tmp_path / name / "run")
        found.append([{key: line[key] for key in ("losses", "valid")} for line in last])
        best = next(line for line in last[::-1] if line["best"])["valid"]
        tasks_of = evaluate_run(load_run(tmp_path / name / "run"), "valid", dataset=data, bootstrap=0)["overall"]["tasks"]
        for task, metric in (("cvr", "auc"), ("ctcvr", "log_loss")):
            assert tasks_of[task]["metrics"][metric]["value"] == pytest.approx(best.get(f"{task}.{metric}"), rel=1e-6)
    assert found[0] == found[1]
