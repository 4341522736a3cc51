"""Which tasks the training rows can teach, and what becomes of the others."""

from pathlib import Path

import numpy as np
import pytest
from case_table import cases

from minirank.config.configuration import Config, FolderConfig, ScoreConfig
from minirank.config.model import ModelConfig, TaskConfig
from minirank.config.table import TableColumns, TableConfig, TableFiles, TaskColumn
from minirank.data import Dataset
from minirank.kernels.batch import Batch, InputSpec
from minirank.run.learnable import Labels, format_labels, learnable

NO = np.nan
GOOD = {"ctr": [1, 0, 1, 0, 1, 0], "cvr": [1, NO, 0, NO, 1, NO], "relevance": [0.5, 1, NO, NO, 0, 0.5]}


def dataset_of(labels: dict[str, list], weights=1.0, train: int = 6, searches=(0, 0, 1, 1, 2, 2)) -> Dataset:
    """Rows without inputs: the first `train` of them train, then one validates, the rest tests."""
    columns = np.array(list(labels.values()), np.float32).T
    rows = np.arange(len(columns))
    groups = np.array(searches, np.int32)
    nothing = np.zeros((len(rows), 0), np.int32), (), np.zeros((len(rows), 0), np.float32)
    batch = Batch(*nothing, columns, np.broadcast_to(np.float32(weights), columns.shape), groups)
    parts = rows[:train], rows[train : train + 1], rows[train + 1 :]
    return Dataset(InputSpec(tasks=tuple(labels)), batch, *parts, groups, None, None, (), None, "", None)


def folder(*tasks: TaskConfig, null=(), score=None, architecture="mmoe") -> Config:
    """A configuration of a data folder."""
    columns = {"impressions": dict.fromkeys(null)} if null else {}
    return Config(FolderConfig(Path("d"), columns), tasks=tasks, model=ModelConfig(architecture), score=ScoreConfig(**(score or {})))


def table(*names: str, **options) -> Config:
    """A configuration of a table."""
    columns = TableColumns(tuple(TaskColumn(name, f"column of {name}") for name in names), dense=("x",))
    return Config(TableConfig(TableFiles(Path("rows.csv")), columns), **options)


def test_labels_with_two_values_are_learned():
    found = learnable(folder(), dataset_of(GOOD))
    assert [(task.name, task.given) for task in found.tasks] == [("ctr", None), ("cvr", "ctr"), ("relevance", None)]
    assert not found.left_out and not found.problems


@cases(
    """
    labels= | reason
    [NO, NO, NO, NO, NO, NO] | no training row has a label
    [1, NO, 1, NO, NO, NO] | all 2 labels of the training rows are 1
    [0.5, 0.5, 0.5, NO, NO, 0.5] | all 4 labels of the training rows are 0.5
    [NO, 0, NO, NO, NO, NO] | the only label of the training rows is 0
""".replace("NO", "None")
)
def test_labels_that_teach_nothing_leave_a_task_out_that_nobody_needs(labels, reason):
    labels = GOOD | {"relevance": [NO if label is None else label for label in labels]}
    found = learnable(folder(), dataset_of(labels))
    assert [task.name for task in found.tasks] == ["ctr", "cvr"] and found.left_out == {"relevance": reason} and not found.problems


def test_a_mask_is_named_where_it_leaves_nothing_to_learn():
    found = learnable(
        folder(TaskConfig("relevance"), TaskConfig("ctr", mask={"role": "hr"})), dataset_of(GOOD | {"ctr": [1, 1, NO, NO, NO, NO]})
    )
    assert "all 2 labels of the training rows are 1 (those inside its mask), and score.ctr is 1" in str(found.problems[0])


def test_a_label_without_a_weight_is_none():
    found = learnable(folder(), dataset_of(GOOD, weights=[1, 1, 0]))
    assert found.left_out == {"relevance": "no training row has a label with a weight above 0"}
    half = np.ones((6, 3))
    half[0] = 0
    all_one = GOOD | {"relevance": [0, 1, 1, 1, 1, 1]}
    assert learnable(folder(), dataset_of(all_one, weights=half)).left_out == {"relevance": "all 5 labels of the training rows are 1"}


CLICKED, CONVERTED = {"ctr": [1] * 6}, {"cvr": [1, NO, 1, NO, 1, NO]}
GIVEN = TaskConfig("cvr", given="ctr")


@pytest.mark.parametrize(
    "config, labels, message",
    [
        (
            folder(),
            GOOD | {"ctr": [0] * 6, "cvr": [NO] * 6},
            "impressions.csv: column clicked: task ctr cannot be learned: all 6 labels of the training rows are 0, and score.ctr is 1; "
            "write data.columns.impressions.clicked: null to train without it, or score.ctr: 0 to leave it out (1 more; minirank validate",
        ),
        (
            folder(),
            GOOD | CONVERTED,
            "impressions.csv: column converted: task cvr cannot be learned: all 3 labels of the training rows are 1, and score.cvr is 1; "
            "write data.columns.impressions.converted: null to train without it, or score.cvr: 0 to leave it out",
        ),
        (folder(score={"ctr": 0}), GOOD | CLICKED, "and task cvr is given it; write tasks: [{name: cvr}, {name: relevance}] to train with"),
        (
            folder(TaskConfig("ctr"), GIVEN, score={"ctr": 0}),
            GOOD | CLICKED,
            "and task cvr is given it; take ctr out of tasks and set tasks.given of cvr to null to train without it",
        ),
        (folder(architecture="esmm", score={"cvr": 0}), GOOD | CONVERTED, "all 3 labels of the training rows are 1, and esmm trains all"),
        (
            folder(score={"relevance": 0.5}),
            GOOD | {"relevance": [NO] * 6},
            "no training row has a label, and score.relevance is 0.5; write",
        ),
        (table("cvr", "y"), {"cvr": [1] * 6, "y": GOOD["ctr"]}, "rows.csv: column column of cvr: task cvr cannot be learned: all 6 labels"),
        (
            table("cvr", "y"),
            {"cvr": [1] * 6, "y": GOOD["ctr"]},
            "; take cvr out of data.columns.tasks to train without it, or score.cvr: 0",
        ),
        (table("y"), {"y": [3] * 6}, "rows.csv: no task can be learned: y: all 6 labels of the training rows are 3; give training rows"),
        (
            folder(),
            {"ctr": [0] * 6, "cvr": [NO] * 6, "relevance": [NO] * 6},
            "no task can be learned: ctr: all 6 labels of the training rows are 0; cvr: no clicked training row has a label; relevance: no "
            "training row has a label; name the columns that hold labels, such as data.columns.impressions.clicked: NAME, write null",
        ),
    ],
)
def test_a_task_that_something_needs_is_an_error_with_the_setting_that_helps(config, labels, message):
    with pytest.raises(Exception) as error:
        learnable(config, dataset_of(labels)).raise_first()
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "config, names",
    [
        (folder(null=["clicked"]), ["relevance"]),
        (folder(null=["converted"]), ["ctr", "relevance"]),
        (folder(score={"cvr": 0}), ["ctr", "relevance"]),
        (folder(TaskConfig("ctr")), ["ctr"]),
    ],
)
def test_each_remedy_helps(config, names):
    labels = GOOD | CONVERTED | ({"ctr": [0] * 6} if names == ["relevance"] else {})
    found = learnable(config, dataset_of({name: labels[name] for name in ["ctr"]} if config.tasks else labels))
    assert [task.name for task in found.tasks] == names and not found.problems


def test_a_task_that_is_given_one_may_be_left_out_with_it():
    labels = GOOD | {"ctr": [0] * 6, "cvr": [NO] * 6}
    found = learnable(folder(score={"ctr": 0, "cvr": 0, "relevance": 1}), dataset_of(labels))
    assert [task.name for task in found.tasks] == ["relevance"] and list(found.left_out) == ["ctr", "cvr"] and not found.problems


@pytest.mark.parametrize("loss", ["pairwise", "listwise"])
def test_a_loss_within_searches_needs_one_with_two_labels(loss):
    tasks = (TaskConfig("y", {loss: 1.0}), TaskConfig("z"))
    apart = {"y": [1, 1, 0, 0, NO, 1], "z": GOOD["ctr"]}
    found = learnable(table("y", "z", tasks=tasks), dataset_of(apart))
    assert found.left_out == {"y": f"no search of the training rows has two different labels, which its loss '{loss}' compares"}
    assert not learnable(table("y", "z", tasks=tasks), dataset_of(apart | {"y": [1, 1, 0, 1, NO, 1]})).left_out


def test_a_regression_to_a_constant_is_left_out():
    tasks = (TaskConfig("y", {"mse": 1.0}), TaskConfig("z"))
    found = learnable(table("y", "z", tasks=tasks), dataset_of({"y": [7.5] * 6, "z": GOOD["ctr"]}))
    assert found.left_out == {"y": "all 6 labels of the training rows are 7.5"}


def test_the_entire_loss_looks_at_both_labels():
    tasks = (TaskConfig("y"), TaskConfig("z", {"entire": 1.0}, given="y"))
    apart = {"y": [1, 1, NO, NO, 0, NO], "z": [1, 1, 0, 0, 1, 0]}  # y is known, and z not 0, in three rows
    found = learnable(table("y", "z", tasks=tasks), dataset_of(apart))
    assert not found.left_out  # a row whose y is 0 counts as 0
    never = learnable(table("y", "z", tasks=tasks), dataset_of(apart | {"y": [1, 1, NO, NO, NO, 0], "z": [0, 0, 1, 1, 1, 0]}))
    assert never.left_out == {"z": "for its loss 'entire', the labels of y and z together, all 3 labels of the training rows are 0"}


def test_only_the_training_rows_decide():
    labels = {name: [*column, 1, 1] for name, column in GOOD.items()}
    found = learnable(folder(), dataset_of(labels, searches=(0, 0, 1, 1, 2, 2, 3, 4)))
    assert len(found.tasks) == 3
    late = learnable(folder(), dataset_of(labels | {"relevance": [NO] * 6 + [0, 1]}, searches=(0, 0, 1, 1, 2, 2, 3, 4)))
    assert list(late.left_out) == ["relevance"]


def test_the_labels_of_each_part_are_counted():
    labels = {"ctr": [1, 0, 1, 1, NO, 0, 0, 1], "relevance": [0.5, 1, NO, NO, 0, 0.5, 0.25, NO]}
    found = learnable(folder(TaskConfig("ctr"), TaskConfig("relevance")), dataset_of(labels, searches=(0, 0, 1, 1, 2, 2, 3, 4)))
    assert found.labels["ctr", "train"] == Labels(5, 3, 0, 1, 1) and found.labels["ctr", "valid"] == Labels(1, 0, 0, 0, 0)
    assert found.labels["relevance", "train"] == Labels(4, None, 0, 1, 2)
    none = found.labels["relevance", "test"]
    assert (none.rows, none.positive, none.searches) == (0, None, 0) and np.isnan(none.low)
    lines = [line.split() for line in format_labels(found).splitlines()]
    assert lines[2] == ["ctr", "train", "5", "3", "1"] and lines[5] == ["relevance", "train", "4", "0", "to", "1", "2"]
    assert lines[7] == ["test", "0", "-", "0"]
