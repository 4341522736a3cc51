"""Lesson 13: from the reference to the fused step. Multiply two matrices four ways, then time a whole step on tiles of rows.

You learn what a panel and a register tile are good for, by timing a layer without them and with them; how a
whole network runs on one tile of rows while its activations stay in the cache; and that all of it computes what
the reference computes. README.md lists the files of the method; kernels/cpu/__init__.py says what is where in the fast executor.

Everything here runs on one thread, BLAS too. The first run compiles, which takes some seconds.
"""

import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # read when NumPy is imported

import numpy as np

from minirank.config.model import ModelConfig, TaskConfig
from minirank.kernels.adam import Adam
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.cpu.executor import CpuExecutor
from minirank.kernels.cpu.jit import driver
from minirank.kernels.cpu.matmul import multiply, pack
from minirank.kernels.cpu.tile import panel_product
from minirank.kernels.cpu.vector import pointer
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState, aligned, initial_values
from minirank.model.architectures import compile_plan

ROWS, INNER, WIDTH = 192, 512, 256  # a tile of rows x (M, K), a weight W (K, N)
FLOP = 2 * ROWS * INNER * WIDTH


# 1. The definition, as three loops. k runs innermost, so W is read down a column: a new cache line for every number.
@driver
def three_loops(y, x, w):
    for i in range(ROWS):
        for j in range(WIDTH):
            y[i, j] = 0
            for k in range(INNER):
                y[i, j] += x[i, k] * w[k, j]


# 2. The same sums in another order: j runs innermost, along a row of W and of y, so the compiler can use vectors.
#    Each number of y is now loaded and stored once for every k: the loads are what takes the time.
@driver
def rows_innermost(y, x, w):
    for i in range(ROWS):
        for j in range(WIDTH):
            y[i, j] = 0
        for k in range(INNER):
            for j in range(WIDTH):
                y[i, j] += x[i, k] * w[k, j]


# 3. W in panels, y in registers: what every layer of this package does. Packing happens once a step, so it is not timed.
@driver
def pack_once(panels, w):
    pack(pointer(panels), pointer(w), WIDTH, INNER, WIDTH)


@driver
def in_panels(y, x, panels, product):  # the loops around the micro-kernel are compiled alone, and called by their address
    p = pointer(panels)
    multiply(product, pointer(y), WIDTH, WIDTH, pointer(x), INNER, p, INNER, 0, INNER, ROWS, WIDTH, 0, p, False, p)


def seconds(function, *arguments):
    """The best of several runs: the machine has other things to do too."""
    function(*arguments)  # compiled by now
    best = np.inf
    for _ in range(7):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best


rng = np.random.default_rng(0)
x, w, y = (aligned(rows * columns, np.float32).reshape(rows, columns) for rows, columns in ((ROWS, INNER), (INNER, WIDTH), (ROWS, WIDTH)))
x[:], w[:] = rng.normal(size=x.shape), rng.normal(size=w.shape)
panels = aligned(w.size, np.float32)
pack_once(panels, w)
exact = x.astype(np.float64) @ w.astype(np.float64)
print(f"y = x W, ({ROWS}, {INNER}) x ({INNER}, {WIDTH}): {FLOP / 1e6:.0f} million operations")
for name, function, arguments in (
    ("three loops", three_loops, (y, x, w)),
    ("rows innermost", rows_innermost, (y, x, w)),
    ("panels and registers", in_panels, (y, x, panels, panel_product.address(y.dtype))),
    ("NumPy (BLAS)", lambda y, x, w: np.matmul(x, w, out=y), (y, x, w)),
):
    y[:] = np.nan
    taken = seconds(function, *arguments)
    error = np.linalg.norm(y - exact) / np.linalg.norm(exact)
    print(f"  {name:22s} {FLOP / taken / 1e9:7.1f} GFLOP/s   error {error:.0e}")
    assert error < 1e-6

# 4. A whole step: forward, losses, backward, Adam. The reference goes through all rows operation by operation; the cpu
#    executor through all operations tile by tile. Both read the same plan.
spec = InputSpec(categorical=(("role", 5), ("title", 1000)), dense=tuple(f"d{i}" for i in range(48)), tasks=("ctr", "cvr"))
clicked = (rng.random(1024) < 0.3).astype(np.float32)
ids = np.stack([rng.integers(0, 5, 1024), rng.integers(0, 1000, 1024)], axis=1).astype(np.int32)
dense = rng.normal(size=(1024, 48)).astype(np.float32)
labels = np.stack([clicked, np.where(clicked == 1, rng.random(1024) < 0.5, np.nan)], axis=1).astype(np.float32)
rows = Batch(ids, (), dense, labels, weights=np.ones((1024, 2), np.float32), groups=np.arange(1024, dtype=np.int32))
tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"))
plan = compile_plan(ModelConfig(embedding=16, experts=4, expert_hidden=(64, 32), tower_hidden=(16,)), tasks, spec, rows)
states = {name: TrainState(initial_values(plan, seed=0)) for name in ("reference", "cpu")}
executors = {name: make_executor(name, plan, np.float32, threads=1) for name in states}
print("\na training step of 1,024 rows:")
for name, executor in executors.items():
    taken = seconds(executor.step, states[name], rows, Adam())
    print(f"  {name:10s} {1e3 * taken:6.2f} ms")
losses = [executor.step(states[name], rows, Adam())[0] for name, executor in executors.items()]
print(f"loss after eight steps: {losses[0]:.6f} and {losses[1]:.6f}")
assert abs(losses[0] - losses[1]) < 1e-4

# 5. How many rows make a tile? Few: a panel is fetched for little work. Many: the activations fall out of the cache. In
#    between it does not matter, which is what you want of such a number.
for tile_rows in (6, 48, 192, 1024):
    taken = seconds(CpuExecutor(plan, threads=1, tile_rows=tile_rows).step, TrainState(initial_values(plan, seed=0)), rows, Adam())
    print(f"  tiles of {tile_rows:5,d} rows: {1e3 * taken:6.2f} ms")

# Exercise: `python bench/speed/kernels.py --profile base` shows, in half a minute, the time of every operation of a step in place.
# Which of them run near the ceiling of the arithmetic, which near that of the memory, and why?
