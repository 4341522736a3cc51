"""Tables: encodings against literals, statistics of training rows alone, and schemas that would leak."""

from __future__ import annotations

import bz2
import gzip
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import yaml

from minirank.data import TableConfig, TableEncoder, read_table
from minirank.data.dense import DenseTransform
from minirank.dataclass_yaml import build
from minirank.errors import ConfigError, DataError, RunError

TRAIN = """city,tags,age,pay,search,role,label,grade,trust
Rome,a|b,10,1,s1,sourcer,yes,0.5,1
Rome,b,20,,s1,agency,no,0.25,0.5
Oslo,,30,3,s2,sourcer,no,,
Oslo,a|c|a,40,5,s2,sourcer,yes,1,2
Bonn,b,?,3,s3,agency,?,0,1
"""
VALID = """city,tags,age,pay,search,role,label,grade,trust
Bonn,c|b|d,25,7,s1,manager,no,0.5,1
Rome,a,1000,1,s9,sourcer,yes,0.5,1
Oslo,a,,-3,s1,agency,no,0.5,1
"""
COLUMNS = {
    "categorical": ["city"],
    "multi_valued": [{"column": "tags", "separator": "|"}],
    "dense": ["age", "pay"],
    "tasks": [{"name": "y", "column": "label", "positive": "yes"}],
}


def read(path: Path, *, train=TRAIN, valid=VALID, table=None, **columns):
    (path / "train.csv").write_text(train)
    (path / "valid.csv").write_text(valid)
    files = {"train": "train.csv", "valid": "valid.csv", "missing": ["", "?"]} | (table or {})
    return read_table(config(files, COLUMNS | columns), path)


def config(table: dict, columns: dict) -> TableConfig:
    return build(TableConfig, {"table": table, "columns": columns}, "data")


def bag(dataset, row: int, index: int = 0) -> list[int]:
    found = dataset.rows.bags[index]
    entity = found.entity[row]
    return found.ids[found.offsets[entity] : found.offsets[entity + 1]].tolist()


def test_categories_bags_and_labels(tmp_path):
    data = read(tmp_path)
    assert data.inputs.categorical == (("city", 3),)  # unknown, Oslo, Rome; Bonn is too rare to be known
    assert data.rows.ids[:, 0].tolist() == [2, 2, 1, 1, 0, 0, 2, 1]
    assert data.inputs.bags == (("tags", 3),)  # unknown, a, b; c has one training row
    assert [bag(data, row) for row in range(8)] == [[1, 2], [2], [], [1, 0], [2], [0, 2], [1], [1]]
    np.testing.assert_array_equal(data.rows.labels[:, 0], np.float32([1, 0, 0, 1, np.nan, 0, 1, 0]))
    assert (data.rows.weights == 1).all() and data.inputs.tasks == ("y",)
    assert data.train.tolist() == [0, 1, 2, 3, 4] and data.valid.tolist() == [5, 6, 7] and len(data.test) == 0
    assert data.rows.groups.tolist() == list(range(8))
    assert data.search is data.job is data.role is data.truth is None and data.role_names == ()
    assert len(data.fingerprint) == 64
    assert data.rows.ids.dtype == data.rows.groups.dtype == data.rows.bags[0].ids.dtype == np.int32


def test_dense_columns_are_standardised_by_training_rows(tmp_path):
    data = read(tmp_path)
    age = (np.array([10, 20, 30, 40, 25, 25, 1000, 25]) - 25) / np.sqrt(125)  # mean 25; a missing one becomes 0
    pay = (np.array([1, 3, 3, 5, 3, 7, 1, -3]) - 3) / np.sqrt(2)
    assert data.inputs.dense == ("age", "pay")
    np.testing.assert_allclose(data.rows.dense, np.stack([age, pay], 1), rtol=1e-6)


def test_validation_rows_change_nothing_that_was_learned(tmp_path):
    first = read(tmp_path)
    second = read(tmp_path, valid=VALID.replace("Bonn", "Rome").replace("1000", "-7").replace("c|b|d", "c|c"))
    assert first.encoder == second.encoder
    np.testing.assert_array_equal(first.rows.dense[:5], second.rows.dense[:5])


def test_every_category_is_kept_with_min_count_1_and_a_missing_one_is_a_category(tmp_path):
    data = read(tmp_path, train=TRAIN.replace("Bonn", "?"), min_count=1)
    assert data.encoder.categorical[0].values == (None, "Oslo", "Rome")
    assert data.rows.ids[:, 0].tolist() == [3, 3, 2, 2, 1, 0, 3, 2]


def test_an_indicator_marks_what_is_missing(tmp_path):
    data = read(tmp_path, missing_indicator=True)
    assert data.inputs.dense == ("age", "age:missing", "pay", "pay:missing")
    assert data.rows.dense[:, 1].tolist() == [0, 0, 0, 0, 1, 0, 0, 1]
    assert data.rows.dense[:, 3].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]


def test_each_dense_column_may_have_its_own_transform(tmp_path):
    data = read(tmp_path, dense=["age", {"column": "pay", "transform": "quantile"}], dense_transform="log1p")
    logs = np.log1p([10, 20, 30, 40])
    np.testing.assert_allclose(data.rows.dense[:4, 0], (logs - logs.mean()) / logs.std(), rtol=1e-6)
    # Training values of pay: 1, 3, 3, 5. Ranks: 1/8, 2/4, 7/8 of the way; between two values linear, outside the ends.
    np.testing.assert_allclose(data.rows.dense[:, 1], [-0.75, 0, 0, 0.75, 0, 0.75, -0.75, -0.75], rtol=1e-6)


def test_log1p_keeps_the_sign():
    transform = DenseTransform.fit("log1p", np.array([-1.0, 1.0]), np.array([1, 1]))
    np.testing.assert_allclose(transform(np.array([-1.0, 0.0, np.e - 1])), np.array([-1, 0, 1 / np.log(2)]), rtol=1e-6)


def test_a_constant_column_is_zero():
    transform = DenseTransform.fit("standard", np.array([4.0]), np.array([9]))
    assert transform(np.array([4.0, np.nan])).tolist() == [0, 0]


def test_quantiles_of_many_values_are_thinned_and_stay_exact():
    values = np.random.default_rng(0).permutation(50_000).astype(np.float64)
    transform = DenseTransform.fit("quantile", values, np.ones(50_000))
    assert len(transform.knots) == 1000
    np.testing.assert_allclose(transform(values), 2 * (values + 0.5) / 50_000 - 1, atol=1e-6)


def test_far_away_values_stay_finite():
    transform = DenseTransform.fit("standard", np.array([0.0, 1.0]), np.array([1, 1]))
    assert transform(np.array([1e300, -1e300])).tolist() == [1e6, -1e6]
    with pytest.raises(ValueError, match="too large"):
        DenseTransform.fit("standard", np.array([0.0, 1e300]), np.array([1, 1]))


def test_groups_are_neighbours_and_roles_have_codes(tmp_path):
    shuffled = TRAIN.splitlines()
    shuffled = "\n".join([shuffled[0], shuffled[1], shuffled[3], shuffled[2], *shuffled[4:]]) + "\n"
    data = read(tmp_path, train=shuffled, group="search", role="role")
    assert data.search.tolist() == data.rows.groups.tolist() == [0, 0, 1, 1, 2, 3, 3, 4]  # s1 of valid is another search
    np.testing.assert_array_equal(data.rows.labels[:, 0], np.float32([1, 0, 0, 1, np.nan, 0, 0, 1]))
    assert data.role_names == ("agency", "sourcer", "manager")
    assert data.role.tolist() == [1, 0, 1, 1, 0, 2, 0, 1]
    assert data.inputs.categorical == (("role", 3), ("city", 3))
    assert data.rows.ids[:, 0].tolist() == [2, 1, 2, 2, 1, 0, 1, 2]  # a role that training never saw is unknown


def test_graded_labels_and_weights(tmp_path):
    data = read(tmp_path, tasks=[{"name": "grade", "column": "grade", "weight": "trust"}])
    np.testing.assert_array_equal(data.rows.labels[:5, 0], np.float32([0.5, 0.25, np.nan, 1, 0]))
    assert data.rows.weights[:5, 0].tolist() == [1, 0.5, 1, 2, 1]


@pytest.mark.parametrize("how, searches", [("last", {3, 4}), ("random", None)])
def test_a_share_of_the_training_rows_is_whole_groups(tmp_path, how, searches):
    lines = [f"c{row % 2},{row},s{row // 4},{'yes' if row % 3 else 'no'}" for row in range(20)]
    text = "city,age,search,label\n" + "\n".join(lines) + "\n"
    table = {"valid": None, "valid_share": 0.4, "valid_rows": how, "seed": 1}
    data = read(tmp_path, train=text, table=table, dense=["age"], multi_valued=[], group="search")
    assert len(data.valid) == 8 and len(data.train) == 12
    assert not set(data.search[data.train].tolist()) & set(data.search[data.valid].tolist())
    assert (np.diff(data.search) >= 0).all()
    again = read(tmp_path, train=text, table=table, dense=["age"], multi_valued=[], group="search")
    np.testing.assert_array_equal(again.rows.dense, data.rows.dense)
    if searches:
        ages = data.rows.dense[data.valid, 0]
        assert ages.min() > data.rows.dense[data.train, 0].max()


@pytest.mark.parametrize("pack, ending", [(bz2.compress, ".bz2"), (gzip.compress, ".gz")])
def test_packed_tables_without_a_header(tmp_path, pack, ending):
    def body(text):
        return pack("".join(line.replace(",", "; ") + "\n" for line in text.splitlines()[1:]).encode())

    (tmp_path / f"a.csv{ending}").write_bytes(body(TRAIN))
    (tmp_path / f"b.csv{ending}").write_bytes(body(VALID))
    table = {"train": f"a.csv{ending}", "valid": f"b.csv{ending}", "header": False, "separator": ";"}
    columns = {"categorical": [0], "multi_valued": [{"column": 1}], "dense": [2, 3]}
    task = {"tasks": [{"name": "y", "column": 6, "positive": "yes"}]}
    data = read_table(config(table | {"missing": ["", "?"]}, columns | task), tmp_path)
    expected = read(tmp_path)
    assert data.inputs.categorical == (("column_0", 3),) and data.inputs.dense == ("column_2", "column_3")
    for name in ("ids", "dense", "labels"):
        np.testing.assert_array_equal(getattr(data.rows, name), getattr(expected.rows, name))
    whole = (tmp_path / f"a.csv{ending}").read_bytes()
    (tmp_path / f"a.csv{ending}").write_bytes(whole[: len(whole) - 12])
    with pytest.raises(DataError, match=f"a.csv{ending}: cannot be read: .*; check that the file is complete"):
        read_table(config(table | {"missing": ["", "?"]}, columns | task), tmp_path)


def test_arrays(tmp_path):
    x_cat = np.array([[0, 5], [0, 7], [1, 5], [1, 5]], np.int16)
    x_num = np.array([[1, np.nan], [2, 4], [3, 4], [6, 8]], np.float32)
    np.savez(tmp_path / "a.npz", x_cat=x_cat, x_num=x_num, y=np.array([[0, 1], [1, 0], [1, 1], [0, 0]], np.uint8))
    columns = {"categorical": ["x_cat"], "dense": ["x_num"], "min_count": 1}
    tasks = [{"name": "a", "column": "y[0]"}, {"name": "b", "column": "y[1]", "positive": 0}]
    data = read_table(config({"train": "a.npz"}, columns | {"tasks": tasks}), tmp_path)
    assert data.inputs.categorical == (("x_cat[0]", 3), ("x_cat[1]", 3))
    assert data.rows.ids.tolist() == [[1, 1], [1, 2], [2, 1], [2, 1]]
    np.testing.assert_allclose(data.rows.dense[:, 0], (x_num[:, 0] - 3) / np.sqrt(3.5), rtol=1e-6)
    assert data.rows.dense[0, 1] == 0
    assert data.rows.labels.tolist() == [[0, 0], [1, 1], [1, 0], [0, 1]]
    with pytest.raises(DataError, match=r"a.npz: column y: stands for 2 columns; write y\[0\]"):
        read_table(config({"train": "a.npz"}, columns | {"tasks": [{"name": "a", "column": "y"}]}), tmp_path)
    np.savez(tmp_path / "b.npz", x_cat=x_cat[:, :1], x_num=x_num, y=np.zeros((4, 2)))
    with pytest.raises(DataError, match=r"b.npz: column x_cat\[1\]: missing; give it the columns of a.npz"):
        read_table(config({"train": "a.npz", "valid": "b.npz"}, columns | {"tasks": tasks}), tmp_path)


def test_the_encoder_is_kept_and_encodes_new_rows(tmp_path):
    dense = ["age", {"column": "pay", "transform": "quantile"}]
    data = read(tmp_path, dense=dense, role="role", missing_indicator=True)
    data.encoder.save(tmp_path)
    encoder = TableEncoder.load(tmp_path)
    assert encoder == data.encoder and encoder.inputs == data.inputs
    from_file = encoder.read(tmp_path / "valid.csv")
    row = {"city": "Bonn", "tags": ["c", "b", "d"], "age": 25, "pay": 7, "role": "manager"}
    from_rows = encoder.transform([row, {"city": "Rome", "tags": "a", "age": 1000.0, "pay": 1, "role": "sourcer"}, {}])
    for batch, rows in ((from_file, [0, 1, 2]), (from_rows, [0, 1])):
        np.testing.assert_array_equal(batch.ids[rows], data.rows.ids[data.valid[rows]])
        np.testing.assert_array_equal(batch.dense[rows], data.rows.dense[data.valid[rows]])
    assert np.isnan(from_rows.labels).all() and (from_rows.weights == 0).all()
    assert from_rows.ids[2].tolist() == [0, 0] and from_rows.dense[2].tolist() == [0, 1, 0, 1]
    found = from_rows.bags[0]
    assert found.ids[found.offsets[found.entity[0]] : found.offsets[found.entity[0] + 1]].tolist() == [0, 2]
    with pytest.raises(DataError, match="rows:2: column age: expected a number, got 'old'"):
        encoder.transform([row, row | {"age": "old"}])


def test_an_encoder_that_cannot_be_written_or_read(tmp_path, monkeypatch):
    encoder = read(tmp_path).encoder
    with pytest.raises(RunError, match="table_encoder.json: cannot be read: No such file or directory; train the run"):
        TableEncoder.load(tmp_path)
    encoder.save(tmp_path)
    whole = (tmp_path / "table_encoder.json").read_text()
    with pytest.raises(RunError, match="cannot be written: No such file or directory; free some space or choose"):
        encoder.save(tmp_path / "nowhere")
    if os.path.exists("/dev/full"):
        (tmp_path / "table_encoder.json.part").symlink_to("/dev/full")
        with pytest.raises(RunError, match="table_encoder.json: cannot be written: No space left on device"):
            encoder.save(tmp_path)
        assert not (tmp_path / "table_encoder.json.part").exists()
    assert (tmp_path / "table_encoder.json").read_text() == whole
    (tmp_path / "table_encoder.json").write_text(whole[:-9])
    with pytest.raises(RunError, match="it is damaged"):
        TableEncoder.load(tmp_path)


LEAKS = {
    "protected": ({"protected": ["city"]}, DataError, "train.csv: column city: a protected attribute is never a feature"),
    "label": (
        {"categorical": ["city", "label"]},
        ConfigError,
        "data.columns.categorical: column label is the label of task y and cannot be a feature",
    ),
    "weight": (
        {"dense": ["trust"], "tasks": [{"name": "g", "column": "grade", "weight": "trust"}]},
        ConfigError,
        "data.columns.dense: column trust is the weight of task g and cannot be a feature",
    ),
    "group": (
        {"categorical": ["search"], "group": "search"},
        ConfigError,
        "data.columns.categorical: column search is the group, an id, and cannot be a feature",
    ),
    "twice": (
        {"categorical": ["city", "role"], "role": "role"},
        ConfigError,
        "data.columns.role: column role is listed under categorical already and cannot be a feature",
    ),
}


@pytest.mark.parametrize("columns, kind, message", LEAKS.values(), ids=LEAKS.keys())
def test_a_feature_that_leaks_is_refused(tmp_path, columns, kind, message):
    with pytest.raises(kind) as error:
        read(tmp_path, **columns)
    assert str(error.value).startswith(message)


def test_ids_are_no_features(tmp_path):
    text = TRAIN.replace("city", "resume_id", 1)
    with pytest.raises(ConfigError, match="data.columns.categorical: column resume_id is an id, which says nothing"):
        read(tmp_path, train=text, categorical=["resume_id"])


def test_what_protected_csv_names_is_no_feature(tmp_path):
    (tmp_path / "protected.csv").write_text("resume_id,city\nc1,Rome\n")
    with pytest.raises(DataError, match="column city: a protected attribute is never a feature; keep it in protected.csv"):
        read(tmp_path)
    with pytest.raises(DataError, match="protected.csv: column .: a protected attribute is never a feature"):
        read(tmp_path, table={"train": "protected.csv"}, categorical=["city"], multi_valued=[], dense=[], tasks=[
            {"name": "y", "column": "resume_id"}
        ])  # fmt: skip


BAD = {
    "no file": ({"table": {"train": "trian.csv"}}, "trian.csv: no such file; write it, or rename train.csv"),
    "empty": ({"train": ""}, "train.csv: the file is empty; "),
    "header only": ({"train": TRAIN.splitlines()[0]}, "train.csv: no row below the header; give a table with rows"),
    "no column": ({"categorical": ["citty"]}, "train.csv: column citty: missing; did you mean 'city'? correct data.col"),
    "valid lacks it": ({"valid": VALID.replace("age", "agee", 1)}, "valid.csv: column age: missing; did you mean 'agee'?"),
    "cells": ({"train": TRAIN + "x,y\n"}, "train.csv:7: expected 9 cells, got 2; put cells that contain the separator"),
    "word": ({"train": TRAIN.replace(",30,", ",old,")}, "train.csv:4: column age: expected a number, got 'old'; list it"),
    "inf": ({"train": TRAIN.replace(",30,", ",inf,")}, "train.csv:4: column age: 'inf' is not a finite number; list it"),
    "word in valid": ({"valid": VALID.replace(",25,", ",old,")}, "valid.csv:2: column age: expected a number, got 'old'"),
    "all missing": ({"dense": ["trust"], "train": TRAIN.replace(",1\n", ",\n").replace(",0.5\n", ",\n").replace(",2\n", ",\n")},
                    "train.csv: column trust: no value in the training rows; remove it from data.columns.dense"),
    "label no number": (
        {"tasks": [{"name": "y", "column": "label"}]},
        "train.csv:2: column label: expected a number, got 'yes'; set `positive` to the text of the positive class",
    ),
    "no positive": (
        {"tasks": [{"name": "y", "column": "label", "positive": "Yes"}]},
        "train.csv: column label: task y has no positive among the train rows; check `positive` and the split; the "
        "column has 'yes', 'no'",
    ),
    "no negative in valid": (
        {"valid": VALID.replace(",no,", ",yes,")},
        "valid.csv: column label: task y has no negative among the valid rows; check `positive`",
    ),
    "no label in valid": (
        {"valid": VALID.replace(",no,", ",,").replace(",yes,", ",,")},
        "valid.csv: column label: task y has no label in the valid rows; add labels",
    ),
    "negative weight": (
        {"train": TRAIN.replace("0.25,0.5", "0.25,-1"), "tasks": [{"name": "g", "column": "grade", "weight": "trust"}]},
        "train.csv:3: column trust: a negative weight; write a number, 0 or more",
    ),
    "no group": (
        {"train": TRAIN.replace("s2", "", 1), "group": "search"},
        "train.csv:4: column search: the group is missing; give every row its group",
    ),
    "all rows to valid": (
        {"table": {"valid": None, "valid_share": 0.9}, "group": "search"},
        "train.csv: no training row is left; lower data.table.valid_share or add groups",
    ),
}  # fmt: skip


@pytest.mark.parametrize("changes, message", BAD.values(), ids=BAD.keys())
def test_whatever_is_wrong_is_one_line_with_a_remedy(tmp_path, changes, message):
    with pytest.raises(DataError) as error:
        read(tmp_path, **changes)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value) and error.value.remedy


def test_an_index_beyond_the_cells(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    columns = {"dense": [5], "tasks": [{"name": "y", "column": 1}]}
    with pytest.raises(DataError, match="a.csv: column 5: missing; write an index 0 .. 1, or header: true if the first"):
        read_table(config({"train": "a.csv", "header": False}, columns), tmp_path)


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_an_npz_that_is_none(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="a.npz: cannot be read: .*; write it with numpy.savez, without object arrays"):
        read_table(config({"train": "a.npz"}, {"dense": ["x"], "tasks": [{"name": "y", "column": "y"}]}), tmp_path)


@pytest.mark.parametrize(
    "table, columns, message",
    [
        ({"heder": True}, {}, "data.table.heder: unknown key; did you mean header?"),
        ({"valid": "v", "valid_share": 0.1}, {}, "data.table: valid and valid_share exclude each other; remove one"),
        ({"valid_share": 1.0}, {}, "data.table: valid_share must be 0 or more and below 1, got 1.0"),
        ({"separator": "||"}, {}, "data.table: separator must be one character, got '||'"),
        ({}, {"tasks": []}, "data.columns: tasks must name one label or more"),
        ({}, {"tasks": [{"name": "a", "column": 1}] * 2}, "data.columns: two tasks have the same name: a, a"),
        ({}, {"min_count": 0}, "data.columns: min_count must be 1 or more, got 0"),
        ({}, {"dense_transform": "rank"}, "data.columns.dense_transform: expected one of standard, quantile, log1p"),
        ({}, {"dense": [{"column": 1, "transfrom": "log1p"}]}, "data.columns.dense[0].transfrom: unknown key; did you m"),
        ({}, {"categorical": [], "dense": [], "multi_valued": []}, "data.columns: a table needs a categorical, multi"),
    ],
)
def test_a_schema_that_makes_no_sense(table, columns, message):
    with pytest.raises(ConfigError) as error:
        config({"train": "train.csv"} | table, COLUMNS | columns)
    assert str(error.value).startswith(message)


CENSUS = Path(__file__).parents[2] / "shared" / "data"


@pytest.mark.skipif(
    not (CENSUS / "census_income_kdd").exists(),
    reason="needs census_income_kdd (UCI Census-Income KDD) in shared/data beside the checkout",
)
def test_census(tmp_path):
    """The first 5,000 rows stand for all, to be quick."""
    with bz2.open(CENSUS / "census_income_kdd" / "valid.csv.bz2", "rt") as text:
        (tmp_path / "rows.csv").write_text("".join(islice(text, 5000)))
    text = (Path(__file__).parents[1] / "examples" / "census.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(text)["data"]
    schema["table"] |= {"train": "rows.csv", "valid": None}
    schema["columns"]["min_count"] = 1
    data = read_table(build(TableConfig, schema, "data"), tmp_path)
    assert data.rows.ids.shape == (5000, 32) and data.rows.dense.shape == (5000, 7)
    with np.load(CENSUS / "census_income_kdd" / "valid_encoded.npz", allow_pickle=False) as encoded:
        np.testing.assert_array_equal(data.rows.labels, encoded["y"][:5000])
        for column, codes in enumerate(encoded["x_cat"][:5000].T):  # a category of one is a category of the other
            ids = data.rows.ids[:, column]
            assert len(np.unique(ids)) == len(np.unique(np.stack([ids, codes]), axis=1).T)
