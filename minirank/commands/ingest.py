"""ingest: documents as people have them, into the jobs and resumes of a data folder."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.documents.document import WHYS
from ..terminal import show
from .option_types import Commands

if TYPE_CHECKING:
    from ..data.documents.ingest import Ingested

SHOWN = 100  # characters of a hidden text


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    ingest = commands.add_parser(
        "ingest",
        help="read PDF, DOCX, HTML ... into the jobs and resumes of a data folder",
        description="Reads the documents in FOLDER/jobs and FOLDER/resumes, or with --as all of FOLDER, into jobs.jsonl and "
        "resumes.jsonl. A document's id is its path there without the suffix, _ for blanks. What is in a file and cannot be seen on its "
        "pages is reported and left out. A file that cannot be read costs one line; where none can, or with --strict one cannot, the exit "
        'status is 1. Each is read in a process of its own, in at most 30 s and 1 GB. Needs pip install -e ".[documents]".',
    )
    ingest.add_argument("folder", metavar="FOLDER", help="the documents; its subfolders are read, too")
    ingest.add_argument("--out", required=True, metavar="DATA", help="the data folder; made where it does not exist")
    ingest.add_argument("--as", dest="kind", choices=("jobs", "resumes"), help="what the documents are, where no subfolder says so")
    kinds = ", ".join(f"{name} ({why})" for name, why in WHYS.items())
    ingest.add_argument("--keep-hidden", nargs="+", default=(), metavar="KIND", choices=(*WHYS, "all"), help=f"read it, too: all, {kinds}")
    ingest.add_argument("--force", action="store_true", help="write over the jobs.jsonl or resumes.jsonl that is there")
    ingest.add_argument("--strict", action="store_true", help="exit with 1 where any document was not read")
    ingest.set_defaults(run=run_ingest)


def run_ingest(options: Namespace) -> int:
    """Read the documents, write the files, say what was found; 1 where nothing could be read."""
    from ..data.documents.ingest import find_files, ingest, write
    from ..locking import working_in
    from ..progress import Progress

    folder, data = Path(options.folder), Path(options.out)
    found = find_files(folder, options.kind)
    _check(folder, data, found, options.force)
    keep = tuple(WHYS) if "all" in options.keep_hidden else options.keep_hidden
    progress = Progress(sys.stderr, unit="documents")
    with working_in(data, "minirank ingest", progress.say):
        made = []
        for kind, files in found.items():
            progress.begin(0)
            made.append(ingest(folder, kind, files, keep, progress.count))
        read = [each for each in made if each.records]
        for each in made:
            _print(each, options.keep_hidden)
        written = write(read, data)
    if not read:
        show("nothing was written: no document could be read")
        return 1
    show(f"wrote {', '.join(path.name for path in written)} to {data}", f"next: {shlex.join(['minirank', 'validate', str(data)])}")
    return 1 if options.strict and any(each.not_read for each in made) else 0


def _check(folder: Path, data: Path, kinds: dict[str, list[Path]], force: bool) -> None:
    """Refuse to write among the documents, or over what is there.

    Raises:
        RunError: names the folder or file.
    """
    from ..data.column_names import FILES
    from ..data.documents.ingest import REPORTS
    from ..errors import RunError
    from .output_files import check_place

    inside, place = folder.resolve(), data.resolve()
    if place == inside or inside in place.parents:
        raise RunError(f"--out {data}: lies among the documents, and would be read as one of them; choose a folder outside {folder}")
    check_place("--out", data)
    for kind in kinds:
        for name in (FILES[kind], REPORTS[kind]):
            if (data / name).exists() and not force:
                raise RunError(f"{data / name}: exists; choose another folder, or overwrite it with --force")


def _print(made: Ingested, keep: tuple[str, ...]) -> None:
    """What was read, what a person does not see, and what was not read."""
    hidden, not_read = made.with_hidden, made.not_read
    print(f"{made.kind}: {len(made.records):,} read, {len(hidden):,} of them with hidden text, {len(not_read):,} not read")
    for document in not_read:
        show(f"  not read: {_name(document)}: {document['problem']}" + (f"; {document['remedy']}" if document["remedy"] else ""))
    for document in hidden:
        for each in document["hidden"]:
            text = " ".join(each["text"].split())
            kept = "kept" if each["why"] in keep or "all" in keep else "left out"
            where = f"{each['where']}, " if each["where"] else ""
            show(f"  {kept}: {_name(document)}: {where}{each['why']}: {text if len(text) <= SHOWN else text[: SHOWN - 3] + '...'}")
    for document in made.documents:
        for note in document.get("notes", ()):
            show(f"  note: {_name(document)}: {note}")


def _name(document: dict) -> str:
    return document["file"] + (f" number {document['number']}" if "number" in document else "")
