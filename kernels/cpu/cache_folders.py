"""Folders of compiled kernels: the package's own, the user's, and a private one for temporary files.

    FOLDER/STAMP/made_of.json       what the stamp stands for
    FOLDER/STAMP/NAME.nbc           SHA-256 of the rest, then one compiled function

What is compiled is written into the package's own folder and into the user's, whichever can be written, and read from the first that
has it. NUMBA_CACHE_DIR names the only folder instead. Where none can be written, the private one serves.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from numba.core import config

KERNELS = Path(__file__).resolve().parents[1]
STAMPS = 24  # kept in a folder, those used last; each takes about 2 MB
DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Folder:
    """A folder of compiled kernels.

    Args:
        private: used only while it is this user's and nobody else can write to it, for what it holds is executed.
    """

    path: Path
    private: bool = False

    def refusal(self) -> str | None:
        """Why nothing can be written into it; None if it can. It is made if it is missing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700 if self.private else 0o777, exist_ok=True)
        except OSError as error:
            return error.strerror or str(error)
        if not self.can_be_trusted():
            return "others can write to it"
        return None if os.access(self.path, os.W_OK | os.X_OK) else "Permission denied"

    def can_be_trusted(self) -> bool:
        """Whether its contents may be executed, as far as the system can tell."""
        if not self.private or not hasattr(os, "geteuid"):
            return True
        try:
            status = self.path.lstat()
        except OSError:
            return False
        return self.path.is_dir() and not self.path.is_symlink() and status.st_uid == os.geteuid() and not status.st_mode & 0o022

    def read(self, stamp: str, name: str) -> bytes | None:
        """A compiled function; None where there is none, or a damaged one."""
        if not self.can_be_trusted():
            return None
        try:
            content = (self.path / stamp / name).read_bytes()
        except OSError:
            return None
        digest, data = content[:DIGEST], content[DIGEST:]
        return data if hashlib.sha256(data).digest() == digest else None

    def write(self, made_of: dict[str, str], name: str, data: bytes) -> str | None:
        """Keep a compiled function; why it could not be kept, or None."""
        if (why := self.refusal()) is not None:
            return why
        inside = self.path / stamp_of(made_of)
        try:
            if not (inside / "made_of.json").exists():
                inside.mkdir(exist_ok=True)
                write_whole(inside / "made_of.json", json.dumps(made_of, indent=1).encode())
                for old, _ in self.stamps()[STAMPS:]:
                    shutil.rmtree(old, ignore_errors=True)
            write_whole(inside / name, hashlib.sha256(data).digest() + data)
        except OSError as error:
            return error.strerror or str(error)
        return None

    def note_use(self, stamp: str) -> None:
        """Let a stamp be the last one that is removed."""
        with suppress(OSError):
            os.utime(self.path / stamp)

    def stamps(self) -> list[tuple[Path, dict[str, str]]]:
        """(folder, what it is made of) of every stamp, those used last first."""
        found = []
        with suppress(OSError):
            for path in self.path.iterdir() if self.can_be_trusted() else ():
                with suppress(OSError):
                    found.append((path.stat().st_mtime_ns, path))
        return [(path, read_made_of(path)) for _, path in sorted(found, reverse=True)]

    def files(self, stamp: str, pattern: str = "*.nbc") -> list[Path]:
        """The compiled functions of a stamp."""
        return sorted((self.path / stamp).glob(pattern)) if self.can_be_trusted() else []


def folders() -> list[Folder]:
    """Those that compiled functions are written into."""
    if config.CACHE_DIR:
        return [Folder(Path(config.CACHE_DIR) / "minirank")]
    own, user = Folder(KERNELS / "__pycache__" / "compiled"), user_cache()
    return [own] if user is None else [own, Folder(user / "minirank" / "kernels", private=True)]


def temporary_folder() -> Folder | None:
    """This user's own; it lasts as long as temporary files do. None where a system has none, or NUMBA_CACHE_DIR names another."""
    if config.CACHE_DIR:
        return None
    try:
        return Folder(Path(tempfile.gettempdir()) / f"minirank-kernels-{getattr(os, 'geteuid', lambda: 'user')()}", private=True)
    except OSError:
        return None


def readable_folders() -> list[Folder]:
    """All, in the order in which a compiled function is looked for."""
    temporary = temporary_folder()
    return [*folders(), *([] if temporary is None else [temporary])]


def user_cache() -> Path | None:
    """Where this system keeps a user's caches; None where it knows no such folder."""
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or "-")
            base = base if base.is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # no home
        return None
    return base if base.is_absolute() else None


def refusals() -> dict[Path, str]:
    """folder -> why nothing can be written into it, of `folders`; empty where one of them can be written."""
    return unless_one_did({folder.path: folder.refusal() for folder in folders()})


def can_keep() -> bool:
    """Whether what is compiled now will be there for other processes."""
    temporary = temporary_folder()
    return not refusals() or (temporary is not None and temporary.refusal() is None)


def keep(made_of: dict[str, str], name: str, data: bytes) -> dict[Path, str]:
    """Write a compiled function wherever it can be written; folder -> why not, empty where it was written somewhere."""
    found = unless_one_did({folder.path: folder.write(made_of, name, data) for folder in folders()})
    temporary = temporary_folder()
    if found and temporary is not None:
        found = unless_one_did(found | {temporary.path: temporary.write(made_of, name, data)})
    return found


def distribute(made_of: dict[str, str]) -> None:
    """Let every folder that can be written have what any has of a stamp."""
    stamp = stamp_of(made_of)
    for name in sorted({path.name for folder in readable_folders() for path in folder.files(stamp)}):
        held = {folder: folder.read(stamp, name) for folder in readable_folders()}
        data = next(filter(None, held.values()), None)
        for folder in folders():
            if data and not held[folder]:
                folder.write(made_of, name, data)


def unless_one_did(refused: dict[Path, str | None]) -> dict[Path, str]:
    """folder -> why it refused; empty where one of them did not."""
    return {} if None in refused.values() else {path: why for path, why in refused.items() if why}


def stamp_of(made_of: dict[str, str]) -> str:
    """The name of a stamp's folder."""
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:20]


def read_made_of(folder: Path) -> dict[str, str]:
    """What a stamp stands for; empty where its file is missing or damaged."""
    try:
        return dict(json.loads((folder / "made_of.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def write_whole(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, whoever else writes it at the same time."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
