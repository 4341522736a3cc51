"""Where every Numba kernel is compiled.

Only drivers are kept on disk (`driver`, and the kernels of `address.py`), other kernels are compiled into them (`kernel`); `cache.py`
says what is kept how long.
"""

from __future__ import annotations

import os
import threading
from _thread import interrupt_main
from pathlib import Path

import numba
from llvmlite.binding import ffi
from numba import types
from numba.core.compiler_lock import global_compiler_lock

from .cache import KernelCache

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
llvm_lock = ffi.lib._lock  # llvmlite's, around every call of LLVM
NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function=None, **options):
    """Compile a kernel that drivers call, and nobody else: it has no wrapper for Python, which halves its compilation.

    error_model="numpy": a division by zero gives inf, which spares a branch a division.
    contract: a * b + c may become one fused instruction, which rounds once instead of twice.
    Nothing else of fastmath: NaN and infinity keep their meaning.
    options: further ones of numba.njit, such as forceinline.
    NOTE: Numba would compile it anew for each constant that a caller passes, which takes long and gains nothing here.
    """
    if function is None:
        return lambda function: kernel(function, **options)
    compiled = numba.njit(**OPTIONS, **NO_WRAPPERS, **options)(function)
    typed = compiled.get_call_template
    compiled.get_call_template = lambda arguments, keywords: typed(tuple(map(types.unliteral, arguments)), keywords)
    return compiled


def driver(function):
    """Compile an entry point that Python calls: kept on disk, and run without the interpreter's lock."""
    return keep_compiled(numba.njit(**OPTIONS)(function), function)


def keep_compiled(compiled, function):
    """Let the disk keep what Numba compiles of a function that a file holds."""
    if Path(function.__code__.co_filename).is_file():
        compiled._cache = KernelCache(function)
    return compiled


class Forking:
    """Holds Numba's compiler while this process forks: a child could neither go on with what a thread had begun nor undo it.

    So a fork waits for the kernel that is being compiled, which takes up to some seconds; who compiles many gives way in between.
    """

    def __init__(self) -> None:
        self.nobody, self._interrupted = threading.Event(), False
        self.nobody.set()

    def begin(self) -> None:
        """In the parent, before."""
        self.nobody.clear()
        for acquire in (global_compiler_lock.acquire, llvm_lock.__enter__):
            while True:
                try:
                    acquire()
                    break
                except KeyboardInterrupt:  # it would end this wait alone, and then the fork would find a compiler at work
                    self._interrupted = True

    def end(self) -> None:
        """In the parent, after."""
        llvm_lock.__exit__(None, None, None)
        global_compiler_lock.release()
        self.nobody.set()
        if self._interrupted:
            self._interrupted = False
            threading.Timer(0.01, interrupt_main).start()  # later: Python drops what is raised in here

    def end_in_child(self) -> None:
        """In the child."""
        self.nobody, self._interrupted = threading.Event(), False  # a thread that is not here may have held the lock of the other
        self.end()


forking = Forking()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=forking.begin, after_in_parent=forking.end, after_in_child=forking.end_in_child)


def is_missing(compiled) -> bool:
    """Whether a function is kept on disk and is not there as these very sources would compile it."""
    return isinstance(compiled._cache, KernelCache) and compiled._cache.is_missing(getattr(compiled, "_sig", None))
