"""The steps of a walk: what each operation's file in this folder offers, and the branch that runs one of them by its code.

    STEPS      name of a kind, or of its backward pass -> device function (work, step, first, count): some rows of the batch
    BATCHES    name of a kind that is of the whole batch -> device function (work, step, start, end): all rows
    SEARCHES   name of a kind that compares the rows of a search -> device function (work, step, start, end): one search

A kind of operation in ops/X.py has its steps in cuda/X.py; without such a file this backend cannot run it.
"""

from __future__ import annotations

import linecache
from importlib import import_module
from importlib.util import find_spec

from ..ops import KINDS
from . import layout as L
from .jit import device


def _offered() -> tuple[dict, dict, dict]:
    """(STEPS, SEARCHES, BATCHES) of all kinds of operations."""
    steps, searches, batches = {}, {}, {}
    for name in dict.fromkeys(f"{__package__}.{kind.__module__.rpartition('.')[2]}" for kind in KINDS.values()):
        if find_spec(name) is not None:
            module = import_module(name)
            steps |= getattr(module, "STEPS", {})
            searches |= getattr(module, "SEARCHES", {})
            batches |= getattr(module, "BATCHES", {})
    return steps, searches, batches


STEPS, SEARCHES, BATCHES = _offered()
CODES = {name: code for code, name in enumerate([*STEPS, *SEARCHES, *BATCHES, "clear", "mask"])}


def branch(name: str, functions: dict, *arguments: str):
    """A device function (work, step, *arguments) that calls the one of `functions` whose code a step has.

    NOTE: a kernel cannot look up a function in a table, so the branch is written out, as text, and compiled like any other function.
    """
    inside = ", ".join(("work", "step", *arguments))
    lines = [f"def {name}({inside}):", f'    """The step of a code: {", ".join(functions)}."""', "    code = work.steps[step, CODE]"]
    for word, (key, function) in zip(["if", *["elif"] * len(functions)], functions.items()):
        lines += [f"    {word} code == {CODES[key]}:", f"        {_python_of(function).__name__}({inside})"]
    text = "\n".join(lines) + "\n"
    file = f"<{__name__}.{name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file  # so that its source can be read like that of others
    namespace = {"__name__": __name__, "CODE": L.CODE} | {_python_of(function).__name__: function for function in functions.values()}
    exec(compile(text, file, "exec"), namespace)
    return device(namespace[name])


def _python_of(function):
    """The Python function of a device function."""
    return getattr(function, "py_func", function)
