"""One process at a time writes into a folder; its lock ends with it, however it ends, and no child keeps it."""

import errno
import fcntl
import multiprocessing
import os
import signal
import threading
import time

import pytest
from checkout import start_python
from extraction_server import write_folder
from training_world import write_table

from minirank.cli import main
from minirank.errors import RunError
from minirank.locking import LOCK, holder, working_in

HOLD = """
import sys, time
from pathlib import Path
from minirank.locking import working_in
with working_in(Path(sys.argv[1]), "minirank train"):
    {before}
    print("held", flush=True)
    time.sleep(60)
"""
FORKED = "import os; child = os.fork(); child or (os.close(1), os.close(2), time.sleep(60)); print(child)"
EXECUTED = "import subprocess; print(subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"


def start(folder, before="pass"):
    """A process that holds the lock of a folder, and the lines that it printed until then."""
    process, lines = start_python("-c", HOLD.format(before=before), folder), []
    while "held" not in lines and (line := process.stdout.readline()):
        lines.append(line.strip())
    assert lines and lines[-1] == "held", process.stderr.read()
    return process, lines


def end(process):
    process.kill()
    process.communicate()


def test_the_second_is_told_at_once_who_is_at_work_and_a_kill_ends_it(tmp_path):
    folder = tmp_path / "runs" / "one"
    process, _ = start(folder)
    try:
        start_of_wait = time.monotonic()
        message = rf"one: in use by process {process.pid} on .* \(minirank train\), since 20.*; wait until that ends, or choose another"
        with pytest.raises(RunError, match=message), working_in(folder, "minirank train"):
            pass
        assert time.monotonic() - start_of_wait < 30
        (tmp_path / "link").symlink_to(folder)
        for spelling in (tmp_path / "link", folder / ".." / "one"):
            with pytest.raises(RunError, match="in use by process"), working_in(spelling, "minirank train"):
                pass
        assert holder(folder).startswith(f"process {process.pid} on ") and holder(tmp_path) is None
    finally:
        end(process)
    assert (folder / LOCK).stat().st_mode & 0o666 == 0o666 and holder(folder) is None  # the file of a killed process is no lock
    with working_in(folder, "minirank train"):
        assert holder(folder).startswith(f"process {os.getpid()} on ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("before", [FORKED, EXECUTED], ids=["forked", "executed"])
def test_no_child_keeps_the_lock_of_a_killed_process(tmp_path, before):
    process, lines = start(tmp_path, before)
    child = next(int(line) for line in lines if line.isdigit())
    try:
        process.kill()
        process.wait()
        os.kill(child, 0)  # it lives
        with working_in(tmp_path, "minirank train"):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate()


def test_a_forked_child_that_ends_in_the_middle_frees_nothing(tmp_path):
    with working_in(tmp_path, "minirank train"):
        if os.fork() == 0:
            try:
                raise KeyboardInterrupt  # leaves the block as its parent would
            finally:
                os._exit(0)
        os.wait()
        context = multiprocessing.get_context("fork")
        child = context.Process(target=_leave, args=(tmp_path,))
        child.start()
        child.join()
        assert child.exitcode == 0
        assert holder(tmp_path) is not None and (tmp_path / LOCK).exists()


def _leave(folder):
    assert holder(folder) is not None
    with pytest.raises(RunError, match="in use by process"), working_in(folder, "minirank train"):
        pass


def test_threads_of_one_process_are_two(tmp_path):
    said = []

    def second():
        try:
            with working_in(tmp_path, "minirank train"):
                said.append("both")
        except RunError as error:
            said.append(str(error))

    with working_in(tmp_path, "minirank train"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "in use by process" in said[0]


def test_folders_that_were_made_for_nothing_go_again(tmp_path):
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "a" / "b", "minirank train"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    with working_in(tmp_path / "kept", "minirank train"):
        pass
    with working_in(tmp_path / "a" / "b", "minirank train"):
        (tmp_path / "a" / "b" / "model").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "kept"] and (tmp_path / "a" / "b" / "model").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_worked_on_with_a_line(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    said = []
    with working_in(tmp_path, "minirank train", said.append):
        assert holder(tmp_path) is None
    assert said == [
        f"{tmp_path}: this file system has no locks ({os.strerror(number)}); make sure that nothing else writes there meanwhile"
    ]
    monkeypatch.setattr("minirank.locking.fcntl", None)  # as on Windows
    with working_in(tmp_path, "minirank train", said.append):
        assert holder(tmp_path) is None
    assert len(said) == 2 and list(tmp_path.iterdir()) == []


def test_a_lock_file_that_is_a_link_is_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / LOCK).symlink_to("precious")
    with pytest.raises(RunError, match="minirank.lock: cannot be written: Too many levels of symbolic links"), working_in(tmp_path, "x"):
        pass
    assert (tmp_path / "precious").read_text() == "kept"


def test_whoever_asks_for_the_holder_does_not_keep_one_out(tmp_path):
    """The question takes the lock for an instant; a command tries for a while."""
    descriptor = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    threading.Timer(0.05, os.close, [descriptor]).start()
    with working_in(tmp_path, "minirank train"):
        pass


def test_a_holder_that_left_before_it_was_asked_is_not_waited_for(tmp_path, monkeypatch):
    """Between opening and locking the file its holder may have removed it, and the next one made another."""
    real, first = fcntl.flock, []

    def flock(descriptor, kind):
        if not first:
            first.append(os.fstat(descriptor).st_ino)
            (tmp_path / LOCK).unlink()
            (tmp_path / LOCK).touch()
        real(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", flock)
    with working_in(tmp_path, "minirank train"):
        assert holder(tmp_path) is not None


def test_commands_say_who_is_at_work(tmp_path, capsys):
    """Each command that writes into a folder, and those that read a run, while another process is at work there."""
    config = write_table(tmp_path, rows=60)
    quick = ("--set", "training.epochs=1", "--set", "training.backend=reference")
    train, folder = ["train", str(config), "--run", str(tmp_path / "run"), *quick], tmp_path / "data"
    assert main(train) == 0
    folder.mkdir()
    data = str(write_folder(folder, {"j1": ("Nurse", "We need triage.")}, [("r1", "Triage nurse.")]))
    assert main(["extract", data, "--rules"]) == 0
    capsys.readouterr()
    busy, world, readers = str(tmp_path / "run"), str(tmp_path / "world"), {}
    processes = [start(path)[0] for path in (busy, data, tmp_path / ".world.part", tmp_path / "fresh")]
    try:
        for command in (
            train,
            [*train, "--force"],
            [*train, "--resume"],
            ["train", str(config), "--run", str(tmp_path / "fresh"), *quick],
            ["extract", data, "--rules"],
            ["grade", data, "--rules"],
            ["simulate", world, "--impressions", "10"],
        ):
            assert main(command) == 2
            said = capsys.readouterr().err
            assert "in use by process" in said and "Traceback" not in said and ".part" not in said
        for command in (["evaluate", busy, "--split", "valid", "--bootstrap", "0"], ["score", busy, str(tmp_path / "rows.csv")]):
            assert main([*command, *(["--out", str(tmp_path / "p.csv")] if command[0] == "score" else [])]) == 0
            readers[command[0]] = capsys.readouterr().err
        assert all("(minirank train)" in said and "this is the model that it holds now" in said for said in readers.values())
        assert main(["evaluate", str(tmp_path / "fresh")]) == 2
        assert "holds no model yet, process" in capsys.readouterr().err
        (tmp_path / "run" / "data.json").write_text("{")
        assert main(["evaluate", busy]) == 2
        assert "is at work there; try again when that has ended)" in capsys.readouterr().err
        assert sorted(path.name for path in folder.glob(".*")) == [LOCK]
    finally:
        for process in processes:
            end(process)
    for command in ([*train, "--force"], ["extract", data, "--rules"], ["simulate", world, "--impressions", "10"]):
        assert main(command) == 0  # a kill frees it
