"""Texts read in several processes, in their order: each reads one chunk of several in turn, so that all are done at the same time."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from minirank.parallel.ranks import Ranks

CHUNK = 32  # texts
LEAST = 500  # texts a process, or it is not worth its start
ROUND = 1 << 12  # texts of each rank at a time


def read_in_processes(
    read: Callable[[int], Any], count: int, progress: Callable[[int], None] = lambda done: None, processors: int | None = None
) -> Iterator[Any]:
    """read(0), ... read(count - 1), on all processors that this process may use; few of them wait to be asked for.

    A process that ends early, whatever ended it, costs time alone: its texts are read here. All end with this one.

    Args:
        read: place -> what can be pickled. progress: told how many are done. processors: to use; None is all of them.
    """
    if processors is None:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    workers = min(processors, count // LEAST)

    def read_here(number: int) -> Iterator[Any]:
        for place in _places(number, count):
            found = read(place)
            progress(place + 1)
            yield found

    yield from read_here(0)  # before there are others: they need not load the lexicon again
    receivers: list[Connection | None] = []
    gc.freeze()  # SPEED: the lexicon stays; nobody need look through it for what can go, and forked processes share it
    if workers > 1 and "fork" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("fork")
        for number in range(1, workers):
            receiver, sender = context.Pipe(duplex=False)
            receivers.append(receiver)
            ours = [each for each in receivers if each is not None]
            context.Process(
                target=_work, args=(read, range(number + 1, -(-count // CHUNK), workers), count, sender, ours), daemon=True
            ).start()
            sender.close()
    try:
        for number in range(1, -(-count // CHUNK)):
            worker = (number - 1) % (len(receivers) + 1) - 1
            theirs, part = receivers[worker] if worker >= 0 else None, None
            if theirs is not None:
                try:
                    part = theirs.recv()
                except (EOFError, OSError):
                    receivers[worker] = None
            if part is None:
                yield from read_here(number)
            else:
                progress(number * CHUNK + len(part))
                yield from part
    finally:
        gc.unfreeze()
        for each in receivers:
            if each is not None:
                each.close()  # nobody takes what the others send


def read_on_ranks(read: Callable[[int], Any], count: int, progress: Callable[[int], None], ranks: Ranks) -> Iterator[Any]:
    """`read_in_processes`, of which each rank reads some, and rank 0 gets all; the others get none, and must ask until there is an end."""
    mine = range(ranks.rank, count, ranks.size)  # every P-th: resumes, which come last, take longer than jobs
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1

    def told(done: int) -> None:
        progress(min(done * ranks.size, count))

    found = read_in_processes(lambda place: read(mine[place]), len(mine), told, ranks.threads(processors))
    if ranks.size == 1:
        yield from found
        return
    for first in range(0, count, ROUND * ranks.size):
        places = range(first, min(first + ROUND * ranks.size, count))
        parts = ranks.to_first(list(islice(found, len(places[ranks.rank :: ranks.size]))))
        if parts is not None:
            together: list[Any] = [None] * len(places)
            for rank, part in enumerate(parts):
                together[rank :: ranks.size] = part
            yield from together


def _places(number: int, count: int) -> range:
    return range(number * CHUNK, min((number + 1) * CHUNK, count))


def _work(read: Callable[[int], Any], chunks: range, count: int, sender: Connection, receivers: list[Connection]) -> None:
    """Read some chunks, in the forked process, until nobody takes what it sends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for receiver in receivers:
        receiver.close()
    with suppress(Exception):  # what is wrong with a text is told by the process that reads it again
        for number in chunks:
            sender.send([read(place) for place in _places(number, count)])
    sender.close()
