"""Tables: encodings against literals, and statistics of training rows alone."""

import bz2
import gzip
import json
from dataclasses import replace
from io import FileIO
from itertools import islice

import numpy as np
import pytest
import yaml
from checkout import ROOT
from random_rows import ids_of
from table_world import COLUMNS, TRAIN, VALID, config, read

from minirank.config.dataclass_yaml import build
from minirank.config.table import TableConfig
from minirank.data import TableEncoder, read_table
from minirank.data.table.encoder import BinnedField
from minirank.data.table.fields import columns_like
from minirank.data.table.transforms import DenseTransform, bin_edges
from minirank.errors import DataError, RunError
from minirank.kernels.batch import Inputs


def test_categories_bags_and_labels(tmp_path):
    data = read(tmp_path)
    assert data.inputs.categorical == (("city", 3),)  # unknown, Oslo, Rome; Bonn is too rare to be known
    assert data.rows.ids[:, 0].tolist() == [2, 2, 1, 1, 0, 0, 2, 1]
    assert data.inputs.bags == (("tags", 3),)  # unknown, a, b; c has one training row
    assert [ids_of(data.rows.bags[0], row) for row in range(8)] == [[1, 2], [2], [], [1, 0], [2], [0, 2], [1], [1]]
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


WIDE = "f1,f2,g?,y,f10,w\n1,2,a,0,3,1\n2,1,b,1,4,1\n1,2,a,0,3,1\n"


@pytest.mark.parametrize(
    ("header", "dense", "categorical", "expected"),
    [
        (True, ["f*"], [], ["f1", "f2", "f10"]),
        (True, ["f?", {"column": "f10", "transform": "log1p"}], [], ["f1", "f2", "f10"]),
        (True, ["*"], ["g?"], ["f1", "f2", "f10"]),  # what other keys name is left out; g? is a name
        (False, ["0-4"], [2], ["column_0", "column_1", "column_4"]),
        (False, [4, "0-1"], [2], ["column_4", "column_0", "column_1"]),
    ],
)
def test_one_entry_stands_for_many_columns(tmp_path, header, dense, categorical, expected):
    (tmp_path / "wide.csv").write_text(WIDE if header else WIDE.partition("\n")[2])
    tasks = [{"name": "y", "column": "y" if header else 3, "weight": "w" if header else 5}]
    columns = {"dense": dense, "dense_transform": "standard", "categorical": categorical, "tasks": tasks}
    data = read_table(config({"train": "wide.csv", "header": header}, columns), tmp_path)
    assert list(data.inputs.dense) == expected
    assert [name for name, _ in data.inputs.categorical] == (["g?" if header else "column_2"] if categorical else [])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("x[?]", ["x[0]", "x[1]"]),
        ("?.*", ["a.b"]),
        ("*\nb", ["a\nb"]),
        ("*(", ["c("]),
        ("[ab]*", []),
        ("*a" * 30 + "*b", []),  # at once, as long as it looks
    ],
)
def test_a_pattern_has_two_signs_and_takes_no_time(pattern, found):
    assert columns_like(pattern, ["x[0]", "x[1]", "a.b", "a\nb", "c(", "a" * 300 + "c"]) == found


def test_a_range_of_a_header_of_numbers(tmp_path):
    (tmp_path / "wide.csv").write_text("7,8,9,y\n1,2,3,0\n2,1,4,1\n")
    data = read_table(config({"train": "wide.csv"}, {"dense": ["7-9"], "tasks": [{"name": "y", "column": "y"}]}), tmp_path)
    assert data.inputs.dense == ("7", "8", "9")


def test_a_number_enters_in_several_ways(tmp_path):
    """Ages 10, 20, 30, 40, missing; 25, 1000, missing in validation rows."""
    data = read(tmp_path, dense=["age"], dense_transform=["bins", "robust", "standard"], bin_rows=2, missing_indicator=True)
    assert data.inputs.dense == ("age", "age:missing", "age:standard")
    assert data.inputs.categorical[-1] == ("age:bins", 3)
    assert data.encoder.binned[0].edges == (10, 30)
    assert data.rows.ids[:, -1].tolist() == [1, 1, 2, 2, 0, 1, 2, 0]
    middle, spread = 20, 30 - 10
    scaled = (np.array([10, 20, 30, 40, middle, 25, 1000, middle]) - middle) / spread
    np.testing.assert_allclose(data.rows.dense[:, 0], scaled / np.sqrt(1 + (scaled / 3) ** 2), rtol=1e-6)
    assert data.columns["age"].missing == 0.2 and list(data.columns) == ["city", "tags", "age"]


def test_by_default_numbers_are_ranks_and_bins(tmp_path):
    columns = {key: value for key, value in COLUMNS.items() if key != "dense_transform"}
    (tmp_path / "train.csv").write_text(TRAIN)
    data = read_table(config({"train": "train.csv", "missing": ["", "?"]}, columns), tmp_path)
    assert data.inputs.dense == ("age", "pay") and data.encoder.dense[0].transform.kind == "quantile"
    assert [name for name, _ in data.inputs.categorical] == ["city", "age:bins", "pay:bins"]


@pytest.mark.parametrize(
    ("counts", "least", "edges"),
    [
        ([1, 1, 1, 1, 1], 2, (0, 2, 4)),  # rare neighbours share a bin; the last may be short
        ([1, 9, 1, 1, 1], 2, (0, 1, 2, 4)),  # a common value is a bin of its own
        ([5, 5, 5, 5, 5], 2, (0, 1, 2, 3, 4)),
        ([1, 1, 1, 1, 1], 9, (0,)),
    ],
)
def test_bins_by_hand(counts, least, edges):
    order = [3, 0, 4, 1, 2]
    assert bin_edges(np.arange(5.0)[order], np.array(counts)[order], least) == edges


def test_bins_have_an_end():
    assert len(bin_edges(np.arange(25_000.0), np.ones(25_000, int), 1)) == 8334  # of three values each: at most 10,000


def test_pieces_by_hand():
    transform = DenseTransform("piecewise", knots=(0.0, 10.0, 30.0))
    found = transform(np.array([-5.0, 0, 5, 10, 25, 30, 99, np.nan]))
    np.testing.assert_allclose(found, [[0, 0], [0, 0], [0.5, 0], [1, 0], [1, 0.75], [1, 1], [1, 1], [0, 0]], rtol=1e-6)
    fitted = DenseTransform.fit("piecewise", np.arange(64.0), np.ones(64, int))
    assert fitted.width == 32 and fitted.knots == (*range(0, 64, 2), 63)
    assert DenseTransform.fit("piecewise", np.array([4.0]), np.array([9]))(np.array([4.0])).shape == (1, 0)


def test_the_same_number_in_two_spellings_is_one_value(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,0\n1.0,1\n2,0\n")
    data = read_table(config({"train": "a.csv"}, {"dense": ["x"], "tasks": [{"name": "y", "column": "y"}], "bin_rows": 1}), tmp_path)
    assert data.encoder.binned[0].edges == (1, 2) and data.encoder.dense[0].transform.knots == (1, 2)


def test_log1p_keeps_the_sign():
    transform = DenseTransform.fit("log1p", np.array([-1.0, 1.0]), np.array([1, 1]))
    np.testing.assert_allclose(transform(np.array([-1.0, 0.0, np.e - 1]))[:, 0], np.array([-1, 0, 1 / np.log(2)]), rtol=1e-6)


def test_a_constant_column_is_zero():
    transform = DenseTransform.fit("standard", np.array([4.0]), np.array([9]))
    assert transform(np.array([4.0, np.nan])).tolist() == [[0], [0]]


def test_quantiles_of_many_values_are_thinned_and_stay_exact():
    values = np.random.default_rng(0).permutation(50_000).astype(np.float64)
    transform = DenseTransform.fit("quantile", values, np.ones(50_000))
    assert len(transform.knots) == 1000
    np.testing.assert_allclose(transform(values)[:, 0], 2 * (values + 0.5) / 50_000 - 1, atol=1e-6)


@pytest.mark.parametrize(
    ("knots", "levels", "usable"),
    [((1.0, 2.0), (-0.5, 0.5), True), ((1.0, 2.0), (-0.5, 1e300), False), ((2.0, 1.0), (-0.5, 0.5), False), ((), (), False)],
)
def test_quantiles_that_a_file_holds_are_ranks_of_ascending_values(knots, levels, usable):
    assert DenseTransform("quantile", knots=knots, levels=levels).is_usable() == usable


@pytest.mark.parametrize(
    ("knots", "usable"), [((1.0, 2.0), True), ((-1e308, 1e308), True), ((1.0, 1.0), False), ((1.0, np.inf), False), ((), False)]
)
def test_edges_that_a_file_holds_ascend(knots, usable):
    assert DenseTransform("piecewise", knots=knots).is_usable() == usable
    assert BinnedField("x", "x:bins", knots).is_usable() == usable


def test_far_away_values_stay_finite():
    transform = DenseTransform.fit("standard", np.array([0.0, 1.0]), np.array([1, 1]))
    assert transform(np.array([1e300, -1e300])).tolist() == [[1e6], [-1e6]]
    for kind, far in (("standard", 1e300), ("robust", 1.7e308), ("piecewise", 1.7e308)):
        with pytest.raises(ValueError, match="too large"):
            DenseTransform.fit(kind, np.array([-far, 0.0, far]), np.array([1, 1, 1]))


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
    columns = {"categorical": [0], "multi_valued": [{"column": 1}], "dense": [2, 3], "dense_transform": "standard"}
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
    columns = {"categorical": ["x_cat"], "dense": ["x_num"], "dense_transform": "standard", "min_count": 1}
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
    dense = ["age", {"column": "pay", "transform": ["quantile", "bins", "piecewise"]}]
    data = read(tmp_path, dense=dense, role="role", missing_indicator=True, bin_rows=1)
    data.encoder.save(tmp_path)
    encoder = TableEncoder.load(tmp_path)
    assert encoder == data.encoder and encoder.inputs == data.inputs
    from_file = encoder.read(tmp_path / "valid.csv")
    row = {"city": "Bonn", "tags": ["c", "b", "d"], "age": 25, "pay": 7, "role": "manager"}
    from_rows = encoder.transform([row, {"city": "Rome", "tags": "a", "age": 1000.0, "pay": 1, "role": "sourcer"}, {}])
    for batch, rows in ((from_file, [0, 1, 2]), (from_rows, [0, 1])):
        np.testing.assert_array_equal(batch.ids[rows], data.rows.ids[data.valid[rows]])
        np.testing.assert_array_equal(batch.dense[rows], data.rows.dense[data.valid[rows]])
    assert type(from_rows) is type(from_file) is Inputs, "rows without labels"
    assert from_rows.ids[2].tolist() == [0, 0, 0] and from_rows.dense[2].tolist() == [0, 1, 0, 1, 0, 0]
    assert ids_of(from_rows.bags[0], 0) == [0, 2]
    old = json.loads((tmp_path / "table_encoder.json").read_text())
    del old["binned"]  # of a run from before there were bins
    (tmp_path / "table_encoder.json").write_text(json.dumps(old))
    assert TableEncoder.load(tmp_path) == replace(encoder, binned=())
    with pytest.raises(DataError, match="rows:2: column age: expected a number, got 'old'"):
        encoder.transform([row, row | {"age": "old"}])


def test_an_encoder_that_cannot_be_written_or_read(tmp_path, monkeypatch):
    encoder = read(tmp_path).encoder
    with pytest.raises(RunError, match="table_encoder.json: cannot be read: No such file or directory; train the run"):
        TableEncoder.load(tmp_path)
    encoder.save(tmp_path)
    whole = (tmp_path / "table_encoder.json").read_text()
    with pytest.raises(RunError, match="cannot be written: No such file or directory; free some space, or choose"):
        encoder.save(tmp_path / "nowhere")
    with monkeypatch.context() as patch:
        patch.setattr("minirank.storage.open", lambda *_: FileIO("/dev/full", "w"), raising=False)
        with pytest.raises(RunError, match="table_encoder.json: cannot be written: No space left on device"):
            encoder.save(tmp_path)
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert (tmp_path / "table_encoder.json").read_text() == whole
    (tmp_path / "table_encoder.json").write_text(whole[:-9])
    with pytest.raises(RunError, match="table_encoder.json: truncated or damaged; train the run again"):
        TableEncoder.load(tmp_path)


CENSUS = ROOT.parent / "shared" / "data"


@pytest.mark.skipif(
    not (CENSUS / "census_income_kdd").exists(), reason="needs census_income_kdd (UCI Census-Income KDD) in shared/data beside the checkout"
)
def test_census(tmp_path):
    """The first 5,000 rows stand for all, to be quick."""
    with bz2.open(CENSUS / "census_income_kdd" / "valid.csv.bz2", "rt") as text:
        (tmp_path / "rows.csv").write_text("".join(islice(text, 5000)))
    text = (ROOT / "examples" / "census.yaml").read_text(encoding="utf-8")
    schema = yaml.safe_load(text)["data"]
    schema["table"] |= {"train": "rows.csv", "valid_share": 0, "test": None}
    schema["columns"]["min_count"] = 1
    data = read_table(build(TableConfig, schema, "data"), tmp_path)
    assert data.rows.ids.shape == (5000, 32 + 7) and data.rows.dense.shape == (5000, 7)
    with np.load(CENSUS / "census_income_kdd" / "valid_encoded.npz", allow_pickle=False) as encoded:
        np.testing.assert_array_equal(data.rows.labels, encoded["y"][:5000])
        for column, codes in enumerate(encoded["x_cat"][:5000].T):  # a category of one is a category of the other
            ids = data.rows.ids[:, column]
            assert len(np.unique(ids)) == len(np.unique(np.stack([ids, codes]), axis=1).T)
