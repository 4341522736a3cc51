"""Real processes of an MPI on this machine: what they send, and the commands that run on several of them.

They run where mpi4py and an mpirun are: pip install -e ".[test,mpi]".
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT
from training_world import write_table

REQUIRED = os.environ.get("MINIRANK_MPI_GATE") == "1"  # set by .ci/run: there nothing is skipped
BESIDE = Path(sys.executable).with_name("mpirun")
MPIRUN = str(BESIDE) if BESIDE.exists() else shutil.which("mpirun")
LACKING = importlib.util.find_spec("mpi4py") is None or MPIRUN is None
pytestmark = pytest.mark.skipif(LACKING and not REQUIRED, reason="needs mpi4py and mpirun: pip install -e '.[mpi]'")
EXACT = "training.backend=reference training.precision=float64 training.threads=1 training.epochs=2 training.batch_rows=32".split()
SET = [word for override in EXACT for word in ("--set", override)]


def start(size, *words, program=("-m", "minirank")):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [MPIRUN, "-n", str(size), sys.executable, *program, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def ran(size, *words, **how):
    """(exit status, stdout, stderr)."""
    process = start(size, *words, **how)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("size", [2, 4])
def test_sums_messages_and_steps(size):
    status, out, err = ran(size, program=(str(ROOT / "tests" / "worlds" / "mpi_worker.py"),))
    assert status == 0, err
    found = json.loads(out)
    assert found["size"] == size
    for numbers, each in found["sums"].items():
        count = int(numbers)
        mine = count // size  # of rank 0
        expected = 4 * count * (size - 1) if count <= 1024 else 4 * (mine * (size - 1) + count - mine)
        assert each == {"same": True, "received": expected}
    flat = [rank for rank in range(size) for _ in range(rank)]
    for rank, message in enumerate(found["messages"]):
        assert message["joined"] == [[[each] * 3 for each in flat], flat]
        assert message["most"] == [2, 0] and message["of_first"] == 5 and message["copied"] == [0, 1, 2, 3]
        assert message["gathered"] == (True if rank else [*range(size)]) and message["threads"] == 8 // size
    for backend, tolerance in (("reference", 1e-9), ("cpu", 1e-5)):
        np.testing.assert_allclose(found[backend]["ranks"], found[backend]["alone"], rtol=tolerance)
        assert found[backend]["same"]


def test_train_score_and_evaluate(tmp_path):
    config = write_table(tmp_path, 300)
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert ran(1, "train", config, "--run", alone, *SET)[0] == 0
    status, out, err = ran(2, "train", config, "--run", together, *SET)
    assert status == 0 and out.count("parameters of epoch 2 of 2 are kept") == 1 and err.count("epoch 1") == 1, err
    for mine, theirs in zip(lines(together), lines(alone)):
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-9)
    for size in (1, 2):
        assert ran(size, "score", together, tmp_path / "rows.csv", "--out", tmp_path / f"scores{size}.csv")[0] == 0
    assert (tmp_path / "scores1.csv").read_bytes() == (tmp_path / "scores2.csv").read_bytes()
    shown = [ran(size, "evaluate", together, "--split", "valid", "--bootstrap", 20) for size in (1, 2)]
    assert shown[0] == shown[1] and shown[0][0] == 0 and "ctr" in shown[0][1]


def test_a_rank_that_is_killed_ends_all_and_the_rest_goes_on_byte_for_byte(tmp_path):
    config, long = write_table(tmp_path, 300), ["--set", "training.epochs=12", "--set", "training.early_stopping=null"]
    assert ran(2, "train", config, "--run", tmp_path / "whole", *SET, *long)[0] == 0
    long += ["--set", "training.split_tables=0.001kB"]  # and with tables that are split, too
    process = start(2, "train", config, "--run", tmp_path / "cut", *SET, *long)
    metrics = tmp_path / "cut" / "metrics.jsonl"
    while not (metrics.exists() and metrics.read_text().count("\n") > 2):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(rank_of(process, str(tmp_path / "cut")), signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode != 0 and 2 < len(lines(tmp_path / "cut")) < 12
    assert ran(2, "train", config, "--run", tmp_path / "cut", *SET, *long, "--resume")[0] == 0
    for name in ("model.npz", "metrics.jsonl", "evaluation.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def rank_of(process, folder):
    """The process id of the last rank that an mpirun started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if folder.encode() in words and words[0] == sys.executable.encode() and words[1:3] == [b"-m", b"minirank"]:
            found.append(int(path.parent.name))
    assert len(found) == 2 and process.poll() is None
    return max(found)


def test_errors_are_one_line(tmp_path):
    config = write_table(tmp_path, 300)

    def error(*words, size=2):
        status, _, err = ran(size, *words)
        told = [line for line in err.splitlines() if not line.startswith("reading")]
        assert status == 2 and len(told) == 1, err
        return told[0].removeprefix("minirank: error: ")

    assert error("tune", config, "--seeds", 2) == "minirank tune runs as one process, 2 were launched; start it without mpirun"
    assert "ranks must be 1 on the cuda backend" in error("train", config, "--run", tmp_path / "run", "--backend", "cuda")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("")
    alone = error("train", config, "--run", tmp_path / "taken", *SET)  # rank 0 alone looks: it ends the other
    assert "holds mine.txt but no run" in alone and alone.endswith("(on rank 0 of 2)")


def test_ranks_with_different_configurations(tmp_path):
    config = write_table(tmp_path, 300)
    other = tmp_path / "other.yaml"
    other.write_text(config.read_text().replace("0.01", "0.02"))
    sides = [[sys.executable, "-m", "minirank", "train", str(path), "--run", str(tmp_path / "run"), *SET] for path in (config, other)]
    command = [MPIRUN, "-n", "1", *sides[0], ":", "-n", "1", *sides[1]]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
    assert done.returncode == 2 and done.stderr.count("minirank: error: ") == 1
    assert "training.optimiser.learning_rate is 0.01 on rank 0 and 0.02 on rank 1" in done.stderr
    assert not (tmp_path / "run").exists()


def test_texts_are_read_by_all_ranks(tmp_path):
    assert ran(1, "simulate", tmp_path / "one", "--impressions", 400)[0] == 0
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    said = [ran(size, "extract", tmp_path / name)[1].rpartition(" to ")[0] for size, name in ((1, "one"), (2, "two"))]
    assert said[0] == said[1]
    for name in ("job_features.jsonl", "resume_features.jsonl", "hiring_signals.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    status, _, err = ran(2, "extract", tmp_path / "two", "--base-url", "http://127.0.0.1:9", "--model", "m")
    assert status == 2 and "one process asks a server, 2 were launched" in err
