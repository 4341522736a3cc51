"""A log that waits on the disk while it is read is the log that is read into memory."""

import errno
import os
import shutil
from dataclasses import fields

import numpy as np
import pytest
from data_world import HEADER, write

from minirank.data import read_files, read_folder
from minirank.data.folder import column_reader
from minirank.data.folder.impressions import Impressions
from minirank.data.kept.scratch import Scratch
from minirank.data.kept.store import FOLDER, Kept
from minirank.data.table import column_scratch

SEARCHES = 150


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Parts of a few rows."""
    for module, name, few in ((column_scratch, "CELLS", 100), (column_scratch, "LEAST_ROWS", 7), (column_reader, "ROWS", 11)):
        monkeypatch.setattr(module, name, few)


def folder(path, by_time):
    """One with searches of a row or two whose cells may lack, and with the truth."""
    draw, lines = np.random.default_rng(0), []
    for number in range(SEARCHES):
        hour = number if by_time else draw.integers(SEARCHES)
        search = f"s{number},{np.datetime64('2025-03-02T00') + hour},u{draw.integers(1, 3)},j{draw.integers(1, 3)}"
        for place, resume in enumerate(draw.permutation(["c1", "c2 "])[: draw.integers(1, 3)], 1):
            clicked, relevance = draw.choice(["0", "1", ""]), draw.choice(["", "0.25", "1"])
            lines.append(f"{search},{resume},{place},{clicked},,,{relevance},{draw.choice(['', '.5'])}")
    write(path, impressions__csv=[HEADER, *lines])
    np.savez(path / "truth.npz", click=draw.random(len(lines)))
    return path


def check_same(ours, theirs):
    for name in (field.name for field in fields(Impressions) if field.name != "search_id"):
        one, other = getattr(ours.impressions, name), getattr(theirs.impressions, name)
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes(), name
    assert ours.impressions.search_id == theirs.impressions.search_id
    assert ours.truth["click"].tobytes() == theirs.truth["click"].tobytes()
    assert list(ours.jobs) == list(theirs.jobs) and list(ours.resumes) == list(theirs.resumes) and ours.hires.job == theirs.hires.job


@pytest.mark.parametrize("by_time", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_read_part_by_part_is_what_is_read_at_once(tmp_path, monkeypatch, by_time, compiled):
    if compiled:
        monkeypatch.setattr(read_files, "FAST", 0)
        monkeypatch.setattr(read_files, "COMPILED", 0)
    whole = read_folder(folder(tmp_path, by_time))
    assert (whole.impressions.row[1:] > whole.impressions.row[:-1]).all() == by_time
    asked, empty = [], Scratch.empty
    monkeypatch.setattr(Scratch, "empty", lambda self, shape, dtype: asked.append(shape) or empty(self, shape, dtype))
    check_same(read_folder(tmp_path, kept=Kept(), mapped=True), whole)
    assert asked.count((len(whole.impressions),)) > 12  # its columns were there
    check_same(read_folder(tmp_path, kept=Kept(), mapped=True), whole)  # as they were kept


@pytest.mark.parametrize("files", [0, 1, 2])
def test_a_log_for_which_the_disk_has_no_space_is_read_into_memory(tmp_path, monkeypatch, files):
    whole = read_folder(folder(tmp_path, False))
    made, file = [], Scratch._file

    def fill(self, size):
        made.append(size)
        if len(made) > files:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return file(self, size)

    monkeypatch.setattr(Scratch, "_file", fill)
    check_same(read_folder(tmp_path, kept=Kept(), mapped=True), whole)
    assert len(made) > files
    shutil.rmtree(tmp_path / FOLDER)
    check_same(read_folder(tmp_path, kept=Kept()), whole)
