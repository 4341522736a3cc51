"""Files that are whole or not there: written beside their place, flushed to the disk, then renamed.

An .npz holds nothing but its arrays: no time stamps, so that equal arrays give equal bytes.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

from .errors import RunError
from .npz import BadNpz, Header, read_npz, read_parts
from .terminal import json_text

Expected = tuple[tuple[int | None, ...], Any]  # shape and type of an array
LONGEST_INTEGER = 1_000  # digits of a whole number in JSON
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold


class BadJson(ValueError):
    """A text that is no JSON as we write it: what is wrong, and the remedy where there is one of its own."""

    def __init__(self, problem: str, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def write_atomic(path: Path, write: Callable[[BinaryIO], object], replace: bool = True) -> None:
    """Let `write` fill a file that then replaces `path`; whatever fails, `path` is the old file or the new one.

    Args:
        replace: False leaves a file alone that has come into this place meanwhile.
    Raises:
        RunError: it cannot be written (a full disk, no permission), it is there, or another process writes it too.
    """
    part, opened = path.with_name(f".{path.name}.part"), None
    with writing(path):
        remove(part)  # what a kill left; never written through, for it may be a link
        try:
            with open(part, "xb") as stream:
                opened = os.fstat(stream.fileno())
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            if not _is_at(opened, part):
                raise RunError(f"{path}: another process writes it too; start again when that has ended")
            if replace:
                os.replace(part, path)
            else:
                _move_new(part, path)
            sync_folder(path.parent)
        except (Exception, KeyboardInterrupt):
            if opened is not None and _is_at(opened, part):
                remove(part)
            raise


def write_output(path: Path, write: Callable[[BinaryIO], object], replace: bool = False) -> None:
    """Write what a user named: a file as `write_atomic` does, behind links where it is one; a pipe or a device as it is.

    Raises:
        RunError: it cannot be written, or is there and not to be replaced.
        BrokenPipeError: who reads the pipe has gone.
    """
    if not is_stream(path):
        write_atomic(Path(os.path.realpath(path)), write, replace)
        return
    number = descriptor_of(path)
    sys.stdout.flush()
    # What stands for an open file is that one, not the file behind it, which may have an end to append to.
    with writing(path), open(path if number is None else os.dup(number), "wb") as stream:
        write(stream)


def descriptor_of(path: Path) -> int | None:
    """The number of the open file that /dev/stdout, /dev/fd/63 and links to such stand for; None for other paths."""
    place = os.path.abspath(path)
    for _ in range(40):  # as many links as Linux follows
        folder, name = os.path.split(place)
        if name.isdecimal() and os.path.realpath(folder) in {os.path.realpath("/proc/self/fd"), os.path.realpath("/dev/fd")}:
            return int(name)
        if not os.path.islink(place):
            return None
        place = os.path.abspath(os.path.join(folder, os.readlink(place)))
    return None


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a terminal or a device such as /dev/null, or stands for an open file."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or descriptor_of(path) is not None


def _is_at(file: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(file, os.lstat(path))
    except OSError:
        return False


def _move_new(part: Path, path: Path) -> None:
    """Rename, unless there is something already: the system does that at once for links, which most file systems have."""
    try:
        os.link(part, path)
    except OSError:
        if os.path.lexists(path):
            raise RunError(f"{path}: exists by now; choose another name, or overwrite it with --force") from None
        os.replace(part, path)
    remove(part)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see `write_atomic`."""
    write_atomic(path, lambda stream: stream.write(text.encode()))


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people to read too; see `write_atomic`."""
    write_text(path, json_text(value, indent=1) + "\n")


@dataclass(frozen=True)
class Parts:
    """An array that is written part by part, the first rows first.

    Args:
        shape, dtype: of all of it. parts: gives them, once.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    parts: Iterable[np.ndarray]


def save_npz(path: Path, arrays: Mapping[str, np.ndarray | Parts]) -> None:
    """Write named arrays, uncompressed; the same arrays give the same bytes. See `write_atomic`."""
    write_atomic(path, lambda stream: write_npz(stream, arrays))


def write_npz(stream: BinaryIO, arrays: Mapping[str, np.ndarray | Parts]) -> None:
    """The arrays as an .npz, into a stream that need not be able to go back."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", EPOCH), "w", force_zip64=True) as entry:
                if isinstance(array, Parts):
                    description = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
                    np.lib.format.write_array_header_1_0(entry, description)
                    for part in array.parts:
                        entry.write(np.ascontiguousarray(part).data)
                else:
                    np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)


def load_npz(path: Path, remedy: str, expected: Mapping[str, Expected], later: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Arrays of an .npz that `save_npz` wrote; what else it holds is left unread.

    Args:
        expected: name -> (shape, type), None in a shape for a length that may be any. later: those among them to read with `load_parts`.
    Raises:
        RunError: missing, truncated or damaged (every array has a checksum), or an array is missing, of another shape or type,
            or has a number that is not finite; `remedy` ends the message.
    """

    def choose(headers: Mapping[str, Header]) -> Iterable[str]:
        for name, (shape, dtype) in expected.items():
            header = headers.get(name)
            if header is None or header.dtype != dtype or not _fits(header.shape, shape):
                found = "missing" if header is None else f"{header.shape} {header.dtype}"
                wanted = str(shape).replace("None", "any")
                raise RunError(f"{path}: {name} must be {wanted} {np.dtype(dtype)}, it is {found}; {remedy}")
        return [name for name in expected if name not in later]

    with reading(path, remedy):
        arrays = read_npz(path, choose)
    for name, array in arrays.items():
        _check_finite(path, name, array, remedy)
    return arrays


def load_parts(path: Path, remedy: str, name: str, lengths: Iterable[int]) -> Iterator[np.ndarray]:
    """An array of one axis in an .npz whose header `load_npz` has looked at, so many numbers at a time, all of them in the end.

    Raises:
        RunError: truncated, damaged (after the last part where the checksum is wrong), or a number is not finite.
    """
    with reading(path, remedy):
        for part in read_parts(path, name, lengths):
            _check_finite(path, name, part, remedy)
            yield part


def _check_finite(path: Path, name: str, array: np.ndarray, remedy: str) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RunError(f"{path}: {name} has a number that is not finite; {remedy}")


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(wanted in (None, length) for length, wanted in zip(shape, expected))


def read_json(path: Path, remedy: str) -> Any:
    """What a JSON file holds; see `parse_json`.

    Raises:
        RunError: missing or damaged; `remedy` ends the message.
    """
    with reading(path, remedy):
        return parse_json(path.read_text(encoding="utf-8"))


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text without what JSON does not have, or what two readers would read as two values: NaN and Infinity,
    numbers that are no finite float, a key that stands twice in an object, whole numbers and nesting without an end.

    Raises:
        BadJson: what is wrong, and what to do.
    """
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise BadJson(f"not valid JSON ({error.msg} at character {error.pos + 1})") from None
    except UnicodeDecodeError:
        raise BadJson("not UTF-8", "save it as UTF-8") from None
    except RecursionError:
        raise BadJson("too many lists and objects within each other", "take some of them out") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise BadJson(f"the key {twice[:60]!r} is there twice", "keep one of the two")
    return made


def _whole_number(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise BadJson(f"a whole number of {len(digits):,} digits", "write it as a text, in double quotes")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadJson(f"{digits[:60]} is not a finite number", "write null for what is not known")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not a JSON number", "write null for what is not known")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_whole_number, parse_float=_finite, object_pairs_hook=_unique_keys)


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
    except BadNpz as error:
        raise RunError(f"{path}: {error}; {remedy}") from None
    except ValueError:
        raise RunError(f"{path}: truncated or damaged; {remedy}") from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the errors of the system about a file that is being written into one line.

    Raises:
        RunError: it cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise  # nobody reads on, which is no error
    except OSError as error:
        remedy = "allow writing there" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else "free some space"
        raise RunError(f"{path}: cannot be written: {error.strerror or error}; {remedy}, or choose another folder") from None
