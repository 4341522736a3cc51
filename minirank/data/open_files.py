"""Opening of files that others wrote: packed or not, as bytes or as text; every failure is a one-line error."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from minirank.errors import DataError, nearest

SMALL = 2**24  # bytes that any packed file may unpack to
RATIO = 100  # how many times its own size a larger one may unpack to
UNPACKED = 2**16  # bytes unpacked at a time
PACKED: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open}


def refuse_pipe(path: Path) -> None:
    """Refuse a pipe, which can be read once only, and may wait for a writer for ever.

    Raises:
        DataError: it is one.
    """
    if path.is_fifo():
        raise DataError("is a pipe, which can be read once only", file=path.name, remedy="write its rows into a file, and give that")


def open_bytes(path: Path) -> io.BufferedReader:
    """The bytes of a file, unpacked where its name ends in .bz2 or .gz.

    Raises:
        DataError: while it is read, where it unpacks to far more than its size is worth.
    """
    unpack = PACKED.get(path.suffix.lower())
    return open(path, "rb") if unpack is None else io.BufferedReader(_Unpacked(unpack(path, "rb"), path), UNPACKED)


class _Unpacked(io.RawIOBase):
    """An unpacked stream with an end: a few kilobytes can unpack to gigabytes."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path, self._left = stream, path, max(SMALL, RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        part = self._stream.read(len(room))
        room[: len(part)] = part
        self._left -= len(part)
        if self._left < 0:
            remedy = "unpack it first, if it is what it should be"
            raise DataError("unpacks to far more than its size is worth", file=self._path.name, remedy=remedy)
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def one_line_errors(path: Path, file: str, remedy: str) -> Iterator[None]:
    """Raises what goes wrong while a file is read as a `DataError`.

    Args:
        file: its name in messages.
        remedy: what to do where nothing better is known.
    """
    try:
        yield
    except FileNotFoundError:
        near = nearest(path.name, sorted(beside.name for beside in path.parent.glob("*")))
        hint = f"check the path: {near} lies there" if near else "check the path"
        raise DataError("no such file", file=file, remedy=hint) from None
    except PermissionError:
        raise DataError("no permission to read it", file=file, remedy="run chmod u+r on it") from None
    except IsADirectoryError:
        raise DataError("is a folder, not a file", file=file, remedy="give the path of a file") from None
    except (EOFError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"cannot be read: {reason}", file=file, remedy=remedy) from None


@contextmanager
def open_text(path: Path, file: str) -> Iterator[TextIO]:
    """UTF-8 text of a file, with or without a byte order mark, line ends as they are.

    Args:
        path: the file; .bz2 and .gz are unpacked.
        file: its name in messages.
    Raises:
        DataError: it cannot be read, while it is opened or later.
    """
    with one_line_errors(path, file, "check that the file is complete"):
        try:
            with open_bytes(path) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                yield text
        except UnicodeDecodeError:
            encoding, line = ("UTF-16", 1) if _is_utf16(path) else ("ISO-8859-1", _first_line_not_utf8(path))
            remedy = f"save it as UTF-8, for instance: iconv -f {encoding} -t UTF-8"
            raise DataError("not UTF-8", file=file, line=line, remedy=remedy) from None


def _is_utf16(path: Path) -> bool:
    """Whether the file begins with the byte order mark of UTF-16."""
    with open_bytes(path) as stream:
        return stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _first_line_not_utf8(path: Path) -> int | None:
    """1-based line of the first byte that is not UTF-8."""
    with open_bytes(path) as stream:
        for line, raw in enumerate(stream, 1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return None
