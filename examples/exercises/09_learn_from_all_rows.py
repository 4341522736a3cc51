"""Exercises of lesson 9. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
from itertools import product

import numpy as np


# %%
def joint_label(clicked, converted):
    """The label of "clicked and converted" from both labels (n,), each 1, 0 or NaN (missing): NaN only where it cannot be known."""
    raise NotImplementedError


def check_joint_label():
    nan = np.nan
    cases = [(0, nan, 0), (0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1), (1, nan, nan), (nan, nan, nan), (nan, 1, nan), (nan, 0, 0)]
    clicked, converted, wanted = np.array(cases, float).T
    np.testing.assert_array_equal(joint_label(clicked, converted), wanted)


# %%
def row_weight(u, q):
    """How much a row counts for pCVR in the loss over all rows: w of the mean gradient for b, w (q - c).

    u: pCTR, which is right. q: pCVR of the model. c: the true CVR, not in w. All (n,); the lesson's page derives it.
    """
    raise NotImplementedError


def check_row_weight():
    def loss(b, u, y):
        q = 1 / (1 + np.exp(-b))
        return -y * np.log(u * q) - (1 - y) * np.log(1 - u * q)

    for u, b, c in product((0.05, 0.5, 0.9), (-2.0, 0.0, 1.0), (0.2, 0.7)):
        slopes = [(loss(b + 1e-5, u, y) - loss(b - 1e-5, u, y)) / 2e-5 for y in (1, 0)]
        mean = u * c * slopes[0] + (1 - u * c) * slopes[1]
        q = 1 / (1 + np.exp(-b))
        np.testing.assert_allclose(row_weight(np.array([u]), np.array([q])) * (q - c), mean, rtol=1e-6)


# %%
def mean_of_all(losses, clicked, p):
    """An estimate of the mean loss of *all* rows from those of clicked rows, right on average: a clicked row stands for 1/p rows.

    losses (n,), only those of clicked rows may be used; clicked (n,) 0 or 1; p (n,) the chance of a click. Returns a number.
    """
    raise NotImplementedError


def check_mean_of_all():
    losses, p = np.array([1.0, 2.0, 6.0]), np.array([0.9, 0.5, 0.1])
    average = 0
    for clicked in map(np.array, product((0, 1), repeat=3)):  # all that can happen, with its chance
        chance = np.prod(np.where(clicked == 1, p, 1 - p))
        average += chance * mean_of_all(np.where(clicked == 1, losses, np.nan), clicked, p)
    np.testing.assert_allclose(average, 3)


# %%
for check in (check_joint_label, check_row_weight, check_mean_of_all):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
