"""No command writes over what it reads, over a run, a data folder or what is there, under whatever name."""

import json
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from case_table import cases
from command_line import refused, run
from extraction_server import write_folder
from training_world import QUICK

from minirank import cli
from minirank.errors import RunError
from minirank.extract.made_files import EXTRACTED, GRADES_FILE, not_ours
from minirank.llm_client.cassette import Recorder
from minirank.run.scoring import write_predictions
from minirank.simulate.write_folder import WORLD_FILES
from minirank.storage import descriptor_of, write_atomic


@pytest.fixture
def place(place, tmp_path):
    """What is there already, under whatever name, beside the run's folder."""
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
    rows.csv | True | this command reads rows.csv, which would be overwritten; choose another name
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
    old.csv | False | exists; choose another name, or overwrite it with --force
    plain/../old.csv | False | exists; choose another name, or overwrite it with --force
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
    with pytest.raises(RunError, match="x.csv: exists by now; choose another name, or overwrite it with --force"):
        write_predictions("x.csv", {"ctr": np.array([0.5])}, replace=False)
    assert Path("x.csv").read_text() == "second" and not Path(".x.csv.part").exists()


def test_pipes_and_open_files_take_csv(capsys, place):
    os.mkfifo("pipe")
    read = []
    thread = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    thread.start()
    assert run(capsys, "score", "run", "rows.csv", "--out", "pipe")[0] == 0
    thread.join()
    os.symlink("/dev/full", "full.csv")
    with open("log", "a") as log:
        log.write("before\n")
        log.flush()
        os.symlink(f"/dev/fd/{log.fileno()}", "out.csv")
        for out in (f"/dev/fd/{log.fileno()}", f"/proc/self/fd/{log.fileno()}", "out.csv"):
            assert run(capsys, "score", "run", "rows.csv", "--out", out)[:2] == (0, "")
    assert Path("log").read_text() == "before\n" + 3 * read[0] and read[0].startswith("ctr,cvr,ctcvr,score\n")
    assert Path("pipe").is_fifo() and os.path.islink("out.csv")
    with open("rows.csv", "a") as rows:
        assert "this command reads rows.csv" in refused(capsys, "score", "run", "rows.csv", "--out", f"/dev/fd/{rows.fileno()}")
    reader, writer = os.pipe()
    os.close(reader)
    assert run(capsys, "score", "run", "rows.csv", "--out", f"/dev/fd/{writer}")[:2] == (0, "")  # as with `| head`
    os.close(writer)
    assert "full.csv: cannot be written: No space left on device" in refused(capsys, "score", "run", "rows.csv", "--out", "full.csv")
    assert descriptor_of(Path("rows.csv")) is None and descriptor_of(Path("/dev/fd/7")) == 7
    assert run(capsys, "score", "run", "rows.csv", "--out", "/dev/null")[0] == 0


@cases("""
    config | folder | message
    config.yaml | . | the run would overwrite config.yaml, which this command reads; choose another folder
    config.yaml | {here} | the run would overwrite config.yaml
    mine/data.json | mine | the run would overwrite mine/data.json, which this command reads; choose another folder
    config.yaml | rows.csv | cannot be used: Not a directory
    config.yaml | run/.new.part | minirank keeps unfinished files under such names; choose another name
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


@cases("""
    command | message
    train config.yaml --run run/checkpoint.npz | --run run/checkpoint.npz: belongs to the run
    train config.yaml --run away/encoder.json --resume | belongs to the run
    train config.yaml --run data/truth.npz --force | belongs to the data folder
    simulate data/hires.csv | data/hires.csv: belongs to the data folder
    simulate run/.new.part/x | minirank keeps unfinished files under such names
    demo --out run/model.npz | belongs to the run
    demo --out data/Truth.npz | belongs to the data folder
""")
def test_no_folder_takes_the_place_of_a_file(capsys, place, command, message):
    before = contents(place)
    assert message in refused(capsys, *command.split())
    assert contents(place) == before


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """A small data folder with features and grades."""
    data = tmp_path_factory.mktemp("extracted") / "data"
    data.mkdir()
    write_folder(data, {"j1": ("Nurse", "We need triage.")}, [("r1", "Triage nurse. 4 years of work experience."), ("r2", "Brewer, SQL")])
    for command in ("extract", "grade"):
        assert cli.main([command, str(data), "--rules"]) == 0
    return data


@pytest.fixture
def data(extracted, tmp_path, monkeypatch):
    """A copy of it, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(extracted, "data"))


@cases("""
    command | name
    extract | job_features.jsonl
    extract | resume_features.jsonl
    extract | hiring_signals.jsonl
    grade | relevance_grades.csv
""")
def test_what_people_made_or_changed_needs_force(capsys, data, command, name):
    """Our own files are written again; so is one that a kill left between the note and the file."""
    assert run(capsys, command, data, "--rules")[0] == 0
    path, ours = data / name, (data / name).read_bytes()
    note = json.loads((data / "extraction.json").read_text())
    changed = ours.replace(b"skill", b"SKILL") + b"\n"
    path.write_bytes(changed)
    message = f"{name}: was made or changed by hand, or by another program; move it, or overwrite it with --force"
    assert message in refused(capsys, command, data, "--rules")
    del note["files"][name]
    (data / "extraction.json").write_text(json.dumps(note))
    assert message in refused(capsys, command, data, "--rules")
    (data / "extraction.json").unlink()
    assert "was made or changed by hand" in refused(capsys, command, data, "--rules")
    assert path.read_bytes() == changed
    (data / "extraction.json").write_text(json.dumps(note | {"files": note["files"] | {name: None}}))  # killed while it was written
    assert run(capsys, command, data, "--rules")[0] == 0 and path.read_bytes() == ours
    path.write_bytes(changed)
    assert run(capsys, command, data, "--rules", "--force")[0] == 0 and path.read_bytes() == ours
    assert run(capsys, command, data, "--rules")[0] == 0


def test_features_of_an_earlier_version_are_ours(capsys, data):
    note = json.loads((data / "extraction.json").read_text())
    del note["files"]
    (data / "extraction.json").write_text(json.dumps(note))
    assert run(capsys, "extract", data, "--rules")[0] == 0
    assert run(capsys, "grade", data, "--rules")[0] == 0
    assert set(json.loads((data / "extraction.json").read_text())["files"]) == {*EXTRACTED, GRADES_FILE}


class Killed(BaseException):
    """What `kill -9` does: nothing is cleaned up."""


def killed_at(call):
    """os.fsync whose `call`-th call is the last of its process."""
    real, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == call:
            raise Killed
        real(descriptor)

    return fsync


@pytest.mark.parametrize("command", ["extract", "grade"])
def test_a_kill_between_any_two_writes_leaves_nothing_to_force(capsys, data, monkeypatch, command):
    for call in range(1, 99):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", killed_at(call))
            try:
                assert run(capsys, command, data, "--rules")[0] == 0
                break
            except Killed:
                assert not_ours(data, (*EXTRACTED, GRADES_FILE)) is None
    assert call > 6  # it did come to an end, after so many flushes


SERVER = ("--base-url", "http://127.0.0.1:9/v1", "--model", "m")


@cases("""
    command | options | message
    extract | --store data/jobs.jsonl | this command reads data/jobs.jsonl
    extract | --store data/truth.npz | this command reads data/truth.npz
    extract | --store data/job_features.jsonl | this command reads data/job_features.jsonl
    extract | --store run/model.npz | belongs to the run
    extract | --store other/hires.csv | belongs to the data folder
    extract | --store data | is a folder; name a file
    extract | --store / | is a folder; name a file
    extract | --store foreign.sqlite | is a database of something else; give another file
    extract | --store locked.sqlite | locked.sqlite.lock cannot be a lock: file is not a database; move it
    extract | --store list.txt --gazetteer list.txt | this command reads list.txt
    extract | --record data/hires.csv | this command reads data/hires.csv
    extract | --record data/Job_Features.jsonl | belongs to the data folder
    extract | --record list.txt | list.txt is not a cassette
    extract | --record list.txt --gazetteer ./list.txt | this command reads ./list.txt
    extract | --record same.sqlite --store same.sqlite | this command reads same.sqlite
    extract | --batch-out batch | batch/batch_001.jsonl exists; give another folder, or overwrite the batch that it holds with --force
    extract | --batch-out list.txt | list.txt
    extract | --batch-out batch --batch-in batch/batch_001.jsonl --force | this command reads batch/batch_001.jsonl
    extract | --batch-out ./batch --gazetteer batch/batch_001.jsonl --force | this command reads batch/batch_001.jsonl
    extract | --gazetteer data/hiring_signals.jsonl | this command reads it, and would overwrite it; give it a copy
    grade | --pairs data/relevance_grades.csv | this command reads it, and would overwrite it; give it a copy
    grade | --pairs data/../data/relevance_grades.csv --force | this command reads it, and would overwrite it
    grade | --batch-in list.txt --record list.txt | this command reads list.txt
""")
def test_extract_and_grade_never_write_there(capsys, data, command, options, message):
    for folder in ("run", "other", "batch"):
        Path(folder).mkdir()
    for name in ("list.txt", "run/config.yaml", "run/versions.json", "other/jobs.jsonl", "batch/batch_001.jsonl", "locked.sqlite.lock"):
        Path(name).write_text("knowing things, a list\n" * 9)
    with closing(sqlite3.connect("foreign.sqlite")) as database:
        database.execute("CREATE TABLE things (name TEXT)")
    before = contents(Path())
    assert message in refused(capsys, command, data, *SERVER, *options.split())
    after = contents(Path())
    assert {name: after[name] for name in before} == before


def test_batch_files_are_whole_and_replaced_with_force(capsys, data):
    assert run(capsys, "extract", data, *SERVER, "--batch-out", "out")[0] == 0
    first = contents(Path("out"))
    assert list(first) == ["out/batch_001.jsonl"]
    Path("out/batch_002.jsonl").write_text("of a longer batch before")
    assert "out/batch_001.jsonl exists" in refused(capsys, "extract", data, *SERVER, "--batch-out", "out")
    assert run(capsys, "extract", data, *SERVER, "--batch-out", "out", "--force")[0] == 0
    assert contents(Path("out")) == first


def test_a_recording_without_its_last_line_break_loses_nothing(data):
    """An editor may leave it out; half a line, which a kill leaves, goes."""
    transport = SimpleNamespace(base_url="http://127.0.0.1:9/v1")
    header = '{"recorded": "2026-01-01", "server": null, "model": "m", "base_url": "http://127.0.0.1:9/v1"}\n'
    exchange = '{"path": "/x", "sent": null, "status": 200, "headers": {}, "body": "y"}'
    for content, expected in ((header + exchange, f"{header}{exchange}\n"), (header + exchange[:20], header)):
        Path("cassette.jsonl").write_text(content)
        Recorder(transport, "cassette.jsonl", None).end()
        assert Path("cassette.jsonl").read_text() == expected
    Path("empty.jsonl").touch()
    Recorder(transport, "empty.jsonl", None).end()
    Recorder(transport, "new.jsonl", None).end()
    assert Path("empty.jsonl").exists() and not Path("new.jsonl").exists()


@cases("""
    path | message
    full | exists and is not an empty folder
    file | exists and is not an empty folder
    link | exists and is not an empty folder
    here | .here.part is in the way, and was not made by minirank; choose another name or move it
    . | is the folder that this command runs in; give the name of a new one
    there | .there.part is in the way
""")
def test_simulate_takes_nobody_s_place(capsys, tmp_path, monkeypatch, path, message):
    (tmp_path / "cwd").mkdir()
    for name in ("full", ".here.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("kept")
    (tmp_path / "file").write_text("kept")
    os.symlink("full", tmp_path / "link")
    os.symlink("full", tmp_path / ".there.part")
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path / "cwd")
    assert message in refused(capsys, "simulate", path if path == "." else f"../{path}", "--impressions", 10)
    assert contents(tmp_path) == before


def test_simulate_goes_over_what_a_kill_left_and_into_an_empty_folder(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (".data.part", "data", "data.part"):
        Path(name).mkdir()
    for name in (".data.part/.minirank.lock", ".data.part/jobs.jsonl", ".data.part/.hires.csv.part", "data.part/precious"):
        Path(name).write_text("old")
    assert run(capsys, "simulate", "data", "--impressions", 10)[0] == 0
    assert sorted(path.name for path in Path("data").iterdir()) == sorted(WORLD_FILES)
    assert sorted(path.name for path in Path().iterdir()) == ["data", "data.part"] and Path("data.part/precious").read_text() == "old"
