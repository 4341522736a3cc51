"""Exercises of lesson 2. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
import numpy as np


# %%
def leaky_backward(dy, z, slope):
    """The gradient dz of y = z where z > 0, else slope * z: a ReLU that never falls silent. All arrays (B, N)."""
    raise NotImplementedError


def check_leaky_backward():
    z, dy = np.array([[2.0, -3.0, 0.5, -0.1]]), np.array([[1.0, 10.0, -4.0, 20.0]])
    np.testing.assert_allclose(leaky_backward(dy, z, slope=0.1), [[1.0, 1.0, -4.0, 2.0]])


# %%
def two_layers_backward(dy, x, weight, hidden, second):
    """Both weights' gradients, (dweight (K, H), dsecond (H, N)), of y = h V with h = max(x W, 0).

    dy (B, N), x (B, K), weight W (K, H), hidden h (B, H), second V (H, N). Begin with the last layer.
    """
    raise NotImplementedError


def check_two_layers_backward():
    rng = np.random.default_rng(2)
    x, weight, second, dy = (rng.normal(size=shape) for shape in ((5, 3), (3, 4), (4, 2), (5, 2)))

    def loss():
        return np.sum(dy * (np.maximum(x @ weight, 0) @ second))

    gradients = two_layers_backward(dy, x, weight, np.maximum(x @ weight, 0), second)
    for tensor, gradient in zip((weight, second), gradients):
        assert gradient.shape == tensor.shape
        for place in np.ndindex(tensor.shape):  # one number at a time
            before = tensor[place]
            tensor[place] = before + 1e-6
            high = loss()
            tensor[place] = before - 1e-6
            low = loss()
            tensor[place] = before
            np.testing.assert_allclose(gradient[place], (high - low) / 2e-6, atol=1e-7)


# %%
def find_wrong_row(forward, gradient, x, u):
    """The one row of `gradient` that is wrong: a gradient of x (B, K) under L = sum of u * forward(x). `forward` may be called 22 times.

    The projection need not move all rows: a direction v that is 0 in half of them says whether the other half is right.
    """
    raise NotImplementedError


def check_find_wrong_row():
    rng = np.random.default_rng(3)
    for wrong in (0, 413, 999):
        x, u, calls = rng.normal(size=(1000, 4)), rng.normal(size=(1000, 4)), []

        def forward(x, calls=calls):
            calls.append(1)
            return np.sin(x)

        gradient = u * np.cos(x)
        gradient[wrong] *= 1.5
        assert find_wrong_row(forward, gradient, x, u) == wrong
        assert len(calls) <= 22, f"{len(calls)} calls"


# %%
for check in (check_leaky_backward, check_two_layers_backward, check_find_wrong_row):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
