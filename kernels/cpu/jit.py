"""Where every Numba kernel is compiled.

Only drivers are kept on disk (`driver`, and the kernels of `address.py`), other kernels are compiled into them (`kernel`); `cache.py`
says what is kept how long.
"""

from __future__ import annotations

from pathlib import Path

import numba
from numba import types

from .cache import KernelCache

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
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


def is_missing(compiled) -> bool:
    """Whether a function is kept on disk and is not there as these very sources would compile it."""
    return isinstance(compiled._cache, KernelCache) and compiled._cache.is_missing(getattr(compiled, "_sig", None))
