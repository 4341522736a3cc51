"""What several processes that run the same program do together, as one process alone does it: nothing.

`mpi.MpiRanks` is more than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from ..terminal import complain

if TYPE_CHECKING:  # `minirank --help` is quick
    import numpy as np

T = TypeVar("T")


class Ranks:
    """One process alone, or the ones of `MpiRanks`: all of them call each of these methods alike, in the same order.

    Attributes:
        rank: number of this process, 0 .. size - 1. size: P, how many there are.
        received: bytes that came from other ranks so far.
    """

    rank, size, received = 0, 1, 0

    @property
    def is_first(self) -> bool:
        """Whether this one writes files and speaks."""
        return self.rank == 0

    def threads(self, processors: int) -> int:
        """Threads for this rank, where `processors` may be used by it and maybe by others."""
        return processors

    def all_of(self, value: T) -> list[T]:
        """What each rank has, in their order."""
        return [value]

    def to_first(self, value: T) -> list[T] | None:
        """What each rank has, on rank 0; None on the others."""
        return [value]

    def of_first(self, value: T) -> T:
        """What rank 0 has."""
        return value

    def most(self, number: int) -> int:
        """The largest of the numbers, 0 .. 255, of all ranks."""
        return number

    def add_up(self, array: np.ndarray) -> np.ndarray:
        """The sum over ranks, in their order, of (n,) arrays of the same length and type; the array may be overwritten."""
        return array

    def join(self, array: np.ndarray, counts: list[int] | None = None) -> np.ndarray:
        """The rows (n, ...) of all ranks, one behind the other.

        Args:
            counts: rows of each rank, where they are known.
        """
        return array

    def join_on_first(self, array: np.ndarray, counts: list[int]) -> np.ndarray | None:
        """As `join`, on rank 0 alone; None on the others."""
        return array

    def exchange(self, array: np.ndarray, to: np.ndarray, of: np.ndarray) -> np.ndarray:
        """What the ranks have for this one, in their order.

        Args:
            array: (n,) what this rank has for rank 0, 1, ..., one behind the other.
            to: (P,) int, numbers for each rank. of: (P,) int, numbers from each.
        """
        return array

    def copy_first(self, array: np.ndarray) -> None:
        """Let an array of all ranks hold what that of rank 0 holds."""

    def share(self, rows: int) -> list[int]:
        """[0, ..., rows]: where the part of each rank begins and ends, as even as can be."""
        return [rows * rank // self.size for rank in range(self.size + 1)]

    @contextmanager
    def one_first(self) -> Iterator[None]:
        """Within it one rank of each machine is alone, then all others go: what it keeps on disk they find there."""
        yield

    def wait(self) -> None:
        """Until all have come here."""

    def fail(self, line: str, status: int) -> int:
        """Say why the program ends, once, and end all ranks; returns the exit status where all fail alike."""
        complain(line)
        return status


ALONE = Ranks()
