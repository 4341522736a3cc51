"""What is kept beside a table: the same bytes with it and without, never anything stale, nothing of small tables or of those that went."""

import errno
import json
import os

import numpy as np
import pytest
from table_world import config as table_config
from training_world import write_table

from minirank.config.configuration import load_config
from minirank.data.kept import store
from minirank.data.kept.mapped_rows import MappedRows
from minirank.data.kept.store import FOLDER, Kept
from minirank.data.table import kept_table
from minirank.data.table.read_table import read_table
from minirank.errors import DataError
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.run.scoring import data_of, evaluate_run, score_data
from minirank.training import train
from minirank.tuning.random_search import Encoded

COLUMNS = {
    "categorical": ["who", "city"],
    "multi_valued": [{"column": "tags", "separator": "|"}],
    "dense": ["age"],
    "dense_transform": ["quantile", "bins"],
    "missing_indicator": True,
    "group": "search",
    "role": "role",
    "tasks": [{"name": "y", "column": "y", "weight": "who_weight"}, {"name": "z", "column": "z"}],
}


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """train.csv, valid.csv and test.csv, which are worth it."""
    monkeypatch.setattr(kept_table, "LEAST", 0)
    for seed, part in enumerate(kept_table.PARTS):
        write_table(tmp_path, 300, seed)
        head, *lines = (tmp_path / "rows.csv").read_text().splitlines()
        rows = [f"{line},{(number % 3) / 2}".replace("w7,", ",") for number, line in enumerate(lines)]
        (tmp_path / f"{part}.csv").write_text("\n".join([f"{head},who_weight", *rows]) + "\n")
    (tmp_path / "rows.csv").unlink()
    return tmp_path


def read(path, kept=store.NOTHING_KEPT, parts=kept_table.PARTS, table=None, most=lambda rows: None, **columns):
    files = {part: f"{part}.csv" for part in parts} | (table or {})
    return read_table(table_config(files, COLUMNS | columns), path, kept, most)


def same(one, other):
    """Whether two data sets are the same to the last bit."""
    rows, others = vars(one.rows), vars(other.rows)
    for name in ("ids", "dense", "labels", "weights", "groups"):
        assert rows[name].dtype == others[name].dtype and rows[name].tobytes() == others[name].tobytes(), name
    assert [[each.tobytes() for each in vars(bag).values()] for bag in rows["bags"]] == [
        [each.tobytes() for each in vars(bag).values()] for bag in others["bags"]
    ]
    for name in ("train", "valid", "test", "search", "role"):
        found = getattr(one, name), getattr(other, name)
        assert found[0] is found[1] is None or (found[0].dtype == found[1].dtype and found[0].tobytes() == found[1].tobytes()), name
    assert (one.fingerprint, one.inputs, one.columns, one.role_names) == (other.fingerprint, other.inputs, other.columns, other.role_names)
    return one.encoder == other.encoder


def entries(path, file="train.csv"):
    return sorted((path / FOLDER / file).glob("*.bin"))


@pytest.mark.parametrize("columns", [{}, {"group": None, "role": None, "tasks": [{"name": "y", "column": "y"}]}])
def test_what_is_kept_is_what_is_read(tables, columns):
    fresh = read(tables, **columns)
    assert not (tables / FOLDER).exists()
    first, again = read(tables, Kept(), **columns), read(tables, Kept(), **columns)
    assert same(fresh, first) and same(fresh, again) and len(entries(tables)) == 1
    assert entries(tables)[0].stat().st_size < store.SHARE * sum(path.stat().st_size for path in tables.glob("*.csv"))
    entries(tables)[0].write_bytes(b"damaged")
    assert same(fresh, read(tables, Kept(), **columns))
    mapped = read(tables, Kept(), most=lambda rows: 0, **columns)
    assert isinstance(mapped.rows, MappedRows)
    taken, wanted = mapped.rows.take(mapped.valid), fresh.rows.take(fresh.valid)
    assert taken.ids.tobytes() == wanted.ids.tobytes() and taken.dense.tobytes() == wanted.dense.tobytes()


def test_a_small_table_leaves_nothing_beside_it(tables, monkeypatch):
    monkeypatch.setattr(kept_table, "LEAST", 2**22)
    read(tables, Kept())
    assert not (tables / FOLDER).exists()


def test_other_contents_parts_and_options_are_read_anew(tables):
    before = read(tables, Kept())
    path = tables / "valid.csv"
    status, text = path.stat(), path.read_text()
    path.write_text(text.replace("c1,", "c2,"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = read(tables, Kept())
    assert same(after, read(tables)) and after.rows.ids.tobytes() != before.rows.ids.tobytes()
    for given in ({"parts": ("train", "valid")}, {"table": {"missing": ["", "c3"]}}, {"min_count": 20}):
        assert same(read(tables, Kept(), **given), read(tables, **given)), given
    swapped = {"table": {"valid": "test.csv", "test": "valid.csv"}}
    assert same(read(tables, Kept(), **swapped), read(tables, **swapped))


def test_a_column_that_is_protected_by_now_is_refused(tables):
    read(tables, Kept())
    (tables / "protected.csv").write_text("resume_id,city\n")
    with pytest.raises(DataError, match="city"):
        read(tables, Kept())


def test_a_file_that_changes_while_it_is_read_is_not_kept(tables, monkeypatch):
    monkeypatch.setattr(store.Contents, "are_unchanged", lambda self: False)
    assert same(read(tables, Kept()), read(tables)) and not entries(tables)


def test_where_nothing_can_be_kept_one_line_says_so(tables, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said = []
    with monkeypatch.context() as context:
        context.setattr(store, "write_arrays", fail)
        assert same(read(tables, Kept(said.append)), read(tables))
    assert said == [f"{tables / FOLDER}: nothing is kept there for the next time: No space left on device"] and not entries(tables)
    (tables / FOLDER / "train.csv").rmdir()
    (tables / FOLDER / "train.csv").write_text("in the way, as a folder that is not ours to write is")
    assert same(read(tables, Kept(said.append)), read(tables)) and len(said) == 2


def test_each_table_has_its_share_and_what_went_takes_its_own_along(tables, monkeypatch):
    read(tables, Kept())
    (tables / "other.csv").write_bytes((tables / "valid.csv").read_bytes())
    read(tables, Kept(), parts=("train",), table={"train": "other.csv"})
    assert len(entries(tables)) == len(entries(tables, "other.csv")) == 1
    (tables / "train.csv").rename(tables / "new.csv")
    read(tables, Kept(), parts=("train",), table={"train": "new.csv"})
    assert not (tables / FOLDER / "train.csv").exists() and entries(tables, "new.csv")
    size = entries(tables, "new.csv")[0].stat().st_size
    monkeypatch.setattr(store, "SHARE", 1.2 * size / (tables / "new.csv").stat().st_size)
    read(tables, Kept(), parts=("train",), table={"train": "new.csv"}, min_count=3)
    assert len(entries(tables, "new.csv")) == len(entries(tables, "other.csv")) == 1


def test_a_run_uses_what_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_table, "LEAST", 0)
    monkeypatch.chdir(tmp_path)
    config = load_config(write_table(tmp_path, 200), ["training.epochs=1", "training.batch_rows=128", "training.backend=reference"])
    train(config, "fresh")
    train(config, "first", kept=Kept())
    with monkeypatch.context() as context:
        context.setattr("minirank.data.table.read_table.read_raw", None)  # whoever reads the file again fails
        train(config, "again", kept=Kept())
        assert train(config, "again", resume=True, kept=Kept()).finished
        assert len(Encoded(kept=Kept()).of(config).test) == 0
        run = load_run("again")
        kept = evaluate_run(run, "valid", dataset=data_of(run, kept=Kept()), bootstrap=0)
    for name in ("model.npz", "data.json", "table_encoder.json", "metrics.jsonl"):
        assert (tmp_path / "fresh" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert json.dumps(kept) == json.dumps(evaluate_run(run, "valid", bootstrap=0))
    wanted, first = score_data(run, "rows.csv"), score_data(run, "rows.csv", kept=Kept())
    with monkeypatch.context() as context:
        context.setattr("minirank.data.table.encoder.read_raw", None)
        again = score_data(run, "rows.csv", kept=Kept())
    for name, values in wanted.items():
        assert np.array_equal(values, first[name]) and np.array_equal(values, again[name])
    assert same(load_dataset(config, kept=Kept()), load_dataset(config))
