"""What `validate` finds right trains, and `train` refuses in the words of `validate`; what happens to tasks and metrics without labels."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from case_table import cases
from command_line import refused, run
from data_world import HEADER
from odd_data import MODEL, TRAINING, disagreement, odd_folder, odd_table, write_people
from training_world import small_config, write_table

from minirank.errors import ConfigError
from minirank.training import prepare


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Jobs and resumes of one team and of three, with their features."""
    base = tmp_path_factory.mktemp("people")
    for teams in (1, 3):
        write_people(base / str(teams), 0, teams)
    return base


FOLDERS, TABLES = range(12), range(12)


def test_validate_and_train_agree_on_odd_folders(tmp_path, people, capsys):
    fared = []
    for seed in FOLDERS:
        (tmp_path / str(seed)).mkdir()
        found, wrong = disagreement(capsys, odd_folder(tmp_path / str(seed), people / "13"[seed % 2], seed))
        assert wrong is None, (seed, wrong)
        fared.append(found)
    assert fared.count("trained") >= 3 and fared.count("refused") >= 3


def test_validate_and_train_agree_on_odd_tables(tmp_path, capsys):
    fared = []
    for seed in TABLES:
        found, wrong = disagreement(capsys, odd_table(tmp_path / str(seed), seed))
        assert wrong is None, (seed, wrong)
        fared.append(found)
    assert fared.count("trained") >= 3 and fared.count("refused") >= 3


def write_rows(folder: Path, valid: str = "", **columns) -> Path:
    """A table of 40 rows with labels y and z, and its configuration; `columns` replaces cells, `valid` the validation rows."""
    random = np.random.default_rng(0)
    cells = {name: [str(value) for value in random.integers(0, 2, 40)] for name in "yz"} | {"a": [f"{x:.2f}" for x in random.random(40)]}
    cells |= {name: [str(value)] * 40 for name, value in columns.items()}
    (folder / "rows.csv").write_text("\n".join([",".join(cells), *map(",".join, zip(*cells.values()))]) + "\n")
    (folder / "valid.csv").write_text(valid)
    table = {"train": "rows.csv"} | ({"valid": "valid.csv"} if valid else {"valid_share": 0.2})
    config = {"data": {"table": table, "columns": {"dense": ["a"], "tasks": [{"name": name, "column": name} for name in "yz"]}}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config | {"model": MODEL, "training": TRAINING}))
    return folder / "config.yaml"


ALL_ONE = "all 32 labels of the training rows are 1"


def test_a_task_that_is_left_out_is_named_everywhere(tmp_path, capsys):
    config, folder = write_rows(tmp_path, z=1), tmp_path / "run"
    status, report, _ = run(capsys, "validate", config)
    assert status == 0 and report.endswith(f"left out: task z: {ALL_ONE}\nok: train learns y\n")
    for command in (("plan", config), ("train", config, "--run", folder)):
        status, _, said = run(capsys, *command)
        assert status == 0 and f"left out: task z: {ALL_ONE}\n" in said
    assert json.loads((folder / "data.json").read_text())["left_out"] == {"z": ALL_ONE}
    epoch = json.loads((folder / "metrics.jsonl").read_text().splitlines()[0])
    assert epoch["valid"]["z"] is None and epoch["reasons"] == {"z": f"left out: {ALL_ONE}"} and epoch["valid"]["y.auc"] is not None
    _, printed, _ = run(capsys, "evaluate", folder, "--split", "valid")
    assert f"\nleft out: task z: {ALL_ONE}\n" in printed
    _, printed, _ = run(capsys, "evaluate", folder, "--split", "valid", "--json")
    found = json.loads(printed)
    assert found["left_out"] == {"z": ALL_ONE} and list(found["overall"]["tasks"]) == ["y"]
    status, _, said = run(capsys, "score", folder, tmp_path / "rows.csv", "--out", tmp_path / "out.csv")
    assert status == 0 and f"left out: task z: {ALL_ONE}\n" in said and (tmp_path / "out.csv").read_text().startswith("y\n0.")


def test_a_ranking_names_what_was_left_out(tmp_path, people, capsys):
    lines = [f"s{row},2024-01-{1 + row:02},u0,j0,c0,,{row % 2},{row % 2 or ''},,," for row in range(20)]
    data, folder = write_impressions(people, tmp_path / "data", lines), tmp_path / "run"
    config = {"data": {"folder": "data", "split": {"valid": 0, "test": 0}}, "score": {"cvr": 0}, "model": MODEL, "training": TRAINING}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert run(capsys, "train", tmp_path / "config.yaml", "--run", folder)[0] == 0 and data.exists()
    status, printed, _ = run(capsys, "rank", folder, "--job", "j0")
    reasons = {"cvr": "all 10 labels of the training rows are 1", "relevance": "no training row has a label"}
    assert status == 0 and "pCTCVR" not in printed
    assert all(f"\nleft out: task {task}: {reason}\n" in printed for task, reason in reasons.items())
    _, printed, _ = run(capsys, "rank", folder, "--job", "j0", "--json")
    assert json.loads(printed)["left_out"] == reasons


def test_resuming_leaves_the_same_task_out(tmp_path, capsys):
    config = write_rows(tmp_path, z=1)
    run(capsys, "train", config, "--run", tmp_path / "run")
    status, _, said = run(capsys, "train", config, "--run", tmp_path / "run", "--resume")
    assert status == 0 and "is finished already" in said


def test_a_class_that_the_validation_rows_lack_costs_its_metrics_alone(tmp_path, capsys):
    config = write_rows(tmp_path, valid="y,z,a\n1,,0.5\n1,,0.25\n")
    status, _, said = run(capsys, "train", config, "--run", tmp_path / "run")
    assert status == 0 and "the validation rows do not define y.auc: every y label is 1\n" in said
    assert "the validation rows do not define z.auc, z.log_loss, z.brier, z.observed_over_predicted: no row has a z label\n" in said
    epoch = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert epoch["valid"]["y.auc"] is None and epoch["reasons"]["y.auc"] == "not defined: every y label is 1"
    assert epoch["valid"]["mean.log_loss"] == epoch["valid"]["y.log_loss"]  # of the tasks that have it
    assert epoch["valid"]["mean.auc"] is None and epoch["reasons"]["mean.auc"] == "not defined: no task has it"


def test_early_stopping_without_a_label_to_watch_trains_all_epochs(tmp_path, capsys):
    config = write_rows(tmp_path, valid="y,z,a\n,,0.5\n,,0.25\n")
    status, printed, said = run(capsys, "train", config, "--run", tmp_path / "run")
    assert status == 0 and "so early stopping has nothing to watch: all epochs are trained, and the last parameters are kept\n" in said
    assert "the parameters of epoch 2 of 2 are kept" in printed
    status, _, _ = run(capsys, "evaluate", tmp_path / "run", "--split", "valid")
    assert status == 0


@cases("""
    metric | z | message
    y.auc | 0 | training.early_stopping.metric: y.auc is not defined: every y label is 1, on the validation rows; choose one of y.log_
    z.auc | 0 | training.early_stopping.metric: z.auc is of a task that is left out; choose one of y.log_loss
    mean.auc | 0 | training.early_stopping.metric: mean.auc is not defined: no task has it, on the validation rows; choose one of
""")
def test_a_metric_that_does_not_exist_is_refused_in_the_same_words(tmp_path, capsys, metric, z, message):
    config = write_rows(tmp_path, valid="y,z,a\n1,1,0.5\n1,0,0.25\n", z=z)
    override = "--set", f"training.early_stopping={{metric: {metric}}}"
    assert refused(capsys, "train", config, "--run", tmp_path / "run", *override).startswith(message)
    status, report, _ = run(capsys, "validate", config, *override)
    assert status == 1 and message in report and report.endswith("\n1 problem\n")


def write_impressions(people: Path, data: Path, rows) -> Path:
    """A copy of `people` with these rows in its impressions.csv."""
    shutil.copytree(people / "1", data, dirs_exist_ok=True)
    (data / "impressions.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return data


@cases("""
    clicked | converted | relevance | settings= | says
    01 | 01 | 0.5 1 | [] | ok: train learns ctr, cvr, relevance
    0 | | 0.5 1 | [] | write data.columns.impressions.clicked: null to train without it, or score.ctr: 0 to leave it out
    0 | | 0.5 1 | ["data.columns.impressions.clicked=null"] | relevance alone makes the score, for no other task is trained
    01 | 0 | 0.5 1 | [] | write data.columns.impressions.converted: null to train without it, or score.cvr: 0 to leave it out
    01 | 0 | 0.5 1 | ["data.columns.impressions.converted=null"] | ok: train learns ctr, relevance
    01 | 0 | 0.5 1 | ["score.cvr=0"] | left out: task cvr: all 12 labels of the training rows are 0
    01 | 01 | | [] | left out: task relevance: no training row has a label
    01 | 01 | 1 | ["score.relevance=1"] | task relevance cannot be learned: all 24 labels of the training rows are 1, and score.rel
    0 | | | [] | no task can be learned: ctr: all 24 labels of the training rows are 0; cvr: no clicked training row has a label; rel
    01 | 0 | 0.5 1 | ["model.architecture=esmm", "score.cvr=0"] | and esmm trains all its tasks together; write data.columns.impressions.con
    01 | 01 | | ["score={ctr: 0, cvr: 0, relevance: 0}"] | no task that is trained enters the score; set score.ctr: 1 or score.cvr: 1
    01 | 01 | 1 | ["training.memory=100MB"] | 40 rows need 451MB even where their inputs are read part by part; set it to that or more
""")
def test_a_folder_is_told_what_can_be_trained(tmp_path, people, capsys, clicked, converted, relevance, settings, says):
    lines = []
    for row in range(40):
        click = clicked[row % len(clicked)]
        answer = converted[row // 2 % len(converted)] if click == "1" and converted else ""
        grade = relevance.split()[row % len(relevance.split())] if relevance else ""
        lines.append(f"s{row // 4},2025-0{1 + row // 8}-{10 + row // 4},u0,j0,c{row % 4},,{click},{answer},,{grade},")
    data = write_impressions(people, tmp_path / "data", lines)
    options = [word for setting in ("data.split={valid: 0.2, test: 0.2, maturity_days: 0}", *settings) for word in ("--set", setting)]
    status, report, _ = run(capsys, "validate", data, *options)
    assert says in report and (status == 0) == (not any(word in report for word in ("cannot", "no task", "set it to that"))), report


def test_one_search_three_rows_and_one_moment_are_found_before_training(tmp_path, people, capsys):
    row = "s0,2024-01-01,u0,j0,c0,,1,1,,,"
    for rows, says in (
        ([row], "impressions.csv: the train part of the split is empty, for there is one search alone"),
        ([row.replace("s0", name) for name in "abc"], "the train part of the split is empty, for all 3 searches begin at the same time"),
    ):
        status, report, _ = run(capsys, "validate", write_impressions(people, tmp_path / "data", rows))
        end = "set data.split.valid and data.split.test to 0 to train on all rows\n1 problem\n"
        assert status == 1 and says in report and report.endswith(end)


def test_validate_says_what_comes_next(tmp_path, people, capsys):
    rows = [f"s{n},2024-01-01,u0,j0,c0,,{n % 2},{n // 2 % 2 if n % 2 else ''},,," for n in range(12)]
    data, whole = write_impressions(people, tmp_path / "data", rows), ("--set", "data.split={valid: 0, test: 0}")
    status, report, _ = run(capsys, "validate", data, *whole)
    assert status == 0 and report.endswith("ok: train learns ctr, cvr\nnext: minirank train CONFIG.yaml\n")
    (data / "job_features.jsonl").unlink()
    status, report, _ = run(capsys, "validate", data, *whole)
    assert status == 0 and report.endswith(f"next: minirank extract {data} (there are no extracted features yet)\n")


def test_rows_in_no_part_are_counted(tmp_path, people, capsys):
    rows = [f"s{n},2024-{1 + n // 28:02}-{1 + n % 28:02},u0,j0,c0,,{n % 2},{n // 2 % 2 if n % 2 else ''},,," for n in range(112)]
    status, report, _ = run(capsys, "validate", write_impressions(people, tmp_path / "data", rows))
    assert status == 0 and re.search(r"^(\d+) of 112 impressions are in no part: an answer was open .*maturity_days is 7\)$", report, re.M)


def test_a_configuration_is_validated_in_the_place_of_its_data(tmp_path, capsys):
    config = write_table(tmp_path)
    status, report, _ = run(capsys, "validate", config)
    assert status == 0 and report.endswith("\nok: train learns ctr, cvr\n")
    assert f"minirank validate {config}" in refused(capsys, "validate", tmp_path, "--config", config)
    assert "is a configuration already" in refused(capsys, "validate", config, "--config", config)
    (tmp_path / "rows.csv").write_text((tmp_path / "rows.csv").read_text().replace(",r1,", ",", 1))
    status, report, _ = run(capsys, "validate", config)
    assert status == 1 and "rows.csv:" in report and "expected 8 cells, got 7" in report


def test_negative_labels_are_no_list(tmp_path):
    config = small_config(tmp_path, "tasks=[{name: ctr, loss: {listwise: 1}}, {name: cvr}]", "data.columns.group=search")
    rows = (tmp_path / "rows.csv").read_text().splitlines()
    cells = [row.split(",") for row in rows[1:]]
    (tmp_path / "rows.csv").write_text(
        "\n".join([rows[0], *(",".join([*row[:6], "-1" if row[6] == "1" else "0", row[7]]) for row in cells)])
    )
    with pytest.raises(ConfigError, match="task ctr: labels must be 0 or 1"):
        prepare(config)
    alone = replace(config, tasks=config.tasks[:1])
    with pytest.raises(ConfigError, match="task ctr: labels go down to -1, its loss 'listwise' needs 0 or more; scale them"):
        prepare(alone)
