"""Lesson 2: a gradient, and how to know that it is right.

You learn how a layer's backward pass follows from its forward pass, and how two forward calls check a whole gradient.
"""

# %% [markdown]
# # 2. A gradient, and how to know that it is right
#
# To learn is to lower a loss L. So we ask of every number in the layer of lesson 1: if it rises a little, how fast does L
# rise? That is its *gradient*, d + its name. What follows gives dy; each backward line inverts the forward line beside it:
#
#     y = max(z, 0)      dz = dy where y > 0, else 0
#     z = x W + b        dW = x^T dz      db = sum of dz over the rows      dx = dz W^T

# %%
import matplotlib.pyplot as plt
import numpy as np


def layer(x, weight, bias):
    return np.maximum(x @ weight + bias, 0)


def layer_backward(dy, x, weight, y):
    dz = dy * (y > 0)
    return dz @ weight.T, x.T @ dz, dz.sum(axis=0)


# %% [markdown]
# ## On paper
# The row of lesson 1, and a loss L = 2 y1 + 5 y2, so that dy = (2, 5). The second unit is off: nothing reaches it.

# %%
x, weight, bias = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0], [3.0, 0.5]]), np.array([0.5, -1.0])
dx, dweight, dbias = layer_backward(np.array([[2.0, 5.0]]), x, weight, layer(x, weight, bias))
print("dx =", dx, "  by hand: 2 * (1, 3)")
print("dW =", dweight.tolist(), "  by hand: column 1 is 2 * x = (2, 4), column 2 is off")

# %% [markdown]
# ## Is it right?
# Move one weight by eps up and down and look how far L moves: for 600 weights that takes 1,200 forward passes. Instead,
# move all of them at once, along a random direction v: L must rise at the rate <dW, v>, the sum of dW * v.

# %%
rng = np.random.default_rng(0)
x, weight, bias = rng.normal(size=(64, 30)), rng.normal(size=(30, 20)), rng.normal(size=20)
u = rng.normal(size=(64, 20))  # dy: the loss is L = sum of u * y


def projection(forward, gradient, at, eps=1e-5, seed=1):
    v = np.random.default_rng(seed).normal(size=at.shape)
    v /= np.linalg.norm(v)
    numeric = np.sum(u * (forward(at + eps * v) - forward(at - eps * v))) / (2 * eps)
    return abs(np.sum(gradient * v) - numeric) / np.linalg.norm(gradient)


of_x, of_weight = (lambda x: layer(x, weight, bias)), (lambda weight: layer(x, weight, bias))
dx, dweight, dbias = layer_backward(u, x, weight, layer(x, weight, bias))
forgotten, doubled = x.T @ u, dweight * np.where(np.arange(600).reshape(30, 20) == 77, 2, 1)
print(f"right: dW {projection(of_weight, dweight, weight):.0e}, dx {projection(of_x, dx, x):.0e}")
print(f"dW without the ReLU's mask: {projection(of_weight, forgotten, weight):.3f}")
print(f"one of 600 entries doubled: {projection(of_weight, doubled, weight):.5f}")

# %% [markdown]
# ## The picture
# Left: how small must eps be? When it is large, a smooth function bends away from its tangent, and units of the layer cross
# their kink; when it is small, the difference of two nearly equal numbers is mostly rounding. Right: every entry.

# %%
sizes = np.logspace(-11, 0, 45)
sine, of_sine = (lambda weight: np.sin(x @ weight)), x.T @ (u * np.cos(x @ weight))
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.loglog(sizes, [projection(of_weight, dweight, weight, eps) for eps in sizes], label="right, of the layer", gid="measured")
left.loglog(sizes, [projection(sine, of_sine, weight, eps) for eps in sizes], "--", label="right, of sin(x W)", gid="measured")
left.loglog(sizes, [projection(of_weight, forgotten, weight, eps) for eps in sizes], "k:", label="wrong: mask forgotten")
left.set(title="error of the check", xlabel="eps", ylabel="|<dW, v> - numeric| / |dW|")
left.legend()
steps = 1e-5 * np.eye(600).reshape(600, 30, 20)
one_by_one = [np.sum(u * (of_weight(weight + step) - of_weight(weight - step))) / 2e-5 for step in steps]
right.scatter(one_by_one, forgotten, s=8, color="black", marker="x", linewidth=0.7, label="wrong: mask forgotten")
right.scatter(one_by_one, dweight, s=8, color="C0", label="right")
right.set(title="each weight's gradient", xlabel="numeric, 1,200 forward passes", ylabel="written by hand")
right.legend()
figure.savefig("02_check_a_gradient.png")

# %% [markdown]
# ## In the product
# The same lines, adding to what is there already; and the check, of any tensor.

# %%
from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops.dense import dense_backward

sums = {"dx": np.zeros_like(x), "dweight": np.zeros_like(weight), "dbias": np.zeros_like(bias)}
dense_backward(**sums, dy=u.copy(), x=x, y=layer(x, weight, bias), weight=weight, relu=True)
for ours, theirs in zip((dx, dweight, dbias), sums.values()):
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-12)
error = projection_error(lambda: layer(x, weight, bias), forgotten, x=weight, u=u, seed=1)
np.testing.assert_allclose(error, projection(of_weight, forgotten, weight), rtol=1e-8)
print(f"kernels/gradcheck.py says {error:.3f} of the forgotten mask")
