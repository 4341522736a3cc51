"""A new operation is one file in ops/, and one in cuda/ where that backend shall run it: nothing else changes.

The two files below go into a copy of the package; a plan that uses them runs on the reference, on the CPU and in the simulator.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import minirank.kernels

OPERATION = '''"""A column-wise scale: y = c x, so dx += c dy."""

from ..cpu import layout as L
from ..cpu.vector import at, number
from ..cpu.work import tile_kernel
from .kind import Count, Kind


class Scale(Kind, name="scale"):
    """Inputs (x,), attribute factor."""

    float_attribute = "factor"

    def forward(self, op, state):
        state.value(op.output)[...] = op.attributes["factor"] * state.value(op.inputs[0])

    def backward(self, op, state):
        state.gradient(op.inputs[0])[...] += op.attributes["factor"] * state.gradient(op.output)

    def count(self, op, batch, tiles, overwrites):
        size = len(batch) * op.output.width
        return Count(size, 2 * size), Count(2 * size, 3 * size)


@tile_kernel
def scale_forward_tile(op, work, first, rows):
    """y = c x for one tile."""
    y, x, c = at(work.values, op[L.OUT]), at(work.values, op[L.IN]), number(work.values, work.reals[op[L.NUMBER]])
    for i in range(rows):
        for j in range(op[L.OUT_WIDTH]):
            y[i * op[L.OUT_STRIDE] + j] = c * x[i * op[L.IN_STRIDE] + j]


@tile_kernel
def scale_backward_tile(op, work, first, rows):
    """dx += c dy for one tile."""
    dy, dx, c = at(work.gradients, op[L.OUT]), at(work.gradients, op[L.IN]), number(work.values, work.reals[op[L.NUMBER]])
    for i in range(rows):
        for j in range(op[L.OUT_WIDTH]):
            dx[i * op[L.IN_STRIDE] + j] += c * dy[i * op[L.OUT_STRIDE] + j]


Scale.forward_tile, Scale.backward_tile = scale_forward_tile, scale_backward_tile
'''
STEPS = '''"""`scale` as a step of the walk: a thread takes one element."""

from . import layout as L
from .jit import cuda, device


@device
def scale_rows(work, step, first, count):
    """y = c x."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x0, x_stride = work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[y0 + row * y_stride + j] = work.reals[step] * work.activations[x0 + row * x_stride + j]


@device
def scale_backward_rows(work, step, first, count):
    """y = c x => dx += c dy."""
    y0, y_stride, width = work.steps[step, L.OUT], work.steps[step, L.OUT + L.STRIDE], work.steps[step, L.OUT + L.WIDTH]
    x0, x_stride = work.shift + work.steps[step, L.IN], work.steps[step, L.IN + L.STRIDE]
    for unit in range(cuda.threadIdx.x, count * width, cuda.blockDim.x):
        row, j = first + unit // width, unit % width
        work.activations[x0 + row * x_stride + j] += work.reals[step] * work.activations[work.shift + y0 + row * y_stride + j]


STEPS = {"scale": scale_rows, "scale_backward": scale_backward_rows}
'''
PROBE = '''"""Prints how far a backend is from the reference, for a plan that scales what a layer gives by 3."""

import sys

import numpy as np

from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import initial_values
from minirank.kernels.plan import PlanBuilder
from minirank.kernels.reference import ReferenceExecutor

draw, rows = np.random.default_rng(0), 37
builder = PlanBuilder(InputSpec((), (), ("a", "b", "c"), ("y",)))
x, h, scaled, logits = builder.block("x", 3, 0), builder.block("h", 5), builder.block("scaled", 5), builder.block("logits", 1)
builder.add("copy", x)
builder.add("dense", h, (x,), (builder.parameter("w", (3, 5), "he"), builder.parameter("b", (5,), "zero")), relu=1)
builder.add("scale", scaled, (h,), factor=3.0)
builder.add("dense", logits, (scaled,), (builder.parameter("v", (5, 1), "glorot"), builder.parameter("c", (1,), "zero")), relu=0)
builder.add("bce", None, (logits,), task=0, factor=1.0)
plan = builder.build(
    logits, given=(-1,), links=("sigmoid",), unknown_share={}, training_rows=rows, log_variance=None, outputs={"h": h, "scaled": scaled}
)
values = initial_values(plan, seed=1)
dense, labels = draw.normal(size=(rows, 3)).astype(np.float32), draw.integers(0, 2, (rows, 1)).astype(np.float32)
batch = Batch(np.zeros((rows, 0), np.int32), (), dense, labels, np.ones_like(labels), np.arange(rows, dtype=np.int32))
executor, reference = make_executor(sys.argv[1], plan), ReferenceExecutor(plan)
found, expected = executor.gradients(values, batch), reference.gradients(values.copy(np.float64), batch)
outputs = executor.outputs(values, batch, ("h", "scaled"))
assert np.abs(outputs["scaled"] - 3 * outputs["h"]).max() == 0 and outputs["h"].any()
assert np.linalg.norm(expected.dense) > 0.1
print(np.linalg.norm(found.dense - expected.dense) / np.linalg.norm(expected.dense))
'''


def test_a_new_operation_is_two_files(tmp_path):
    (tmp_path / "minirank").mkdir()
    (tmp_path / "minirank" / "__init__.py").touch()
    package = tmp_path / "minirank" / "kernels"
    shutil.copytree(Path(minirank.kernels.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "ops" / "scale.py").write_text(OPERATION)

    def run(backend: str) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_ENABLE_CUDASIM": str(int(backend == "cuda"))}
        return subprocess.run([sys.executable, "-c", PROBE, backend], cwd=tmp_path, env=environment, capture_output=True, text=True)

    alone = run("cuda")
    assert alone.returncode != 0 and "ValueError: the cuda backend has no step for the operation scale" in alone.stderr
    (package / "cuda" / "scale.py").write_text(STEPS)
    for done in (run("cpu"), run("cuda")):
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) < 1e-6
