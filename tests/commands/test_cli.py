"""The command line: every command works on files, every mistake is one line, and all of them are documented."""

import argparse
import csv
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT, python
from command_line import refused, run
from training_world import write_table

from minirank import cli
from minirank.errors import RunError
from minirank.kernels.executor import Unavailable

QUICK = ("--set", "training.epochs=1", "--set", "training.batch_rows=128", "--threads", "2")


def commands():
    (found,) = [action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return found.choices


def test_every_command_is_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in commands() if f"minirank {name}" not in text]
    assert not missing, f"README.md says nothing about {', '.join(missing)}"


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help(capsys, name):
    status, said, _ = run(capsys, name, "--help")
    assert status == 0 and f"usage: minirank {name}" in said


def test_help_loads_nothing_heavy():
    code = "import sys, minirank.cli; minirank.cli.parser().format_help(); print({'numpy', 'numba', 'yaml'} & {*sys.modules})"
    assert python("-c", code).stdout == "set()\n"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """(configuration, run) of a table."""
    config = write_table(tmp_path_factory.mktemp("table"))
    assert cli.main(["train", str(config), "--run", str(config.parent / "run"), *QUICK]) == 0
    return config, config.parent / "run"


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """(configuration, data, run) of a simulated market, made by commands alone."""
    base = tmp_path_factory.mktemp("market")
    config, data = base / "market.yaml", base / "data"
    config.write_text("data: {folder: data}\nfeatures: {tokens: false}\n", encoding="utf-8")
    assert cli.main(["simulate", str(data), "--impressions", "4000", "--seed", "1"]) == 0
    assert cli.main(["extract", str(data), "--rules"]) == 0
    assert cli.main(["train", str(config), "--run", str(base / "run"), *QUICK]) == 0
    return config, data, base / "run"


def test_the_plan_of_a_configuration(capsys, table):
    status, said, _ = run(capsys, "plan", table[0], "--set", "model.architecture=shared_bottom", "--set", "model.gate.role=none")
    assert status == 0
    assert "bottom.0" in said and "dense parameters" in said


def test_training_says_what_comes_next(capsys, table, tmp_path):
    status, said, progress = run(capsys, "train", table[0], "--run", tmp_path / "run", "--seed", 3, *QUICK)
    assert status == 0
    assert said.splitlines()[-1] == f"next: minirank evaluate {tmp_path / 'run'}, or minirank report {tmp_path / 'run'}"
    assert "epoch 1  loss" in progress
    assert "seed: 3" in (tmp_path / "run" / "config.yaml").read_text()


def test_a_run_is_named_after_its_configuration(capsys, table, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "train", table[0], *QUICK)[0] == 0
    assert (tmp_path / "runs" / "config" / "model.npz").exists()


def test_evaluation_as_text_and_as_json(capsys, table):
    status, said, _ = run(capsys, "evaluate", table[1], "--split", "valid", "--bootstrap", 5)
    assert status == 0 and "AUC" in said
    _, said, _ = run(capsys, "evaluate", table[1], "--split", "valid", "--json", "--bootstrap", 0)
    assert 0 < json.loads(said)["overall"]["tasks"]["ctr"]["metrics"]["auc"]["value"] < 1
    assert "the data have no test rows; use --split valid" in refused(capsys, "evaluate", table[1])


def test_scores_of_a_table(capsys, table, tmp_path):
    for name in ("predictions.csv", "predictions.npz"):
        assert run(capsys, "score", table[1], table[0].parent / "rows.csv", "--out", tmp_path / name)[0] == 0
    with open(tmp_path / "predictions.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with np.load(tmp_path / "predictions.npz", allow_pickle=False) as found:
        assert list(found) == list(rows[0]) == ["ctr", "cvr", "ctcvr", "score"]
        assert [float(row["score"]) for row in rows] == found["score"].tolist()
    assert len(rows) == 500
    assert "choose one of these endings" in refused(capsys, "score", table[1], table[0].parent / "rows.csv", "--out", "p.txt")


def test_scores_of_a_market_follow_its_file(capsys, market, tmp_path):
    _, data, folder = market
    assert run(capsys, "score", folder, data, "--out", tmp_path / "predictions.csv")[0] == 0
    with open(tmp_path / "predictions.csv", newline="") as scored, open(data / "impressions.csv", newline="") as shown:
        scored, shown = list(csv.DictReader(scored)), list(csv.DictReader(shown))
    assert list(scored[0]) == ["search_id", "job_id", "resume_id", "ctr", "cvr", "relevance", "ctcvr", "score"]
    for key in ("search_id", "job_id", "resume_id"):
        assert [row[key] for row in scored] == [row[key] for row in shown]


def test_texts_in_another_language_are_named(capsys, market, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(market[1], data)
    lines = [json.loads(line) for line in (data / "resumes.jsonl").read_text(encoding="utf-8").splitlines()]
    german = "Berufserfahrung\nKoch im Hotel\nIch leite die Küche mit fünf Köchen und bin für den Einkauf der Waren zuständig, auch nachts."
    lines = [line | {"text": german} if place % 2 else line for place, line in enumerate(lines)]
    (data / "resumes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    status, _, said = run(capsys, "extract", data, "--rules")
    assert status == 0 and "note: 50 % of the resumes (German) are in languages of which the rules know little" in said
    status, _, said = run(capsys, "score", market[2], data, "--out", tmp_path / "predictions.csv")
    assert status == 0 and f"training knows too few words of {len(lines) // 2:,} of {len(lines):,} resumes (" in said and "German" in said
    status, _, said = run(capsys, "score", market[2], market[1], "--out", tmp_path / "others.csv")
    assert status == 0 and "too few words" not in said


def test_evaluation_of_a_market(capsys, market):
    status, said, _ = run(capsys, "evaluate", market[2], "--bootstrap", 0)
    assert status == 0
    for words in ("ctcvr (clicked and answered)", "share of reachable", "hiring_manager"):
        assert words in said


def test_validation_of_a_market(capsys, market, tmp_path):
    config, data, _ = market
    status, said, _ = run(capsys, "validate", data, "--config", config)
    assert status == 0 and "impressions        4,000" in said
    for path in filter(Path.is_file, data.iterdir()):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = (data / "impressions.csv").read_text().splitlines()
    lines[16] = lines[16].replace(",1,", ",yes,", 1) if ",1," in lines[16] else lines[16].replace(",0,", ",yes,", 1)
    (tmp_path / "impressions.csv").write_text("\n".join(lines) + "\n")
    status, said, _ = run(capsys, "validate", tmp_path)
    assert status == 1 and "impressions.csv:17:" in said


def test_data_that_changed_after_training(capsys, tmp_path):
    config = write_table(tmp_path)
    assert run(capsys, "train", config, "--run", tmp_path / "run", *QUICK)[0] == 0
    write_table(tmp_path, seed=4)
    assert "the data are not those that the run was trained on" in refused(capsys, "evaluate", tmp_path / "run", "--split", "valid")


def test_a_report_that_finds_problems_ends_with_1(capsys, tmp_path):
    (tmp_path / "jobs.jsonl").write_text("no JSON\n")
    for arguments in (("validate", tmp_path), ("doctor", "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--timeout", 2)):
        status, said, error = run(capsys, *arguments)
        assert status == 1 and said and not error
    assert "1 when `validate` found problems in the data or `doctor` a server that cannot be used" in cli.main.__doc__


def test_mistakes_are_one_line(capsys, table, tmp_path):
    config, folder = table
    assert "nothing.yaml: cannot be read: No such file" in refused(capsys, "train", tmp_path / "nothing.yaml")
    assert "model.expertz: unknown key; did you mean experts?" in refused(capsys, "plan", config, "--set", "model.expertz=3")
    assert "holds a finished run" in refused(capsys, "train", config, "--run", folder, *QUICK)
    assert "training.seed was 0 and is now 7" in refused(capsys, "train", config, "--run", folder, "--resume", "--seed", 7, *QUICK)
    assert "no run (config.yaml is missing)" in refused(capsys, "evaluate", tmp_path)
    assert "training: threads must be 1 or more" in refused(capsys, "train", config, "--run", tmp_path / "run", "--threads", 0)
    assert "describes a table" in refused(capsys, "validate", tmp_path, "--config", config)
    assert "cannot be written" in refused(capsys, "score", folder, config.parent / "rows.csv", "--out", tmp_path / "no" / "p.csv")


ERRORS = [
    (RunError("one\n  two"), 2, "minirank: error: one two"),
    (OSError(errno.ENOSPC, "No space left on device"), 2, "minirank: error: validate: No space left on device; check"),
    (PermissionError(errno.EACCES, "Permission denied", "/x/y"), 2, "minirank: error: /x/y: Permission denied; check"),
    (KeyboardInterrupt(), 130, "minirank: error: interrupted"),
]


@pytest.mark.parametrize("error, status, line", ERRORS)
def test_no_error_shows_a_traceback(capsys, monkeypatch, error, status, line):
    def fail(options):
        raise error

    monkeypatch.setattr("minirank.commands.data.run_validate", fail)
    got, _, said = run(capsys, "validate", "somewhere")
    assert got == status
    assert said.startswith(line) and said.count("\n") == 1


def test_a_terminal_that_knows_ascii_alone(tmp_path):
    config = write_table(tmp_path)
    config.write_text(config.read_text().replace("who, city", "caf\u00e9, city"), encoding="utf-8")
    rows = tmp_path / "rows.csv"
    rows.write_text(rows.read_text().replace("who,", "caf\u00e9,", 1), encoding="utf-8")
    for arguments, status in (((config,), 0), ((tmp_path / "na\u00efve.yaml",), 2)):
        done = python("-m", "minirank", "plan", *arguments, PYTHONIOENCODING="ascii")
        assert done.returncode == status and "Traceback" not in done.stderr
        assert ("caf\\xe9" in done.stdout) if status == 0 else ("na\\xefve.yaml: cannot be read" in done.stderr)


def test_a_reader_that_goes_away_is_no_error(table):
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as pipe:
        command = [sys.executable, "-m", "minirank", "plan", table[0]]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert done.stderr == "reading rows.csv ...\n"


@pytest.mark.parametrize(
    "words", [("evaluate",), ("score", "DATA", "--out", "p.csv"), ("rank", "--job", "x"), ("train",)], ids=lambda words: words[0]
)
def test_a_backend_that_cannot_run_is_refused_before_data_are_read(capsys, table, tmp_path, monkeypatch, words):
    def no_gpu(backend):
        assert backend == "cuda"
        raise Unavailable("there is no NVIDIA driver on this machine; install one, or use the cpu backend")

    monkeypatch.setattr("minirank.run.backend.check_available", no_gpu)
    monkeypatch.chdir(tmp_path)
    config, folder = table
    command, *rest = words
    place = [config, "--run", tmp_path / "run"] if command == "train" else [folder]
    status, said, progress = run(
        capsys, command, *place, *(config.parent / "rows.csv" if word == "DATA" else word for word in rest), "--backend", "cuda"
    )
    assert status == 2 and not said
    assert (
        progress
        == "minirank: error: training.backend cuda: there is no NVIDIA driver on this machine; install one, or use the cpu backend\n"
    )


def test_data_that_moved_are_named_with_what_asks_for_them(capsys, table, tmp_path):
    """Whatever a configuration or a run asks for and is not there: the file, the key, and where it stands."""
    config, _ = table
    moved = tmp_path / "moved.yaml"
    moved.write_text(config.read_text().replace("rows.csv", "gone.csv"))
    for command in (("train", moved, "--run", tmp_path / "run"), ("plan", moved), ("validate", moved)):
        line = refused(capsys, *command)
        assert line.startswith(f"{tmp_path / 'gone.csv'}: not there; data.table.") and f" of {moved} asks for it" in line


def test_a_gazetteer_that_moved_is_named_with_what_asks_for_it(capsys, market, tmp_path):
    _, data, _ = market
    named = tmp_path / "named.yaml"
    named.write_text(f"data: {{folder: {data}, gazetteer: gone.txt}}\n")
    for command in (
        ("train", named, "--run", tmp_path / "run"),
        ("plan", named),
        ("validate", data, "--config", named),
        ("validate", named),
    ):
        said = refused(capsys, *command)
        assert (
            said
            == f"{tmp_path / 'gone.txt'}: not there; data.gazetteer of {named} asks for it: put it back, or write there where it is now"
        )
    said = refused(capsys, "extract", data, "--config", named)
    assert said.endswith(f"No such file or directory; data.gazetteer of {named} asks for it: put it back, or write there where it is now")
    assert "--gazetteer asks for it" in refused(capsys, "extract", data, "--gazetteer", tmp_path / "gone.txt")
