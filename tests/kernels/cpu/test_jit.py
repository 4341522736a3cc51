"""An edit in one kernel file must reach the drivers that another file caches."""

import re
import shutil
from pathlib import Path

import numba
import numpy as np
from checkout import python
from cpu_world import drawn, drawn_batch, with_shared

import minirank.kernels
from minirank.commands.warm import FURTHER
from minirank.evaluation import compiled
from minirank.evaluation.compiled import group_dcg
from minirank.kernels.adam import Adam
from minirank.kernels.cpu import cache, compile, jit
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.ops import KINDS
from minirank.kernels.parameters import TrainState

PACKAGE = Path(minirank.kernels.__file__).resolve().parent
SOURCES = {path for folder in (PACKAGE, PACKAGE / "ops", PACKAGE / "cpu") for path in folder.glob("*.py")}
EVALUATION = Path(compiled.__file__).resolve().parent
PROBE = """
import numpy as np
from minirank.kernels.cpu import team
total = np.zeros(3)
team.{driver}
print(int(total[0]), sum(team.{name}.stats.cache_hits.values()))
"""


def run(root, driver):
    code = PROBE.format(driver=driver, name=driver.split("(")[0])
    done = python("-c", code, cwd=root, PYTHONPATH=str(root), NUMBA_CACHE_DIR=str(root / "compiled"))
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_an_edit_in_a_kernel_reaches_a_cached_driver(tmp_path):
    (tmp_path / "minirank").mkdir()
    (tmp_path / "minirank" / "__init__.py").touch()
    copy = tmp_path / "minirank" / "kernels"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    helper = copy / "ops" / "helper.py"
    helper.write_text("from ..cpu.jit import kernel\n@kernel\ndef step(x):\n    return x + 1\n")
    with (copy / "cpu" / "team.py").open("a") as file:
        file.write("\nfrom ..ops.helper import step\n@driver\ndef probe(total):\n    total[0] = step(total[0])\n")
    assert run(tmp_path, "probe(total)") == ["1", "0"]
    assert run(tmp_path, "probe(total)") == ["1", "1"]
    helper.write_text("from ..cpu.jit import kernel\n@kernel\ndef step(x):\n    return x + 5\n")
    assert run(tmp_path, "probe(total)") == ["5", "0"]


def test_a_stamp_covers_every_source_file_of_the_kernels_and_of_a_drivers_own_folder(tmp_path):
    (tmp_path / "cores.py").touch()
    assert {path.name for path in cache.source_files(tmp_path)} == {"cores.py"} | {path.name for path in SOURCES}
    assert set(cache.source_files(PACKAGE / "cpu")) == SOURCES
    assert group_dcg._cache.made_of["drivers"] == "evaluation" and group_dcg._cache.made_of["sources"] == cache.source_stamp(EVALUATION)


def test_warm_compiles_every_kernel_of_every_operation():
    possible = [kind for kind in KINDS.values() if kind.why_not() is None]
    kernels = {kernel for kind in possible for kernel in (kind.forward_tile, kind.backward_tile, kind.pack, kind.fold) if kernel}
    drivers = [driver for part in compile.DRIVERS for driver in compile.drivers_of(part)]
    assert {kernel.of(compile.FLOAT32) for kernel in kernels} <= set(drivers) and len(drivers) == len(set(drivers)) > len(kernels)


def test_warm_compiles_every_driver_but_those_of_a_layer_by_itself():
    parts = (*compile.DRIVERS, *compile.OWN_KERNELS, *FURTHER)
    known = {(driver.__module__, driver.__name__) for part in parts for driver in compile.drivers_of(part) if hasattr(driver, "py_func")}
    drivers = set()
    for folder in (PACKAGE, Path(minirank.__file__).parent):
        name = "minirank.kernels" if folder == PACKAGE else "minirank"
        for path in folder.rglob("*.py"):
            module = ".".join((name, *path.relative_to(folder).with_suffix("").parts))
            drivers |= {(module, found) for found in re.findall(r"^@driver\ndef (\w+)", path.read_text(), re.MULTILINE)}
    assert {module for module, _ in drivers - known} == {"minirank.kernels.cpu.packed_layer"}


def test_a_kernel_keeps_nan_and_infinity():
    @jit.kernel
    def sign(x):
        return x != x, x > 1e300

    @numba.njit
    def call(x):
        return sign(x)

    assert call(np.nan) == (True, False) and call(np.inf) == (False, True)


def test_what_is_compiled_ahead_is_what_a_step_runs():
    plan, spec, values, rng = drawn(1)
    executor, state = CpuExecutor(plan, np.float32, threads=2), TrainState(values)
    batch = drawn_batch(rng, spec, 20)
    executor.step(state, batch, Adam(clip_norm=1.0))
    searches = with_shared(drawn_batch(rng, spec, 400), spec, rng)
    executor.step(state, searches, Adam())
    executor.logits(state.values, batch)
    assert any(compile.DRIVERS.values())
    for drivers in compile.DRIVERS.values():
        for driver, types in drivers.items():
            assert types in driver.signatures and len(driver.signatures) <= 2, driver.__name__  # float32, and float64 in other tests


def test_a_constant_compiles_no_kernel_anew():
    @jit.kernel
    def double(x, times):
        return x * times

    @numba.njit
    def call(x):
        return double(x, 1) + double(x, 2) + double(x, x)

    assert call(3) == 18 and len(double.signatures) == 1
