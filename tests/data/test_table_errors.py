"""Tables and schemas that are wrong, or would leak: one line with a remedy each."""

import bz2
import gzip

import numpy as np
import pytest
from case_table import cases
from table_world import COLUMNS, TRAIN, VALID, config, read

from minirank.data import read_table
from minirank.errors import ConfigError, DataError


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


CANNOT = "and cannot be a feature"
GRADE = {"tasks": [{"name": "g", "column": "grade", "weight": "trust"}]}
YES = {"tasks": [{"name": "y", "column": "label", "positive": "Yes"}]}
GROUP, SHARE = {"group": "search"}, {"valid": None, "valid_share": 0.9}
UNTRUSTED = TRAIN.replace(",1\n", ",\n").replace(",0.5\n", ",\n").replace(",2\n", ",\n")
BAD = [
    ({"protected": ["city"]}, "train.csv: column city: a protected attribute is never a feature"),
    ({"categorical": ["city", "label"]}, f"data.columns.categorical: column label is the label of task y {CANNOT}"),
    ({"dense": ["trust"], **GRADE}, f"data.columns.dense: column trust is the weight of task g {CANNOT}"),
    ({"categorical": ["search"], "group": "search"}, f"data.columns.categorical: column search is the group, an id, {CANNOT}"),
    ({"categorical": ["city", "role"], "role": "role"}, "data.columns.role: column role is listed under categorical already; name it once"),
    ({"table": {"train": "trian.csv"}}, "trian.csv: no such file; check the path: train.csv lies there"),
    ({"train": ""}, "train.csv: the file is empty; "),
    ({"train": TRAIN.splitlines()[0]}, "train.csv: no row below the header; give a table with rows"),
    ({"categorical": ["citty"]}, "train.csv: column citty: missing; did you mean 'city'? correct data.col"),
    ({"valid": VALID.replace("age", "agee", 1)}, "valid.csv: column age: missing; did you mean 'agee'?"),
    ({"train": TRAIN + "x,y\n"}, "train.csv:7: expected 9 cells, got 2; put cells that contain the separator"),
    ({"train": TRAIN.replace(",30,", ",old,")}, "train.csv:4: column age: expected a number, got 'old'; list it"),
    ({"train": TRAIN.replace(",30,", ",inf,")}, "train.csv:4: column age: 'inf' is not a finite number; list it"),
    ({"valid": VALID.replace(",25,", ",old,")}, "valid.csv:2: column age: expected a number, got 'old'"),
    ({"dense": ["trust"], "train": UNTRUSTED}, "train.csv: column trust: no value in the training rows; remove it from data.columns.dense"),
    (
        {"tasks": [{"name": "y", "column": "label"}]},
        "train.csv:2: column label: expected a number, got 'yes'; set `positive` to the text of the positive class",
    ),
    (YES, "train.csv: column label: no row has 'Yes', the positive class of task y; correct `positive`; the column has 'yes', 'no'"),
    ({"train": TRAIN.replace("0.25,0.5", "1e13,0.5"), **GRADE}, "train.csv:3: column grade: a number beyond 1e+12; divide the column by a"),
    ({"train": TRAIN.replace("0.25,0.5", "0.25,1e39"), **GRADE}, "train.csv:3: column trust: a number beyond 1e+12; divide the column"),
    ({"train": TRAIN.replace("0.25,0.5", "0.25,-1"), **GRADE}, "train.csv:3: column trust: a negative weight; write a number, 0 or more"),
    ({"train": TRAIN.replace("s2", "", 1), **GROUP}, "train.csv:4: column search: the group is missing; give every row its group"),
    ({"dense": ["a*", "x*"]}, "train.csv: column x*: stands for no column that is not named elsewhere; correct data.columns.dense"),
    ({"dense": ["age", "lab*"]}, "train.csv: column lab*: stands for no column that is not named elsewhere; correct data.columns.dense"),
    ({"dense": ["a*", "?ge"]}, "data.columns.dense: column age is listed under dense already; name it once, also by ranges"),
    ({"dense": ["1-4"]}, "train.csv: column 1-4: missing; correct data.columns.dense; there are city, tags"),
    ({"table": SHARE, **GROUP}, "train.csv: no training row is left; lower data.table.valid_share or add groups"),
]


@pytest.mark.parametrize("changes, message", BAD)
def test_whatever_is_wrong_is_one_line_with_a_remedy(tmp_path, changes, message):
    of_configuration = message.startswith("data.")
    with pytest.raises(ConfigError if of_configuration else DataError) as error:
        read(tmp_path, **changes)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value) and (of_configuration or error.value.remedy)


@pytest.mark.parametrize("name", ["age:bins", "age:missing"])
def test_a_column_that_is_called_like_what_is_made_of_another(tmp_path, name):
    (tmp_path / "a.csv").write_text(f"age,{name},y\n1,a,0\n,b,1\n3,a,1\n")
    columns = {"dense": ["age"], "categorical": [name], "missing_indicator": True, "tasks": [{"name": "y", "column": "y"}]}
    with pytest.raises(DataError, match=f"a.csv: column {name}: 2 inputs would have this name; rename the column"):
        read_table(config({"train": "a.csv"}, columns), tmp_path)


def test_an_index_beyond_the_cells(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    columns = {"dense": [5], "tasks": [{"name": "y", "column": 1}]}
    with pytest.raises(DataError, match="a.csv: column 5: missing; write an index 0 .. 1, or header: true if the first"):
        read_table(config({"train": "a.csv", "header": False}, columns), tmp_path)


def test_an_npz_that_is_none(tmp_path):
    path, made = tmp_path / "a.npz", "write it with numpy.savez"
    with open(tmp_path / "one", "wb") as stream:
        np.save(stream, np.zeros(3))
    other, single = f".*; {made}, without object arrays", f"not an .npz; {made}"
    for content, message in ((b"no archive", other), (b"", other), ((tmp_path / "one").read_bytes(), single)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"a.npz: cannot be read: {message}"):
            read_table(config({"train": "a.npz"}, {"dense": ["x"], "tasks": [{"name": "y", "column": "y"}]}), tmp_path)


@cases("""
    table= | columns= | message
    {"heder": True} | {} | data.table.heder: unknown key; did you mean header?
    {"valid": "v", "valid_share": 0.1} | {} | data.table: valid and valid_share exclude each other; remove one
    {"valid_share": 1.0} | {} | data.table: valid_share must be 0 or more and below 1, got 1.0
    {"separator": "||"} | {} | data.table: separator must be one character, got '||'
    {} | {"tasks": []} | data.columns: tasks must name one label or more
    {} | {"tasks": [{"name": "a", "column": 1}, {"name": "a", "column": 1}]} | data.columns: two tasks have the same name: a, a
    {} | {"min_count": 0} | data.columns: min_count must be 1 or more, got 0
    {} | {"dense_transform": "rank"} | data.columns.dense_transform: expected one of standard, robust, quantile, log1p
    {} | {"dense_transform": []} | data.columns: transform must name one or more, each once, got []
    {} | {"dense": [{"column": "age", "transform": ["bins", "bins"]}]} | data.columns.dense[0]: transform must name one
    {} | {"bin_rows": 0} | data.columns: bin_rows must be 1 or more, got 0
    {} | {"dense": [{"column": 1, "transfrom": "log1p"}]} | data.columns.dense[0].transfrom: unknown key; did you m
    {} | {"categorical": [], "dense": [], "multi_valued": []} | data.columns: a table needs a categorical, multi
""")
def test_a_schema_that_makes_no_sense(table, columns, message):
    with pytest.raises(ConfigError) as error:
        config({"train": "train.csv"} | table, COLUMNS | columns)
    assert str(error.value).startswith(message)


NAMES = {"categorical": ["x"], "tasks": [{"name": "y", "column": "y"}]}


def test_texts_of_arrays(tmp_path):
    """Bytes are UTF-8; what is no Unicode is named."""
    y = np.array([0, 1, 0, 1])
    for x in (np.array(["é", "b", "é", "b"]), np.array(["é".encode(), b"b", "é".encode(), b"b"])):
        np.savez(tmp_path / "a.npz", x=x, y=y)
        assert read_table(config({"train": "a.npz"}, NAMES), tmp_path).encoder.categorical[0].values == ("b", "é")
    for x in (np.array([b"\xff"] * 4), np.frombuffer(b"\x00\xd8\x00\x00" * 4, "<U1")):
        np.savez(tmp_path / "a.npz", x=x, y=y)
        with pytest.raises(DataError, match="a.npz: column x: a text that is no Unicode; correct it"):
            read_table(config({"train": "a.npz"}, NAMES), tmp_path)


def test_a_column_of_an_array_is_another_one(tmp_path):
    """Trained on `x`, asked to score `x[0]`."""
    np.savez(tmp_path / "a.npz", x=np.array([0, 1, 0, 1]), y=np.array([0, 1, 0, 1]))
    encoder = read_table(config({"train": "a.npz"}, NAMES), tmp_path).encoder
    np.savez(tmp_path / "b.npz", x=np.array([[0], [1]]))
    with pytest.raises(DataError, match=r"b.npz: column x: missing; rename the column x\[0\] of the file"):
        encoder.read(tmp_path / "b.npz")


@pytest.mark.parametrize("more", [np.array({"a": 1}), np.zeros(4, "c8"), np.zeros(4, "M8[D]"), np.zeros(4, [("a", "f4")])])
def test_an_array_of_something_else_is_refused(tmp_path, more):
    np.savez(tmp_path / "a.npz", x=np.arange(4), y=np.array([0, 1, 0, 1]), more=more)
    with pytest.raises(DataError, match="a.npz: cannot be read: array 'more' must hold numbers or texts"):
        read_table(config({"train": "a.npz"}, NAMES), tmp_path)


def test_an_array_of_more_columns_than_anybody_means(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 100_001), np.int8), y=np.array([0, 1, 0, 1]))
    with pytest.raises(DataError, match="a.npz: column x: 100,001 columns, at most 100,000 are read"):
        read_table(config({"train": "a.npz"}, NAMES), tmp_path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
def test_a_packed_file_has_an_end(tmp_path, pack):
    """Kilobytes that unpack to more than 16 MB and a hundred times their size."""
    name = "a.csv.gz" if pack is gzip.compress else "a.csv.bz2"
    (tmp_path / name).write_bytes(pack(b"x,y\n0,1\n" + b" " * 2**24))
    with pytest.raises(DataError, match=f"{name}: unpacks to far more than its size is worth; unpack it first"):
        read_table(config({"train": name}, NAMES), tmp_path)


def test_a_header_without_an_end(tmp_path):
    with pytest.raises(DataError, match="train.csv:1: a cell has more than 131,072 characters; close the double quote"):
        read(tmp_path, train='"' + TRAIN + "x" * 140_000)
    many = ",".join(f"c{n}" for n in range(100_000))
    with pytest.raises(DataError, match=r"column label: missing; correct data.columns.tasks; there are c0, .*, c39 and 99,960 more$"):
        read(tmp_path, train=f"{many}\n{many}\n", multi_valued=[], dense=[])
