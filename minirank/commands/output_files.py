"""What a command may write: never what it reads, nor what belongs to a run or a data folder; what is there already only with --force.

Names are compared by the files behind them: links, hard links and other spellings of a path are the same file. Pipes and devices,
/dev/stdout among them, take what they are given.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from ..data.column_names import FILES
from ..errors import RunError
from ..extract.made_files import EXTRACTED, GRADES_FILE, MADE_FILE, not_ours
from ..locking import LOCK, holder, working_in
from ..progress import Progress
from ..run.folder import CONFIG, OURS, STAGED, is_run
from ..simulate.write_folder import WORLD_FILES
from ..storage import is_stream
from .extract import STORE

DATA = {*FILES.values(), *WORLD_FILES, MADE_FILE, *EXTRACTED, GRADES_FILE}
CHOOSE = "choose another name"


def check_output(option: str, path: str | Path, reads: Iterable[str | Path | None] = (), force: bool = False, grows: bool = False) -> Path:
    """Refuse a file that must not be written, before any work is done for it.

    Args:
        option: that names it, for the message.
        reads: the files that the command reads; None among them is none.
        force: overwrite a file that is there.
        grows: a file that is there is continued, not overwritten.
    Returns:
        The path.
    Raises:
        RunError: says what lies there.
    """
    path = Path(path)
    named, place = f"{option} {path}", Path(os.path.realpath(path))
    for read in reads:
        if read is not None and any(same_file(each, read) for each in (place, place.parent / f".{place.name}.part")):
            raise RunError(f"{named}: this command reads {read}, which would be overwritten; {CHOOSE}")
    if is_stream(path):
        return path
    check_place(option, path)
    if place.is_dir():
        raise RunError(f"{named}: is a folder; name a file")
    if os.path.lexists(place) and not place.is_file():
        raise RunError(f"{named}: is neither a file nor a pipe; {CHOOSE}")
    if place.exists() and not (force or grows):
        raise RunError(f"{named}: exists; {CHOOSE}, or overwrite it with --force")
    if not place.parent.is_dir() and not grows:
        raise RunError(f"{named}: cannot be written: {place.parent} is no folder; make it, or {CHOOSE}")
    if place.parent.is_dir() and not os.access(place.parent, os.W_OK):
        raise RunError(f"{named}: cannot be written: no permission to write in {place.parent}; {CHOOSE}")
    return path


def check_place(option: str, path: str | Path) -> None:
    """Refuse a file or a folder in the place of one of a run or a data folder, those that may come to be there included.

    Args:
        option: that names it, for the message.
    Raises:
        RunError: says what the place is for.
    """
    named, place = f"{option} {path}".lstrip(), Path(os.path.realpath(path))
    folder, name = place.parent, place.name.casefold()
    if STAGED in place.parts or (name.startswith(".") and name.endswith(".part")):
        raise RunError(f"{named}: minirank keeps unfinished files under such names; {CHOOSE}")
    if name in OURS | {LOCK} and (is_run(folder) or holder(folder) is not None):
        raise RunError(f"{named}: belongs to the run {folder}; {CHOOSE}")
    if name in DATA | {LOCK} and any((folder / each).exists() for each in FILES.values()):
        raise RunError(f"{named}: belongs to the data folder {folder}; {CHOOSE}")


def check_run_folder(folder: Path, config: str | Path, reads: Iterable[str | Path | None]) -> None:
    """Refuse a folder for a run whose files would take the place of what the training reads.

    Args:
        config: the configuration; that of a run may be trained again in its place.
        reads: the other files.
    Raises:
        RunError: names the file.
    """
    place = Path(os.path.realpath(folder))
    check_place("--run", folder)
    own = is_run(place) and same_file(place / CONFIG, config)
    for read in (*reads, None if own else config):
        if read is not None and any(same_file(place / name, read) for name in OURS):
            raise RunError(f"{folder}: the run would overwrite {read}, which this command reads; choose another folder")


@contextmanager
def writing_beside(options: Namespace, command: str, names: Sequence[str], *reads: str | Path | None) -> Iterator[None]:
    """Be the one command that writes files beside the data, where its options let it write them, the store and the recording.

    Args:
        options: of `extract` or `grade`. names: of the files. reads: what the command reads beside the data, its
            configuration and the answers that options name.
    Raises:
        RunError: names the file that is in the way, or who is at work.
    """
    data = Path(options.data)
    reads = (*reads, options.config, options.replay, *(options.batch_in or ()))
    files = [*files_of_data(data), *reads]
    if options.store is not None and not same_file(options.store, data / STORE):
        check_output("--store", options.store, files, grows=True)
    if options.record is not None:
        check_output("--record", options.record, [*files, options.store or data / STORE], grows=True)
    if options.batch_out is not None:
        check_place("--batch-out", options.batch_out)
        for read, written in product(files, sorted(Path(options.batch_out).glob("batch_*.jsonl"))):
            if read is not None and same_file(read, written):
                raise RunError(
                    f"--batch-out {options.batch_out}: this command reads {read}, which would be overwritten; choose another folder"
                )
    if options.dry_run or options.batch_out or options.batch_in or not data.is_dir():
        yield
        return
    with working_in(data, command, Progress(sys.stderr).say):
        check_made(data, names, reads, options.force)
        yield


def check_made(folder: Path, names: Iterable[str], reads: Iterable[str | Path | None], force: bool) -> None:
    """Refuse to write files beside the data which people made or changed, or which the command reads.

    Args:
        names: of the files. force: overwrite those of people.
    Raises:
        RunError: names the file.
    """
    for name in names:
        for read in reads:
            if read is not None and same_file(folder / name, read):
                raise RunError(f"{folder / name}: this command reads it, and would overwrite it; give it a copy of another name")
    foreign = None if force else not_ours(folder, names)
    if foreign is not None:
        raise RunError(f"{folder / foreign}: was made or changed by hand, or by another program; move it, or overwrite it with --force")


def files_of_run(folder: str | Path) -> list[Path]:
    """The files that may be read of a run."""
    return [Path(folder) / name for name in sorted(OURS)]


def files_of_data(path: str | Path) -> list[Path]:
    """The files that may be read of a data folder; of a table itself."""
    return [Path(path) / name for name in sorted(DATA)] if Path(path).is_dir() else [Path(path)]


def same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two paths are one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
