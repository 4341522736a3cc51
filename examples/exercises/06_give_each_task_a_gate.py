"""Exercises of lesson 6. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def experts_backward(dm, g):
    """The gradient of E experts' outputs, (B, E, H), which T tasks mix: m_t = sum_e g_te h_e. dm (B, T, H), g (B, T, E)."""
    raise NotImplementedError


def check_experts_backward():
    rng = np.random.default_rng(8)
    dm, g, h = rng.normal(size=(2, 3, 4)), rng.random(size=(2, 3, 5)), rng.normal(size=(2, 5, 4))

    def loss():
        return sum(dm[b, t] @ sum(g[b, t, e] * h[b, e] for e in range(5)) for b in range(2) for t in range(3))

    before, gradient = loss(), experts_backward(dm, g)
    for place in np.ndindex(h.shape):
        h[place] += 1  # the loss is linear in h: a step of any size tells its gradient
        np.testing.assert_allclose(gradient[place], loss() - before, atol=1e-12)
        h[place] -= 1


# %%
def numbers_to_learn(inputs, experts, width, tasks):
    """How many weights and biases a multi-gate mixture has: experts that are one layer each, a gate a task, a linear tower a task.

    An expert is x W + b with `width` outputs, a gate is x W + c with `experts` outputs, a tower <m, v> + a with one.
    """
    raise NotImplementedError


def check_numbers_to_learn():
    # On paper: 3 experts of 10 * 4 + 4; 2 gates of 10 * 3 + 3; 2 towers of 4 + 1.
    assert numbers_to_learn(inputs=10, experts=3, width=4, tasks=2) == 3 * 44 + 2 * 33 + 2 * 5
    assert numbers_to_learn(inputs=1, experts=1, width=1, tasks=1) == 6


# %%
def conflict(gradients):
    """How much of what T tasks want of shared numbers cancels: 1 - |sum| / (sum of lengths). gradients (T, P), not all 0.

    0: all pull the same way. 1: together they move nothing.
    """
    raise NotImplementedError


def check_conflict():
    np.testing.assert_allclose(conflict(np.array([[2.0, 0.0], [3.0, 0.0]])), 0, atol=1e-12)
    np.testing.assert_allclose(conflict(np.array([[2.0, 1.0], [-2.0, -1.0]])), 1)
    np.testing.assert_allclose(conflict(np.array([[3.0, 0.0], [0.0, 4.0]])), 1 - 5 / 7)


# %%
for check in (check_experts_backward, check_numbers_to_learn, check_conflict):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
