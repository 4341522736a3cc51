"""One process at a time writes into a folder: a lock of the system (flock) on a file in it, which ends with its process.

It holds between machines too where the folder is shared by NFS; where there are no such locks, a line says so and work goes on.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import RunError
from .storage import make_folder, remove, writing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".minirank.lock"
BUSY = (errno.EAGAIN, errno.EACCES)
TRIES, PAUSE = 10, 0.02  # seconds between two: whoever only asks for the holder has the lock for an instant
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_held: set[int] = set()  # descriptors of the locks of this process


def _close_in_child() -> None:
    """A fork shares its parent's locks, and would keep them when the parent has died."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


@contextmanager
def working_in(folder: Path, command: str, say: Callable[[str], None] = lambda text: None, named: Path | None = None) -> Iterator[None]:
    """Be the one process that writes into a folder; it is made where it does not exist, and removed if it is empty in the end.

    Args:
        command: what the others are told.
        say: told where the file system has no locks.
        named: what messages call the folder.
    Raises:
        RunError: another one is at work there, or the folder cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: cannot be used: Not a directory; choose another folder")
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    path, owner = folder / LOCK, os.getpid()
    make_folder(folder)
    descriptor = None
    try:
        descriptor = _acquire(path, command, say, named or folder)
        yield
    finally:
        if os.getpid() == owner:  # not in a child that was forked meanwhile
            if descriptor is not None:
                try:
                    if _is_open_as(descriptor, path):
                        remove(path)
                finally:
                    _held.discard(descriptor)
                    os.close(descriptor)
            with suppress(OSError):
                for empty in made:
                    empty.rmdir()


def holder(folder: Path) -> str | None:
    """Who works in a folder, such as `process 12 on host (minirank train), since 2026-01-31 12:00:00`; None where nobody does."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        return None if fcntl is None or _lock(descriptor, fcntl.LOCK_SH) else _name(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def hold(descriptor: int) -> None:
    """Lock an open file, until it is closed or its process ends; where there are no locks, nothing."""
    with suppress(OSError):
        if fcntl is not None:
            _lock(descriptor, fcntl.LOCK_EX)


def is_held(path: Path) -> bool | None:
    """Whether a process has `hold` of a file; None where that cannot be told."""
    with suppress(OSError), open(path, "r+b") as stream:
        return None if fcntl is None else not _lock(stream.fileno(), fcntl.LOCK_EX)
    return None


def _acquire(path: Path, command: str, say: Callable[[str], None], named: Path) -> int:
    """The descriptor of the lock file, once its lock is ours."""
    name = "another process"
    for _ in range(TRIES):
        with writing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NOFOLLOW, 0o666)
        _held.add(descriptor)
        try:
            if fcntl is None:
                raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
            if _lock(descriptor, fcntl.LOCK_EX):
                if _is_open_as(descriptor, path):  # and not removed by its last holder
                    _sign(descriptor, command)
                    return descriptor
            else:
                name = _name(descriptor)
        except OSError as error:
            say(f"{named}: this file system has no locks ({error.strerror}); make sure that nothing else writes there meanwhile")
            return descriptor
        _held.discard(descriptor)
        os.close(descriptor)
        time.sleep(PAUSE)
    raise RunError(f"{named}: in use by {name}; wait until that ends, or choose another folder")


def _lock(descriptor: int, kind: int) -> bool:
    """Whether the lock could be had at once.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in BUSY:
            return False
        raise
    return True


def _is_open_as(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def _sign(descriptor: int, command: str) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    with suppress(OSError):
        os.fchmod(descriptor, 0o666)  # what a kill leaves must not keep out those who share the folder
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()} ({command}), since {since}\n".encode())


def _name(descriptor: int) -> str:
    text = os.pread(descriptor, 200, 0).decode(errors="replace")
    return "".join(letter for letter in text if letter.isprintable()) or "another process"
