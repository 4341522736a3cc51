"""All communication between ranks: P processes that run the same program on parts of the same rows.

A sum of arrays over ranks is taken in the order of ranks, ((x_0 + x_1) + x_2) + ..., element by element, so that the same number of
ranks gives the same bytes, on any network and with any MPI. MPI_Allreduce promises no order (findings/mpi_allreduce_order.sh), so it
is made of two passes over slices, of which rank s has the s-th:

    1. each rank sends its s-th slice to rank s, which adds the P slices up        (a reduce-scatter)
    2. each rank sends its sum to all                                             (an allgather)

Of n numbers a rank receives n (P - 1) / P in each pass: less than 2 n for any P, as in the best known all-reduce. Arrays of a few
numbers are sent to all at once, and added up by each.

Sources: Patarasu & Yuan, JPDC 2009 (bandwidth of all-reduce); MPI 4.1, 6.9.1 (the order of a reduction is advice).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from mpi4py import MPI

from .ranks import Ranks, T

FEW = 1024  # numbers; SPEED: one message is quicker than two for as many
GRACE = 5.0  # seconds that a rank with an error waits for the others to have it as well
RELAYED = 1.0  # seconds in which a launcher passes a line on; what it still holds when it ends all ranks is lost
PAUSE = 0.01  # seconds between two looks while waiting, for MPI would spin
LONGEST = 1200  # bytes of an error line


class MpiRanks(Ranks):
    """The ranks of an MPI communicator.

    Args:
        world: mpi4py's communicator. speak: where an error of this rank alone is told.
    """

    def __init__(self, world: Any, speak: Callable[[str], object]) -> None:
        self.rank, self.size, self.received = world.rank, world.size, 0
        self._world, self._speak = world, speak
        self._failing = world.Dup()  # NOTE: of its own, for the others may be in the middle of something
        self._machine = world.Split_type(MPI.COMM_TYPE_SHARED)

    def threads(self, processors: int) -> int:
        """The processors that this rank may use, shared out among those ranks of the machine that may use the same."""
        mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else processors
        return max(processors // self._machine.allgather(mine).count(mine), 1)

    def all_of(self, value: T) -> list[T]:
        return self._world.allgather(value)

    def to_first(self, value: T) -> list[T] | None:
        return self._world.gather(value)

    def of_first(self, value: T) -> T:
        return self._world.bcast(value)

    def most(self, number: int) -> int:
        numbers = np.zeros(self.size, np.uint8)
        self._world.Allgather(np.array([number], np.uint8), numbers)
        self.received += self.size - 1
        return int(numbers.max())

    def add_up(self, array: np.ndarray) -> np.ndarray:
        array = np.ascontiguousarray(array)
        if len(array) <= FEW:
            parts = np.empty((self.size, len(array)), array.dtype)
            self._world.Allgather(array, parts)
            self.received += array.nbytes * (self.size - 1)
            return _in_order(parts)
        borders = self.share(len(array))
        lengths, starts = np.diff(borders), borders[:-1]
        mine = int(lengths[self.rank])
        parts = np.empty((self.size, mine), array.dtype)
        self._world.Alltoallv([array, (lengths, starts)], [parts, (np.full(self.size, mine), mine * np.arange(self.size))])
        self._world.Allgatherv(_in_order(parts), [array, (lengths, starts)])
        self.received += array.itemsize * (mine * (self.size - 1) + len(array) - mine)
        return array

    def join(self, array: np.ndarray, counts: list[int] | None = None) -> np.ndarray:
        array = np.ascontiguousarray(array)
        counts = self.all_of(len(array)) if counts is None else counts
        joined = np.empty((sum(counts), *array.shape[1:]), array.dtype)
        lengths = np.array(counts) * math.prod(array.shape[1:])
        self._world.Allgatherv(array.reshape(-1), [joined.reshape(-1), (lengths, np.cumsum(lengths) - lengths)])
        self.received += joined.nbytes - array.nbytes
        return joined

    def join_on_first(self, array: np.ndarray, counts: list[int]) -> np.ndarray | None:
        array = np.ascontiguousarray(array)
        lengths = np.array(counts) * math.prod(array.shape[1:])
        joined = np.empty((sum(counts), *array.shape[1:]), array.dtype) if self.is_first else None
        into = None if joined is None else [joined.reshape(-1), (lengths, np.cumsum(lengths) - lengths)]
        self._world.Gatherv(array.reshape(-1), into)
        self.received += 0 if joined is None else joined.nbytes - array.nbytes
        return joined

    def exchange(self, array: np.ndarray, to: np.ndarray, of: np.ndarray) -> np.ndarray:
        array, found = np.ascontiguousarray(array), np.empty(int(of.sum()), array.dtype)
        self._world.Alltoallv([array, (to, np.cumsum(to) - to)], [found, (of, np.cumsum(of) - of)])
        self.received += found.nbytes - int(of[self.rank]) * found.itemsize
        return found

    def copy_first(self, array: np.ndarray) -> None:
        self._world.Bcast(array)

    @contextmanager
    def one_first(self) -> Iterator[None]:
        if self._machine.rank > 0:
            _wait(self._machine.Ibarrier())
        yield
        if self._machine.rank == 0:
            _wait(self._machine.Ibarrier())

    def wait(self) -> None:
        _wait(self._world.Ibarrier())

    def fail(self, line: str, status: int) -> int:
        mine = np.zeros(LONGEST, np.uint8)
        text = np.frombuffer(line.encode(errors="replace")[:LONGEST], np.uint8)
        mine[: len(text)] = text
        lines = np.zeros((self.size, LONGEST), np.uint8)
        request, began = self._failing.Iallgather(mine, lines), time.monotonic()
        while not request.Test():
            if time.monotonic() - began > GRACE:
                self._end(f"{line} (on rank {self.rank} of {self.size})", status)
            time.sleep(PAUSE)
        if self.is_first:
            for each in dict.fromkeys(bytes(each).rstrip(b"\0").decode(errors="replace") for each in lines):
                self._speak(each)
        return status

    def _end(self, line: str, status: int) -> NoReturn:
        """End all ranks, after one line."""
        self._speak(line)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)  # MPI would say more
        time.sleep(RELAYED)
        self._world.Abort(status)
        raise AssertionError("MPI_Abort returned")


def _in_order(parts: np.ndarray) -> np.ndarray:
    """(n,) sum of (P, n) parts, in their order; the first becomes the sum."""
    for part in parts[1:]:
        parts[0] += part
    return parts[0]


def _wait(request: Any) -> None:
    """Until a request is done, asleep."""
    while not request.Test():
        time.sleep(PAUSE)
