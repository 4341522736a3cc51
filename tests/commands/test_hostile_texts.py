"""A market whose ids, titles, texts, roles and folder are made to take over a terminal or a spreadsheet, through every command."""

import csv
import json
import shutil

import numpy as np
import pytest
from checkout import python
from command_line import refused, run
from features_world import write_world
from training_world import write_table

from minirank import cli
from minirank.data import read_folder
from minirank.data.csv_cells import original
from minirank.terminal import columns

RED, CLEAR, TITLE, OVERRIDE = "\x1b[31m", "\x9b2J", "\x1b]0;owned\x07", "\u202e"
IDS = {
    "p000": f"{RED}red",
    "p001": "a\nb\n1  r000049  0.99",
    "p002": "=HYPERLINK(0)",
    "p003": "-5",
    "p004": "same",
    "p005": "same\x00",
    "p006": f"{OVERRIDE}nalp",
    "p007": "\u5c71\u7530",
    "p008": "c\rd",
    "p009": "@SUM(1)",
    "p010": "line\u2028end",
    "p011": '"quoted",',
    "j000": f"=cmd{CLEAR}",
    "j001": "+job\nforged: line",
}
ROLES = {"hr": f"{TITLE}hr\nx"}


def renamed(path):
    """The world with other ids, titles and roles."""
    for name in ("jobs", "resumes"):
        lines = [json.loads(line) for line in (path / f"{name}.jsonl").read_text().splitlines()]
        for line in lines:
            key = f"{name[:-1]}_id"
            line[key] = IDS.get(line[key], line[key])
            if name == "jobs":
                line["title"] = f"{line['title']}{TITLE}\nrank  candidate"
            else:
                line["text"] = f"{RED}{line['text']} Pyt\x1bhon\x00"
        (path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name in ("recruiters", "hires", "impressions"):
        with open(path / f"{name}.csv", newline="") as stream:
            rows = [[IDS.get(cell, ROLES.get(cell, cell)) for cell in row] for row in csv.reader(stream)]
        with open(path / f"{name}.csv", "w", newline="") as stream:
            csv.writer(stream, lineterminator="\r\n").writerows(rows)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """(configuration, data folder, run) of the market, made by commands."""
    base = tmp_path_factory.mktemp(f"mar{RED}ket")
    data, config = base / f"da{OVERRIDE}ta", base / "market.yaml"
    data.mkdir()
    write_world(data)
    renamed(data)
    for path in data.glob("*features.jsonl"):
        path.unlink()
    config.write_text(f"data: {{folder: {json.dumps(data.name)}, grades: true}}\nfeatures: {{tokens: false}}\n")
    quick = ("--set", "training.epochs=1", "--threads", "2", "--set", "data.split.maturity_days=0")
    assert cli.main(["extract", str(data), "--rules"]) == 0
    assert cli.main(["grade", str(data)]) == 0
    assert cli.main(["train", str(config), "--run", str(base / "run"), *quick]) == 0
    return config, data, base / "run"


def obeyed(text):
    """Characters of an output that a terminal would obey or not show, line ends apart."""
    return {char for char in text if not (char.isprintable() or char == "\n")}


def test_what_people_read_is_clean_and_in_columns(capsys, market):
    config, data, folder = market
    job = IDS["j000"]
    commands = [
        ("validate", data),
        ("plan", config),
        ("extract", data, "--rules"),
        ("grade", data),
        ("evaluate", folder, "--bootstrap", 0, "--split", "valid"),
        ("rank", folder, "--job", job, "--top", 50, "--role", ROLES["hr"], "--versus", f"{RED}?"),
        ("score", folder, data, "--out", folder.parent / f"{RED}p.csv"),
    ]
    for words in commands:
        status, said, progress = run(capsys, *words)
        assert status == 0, progress
        assert not obeyed(said) | obeyed(progress), words
    lines = run(capsys, "rank", folder, "--job", job, "--top", 50)[1].splitlines()
    assert lines[0].startswith(r"=cmd\x9b2J: ") and r"\x1b]0;owned\x07\nrank  candidate" in lines[0]
    header = next(number for number, line in enumerate(lines) if line.startswith("rank "))
    rows = [line for line in lines[header + 2 :] if line[:1].isdigit()]
    assert len(rows) == 50 and {columns(row) for row in rows} == {columns(lines[header])}
    assert any(r"a\nb\n1  r000049  0.99" in row for row in rows) and any("\u5c71\u7530" in row for row in rows)


def test_errors_are_one_clean_line(capsys, market, tmp_path):
    config, data, folder = market
    bad = tmp_path / f"x{CLEAR}\ny"
    for words in (
        ("rank", folder, "--job", f"no{RED}\nsuch"),
        ("validate", data, "--config", bad),
        ("train", config, "--set", f"model.exp{TITLE}erts=1"),
        ("evaluate", bad),
        ("score", folder, bad, "--out", tmp_path / "p.csv"),
        ("rank", folder, "--job", "x", "--resumes", bad),
        ("extract", data, "--gazetteer", bad),
        ("train", config, f"--{RED}"),
        (f"{RED}command",),
        ("rank", folder, "--top", f"{RED}"),
    ):
        assert not obeyed(refused(capsys, *words)), words
    status, said, _ = run(capsys, "validate", bad)
    assert status == 1 and not obeyed(said) and said.count("\n") == 2


def test_json_is_exact(capsys, market):
    job = IDS["j001"]
    said = run(capsys, "rank", market[2], "--job", job, "--top", 50, "--json")[1]
    found = json.loads(said)
    assert said.isascii() and not obeyed(said)
    assert found["job_id"] == job and "\x1b]0;owned\x07\n" in found["title"]
    assert {name for key, name in IDS.items() if key[0] == "p"} <= {entry["resume_id"] for entry in found["candidates"]}


def test_scores_keep_every_id(capsys, market, tmp_path):
    _, data, folder = market
    assert run(capsys, "score", folder, data, "--out", tmp_path / "p.csv")[0] == 0
    with open(tmp_path / "p.csv", newline="") as stream:
        scored = list(csv.DictReader(stream))
    shown = read_folder(data)
    order = np.argsort(shown.impressions.row)
    expected = [shown.resumes[row]["resume_id"] for row in shown.impressions.resume[order]]
    assert [original(row["resume_id"]) for row in scored] == expected and {"same", "same\x00"} <= set(expected)
    assert [original(row["job_id"]) for row in scored] == [shown.jobs[row]["job_id"] for row in shown.impressions.job[order]]
    cells = {row["resume_id"] for row in scored} | {row["job_id"] for row in scored}
    assert {"'=HYPERLINK(0)", "-5", "'@SUM(1)", "'+job\nforged: line"} <= cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert "'same\\x00' ends in NUL, which an .npz cannot hold; write a .csv" in refused(
        capsys, "score", folder, data, "--out", tmp_path / "p.npz"
    )
    assert not (tmp_path / "p.npz").exists()
    # what we wrote names pairs to grade, though its ids are marked
    shutil.copytree(data, tmp_path / "copy")
    status, said, _ = run(capsys, "grade", tmp_path / "copy", "--pairs", tmp_path / "p.csv")
    assert status == 0 and f"of {len(scored):,} pairs" in said


def test_grades_of_marked_ids_are_read_back(capsys, market):
    """relevance_grades.csv is joined with the log by ids that it holds marked."""
    from minirank.extract.grades import with_grades

    folder = read_folder(market[1])
    before, after = folder.impressions.relevance, with_grades(folder).impressions.relevance
    for name in ("=HYPERLINK(0)", "@SUM(1)", "same\x00", "c\rd"):
        rows = np.array([folder.resumes[row]["resume_id"] == name for row in folder.impressions.resume])
        assert np.isnan(before[rows]).any() and not np.isnan(after[rows]).all(), name


def test_a_terminal_of_another_encoding_and_streams_that_end(market, tmp_path):
    _, _, folder = market
    done = python("-m", "minirank", "rank", folder, "--job", IDS["j000"], "--top", "50", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "\\u5c71\\u7530" in done.stdout and done.stdout.isascii() and not done.stderr


def test_files_to_be_read_hold_nothing_that_a_terminal_obeys(market):
    """`cat` of what was written is safe: texts escape what JSON allows to stand raw."""
    _, data, folder = market
    for path in (
        *data.glob("*_features.jsonl"),
        data / "hiring_signals.jsonl",
        *data.glob("*.json"),
        *folder.glob("*.json*"),
        folder / "plan.txt",
    ):
        assert not obeyed(path.read_text(encoding="utf-8")), path.name


def test_columns_and_tasks_of_a_table_may_have_any_name(capsys, tmp_path):
    config = write_table(tmp_path)
    name, task = f"a{RED}ge\nforged line", f"cl{OVERRIDE}ick\n0.9999"
    header, rest = (tmp_path / "rows.csv").read_text().split("\n", 1)
    names = [{"age": name, "y": task}.get(word, word) for word in header.split(",")]
    (tmp_path / "rows.csv").write_text(",".join(f'"{word}"' for word in names) + "\n" + rest)
    text = (
        config.read_text()
        .replace("dense: [age]", f"dense: [{json.dumps(name)}]")
        .replace(
            "tasks: [{name: ctr, column: y}, {name: cvr, column: z}]", f"tasks: [{{name: {json.dumps(task)}, column: {json.dumps(task)}}}]"
        )
    )
    config.write_text(text.replace("tasks: [{name: ctr}, {name: cvr, given: ctr}]", f"tasks: [{{name: {json.dumps(task)}}}]"))
    quick = ("--set", "training.epochs=1", "--threads", "2")
    for words in (
        ("validate", config),
        ("plan", config),
        ("train", config, "--run", tmp_path / "run", *quick),
        ("evaluate", tmp_path / "run", "--split", "valid", "--bootstrap", 2),
        ("score", tmp_path / "run", tmp_path / "rows.csv", "--out", tmp_path / "p.csv"),
    ):
        status, said, progress = run(capsys, *words)
        assert status == 0, progress
        assert not obeyed(said + progress), words
        assert not any(line.startswith(("forged", "0.9999")) for line in (said + progress).splitlines()), words
    with open(tmp_path / "p.csv", newline="") as stream:
        assert task in next(csv.reader(stream))
