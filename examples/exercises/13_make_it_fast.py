"""Exercises of lesson 13. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def panels(weight, width):
    """The panels of W (K, N): (ceil(N / width), K, width), where panel p holds columns p * width ..., filled up with 0."""
    raise NotImplementedError


def check_panels():
    weight = np.arange(1.0, 36.0).reshape(5, 7)
    found = panels(weight, 3)
    assert found.shape == (3, 5, 3) and found.flags.c_contiguous, "row k + 1 of a panel must lie right behind row k"
    for k in range(5):
        for column in range(9):
            assert found[column // 3, k, column % 3] == (weight[k, column] if column < 7 else 0)


# %%
def tile(x, panel):
    """x (m, K) times a panel (K, n), as the micro-kernel does: for each k the product of a column of x and a row of the panel is
    added to all m * n sums. Returns (m, n); uses no `@`."""
    raise NotImplementedError


def check_tile():
    rng = np.random.default_rng(0)
    x, panel = rng.integers(-9, 10, (6, 20)), rng.integers(-9, 10, (20, 4))
    by_hand = [[sum(x[i, k] * panel[k, j] for k in range(20)) for j in range(4)] for i in range(6)]
    np.testing.assert_array_equal(tile(x, panel), by_hand)


# %%
def tile_shape(registers):
    """(m, n) of the tile that needs the fewest loads for each of its multiply-adds: for each k, m + n loads feed m * n of them.

    Registers hold all m * n sums, the n vectors of the panel's row, and one number of x."""
    raise NotImplementedError


def check_tile_shape():
    for registers in (8, 16, 32):
        shapes = [(m, n) for m in range(1, registers) for n in range(1, registers) if m * n + n + 1 <= registers]
        fewest = min((m + n) / (m * n) for m, n in shapes)
        m, n = tile_shape(registers)
        assert (m, n) in shapes, f"{m} x {n} does not fit into {registers} registers"
        assert (m + n) / (m * n) == fewest, f"{m} x {n} is not the best tile of {registers} registers"


# %%
for check in (check_panels, check_tile, check_tile_shape):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
