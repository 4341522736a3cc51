"""The other shapes of the micro-kernel on this processor: that of AVX-512, which LLVM splits here, and plain loops.

The shape is a constant of the module, taken from what the processor says of itself. A process of its own is told
something else while the module is imported, and keeps its compiled code in a folder of its own.
"""

from pathlib import Path

import pytest
from checkout import python

HERE = Path(__file__).resolve().parent
RUN = """
import sys
import llvmlite.binding as llvm
import numba
numba.njit(lambda: 0)()  # the compiler itself has now asked for the true features
ask = llvm.get_host_cpu_features
llvm.get_host_cpu_features = lambda: {features}
from minirank.kernels.cpu import tile
llvm.get_host_cpu_features = ask
assert (tile._ROWS, tile.WIDE) == {shape}, (tile._ROWS, tile.WIDE)
import pytest
sys.exit(pytest.main(["-p", "no:cacheprovider", "-q", "-x", *{tests}]))
"""
PLAN = "test_gradients.py::test_drawn_gradients_in_float32"


@pytest.mark.parametrize(
    "features, shape, tests",
    [({"avx512f": True}, (6, 4), ["test_tile.py", "test_matmul.py", PLAN]), ({}, (0, 1), ["test_tile.py", "test_matmul.py"])],
)
def test_every_shape_computes_the_same(features, shape, tests):
    code = RUN.format(features=features, shape=shape, tests=[str(HERE / test) for test in tests])
    cache = HERE / "__pycache__" / f"shape_{shape[0]}x{shape[1]}"
    done = python("-c", code, NUMBA_CACHE_DIR=str(cache), NUMBA_OPT="1")  # NOTE: a plan compiles sooner so
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
