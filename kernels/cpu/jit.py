"""Where every Numba kernel is compiled, and why a stale one is never loaded.

Numba caches a compiled function under the stamp of the *file that holds it*. A driver that calls
kernels of other files would go on running their old code after an edit there. So only drivers are
cached (`driver`, and the kernels of `address.py`), other kernels are compiled into them (`kernel`), and a
driver's stamp covers every source file of `kernels/`, `ops/` and `cpu/`, and of its own folder, where that is another one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numba
from numba import types

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
    """Compile an entry point that Python calls: cached on disk, and run without the interpreter's lock."""
    try:
        dispatcher = numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # no folder that could hold a cache
        return numba.njit(**OPTIONS)(function)
    stamp_cache(dispatcher)
    return dispatcher


def stamp_cache(compiled) -> None:
    """Let what the disk holds of a cached function count only as long as no source file changes that it may be made of."""
    compiled._cache._cache_file._source_stamp = source_stamp(compiled.__wrapped__.__code__.co_filename)


@lru_cache
def source_stamp(file: str = __file__) -> tuple:
    """(folder/name, size, time of change in ns) of every source file that a kernel may come from, and of the folder that holds `file`."""
    kernels = Path(__file__).resolve().parents[1]
    folders = {kernels, kernels / "ops", kernels / "cpu", Path(file).resolve().parent}
    stamps = []
    for path in sorted(path for folder in folders for path in folder.glob("*.py")):
        status = path.stat()
        stamps.append((f"{path.parent.name}/{path.name}", status.st_size, status.st_mtime_ns))
    return tuple(stamps)


def is_missing(compiled) -> bool:
    """Whether the disk could hold code of a cached function that was made from these very sources, and does not."""
    cache_file = getattr(compiled._cache, "_cache_file", None)
    return cache_file is not None and not cache_file._load_index()
