"""What the campaign mutates: a small data folder, a table, a run of each, one that was stopped, and what a server answered."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "worlds"))

from extraction_server import honest, serving

from minirank import cli

SKILLS = ("Python", "SQL", "triage", "welding", "Excel", "negotiation")
TITLES = ("Data Engineer", "Nurse", "Welder", "Accountant", "Sales Manager", "Software Developer")
ROLES = ("hr", "headhunter", "hiring_manager")
MODEL = "model: {embedding: 2, experts: 2, expert_hidden: [4], tower_hidden: [2], gate: {role: full}}\n"
TRAINING = "training: {epochs: 1, batch_rows: 32, threads: 1, optimiser: {learning_rate: 0.01}}\n"
FOLDER = (
    "data: {folder: data, grades: true, gazetteer: labels.csv, split: {valid: 0.2, test: 0.2, maturity_days: 1}}\n"
    "features: {min_count: 1, buckets: 256, columns: [job.country]}\n"
    f"{MODEL}{TRAINING}score: {{ctr: 1, cvr: 1, relevance: 0.5}}\n"
)
TABLE = (
    "data:\n  table: {train: rows.csv, valid_share: 0.2}\n  columns:\n    categorical: [who, city]\n"
    "    multi_valued: [{column: tags, separator: '|'}]\n    dense: [age, {column: pay, transform: quantile}]\n    role: role\n"
    "    group: search\n    tasks: [{name: ctr, column: y}, {name: cvr, column: z}]\n"
    f"tasks: [{{name: ctr}}, {{name: cvr, given: ctr}}]\n{MODEL}{TRAINING}"
)
ARRAYS = (
    "data:\n  table: {train: rows.npz, valid_share: 0.2}\n"
    "  columns: {categorical: [who], dense: [x], tasks: [{name: y, column: y}]}\n"
    f"tasks: [{{name: y}}]\n{MODEL.replace('full', 'none')}{TRAINING}"
)


def write_base(folder: Path, with_server: bool = True) -> None:
    """Write everything into a new folder; commands make what commands make.

    Args:
        with_server: also what needs an LLM server: a recording, a store, a batch.
    """
    random = np.random.default_rng(1)
    (folder / "data").mkdir(parents=True)
    _write_data(folder / "data", random)
    _write_tables(folder, random)
    for name, text in (("folder.yaml", FOLDER), ("table.yaml", TABLE), ("arrays.yaml", ARRAYS)):
        (folder / name).write_text(text, encoding="utf-8")
    labels = (
        "preferredLabel,altLabels,skillType\nspot welding,tack welding|MIG,skill/competence\n"
        "Python (computer programming),Python 3,knowledge\n"
    )
    (folder / "labels.csv").write_text(labels, encoding="utf-8")
    (folder / "labels.txt").write_text("spot welding\nmanage staff\nbookkeeping\n", encoding="utf-8")
    (folder / "pairs.csv").write_text("job_id,resume_id\nj0,c0\nj1,c3\nj2,c5\n", encoding="utf-8")
    new = [
        {"resume_id": "new1", "text": "Nurse\ntriage, SQL"},
        {"resume_id": "new2", "text": "Welder, 2019 - 2024", "updated_at": "2024-05-01"},
    ]
    (folder / "new.jsonl").write_text("".join(json.dumps(line) + "\n" for line in new), encoding="utf-8")
    with contextlib.chdir(folder):
        if with_server:
            with serving(honest) as (url, _):
                one = ("--base-url", url, "--model", "m", "--concurrency", 1)  # at a time: the same order each time
                _run("extract", "data", *one, "--record", "cassette.jsonl")
                _run("grade", "data", *one, "--limit", 6, "--record", "grading.jsonl")
            shutil.move("data/llm.sqlite", "llm.sqlite")
            for name in ("llm.sqlite-wal", "llm.sqlite-shm", "llm.sqlite.lock"):
                (Path("data") / name).unlink(missing_ok=True)
            _forget_the_day(Path(), url)
            _run("extract", "data", "--replay", "cassette.jsonl", "--store", "other.sqlite", "--batch-out", "asked")
            _write_batch(Path("asked/batch_001.jsonl"), Path("batch.jsonl"))
            for name in Path().glob("other.sqlite*"):
                name.unlink()
        _run("extract", "data", "--rules", "--gazetteer", "labels.csv")
        _run("grade", "data", "--rules")
        for name in ("folder", "table", "arrays"):
            _run("train", f"{name}.yaml", "--run", f"runs/{name}")
        _stop_training(Path())
        _run("evaluate", "runs/folder", "--bootstrap", 2)
        _run("score", "runs/folder", "data", "--out", "scores.csv")
        _run("rank", "runs/folder", "--job", "j1", "--role", "hr", "--resumes", "new.jsonl")
        Path("scores.csv").unlink()


def _forget_the_day(folder: Path, url: str) -> None:
    """Take out what differs from day to day: the server's port, times."""
    for name in ("cassette.jsonl", "grading.jsonl"):
        text = (folder / name).read_text(encoding="utf-8").replace(url, "http://127.0.0.1:8080/v1")
        (folder / name).write_text(re.sub(r'"recorded": "[\d-]+"', '"recorded": "2026-01-01"', text), encoding="utf-8")
    base = sqlite3.connect(folder / "llm.sqlite", isolation_level=None)
    for change in ("attempts SET time = 0, ms = 1", "results SET finished = 0", "abilities SET time = 4e9", "runs SET pid = 1, began = 0"):
        base.execute(f"UPDATE {change}")
    base.execute("UPDATE results SET provenance = replace(provenance, ?, 'http://127.0.0.1:8080/v1')", (url,))
    base.execute("UPDATE abilities SET base_url = 'http://127.0.0.1:8080/v1'")
    base.execute("VACUUM")
    base.close()


def _run(*words: object) -> None:
    """A command that must succeed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = cli.main([str(word) for word in words])
    assert status == 0, f"{words}: {said.getvalue()}"


def _stop_training(folder: Path) -> None:
    """A run with a checkpoint in its second epoch."""
    from minirank.config.configuration import load_config
    from minirank.training import train

    steps = iter(range(100))
    train(load_config(folder / "table.yaml", ["training.epochs=2"]), folder / "runs/stopped", stop=lambda: next(steps) > 4)
    assert (folder / "runs/stopped/checkpoint.npz").exists() and (folder / "runs/stopped/metrics.jsonl").exists()


def _write_batch(asked: Path, path: Path) -> None:
    """The answers of a Batch service to a file of questions."""
    lines = []
    for line in map(json.loads, asked.read_text(encoding="utf-8").splitlines()):
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": honest(line["body"]["messages"])}}
        usage = {"prompt_tokens": 900, "completion_tokens": 90}
        body = {"id": "x", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
        lines.append({"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _write_data(folder: Path, random: np.random.Generator) -> None:
    day = date(2024, 1, 1)
    jobs, resumes, rows, protected = [], [], [], ["resume_id,gender,age_group"]
    for number, title in enumerate(TITLES):
        some = ", ".join(SKILLS[(number + i) % len(SKILLS)] for i in range(3))
        text = f"We need {some}. {number + 1}+ years of experience. Bachelor's degree."
        job = {"job_id": f"j{number}", "team_id": f"t{number % 3}", "title": title, "description": text}
        jobs.append(job | {"posted_at": str(day + timedelta(5 * number)), "location": "Berlin", "country": "DE" if number % 2 else "AT"})
    for number in range(14):
        some = ", ".join(SKILLS[(number * 2 + i) % len(SKILLS)] for i in range(2))
        text = f"{TITLES[number % len(TITLES)]}\nBerlin\nExperience\nAcme, 2018 - {2020 + number % 4}\nSkills: {some}\n"
        resumes.append({"resume_id": f"c{number}", "text": text, "updated_at": f"2024-01-0{1 + number % 9}T10:00:00Z", "location": "Wien"})
        protected.append(f"c{number},{'f' if number % 2 else 'm'},{'40+' if number % 3 else '18-39'}")
    for search in range(24):
        when = day + timedelta(40 + search)
        for position in range(1, 7):
            resume = (search * 5 + position) % 14
            clicked = int((search + position) % 3 == 0)
            converted, at = (int(search % 2 == 0), str(when + timedelta(1)) if search % 2 == 0 else "") if clicked else ("", "")
            grade = (0, 0.25, 0.5, 1)[(search + resume) % 4] if position % 2 else ""
            cells = (f"s{search}", f"{when}T09:00:00Z", f"u{search % 4}", f"j{search % 6}", f"c{resume}", position, clicked, converted, at)
            rows.append(",".join(map(str, (*cells, grade, 0.8 if grade != "" else ""))))
    header = "search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence"
    hires = ["job_id,resume_id,hired_at", *(f"j{n % 6},c{n},2024-01-{10 + n}" for n in range(9))]
    recruiters = ["recruiter_id,role", *(f"u{n},{ROLES[n % 3]}" for n in range(4))]
    for name, records in (("jobs", jobs), ("resumes", resumes)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    for name, lines in (("recruiters", recruiters), ("hires", hires), ("impressions", [header, *rows]), ("protected", protected)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.savez(folder / "truth.npz", click=random.random(len(rows)), convert=random.random(len(rows)))


def _write_tables(folder: Path, random: np.random.Generator) -> None:
    lines = ["who,city,tags,age,pay,role,search,y,z"]
    for row in range(160):
        clicked = int(random.random() < 0.5)
        answered = int(random.random() < 0.5) if clicked else ""
        who, city, role = random.integers(12), random.integers(5), random.integers(3)
        dense = f"{random.normal():.3f},{random.integers(9) if row % 5 else ''}"
        lines.append(f"w{who},c{city},{'a|b' if who % 3 else 'b'},{dense},r{role},s{row // 8},{clicked},{answered}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    who = random.integers(9, size=120)
    np.savez(
        folder / "rows.npz", who=who, x=random.normal(size=(120, 3)).astype(np.float32), y=(who % 2).astype(np.int8), other=np.zeros((3, 3))
    )
