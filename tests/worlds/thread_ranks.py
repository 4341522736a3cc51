"""Ranks that are threads of this process: what each says to the others goes through a list."""

import threading
from copy import deepcopy

import numpy as np

from minirank.parallel.ranks import Ranks


class ThreadRanks(Ranks):
    """One of `size` threads."""

    def __init__(self, rank, size, shared, barrier):
        self.rank, self.size, self._shared, self._barrier = rank, size, shared, barrier

    def all_of(self, value):
        self._shared[self.rank] = value
        self._barrier.wait()
        found = deepcopy(self._shared)  # what comes from another process is a copy
        self._barrier.wait()
        return found

    def threads(self, processors):
        return 1

    def to_first(self, value):
        found = self.all_of(value)
        return found if self.is_first else None

    def of_first(self, value):
        return self.all_of(value)[0]

    def most(self, number):
        return max(self.all_of(number))

    def add_up(self, array):
        total, *others = self.all_of(array.copy())
        total = total.copy()
        for other in others:
            total += other
        return total

    def join(self, array, counts=None):
        found = self.all_of(array)
        assert counts is None or [len(each) for each in found] == list(counts)
        return np.concatenate(found)

    def join_on_first(self, array, counts):
        found = self.join(array, counts)
        return found if self.is_first else None

    def exchange(self, array, to, of):
        assert len(array) == to.sum()
        sent = [np.split(each, np.cumsum(counts)[:-1])[self.rank] for each, counts in self.all_of((array, to))]
        assert [len(each) for each in sent] == of.tolist()
        return np.concatenate(sent)

    def copy_first(self, array):
        array[...] = self.all_of(array.copy())[0]

    def wait(self):
        self.all_of(None)


def on_threads(size, work):
    """[work(ranks) of each of `size` threads]; the first error of one of them is raised."""
    shared, barrier, found, errors = [None] * size, threading.Barrier(size, timeout=60), [None] * size, []

    def run(rank):
        try:
            found[rank] = work(ThreadRanks(rank, size, shared, barrier))
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return found
