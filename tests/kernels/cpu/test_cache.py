"""Compiled kernels on disk: what is found again, what never is, and what is said. A start is a new dispatcher of a tiny driver."""

import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from case_table import cases
from checkout import python, start_python
from command_line import refused, run

from minirank.kernels.cpu import cache, cache_folders, compile
from minirank.kernels.cpu.cache import Notice

TINY = """
from minirank.kernels.cpu.jit import driver, kernel
@kernel
def step(x):
    return x + {step}
@driver
def probe(total):
    total[0] = step(total[0])
"""


class World:
    """A package of two files, a home, and what starts of it compile."""

    def __init__(self, root: Path, monkeypatch, capsys) -> None:
        self.package, self.home, self._patch, self._capsys, self._said = root / "package", root / "home", monkeypatch, capsys, ""
        for folder in (self.package, self.home):
            folder.mkdir(parents=True)
        self.write(1)
        for name, value in {"HOME": self.home, "TMPDIR": root / "temporary"}.items():
            monkeypatch.setenv(name, str(value))
        (root / "temporary").mkdir()
        for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr("tempfile.tempdir", None)
        monkeypatch.setattr(numba.core.config, "CACHE_DIR", "")
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(cache, "NOTICEABLE", 0.0)
        self.use(self.package)

    def use(self, package: Path) -> None:
        """Let this be the package."""
        self.package = package
        for module in (cache, cache_folders):
            self._patch.setattr(module, "KERNELS", package)

    def write(self, step: int) -> None:
        """The driver, which calls a kernel that adds `step`."""
        (self.package / "tiny.py").write_text(TINY.format(step=step))

    def load(self):
        """The driver as a new process has it."""
        for cached in (cache.source_stamp, cache.made_of, cache._used):
            cached.cache_clear()
        self._patch.setattr(cache, "notice", Notice())
        spec = importlib.util.spec_from_file_location("tiny", self.package / "tiny.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.probe

    def start(self) -> tuple[int, bool]:
        """(what one call adds, whether it was compiled)."""
        probe, total = self.load(), np.zeros(1)
        probe(total)
        return int(total[0]), not probe.stats.cache_hits

    @property
    def said(self) -> str:
        """All that was said."""
        self._said += self._capsys.readouterr().err
        return self._said

    def files(self) -> list[Path]:
        """All compiled functions on the disk."""
        return sorted(self.package.parent.rglob("*.nbc"))

    @property
    def own(self) -> Path:
        """The package's folder of compiled kernels."""
        return self.package / "__pycache__" / "compiled"

    @property
    def users(self) -> Path:
        """The user's."""
        return self.home / ".cache" / "minirank" / "kernels"


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    return World(tmp_path, monkeypatch, capsys)


def refuse(folder: Path) -> None:
    """Let nothing be written into a folder, not by root either: a file takes its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")


def test_a_second_start_compiles_nothing_and_says_nothing(world):
    assert world.start() == (1, True) and world.said == "minirank: compiling kernels, up to half a minute: first start\n"
    assert world.start() == (1, False) and len(world.said.splitlines()) == 1
    assert len(world.files()) == 2 and list(world.own.rglob("*.nbc")) and list(world.users.rglob("*.nbc"))


def test_touched_copied_and_checked_out_files_are_the_same_files(world, tmp_path):
    world.start()
    os.utime(world.package / "tiny.py", (1, 1))
    assert world.start() == (1, False)
    os.utime(world.package / "tiny.py")
    assert world.start() == (1, False)
    world.use(shutil.copytree(world.package, tmp_path / "copy" / "package", ignore=shutil.ignore_patterns("__pycache__")))
    assert world.start() == (1, False) and not world.own.exists()  # a checkout: found in the user's folder
    world.use(tmp_path / "package")
    shutil.rmtree(world.users)
    world.use(shutil.copytree(world.package, tmp_path / "layer" / "package"))
    assert world.start() == (1, False)  # a layer of an image: found in the package's


def test_a_second_user_compiles_nothing(world, monkeypatch):
    world.start()
    refuse(world.package.parent / "other" / ".cache")
    monkeypatch.setenv("HOME", str(world.package.parent / "other"))
    assert world.start() == (1, False)
    monkeypatch.setattr(cache_folders.Folder, "refusal", lambda folder: "Permission denied")
    assert world.start() == (1, False)


def test_an_edit_and_its_undoing(world):
    world.start()
    world.write(5)
    assert world.start() == (5, True) and world.said.endswith(": sources changed\n")
    world.write(1)
    assert world.start() == (1, False)
    (world.package / "other.py").write_text("x = 1\n")
    assert world.start() == (1, True)
    (world.package / ".#tiny.py").symlink_to("nowhere")  # as an editor leaves them
    world.start()


def test_what_is_edited_while_a_process_runs_is_not_kept_as_if_it_were_new(world):
    probe, total = world.load(), np.zeros(1)
    world.write(5)
    probe(total)
    assert total[0] == 1 and not world.files()
    assert world.start() == (5, True)


def test_a_process_that_started_before_an_edit_goes_on_with_what_it_was_made_of(world):
    world.start()
    probe, total = world.load(), np.zeros(1)
    world.write(5)
    world.start()
    probe(total)
    assert total[0] == 1


@cases("""
    thing | said
    numba.__version__ | numba changed
    llvmlite.__version__ | llvmlite changed
    numpy.__version__ | NumPy changed
    numba.core.config.OPT | Numba's configuration changed
    numba.core.config.BOUNDSCHECK | Numba's configuration changed
""")
def test_another_version_or_configuration_compiles_anew_and_both_stay(world, monkeypatch, thing, said):
    world.start()
    with monkeypatch.context() as patch:
        patch.setattr(thing, "1" if thing.endswith("_") else 1)
        assert world.start() == (1, True) and world.said.endswith(f": {said}\n")
    assert world.start() == (1, False) and len(world.files()) == 4


def test_another_processor_compiles_anew(world, monkeypatch):
    world.start()
    codegen = cache.registry.cpu_target.target_context.codegen()
    made = codegen.magic_tuple()
    for other in ((made[0], "haswell", made[2]), (*made[:2], "+avx2"), ("aarch64-linux", *made[1:])):
        with monkeypatch.context() as patch:
            patch.setattr(type(codegen), "magic_tuple", lambda self, other=other: other)
            assert world.start() == (1, True) and world.said.endswith(": processor changed\n")
    assert world.start() == (1, False)


@pytest.mark.parametrize("damage", (b"", b"\0" * 5000, None, "cut", "turned"), ids="empty zeros folder cut turned".split())
def test_a_damaged_file_is_compiled_anew_and_replaced(world, damage):
    world.start()
    for path in world.files():
        content = path.read_bytes()
        if damage is None:
            path.unlink()
            path.mkdir()
        elif damage == "turned":
            path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        else:
            path.write_bytes(content[:-1] if damage == "cut" else damage)
    assert world.start() == (1, True) and "damaged" in world.said
    if damage is not None:
        assert world.start() == (1, False)


def test_a_file_whose_sum_is_right_and_whose_contents_are_not(world):
    world.start()
    for path in world.files():
        path.write_bytes(hashlib.sha256(b"no pickle").digest() + b"no pickle")
    assert world.start() == (1, True) and world.start() == (1, False)


def test_one_damaged_copy_of_two_is_not_missed(world):
    world.start()
    next(world.own.rglob("*.nbc")).write_bytes(b"")
    assert world.start() == (1, False)


def test_another_form_of_the_function_under_a_forms_name_is_not_taken(world):
    world.start()
    (mine,) = world.own.rglob("*.nbc")
    probe = world.load()
    probe(np.zeros(1, np.float32))
    (other,) = (path for path in world.own.rglob("*.nbc") if path != mine)
    for path in world.files():
        path.write_bytes(other.read_bytes())
    assert world.start() == (1, True)


def test_without_a_home_the_packages_folder_serves_and_then_a_private_one(world, monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert world.start() == (1, True) and world.start() == (1, False) and len(world.files()) == 1
    shutil.rmtree(world.package / "__pycache__")
    refuse(world.package / "__pycache__")
    assert world.start() == (1, True) and world.start() == (1, False)
    (kept,) = world.files()
    private = kept.parents[1]
    assert private.parent.name == "temporary" and private.stat().st_mode & 0o777 == 0o700
    said = world.said.splitlines()[-1]
    assert "nothing else can be written" in said and "__pycache__" in said and "set NUMBA_CACHE_DIR" in said


@pytest.mark.parametrize("theirs", ("writable", "link", "owner"))
def test_what_others_can_write_to_is_neither_read_nor_written(world, monkeypatch, theirs):
    refuse(world.package / "__pycache__")
    refuse(world.home / ".cache")
    assert world.start() == (1, True)
    private = world.files()[0].parents[1]
    if theirs == "writable":
        private.chmod(0o777)
    elif theirs == "link":
        private.rename(private.with_name("elsewhere"))
        private.symlink_to("elsewhere")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: private.stat().st_uid + 1)
        monkeypatch.setattr(cache_folders, "temporary_folder", lambda: cache_folders.Folder(private, private=True))
    before = [path.stat().st_mtime_ns for path in world.files()]
    assert world.start() == (1, True) and [path.stat().st_mtime_ns for path in world.files()] == before
    assert "others can write to it" in world.said and not cache_folders.can_keep()


def test_nowhere_to_write_is_no_error_and_says_where_and_what_to_do(world, monkeypatch):
    for folder in (world.package / "__pycache__", world.home / ".cache"):
        refuse(folder)
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr(cache_folders.tempfile, "gettempdir", lambda: (_ for _ in ()).throw(FileNotFoundError("none")))
    assert world.start() == (1, True) and world.start() == (1, True) and not world.files()
    line = world.said.splitlines()[-1]
    assert str(world.own) in line and str(world.users) in line and line.endswith("set NUMBA_CACHE_DIR to a folder that can be written")


def test_a_full_disk_is_no_error_and_leaves_nothing_half(world, monkeypatch):
    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert world.start() == (1, True) and "No space left on device" in world.said
    assert not world.files() and not [path for path in world.package.parent.rglob("*") if path.is_file() and path.suffix != ".py"]
    assert world.start() == (1, True) and world.start() == (1, False)


def test_the_folder_that_is_named_is_the_only_one(world, monkeypatch, tmp_path):
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path / "named"))
    assert world.start() == (1, True) and world.start() == (1, False)
    assert [path.parents[2].name for path in world.files()] == ["named"]
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", "")
    assert world.start() == (1, True)


@cases("""
    platform | variables | expected
    linux | XDG_CACHE_HOME=/x | /x
    linux | XDG_CACHE_HOME=x HOME=/h | /h/.cache
    linux | XDG_CACHE_HOME= HOME=/h | /h/.cache
    linux | HOME=h | none
    darwin | HOME=/h XDG_CACHE_HOME=/x | /h/Library/Caches
    win32 | LOCALAPPDATA=/l HOME=/h | /l
    win32 | HOME=/h | /h/AppData/Local
""")
def test_where_a_system_keeps_a_users_caches(monkeypatch, platform, variables, expected):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for pair in variables.split():
        monkeypatch.setenv(*pair.split("="))
    assert cache_folders.user_cache() == (None if expected == "none" else Path(expected))


def test_old_entries_are_removed_those_used_last_stay(world, monkeypatch):
    monkeypatch.setattr(cache_folders, "STAMPS", 3)
    world.start()
    for step in range(2, 9):
        world.write(step)
        world.start()
        world.write(1)
        assert world.start() == (1, False)
        time.sleep(0.002)
    for place in (world.own, world.users):
        assert len(list(place.iterdir())) <= 4 and len(list(place.rglob("*.nbc"))) <= 4


def test_a_driver_without_a_file_is_compiled_and_not_kept(world):
    names = {"driver": cache.KernelCache}
    exec("from minirank.kernels.cpu.jit import driver\n@driver\ndef probe(x):\n    x[0] = 7\n", names)
    total = np.zeros(1)
    names["probe"](total)
    assert total[0] == 7 and not world.files()


def test_closures_of_one_name_are_told_apart(world):
    code = "from minirank.kernels.cpu.jit import driver\ndef make(y):\n    @driver\n    def probe(x):\n        x[0] = y\n    return probe\n"
    (world.package / "tiny.py").write_text(code + "probe = make(3)\nother = make(4)\n")
    for _ in range(2):
        total = np.zeros(2)
        probe = world.load()
        probe(total[:1])
        probe.py_func.__globals__["other"](total[1:])
        assert total.tolist() == [3, 4]


def test_warm_compiles_what_is_missing_says_where_and_is_content_with_what_is_there(world, monkeypatch, capsys):
    probe = world.load()
    monkeypatch.setattr(compile, "drivers_of", lambda part: [probe] if part == compile.RARE else [])
    monkeypatch.setattr(compile, "compile_part", lambda part: probe(np.zeros(1)))
    monkeypatch.setattr(compile, "notice", cache.notice)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: SimpleNamespace(kill=int, wait=int))  # which compile nothing
    status, first, said = run(capsys, "warm")
    assert status == 0 and first.startswith("1 kernels compiled in ") and said == "compiling 1 kernels, up to half a minute: first start\n"
    assert [line.partition(": ")[0] for line in first.splitlines()[1:]] == [str(world.own), str(world.users)]
    shutil.rmtree(world.own)
    status, again, said = run(capsys, "warm")
    assert status == 0 and not said and again.startswith("all kernels are compiled already\n") and again.count("1 kernels, 0.0 MiB") == 2
    assert world.files() and world.start() == (1, False)  # what the user's folder had is in the package's too


def test_warm_without_a_folder_is_an_error_that_names_them(world, monkeypatch, capsys):
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", "/dev/null/x")
    assert refused(capsys, "warm") == (
        "nowhere to keep compiled kernels (/dev/null/x/minirank: Not a directory); set NUMBA_CACHE_DIR to a folder that can be written"
    )


STARTED = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import tiny
for kind in sys.argv[2:]:
    total = np.zeros(1, kind)
    tiny.probe(total)
    print(int(total[0]), sum(tiny.probe.stats.cache_hits.values()))
"""


def test_processes_that_compile_at_once_leave_whole_files(tmp_path):
    (tmp_path / "tiny.py").write_text(TINY.format(step=1))
    types, named = ("float64", "float32"), str(tmp_path / "named")
    processes = [start_python("-c", STARTED, tmp_path, kind, NUMBA_CACHE_DIR=named) for kind in types]
    assert [process.communicate()[0].split() for process in processes] == [["1", "0"]] * 2
    done = python("-c", STARTED, tmp_path, *types, NUMBA_CACHE_DIR=named)  # each finds its own
    assert done.stdout.split() == ["1", "1", "1", "2"] and not done.stderr
