"""The one atomic writer: whatever happens while it writes, a file is the old one or the new one."""

import errno
import os
import time

import numpy as np
import pytest
from case_table import cases

from minirank.errors import RunError
from minirank.npz import read_npz
from minirank.run.scoring import LazyColumn, write_predictions
from minirank.storage import BadJson, append_line, parse_json, save_npz, write_json, write_text


class Killed(BaseException):
    """What `kill -9` does: nothing is cleaned up."""


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
WRITERS = {
    "text.txt": lambda path, value: write_text(path, f"{value}"),
    "facts.json": lambda path, value: write_json(path, {"value": value}),
    "model.npz": lambda path, value: save_npz(path, {"value": np.full(100_000, value)}),
    "predictions.csv": lambda path, value: write_predictions(path, {"ctr": np.full(100_000, value)}),
    "predictions.npz": lambda path, value: write_predictions(
        path, {"ctr": LazyColumn(100_000, lambda first, last: np.full(last - first, value))}
    ),
}


@pytest.mark.parametrize("error", [FULL, Killed(), KeyboardInterrupt()], ids=["full disk", "kill", "Ctrl-C"])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("name", WRITERS)
def test_the_old_file_stays_as_it_was(tmp_path, monkeypatch, name, call, error):
    path, write = tmp_path / name, WRITERS[name]
    write(path, 1.5)
    before = path.read_bytes()

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        if call == "write":
            patch.setattr("minirank.storage.open", lambda *_: Failing(error), raising=False)
        else:
            patch.setattr(os, call, fail)
        with pytest.raises(RunError if error is FULL else type(error)) as caught:
            write(path, 2.5)
    assert path.read_bytes() == before
    if error is FULL:
        assert f"{name}: cannot be written: No space left on device; free some space" in str(caught.value)
    if not isinstance(error, Killed):
        assert [file.name for file in tmp_path.iterdir()] == [name]
    write(path, 2.5)
    assert path.read_bytes() != before and [file.name for file in tmp_path.iterdir()] == [name]


class Failing:
    """A file on which nothing can be written."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        return None

    def __getattr__(self, name: str):
        raise self.error


def test_a_line_is_added_where_the_last_whole_one_ended(tmp_path):
    path = tmp_path / "metrics.jsonl"
    size = append_line(path, "one", 0)
    path.write_bytes(path.read_bytes() + b"half of a li")
    assert append_line(path, "two", size) == len(path.read_bytes()) == 8
    assert path.read_text() == "one\ntwo\n"


def test_equal_arrays_are_equal_bytes_whenever_they_are_written(tmp_path, monkeypatch):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros((2, 0), np.int32)}
    arrays |= {"empty": np.zeros((0, 4), np.float32), "text": np.array(["x", "yy"])}
    save_npz(tmp_path / "one.npz", arrays)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    save_npz(tmp_path / "two.npz", arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    found = read_npz(tmp_path / "one.npz")
    assert all((found[name] == array).all() and found[name].dtype == array.dtype for name, array in arrays.items())


@cases(r"""
    text | says
    {"a": NaN} | NaN is not a JSON number
    [-Infinity] | -Infinity is not a JSON number
    [1e400] | 1e400 is not a finite number
    {"a": 1, "b": 2, "a": 3} | the key 'a' is there twice
    DEEP | too many lists and objects within each other
    NINES | a whole number of 5,000 digits
    {"a": 1 | not valid JSON (Expecting ',' delimiter at character
    BOM{} | not valid JSON (
""")
def test_json_that_two_readers_would_read_as_two_values(text, says):
    text = text.replace("DEEP", "[" * 100_000 + "]" * 100_000).replace("NINES", "9" * 5_000).replace("BOM", "\ufeff")
    with pytest.raises(BadJson) as caught:
        parse_json(text)
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)
    assert parse_json(b'{"a": [1, 2.5, null, true, "\\ud800"]}') == {"a": [1, 2.5, None, True, "\ud800"]}
