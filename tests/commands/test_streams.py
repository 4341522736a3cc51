"""Streams that are full, closed or no longer read: the work is done, what is lost is said, and no half success looks like one."""

import errno
import io
import os
import signal
import subprocess
import sys
import threading

import pytest
from checkout import environment
from training_world import write_table

from minirank import cli
from minirank.commands.train import stops_on_interrupt
from minirank.progress import Progress

QUICK = ("--set", "training.epochs=1", "--threads", "2")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """(rows, run) of a table."""
    config = write_table(tmp_path_factory.mktemp("table"))
    assert cli.main(["train", str(config), "--run", str(config.parent / "run"), *QUICK]) == 0
    return config.parent / "rows.csv", config.parent / "run"


class Failing(io.StringIO):
    """A stream that cannot be written to."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, os.strerror(self.number))  # a BrokenPipeError for EPIPE


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_a_command_does_its_work_though_nobody_reads_its_progress(table, tmp_path, monkeypatch, number):
    rows, folder = table
    monkeypatch.setattr(sys, "stderr", Failing(number))
    assert cli.main(["score", str(folder), str(rows), "--out", str(tmp_path / "p.csv")]) == 0
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 501
    assert cli.main(["train", str(rows.parent / "config.yaml"), "--run", str(tmp_path / "run"), *QUICK]) == 0
    assert (tmp_path / "run" / "model.npz").exists() and not (tmp_path / "run" / "checkpoint.npz").exists()


def test_a_report_that_is_lost_is_an_error_and_one_that_nobody_wants_is_none(table, monkeypatch, capsys):
    for number, status, said in (
        (errno.EPIPE, 0, ""),
        (errno.ENOSPC, 2, "minirank: error: standard output: cannot be written: No space left on device; the command did its work, but"),
    ):
        monkeypatch.setattr(sys, "stdout", Failing(number))
        assert cli.main(["evaluate", str(table[1]), "--split", "valid", "--bootstrap", "0"]) == status
        monkeypatch.undo()
        error = capsys.readouterr().err
        assert error.startswith(said) and error.count("\n") == bool(said)


@pytest.mark.parametrize(
    "redirected, status, said",
    [
        ("> /dev/full", 2, "minirank: error: standard output: cannot be written: No space left on device"),
        (">&-", 2, "minirank: error: standard output: cannot be written: it is closed"),
        ("<&- 2>&- > /dev/null", 0, ""),
        ("nonsense 2>&-", 2, ""),
        ("nonsense 2> /dev/full", 2, ""),
        (f"{'x' * 70_000} 2>&1 | head -c 10 > /dev/null; exit ${{PIPESTATUS[0]}}", 2, ""),
    ],
)
def test_a_process_with_such_streams(redirected, status, said):
    """Python itself has nothing to add at its exit, and its status is the command's."""
    option = "" if redirected.startswith(("nonsense", "x")) else "--version"
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full of Linux")
    command = f"{sys.executable} -m minirank {option} {redirected}"
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True)
    assert done.returncode == status
    assert done.stderr.startswith(said) and done.stderr.count("\n") == bool(said)


def test_ctrl_c_while_a_line_of_progress_is_written():
    """The handler runs in the thread that may hold the lock of the progress: it must not wait for it."""
    stream = io.StringIO()
    progress = Progress(stream)
    before = set(threading.enumerate())
    with stops_on_interrupt(progress) as stop:
        with progress._lock:
            assert not stop()
            signal.raise_signal(signal.SIGINT)
            assert stop() and not stream.getvalue()
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
    assert stream.getvalue() == "stopping after this step; press Ctrl-C again to stop at once\n"
