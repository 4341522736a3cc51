"""Small data folders and tables with odd labels, each with a configuration, from a seed."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import yaml
from command_line import run
from data_world import HEADER, write

from minirank.data import read_folder
from minirank.extract import extract_folder

MODEL = {"embedding": 2, "experts": 2, "expert_hidden": [4], "tower_hidden": [3]}
TRAINING = {"epochs": 2, "batch_rows": 16, "backend": "reference"}
SKILLS = ("Python, SQL", "Nursing, care", "Accounting, SAP", "Java, Docker", "")
LABELS = (*["mixed"] * 14, "zero", "one", "none", "late", "early", "rare")  # how a column of labels goes wrong


def pick(random, *choices):
    """One of the choices."""
    return choices[random.integers(len(choices))]


def label_cells(random, how: str, at: np.ndarray, soft: bool = False) -> list[str]:
    """(N,) cells of a column of labels; `at` (N,) is where a row stands between the first (0) and the last (1)."""
    values = random.random(len(at)).round(2) if soft else (random.random(len(at)) < 0.4).astype(int)
    values = {"zero": values * 0, "one": values * 0 + 1}.get(how, values)
    there = {"none": at < 0, "late": at > 0.8, "early": at < 0.4, "rare": random.random(len(at)) < 0.1}.get(how, at >= 0)
    return [f"{value:g}" if known else "" for value, known in zip(values, there)]


def write_people(folder: Path, seed: int, teams: int) -> None:
    """Jobs and resumes, with their extracted features."""
    random = np.random.default_rng(seed)
    folder.mkdir()
    when = "2024-01-01"
    jobs = [
        {"job_id": f"j{j}", "team_id": f"t{j % teams}", "title": f"{pick(random, 'Nurse', 'Data Engineer', 'x')}", "posted_at": when}
        | {"description": f"We need {pick(random, *SKILLS)}. {j % 5}+ years."}
        for j in range(6)
    ]
    texts = (f"Engineer, {2010 + r} - 2020. {pick(random, *SKILLS)}" for r in range(8))
    resumes = [{"resume_id": f"c{r}", "text": text, "updated_at": when} for r, text in enumerate(texts)]
    lines = {"jobs.jsonl": [json.dumps(job) for job in jobs], "resumes.jsonl": [json.dumps(resume) for resume in resumes]}
    hires = ["job_id,resume_id,hired_at", *(f"j{j},c{j},2024-02-01" for j in range(3) if teams == 1)]
    others = {"recruiters.csv": ["recruiter_id,role", "u0,hr", "u1,boss"], "hires.csv": hires}
    write(folder, **lines, **others, **{"impressions.csv": [HEADER, f"s,{when},u0,j0,c0,,1,1,,,"]})
    extract_folder(read_folder(folder))


def odd_folder(folder: Path, people: Path, seed: int) -> Path:
    """Writes a folder with odd impressions beside a copy of `people`; returns the configuration."""
    random = np.random.default_rng(seed)
    shutil.copytree(people, folder / "data")
    searches, apart = pick(random, 1, 3, 12, 20, 30), pick(random, 0, 1, 5, 10, 20)
    sizes = [int(random.integers(1, 7)) for _ in range(searches)]
    search = np.repeat(np.arange(searches), sizes)
    at = search / max(searches - 1, 1)
    how = {name: pick(random, *LABELS) for name in ("clicked", "converted", "relevance")}
    clicked = label_cells(random, how["clicked"], at)
    converted = [cell if click == "1" else "" for cell, click in zip(label_cells(random, how["converted"], at), clicked)]
    relevance = label_cells(random, how["relevance"], at, soft=how["relevance"] not in ("zero", "one"))
    lines, time = [HEADER], np.datetime64("2025-01-01")
    within = np.concatenate([np.arange(size) for size in sizes])
    for row, code in enumerate(search):
        ids = f"u{code % 2},j{code % 6},c{within[row]}"
        day = time + np.timedelta64(int(code) * apart, "D")
        lines.append(f"s{code},{day},{ids},{within[row] + 1},{clicked[row]},{converted[row]},,{relevance[row]},")
    (folder / "data" / "impressions.csv").write_text("\n".join(lines) + "\n")
    null = {name: None for name in how if random.random() < 0.1}
    if how["clicked"] in ("zero", "one") and random.random() < 0.5:
        null["clicked"] = None
    split = pick(
        random, {}, {}, {"maturity_days": 0}, {"maturity_days": 0, "valid": 0.3, "test": 0.3}, {"valid": 0}, {"valid": 0, "test": 0}
    )
    config = {"data": {"folder": "data", "columns": {"impressions": null} if null else {}, "split": split}}
    config["score"] = pick(random, {}, {}, {"cvr": 0}, {"relevance": 1}, {"ctr": 0, "cvr": 0, "relevance": 1})
    return _write_config(folder, config, random, pick(random, ("ctr", "cvr", "relevance"), ("ctr",), ("cvr", "ctr"), ("relevance",)))


def odd_table(folder: Path, seed: int) -> Path:
    """Writes an odd table; returns its configuration."""
    random = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    rows = int(pick(random, 1, 3, 8, 40, 60, 120))
    at = np.arange(rows) / max(rows - 1, 1)
    labels = {name: label_cells(random, pick(random, *LABELS), at, soft=name == "g") for name in ("y", "z", "g")}
    if random.random() < 0.2:
        labels["g"] = [cell and f"{float(cell) * pick(random, 10, 1e6, -1e10):g}" for cell in labels["g"]]
    cells = {
        "city": [pick(random, "Rome", "Oslo", "") for _ in range(rows)] if random.random() < 0.7 else [f"x{row}" for row in range(rows)],
        "tags": [pick(random, "a|b", "", "b", f"u{row}") for row in range(rows)],
        "age": [pick(random, "3", f"{row}", "1e30", "") for row in range(rows)],
        "group": [f"g{row // 4}" for row in range(rows)],
        "role": [pick(random, "hr", "boss") for _ in range(rows)],
        "trust": ["0"] * rows if random.random() < 0.2 else [pick(random, "0", "1", "0.5", "") for _ in range(rows)],
    } | labels
    lines = [",".join(cells), *(",".join(row) for row in zip(*cells.values()))]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "more.csv").write_text("\n".join([lines[0], *lines[1 + rows // 2 :]]) + "\n")
    names = pick(random, "y", "yz", "yzg", "g")
    given = {"ctr": "y", "cvr": "z", "relevance": "g"} if random.random() < 0.3 else {name: name for name in names}
    extra = pick(random, {}, {}, {"weight": "trust"}, {"positive": pick(random, 1, 0, "2")})
    columns = {"tasks": [{"name": name, "column": column} | extra for name, column in given.items()]}
    columns |= {
        "categorical": ["city"],
        "multi_valued": [{"column": "tags"}],
        "dense": ["age"],
        "dense_transform": pick(random, "standard", "log1p"),
    }
    columns |= pick(random, {}, {"group": "group"}) | pick(random, {}, {"role": "role"}) | pick(random, {}, {"min_count": 1})
    files = pick(random, {"valid_share": 0.2}, {"valid_share": 0.3, "valid_rows": "last"}, {"valid": "more.csv"}, {}) | pick(
        random, {}, {"test": "more.csv"}
    )
    return _write_config(folder, {"data": {"table": {"train": "rows.csv"} | files, "columns": columns}}, random, tuple(given))


def _write_config(folder: Path, config: dict, random, names: tuple[str, ...]) -> Path:
    """The configuration with a model, and sometimes with tasks of its own."""
    config["training"] = TRAINING | pick(random, {}, {"early_stopping": None}, {"early_stopping": {"metric": "mean.auc"}})
    config["model"] = MODEL | {"architecture": pick(random, "mmoe", "esmm", "shared_bottom", "ple")}
    if random.random() < 0.2:
        config["model"] |= {"gate": {"role": pick(random, "bias", "full", "mlp")}, "role_field": pick(random, "role", "city", "job_title")}
    if "folder" in config["data"] and random.random() < 0.3:
        further = {"columns": [pick(random, "job.team_id2", "job.title", "resume.text")], "ids": True, "min_count": 1}
        config["features"] = pick(random, {"text": False, "tokens": False}, {"signals": False}, {"match": False, "skills": False}, further)
    if random.random() < 0.4:
        loss = pick(random, {"bce": 1.0}, {"mse": 1.0}, {"pairwise": 1.0}, {"listwise": 1.0, "bce": 1.0})
        config["tasks"] = [{"name": name, "loss": loss if name in ("g", "y", "relevance") else {"bce": 1.0}} for name in names]
        if names[:1] == ("ctr",) and "cvr" in names:
            config["tasks"][1] |= {"given": "ctr", "loss": pick(random, {"bce": 1.0}, {"entire": 1.0})}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def disagreement(capsys, config: Path) -> tuple[str, str | None]:
    """How a configuration fares: ("refused" or "trained", what was wrong with that, None if nothing).

    What `validate` finds right trains, and the run can be evaluated, scored and ranked without a NaN; what `train` refuses
    `validate` refuses in the same words.
    """
    status, report, said = run(capsys, "validate", config)
    folder = config.parent / "run"
    trained, _, error = run(capsys, "train", config, "--run", folder)
    if "Traceback" in said + error or status not in (0, 1):
        return "broken", f"{said} {error}"
    if trained != 0:
        line = error.strip().splitlines()[-1].removeprefix("minirank: error: ").partition(" (")[0]
        same = status == 1 and line in report.replace(" (", "\n")
        return "refused", None if same else f"validate ended with {status} and said {report!r}; train said {error!r}"
    if status != 0:
        return "trained", f"validate refused what trains: {report}"
    content = yaml.safe_load(config.read_text())["data"]
    parts = json.loads((folder / "data.json").read_text())["rows"]
    commands = [("evaluate", folder, "--split", part, "--bootstrap", 5, "--json") for part in ("valid", "test") if parts[part]]
    commands += [("evaluate", folder, "--split", part, "--bootstrap", 0) for part in ("valid", "test") if parts[part]]
    commands.append(("score", folder, config.parent / content.get("folder", "rows.csv"), "--out", config.parent / "out.csv"))
    if "folder" in content:
        commands.append(("rank", folder, "--job", "j0", "--role", "hr"))
    outputs = {"metrics.jsonl": (folder / "metrics.jsonl").read_text(), "train": error}
    for words in commands:
        ended, printed, error = run(capsys, *words)
        if ended != 0:
            return "trained", f"{words[0]}: {error}"
        outputs[" ".join(map(str, words))] = printed
    outputs["out.csv"] = (config.parent / "out.csv").read_text()
    bad = [name for name, text in outputs.items() if re.search(r"\b(nan|infinity)\b", text, re.IGNORECASE)]
    return "trained", f"nan in {bad}" if bad else None
