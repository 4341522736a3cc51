"""A run folder: byte for byte the same whatever interrupted training; every damage is one line."""

import errno
import os
import signal
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from checkout import start_python
from stopped_run import REFERENCE, refused, unreadable
from training_world import predictions_for, small_config, write_table

from minirank.errors import RunError
from minirank.run import folder as run_folder
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import train

SAME = ("model.npz", "metrics.jsonl", "config.yaml", "data.json", "plan.txt", "table_encoder.json")
SLOW = ("training.epochs=6", "training.checkpoint_seconds=1e-9", "training.batch_rows=16")  # a checkpoint a step


class Killed(BaseException):
    """What `kill -9` does: nothing is cleaned up."""


def same_bytes(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in SAME)


def fail_at(monkeypatch, call, error):
    """Let the `call`-th flush to the disk raise; returns a list whose length is the number of flushes so far."""
    calls, real = [], os.fsync

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == call:
            raise error
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return calls


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    config = small_config(tmp_path)
    train(config, tmp_path / "one")
    train(config, tmp_path / "two")
    assert same_bytes(tmp_path / "one", tmp_path / "two")
    train(replace(config, training=replace(config.training, seed=1)), tmp_path / "three")
    assert (tmp_path / "one" / "model.npz").read_bytes() != (tmp_path / "three" / "model.npz").read_bytes()


@pytest.mark.parametrize("seeds", [1, 2])
def test_killed_at_any_write_and_resumed_it_ends_with_the_same_bytes(tmp_path, monkeypatch, seeds):
    overrides = [f"training.seeds={seeds}", f"training.epochs={3 - seeds}", "training.early_stopping.patience=1"]
    config = small_config(tmp_path, *overrides, *REFERENCE, rows=120)
    counted = fail_at(monkeypatch, 0, None)
    train(config, tmp_path / "whole")
    total = len(counted)
    assert total >= 20
    for call in range(1 if seeds == 1 else total // 2, total + 1):  # the first of two seeds is killed as one alone is
        folder = tmp_path / f"killed{call}"
        with monkeypatch.context() as patch:
            fail_at(patch, call, Killed())
            with pytest.raises(Killed):
                train(config, folder)
        train(config, folder, resume=True)
        assert same_bytes(tmp_path / "whole", folder), f"killed at flush {call} of {total}"
        assert not (folder / "checkpoint.npz").exists() and not [*folder.glob("seed*")]


def test_stopped_after_any_step_and_resumed_it_ends_with_the_same_bytes(tmp_path):
    config = small_config(tmp_path, "training.epochs=2", "training.batch_rows=32", *REFERENCE, rows=120)
    train(config, tmp_path / "whole")
    steps = iter(range(1000))
    ended = train(config, tmp_path / "parts", stop=lambda: True)
    while not ended.finished:
        ended = train(config, tmp_path / "parts", resume=True, stop=lambda: next(steps) % 2 == 0)
    assert same_bytes(tmp_path / "whole", tmp_path / "parts")


def start(config: Path, run: Path) -> subprocess.Popen:
    """`minirank train` in a process of its own, once it has trained for an epoch."""
    overrides = [word for override in SLOW for word in ("--set", override)]
    process = start_python("-m", "minirank", "train", config, "--run", run, *overrides)
    while not (run / "metrics.jsonl").exists() and process.poll() is None:
        time.sleep(0.002)
    return process


def test_a_process_that_is_killed_resumes_byte_for_byte(tmp_path):
    config = small_config(tmp_path, *SLOW)
    with start(tmp_path / "config.yaml", tmp_path / "killed") as process:
        process.send_signal(signal.SIGSTOP)  # still at work when the last one asks
        for options in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(RunError, match=rf"killed: in use by process {process.pid} on .* \(minirank train\), since"):
                train(config, tmp_path / "killed", **options)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "killed" / "checkpoint.npz").exists()
    train(config, tmp_path / "killed", resume=True)
    train(config, tmp_path / "whole")
    assert same_bytes(tmp_path / "whole", tmp_path / "killed")
    rows = load_dataset(config).rows
    one, other = (predictions_for(load_run(tmp_path / name), rows) for name in ("whole", "killed"))
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_ctrl_c_saves_says_how_to_go_on_and_resumes(tmp_path):
    config = small_config(tmp_path, *SLOW)
    run = tmp_path / "stopped"
    with start(tmp_path / "config.yaml", run) as process:
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert f"go on with: minirank train {tmp_path / 'config.yaml'} --resume --run {run} --set training.epochs=6" in said
    train(config, run, resume=True)
    train(config, tmp_path / "whole")
    assert same_bytes(tmp_path / "whole", run)


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    config = small_config(tmp_path, "training.epochs=1", *REFERENCE, rows=120)
    train(config, tmp_path / "whole")
    for call in (1, 5, 11, 13, 15):
        folder = tmp_path / f"full{call}"
        with monkeypatch.context() as patch:
            fail_at(patch, call, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            with pytest.raises(RunError, match="cannot be written: No space left on device; free some space"):
                train(config, folder)
        assert not list(folder.glob(".*")) and not list(folder.glob("*.part"))
        train(config, folder, resume=folder.exists())
        assert same_bytes(tmp_path / "whole", folder)


def test_metrics_that_are_gone(copy):
    config, folder = copy
    (folder / "metrics.jsonl").write_text("")
    assert "metrics.jsonl: shorter than when the checkpoint was written" in refused(config, folder, resume=True)


def test_another_configuration_names_the_key(copy):
    config, folder = copy
    other = replace(config, training=replace(config.training, seed=5))
    assert "training.seed was 0 and is now 5; set it back to resume" in refused(other, folder, resume=True)
    other = replace(config, model=replace(config.model, embedding=5))
    assert "model.embedding was 4 and is now 5" in refused(other, folder, resume=True)


def test_other_data(copy, tmp_path_factory):
    _, folder = copy
    elsewhere = tmp_path_factory.mktemp("data")
    moved = small_config(elsewhere, *REFERENCE, "training.epochs=2", rows=120)
    write_table(elsewhere, rows=120, seed=9)
    assert "the data are not those that the run began with" in refused(moved, folder, resume=True)
    write_table(elsewhere, rows=120)
    assert train(moved, folder, resume=True).finished  # the same data at another place


def test_another_format_of_the_folder(copy):
    config, folder = copy
    (folder / "versions.json").write_text('{"format": 99}')
    assert "run of format 99, this minirank reads 1; train again" in refused(config, folder, resume=True)
    assert "run of format 99" in unreadable(folder)


def test_a_run_is_not_overwritten_by_accident(copy):
    config, folder = copy
    assert "holds a run that is not finished; add --resume to go on, or --force" in refused(config, folder)
    assert train(config, folder, resume=True).finished
    before = (folder / "model.npz").read_bytes()
    assert "holds a finished run; choose another folder, or overwrite it with --force" in refused(config, folder)
    ended = train(config, folder, resume=True)
    assert ended.finished and ended.epoch == 2
    assert (folder / "model.npz").read_bytes() == before
    shorter = replace(config, training=replace(config.training, epochs=1, seed=1))
    train(shorter, folder, force=True)
    assert (folder / "model.npz").read_bytes() != before
    assert len(read_metrics(folder)) == 1


def test_force_keeps_the_old_run_until_the_new_one_can_begin(copy, monkeypatch):
    config, folder = copy
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shorter = replace(config, training=replace(config.training, epochs=1, seed=1))
    for call in range(1, 11):  # two for each file of a new run, the first checkpoint included
        with monkeypatch.context() as patch:
            fail_at(patch, call, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            assert "No space left on device" in refused(shorter, folder, force=True)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, f"flush {call}"
    with monkeypatch.context() as patch:
        patch.setattr("minirank.training.trainer.executor_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(shorter, folder, force=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / ".new.part").mkdir()  # as a killed process leaves it
    (folder / ".new.part" / "encoder.json").write_text("{}")
    assert train(shorter, folder, force=True).finished
    assert set(SAME) <= {path.name for path in folder.iterdir()} and not (folder / "encoder.json").exists()


def test_a_kill_while_one_run_replaces_another(copy, monkeypatch):
    """Whatever has been removed or moved by then, --resume ends with the new run, beside the files of others in the folder."""
    config, folder = copy
    shorter = replace(config, training=replace(config.training, epochs=1, seed=1))
    (folder / "predictions.csv").write_text("mine")
    for call in range(1, 99):
        calls = []

        def kill(*arguments, real, calls=calls, call=call):
            calls.append(arguments)
            if len(calls) == call:
                raise Killed
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(run_folder, "remove", partial(kill, real=run_folder.remove))
            patch.setattr(run_folder, "os", SimpleNamespace(replace=partial(kill, real=os.replace)))
            try:
                train(shorter, folder, force=True)
                break
            except Killed:
                pass
        if not (folder / "config.yaml").exists():
            assert (folder / ".new.part" / "config.yaml").exists() and train(shorter, folder, resume=True).finished
    assert call > 15 and (folder / "predictions.csv").read_text() == "mine"


def test_folders_that_are_no_run(stopped, tmp_path):
    config = stopped[0]
    assert "nothing to resume" in refused(config, tmp_path / "none", resume=True)
    (tmp_path / "letter.txt").write_text("dear all")
    for options in ({}, {"force": True}, {"resume": True}):
        assert "holds letter.txt but no run; choose another folder" in refused(config, tmp_path, **options)
    assert "no run (config.yaml is missing); give the folder of a run" in unreadable(tmp_path)
    (tmp_path / "file").write_text("")
    assert "cannot be used: Not a directory" in refused(config, tmp_path / "file")


def test_a_run_reads_back_what_was_trained(copy):
    config, folder = copy
    run = load_run(folder)  # the best epoch of a training that is under way
    assert (folder / "plan.txt").read_text() == f"{run.plan}\n"
    assert run.config.tasks == config.tasks
    train(config, folder, resume=True)
    run = load_run(folder)
    rows = load_dataset(config)
    batch = run.encoder.read(config.data.table.train)
    found, expected = predictions_for(run, batch), predictions_for(run, rows.rows)
    assert sorted(found["ctr"]) == sorted(expected["ctr"])  # the data set has rows in another order
