"""Exercises of lesson 7. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def add_role(z, role, bias_of_role):
    """The logits z (B, N), plus row role - 1 of bias_of_role (R, N) where a row's role (B,) is 1 to R; role 0 adds nothing."""
    raise NotImplementedError


def check_add_role():
    z, bias_of_role = np.zeros((4, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(add_role(z, np.array([2, 0, 1, 2]), bias_of_role), [[3, 4], [0, 0], [1, 2], [3, 4]])


# %%
def role_backward(dz, x, role, roles):
    """dU (R, K, N) of z_b += x_b U[role_b - 1] where role_b > 0. dz (B, N), x (B, K), role (B,) in 0 to R = roles."""
    raise NotImplementedError


def check_role_backward():
    rng = np.random.default_rng(9)
    x, dz, role, of_role = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), np.array([1, 3, 0, 1, 0, 3]), rng.normal(size=(3, 3, 2))

    def loss():
        return sum(dz[b] @ (x[b] @ of_role[r - 1]) for b, r in enumerate(role) if r)

    before, gradient = loss(), role_backward(dz, x, role, roles=3)
    assert gradient.shape == of_role.shape
    for place in np.ndindex(of_role.shape):
        of_role[place] += 1  # the loss is linear in U: a step of any size tells its gradient
        np.testing.assert_allclose(gradient[place], loss() - before, atol=1e-12)
        of_role[place] -= 1


# %%
def shrunk_means(y, role, roles, strength):
    """A correction c_r for each role: the one that minimises 1/2 sum_b (y_b - c_{role_b})^2 + strength / 2 * sum_r c_r^2.

    y (B,), role (B,) in 1 to R = roles; returns (R,). Set the gradient to zero and solve for c_r. A role without rows gets 0.
    """
    raise NotImplementedError


def check_shrunk_means():
    y, role = np.array([6.0, 2.0, 4.0, 4.0, 10.0]), np.array([1, 1, 1, 1, 2])
    np.testing.assert_allclose(shrunk_means(y, role, roles=3, strength=1.0), [3.2, 5.0, 0.0])  # means 4 and 10, of 4 rows and of 1
    np.testing.assert_allclose(shrunk_means(y, role, roles=3, strength=4.0), [2.0, 2.0, 0.0])


# %%
for check in (check_add_role, check_role_backward, check_shrunk_means):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
