"""Writing a world as a data folder, byte for byte the same for the same configuration."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import methodcaller
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minirank.errors import MinirankError
from minirank.extract.made_files import EXTRACTED, MADE_FILE
from minirank.locking import LOCK, working_in
from minirank.storage import remove, sync_folder, write_atomic

from . import truth

TRUTH = "truth.npz"
WORLD_FILES = tuple("world.json jobs.jsonl resumes.jsonl recruiters.csv hires.csv protected.csv impressions.csv".split()) + (TRUTH,)


def row_of_id(letter: str, name: str) -> int:
    """Row behind an id such as j000017.

    Raises:
        ValueError: no id of this kind.
    """
    if name[:1] != letter or not name[1:].isdigit():
        raise ValueError(name)
    return int(name[1:])


def write_world(world: Any, path: Path) -> Path:
    """Write all files of a `World` into a new folder.

    Raises:
        MinirankError: see `new_folder`.
    """
    with new_folder(path) as draft:
        write_files(world, draft)
    return path


@contextmanager
def new_folder(path: Path, say: Callable[[str], None] = lambda text: None) -> Iterator[Path]:
    """A folder beside `path` for the files of a world; once they are written it gets the name `path`.

    Args:
        say: told where the file system has no locks.
    Raises:
        MinirankError: `path` exists and is not empty, another process is making it, or it cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise MinirankError(f"{path} exists and is not an empty folder; choose another name or remove it")
    place = Path(os.path.realpath(path))
    if place in (Path.cwd(), *Path.cwd().parents):
        raise MinirankError(f"{path} is the folder that this command runs in; give the name of a new one")
    draft = place.with_name(f".{place.name}.part")
    if draft.is_symlink() or (draft.is_dir() and any(draft.iterdir()) and not (draft / LOCK).exists()):
        raise MinirankError(f"{draft} is in the way, and was not made by minirank; choose another name or move it")
    try:
        with working_in(draft, "minirank simulate", say, path):
            _remove_files(draft)  # of a process that was killed
            try:
                yield draft
                if place.exists():
                    place.rmdir()
                draft.rename(place)
                remove(place / LOCK)
                sync_folder(place.parent)
            finally:
                _remove_files(draft)
    except OSError as error:
        raise MinirankError(f"cannot write {path}: {error.strerror or error}; check the path and the space") from error


def _remove_files(draft: Path) -> None:
    for name in (*WORLD_FILES, *EXTRACTED, MADE_FILE):
        remove(draft / name)
        remove(draft / f".{name}.part")


def write_files(world: Any, folder: Path, propensities: bool = False) -> None:
    """Write all files of a `World` into a folder.

    Args:
        propensities: whether impressions.csv has them as a column.
    Raises:
        RunError: one cannot be written.
    """
    texts = _texts(world)
    if propensities:
        column = ["propensity", *(f"{chance:.6g}" for chance in world.propensities.tolist())]
        texts["impressions.csv"] = (f"{line},{chance}" for line, chance in zip(texts["impressions.csv"], column, strict=True))
    for name, lines in texts.items():
        write_atomic(folder / name, methodcaller("writelines", (f"{line}\n".encode() for line in lines)))
    write_atomic(folder / TRUTH, lambda stream: _write_npz(stream, _truth(world)))


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
