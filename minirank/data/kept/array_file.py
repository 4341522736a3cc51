"""One file of many arrays, mapped into memory: whoever reads it waits for no more than the numbers that are used.

    magic | length and checksum of the head, 8 bytes each | head: JSON | arrays, each at a multiple of 64 bytes

The head says what the arrays are, with their checksum, for a number that is damaged could lead a kernel out of its arrays. A file is
written under another name and then renamed: there is a whole one, or none. It has no date, so equal arrays give equal bytes.
"""

from __future__ import annotations

import json
import mmap
import os
import secrets
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from minirank.locking import hold

MAGIC = b"minirank arrays 1\n"
BEFORE = len(MAGIC) + 16  # bytes before the head
ALIGNED = 64  # bytes
DTYPES = {np.dtype(name).str for name in ("u1", "u2", "i4", "i8", "f4", "f8")}
MOST_HEAD = 2**26  # bytes


class Damaged(ValueError):
    """A file that is not what was written."""


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: object) -> None:
    """Write one-dimensional arrays, and what JSON can hold about them.

    Raises:
        OSError: they cannot be written; nothing is left then.
    """
    placed: list[list] = []
    at = check = 0
    parts = [np.ascontiguousarray(array) for array in arrays.values()]
    for name, array in zip(arrays, parts):
        placed.append([name, array.dtype.str, len(array), at])
        check = zlib.crc32(_bytes(array), check)
        at += -(-array.nbytes // ALIGNED) * ALIGNED
    content = json.dumps({"about": about, "arrays": placed, "bytes": at, "check": check}, separators=(",", ":")).encode()
    start, sizes = BEFORE + len(content), (len(content), zlib.crc32(content))
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")  # NOTE: no number of a process, which two machines may share
    try:
        with open(part, "xb") as stream:
            hold(stream.fileno())  # so that others know it from what a kill left
            stream.write(MAGIC + b"".join(size.to_bytes(8, "little") for size in sizes) + content + b"\0" * (-start % ALIGNED))
            for array in parts:
                stream.write(_bytes(array))
                stream.write(b"\0" * (-array.nbytes % ALIGNED))
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], object]:
    """The arrays, read-only and mapped, and what was written about them; the file may be removed or replaced meanwhile.

    Raises:
        OSError: it cannot be read. Damaged: it is not what `write_arrays` wrote.
    """
    with open(path, "rb") as stream:
        if os.fstat(stream.fileno()).st_size < BEFORE:
            raise Damaged("too short")
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    length, check = (int.from_bytes(content[at : at + 8], "little") for at in (BEFORE - 16, BEFORE - 8))
    start = BEFORE + length
    if content[: len(MAGIC)] != MAGIC or length > MOST_HEAD or zlib.crc32(content[BEFORE:start]) != check:
        raise Damaged("another format")
    body = start + -start % ALIGNED
    try:
        head = json.loads(content[BEFORE:start])
        about, size, check = head["about"], int(head["bytes"]), int(head["check"])
        placed = [(str(name), np.dtype(dtype), int(count), int(at)) for name, dtype, count, at in head["arrays"]]
    except (ValueError, KeyError, TypeError):
        raise Damaged("its head cannot be read") from None
    if len(content) != body + size:
        raise Damaged("another size")
    arrays, found = {}, 0
    for name, dtype, count, at in placed:
        if dtype.str not in DTYPES or count < 0 or at < 0 or at + count * dtype.itemsize > size:
            raise Damaged("an array outside the file")
        arrays[name] = np.frombuffer(content, dtype, count, body + at)
        found = zlib.crc32(_bytes(arrays[name]), found)
    if found != check:
        raise Damaged("another checksum")
    return arrays, about


def is_cut(array: np.ndarray) -> bool:
    """Whether the file of an array of `read_arrays` is shorter by now: the system ends a process that reads where it no longer reaches."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    file = base.obj if isinstance(base, memoryview) else base
    return isinstance(file, mmap.mmap) and file.size() < len(file)


def _bytes(array: np.ndarray) -> Any:
    return array.view(np.uint8)
