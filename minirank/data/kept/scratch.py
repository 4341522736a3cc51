"""Arrays that wait on the disk for the moment, mapped into memory: more of them than memory holds.

They lie in files without a name, which the system removes when the process ends, however it ends. The space is taken before it is
written to: a disk that fills is an error here, not a process that is killed later.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import threading
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from minirank.data.kept.array_file import ALIGNED

LEAST = 2**24  # bytes of a file that arrays share
SHARE = 4  # each file has a quarter of what all before it have together, so that there are few of them


def give_back() -> None:
    """Give memory that was freed back to the system, of which glibc keeps hundreds of megabytes."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


class Scratch:
    """Makes such arrays, in any thread; the files that they share go with the last array therein.

    Args:
        folder: on the disk that has space for them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._room = np.empty(0, np.uint8)  # the file that smaller arrays share
        self._used = self._total = 0

    def empty(self, shape: tuple[int, ...], dtype: type | np.dtype) -> np.ndarray:
        """An array of zeros to be written to.

        Raises:
            OSError: there is no space.
        """
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if not size:
            return np.empty(shape, dtype)
        with self._lock:
            begin, room = -(-self._used // ALIGNED) * ALIGNED, self._room
            if begin + size > len(room):
                shared = max(LEAST, self._total // SHARE)
                begin, room = 0, self._file(max(size, shared))
                self._total += len(room)
                if size < shared:
                    self._room = room
            if room is self._room:
                self._used = begin + size
        return room[begin : begin + size].view(dtype).reshape(shape)

    def put(self, array: np.ndarray) -> np.ndarray:
        """An equal array.

        Raises:
            OSError: there is no space.
        """
        made = self.empty(array.shape, array.dtype)
        made[...] = array
        return made

    def _file(self, size: int) -> np.ndarray:
        """The bytes of a new one."""
        with TemporaryFile(dir=self._folder) as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
            return np.frombuffer(mmap.mmap(stream.fileno(), size), np.uint8)
