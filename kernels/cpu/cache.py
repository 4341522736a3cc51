"""What is compiled is kept, under a stamp of all that it was made of: the contents of the sources, the versions, the processor.

So neither another date of the files, another checkout or environment of the same sources, nor another user compiles anew, and
nothing stale is ever loaded. `cache_folders.py` says where it lies.

Numba's own cache knows of the sources only the file that holds a function, not those whose kernels are compiled into it, and has
an index that two processes may write at once, so that one signature's entry leads to the code of another.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba.core import config, registry, sigutils
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from .cache_folders import KERNELS, keep, readable_folders, refusals, stamp_of

NOTICEABLE = 0.5  # seconds of compilation in a process, after which the user is told
SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "USING_SVML")  # of Numba, that change code
REMEDY = "set NUMBA_CACHE_DIR to a folder that can be written"


@lru_cache
def source_stamp(folder: Path = KERNELS / "cpu") -> str:
    """SHA-256 of every source file that the drivers in a folder may be made of, taken once in a process, in less than 1 ms."""
    return hash_sources(folder)


def hash_sources(folder: Path) -> str:
    """SHA-256 of the names and contents of `source_files`."""
    digest = hashlib.sha256()
    for path in source_files(folder):
        with suppress(OSError):  # such as an editor's link to nowhere
            content = path.read_bytes()
            digest.update(f"{path.parent.name}/{path.name} {len(content)}\n".encode("utf-8", "surrogateescape"))
            digest.update(content)
    return digest.hexdigest()


def source_files(folder: Path) -> list[Path]:
    """Those of `kernels/`, `ops/` and `cpu/`, and of the folder of a driver elsewhere; bytecode where there is no source."""
    folders = dict.fromkeys((KERNELS, KERNELS / "ops", KERNELS / "cpu", folder))
    return [path for each in folders for path in sorted(each.glob("*.py")) or sorted(each.glob("*.pyc"))]


@lru_cache
def made_of(folder: Path, sources: str) -> dict[str, str]:
    """All that the compiled drivers in a folder depend on, by name; sources: see `source_stamp`."""
    triple, processor, features = registry.cpu_target.target_context.codegen().magic_tuple()
    return {
        "drivers": folder.name,
        "sources": sources,
        "processor": f"{processor} on {triple}, {hashlib.sha256(str(features).encode()).hexdigest()[:8]}",
        "Python": f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')} -O{sys.flags.optimize}",
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "NumPy": np.__version__,
        "Numba's configuration": " ".join(f"{name}={getattr(config, name, None)}" for name in SETTINGS),
    }


class KernelCache:
    """The compiled forms of one function, as Numba's dispatchers ask for them."""

    def __init__(self, function) -> None:
        self._function = function
        self._folder = Path(function.__code__.co_filename).resolve().parent
        self._sources = source_stamp(self._folder)  # now: a process that goes on for days has not the code of tomorrow's files
        name = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}"
        self._name = "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in name)[:80]
        self._began = 0.0

    @property
    def made_of(self) -> dict[str, str]:
        """See `made_of`."""
        return made_of(self._folder, self._sources)

    @property
    def cache_path(self) -> str:
        """The first folder that may hold them; Numba shows it."""
        return str(readable_folders()[0].path / stamp_of(self.made_of))

    def is_missing(self, signature=None) -> bool:
        """Whether no folder has the form for a signature, or any form."""
        stamp, name = stamp_of(self.made_of), f"{self._name}-*.nbc" if signature is None else self._file(signature)
        return not any(folder.read(stamp, path.name) for folder in readable_folders() for path in folder.files(stamp, name))

    def load_overload(self, signature, target_context) -> CompileResult | None:
        """The form for a signature; None where it must be compiled."""
        # SPEED: Numba refreshes the context here, which loads all that it can compile: a quarter of a second in each process. What is
        # compiled already needs the runtime alone; whoever compiles refreshes it then.
        rtsys.initialize(target_context)
        name, stamp = self._file(signature), stamp_of(self.made_of)
        for folder in readable_folders():
            data = folder.read(stamp, name)
            if data is None:
                continue
            with suppress(Exception):  # whatever is wrong with it, it can be compiled anew
                made = CompileResult._rebuild(target_context, *pickle.loads(data))
                if tuple(made.signature.args) == _arguments(signature):
                    _used(folder, stamp)
                    return made
        self._began = time.perf_counter()
        notice.before(self.made_of)
        return None

    def save_overload(self, signature, compiled: CompileResult) -> None:
        """Keep what was compiled."""
        refused: dict[Path, str] = {}
        if self._can_be_kept(compiled):
            refused = keep(self.made_of, self._file(signature), dumps(compiled._reduce()))
        notice.after(self.made_of, time.perf_counter() - self._began, refused)

    def _can_be_kept(self, compiled: CompileResult) -> bool:
        """Whether it means the same in another process, and was made of the files that lie there now."""
        alone = not compiled.library.has_dynamic_globals and all(each.can_cache for each in compiled.lifted)
        return alone and hash_sources(self._folder) == self._sources

    def _file(self, signature) -> str:
        """The name of the file for a signature, and for what else may differ between functions of one name."""
        code, closure = self._function.__code__, self._function.__closure__
        values = dumps(tuple(cell.cell_contents for cell in closure)) if closure else b""
        key = repr((tuple(map(str, _arguments(signature))), code.co_firstlineno)).encode() + code.co_code + values
        return f"{self._name}-{hashlib.sha256(key).hexdigest()[:20]}.nbc"

    def enable(self) -> None:
        """Numba's; it is always enabled."""

    disable = flush = enable


def _arguments(signature) -> tuple:
    return tuple(sigutils.normalize_signature(signature)[0])


@lru_cache
def _used(folder, stamp: str) -> None:
    """Once in a process."""
    folder.note_use(stamp)


class Notice:
    """Tells the user in one line of a process that it compiles, and why, once that has taken noticeably long."""

    def __init__(self) -> None:
        self.said, self._seconds = False, 0.0
        self._why: str | None = None

    def before(self, contents: dict[str, str]) -> None:
        """Something is about to be compiled."""
        self._why = self._why or why_compiled(contents)
        self._say()

    def after(self, contents: dict[str, str], seconds: float, refused: dict[Path, str]) -> None:
        """It took so long, and folders refused to keep it."""
        self._seconds += seconds
        if refused:
            self._why = f"nowhere to keep them ({listed(refused)}); {REMEDY}"
        self._say()

    def _say(self) -> None:
        if self._seconds > NOTICEABLE and not self.said and sys.stderr is not None:
            self.said = True
            with suppress(OSError, ValueError):  # nobody reads it
                print(f"minirank: compiling kernels, up to half a minute: {self._why}", file=sys.stderr, flush=True)


notice = Notice()


def why_compiled(contents: dict[str, str]) -> str:
    """Why a function that was made of this is compiled now."""
    refused = refusals()
    if refused:
        return f"first start since temporary files were removed; nothing else can be written ({listed(refused)}); {REMEDY}"
    known = [other for folder in readable_folders() for _, other in folder.stamps()]
    known = [other for other in known if other.get("drivers") == contents["drivers"]]
    if contents in known:
        return "not needed until now, or damaged on the disk"
    if not known:
        return "first start"
    return " and ".join(f"{name} changed" for name, value in contents.items() if known[0].get(name) != value)


def listed(refused: dict[Path, str]) -> str:
    """Folders and why each refuses."""
    return "; ".join(f"{path}: {why}" for path, why in refused.items())
