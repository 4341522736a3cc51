"""Writing a world as a data folder, byte for byte the same for the same configuration."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from operator import methodcaller
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minirank.errors import MinirankError
from minirank.storage import sync_folder, write_atomic

from . import truth


def row_of_id(letter: str, name: str) -> int:
    """Row behind an id such as j000017.

    Raises:
        ValueError: no id of this kind.
    """
    if name[:1] != letter or not name[1:].isdigit():
        raise ValueError(name)
    return int(name[1:])


def write_world(world: Any, path: Path) -> Path:
    """Write all files of a `World` into a folder beside `path`, then give it its name.

    Raises:
        MinirankError: the folder exists and is not empty, or cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise MinirankError(f"{path} exists and is not an empty folder; choose another name or remove it")
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        for name, lines in _texts(world).items():
            write_atomic(draft / name, methodcaller("writelines", (f"{line}\n".encode() for line in lines)))
        write_atomic(draft / "truth.npz", lambda stream: _write_npz(stream, _truth(world)))
        if path.exists():
            path.rmdir()
        draft.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise MinirankError(f"cannot write {path}: {error.strerror or error}; check the path and the space") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return path


def _texts(world: Any) -> dict[str, Iterable[str]]:
    """Name of a file -> its lines."""
    roles = (f"u{row:04d},{world.roles[role]}" for row, role in enumerate(world.recruiter_role))
    hires = zip(world.hires.job.tolist(), world.hires.person.tolist(), _iso(world.hires.hired_at), strict=True)
    return {
        "world.json": [json.dumps(world.config.to_json(), indent=1)],
        "jobs.jsonl": _jobs(world),
        "resumes.jsonl": _resumes(world),
        "recruiters.csv": ["recruiter_id,role", *roles],
        "hires.csv": ["job_id,resume_id,hired_at", *(f"j{job:06d},r{person:06d},{time}" for job, person, time in hires)],
        "protected.csv": ["resume_id,group", *(f"r{row:06d},{'ab'[group]}" for row, group in enumerate(world.people.group))],
        "impressions.csv": _impressions(world),
    }


def _jobs(world: Any) -> Iterator[str]:
    jobs, teams, cities = world.jobs, world.teams, world.book.names["cities"]
    posted = _iso(jobs.posted_at)
    for row, (title, description, _) in enumerate(world.job_texts()):
        team = jobs.team[row]
        line = {"job_id": f"j{row:06d}", "team_id": f"t{team:05d}", "title": title, "description": description}
        yield json.dumps(line | {"posted_at": posted[row], "location": cities[teams.city[team]]}, ensure_ascii=False)


def _resumes(world: Any) -> Iterator[str]:
    people, cities = world.people, world.book.names["cities"]
    updated = _iso(people.updated_at)
    for row, (text, _) in enumerate(world.resume_texts()):
        person = people.person[row]
        line = {"resume_id": f"r{person:06d}", "text": text, "updated_at": updated[row]}
        yield json.dumps(line | {"location": cities[people.city[person]]}, ensure_ascii=False)


def _impressions(world: Any) -> Iterator[str]:
    log, labels = world.log, world.labels
    yield "search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence"
    numbers = (log.search, log.recruiter, log.job, world.people.person[log.snapshot], log.position, labels.clicked, labels.converted)
    texts = _iso(log.time), _iso(labels.converted_at), _numbers(labels.relevance), _numbers(labels.confidence)
    flag = ("0", "1", "")
    for s, u, j, r, k, clicked, converted, time, at, grade, sure in zip(*(array.tolist() for array in numbers), *texts, strict=True):
        yield f"s{s:07d},{time},u{u:04d},j{j:06d},r{r:06d},{k},{flag[clicked]},{flag[converted]},{at},{grade},{sure}"


def _truth(world: Any) -> dict[str, np.ndarray]:
    log, names = world.log, truth.Probabilities._fields
    reachable = truth.in_chunks(world.truth.observables, log.role, log.job, log.snapshot)
    return dict(zip(names, world.logged)) | {f"{name}_reachable": values for name, values in zip(names, reachable)}


def _iso(seconds: np.ndarray) -> list[str]:
    """ISO 8601 texts of times; '' for -1."""
    texts = np.datetime_as_string(np.asarray(seconds).astype("datetime64[s]")).tolist()
    return [text + "Z" if second >= 0 else "" for text, second in zip(texts, seconds.tolist(), strict=True)]


def _numbers(values: np.ndarray) -> list[str]:
    return ["" if value != value else f"{value:g}" for value in values.tolist()]


def _write_npz(stream: BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """np.savez without the time of day, which would make every file different."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
