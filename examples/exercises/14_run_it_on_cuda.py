"""Exercises of lesson 14. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must do. Replace its last line; then run the cell at the end.

# %%
import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"

import numpy as np
from numba import cuda


# %%
def blocks_for(rows, threads):
    """How many blocks of so many threads cover so many rows, one thread a row. The last block may have threads to spare."""
    raise NotImplementedError


def check_blocks_for():
    for rows in (1, 7, 8, 9, 1000):
        blocks = blocks_for(rows, 8)
        assert blocks * 8 >= rows, f"{blocks} blocks of 8 threads leave rows of {rows} out"
        assert (blocks - 1) * 8 < rows, f"{blocks} blocks of 8 threads: one has nothing to do for {rows} rows"


# %%
def relu_kernel(y, z):
    """A kernel body: y[i] = max(z[i], 0) for the thread's own i; threads behind the end of z do nothing. z (n,), y (n,)."""
    raise NotImplementedError


def check_relu_kernel():
    z, y = np.array([-1.0, 2.0, -3.0, 4.0, 5.0], np.float32), np.full(8, 7, np.float32)
    try:
        cuda.jit(relu_kernel)[2, 4](y, z)  # eight threads for five numbers
    except IndexError:
        raise AssertionError("a thread read behind the end of z") from None
    np.testing.assert_array_equal(y, [0, 2, 0, 4, 5, 7, 7, 7])


# %%
def sum_kernel(total, x):
    """A kernel body: total[0] = the sum of x (8,), by one block of 8 threads.

    Put x into a shared array (of np.float32). In rounds of 4, 2, 1: the first so many threads each add the number so many
    places further on to their own. Before each round all wait, and every thread must reach every barrier, also one that has
    nothing to add.
    """
    raise NotImplementedError


def check_sum_kernel():
    x, total = 2.0 ** np.arange(8, dtype=np.float32), np.zeros(1, np.float32)
    cuda.jit(sum_kernel)[1, 8](total, x)
    assert total[0] == 255, f"got {total[0]:g}; by its bits the sum shows which of the eight numbers are missing"


# %%
for check in (check_blocks_for, check_relu_kernel, check_sum_kernel):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
