"""Reading of files: CSV columns, JSON lines and fingerprints; every failure is a one-line error."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np

from minirank.data.problems import Problems
from minirank.errors import DataError, nearest
from minirank.npz import BadNpz, Choose, read_npz
from minirank.progress import counted, stage
from minirank.storage import BadJson, parse_json

SMALL = 2**24  # bytes that any packed file may unpack to
RATIO = 100  # how many times its own size a larger one may unpack to
UNPACKED = 2**16  # bytes unpacked at a time
PACKED: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open}
FAST, COMPILED = 2**20, 2**25  # bytes from which on a file is read in compiled loops: that are on disk; that must be compiled first


@dataclass(frozen=True)
class Column:
    """A column of texts in which every distinct text is held once.

    Args:
        codes: (N,) int32, index of each row's text in `values`.
        values: the distinct texts, stripped of spaces around them; None is a missing one. A list, or `texts.Texts`.
    """

    codes: np.ndarray
    values: Sequence[str | None]

    @classmethod
    def of(cls, cells: Iterable[str | None]) -> Column:
        """The column of N cells, its values in the order of first appearance."""
        index: dict[str | None, int] = {}
        return cls(np.array([index.setdefault(cell, len(index)) for cell in cells], np.int32), list(index))


@dataclass(frozen=True)
class CsvFile:
    """Columns of a CSV file.

    Args:
        file: name of the file in messages.
        columns: name in the file (or 0-based index) -> column.
        lines: (N,) int64, the 1-based line on which each row begins.
    """

    file: str
    columns: dict[str | int, Column]
    lines: np.ndarray


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


def read_csv(
    path: Path,
    file: str,
    problems: Problems,
    *,
    header: bool = True,
    separator: str = ",",
    only: Callable[[list[str | int]], Iterable[str | int]] | None = None,
) -> tuple[list[str | int], CsvFile | None]:
    """All columns, or those in `only`, of a CSV file.

    Rows with a wrong number of cells go to `problems` and are left out; empty lines are skipped.

    Args:
        only: function (names of the file's columns) -> those to read; it may raise `DataError`.
    Returns:
        names of all columns (0-based indices where there is no header), and the columns read, or None where the
        file's structure allows no reading.
    """
    names: list[str | int] = []
    try:
        with open_text(path, file) as text:
            reader = csv.reader(text, delimiter=separator, strict=True, skipinitialspace=True)
            try:
                first, begin = _first_row(reader)
            except csv.Error as error:
                problem, remedy = _broken(error)
                raise DataError(problem, file=file, line=1, remedy=remedy) from None
            if first is None:
                raise DataError("the file is empty", file=file, remedy="write a header line and rows")
            names = [*_header(first, file, separator)] if header else [*range(len(first))]
            wanted = list(names if only is None else only(names))
            fast = _read_fast(path, reader.line_num if header else 0, names, wanted, separator)
            columns, lines = fast or _read_columns(reader, names, wanted, None if header else (begin, first), file, problems)
    except DataError as error:
        problems.add_error(error)
        return names, None
    return names, CsvFile(file, columns, lines)


def _first_row(reader) -> tuple[list[str] | None, int]:
    """The first row that is not empty, None where there is none, and the line where it begins."""
    begin = 1
    for row in reader:
        if row:
            return row, begin
        begin = reader.line_num + 1
    return None, begin


def _header(cells: list[str], file: str, separator: str) -> list[str]:
    """Names in the header line."""
    names = [cell.strip() for cell in cells]
    if len(names) == 1 and separator == ",":
        for other, word in ((";", "semicolons"), ("\t", "tabs")):
            if other in names[0]:
                raise DataError(f"cells are separated by {word}", file=file, line=1, remedy="save it with commas")
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DataError("stands twice in the header", file=file, line=1, column=twice, remedy="rename one of the two")
    return names


def _read_fast(
    path: Path, lines_before: int, names: list, wanted: list, separator: str
) -> tuple[dict[str | int, Column], np.ndarray] | None:
    """What `_read_columns` gives, of a large file that is regular."""
    size = path.stat().st_size
    if size < FAST:
        return None
    from minirank.data.fast_csv import is_compiled, read_columns  # with numba, which takes longer than a small file

    if size < COMPILED and not is_compiled():
        return None
    try:
        with open_bytes(path) as opened:
            found = read_columns(opened, path, lines_before, separator, len(names), [names.index(name) for name in wanted])
    except (EOFError, OSError, DataError):
        return None  # and again, to say what of the rows before is wrong, too
    return found and (dict(zip(wanted, found[0])), found[1])


def _read_columns(reader, names, wanted, first, file, problems) -> tuple[dict[str | int, Column], np.ndarray]:
    """The wanted columns of the rows that are left in `reader`, after the line and the cells of `first` where there is such a row."""
    width, index = len(names), {name: position for position, name in enumerate(names)}
    factors = [_Factor() for _ in wanted]
    lines, chunk = ([], []) if first is None else ([first[0]], [first[1]])

    def flush():
        at(len(lines))
        cells = list(zip(*chunk))
        for name, factor in zip(wanted, factors):
            factor.extend(cells[index[name]])
        chunk.clear()

    begin = reader.line_num + 1
    with stage(f"reading {file}", 0) as at:
        try:
            for row in reader:
                if len(row) == width:
                    lines.append(begin)
                    chunk.append(row)
                    if len(chunk) == 8192:
                        flush()
                elif row:
                    remedy = "put cells that contain the separator or a line break between double quotes"
                    problems.add(f"expected {width} cells, got {len(row)}", file=file, line=begin, remedy=remedy)
                begin = reader.line_num + 1
        except csv.Error as error:
            problem, remedy = _broken(error)
            problems.add(problem, file=file, line=begin, remedy=remedy)
        if chunk:
            flush()
    columns = {name: factor.column() for name, factor in zip(wanted, factors)}
    return columns, np.array(lines, dtype=np.int64)


def _broken(error: csv.Error) -> tuple[str, str]:
    """(problem, remedy) of a line that is no CSV."""
    if "field limit" in str(error):
        remedy = "close the double quote that begins it, or shorten its text"
        return f"a cell has more than {csv.field_size_limit():,} characters", remedy
    return f"quoting is broken ({error})", "close every double quote, and write one inside a cell twice"


class _Factor:
    """Grows a `Column` chunk by chunk."""

    def __init__(self):
        self.index: defaultdict[str, int] = defaultdict()
        self.index.default_factory = self.index.__len__
        self.parts: list[np.ndarray] = []

    def extend(self, cells: tuple[str, ...]) -> None:
        self.parts.append(np.fromiter(map(self.index.__getitem__, cells), np.int32, len(cells)))

    def column(self) -> Column:
        stripped = Column.of(text.strip() for text in self.index)
        return Column(stripped.codes[np.concatenate([np.empty(0, np.int32), *self.parts])], stripped.values)


def read_json_lines(path: Path, file: str, problems: Problems) -> tuple[list[dict], list[int]]:
    """The objects of a file with one JSON object a line, and their lines; what cannot be read goes to `problems`."""
    records, lines, empty = [], [], True
    try:
        with open_text(path, file) as text:
            for line, raw in enumerate(counted(f"reading {file}", text, _lines(path), "lines"), 1):
                if not raw.strip():
                    continue
                empty = False
                problem, remedy = None, "write one JSON object a line"
                try:
                    record = parse_json(raw.strip())
                    if not isinstance(record, dict):
                        problem, remedy = f"expected a JSON object, got {short(record)}", 'write {"key": value, ...}'
                except BadJson as error:
                    problem, remedy = error.problem, error.remedy or remedy
                if problem is None:
                    records.append(record)
                    lines.append(line)
                else:
                    problems.add(problem, file=file, line=line, remedy=remedy)
            if empty:
                raise DataError("the file is empty", file=file, remedy="write one JSON object a line")
    except DataError as error:
        problems.add_error(error)
    return records, lines


def _lines(path: Path) -> int:
    """How many lines a file has, but for one without an end."""
    with open(path, "rb") as stream:
        return sum(part.count(b"\n") for part in iter(lambda: stream.read(SMALL), b""))


def read_arrays(path: Path, file: str, choose: Choose = tuple) -> dict[str, np.ndarray]:
    """Arrays of an .npz that somebody else wrote.

    Args:
        choose: see `npz.read_npz`.
    Raises:
        DataError: it cannot be read, or holds something else than numbers and texts.
    """
    remedy = "write it with numpy.savez, without object arrays"
    with one_line_errors(path, file, remedy):
        try:
            return read_npz(path, choose)
        except BadNpz as error:
            raise DataError(f"cannot be read: {error}", file=file, remedy=remedy) from None


def fingerprint(paths: Iterable[Path]) -> str:
    """sha256 (hex) over the names, sizes and bytes of files, in the given order.

    Raises:
        DataError: a file cannot be read.
    """
    total = hashlib.sha256()
    for path in paths:
        try:
            with open(path, "rb") as stream:
                content = hashlib.file_digest(stream, "sha256")
                total.update(f"{path.name}:{stream.tell()}:{content.hexdigest()}\n".encode())
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", file=str(path), remedy="check the path") from None
    return total.hexdigest()


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


def short(value: Any) -> str:
    """`value` as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
