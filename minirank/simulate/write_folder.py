"""Writing a world as a data folder, byte for byte the same for the same configuration."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

from minirank.errors import MinirankError

from . import truth


def number(letter: str, name: str) -> int:
    """Row behind an id such as j000017.

    Raises:
        ValueError: no id of this kind.
    """
    if name[:1] != letter or not name[1:].isdigit():
        raise ValueError(name)
    return int(name[1:])


def write_world(world, path: Path) -> Path:
    """Write all files into a folder beside `path`, then give it its name."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise MinirankError(f"{path} exists and is not an empty folder; choose another name or remove it")
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        _write_files(world, draft)
        if path.exists():
            path.rmdir()
        draft.rename(path)
    except OSError as error:
        raise MinirankError(f"cannot write {path}: {error.strerror or error}; check the path and the space") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return path


def _write_files(world, folder):
    _write(folder / "world.json", [json.dumps(world.config.to_json(), indent=1)])
    _write(folder / "jobs.jsonl", _jobs(world))
    _write(folder / "resumes.jsonl", _resumes(world))
    roles = (f"u{row:04d},{world.roles[role]}" for row, role in enumerate(world.recruiter_role))
    _write(folder / "recruiters.csv", ["recruiter_id,role", *roles])
    hires = world.hires
    triples = zip(hires.job.tolist(), hires.person.tolist(), _iso(hires.hired_at), strict=True)
    _write(folder / "hires.csv", ["job_id,resume_id,hired_at", *(f"j{j:06d},r{p:06d},{t}" for j, p, t in triples)])
    _write(folder / "protected.csv", ["resume_id,group", *(f"r{p:06d},{'ab'[g]}" for p, g in enumerate(world.people.group))])
    _write(folder / "impressions.csv", _impressions(world))
    _write_npz(folder / "truth.npz", _truth(world))


def _jobs(world):
    jobs, teams, cities = world.jobs, world.teams, world.book.names["cities"]
    posted = _iso(jobs.posted_at)
    for row, (title, description, _) in enumerate(world.job_texts()):
        team = jobs.team[row]
        line = {"job_id": f"j{row:06d}", "team_id": f"t{team:05d}", "title": title, "description": description}
        yield json.dumps(line | {"posted_at": posted[row], "location": cities[teams.city[team]]}, ensure_ascii=False)


def _resumes(world):
    people, cities = world.people, world.book.names["cities"]
    updated = _iso(people.updated_at)
    for row, (text, _) in enumerate(world.resume_texts()):
        person = people.person[row]
        line = {"resume_id": f"r{person:06d}", "text": text, "updated_at": updated[row]}
        yield json.dumps(line | {"location": cities[people.city[person]]}, ensure_ascii=False)


def _impressions(world):
    log, labels = world.log, world.labels
    yield ("search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence")
    answered_at = _iso(labels.converted_at)
    columns = zip(
        log.search.tolist(),
        _iso(log.time),
        log.recruiter.tolist(),
        log.job.tolist(),
        world.people.person[log.snapshot].tolist(),
        log.position.tolist(),
        labels.clicked.tolist(),
        labels.converted.tolist(),
        answered_at,
        _numbers(labels.relevance),
        _numbers(labels.confidence),
        strict=True,
    )
    flag = ("0", "1", "")
    for s, time, u, j, r, k, clicked, converted, at, grade, sure in columns:
        yield f"s{s:07d},{time},u{u:04d},j{j:06d},r{r:06d},{k},{flag[clicked]},{flag[converted]},{at},{grade},{sure}"


def _truth(world):
    log = world.log
    reachable = truth.in_chunks(world.truth.observables, log.role, log.job, log.snapshot)
    names = truth.Probabilities._fields
    return dict(zip(names, world.logged, strict=True)) | {
        f"{name}_reachable": values for name, values in zip(names, reachable, strict=True)
    }


def _iso(seconds):
    """ISO 8601 texts of times, list of str; '' for -1."""
    texts = np.datetime_as_string(np.asarray(seconds).astype("datetime64[s]")).tolist()
    return [text + "Z" if second >= 0 else "" for text, second in zip(texts, seconds.tolist(), strict=True)]


def _numbers(values):
    return ["" if value != value else f"{value:g}" for value in values.tolist()]


def _write(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def _write_npz(path, arrays):
    """np.savez without the time of day, which would make every file different."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue())
