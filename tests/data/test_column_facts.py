"""What is said of columns that lose their values, or say nothing."""

import json

import numpy as np
import pytest
from case_table import cases
from command_line import run
from table_world import read

from minirank.data.column_facts import ColumnFacts, column_remarks, looks_like_codes, looks_like_numbers

TRAIN = """city,tags,age,role,label
Rome,a|b,10,hr,yes
Rome,b,20,hr,no
Oslo,,20,hr,no
,a|c|a,,hr,yes
Bonn,x,?,hr,no
"""
VALID = """city,tags,age,role,label
Bonn,c|d,25,hr,no
Rome,a,1000,boss,yes
"""


def facts_of(tmp_path, **changes):
    return read(tmp_path, **{"train": TRAIN, "valid": VALID, "dense": ["age"], "role": "role"} | changes).columns


def test_the_facts_of_a_table_by_hand(tmp_path):
    facts = facts_of(tmp_path)
    # Rome is kept, Oslo and Bonn are seen once; the missing city is a value that is seen once too
    assert facts["city"] == ColumnFacts("categorical", 3, 1, 0.2, pytest.approx(0.4), False, {"train": 0.6, "valid": 0.5})
    # items by row: a b, b, none, a c, x; a and b are kept: 4 of 6 items
    assert facts["tags"] == ColumnFacts("bag", 4, 2, pytest.approx(0.2), pytest.approx(2 / 6), False, {"train": 0.4, "valid": 0.5})
    assert facts["age"] == ColumnFacts("dense", 2, missing=0.4, constant=False)
    assert facts["role"] == ColumnFacts("categorical", 1, 1, 0.0, 0.0, True, {"train": 0.0, "valid": 0.5})


def test_a_missing_value_that_is_kept_is_not_dropped(tmp_path):
    facts = facts_of(tmp_path, train=TRAIN.replace("Oslo", ""))
    assert facts["city"] == ColumnFacts("categorical", 2, 1, 0.4, pytest.approx(0.2), False, {"train": 0.2, "valid": 0.5})


def test_a_constant_number_says_nothing_unless_its_absence_does(tmp_path):
    constant = TRAIN.replace(",10,", ",20,")
    assert facts_of(tmp_path, train=constant)["age"].constant
    assert not facts_of(tmp_path, train=constant, missing_indicator=True)["age"].constant


@cases("""
    kind | facts= | says
    categorical | {"values": 1000000, "kept": 0, "dropped": 1.0} | none of its 1,000,000 values is kept, so that it s
    categorical | {"values": 900, "kept": 0, "dropped": 1.0, "looks_like": "numbers"} | list it under data.columns.dense, for
    categorical | {"values": 50, "kept": 20, "dropped": 0.25} | 30 of its 50 values, each in fewer than 2 training rows, are
    bag | {"values": 50, "kept": 20, "dropped": 0.25} | in 25 % of the items; check its separator, or lower data.columns.min_count
    categorical | {"values": 1, "kept": 1, "dropped": 0.0, "constant": True, "missing": 0.0} | the same in all training
    categorical | {"values": 0, "kept": 0, "dropped": 0.0, "constant": True, "missing": 1.0} | empty in all training rows, so that
    categorical | {"values": 120, "kept": 120, "dropped": 0.0, "looks_like": "numbers"} | its 120 categories are numbers; if they
    dense | {"values": 5, "looks_like": "codes"} | its numbers look like codes; if they are, list it under data.columns.categorical
    dense | {"values": 5, "missing": 0.99} | missing in 99.0 % of the training rows; take it out of data.columns.dense, or set data
    categorical | {"values": 9, "kept": 9, "dropped": 0.0, "unknown": {"train": 0.0, "test": 0.5}} | unknown in 50 % of the test rows
""")
def test_what_is_said_of_a_column_of_a_table(kind, facts, says):
    (line,) = column_remarks({"pay": ColumnFacts(kind, **facts)}, 2, True)
    assert line.startswith("column pay: ") and says in line and "\n" not in line


def test_columns_that_lose_little_are_not_mentioned():
    quiet = {
        "a": ColumnFacts("categorical", 500, 480, 0.1, 0.04, False, {"train": 0.04, "valid": 0.1}),
        "b": ColumnFacts("bag", 50, 40, 0.9, 0.1, False, {"train": 0.9, "valid": 0.95}),
        "c": ColumnFacts("dense", 50, missing=0.5, constant=False),
    }
    assert column_remarks(quiet, 2, True) == column_remarks(quiet, 2, False) == []


def test_features_of_a_folder_have_their_own_remedies():
    facts = {"job_title": ColumnFacts("categorical", 30, 10, 0, 0.4), "job.grade": ColumnFacts("categorical", 30, 0, 0, 0.4)}
    facts |= {"words": ColumnFacts("words", 30, 10, None, 0.4), "x": ColumnFacts("dense", constant=True)}
    title, grade, words = column_remarks(facts, 3, False)
    few = "each in fewer than 3 training jobs and resumes"
    assert title == f"feature job_title: 20 of its 30 values, {few}, are the same to the model, in 40 % of the training rows; lower " + (
        "features.min_count (it is 3)"
    )
    assert grade.startswith(
        f"column job.grade: none of its 30 values is kept, so that it says nothing: {few}; take it out of features.columns"
    )
    assert words.startswith("the words of the texts: 20 of its 30 values") and "in 40 % of the items; lower features.min_count" in words


def test_a_wide_table_has_ten_lines():
    lines = column_remarks({f"x{i}": ColumnFacts("dense", 1, missing=0, constant=True) for i in range(5000)}, 2, True)
    assert len(lines) == 11 and lines[-1] == "... and 4,990 more such lines; data.json of the run has every column"


@cases("""
    written= | codes
    ["007", "12", "815"] | yes
    ["0", "1", "2"] | no
    ["0.5", "0.25"] | no
    ["10", "4711", "815", "1"] | yes
    ["100", "200", "300", "400"] | no
    ["1", "2", "5"] | no
    ["1", "9000"] | no
    ["-5", "100", "9000"] | no
""")
def test_numbers_that_look_like_codes(written, codes):
    assert looks_like_codes(len(written), written) == (codes == "yes")


def test_categories_that_are_numbers():
    many = [str(i) for i in range(100)]
    assert looks_like_numbers(100, many) and not looks_like_numbers(99, many[:99])
    assert not looks_like_numbers(100, [*many[:99], "x"]) and not looks_like_numbers(100, [*many[:99], "nan"])


def test_a_column_of_ids_is_announced_and_kept_in_the_run(tmp_path, capsys):
    rows = [f"x{i},{'ab'[i % 2]},{i % 7},{i // 2 % 2}" for i in range(300)]
    (tmp_path / "rows.csv").write_text("\n".join(["who,kind,age,y", *rows]) + "\n")
    (tmp_path / "c.yaml").write_text(
        "data:\n  table: {train: rows.csv, valid_share: 0.2}\n"
        "  columns: {categorical: [who, kind], dense: [age], tasks: [{name: y, column: y}]}\n"
        "training: {epochs: 1, backend: reference}\n"
    )
    status, _, said = run(capsys, "train", tmp_path / "c.yaml", "--run", tmp_path / "run")
    line = "column who: none of its 240 values is kept, so that it says nothing: each in fewer than 2 training rows; take it out of"
    assert status == 0 and said.count("column ") == 1 and line in said
    columns = json.loads((tmp_path / "run" / "data.json").read_text())["columns"]
    assert list(columns) == ["who", "kind", "age"]
    assert (columns["who"]["values"], columns["who"]["kept"], columns["who"]["dropped"]) == (240, 0, 1.0)
    assert columns["who"]["unknown"] == {"train": 1.0, "valid": 1.0} and columns["kind"]["kept"] == 2
    _, report, _ = run(capsys, "validate", tmp_path / "c.yaml")
    assert line in report
    assert np.isfinite(json.loads((tmp_path / "run" / "metrics.jsonl").read_text())["loss"])
