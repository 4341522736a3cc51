"""The files that extraction and grading write beside the data, and which of them are still as they were written.

extraction.json notes, beside what made the features, `files`: name -> sha256 (hex), null while a file is being written. So a
command writes again over files of its own, those that a kill left half included, and finds out what people made or changed. `texts`
notes the files that were read likewise, so that who trains or ranks is told where they have changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..data.column_names import TEXTS
from ..storage import parse_json, write_text, writing

JOB_FILE, RESUME_FILE, MADE_FILE = "job_features.jsonl", "resume_features.jsonl", "extraction.json"
SIGNALS_FILE, GRADES_FILE = "hiring_signals.jsonl", "relevance_grades.csv"
EXTRACTED = (JOB_FILE, RESUME_FILE, SIGNALS_FILE)


def made_with(folder: str | Path) -> dict:
    """What extraction.json says of a folder; {} without one that can be read."""
    try:
        made = parse_json((Path(folder) / MADE_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    gazetteer = made.get("gazetteer") if isinstance(made, dict) else 0
    return made if gazetteer is None or isinstance(gazetteer, dict) else {}


@contextmanager
def noted(folder: Path, names: Iterable[str], made: dict[str, Any] | None = None) -> Iterator[None]:
    """Note files that are written within it as made by minirank.

    Args:
        made: of whom the features are from now on; None leaves that as it is.
    Raises:
        RunError: a file cannot be written.
    """
    note = made_with(folder)
    files = note.get("files")
    files = files if isinstance(files, dict) else dict.fromkeys(_unnoted(folder, note))
    facts = {key: value for key, value in note.items() if key != "files"}
    # While the features change, the note does not speak of others.
    _write(folder, ({} if made is not None else facts) | {"files": files | dict.fromkeys(names)})
    yield
    with writing(folder / MADE_FILE):
        files |= {name: _checksum(folder / name) for name in names}
    _write(folder, (facts if made is None else made) | {"files": files})


def not_ours(folder: Path, names: Iterable[str]) -> str | None:
    """The first of these files that is there and was made or changed by somebody else; None where there is none."""
    note = made_with(folder)
    files = note.get("files")
    for name in names:
        if not (folder / name).exists():
            continue
        if not isinstance(files, dict):
            if name not in _unnoted(folder, note):
                return name
        elif name not in files or (files[name] is not None and files[name] != _checksum(folder / name)):
            return name
    return None


def changed_texts(folder: Path, sums: Mapping[str, str]) -> str | None:
    """A sentence of files whose features were made of other contents; None where none is known to be.

    Args:
        sums: name of a file -> its SHA-256 (hex) now.
    """
    read = made_with(folder).get("texts")
    changed = [name for name in TEXTS if isinstance(read, dict) and name in sums and read.get(name) not in (None, sums[name])]
    if not changed:
        return None
    remedy = f"run `minirank extract {folder}` again"
    return f"{' and '.join(changed)} changed since features were extracted, which are still the old ones; {remedy}"


def _unnoted(folder: Path, note: dict) -> list[str]:
    """The files that a version made which noted what made the features, and no checksums."""
    return [name for name in (*EXTRACTED, GRADES_FILE) if "by" in note and (folder / name).exists()]


def _write(folder: Path, note: dict[str, Any]) -> None:
    write_text(folder / MADE_FILE, json.dumps(note, indent=1) + "\n")


def _checksum(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
