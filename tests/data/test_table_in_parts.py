"""A table larger than memory, read, fitted and encoded in parts that wait on the disk: the same bytes as in memory, the same errors."""

import errno
import gzip
import os
import subprocess
import sys

import numpy as np
import pytest
from checkout import environment
from table_world import config

from minirank.data import fast_csv, read_files, read_table
from minirank.data.kept import store
from minirank.data.kept.mapped_rows import MappedRows
from minirank.data.kept.store import FOLDER, Kept
from minirank.data.table import column_scratch, encode_in_parts, kept_table, svmlight
from minirank.data.table.encoder import TableEncoder
from minirank.errors import ConfigError, DataError

COLUMNS = {
    "categorical": ["city", "number"],
    "multi_valued": [{"column": "tags", "separator": "|"}],
    "dense": ["pay", {"column": "age", "transform": ["robust", "piecewise"]}, {"column": "unique", "transform": ["log1p", "standard"]}],
    "missing_indicator": True,
    "bin_rows": 3,
    "tasks": [{"name": "y", "column": "y", "weight": "trust"}, {"name": "z", "column": "label", "positive": "yes"}],
}
SEARCHES = {"group": "search", "role": "role"}


@pytest.fixture
def small(monkeypatch):
    """Parts of a few rows."""
    for place, name, value in (
        (kept_table, "LEAST", 0),
        (column_scratch, "CELLS", 400),
        (column_scratch, "LEAST_ROWS", 7),
        (encode_in_parts, "VALUES", 10),
        (fast_csv, "BLOCK", 512),
        (fast_csv, "PART_BYTES", 150),
        (store, "SHARE", 100),
    ):
        monkeypatch.setattr(place, name, value)


def columns_of(rows, seed):
    """Texts of a table: of any kind, missing in two ways, all different, within quotes and of several lines."""
    draw = np.random.default_rng(seed)
    pick = lambda values, count=rows: [values[place] for place in draw.integers(len(values), size=count)]  # noqa: E731
    return {
        "city": pick(["Rome", "", "?", '"Oslo, \nNorway"', "Bonn ", "\u2003Bonn", f"c{seed}", '"a ""b"""']),
        "number": pick([str(number) for number in range(150)]),
        "tags": ["|".join(pick(list("abcdef") + [f"t{row}"], row % 4)) for row in range(rows)],
        "pay": pick(["1", "1.0", "-0", "0", "?", "", "1e3", "007", "12345678901234567890123"]),
        "age": [f"{value:.2f}" for value in draw.normal(30, 9, rows)],
        "unique": [repr(value) for value in draw.normal(size=rows).tolist()],
        "y": pick(["0", "1", "0.5", ""]),
        "trust": pick(["0", "1", "", "2.5"]),
        "label": pick(["yes", "no", "?"]),
        "search": pick([f"s{number}" for number in range(rows // 5)]),
        "role": pick(["sourcer", "agency", f"r{seed}"]),
    }


def write(path, rows=211, seed=0):
    columns = columns_of(rows, seed)
    lines = [",".join(cells) for cells in (columns, *zip(*columns.values()))]
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def read(path, most, kept, table=None, **columns):
    files = {"train": "train.csv", "valid": "valid.csv", "missing": ["", "?"]} | (table or {})
    return read_table(config(files, COLUMNS | columns), path, kept, most)


def whole(path, **options):
    """The data set as it is read in memory, and what is kept of it."""
    return read(path, lambda rows: None, Kept(), **options), entries(path)


def entries(path):
    """The bytes of what is kept, which is taken away."""
    found = {each.name: each.read_bytes() for each in (path / FOLDER).glob("*/*.bin")}
    for each in (path / FOLDER).glob("*/*.bin"):
        each.unlink()
    return found


def check_same(one, other):
    """Both data sets are the same to the last bit."""
    rows, others = (each.rows.take(np.arange(len(each.rows))) for each in (one, other))
    for name in ("ids", "dense", "labels", "weights", "groups"):
        ours, theirs = getattr(rows, name), getattr(others, name)
        assert ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes(), name
    for name in ("train", "valid", "test", "search", "role"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours is theirs is None or (ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()), name
    for name in ("fingerprint", "inputs", "columns", "role_names", "encoder"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("least", [0, 10**12], ids=["compiled", "by Python"])
@pytest.mark.parametrize(
    "options",
    [{}, SEARCHES, {"table": {"valid": None, "valid_share": 0.3}, **SEARCHES}, {"table": {"train": "train.csv.gz"}, "min_count": 1}],
    ids=["files", "groups", "share", "packed"],
)
def test_a_table_read_in_parts_is_the_table_read_in_memory(tmp_path, monkeypatch, small, options, least):
    monkeypatch.setattr(read_files, "FAST", least)
    monkeypatch.setattr(read_files, "COMPILED", least)
    for seed, name in enumerate(("train.csv", "valid.csv", "train.csv.gz")):
        write(tmp_path / name, 400 - 90 * seed, seed)
    fresh, kept = whole(tmp_path, **options)
    said = []
    for most in (0.0, 1e12):
        found = read(tmp_path, lambda rows, most=most: most, Kept(said.append), **options)
        assert isinstance(found.rows, MappedRows) == (most == 0)
        check_same(found, fresh)
        assert entries(tmp_path) == kept and kept
    found = read(tmp_path, lambda rows: 0.0, Kept(said.append), **options)
    with monkeypatch.context() as context:
        context.setattr("minirank.data.table.read_table.read_raw", None)  # whoever reads the files again fails
        check_same(read(tmp_path, lambda rows: 0.0, Kept(said.append), **options), found)
    assert not said


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_read_in_parts_are_those_read_in_memory(tmp_path, small, order):
    columns = columns_of(300, 4)
    texts = {name: np.array(columns[name]) for name in ("city", "tags", "label", "role")} | {"search": np.array(columns["search"], "S")}
    draw = np.random.default_rng(0)
    numbers = np.round(draw.normal(size=(300, 5)), 1).astype(">f4", order=order)
    numbers[draw.random(numbers.shape) < 0.2] = np.nan
    np.savez_compressed(tmp_path / "a.npz", x=numbers, number=draw.integers(0, 90, 300), y=draw.random(300) < 0.4, **texts)
    np.savez(tmp_path / "b.npz", **{name: array[::-1] for name, array in np.load(tmp_path / "a.npz").items()})
    given = {"dense": ["x"], "tasks": [{"name": "y", "column": "y"}], "table": {"train": "a.npz", "valid": "b.npz"}, **SEARCHES}
    fresh, kept = whole(tmp_path, **given)
    check_same(read(tmp_path, lambda rows: 0.0, Kept(), **given), fresh)
    assert entries(tmp_path) == kept and kept
    content = (tmp_path / "a.npz").read_bytes()
    at = content.index(b"number.npy") + 600
    (tmp_path / "a.npz").write_bytes(content[:at] + bytes(9) + content[at + 9 :])
    with pytest.raises(DataError, match=r"^a.npz: cannot be read: truncated or damaged"):
        read(tmp_path, lambda rows: 0.0, Kept(), **given)


@pytest.mark.parametrize("wrong", ["", "1 qid:3 2:1 2:1", "1 qid:3 2:1 4:inf", "1 qid:3 2:1 4:x"])
def test_sparse_rows_read_in_parts_are_those_read_in_memory(tmp_path, monkeypatch, small, wrong):
    draw = np.random.default_rng(0)
    lines = []
    for row in range(300):
        features = np.flatnonzero(draw.random(9) < 0.5).tolist()
        pairs = " ".join(f"{feature}:{draw.integers(5) if feature % 2 else draw.normal():g}" for feature in features)
        lines.append(f"{row % 3} qid:{row // 7} {pairs}")
    lines[200:200] = [wrong] if wrong else []
    (tmp_path / "a.svm").write_text("\n".join(lines) + "\n")
    given = {"categorical": [], "multi_valued": [], "dense": ["x"], "tasks": [{"name": "y", "column": "label"}], "group": "query"}
    given["table"] = {"train": "a.svm", "valid": None, "valid_share": 0.2}
    found = []
    for part, most in ((svmlight.PART, None), (100, 0.0)):
        monkeypatch.setattr(svmlight, "PART", part)
        try:
            found.append((read(tmp_path, lambda rows, most=most: most, Kept(), **given), entries(tmp_path)))
        except DataError as error:
            assert error.line == 201
            found.append(str(error))
    if wrong:
        assert found[0] == found[1]
    else:
        check_same(found[0][0], found[1][0])
        assert found[0][1] == found[1][1] and found[0][1]


def test_rows_to_be_scored_are_read_in_parts(tmp_path, small):
    write(tmp_path / "train.csv", 300)
    write(tmp_path / "valid.csv", 250, 1)
    encoder = read(tmp_path, lambda rows: None, Kept()).encoder
    assert isinstance(encoder, TableEncoder)
    fresh = encoder.read(tmp_path / "valid.csv")
    for _ in range(2):
        found = encoder.read(tmp_path / "valid.csv", Kept(), lambda rows: 0.0).take(np.arange(250))
        assert found.ids.tobytes() == fresh.ids.tobytes() and found.dense.tobytes() == fresh.dense.tobytes()


@pytest.mark.parametrize(
    "bad, message",
    [
        (",x1,", "train.csv:290: column pay: expected a number, got 'x1'"),
        (",inf,", "train.csv:290: column pay: 'inf' is not a finite number"),
        (",1,2,", "train.csv:290: expected 11 cells, got 12"),
    ],
)
def test_a_bad_cell_in_a_late_part_is_the_same_line(tmp_path, small, bad, message):
    write(tmp_path / "valid.csv", 50, 1)
    text = "".join(f"c{row % 7},{row % 5},a|b,{row % 3},{row},{row}.5,1,1,yes,s,r\n" for row in range(400))
    head = ",".join(columns_of(5, 0)) + "\n"
    (tmp_path / "train.csv").write_text(head + text.replace("a|b,0,288,", "a|b" + bad + "288,"))
    found = []
    for most in (lambda rows: None, lambda rows: 0.0):
        with pytest.raises(DataError) as error:
            read(tmp_path, most, Kept())
        found.append(str(error.value))
    assert found[0] == found[1] and found[0].startswith(message)


def test_where_no_column_can_wait_a_line_says_so_and_all_is_read_into_memory(tmp_path, monkeypatch, small):
    for seed, name in enumerate(("train.csv", "valid.csv")):
        write(tmp_path / name, 100, seed)
    fresh, _ = whole(tmp_path)
    said, reserve = [], os.posix_fallocate

    def fail_after(count):
        def fail(file, first, size):
            nonlocal count
            count -= 1
            if count < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            reserve(file, first, size)

        return fail

    for count in range(3):  # while it is read, its columns are joined, they are encoded
        monkeypatch.setattr(os, "posix_fallocate", fail_after(count))
        check_same(read(tmp_path, lambda rows: 0.0, Kept(said.append)), fresh)
        entries(tmp_path)
    assert said == [f"{tmp_path / FOLDER}: No space left on device; so train.csv is read into memory as a whole"] * 3


def test_rows_that_cannot_be_kept_are_read_where_they_wait(tmp_path, monkeypatch, small):
    for seed, name in enumerate(("train.csv", "valid.csv")):
        write(tmp_path / name, 100, seed)
    fresh, _ = whole(tmp_path)
    said = []

    def fail(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("minirank.data.kept.store.write_arrays", fail)
    found = read(tmp_path, lambda rows: 0.0, Kept(said.append))
    assert isinstance(found.rows, MappedRows) and len(said) == 1 and said[0].endswith("for the next time: No space left on device")
    check_same(found, fresh)


@pytest.mark.parametrize("written", ["\n", "half a row"])
def test_a_file_that_changes_while_it_is_read_is_one_line(tmp_path, monkeypatch, small, written):
    for seed, name in enumerate(("train.csv", "valid.csv")):
        write(tmp_path / name, 100, seed)
    put = column_scratch.ColumnScratch.put_part

    def put_and_write(self, part):
        with open(tmp_path / "valid.csv", "a") as stream:
            stream.write(written)
        return put(self, part)

    monkeypatch.setattr(column_scratch.ColumnScratch, "put_part", put_and_write)
    with pytest.raises(DataError, match=r"^valid.csv: changed while it was read; start again once nothing writes"):
        read(tmp_path, lambda rows: 0.0, Kept())
    assert not entries(tmp_path)


def test_rows_whose_labels_do_not_fit_are_refused(tmp_path, small):
    def refuse(rows):
        if rows > 50:
            raise ConfigError(f"{rows} rows")
        return 0.0

    for seed, name in enumerate(("train.csv", "valid.csv")):
        write(tmp_path / name, 100, seed)
    with pytest.raises(ConfigError, match="200 rows"):
        read(tmp_path, refuse, Kept())


def test_a_pipe_is_refused_at_once(tmp_path):
    write(tmp_path / "train.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    columns = {"dense": ["age"], "tasks": [{"name": "y", "column": "y"}]}
    for files in ({"train": "pipe.csv"}, {"train": "train.csv", "valid": "pipe.csv"}):
        (tmp_path / "a.yaml").write_text(f"data: {{table: {files}, columns: {columns}}}\n".replace("'", ""))
        words = [sys.executable, "-m", "minirank", "train", "a.yaml"]
        ended = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
        assert ended.returncode == 2 and ended.stderr.splitlines()[-1] == (
            "minirank: error: pipe.csv: is a pipe, which can be read once only; write its rows into a file, and give that"
        ), ended.stderr
