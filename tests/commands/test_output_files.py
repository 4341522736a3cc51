"""No command writes over what it reads, over a run, a data folder or what is there, under whatever name."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from case_table import cases
from checkout import environment
from command_line import refused, run
from training_world import write_table

from minirank import cli
from minirank.errors import RunError
from minirank.run.scoring import write_predictions
from minirank.storage import descriptor_of, write_atomic

QUICK = ("--set", "training.epochs=1", "--set", "training.batch_rows=128", "--set", "training.backend=reference")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with rows.csv, config.yaml and a run of them."""
    base = tmp_path_factory.mktemp("trained")
    assert cli.main(["train", str(write_table(base, rows=60)), "--run", str(base / "run"), *QUICK]) == 0
    return base


@pytest.fixture
def place(trained, tmp_path, monkeypatch):
    """A copy of it, which is the current folder."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "old.csv").write_text("kept")
    (tmp_path / ".new.csv.part").write_text("left by a kill")
    (tmp_path / "data" / "jobs.jsonl").write_text("{}")
    os.link("rows.csv", "hard.csv")
    os.link("rows.csv", ".neighbour.csv.part")
    for link, target in (("soft.csv", "rows.csv"), ("model.npz", "run/model.npz"), ("away", "run"), ("late.npz", "run/encoder.npz")):
        os.symlink(target, link)
    os.mkdir("sub.csv")
    return tmp_path


def contents(folder):
    """Path -> bytes of all files."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@cases("""
    out | with_force= | message
    rows.csv | True | this command reads rows.csv, which would be overwritten; choose another file
    ./rows.csv | True | this command reads rows.csv
    plain/../rows.csv | True | this command reads rows.csv
    rows.csv/ | True | this command reads rows.csv
    {here}/rows.csv | True | this command reads rows.csv
    hard.csv | True | this command reads rows.csv
    soft.csv | True | this command reads rows.csv
    neighbour.csv | True | this command reads rows.csv
    run/model.npz | True | this command reads run/model.npz
    away/model.npz | True | this command reads run/model.npz
    model.npz | True | this command reads run/model.npz
    run/checkpoint.npz | True | this command reads run/checkpoint.npz
    late.npz | True | this command reads run/encoder.npz
    run/Encoder.npz | True | belongs to the run
    run/.new.part/a.csv | True | minirank keeps unfinished files under such names
    data/truth.npz | True | belongs to the data folder
    data/impressions.csv | True | belongs to the data folder
    data/Relevance_Grades.csv | True | belongs to the data folder
    old.csv | False | exists; choose another file, or overwrite it with --force
    plain/../old.csv | False | exists; choose another file, or overwrite it with --force
    sub.csv | True | is a folder; name a file
    plain/none/p.csv | True | plain/none is no folder; make it
    p.txt | True | choose one of these endings
""")
def test_score_never_writes_there(capsys, place, out, with_force, message):
    before, out = contents(place), out.format(here=place)
    assert message in refused(capsys, "score", "run", "rows.csv", "--out", out)
    if with_force:
        assert message in refused(capsys, "score", "run", "rows.csv", "--out", out, "--force")
    assert contents(place) == before


def test_score_writes_what_is_new_or_given_up(capsys, place):
    """The remains of a killed command are no result, and not in the way; a link's target is what is overwritten."""
    expected = {}
    for name in ("new.csv", "run/new.csv", "data/new.csv", "new.npz"):
        assert run(capsys, "score", "run", "rows.csv", "--out", name)[0] == 0
        expected[name] = Path(name).read_bytes()
    assert expected["new.csv"] == expected["run/new.csv"] and not Path(".new.csv.part").exists()
    assert run(capsys, "score", "run", "rows.csv", "--out", "old.csv", "--force")[0] == 0
    assert Path("old.csv").read_bytes() == expected["new.csv"]
    Path("target.csv").write_text("old")
    os.symlink("target.csv", "link.csv")
    assert run(capsys, "score", "run", "rows.csv", "--out", "link.csv", "--force")[0] == 0
    assert Path("link.csv").is_symlink() and Path("target.csv").read_bytes() == expected["new.csv"]
    assert run(capsys, "train", "config.yaml", "--run", "run", "--force", *QUICK)[0] == 0  # beside what was written into it
    assert Path("run/new.csv").exists()


def test_an_earlier_version_of_the_unfinished_file_may_be_a_link(place):
    os.symlink("rows.csv", ".x.csv.part")
    before = Path("rows.csv").read_bytes()
    write_predictions("x.csv", {"ctr": np.array([0.5])})
    write_predictions("hard.csv", {"ctr": np.array([0.5])})
    write_predictions("neighbour.csv", {"ctr": np.array([0.5])})
    assert Path("rows.csv").read_bytes() == before and Path("x.csv").read_text() == "ctr\n0.5\n"


def test_two_writers_of_one_file(place):
    """The one whose unfinished file was taken away says so; nothing half written comes into its place."""

    def second(stream):
        stream.write(b"first")
        write_atomic(place / "x.csv", lambda stream: stream.write(b"second"))

    with pytest.raises(RunError, match="x.csv: another process writes it too; start again when that has ended"):
        write_atomic(place / "x.csv", second)
    assert Path("x.csv").read_text() == "second" and not Path(".x.csv.part").exists()
    with pytest.raises(RunError, match="x.csv: exists by now; choose another file, or overwrite it with --force"):
        write_predictions("x.csv", {"ctr": np.array([0.5])}, replace=False)
    assert Path("x.csv").read_text() == "second" and not Path(".x.csv.part").exists()


def test_pipes_and_open_files_take_csv(capsys, place):
    os.mkfifo("pipe")
    read = []
    thread = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    thread.start()
    assert run(capsys, "score", "run", "rows.csv", "--out", "pipe")[0] == 0
    thread.join()
    os.symlink("/dev/stdout", "out.csv")
    command = [sys.executable, "-m", "minirank", "score", "run", "rows.csv", "--out"]
    with open("log", "w+") as log:
        log.write("before\n")
        log.flush()
        for out in ("/dev/fd/1", "out.csv"):
            assert subprocess.run([*command, out], stdout=log, stderr=subprocess.DEVNULL, env=environment()).returncode == 0
    assert Path("log").read_text() == "before\n" + 2 * read[0] and read[0].startswith("ctr,cvr,ctcvr,score\n")
    assert Path("pipe").is_fifo() and os.path.islink("out.csv")
    with open("rows.csv", "a") as rows:
        done = subprocess.run([*command, "/dev/stdout"], stdout=rows, stderr=subprocess.PIPE, env=environment(), text=True)
    assert done.returncode == 2 and "this command reads rows.csv" in done.stderr
    assert descriptor_of(Path("rows.csv")) is None and descriptor_of(Path("/dev/fd/7")) == 7
    assert run(capsys, "score", "run", "rows.csv", "--out", "/dev/null")[0] == 0


@cases("""
    config | folder | message
    config.yaml | . | the run would overwrite config.yaml, which this command reads; choose another folder
    config.yaml | {here} | the run would overwrite config.yaml
    mine/data.json | mine | the run would overwrite mine/data.json, which this command reads; choose another folder
    config.yaml | rows.csv | cannot be used: Not a directory
    config.yaml | run/.new.part | minirank keeps unfinished files under such names; choose another folder
    config.yaml | mixed | holds a config.yaml that is no run's, for versions.json is missing; choose another folder
    table.yaml | away | the run would overwrite {here}/run/encoder.npz, which this command reads; choose another folder
""")
def test_train_never_takes_the_place_of_what_it_reads(capsys, place, config, folder, message):
    for name in ("mine", "mixed"):
        Path(name).mkdir()
    shutil.copy("config.yaml", "mine/data.json")
    shutil.copy("config.yaml", "mixed/config.yaml")
    Path("table.yaml").write_text(Path("config.yaml").read_text().replace("train: rows.csv", "train: run/encoder.npz"))
    shutil.copy("rows.csv", "run/encoder.npz")
    before = contents(place)
    config, folder, message = (text.format(here=place) for text in (config, folder, message))
    for option in ((), ("--force",)):
        assert message in refused(capsys, "train", config, "--run", folder, *QUICK, *option)
    assert contents(place) == before


def test_a_run_is_trained_again_from_its_own_configuration(capsys, place):
    assert run(capsys, "train", "run/config.yaml", "--run", "run", "--force", *QUICK)[0] == 0
    assert run(capsys, "train", "run/config.yaml", "--run", "run", "--resume", *QUICK)[0] == 0
    Path("run/model.npz").unlink()
    assert "holds a run whose model.npz is missing; restore it, or overwrite" in refused(
        capsys, "train", "config.yaml", "--run", "run", *QUICK
    )
