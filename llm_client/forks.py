"""What a process that is forked from this one needs: os.fork copies one thread, and the locks that others hold as they stand.

So whoever owns a lock, a connection or a count of what is under way makes it anew in the child, where nothing is. The same as
kernels/forks.py, which this package does not know.
"""

from __future__ import annotations

import os
from typing import Protocol, TypeVar
from weakref import WeakSet


class Renewable(Protocol):
    """Something that threads share."""

    def renew(self) -> None:
        """Be as no other thread used it; called in a forked process, in its only thread."""


Thing = TypeVar("Thing", bound=Renewable)
_things: WeakSet[Renewable] = WeakSet()


def renew_in_forks(thing: Thing) -> Thing:
    """Let `thing.renew()` be called first of all in every process that is forked from this one, as long as there is the thing."""
    _things.add(thing)
    return thing


def _renew() -> None:
    for thing in list(_things):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
