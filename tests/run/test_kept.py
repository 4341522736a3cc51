"""What is kept beside data: the same bytes with it and without, never anything stale, and no harm where it cannot be kept."""

import errno
import os
import shutil
import time

import numpy as np
import pytest
from ranking_world import write_market

from minirank.config.configuration import Config, FolderConfig
from minirank.data import read_folder
from minirank.data.kept import array_file, store
from minirank.data.kept.store import FOLDER, SHARE, Kept
from minirank.errors import DataError
from minirank.locking import hold, is_held
from minirank.run.load_data import load_dataset


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept").resolve()
    write_market(path, impressions=150)
    return path


@pytest.fixture
def data(market, tmp_path):
    return shutil.copytree(market, tmp_path / "data", ignore=shutil.ignore_patterns(FOLDER))


def load(path, kept=store.NOTHING_KEPT, encoder=None):
    said = []
    return load_dataset(Config(data=FolderConfig(path)), encoder, said.append, kept), said


def same(one, other):
    """Whether two data sets are the same to the last bit."""
    rows, others = vars(one.rows), vars(other.rows)
    for name in rows:
        if name == "bags":
            assert [[each.tobytes() for each in vars(bag).values()] for bag in rows[name]] == [
                [each.tobytes() for each in vars(bag).values()] for bag in others[name]
            ]
        elif isinstance(rows[name], np.ndarray):
            assert rows[name].dtype == others[name].dtype and rows[name].tobytes() == others[name].tobytes(), name
    for name in ("train", "valid", "test", "search", "job", "role"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.fingerprint == other.fingerprint and one.inputs == other.inputs and one.columns == other.columns
    assert list(one.truth) == list(other.truth) and all((one.truth[name] == other.truth[name]).all() for name in one.truth)
    return True


def entries(path):
    return {file.name for file in (path / FOLDER).glob("*.bin")}


def test_what_is_kept_is_what_is_read(data):
    fresh, said = load(data)
    assert not (data / FOLDER).exists() and "encoding 150 impressions ..." in said
    first, said = load(data, Kept())
    again, told = load(data, Kept())
    assert same(fresh, first) and same(first, again)
    assert "encoding 150 impressions ..." in said and told == [f"reading {data} ..."]
    assert sum((data / FOLDER / name).stat().st_size for name in entries(data)) < SHARE * sum(
        file.stat().st_size for file in data.iterdir() if file.is_file()
    )
    assert load(data, Kept(), again.encoder)[0].rows.dense.tobytes() == fresh.rows.dense.tobytes()


def test_records_are_parsed_when_they_are_asked_for(data):
    whole, kept = read_folder(data, kept=Kept()), read_folder(data, kept=Kept())
    assert type(whole.jobs) is list and type(kept.jobs) is not list
    assert list(kept.jobs) == whole.jobs and list(kept.resumes) == whole.resumes and kept.jobs[-1] == whole.jobs[-1]
    assert kept.latest_resumes().tolist() == whole.latest_resumes().tolist()


def test_other_contents_of_the_same_size_and_date_are_noticed(data):
    before = load(data, Kept())[0]
    path = data / "impressions.csv"
    status, text = path.stat(), path.read_text()
    lines = text.splitlines(keepends=True)
    place = lines[0].split(",").index("clicked")
    row = next(number for number, line in enumerate(lines[1:], 1) if line.split(",")[place] == "0")
    cells = lines[row].split(",")
    cells[place] = "1"
    path.write_text("".join([*lines[:row], ",".join(cells), *lines[row + 1 :]]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size and path.stat().st_mtime_ns == status.st_mtime_ns
    after = load(data, Kept())[0]
    assert np.nansum(after.rows.labels[:, 0]) == np.nansum(before.rows.labels[:, 0]) + 1
    assert same(after, load(data)[0])


def test_other_columns_of_the_same_files_are_read_anew(data):
    path = data / "hires.csv"
    head, *lines = path.read_text().splitlines()
    others = [line.split(",")[head.split(",").index("resume_id")] for line in lines]
    path.write_text("\n".join([f"{head},other", *(f"{line},{name}" for line, name in zip(lines, others[1:] + others[:1]))]) + "\n")
    before = load(data, Kept())[0]
    config = Config(data=FolderConfig(data, columns={"hires": {"resume_id": "other"}}))
    after, fresh = load_dataset(config, kept=Kept()), load_dataset(config)
    assert same(after, fresh) and after.rows.dense.tobytes() != before.rows.dense.tobytes()
    assert same(load_dataset(config, before.encoder, kept=Kept()), load_dataset(config, before.encoder))


def test_a_folder_that_was_kept_without_a_log_does_not_train(data):
    (data / "impressions.csv").unlink()
    assert not read_folder(data, needs_log=False, kept=Kept()).has_log and entries(data)
    with pytest.raises(DataError, match="impressions.csv"):
        load(data, Kept())


def test_a_file_that_changes_while_it_is_read_is_not_kept(data, monkeypatch):
    monkeypatch.setattr(store.Contents, "are_unchanged", lambda self: False)
    read_folder(data, kept=Kept())
    assert not entries(data)


def test_other_sources_are_another_entry(data, monkeypatch):
    read_folder(data, kept=Kept())
    one = entries(data)
    monkeypatch.setattr(store, "computed_by", lambda: {"sources": "others"})
    read_folder(data, kept=Kept())
    assert len(one) == 2 and len(entries(data)) == 4  # the log, and the rest


def test_damaged_entries_are_made_again(data):
    fresh = load(data, Kept())[0]
    for number, name in enumerate(sorted(entries(data))):
        path = data / FOLDER / name
        content = bytearray(path.read_bytes())
        content[-200] ^= 255
        path.write_bytes(content if number else content[:100])
    assert same(load(data, Kept())[0], fresh) and same(load(data, Kept())[0], fresh)


def test_where_nothing_can_be_kept_one_line_says_so(data, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store, "write_arrays", fail)
    said = []
    load(data, Kept(said.append))
    assert said == [f"{data / FOLDER}: nothing is kept there for the next time: No space left on device"] and not entries(data)


def test_what_a_kill_left_is_removed_and_what_is_being_written_stays(tmp_path, monkeypatch):
    left, fresh, written = (tmp_path / f".rows-{name}.bin.1.part" for name in ("left", "fresh", "written"))
    for path, age in ((left, 60), (fresh, 0), (written, 9999)):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age,) * 2)
    with open(written, "r+b") as stream:
        hold(stream.fileno())
        store.remove_unfinished(tmp_path)
        assert sorted(tmp_path.iterdir()) == [fresh, written]
    store.remove_unfinished(tmp_path)
    assert [*tmp_path.iterdir()] == [fresh]
    monkeypatch.setattr("minirank.locking.fcntl", None)  # a system without locks
    for age in (60, 4000):
        os.utime(fresh, (time.time() - age,) * 2)
        store.remove_unfinished(tmp_path)
        assert fresh.exists() == (age == 60)


def test_a_file_that_is_just_made_is_not_locked_by_who_looks_for_what_a_kill_left(tmp_path, monkeypatch):
    path, asked = tmp_path / ".rows-0.bin.1.part", []
    path.write_bytes(b"x")
    monkeypatch.setattr(store, "is_held", lambda path: asked.append(path))
    store.remove_unfinished(tmp_path)
    assert path.exists() and not asked


def test_a_file_is_held_while_it_is_written(tmp_path, monkeypatch):
    seen, bytes_of = [], array_file._bytes
    monkeypatch.setattr(array_file, "_bytes", lambda array: (seen.extend(map(is_held, tmp_path.glob(".*"))), bytes_of(array))[1])
    array_file.write_arrays(tmp_path / "x.bin", {"a": np.arange(3), "b": np.arange(4)}, None)
    assert seen == [True, True] and is_held(tmp_path / "x.bin") is False


def test_there_is_never_more_than_the_share_and_kills_leave_nothing_for_long(data, monkeypatch):
    read_folder(data, kept=Kept())
    data_bytes = sum(file.stat().st_size for file in data.iterdir() if file.suffix in store.DATA)
    old = data / FOLDER / ".rows-0.bin.1.part"
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    one, size = entries(data), sum((data / FOLDER / name).stat().st_size for name in entries(data))
    monkeypatch.setattr(store, "SHARE", 1.2 * size / data_bytes)  # less than twice
    monkeypatch.setattr(store, "computed_by", lambda: {"sources": "others"})
    read_folder(data, kept=Kept())
    assert not old.exists() and entries(data) and entries(data).isdisjoint(one)
