"""Reads the arrays of an .npz: names, shapes, types and sizes are checked before anything is unpacked.

A few kilobytes can unpack to gigabytes, and what a file says of its sizes need not be true. So the headers come first, the caller
chooses arrays by them, and only these are read, each exactly as long as its header says, checksum included.
"""

from __future__ import annotations

import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np

SMALL = 2**28  # bytes that any file may unpack to
RATIO = 16  # how many times its own size a larger file may unpack to
CELL = 8  # bytes that a cell counts at least: whoever reads a column makes numbers of that size of it
KINDS = "biufUS"  # numbers, truth values and texts, as `numpy.dtype.kind` names them
LONGEST_HEADER = 10_000  # bytes, numpy's own limit
LOCAL_HEADER = 30  # bytes in front of an entry of a zip file, at least
CHUNK = 2**20  # bytes unpacked at a time
_HEADER = re.compile(r"\{'descr': '([<>|=]?[A-Za-z]\d+)', 'fortran_order': (False|True), 'shape': \((?:(\d[\dL, ]*))?\),? ?\}\s*")


class BadNpz(ValueError):
    """An .npz that cannot be used; str() says why, in one clause."""


class Header(NamedTuple):
    """What an .npz says of one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of its cells."""
        return math.prod(self.shape) * self.dtype.itemsize


Choose = Callable[[Mapping[str, Header]], Iterable[str]]
Empty = Callable[[tuple[int, ...], np.dtype], np.ndarray]  # shape, type -> an array to be written to


def read_npz(source: Path | BinaryIO, choose: Choose = tuple, empty: Empty = np.empty) -> dict[str, np.ndarray]:
    """Arrays of an .npz.

    Args:
        source: the file, or what is open for reading and can seek.
        choose: headers by name -> the names to read, all by default; it may raise what it likes.
        empty: makes the arrays, which are read in blocks; it may raise what it likes but an `OSError`.
    Returns:
        name -> array, in the order of `choose`, each with the bytes of a number in the order of this machine.
    Raises:
        BadNpz: no .npz of numbers and texts, damaged, or larger than `SMALL` and `RATIO` allow.
        OSError: it cannot be read.
    """
    if not isinstance(source, Path):
        return _read(source, choose, empty)
    with open(source, "rb") as stream:
        return _read(stream, choose, empty)


def map_array(path: Path, name: str) -> np.ndarray:
    """One array of an .npz that is not compressed, read from the file where it is needed; its checksum is not looked at.

    Raises:
        BadNpz: as `read_npz`, the array is missing, or it is compressed.
        OSError: it cannot be read.
    """
    with open(path, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        if not zipfile.is_zipfile(stream):
            raise BadNpz("truncated, damaged, or not an .npz")
        try:
            with zipfile.ZipFile(stream) as archive:
                entry = _entries(archive, size).get(name)
                if entry is None:
                    raise BadNpz(f"array {name!r} is missing")
                if entry.compress_type != zipfile.ZIP_STORED:
                    raise BadNpz(f"array {name!r} is compressed; write it with numpy.savez")
            stream.seek(entry.header_offset)
            local = stream.read(LOCAL_HEADER)
            stream.seek(sum(struct.unpack("<HH", local[26:30])), os.SEEK_CUR)  # its name and extra fields
            header = _parse_header(stream, name, entry.file_size)
            order: Any = "F" if header.fortran else "C"
            return np.memmap(path, header.dtype, "r", stream.tell(), header.shape, order)
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError):
            raise BadNpz("truncated or damaged") from None


def read_parts(path: Path, name: str, lengths: Iterable[int]) -> Iterator[np.ndarray]:
    """The cells of an array of one axis that this machine wrote, so many at a time, all of them in the end.

    Raises:
        BadNpz, OSError: as `read_npz`, after the last part where the checksum is wrong.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        try:
            with zipfile.ZipFile(file) as archive:
                entry = _entries(archive, size)[name]
                with archive.open(entry) as stream:
                    header = _parse_header(stream, name, entry.file_size)
                    for length in lengths:
                        cells = np.empty(length, header.dtype)
                        _fill(cells.view(np.uint8), stream, name)
                        yield cells
                    _end(stream, name)
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError, KeyError):
            raise BadNpz("truncated or damaged") from None


def _read(stream: BinaryIO, choose: Choose, empty: Empty) -> dict[str, np.ndarray]:
    size = stream.seek(0, os.SEEK_END)
    if not zipfile.is_zipfile(stream):
        raise BadNpz("truncated or damaged" if size < 4 or _begins(stream, b"PK") else "not an .npz")
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = _entries(archive, size)
            headers = {name: _header(archive, name, entry) for name, entry in entries.items()}
            names = list(dict.fromkeys(choose(headers)))
            _check_size(headers, names, size)
            return {name: _array(archive, name, entries[name], headers[name], empty) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError):
        raise BadNpz("truncated or damaged") from None


def _begins(stream: BinaryIO, begin: bytes) -> bool:
    stream.seek(0)
    return stream.read(len(begin)) == begin


def _entries(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Name of an array -> where it lies; what is no array is passed over."""
    found: dict[str, zipfile.ZipInfo] = {}
    end = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        name = entry.filename.removesuffix(".npy")
        if entry.header_offset < end:
            raise BadNpz(f"array {name!r} overlaps another one")
        end = entry.header_offset + LOCAL_HEADER + entry.compress_size
        if end > size:
            raise BadNpz(f"truncated: array {name!r} ends after the file")
        if not entry.filename.endswith(".npy"):
            continue
        if name in found:
            raise BadNpz(f"array {name!r} is there twice")
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadNpz(f"array {name!r} is packed in a way that numpy does not use")
        found[name] = entry
    return {name: found[name] for name in (entry.filename.removesuffix(".npy") for entry in archive.infolist()) if name in found}


def _header(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo) -> Header:
    """What the first bytes of an array say of it."""
    with archive.open(entry) as stream:
        return _parse_header(stream, name, entry.file_size)


def _parse_header(stream: IO[bytes], name: str, size: int) -> Header:
    """The header at the beginning of an array that takes `size` bytes with it."""
    begin = stream.read(8)
    width = {b"\x93NUMPY\x01\x00": 2, b"\x93NUMPY\x02\x00": 4, b"\x93NUMPY\x03\x00": 4}.get(begin)
    if width is None:
        raise BadNpz(f"{name!r} is no array of numpy")
    length = int.from_bytes(stream.read(width), "little")
    if length > LONGEST_HEADER:
        raise BadNpz(f"array {name!r} has a header of {length:,} bytes, at most {LONGEST_HEADER:,} are read")
    text = stream.read(length).decode("latin-1")
    match = _HEADER.fullmatch(text)
    try:
        dtype = np.dtype(match[1]) if match else None
    except TypeError:
        dtype = None
    if match is None or dtype is None or dtype.kind not in KINDS or not dtype.itemsize:
        told = re.search(r"'descr': (.{,40}?), 'fortran", text)
        raise BadNpz(f"array {name!r} must hold numbers or texts, not {told[1] if told else 'something else'}")
    shape = tuple(int(part.rstrip("L")) for part in (match[3] or "").replace(" ", "").split(",") if part)
    header = Header(shape, dtype, match[2] == "True")
    if len(shape) > 32 or any(axis >= 2**48 for axis in shape) or header.nbytes + 8 + width + length != size:
        raise BadNpz(f"array {name!r} of shape {_short(shape)} and type {dtype} does not take {size:,} bytes")
    return header


def _short(shape: tuple[int, ...]) -> str:
    text = str(shape)
    return text if len(text) <= 60 else f"{text[:60]} ..."


def _check_size(headers: Mapping[str, Header], names: Iterable[str], size: int) -> None:
    """Refuse arrays that would unpack to more than the file is worth."""
    most = max(SMALL, RATIO * size)
    total = sum(max(headers[name].nbytes, CELL * math.prod(headers[name].shape)) for name in names)
    if total > most:
        raise BadNpz(
            f"{size:,} bytes unpack to {total:,}, more than {most:,}: too many for a compressed file; write it without compression"
        )


def _array(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo, header: Header, empty: Empty) -> np.ndarray:
    """The cells of an array."""
    cells = empty((math.prod(header.shape),), header.dtype)
    room: Any = cells.view(np.uint8)
    with archive.open(entry) as stream:
        _parse_header(stream, name, entry.file_size)
        _fill(room, stream, name)
        _end(stream, name)
    if not header.dtype.isnative:
        cells = cells.byteswap(inplace=True).view(header.dtype.newbyteorder("="))
    return cells.reshape(header.shape, order="F" if header.fortran else "C")


def _fill(room: np.ndarray, stream: IO[bytes], name: str) -> None:
    """Read the bytes of some cells."""
    at = 0
    while at < len(room):
        part = stream.read(min(CHUNK, len(room) - at))
        if not part:
            raise EOFError(f"array {name!r} ends too early")
        room[at : at + len(part)] = np.frombuffer(part, np.uint8)
        at += len(part)


def _end(stream: IO[bytes], name: str) -> None:
    if stream.read(1):  # the checksum is compared at the end
        raise BadNpz(f"array {name!r} is longer than its header says")
