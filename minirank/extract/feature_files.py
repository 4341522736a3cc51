"""Extraction of a whole data folder, and reading it back.

job_features.jsonl, resume_features.jsonl   one line a job, a snapshot of a resume
extraction.json                             what made them, rules or a model, with which gazetteer; how much was masked; checksums
"""

from __future__ import annotations

import json
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

import numpy as np

from minirank import __version__
from minirank.data.column_names import FILES, TEXTS
from minirank.data.folder.records import Records, column_of
from minirank.data.kept.array_file import Damaged
from minirank.data.kept.entry import EntryReader, EntryWriter
from minirank.data.kept.store import NOTHING_KEPT, Contents, Kept, data_bytes
from minirank.data.values import MISSING_TIME
from minirank.errors import DataError
from minirank.extract.feature_records import FeatureRecords, line_of_features, scan_columns, scan_places
from minirank.extract.in_processes import read_on_ranks
from minirank.extract.made_files import JOB_FILE, RESUME_FILE, noted
from minirank.extract.schema import JobFeatures, ResumeFeatures, named
from minirank.parallel.ranks import ALONE, Ranks
from minirank.progress import counted
from minirank.storage import BadJson, parse_json, write_atomic

if TYPE_CHECKING:
    from minirank.data import DataFolder
    from minirank.extract.rules.gazetteer import Gazetteer
    from minirank.extract.rules.open_forms import ModelMarks

_REMEDY = "run `minirank extract DATA`"
KIND = "features"


@dataclass(frozen=True)
class Features:
    """What extraction found in a data folder.

    Args:
        jobs: list of JobFeatures, aligned with `DataFolder.jobs`.
        resumes: list of ResumeFeatures, one a snapshot, aligned with `DataFolder.resumes`. Where they were kept, both are `Records`, which
            know the `title` of jobs without parsing.
    """

    jobs: Sequence[JobFeatures]
    resumes: Sequence[ResumeFeatures]


def extract_folder(folder: DataFolder, progress: Callable[[int, int], None] | None = None, gazetteer: Gazetteer | None = None) -> Features:
    """Extract every job and every snapshot of a resume by rules, and write the features beside the data.

    Args:
        folder: DataFolder.
        progress: called with (done, total) as texts are done, or None.
        gazetteer: Gazetteer whose labels are skills too, or None.
    Returns: Features.
    Raises:
        RunError: a file cannot be written.
    """
    read = extract_by_rules(folder, progress, gazetteer)
    assert read is not None
    features, _ = read
    return Features(list(features.jobs), list(features.resumes))


def extract_by_rules(
    folder: DataFolder, progress: Callable[[int, int], None] | None = None, gazetteer: Gazetteer | None = None, ranks: Ranks = ALONE
) -> tuple[Features, Counter] | None:
    """`extract_folder`, whose features are `Records` of the files, which are parsed when they are asked for; and `counts_of` all.

    Each process writes out what it reads: the lines are all that this one is told, and it writes them as they come. Each of several
    ranks reads some texts; rank 0 writes the files, and the others get None.
    """
    jobs, count = len(folder.jobs), len(folder.jobs) + len(folder.resumes)

    def read(place: int) -> Line:
        if place < jobs:
            return _line_of(job_by_rules(folder.jobs[place], gazetteer))
        return _line_of(resume_by_rules(folder.resumes[place - jobs], gazetteer))

    found = read_on_ranks(read, count, lambda done: None if progress is None else progress(done, count), ranks)
    if not ranks.is_first:
        deque(found, 0)
        return None
    return _write(folder, (islice(found, jobs), found), None, gazetteer)


def counts_of(found: JobFeatures | ResumeFeatures) -> Counter:
    """How much was found: of jobs the skills ("asked") and those in words of their own ("own words"), of resumes the skills ("held"), of
    both the masked spans as ("masked", kind)."""
    counts: Counter = Counter(("masked", mask.kind) for mask in found.masked)
    if isinstance(found, JobFeatures):
        asked = (*found.must_have, *found.nice_to_have)
        counts["asked"] += len(named(asked))
        counts["own words"] += len(asked) - len(named(asked))
    else:
        counts["held"] += len(found.skills)
    return counts


def job_by_rules(job: dict, gazetteer: Gazetteer | None = None, marks: ModelMarks | None = None) -> JobFeatures:
    """JobFeatures of a line of jobs.jsonl, with its id; `marks` of a model as `extract_job` takes them."""
    from minirank.extract.rules.extract_rules import extract_job

    return replace(extract_job(job["title"], job["description"], gazetteer, job.get("posted_at"), marks), job_id=job["job_id"])


def resume_by_rules(resume: dict, gazetteer: Gazetteer | None = None, marks: ModelMarks | None = None) -> ResumeFeatures:
    """ResumeFeatures of a line of resumes.jsonl, with its ids; one without a time is as of now. `marks` as above."""
    from minirank.extract.rules.extract_rules import extract_resume

    known = resume["updated_at"]
    found = extract_resume(resume["text"], int(time.time()) if known == MISSING_TIME else known, gazetteer, marks)
    return replace(found, resume_id=resume["resume_id"], updated_at=iso_time(known))


def write_features(folder: DataFolder, features: Features, model: str | None = None, gazetteer: Gazetteer | None = None) -> None:
    """Write the files, each atomically: whoever reads finds the old one or the new one.

    Args:
        folder: DataFolder.
        features: Features aligned with it.
        model: that read the texts; None for the rules.
        gazetteer: Gazetteer that was used, or None.
    Raises:
        RunError: a file cannot be written.
    """
    _write(folder, (map(_line_of, features.jobs), map(_line_of, features.resumes)), model, gazetteer)


class Line(NamedTuple):
    """A line of a file, the title in it, and `counts_of` its features."""

    content: bytes
    title: Any
    counts: Counter


def _line_of(found: JobFeatures | ResumeFeatures) -> Line:
    """ASCII with escapes: a lone surrogate in a quote is read back as it was."""
    return Line(f"{json.dumps(found.to_json())}\n".encode(), _title(found), counts_of(found))


def _title(found: JobFeatures | ResumeFeatures) -> Any:
    return None if found.title is None else found.title.value


def _write(
    folder: DataFolder, lines: tuple[Iterable[Line], Iterable[Line]], model: str | None, gazetteer: Gazetteer | None
) -> tuple[Features, Counter]:
    """Write the lines of both files as they come; they take their places once all are there."""
    counts, path, names = Counter[Any](), Path(folder.path), (JOB_FILE, RESUME_FILE)
    sizes, titles = (array("q"), array("q")), cast(tuple[list, list], ([], []))
    known: dict[Any, Any] = {}  # of each title one object

    def write(which: int, stream: BinaryIO) -> None:
        for line in lines[which]:
            stream.write(line.content)
            sizes[which].append(len(line.content))
            titles[which].append(known.setdefault(line.title, line.title))
            counts.update(line.counts)

    with ExitStack() as stack:

        def write_resumes(stream: BinaryIO) -> None:
            write(1, stream)
            texts = folder.contents or Contents.of(each for each in (path / name for name in TEXTS) if each.is_file())
            made = {
                "minirank": __version__,
                "by": "rules" if model is None else "llm",
                "model": model,
                "gazetteer": None if gazetteer is None else {"labels": gazetteer.size} | (gazetteer.origin or {}),
                "masked": masked_kinds(counts),
                "texts": dict(texts.named(*TEXTS).names()),
            }
            stack.enter_context(noted(path, names, made))

        def write_jobs(stream: BinaryIO) -> None:
            write(0, stream)
            write_atomic(path / RESUME_FILE, write_resumes)

        write_atomic(path / JOB_FILE, write_jobs)
    records = []
    for name, kind, of_file, of_titles in zip(names, (JobFeatures, ResumeFeatures), sizes, titles):
        size = np.array(of_file, np.int64)
        ends = np.cumsum(size)
        records.append(Records(path / name, ends - size, ends, partial(line_of_features, name, kind), {"title": of_titles}))
    return Features(*records), counts


def all_counts(features: Features) -> Counter:
    """`counts_of` all jobs and resumes."""
    counts: Counter = Counter()
    for part in (features.jobs, features.resumes):
        for found in part:
            counts.update(counts_of(found))
    return counts


def masked_kinds(counts: Counter) -> dict[str, int]:
    """How many spans were masked in jobs and resumes, by kind, of `counts_of`."""
    return dict(sorted((key[1], count) for key, count in counts.items() if isinstance(key, tuple)))


def read_features(folder: DataFolder, kept: Kept = NOTHING_KEPT, sources: Contents | None = None, mapped: bool = False) -> Features:
    """The features that extraction wrote beside the data.

    Args:
        folder: DataFolder.
        kept: reads where each stands in the very same files, and keeps that for the next time.
        sources: of the folder and of these files, where they are at hand.
        mapped: they are given as `FeatureRecords`, which hold none of them in memory.
    Returns: Features aligned with its jobs and resumes.
    Raises:
        DataError: a file is missing, damaged, or was made from other jobs or resumes.
    """
    if kept.used and folder.contents is not None and sources is None:
        with suppress(DataError):
            sources = folder.contents.with_files(folder.path / name for name in (JOB_FILE, RESUME_FILE))
    if sources is not None:
        sources = sources.without(FILES["impressions"], "truth.npz")  # which say nothing of texts
        found = kept.read(folder.path, KIND, _key(folder, sources))
        with suppress(Damaged, KeyError, OSError, ValueError):
            if found is not None:
                return _kept_features(folder, EntryReader(*found))
    of_jobs = [(each,) for each in column_of(folder.jobs, "job_id")]
    jobs, places = _read(folder, JOB_FILE, JobFeatures, of_jobs, ("job_id",), _title if mapped else None)
    titles = jobs if mapped else [_title(job) for job in jobs]
    read = {JOB_FILE: FeatureRecords(folder.path / JOB_FILE, *places, JobFeatures, {"title": titles})}
    wanted = list(zip(column_of(folder.resumes, "resume_id"), map(iso_time, column_of(folder.resumes, "updated_at"))))
    scanned = (scan_places if mapped else scan_columns)(folder.path / RESUME_FILE, wanted)
    resumes: Any = scanned
    if scanned is None:
        keys = "resume_id", "updated_at"
        resumes, places = _read(folder, RESUME_FILE, ResumeFeatures, wanted, keys, _nothing if mapped else None)
        scanned = FeatureRecords(folder.path / RESUME_FILE, *places, ResumeFeatures)
    read[RESUME_FILE] = scanned
    if sources is not None:
        _keep(folder, kept, sources, titles, read)
    if mapped:
        return Features(read[JOB_FILE], scanned)
    return Features(jobs, resumes)


def _keep(folder: DataFolder, kept: Kept, sources: Contents, titles: Sequence[Any], read: Mapping[str, FeatureRecords]) -> None:
    entry = EntryWriter()
    for name, records in read.items():
        for which, bytes_of in zip(("begins", "ends"), records.places):
            entry.column(f"{name}.{which}", bytes_of)
    entry.column("titled", np.array([title is not None for title in titles], np.int32))
    entry.texts("title", ["" if title is None else str(title) for title in titles])
    if sources.are_unchanged():
        kept.write(folder.path, KIND, _key(folder, sources), entry.arrays, entry.about, data_bytes(folder.path))


def _key(folder: DataFolder, sources: Contents) -> dict[str, Any]:
    return {"files": sources.names(), "columns": folder.columns}


def _kept_features(folder: DataFolder, entry: EntryReader) -> Features:
    titled = entry.column("titled").rows().tolist()
    titles = {"title": [title if there else None for title, there in zip(entry.texts("title"), titled)]}
    found: list[Any] = []
    for name, kind, columns in ((JOB_FILE, JobFeatures, titles), (RESUME_FILE, ResumeFeatures, {})):
        begins, ends = (entry.column(f"{name}.{which}").rows() for which in ("begins", "ends"))
        found.append(FeatureRecords(folder.path / name, begins, ends, kind, columns))
    return Features(*found)


def iso_time(seconds: int) -> str | None:
    """ISO 8601 form, UTC, of int seconds since the epoch; None of MISSING_TIME."""
    return None if seconds == MISSING_TIME else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _nothing(found: Any) -> None:
    return None


def _read(
    folder: DataFolder,
    name: str,
    kind: type[JobFeatures] | type[ResumeFeatures],
    wanted: list[tuple],
    ids: tuple[str, ...],
    hold: Callable[[Any], Any] | None = None,
) -> tuple[list, tuple[np.ndarray, np.ndarray]]:
    """The features of each of `wanted`, or what `hold` makes of them, and where their lines begin and end in bytes."""
    path = Path(folder.path) / name
    found, at = {}, 0
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(counted(f"reading {name}", file, len(wanted), "lines"), start=1):
                text = line.decode("utf-8")
                try:
                    item = kind.from_json(parse_json(text))
                except BadJson as error:
                    raise DataError(error.problem, file=name, line=number, remedy=_REMEDY) from None
                except ValueError as error:
                    raise DataError(str(error), file=name, line=number, remedy=_REMEDY) from None
                key = tuple(getattr(item, key) for key in ids)
                found[key] = item if hold is None else hold(item), at, at + len(line)
                at += len(line)
    except FileNotFoundError:
        raise DataError("there are no extracted features yet", file=name, remedy=_REMEDY) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", file=name, remedy=_REMEDY) from None
    for key in wanted:
        if key not in found:
            raise DataError(f"no features of {ids[0]} {key[0]!r}: the data changed since extraction", file=name, remedy=_REMEDY + " again")
    begins, ends = (np.array([found[key][which] for key in wanted], np.int64) for which in (1, 2))
    return [found[key][0] for key in wanted], (begins, ends)
