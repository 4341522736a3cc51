"""Lesson 13: from NumPy to Numba: why a tile is fast.

You learn what a cache line is, why one order of reading misses it at every step, and how a tile stays in registers.
"""

# %% [markdown]
# # 13. From NumPy to Numba: why a tile is fast
#
# Almost all of a training step is the product y = x W of lesson 1. A number from memory takes a hundred times as long as a
# multiply-add. It comes with its 15 neighbours, a *line* of 64 bytes, and a cache keeps the lines that were used last.

# %%
import os
import timeit

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # read by NumPy when it is imported

import matplotlib.pyplot as plt
import numba
import numpy as np

ROWS, INNER, WIDTH = 192, 512, 256
x, weight = (np.random.default_rng(0).integers(-8, 9, size).astype(np.float32) for size in ((ROWS, INNER), (INNER, WIDTH)))
expected, y = x @ weight, np.empty((ROWS, WIDTH), np.float32)

# %% [markdown]
# ## The definition, and a tile
# The reference runs down a column of W for each number of y. A tile makes 2 x 4 of them at once: eight sums stay in *registers*
# while k runs, and 6 loads feed 8 multiply-adds, not 16. Its *panel*: four columns of W, each copied into one run of memory.


# %%
@numba.njit
def three_loops(y, x, weight):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = 0
            for k in range(x.shape[1]):
                y[i, j] += x[i, k] * weight[k, j]


@numba.njit(fastmath={"contract", "reassoc"})  # multiply and add in one instruction; a sum in as many parts as a vector holds
def in_tiles(y, x, columns):
    for j in range(0, y.shape[1], 4):
        w0, w1, w2, w3 = columns[j], columns[j + 1], columns[j + 2], columns[j + 3]  # the panel, for all rows of x
        for i in range(0, y.shape[0], 2):
            a, b = x[i], x[i + 1]
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = np.float32(0)
            for k in range(x.shape[1]):
                a0, a1, a2, a3 = a0 + a[k] * w0[k], a1 + a[k] * w1[k], a2 + a[k] * w2[k], a3 + a[k] * w3[k]
                b0, b1, b2, b3 = b0 + b[k] * w0[k], b1 + b[k] * w1[k], b2 + b[k] * w2[k], b3 + b[k] * w3[k]
            y[i, j : j + 4], y[i + 1, j : j + 4] = (a0, a1, a2, a3), (b0, b1, b2, b3)


def misses(lines, sets=64, ways=8):  # which of these lines, asked for in this order, a cache does not hold
    cache, missed = [[] for _ in range(sets)], []
    for line in lines:
        kept = cache[line % sets]
        missed.append(line not in kept)
        kept[:] = [*(other for other in kept if other != line), line][-ways:]  # the latest use stands last
    return np.array(missed)


# %% [markdown]
# ## On paper
# A usual cache: 64 sets of 8 lines; line l goes into set l mod 64, where the least used makes room. Rows of W are 16 lines apart,
# so a column falls into 64 / 16 = 4 sets, which keep 32 of its 512 lines: none is left when its neighbour asks for them.

# %%
figure, (left, right, last) = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
k = np.arange(INNER)
down = np.concatenate([(k * WIDTH + j) * 4 // 64 for _ in range(2) for j in range(4)])  # the loads of W for one tile of y
along = np.stack([(j * INNER + k) * 4 // 64 for j in range(4)], axis=1).ravel()
for axes, name, lines, hand in ((left, "columns", down, "2 * 4 * 512, and all"), (right, "a panel", along, "4 * 512, and one in 16")):
    missed = misses(lines)
    print(f"{name}: {len(lines):,} loads of W, {missed.sum():,} misses   by hand: {hand}")
    axes.scatter(np.arange(len(lines)), lines, s=np.where(missed, 16, 2), c=np.where(missed, "#D55E00", "#56B4E9"))
    axes.set(title=f"{name}: {missed.sum():,} missed (orange)", xlabel="loads of W, in order", ylabel="line of memory")

# %% [markdown]
# ## In the product
# Small whole numbers have exact sums, in any order, and survive 8 bits of precision: all must agree before their time counts.

# %%
from minirank.kernels.cpu.bfloat16 import why_not
from minirank.kernels.cpu.packed_layer import PackedLayer

columns, bias = np.ascontiguousarray(weight.T), np.zeros(WIDTH, np.float32)
ladder = {"three loops": lambda: three_loops(y, x, weight), "tiles of 2 x 4": lambda: in_tiles(y, x, columns)}
for name, tiled in (("kernels/cpu", False), *([] if why_not() else [("bfloat16", True)])):  # where the processor has matrix tiles
    layer = PackedLayer(weight=weight, bias=bias, bfloat16=tiled)
    ladder[name] = lambda layer=layer: layer.forward(y=y, x=x, relu=False)
for name, run in (ladder | {"NumPy (BLAS)": lambda: np.matmul(x, weight, out=y)}).items():
    y[:] = np.nan
    speed = 2e-9 * y.size * INNER / min(timeit.repeat(run, number=1, repeat=8))  # the first run compiles
    np.testing.assert_array_equal(y, expected)
    print(f"measured: {name:14s} {speed:6.1f} billion operations a second")
    last.barh(name, speed, color="#009E73", gid="measured")
last.set(title="measured, one thread", xscale="log", xlabel="billion operations a second")
figure.savefig("13_make_it_fast.png")
