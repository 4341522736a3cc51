"""Lesson 14: from Numba to CUDA: threads, blocks, and memory that a block shares.

You learn how a kernel is written for one thread, what a tile in shared memory saves, and what a barrier is for.
"""

# %% [markdown]
# # 14. From Numba to CUDA
#
# A GPU runs one function, the *kernel*, in thousands of threads. Each asks where it stands and computes its own number. Threads
# of a *block* share a small fast memory. Numba's simulator needs no GPU, but must be asked for before Numba is imported.

# %%
import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

import matplotlib.pyplot as plt
import numpy as np
from numba import cuda, float32

N = 8
x, weight = np.random.default_rng(0).integers(-3, 4, (2, N, N)).astype(np.float32)

# %% [markdown]
# ## A number a thread, a tile a block
# In y = x W a naive thread walks along a row of x and down a column of W, in the GPU's large, slow memory, and its neighbours
# read the same numbers again. A block of T x T threads does better: each thread loads *one* number of x and one of W, all wait
# (the *barrier*), and each reads T of both from what was loaded. Then come the next T columns of x. Loads on paper: N^2 threads
# with 2 N each are 2 N^3; in tiles each loads 2 numbers in each of N / T rounds, 2 N^3 / T in all.


# %%
@cuda.jit
def naive(y, x, weight, loads):
    j, i = cuda.grid(2)  # blockIdx * blockDim + threadIdx, along x and along y
    for k in range(x.shape[1]):
        y[i, j] += x[i, k] * weight[k, j]
        cuda.atomic.add(loads, 0, 2)  # += of many threads, one after the other


def tiled(T, barrier=True):
    @cuda.jit
    def kernel(y, x, weight, loads):
        rows = cuda.shared.array((T, T), float32)  # one for the whole block
        columns = cuda.shared.array((T, T), float32)  # on its own line: the simulator tells them apart by it
        r, c = cuda.threadIdx.y, cuda.threadIdx.x
        i, j = cuda.blockIdx.y * T + r, cuda.blockIdx.x * T + c
        rows[r, c] = columns[r, c] = 0
        cuda.syncthreads()
        for first in range(0, x.shape[1], T):
            rows[r, c], columns[r, c] = x[i, first + c], weight[first + r, j]
            cuda.atomic.add(loads, 0, 2)
            if barrier:
                cuda.syncthreads()  # nobody reads before all have written
            for k in range(T):
                y[i, j] += rows[r, k] * columns[k, c]
            if barrier:
                cuda.syncthreads()  # nobody writes again before all have read

    return kernel


# %%
counted = {}
for T, kernel in ((1, naive), (2, tiled(2)), (4, tiled(4)), (8, tiled(8))):
    y, loads = np.zeros((N, N), np.float32), np.zeros(1, np.int64)
    kernel[(N // T, N // T), (T, T)](y, x, weight, loads)  # [blocks, threads of a block]
    np.testing.assert_array_equal(y, x @ weight)
    counted[T] = loads[0]
    print(f"tiles of {T} x {T}: {loads[0]:,} loads   by hand: 2 * 8^3 / {T} = {2 * N**3 // T:,}")
raced = np.zeros((N, N), np.float32)
tiled(4, barrier=False)[(2, 2), (4, 4)](raced, x, weight, np.zeros(1, np.int64))
print(f"measured: without its barriers the kernel gets {np.count_nonzero(raced != x @ weight)} of 64 numbers wrong")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.bar(range(4), list(counted.values()), color="#56B4E9")
left.plot(range(4), [2 * N**3 / T for T in counted], "o--", color="#D55E00")
left.set(title="loads, counted; orange: on paper", xlabel="T, the side of a tile", xticks=range(4), xticklabels=["1 (naive)", 2, 4, 8])
figure.colorbar(right.imshow(raced - x @ weight, cmap="RdBu", vmin=-30, vmax=30, gid="measured"))
right.set(title="without barriers, in one run: y - x W", xlabel="column", ylabel="row")
figure.savefig("14_run_it_on_cuda.png")

# %% [markdown]
# ## In the product: a layer as a plan, by the reference and by the CUDA executor, which says what it launched

# %%
from minirank.kernels import Inputs, InputSpec, PlanBuilder, initial_values, make_executor

build = PlanBuilder(InputSpec(dense=tuple("abcdefgh"), tasks=tuple("stuvwxyz")))
slot, logits = build.block("x", N, differentiable=0), build.block("y", N)
build.add("copy", slot)
build.add("dense", logits, (slot,), (build.parameter("W", (N, N), "zero"), build.parameter("b", (N,), "zero")), relu=1)
values = initial_values(build.build(logits), seed=0)
values["W"][:] = weight
for backend in ("reference", "cuda"):
    executor = make_executor(backend, values.plan, np.float32)
    y = executor.logits(values, Inputs(ids=np.zeros((N, 0), np.int32), bags=(), dense=x))
    np.testing.assert_array_equal(y, np.maximum(x @ weight, 0))
print("the reference's numbers, in CUDA by", ", ".join(name for name, _ in executor.launched))
