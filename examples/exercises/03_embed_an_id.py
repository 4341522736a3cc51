"""Exercises of lesson 3. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def table_gradient(dy, ids, size):
    """The whole gradient (size, D) of a table under y = table[ids]: zeros where no id asks. dy (B, D), ids (B,), which may repeat."""
    raise NotImplementedError


def check_table_gradient():
    dy, ids = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]), np.array([1, 3, 1, 1])
    np.testing.assert_allclose(table_gradient(dy, ids, size=5), [[0, 0], [13, 16], [0, 0], [3, 4], [0, 0]])


# %%
def bags_backward(dy, bags, size):
    """The gradient (size, D) of a table under y_b = mean of table[i] over the list bags[b], 0 where it is empty; ids may repeat."""
    raise NotImplementedError


def check_bags_backward():
    rng = np.random.default_rng(4)
    bags, table, dy = [[0, 2], [], [2, 2, 1], [4]], rng.normal(size=(5, 3)), rng.normal(size=(4, 3))

    def loss():
        return sum(dy[b] @ table[ids].mean(axis=0) for b, ids in enumerate(bags) if ids)

    gradient = bags_backward(dy, bags, size=5)
    for place in np.ndindex(table.shape):  # one number at a time
        before, losses = table[place], []
        for moved in (before + 1e-6, before - 1e-6):
            table[place] = moved
            losses.append(loss())
        table[place] = before
        np.testing.assert_allclose(gradient[place], (losses[0] - losses[1]) / 2e-6, atol=1e-8)


# %%
def adam_on_rows(table, m, v, ids, gradient, step, rate=0.1):
    """One step of Adam on the rows `ids` of a table, in place; table, m, v (V, D), ids (n,) unique, gradient (n, D). Returns nothing.

    m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g^2, and row -= rate * (m / (1 - 0.9^step)) / (sqrt(v / (1 - 0.999^step)) + 1e-8).
    """
    raise NotImplementedError


def check_adam_on_rows():
    table, m, v = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]), np.zeros((3, 2)), np.zeros((3, 2))
    adam_on_rows(table, m, v, np.array([0, 2]), np.array([[5.0, -5.0], [0.01, 0.01]]), step=1)
    np.testing.assert_allclose(table, [[0.9, 1.1], [2.0, 2.0], [2.9, 2.9]], atol=1e-6)  # the first step is the rate, whatever g is
    adam_on_rows(table, m, v, np.array([2]), np.array([[0.01, -0.01]]), step=2)
    np.testing.assert_allclose(table[:2], [[0.9, 1.1], [2.0, 2.0]], atol=1e-6)  # rows 0 and 1 rest
    np.testing.assert_allclose(m[0], [0.5, -0.5], atol=1e-9)
    np.testing.assert_allclose(table[2], [2.8, 2.9 + 0.1 / 19], atol=1e-6)  # m is 0.0019 and -0.0001, of 1 - 0.9^2 = 0.19


# %%
for check in (check_table_gradient, check_bags_backward, check_adam_on_rows):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
