"""Writing a world as a data folder, byte for byte the same for the same configuration."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, product
from operator import methodcaller
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minirank.errors import MinirankError
from minirank.extract.made_files import EXTRACTED, MADE_FILE
from minirank.locking import LOCK, working_in
from minirank.storage import remove, sync_folder, write_atomic

from .arrays import parts
from .searches import CONFIDENCE
from .truth import PAGE

TRUTH = "truth.npz"
SEARCHES = 1 << 11  # at a time
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
    for name, lines in _texts(world, propensities).items():
        write_atomic(folder / name, methodcaller("writelines", (f"{line}\n".encode() for line in lines)))
    write_atomic(folder / TRUTH, lambda stream: _write_npz(stream, _truth(world)))


def _texts(world: Any, propensities: bool) -> dict[str, Iterable[str]]:
    """Name of a file -> its lines."""
    roles = (f"u{row:04d},{world.roles[role]}" for row, role in enumerate(world.recruiter_role))
    groups = (f"r{row:06d},{'ab'[group]}" for row, group in enumerate(world.people.group))
    return {
        "world.json": [json.dumps(world.config.to_json(), indent=1)],
        "jobs.jsonl": _jobs(world),
        "resumes.jsonl": _resumes(world),
        "recruiters.csv": chain(["recruiter_id,role"], roles),
        "hires.csv": chain(["job_id,resume_id,hired_at"], _hires(world)),
        "protected.csv": chain(["resume_id,group"], groups),
        "impressions.csv": _impressions(world, propensities),
    }


def _jobs(world: Any) -> Iterator[str]:
    jobs, teams, cities = world.jobs, world.teams, world.book.names["cities"]
    for row, (posted, (title, description, _)) in enumerate(zip(_iso(jobs.posted_at), world.job_texts(), strict=True)):
        team = jobs.team[row]
        line = {"job_id": f"j{row:06d}", "team_id": f"t{team:05d}", "title": title, "description": description}
        yield json.dumps(line | {"posted_at": posted, "location": cities[teams.city[team]]}, ensure_ascii=False)


def _resumes(world: Any) -> Iterator[str]:
    people, cities = world.people, world.book.names["cities"]
    for row, (updated, (text, _)) in enumerate(zip(_iso(people.updated_at), world.resume_texts(), strict=True)):
        person = people.person[row]
        line = {"resume_id": f"r{person:06d}", "text": text, "updated_at": updated}
        yield json.dumps(line | {"location": cities[people.city[person]]}, ensure_ascii=False)


def _hires(world: Any) -> Iterator[str]:
    job, person, hired_at = world.hires
    for j, r, time in zip(job, person, _iso(hired_at), strict=True):
        yield f"j{j:06d},r{r:06d},{time}"


def _impressions(world: Any, propensities: bool) -> Iterator[str]:
    """Lines, the last column of which are propensities where these are asked for."""
    yield (
        "search_id,time,recruiter_id,job_id,resume_id,position,clicked,converted,converted_at,relevance,relevance_confidence"
        + propensities * ",propensity"
    )
    for rows in parts(world.log.size, PAGE * SEARCHES):
        shown, labels = world.log.rows(rows), world.labels.rows(rows)
        # SPEED: what the rows of a search share is written once, and labels are among a few hundred.
        shared = zip(*(each[::PAGE].tolist() for each in (shown.search, shown.recruiter, shown.job)), _iso(shown.time[::PAGE]), strict=True)
        heads = [f"s{s:07d},{time},u{u:04d},j{j:06d},r" for s, u, j, time in shared]
        grade = np.where(np.isnan(labels.relevance), 0, 1 + 4 * labels.relevance).astype(int)
        sure = np.searchsorted(CONFIDENCE, labels.confidence)  # len(CONFIDENCE) for NaN
        code = (labels.clicked + 1) * np.int64(72) + (labels.converted + 1) * np.int64(24) + grade * 4 + sure
        ends = [_LABELS[each] for each in code.tolist()]
        answered = np.flatnonzero(labels.converted_at >= 0)
        for row, time in zip(answered.tolist(), _iso(labels.converted_at[answered]), strict=True):
            ends[row] = ends[row].replace(",,", f",{time},", 1)
        if propensities:
            ends = [f"{end},{chance:.6g}" for end, chance in zip(ends, world.propensities[rows].tolist(), strict=True)]
        people = world.people.person[shown.snapshot].tolist()
        search = (shown.search - shown.search[0]).tolist()
        for i, person, k, end in zip(search, people, shown.position.tolist(), ends, strict=True):
            yield f"{heads[i]}{person:06d},{k},{end}"


_FLAGS, _GRADES = ("", "0", "1"), ("", *(f"{quarter / 4:g}" for quarter in range(5)))
# clicked,converted,converted_at,relevance,relevance_confidence of a row that was not answered
_LABELS = [
    f"{clicked},{converted},,{grade},{sure}"
    for clicked, converted, grade, sure in product(_FLAGS, _FLAGS, _GRADES, (*(f"{each:g}" for each in CONFIDENCE), ""))
]


def _truth(world: Any) -> dict[str, np.ndarray]:
    return world.logged._asdict() | {f"{name}_reachable": values for name, values in world.reachable._asdict().items()}


def _iso(seconds: np.ndarray) -> Iterator[str]:
    """ISO 8601 texts of times."""
    for part in parts(len(seconds)):
        for text in np.datetime_as_string(np.asarray(seconds[part]).astype("datetime64[s]")).tolist():
            yield f"{text}Z"


def _write_npz(stream: BinaryIO, arrays: dict[str, np.ndarray]) -> None:
    """np.savez of (N,) arrays without the time of day, which would make every file different."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            begin = io.BytesIO()
            np.lib.format.write_array_header_1_0(begin, np.lib.format.header_data_from_array_1_0(array))
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.file_size = begin.tell() + array.nbytes
            with archive.open(entry, "w") as file:
                file.write(begin.getvalue())
                for rows in parts(len(array)):
                    file.write(array[rows].tobytes())
