"""Arrays that wait on the disk: many in few files, each its own bytes, gone with the last of them."""

import errno
import os

import numpy as np
import pytest

from minirank.data.kept import scratch
from minirank.data.kept.scratch import Scratch


def files():
    """How many this process has open that have no name."""
    names = [os.path.join("/proc/self/fd", each) for each in os.listdir("/proc/self/fd")]
    return sum(os.path.lexists(name) and os.readlink(name).endswith("(deleted)") for name in names)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted in /proc, which Linux has")
def test_arrays_share_files_and_keep_their_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "LEAST", 1000)
    draw, before = np.random.default_rng(0), files()
    made, arrays = Scratch(tmp_path), []
    for size in draw.integers(0, 700, 400).tolist() + [5000, 3, 40_000, 7, 100]:
        array = draw.normal(size=(size, 2)).astype(draw.choice(["f4", "f8", "i8", "u1"]))
        arrays.append((made.put(array), array))
        assert not arrays[-1][0].size or arrays[-1][0].ctypes.data % array.itemsize == 0
    assert all(one.dtype == other.dtype and np.array_equal(one, other) for one, other in arrays)
    assert not made.empty((50,), np.int32).any()
    assert 2 < files() - before < 50 and not [*tmp_path.iterdir()]
    del made, arrays
    assert files() == before


def test_a_full_disk_is_an_error_before_anything_is_written(tmp_path, monkeypatch):
    def fail(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", fail)
    with pytest.raises(OSError, match="No space"):
        Scratch(tmp_path).put(np.ones(3))
