"""SVMlight rows as a table: columns, searches from qid or a file beside them, what a row does not name, and errors of one line."""

import gzip
import re

import numpy as np
import pytest
from case_table import cases
from table_world import config

from minirank.data import read_table
from minirank.data.table.svmlight import read_svmlight
from minirank.errors import DataError

TRAIN = "2 1:0.5 3:1 # best\n0 3:2\n\n# a comment\n1 1:1.5 7:-2e-1\n0\n"
SIZES = "2\n\n2\n"
COLUMNS = {"dense": ["x"], "dense_transform": "standard", "group": "query", "tasks": [{"name": "grade", "column": "label"}]}


def read(path, train=TRAIN, sizes=SIZES, columns=COLUMNS, name="rank.train", **table):
    (path / name).write_text(train)
    if sizes:
        (path / "rank.train.query").write_text(sizes)
    return read_table(config({"train": name, "format": "svmlight", **table}, columns), path)


def test_rows_by_hand(tmp_path):
    dataset = read(tmp_path)
    assert dataset.inputs.dense == ("x[1]", "x[3]", "x[7]") and dataset.search.tolist() == [0, 0, 1, 1]
    assert dataset.rows.labels[:, 0].tolist() == [2, 0, 1, 0]
    x = np.array([[0.5, 1, 0], [0, 2, 0], [1.5, 0, -0.2], [0, 0, 0]])
    np.testing.assert_allclose(dataset.rows.dense, (x - x.mean(0)) / x.std(0), atol=1e-6)


def test_searches_of_qid_need_not_be_neighbours_and_a_packed_file_is_read(tmp_path):
    rows = "1 qid:7 1:1\n0 qid:3 1:2\n0 qid:7 1:3\n"
    (tmp_path / "rows.svm.gz").write_bytes(gzip.compress(rows.encode()))
    dataset = read_table(config({"train": "rows.svm.gz"}, COLUMNS), tmp_path)
    assert dataset.search.tolist() == [0, 0, 1] and dataset.rows.labels[:, 0].tolist() == [1, 0, 0]


def test_rows_to_come_may_lack_features_and_have_new_ones(tmp_path):
    (tmp_path / "test.svm").write_text("0 qid:1 3:1 99:5\n1 qid:1 1:1\n")
    (tmp_path / "rank.train").write_text(TRAIN)
    (tmp_path / "rank.train.query").write_text(SIZES)
    table = {"train": "rank.train", "test": "test.svm", "format": "svmlight"}
    dataset = read_table(config(table, COLUMNS), tmp_path)
    assert dataset.inputs.dense == ("x[1]", "x[3]", "x[7]") and len(dataset.test) == 2
    dataset.encoder.save(tmp_path)
    found = type(dataset.encoder).load(tmp_path).read(tmp_path / "test.svm")
    np.testing.assert_array_equal(found.dense, dataset.rows.dense[dataset.test])


def test_other_sizes_beside_the_rows_are_other_data(tmp_path):
    first = read(tmp_path).fingerprint
    assert read(tmp_path).fingerprint == first != read(tmp_path, sizes="1\n3\n").fingerprint


@cases("""
    train= | sizes= | words
    "" | "" | rank.train: the file is empty; write a row as label qid:NUMBER feature:value
    "1 1:1\\nyes 1:1\\n" | "" | rank.train:2: expected a label, got 'yes'; write a row as
    "1 1:1 x:2\\n" | "" | rank.train:1: expected a number of a feature, got 'x:2'; write a row
    "1 1:1:2\\n" | "" | rank.train:1: expected a number of a feature, got '1:1:2'
    "1 1,2:2\\n" | "" | rank.train:1: expected a number of a feature, got '1,2:2'
    "1 1: 2\\n" | "" | rank.train:1: expected a number of a feature, got '1:'
    "1 1:1 qid:2\\n" | "" | rank.train:1: a number that is too large, or qid behind a feature
    "1 qid:99999999999999999999 1:1\\n" | "" | rank.train:1: a number that is too large
    "1 99999999999999999999:1\\n" | "" | rank.train:1: a number that is too large
    "1 1:2:3 4\\n" | "" | rank.train:1: expected a number of a feature, got '1:2:3'
    "1 1:nan\\n" | "" | rank.train:1: a number that is not finite; leave out what is not known
    "nan 1:1\\n" | "" | rank.train:1: a label that is not finite
    "1 -1:1\\n" | "" | rank.train:1: a feature with a negative number; number features from 0 or 1
    "1 1:1\\n1 2:1 3:1 2:4\\n" | "" | rank.train:2: a feature stands twice; name each feature once
    "1 qid:1 1:1\\n1 1:1\\n" | "" | rank.train:2: a qid in some rows only; give every row its qid, or none
    "1 1:1\\n1 qid:1 1:1\\n" | "" | rank.train:2: a qid in some rows only
    "1 qid:1 1:1\\n" | "1" | rank.train: has a qid in its rows, and the sizes of searches beside it; remove one, or rank.train.query
    "1 1:1\\n" | "" | rank.train: says nowhere which rows are of one search; write qid:NUMBER behind the label of each row, or the sizes
    "1 1:1\\n" | "2" | rank.train.query: searches of 2 rows together, but rank.train has 1; write the sizes of all searches
    "1 1:1\\n" | "1\\nx" | rank.train.query:2: expected the number of a search's rows, got 'x'; write one number a line
""")
def test_what_cannot_be_used_is_one_line(train, sizes, words, tmp_path):
    with pytest.raises(DataError, match=re.escape(words)):
        read(tmp_path, train, sizes)


def test_a_feature_that_no_row_names_is_missing(tmp_path):
    with pytest.raises(DataError, match=re.escape("rank.train: column x[9]: missing; did you mean 'x[7]'")):
        read(tmp_path, columns=COLUMNS | {"dense": ["x[9]"]})


def test_without_searches_the_file_beside_is_not_needed(tmp_path):
    dataset = read(tmp_path, sizes="", columns={key: value for key, value in COLUMNS.items() if key != "group"})
    assert dataset.search is None and len(dataset.rows) == 4
    assert read_svmlight(tmp_path / "rank.train").line.tolist() == [1, 2, 5, 6]
