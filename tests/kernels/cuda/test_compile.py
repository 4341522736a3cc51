"""Every CUDA kernel compiled for sm_80 and sm_90, where the extra `cuda` is installed: no GPU is needed (.ci/run does it)."""

import importlib.util
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from case_table import cases

from bench.gpu import compile as cuda_compile

REQUIRED = os.environ.get("MINIRANK_CUDA_GATE") == "1"  # set by .ci/run: there nothing is skipped
needs_compiler = pytest.mark.skipif(
    not REQUIRED and importlib.util.find_spec("numba_cuda") is None, reason="needs the compiler, not a GPU: pip install -e '.[cuda]'"
)


def figures(**changed):
    """A kernel that is as the table says, but for what is changed."""
    instructions = dict.fromkeys(cuda_compile.REQUIRED["product_forward"], 1)
    return {"registers": 120, "spills": 0, "stack": 0, "shared": 16384, "instructions": instructions} | changed


def declared(function):
    """As jit.kernel declares one."""
    return SimpleNamespace(function=function, signature="void(float32[::1])", bounds=(256, 1))


def test_the_table_holds_every_kernel():
    table = json.loads(cuda_compile.TABLE.read_text(encoding="utf-8"))
    assert table.keys() == {"sm_80", "sm_90"}
    for found in table.values():
        assert cuda_compile.REQUIRED.keys() <= found.keys()
        assert all(not cuda_compile.problems(name, each, each) for name, each in found.items())


@cases("""
    changed= | words
    {"spills": 8} | 8 bytes of spills
    {"stack": 256} | 256 of stack
    {"registers": 121} | registers: 121, the table says 120
    {"registers": 129} | a product may take 128
    {"shared": 20000} | shared: 20000, the table says 16384
    {"instructions": {"fma.rn.f32": 64}} | no ld.global.v4.f32 among its instructions
    {"instructions": {"fma.rn.f64": 1}} | computes in float64: fma.rn.f64
""")
def test_what_got_worse_is_told(changed, words):
    assert not cuda_compile.problems("product_forward", figures(), figures())
    assert any(words in line for line in cuda_compile.problems("product_forward", figures(**changed), figures()))


def test_a_kernel_that_came_or_went_is_told():
    found, table = {"sm_80": {"product_forward": figures()}}, {"sm_80": {"product_backward": figures()}}
    lines = cuda_compile.all_problems(found, table)
    assert len(lines) == 2 and "is not in the table" in lines[0] and "no such kernel" in lines[1]


@needs_compiler
def test_every_kernel_is_as_the_table_says():
    found = cuda_compile.compile_everywhere()
    assert not cuda_compile.all_problems(found, json.loads(cuda_compile.TABLE.read_text(encoding="utf-8")))


@needs_compiler
@pytest.mark.parametrize(
    "index, words",
    [("own[int(x[i])] += x[1]\n    x[i] = own[int(x[0])]", "of stack"), ("x[i] = math.sqrt(2.0 * x[i])", "computes in float64")],
)
def test_a_planted_kernel_is_caught(index, words):
    """One whose local array leaves the registers, one that computes in float64."""
    import math

    from numba import cuda

    namespace = {"cuda": cuda, "np": np, "math": math}
    copied = "own = cuda.local.array(64, np.float32)\n    for k in range(64):\n        own[k] = x[k]"
    exec(f"def planted(x):\n    i = cuda.grid(1)\n    {copied}\n    {index}", namespace)
    found = cuda_compile.compile_kernel(declared(namespace["planted"]), 90)
    assert any(words in line for line in cuda_compile.problems("planted", found, found))


@needs_compiler
def test_a_planted_spill_is_caught():
    """A thread's fragment of 16 x 16 needs more registers than there are."""
    from numba import cuda

    def spilling(x):
        own = cuda.local.array(400, np.float32)
        for k in range(400):
            own[k] = x[k * 32 + cuda.threadIdx.x]
        for step in range(8):
            for k in range(400):
                own[k] += x[step] * own[399 - k]
        for k in range(400):
            x[k * 32 + cuda.threadIdx.x] = own[k]

    found = cuda_compile.compile_kernel(declared(spilling), 80)
    assert any("bytes of spills" in line for line in cuda_compile.problems("spilling", found, found))
