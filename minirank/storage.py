"""Files that are whole or not there: written beside their place, flushed to the disk, then renamed.

An .npz holds nothing but its arrays: no time stamps, so that equal arrays give equal bytes.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .errors import RunError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file that then replaces `path`; whatever fails, `path` is the old file or the new one.

    Raises:
        RunError: it cannot be written (a full disk, no permission).
    """
    part = path.with_name(f".{path.name}.part")
    with writing(path):
        try:
            with open(part, "wb") as stream:
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, path)
            sync_folder(path.parent)
        except (Exception, KeyboardInterrupt):
            remove(part)
            raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see `write_atomic`."""
    write_atomic(path, lambda stream: stream.write(text.encode()))


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people to read too; see `write_atomic`."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def save_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays, uncompressed; the same arrays give the same bytes. See `write_atomic`."""

    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy", EPOCH), "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)

    write_atomic(path, write)


def load_npz(path: Path, remedy: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz.

    Raises:
        RunError: missing, truncated or damaged (every array has a checksum); `remedy` ends the message.
    """
    # NOTE: opened here, for np.load leaves a file open when it is no zip.
    with reading(path, remedy), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def read_json(path: Path, remedy: str) -> Any:
    """What a JSON file holds.

    Raises:
        RunError: missing or damaged; `remedy` ends the message.
    """
    with reading(path, remedy):
        return json.loads(path.read_text(encoding="utf-8"))


def append_line(path: Path, line: str, size: int) -> int:
    """Cut a file to `size` bytes, add a line, and return the new size in bytes.

    Raises:
        RunError: it cannot be written.
    """
    with writing(path), open(path, "ab") as stream:
        stream.truncate(size)
        written = stream.write(line.encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    return size + written


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        RunError: it cannot be made.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file that may not be there, as far as that is possible."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Flush a folder, so that a rename in it outlives a power cut; Windows has no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Turn what goes wrong with a file that is being read into one line.

    Raises:
        RunError: missing, truncated or damaged; `remedy` ends the message.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror or error}; {remedy}") from None
    except (ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile):
        raise RunError(f"{path}: truncated or damaged; {remedy}") from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of the system about a file that is being written into one line.

    Raises:
        RunError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}; free some space, or choose another folder") from None
