"""Reading of files: CSV columns, JSON lines and fingerprints; every failure is a one-line error."""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from minirank.data.open_files import one_line_errors, open_bytes, open_text
from minirank.data.problems import Problems
from minirank.errors import DataError
from minirank.npz import BadNpz, Choose, Empty, read_npz
from minirank.progress import counted, stage
from minirank.storage import BadJson, parse_json

COUNTED = 2**24  # bytes in which lines are counted at a time
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

    def rows(self, first: int, last: int) -> Column:
        """Rows first .. last - 1."""
        return Column(self.codes[first:last], self.values)

    def distinct(self) -> tuple[list[str | None], np.ndarray]:
        """The texts that rows have, and (N,) int, index of each row's text among them."""
        used, places = np.unique(self.codes, return_inverse=True)
        return [self.values[code] for code in used.tolist()], places


Part = tuple[list[Column], np.ndarray]  # some columns of neighbouring rows, and the lines of these


class Aside(Protocol):
    """Where the parts of a file wait that is not to be in memory as a whole."""

    def part_rows(self, columns: int) -> int:
        """How many rows of so many columns a part has."""

    def put_part(self, part: Part) -> Part:
        """An equal part that takes no memory."""


@dataclass(frozen=True)
class CsvFile:
    """Columns of a CSV file, or of a part of its rows.

    Args:
        file: name of the file in messages.
        columns: name in the file (or 0-based index) -> column.
        lines: (N,) int64, the 1-based line on which each row begins.
    """

    file: str
    columns: dict[str | int, Column]
    lines: np.ndarray


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
    names, parts = read_csv_parts(path, file, problems, None, header=header, separator=separator, only=only)
    return names, parts[0] if parts else None


def read_csv_parts(
    path: Path,
    file: str,
    problems: Problems,
    aside: Aside | None,
    *,
    header: bool = True,
    separator: str = ",",
    only: Callable[[list[str | int]], Iterable[str | int]] | None = None,
) -> tuple[list[str | int], list[CsvFile]]:
    """`read_csv` part by part: one or more in the order of the rows, none where the file's structure allows no reading.

    Args:
        aside: takes each part when it is read; None leaves all rows in memory, in one part.
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
            parts = _read_fast(path, reader.line_num if header else 0, names, wanted, separator, aside)
            if parts is None:
                parts = _read_columns(reader, names, wanted, None if header else (begin, first), file, problems, aside)
    except DataError as error:
        problems.add_error(error)
        return names, []
    return names, [CsvFile(file, dict(zip(wanted, columns)), lines) for columns, lines in parts]


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


def _read_fast(path: Path, lines_before: int, names: list, wanted: list, separator: str, aside: Aside | None) -> list[Part] | None:
    """What `_read_columns` gives, of a large file that is regular."""
    size = path.stat().st_size
    if size < FAST:
        return None
    from minirank.data.fast_csv import is_compiled, read_columns  # with numba, which takes longer than a small file

    if size < COMPILED and not is_compiled():
        return None
    try:
        with open_bytes(path) as opened:
            return read_columns(opened, path, lines_before, separator, len(names), [names.index(name) for name in wanted], aside)
    except (EOFError, OSError, DataError):
        return None  # and again, to say what of the rows before is wrong, too


def _read_columns(reader, names, wanted, first, file, problems, aside) -> list[Part]:
    """The wanted columns of the rows that are left in `reader`, after the line and the cells of `first` where there is such a row."""
    width, index = len(names), {name: position for position, name in enumerate(names)}
    most = sys.maxsize if aside is None else aside.part_rows(len(wanted))
    parts: list[Part] = []
    factors = [_Factor() for _ in wanted]
    lines, chunk = ([], []) if first is None else ([first[0]], [first[1]])

    def flush(end=False):
        nonlocal factors
        at(sum(len(part[1]) for part in parts) + len(lines))
        cells = list(zip(*chunk))
        for name, factor in zip(wanted, factors if chunk else []):
            factor.extend(cells[index[name]])
        chunk.clear()
        if len(lines) >= most or (end and (lines or not parts)):
            part = [factor.column() for factor in factors], np.array(lines, dtype=np.int64)
            parts.append(part if aside is None else aside.put_part(part))
            factors = [_Factor() for _ in wanted]
            lines.clear()

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
        flush(end=True)
    return parts


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
    found = list(json_lines(path, file, problems))
    return [record for record, _ in found], [line for _, line in found]


def json_lines(path: Path, file: str, problems: Problems) -> Iterator[tuple[dict, int]]:
    """`read_json_lines`, one after the other."""
    empty = True
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
                    yield record, line
                else:
                    problems.add(problem, file=file, line=line, remedy=remedy)
            if empty:
                raise DataError("the file is empty", file=file, remedy="write one JSON object a line")
    except DataError as error:
        problems.add_error(error)


def _lines(path: Path) -> int:
    """How many lines a file has, but for one without an end."""
    with open(path, "rb") as stream:
        return sum(part.count(b"\n") for part in iter(lambda: stream.read(COUNTED), b""))


def read_arrays(path: Path, file: str, choose: Choose = tuple, empty: Empty = np.empty) -> dict[str, np.ndarray]:
    """Arrays of an .npz that somebody else wrote.

    Args:
        choose, empty: see `npz.read_npz`.
    Raises:
        DataError: it cannot be read, or holds something else than numbers and texts.
    """
    remedy = "write it with numpy.savez, without object arrays"
    with one_line_errors(path, file, remedy):
        try:
            return read_npz(path, choose, empty)
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


def short(value: Any) -> str:
    """`value` as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
