"""What a process that is forked from this one needs: os.fork copies one thread, and the locks that others hold as they stand.

Such a lock is never given back there, and what its holder had begun never ends. So whoever owns a lock, or threads, makes them anew in the
child (`renew_in_forks`). What must not be copied half done, Numba's compiler, is waited for instead (`cpu/jit.py`).
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import Protocol, TypeVar
from weakref import WeakSet


class Renewable(Protocol):
    """Something with locks or threads."""

    def renew(self) -> None:
        """Be as nobody had used it yet; called in a forked process, in its only thread."""


Thing = TypeVar("Thing", bound=Renewable)
_things: WeakSet[Renewable] = WeakSet()


def renew_in_forks(thing: Thing) -> Thing:
    """Let `thing.renew()` be called first of all in every process that is forked from this one, as long as there is the thing."""
    _things.add(thing)
    return thing


def _renew() -> None:
    for thing in list(_things):
        thing.renew()
    if sys.version_info < (3, 12):
        _renew_cached_properties()


def _renew_cached_properties() -> None:
    """Up to Python 3.11 a cached property has a lock, one for all objects of its class, that is held while a value is computed."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "minirank":
            for kind in [value for value in vars(module).values() if isinstance(value, type)]:
                for attribute in vars(kind).values():
                    if isinstance(attribute, cached_property):
                        attribute.lock._at_fork_reinit()  # type: ignore[attr-defined]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
