"""A data folder as it is kept: its columns as arrays, and where each job and each resume stands in its file.

The log is an entry of its own, which who ranks has no need of. Its rows have the order of `Impressions`: those of a search are neighbours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minirank.data.column_names import FILES, JOB_KEYS, PROTECTED_FILE, RESUME_KEYS, WITHOUT_LOG
from minirank.data.folder.data_folder import DataFolder, Hires, our_record
from minirank.data.folder.impressions import Impressions
from minirank.data.folder.records import Records, column_of, places_of_lines
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.scratch import Scratch
from minirank.data.kept.store import FOLDER, Contents, Kept, data_bytes
from minirank.data.problems import Problems
from minirank.data.table.column_scratch import ColumnScratch, NoSpace
from minirank.errors import DataError, changed_while_read
from minirank.storage import BadJson, parse_json

KIND, LOG = "folder", "log"
TRUTH = "truth.npz"
KEYS: Mapping[str, tuple[dict, tuple[str, ...], tuple[str, ...]]] = {  # readers; texts and times that are known without parsing
    "jobs": (JOB_KEYS, ("job_id", "team_id"), ("posted_at",)),
    "resumes": (RESUME_KEYS, ("resume_id",), ("updated_at",)),
}
UNUSABLE = (Damaged, KeyError, OSError, ValueError)  # what an entry that another program wrote may raise
Names = dict[str, dict[str, str | None]]


def kept_folder(
    path: Path, names: Names, kept: Kept, needs_log: bool = True, mapped: bool = False
) -> tuple[Contents | None, DataFolder | None]:
    """What the files of a folder hold, and the folder where it was kept; None where one of them is not there or cannot be read.

    Args:
        needs_log: else the folder is given without, see `DataFolder.until`, and `contents` are those of the other files and of
            impressions.csv.
        mapped: as in `read_folder`.
    """
    wanted = [path / name for name in (*FILES.values(), PROTECTED_FILE)]
    try:
        contents = Contents.of(each for each in wanted if os.path.lexists(each))
        found = kept.read(path, KIND, _key(contents, names))
        if found is not None and not needs_log:
            with suppress(*UNUSABLE):
                return contents, _folder(path, names, contents, EntryReader(*found), Impressions.none(), None)
        contents = contents.with_files([path / TRUTH] if os.path.lexists(path / TRUTH) else [])
    except DataError:
        return None, None  # whoever reads the folder says why
    return contents, _with_log(path, names, contents, found, kept, mapped)


def _with_log(path: Path, names: Any, contents: Contents, found: tuple | None, kept: Kept, mapped: bool) -> DataFolder | None:
    """The folder of which `found` was kept, and its log; None where one of them was not."""
    scratch = room_for_columns(path) if mapped else None
    log = None if found is None else kept.read(path, LOG, _key(contents, names))
    if found is not None and log is not None:
        with suppress(*UNUSABLE):
            return _folder(path, names, contents, EntryReader(*found), *_log(EntryReader(*log), scratch))
    return None


def room_for_columns(path: Path) -> ColumnScratch | None:
    """Where the columns of a folder wait while it is read; None where nothing can be written."""
    with suppress(OSError):
        (path / FOLDER).mkdir(exist_ok=True)
        return ColumnScratch(path / FOLDER, lambda rows: None)
    return None


def keep_folder(folder: DataFolder, kept: Kept, mapped: bool = False) -> DataFolder:
    """Keep a folder that was read; the folder, without `contents` where its files have changed meanwhile.

    Args:
        mapped: as in `read_folder`.
    Raises:
        DataError: a file changed, and the folder is mapped.
    """
    if not mapped:
        return _keep(folder, kept)
    scratch, contents = room_for_columns(folder.path), folder.contents
    assert contents is not None
    with suppress(NoSpace, OSError):  # then it stays as it is
        folder = _keep(folder, kept, scratch)
        if folder.contents is not None:
            found = kept.read(folder.path, KIND, _key(folder.contents.without(TRUTH), folder.columns))
            return _with_log(folder.path, folder.columns, folder.contents, found, kept, mapped) or folder
    contents.check_unchanged()
    return folder


def _keep(folder: DataFolder, kept: Kept, scratch: Scratch | None = None) -> DataFolder:
    contents, entry, log = folder.contents, EntryWriter(), EntryWriter(scratch)
    assert contents is not None
    for file, (_, texts, times) in KEYS.items():
        records = getattr(folder, file)
        places = records.places if isinstance(records, Records) else places_of_lines(folder.path / FILES[file], folder.lines[file])
        if places is None:
            return folder
        for name, values_of in zip(("begins", "ends"), places):
            entry.column(f"{file}.{name}", values_of)
        for key in texts:
            entry.texts(f"{file}.{key}", column_of(records, key))
        for key in times:
            entry.column(f"{file}.{key}", np.array(column_of(records, key), np.int64))
    entry.texts("recruiters", list(folder.recruiters))
    entry.texts("recruiters.role", list(folder.recruiters.values()))
    entry.column("hires.job", folder.hires.job)
    entry.texts("hires.resume_id", folder.hires.resume_id)
    entry.column("hires.hired_at", folder.hires.hired_at)
    for field in fields(Impressions):
        if field.name == "search_id":
            log.texts("search_id", folder.impressions.search_id)
        else:
            log.column(field.name, getattr(folder.impressions, field.name))
    for name, array in (folder.truth or {}).items():
        log.column(f"truth.{name}", array)
    entry.about |= {"files": [path.name for path in folder.files], "roles": folder.roles, "until": folder.until}
    log.about |= {"truth": None if folder.truth is None else list(folder.truth)}
    if not contents.are_unchanged():
        return DataFolder(**{each.name: getattr(folder, each.name) for each in fields(DataFolder) if each.name != "contents"})
    for kind, of, made in ((KIND, contents.without(TRUTH), entry), (LOG, contents, log)):
        kept.write(folder.path, kind, _key(of, folder.columns), made.arrays, made.about, data_bytes(folder.path))
    return folder


def _key(contents: Contents, names: Mapping[str, Mapping[str, str | None]]) -> dict[str, Any]:
    return {"files": contents.names(), "columns": names}


def _log(entry: EntryReader, scratch: ColumnScratch | None) -> tuple[Impressions, dict[str, np.ndarray] | None]:
    def unpacked(name: str) -> np.ndarray:
        packed = entry.column(name)
        if scratch is not None and packed.kind != "raw":
            with suppress(NoSpace):  # then it is in memory
                return scratch.put(packed.rows())
        return packed.rows()

    shown = {field.name: unpacked(field.name) for field in fields(Impressions) if field.name != "search_id"}
    truth = None if entry.about["truth"] is None else {name: unpacked(f"truth.{name}") for name in entry.about["truth"]}
    return Impressions(**shown, search_id=entry.texts("search_id")), truth


def _folder(
    path: Path, names: Names, contents: Contents, entry: EntryReader, shown: Impressions, truth: dict[str, np.ndarray] | None
) -> DataFolder:
    files = tuple(path / name for name in entry.about["files"])
    has_hires = path / FILES["hires"] in files
    records = {}
    for file, (_, texts, times) in KEYS.items():
        begins, ends = (entry.column(f"{file}.{name}").rows() for name in ("begins", "ends"))
        columns: dict[str, Any] = {key: entry.texts(f"{file}.{key}") for key in texts}
        columns |= {key: entry.column(f"{file}.{key}").rows().tolist() for key in times}
        records[file] = Records(path / FILES[file], begins, ends, _reader(file, names, has_hires), columns)
    hires = Hires(entry.column("hires.job").rows(), tuple(entry.texts("hires.resume_id")), entry.column("hires.hired_at").rows())
    recruiters = dict(zip(entry.texts("recruiters"), entry.texts("recruiters.role")))
    found = (path, files, records["jobs"], records["resumes"], recruiters, tuple(entry.about["roles"]), hires)
    return DataFolder(*found, shown, truth, int(entry.about["until"]), {}, contents, names)


def with_records(folder: DataFolder, names: Names) -> DataFolder | None:
    """A folder of which some keys are known, with the lines themselves; None where they are ended in a way that is no other file's."""
    found: dict[str, Any] = {}
    has_hires = folder.path / FILES["hires"] in folder.files
    for file in KEYS:
        known, path = getattr(folder, file), folder.path / FILES[file]
        places = places_of_lines(path, folder.lines[file])
        if places is None:
            return None
        found[file] = Records(path, *places, _reader(file, names, has_hires), known.columns)
    return replace(folder, **found)


def _reader(file: str, names: Names, has_hires: bool) -> Callable[[bytes, int], dict[str, Any]]:
    """What reads a line of jobs or resumes."""
    return partial(_record, file, names[file], KEYS[file][0], {} if has_hires else WITHOUT_LOG[file])


def _record(file: str, names: dict, readers: dict, defaults: Mapping[str, Any], line: bytes, place: int) -> dict[str, Any]:
    """A line that was read before.

    Raises:
        DataError: it is another one now.
    """
    problems = Problems()
    try:
        record = our_record(parse_json(line.strip()), file, names, readers, defaults, problems, place + 1)
    except (BadJson, AttributeError, TypeError):
        record = None
    if record is None:
        raise changed_while_read(FILES[file])
    return record
