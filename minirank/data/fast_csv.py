"""Columns of a CSV file read block by block in compiled loops, by as many threads as there are processors.

What is not regular is left to `read_files.read_csv`, which says what is wrong and where: all that comes from here is what comes from there.
"""

from __future__ import annotations

import codecs
import csv
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BufferedReader
from pathlib import Path

import numpy as np

from minirank.data.csv_kernels import EMPTY, IRREGULAR, SPARE, move_table, number_texts, split_rows
from minirank.data.open_files import PACKED
from minirank.data.read_files import Aside, Column, Part
from minirank.data.texts import Texts
from minirank.kernels.cpu.jit import is_missing
from minirank.kernels.cpu.workers import available_threads
from minirank.progress import stage

BLOCK = 2**18  # bytes: what is made of them stays in the second cache
MOST_BLOCK = 2**28  # of a row
PART_BYTES = 2**26  # of the different texts of a part
CELLS = 2**16  # of a block
FEW = 2**20  # texts up to which a hash table grows fast
PLAIN = frozenset(range(33, 127)) - {34} | {9}  # bytes that may separate cells


def is_compiled() -> bool:
    """Whether the loops are on disk."""
    return not is_missing(split_rows)


def read_columns(
    opened: BufferedReader, path: Path, lines_before: int, separator: str, width: int, wanted: Sequence[int], aside: Aside | None = None
) -> list[Part] | None:
    """Some columns of a file.

    Args:
        opened: its bytes. path: for its name and size. lines_before: lines that are no rows.
        width: columns of the file. wanted: those that are read, by their places. aside: as in `read_files.read_csv_parts`.
    Returns:
        the columns, and (N,) int64 1-based lines of the rows, part by part; None where something is not regular.
    """
    if not wanted or not separator.isascii() or ord(separator) not in PLAIN or not _skip(opened, lines_before):
        return None
    places = np.full(width, -1)
    places[list(wanted)] = np.arange(len(wanted))
    how = np.uint8(ord(separator)), csv.field_size_limit(), places
    parts: list[Part] = []
    columns, lines, state = [TextNumbers() for _ in wanted], [np.empty(0, np.int64)], np.array([lines_before, 0])
    begun, part_rows = 0, sys.maxsize if aside is None else aside.part_rows(len(wanted))
    decoder, threads = codecs.getincrementaldecoder("utf-8")(), available_threads()
    rest, most, is_end, done, about = np.empty(0, np.uint8), BLOCK, False, 0, _about(opened, path)
    with ThreadPoolExecutor(threads) as pool, stage(f"reading {path.name}", about) as at:
        running: list[Future] = []
        most_rows = max(CELLS // len(wanted), 256)
        # SPEED: one block is split into cells while threads still read the other.
        rooms = [np.empty((2, len(wanted), most_rows), np.int64) for _ in range(2)]
        blocks = [np.empty(most + SPARE, np.uint8) for _ in range(2)]
        while not is_end or len(rest):
            rooms.reverse()
            blocks.reverse()
            if len(blocks[0]) < most + SPARE:
                blocks[0] = np.empty(most + SPARE, np.uint8)
            content, (begins, ends) = blocks[0], rooms[0]
            content[: len(rest)] = rest
            used = len(rest) + _fill(opened, content[len(rest) : most].data)
            new, is_end = content[len(rest) : used], used < most
            try:
                if is_end or new.max(initial=0) > 127 or decoder.getstate()[0]:
                    decoder.decode(new.tobytes(), is_end)
            except UnicodeDecodeError:
                return None
            block_lines = np.empty(most_rows, np.int64)
            rows = split_rows(content, used, is_end, *how, begins, ends, block_lines, state)
            if rows == IRREGULAR:
                return None
            for each in running:
                each.result()
            lines.append(block_lines[:rows])
            running = [pool.submit(_add, columns, slice(k, None, threads), content, begins, ends, rows) for k in range(threads)]
            done += rows
            at(min(done, about) if about else done)
            rest = content[state[1] : used]
            most *= 1 + (2 * len(rest) > most and rows < most_rows)
            if most > MOST_BLOCK:
                return None
            if aside is not None and (done - begun >= part_rows or sum(column.size for column in columns) > PART_BYTES):
                for each in running:
                    each.result()
                parts.append(aside.put_part((list(pool.map(TextNumbers.done, columns)), np.concatenate(lines))))
                columns, lines, begun = [TextNumbers(like=column) for column in columns], [np.empty(0, np.int64)], done
        for each in running:
            each.result()
        if done > begun or not parts:
            part = list(pool.map(TextNumbers.done, columns)), np.concatenate(lines)
            parts.append(part if aside is None else aside.put_part(part))
        return parts


def _about(opened: BufferedReader, path: Path) -> int:
    """How many rows there may be, to two digits, by the length of the next ones; 0 where the file is packed."""
    if path.suffix.lower() in PACKED:
        return 0
    sample = opened.peek(BLOCK)
    rows = path.stat().st_size * sample.count(b"\n") / max(len(sample), 1)
    return int(float(f"{rows:.1e}"))


def _skip(opened: BufferedReader, lines: int) -> bool:
    """Pass over a byte order mark and some lines; whether each of these ends in a line feed."""
    if opened.peek(3)[:3] == codecs.BOM_UTF8:
        opened.read(3)
    return not any(b"\r" in opened.readline().removesuffix(b"\n").removesuffix(b"\r") for _ in range(lines))


def _fill(opened: BufferedReader, room: memoryview) -> int:
    """Read until the room is full or the file ends; the bytes that were read."""
    got = 0
    while got < len(room) and (more := opened.readinto(room[got:])):
        got += more
    return got


def _add(columns: list[TextNumbers], chosen: slice, content: np.ndarray, begins: np.ndarray, ends: np.ndarray, rows: int) -> None:
    """Rows of a block, in one thread, to some of the columns."""
    for place in range(len(columns))[chosen]:
        columns[place].add(content, begins, ends, place, rows)


class TextNumbers:
    """Numbers the distinct texts of a column in the order in which they come.

    Args:
        like: of another part of the same column, which may have as many of them.
        texts, offsets: zeros, which take as many bytes, and as many texts but for two, as there may be at most.
    """

    def __init__(self, like: TextNumbers | None = None, texts: np.ndarray | None = None, offsets: np.ndarray | None = None) -> None:
        sizes = (2**10, 2**13, 2**9 + 2) if like is None else (len(like._table), len(like._texts), len(like._offsets))
        self._table: np.ndarray = np.full(sizes[0], EMPTY, np.int64)
        self._texts: np.ndarray = np.zeros(sizes[1], np.uint8) if texts is None else texts
        self._offsets: np.ndarray = np.zeros(sizes[2], np.int64) if offsets is None else offsets
        self._codes = [np.empty(0, np.int32)]

    @property
    def size(self) -> int:
        """Bytes of the texts."""
        return int(self._offsets[self._offsets[-1]])

    def add(self, content: np.ndarray, begins: np.ndarray, ends: np.ndarray, column: int, rows: int) -> None:
        """Rows, see `number_texts`."""
        self._codes.append(self.number(content, begins, ends, column, rows))

    def number(self, content: np.ndarray, begins: np.ndarray, ends: np.ndarray, column: int, rows: int) -> np.ndarray:
        """(rows,) int32, the numbers of rows, see `number_texts`."""
        codes = np.empty(rows, np.int32)
        row = 0
        while row < rows:
            row = number_texts(content, begins, ends, column, row, rows, self._table, self._texts, self._offsets, codes)
            if row < rows:
                self._grow(int(ends[column, row] - begins[column, row]))
        return codes

    def _grow(self, length: int) -> None:
        """Make room where a text of some bytes has none."""
        count = int(self._offsets[-1])
        if count >= len(self._offsets) - 2:
            offsets = np.zeros(2 * len(self._offsets) - 2, np.int64)
            offsets[: count + 1], offsets[-1] = self._offsets[: count + 1], count
            self._offsets = offsets
        if count >= len(self._table) // 2:
            larger = np.full((4 if count < FEW else 2) * len(self._table), EMPTY, np.int64)
            move_table(self._table, larger)
            self._table = larger
        end = int(self._offsets[count])
        if end + length + SPARE > len(self._texts):
            texts = np.zeros(2 * (len(self._texts) + length), np.uint8)
            texts[:end] = self._texts[:end]
            self._texts = texts

    def texts(self) -> Texts:
        """Those that there are."""
        offsets = self._offsets[: self._offsets[-1] + 1]
        return Texts(self._texts[: offsets[-1] + SPARE], offsets[:-1], offsets[1:])

    def done(self) -> Column:
        """All rows."""
        texts, codes = self.texts(), np.concatenate(self._codes)
        first, last = self._texts[texts.begins], self._texts[np.maximum(texts.ends - 1, 0)]
        wide = np.flatnonzero((texts.ends > texts.begins) & ((first > 127) | (last > 127))).tolist()
        if all(text == text.strip() for place in wide for text in [texts[place] or ""]):
            return Column(codes, texts)
        stripped = Column.of(text.strip() for text in texts if text is not None)  # of white space that is not ASCII
        return Column(stripped.codes[codes], stripped.values)
