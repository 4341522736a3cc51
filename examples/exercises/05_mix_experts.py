"""Exercises of lesson 5. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def mixture_backward(dm, g, h):
    """(dg (B, E), dh (B, E, H)) of m = sum_e g_e h_e. dm (B, H), g (B, E), h (B, E, H)."""
    raise NotImplementedError


def check_mixture_backward():
    g, h, dm = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[[1.0], [2.0]], [[3.0], [4.0]]]), np.array([[10.0], [1.0]])
    dg, dh = mixture_backward(dm, g, h)
    np.testing.assert_allclose(dg, [[10, 20], [3, 4]])
    np.testing.assert_allclose(dh, [[[5], [5]], [[1], [0]]])


# %%
def top_gates(g, k):
    """Only the k largest shares of each row of g (B, E), made to sum to 1 again; the others 0. No two shares of a row are equal.

    With it a row needs k experts only, and large models save the work of the others.
    """
    raise NotImplementedError


def check_top_gates():
    g = np.array([[0.5, 0.1, 0.3, 0.1001], [0.0, 1.0, 1e-9, 1e-8]])
    np.testing.assert_allclose(top_gates(g, 2), [[0.625, 0, 0.375, 0], [0, 1, 0, 1e-8]], atol=1e-12, rtol=1e-6)
    np.testing.assert_allclose(top_gates(g, 1), [[1, 0, 0, 0], [0, 1, 0, 0]])


# %%
def competing_backward(g, h, y):
    """(dz, dh), each (B, E), of the loss sum over all rows and experts of g_e (h_e - y)^2, with g = softmax(z). g, h (B, E), y (B, 1)."""
    raise NotImplementedError


def check_competing_backward():
    rng = np.random.default_rng(7)
    z, h, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 1))

    def shares():
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    for tensor, gradient in zip((z, h), competing_backward(shares(), h, y)):
        for place in np.ndindex(tensor.shape):  # one number at a time
            before, losses = tensor[place], []
            for moved in (before + 1e-6, before - 1e-6):
                tensor[place] = moved
                losses.append(np.sum(shares() * (h - y) ** 2))
            tensor[place] = before
            np.testing.assert_allclose(gradient[place], (losses[0] - losses[1]) / 2e-6, atol=1e-7)


# %%
for check in (check_mixture_backward, check_top_gates, check_competing_backward):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
