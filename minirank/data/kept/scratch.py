"""Arrays that wait on the disk for the moment, mapped into memory: more of them than memory holds.

They lie in files without a name, which the system removes when the process ends, however it ends. The space is taken before it is
written to: a disk that fills is an error here, not a process that is killed later.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np


class Scratch:
    """Makes such arrays.

    Args:
        folder: on the disk that has space for them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def empty(self, shape: tuple[int, ...], dtype: type | np.dtype) -> np.ndarray:
        """An array to be written to.

        Raises:
            OSError: there is no space.
        """
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if not size:
            return np.empty(shape, dtype)
        with TemporaryFile(dir=self._folder) as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
            return np.memmap(stream, dtype, "r+", shape=shape)

    def put(self, array: np.ndarray) -> np.ndarray:
        """An equal array.

        Raises:
            OSError: there is no space.
        """
        made = self.empty(array.shape, array.dtype)
        made[...] = array
        return made
