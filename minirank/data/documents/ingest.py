"""A folder of documents into jobs.jsonl and resumes.jsonl of a data folder, and beside them what was found in each document."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from minirank.data.column_names import FILES
from minirank.data.documents.document import WHYS, Document, Unreadable
from minirank.data.documents.pool import Answer, read_files
from minirank.data.values import BadValue, identifier
from minirank.errors import DataError
from minirank.storage import write_text
from minirank.terminal import json_text

KINDS = ("jobs", "resumes")
REPORTS = {"jobs": "job_documents.jsonl", "resumes": "resume_documents.jsonl"}
LONGEST_TITLE = 200  # characters
LEADS_OUT = Unreadable("a link that leads out of the folder", remedy="put the document itself there")
EARLIEST = 1990  # a document's date before that is a clock that was not set


@dataclass
class Ingested:
    """What became of the documents of one kind.

    Args:
        kind: `jobs` or `resumes`.
        records: lines of jobs.jsonl or resumes.jsonl.
        documents: lines of the report: `file` and `id` with `hidden` and `notes`, or `problem`, why it was not read, and `remedy`.
    """

    kind: str
    records: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)

    @property
    def with_hidden(self) -> list[dict[str, Any]]:
        """The documents that were read, and have a text that a person does not see."""
        return [document for document in self.documents if document.get("hidden") and "problem" not in document]

    @property
    def not_read(self) -> list[dict[str, Any]]:
        """The files, or documents in them, that were not read."""
        return [document for document in self.documents if "problem" in document]


def find_files(folder: Path, kind: str | None = None) -> dict[str, list[Path]]:
    """The documents of a folder, sorted: all of one kind, or those in its subfolders jobs and resumes.

    Raises:
        DataError: there is no such folder, or nothing says what its documents are.
    """
    if not folder.is_dir():
        raise DataError("no such folder", file=folder, remedy="give the folder that holds the documents")
    if kind is not None:
        found = {kind: _files_in(folder)}
    else:
        beside = sorted(each for each in folder.iterdir() if each.is_dir() and each.name.casefold() in KINDS)
        if not beside:
            remedy = "put the documents into such folders, or add --as jobs or --as resumes"
            raise DataError("has neither a folder jobs nor a folder resumes", file=folder, remedy=remedy)
        found = {}
        for each in beside:
            found.setdefault(each.name.casefold(), []).extend(_files_in(each))
    if not any(found.values()):
        raise DataError("holds no document", file=folder, remedy="check the path")
    return found


def _files_in(folder: Path) -> list[Path]:
    """All files below a folder but those that programs leave: `.DS_Store`, `~$letter.docx`, `Thumbs.db`."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=lambda error: found.append(Path(error.filename))):  # told when it is read
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith((".", "~$")) and name not in ("Thumbs.db", "desktop.ini"):
                found.append(Path(place, name))
    return sorted(found)


def ingest(
    folder: Path, kind: str, files: Sequence[Path], keep: Collection[str] = (), count: Callable[[int, int, int], None] | None = None
) -> Ingested:
    """Read documents of one kind.

    Args:
        folder: their names are told from here. files: those to read.
        keep: hidden text of these kinds, keys of `WHYS`, is read like the rest.
        count: told how many are done, how many there are, and how many of them were not read.
    """
    made, failed = Ingested(kind), 0
    taken: dict[str, str] = {}
    outside = [leads_out(path, folder) for path in files]
    with closing(read_files([path for path, out in zip(files, outside) if not out])) as answers:
        for number, (path, out) in enumerate(zip(files, outside), 1):
            before = len(made.not_read)
            _add(made, path.relative_to(folder), LEADS_OUT if out else next(answers), keep, taken)
            failed += len(made.not_read) - before
            if count is not None:
                count(number, len(files), failed)
    return made


def _add(made: Ingested, path: Path, answer: Answer, keep: Collection[str], taken: dict[str, str]) -> None:
    """The documents of a file into the records and the report.

    Args:
        taken: id -> the file that has it.
    """
    name = printable_name(str(path))
    documents: Sequence[Document | Unreadable] = [answer] if isinstance(answer, Unreadable) else answer
    for number, document in enumerate(documents, 1):
        place = {"file": name} | ({"number": number} if len(documents) > 1 else {})
        try:
            if isinstance(document, Unreadable):
                raise document
            record = _record(made.kind, path, document, keep, number if len(documents) > 1 else None)
            key = record[f"{made.kind[:-1]}_id"]
            if key in taken:
                raise Unreadable(f"its id {key} is that of {taken[key]}", remedy="keep one of the two, or rename it")
        except Unreadable as error:
            unseen = {"hidden": _told(document)} if isinstance(document, Document) and document.hidden else {}
            made.documents.append(place | {"problem": error.problem, "remedy": error.remedy} | unseen)
            continue
        taken[key] = name
        made.records.append(record)
        made.documents.append(place | {"id": key, "hidden": _told(document), "notes": list(document.notes)})


def _told(document: Document) -> list[dict[str, str]]:
    """The hidden texts of a document, for the report."""
    return [asdict(hidden) for hidden in document.hidden]


def _record(kind: str, path: Path, document: Document, keep: Collection[str], number: int | None) -> dict[str, Any]:
    """A line of jobs.jsonl or resumes.jsonl.

    Raises:
        Unreadable: it has no text, or is of the other kind.
    """
    fields = document.fields
    if fields.get("kind", kind) != kind:
        raise Unreadable(f"is one of {fields['kind']}, in a folder of {kind}", remedy=f"move it to {fields['kind']}")
    kept = [hidden.text for hidden in document.hidden if hidden.why in keep]
    text = "\n".join([document.text, *kept]).strip()
    if not text and not document.hidden:
        raise Unreadable("no text in it")
    if not text:
        ocr = any(hidden.why == "ocr" for hidden in document.hidden)
        remedy = "read it with --keep-hidden ocr where you trust the files" if ocr else "see the report"
        raise Unreadable(f"all its text is {'; '.join(sorted({WHYS[hidden.why] for hidden in document.hidden}))}", remedy=remedy)
    own = fields.get("id", "").strip()
    key = own or identifier_of(path, kind) + ("" if number is None else f"#{number}")
    try:
        identifier(key)
    except BadValue as error:
        where = "its id" if own else "its name as an id"
        raise Unreadable(f"{where}: {error}", remedy="rename it" if not own else error.remedy) from None
    date = certain_date(fields.get("date"))
    given = {"location": fields.get("location"), "team_id": fields.get("team_id")}
    if kind == "jobs":
        record = {"job_id": key, "title": fields.get("title") or first_line(text), "description": text, "posted_at": date} | given
    else:
        record = {"resume_id": key, "text": text, "updated_at": date, "location": given["location"]}
    return {name: value for name, value in record.items() if value is not None}


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a file is a link to one outside the folder, which whoever sent the documents may have chosen."""
    return path.is_symlink() and path.exists() and folder.resolve() not in path.resolve().parents


def printable_name(name: str) -> str:
    """A file's name as a text: composed, since systems differ, and with \\x.. for bytes that are no UTF-8."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "backslashreplace"))


def identifier_of(path: Path, kind: str) -> str:
    """The id of a document: its place below the folder, or below that of its kind, without its suffix, such as `2024/anna_b`: `_` stands
    in the place of blanks, which an id of a TREC run must not have."""
    if len(path.parts) > 1 and path.parts[0].casefold() == kind:
        path = path.relative_to(path.parts[0])
    return "_".join(printable_name(path.with_suffix("").as_posix()).split())


def first_line(text: str) -> str:
    """The first line of a text, as a title."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:LONGEST_TITLE]


def certain_date(text: str | None) -> str | None:
    """A document's date, where it is one that can be: not before 1990, not in the future."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    known = time if time.tzinfo else time.replace(tzinfo=UTC)
    return text if known.year >= EARLIEST and known <= datetime.now(UTC) else None


def write(made: Iterable[Ingested], data: Path) -> list[Path]:
    """Write the records and the reports; each file is whole or as it was. Returns what was written."""
    written = []
    for each in made:
        for name, lines in ((REPORTS[each.kind], each.documents), (FILES[each.kind], each.records)):
            write_text(data / name, "".join(json_text(line) + "\n" for line in lines))
            written.append(data / name)
    return written
