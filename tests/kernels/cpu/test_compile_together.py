"""An executor whose kernels are not compiled yet shares that work with another process, and finds there what it needs itself."""

import sys

import pytest
from checkout import python
from cpu_world import drawn

from minirank.kernels.cpu import compile, walk
from minirank.kernels.ops import KINDS
from minirank.kernels.ops.dense import dense_forward_tile

STARTED = """
import sys
import numpy as np
from minirank.kernels.cpu import compile, walk
names, Popen = [], compile.subprocess.Popen
compile.subprocess.Popen = lambda command, **more: names.extend(command[3:]) or Popen(command, **more)
compile.available_threads = lambda: 2
kernels = [walk.pack_weights, walk.end_searches]
for _ in range(2):
    compile.compile_together(kernels)  # the second time nothing is missing
print(*names, *(kernel.of(compile.FLOAT32).address is not None for kernel in kernels))
"""


def test_both_ends_are_compiled_and_only_once(tmp_path):
    done = python("-c", STARTED, NUMBA_CACHE_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr[-1000:]
    *names, first, last = done.stdout.split()
    module = "minirank.kernels.cpu"
    assert names[-2:] == [f"{module}.walk:end_searches", f"{module}.walk:pack_weights"] and f"{module}.team:lead" in names[:-2]
    assert first == last == "True" and list(tmp_path.rglob("walk.pack_weights*.nbc"))


def test_a_kernel_and_a_driver_are_found_by_their_names(tmp_path, monkeypatch):
    for seed in range(3):
        plan, *_ = drawn(seed)
        kernels = compile.kernels_of_steps(plan.operations)
        assert {KINDS[op.kind].forward_tile for op in plan.operations} | {walk.update_tables} <= set(kernels)
        for kernel in kernels:
            module, _, name = compile.name_of(kernel).partition(":")
            assert getattr(sys.modules[module], name) is kernel
    asked = []
    monkeypatch.setattr(compile, "is_missing", lambda compiled: asked.append(compiled))  # None: it is there
    compile.compile_part(compile.name_of(dense_forward_tile))
    compile.compile_part("minirank.kernels.cpu.team:lead")
    assert asked == [dense_forward_tile.of(compile.FLOAT32), compile.team.lead]


def test_nobody_is_asked_where_the_first_is_there(monkeypatch):
    monkeypatch.setattr(compile, "is_missing", lambda _: False)
    monkeypatch.setattr(compile.subprocess, "Popen", pytest.fail)
    compile.compile_together([walk.pack_weights])
