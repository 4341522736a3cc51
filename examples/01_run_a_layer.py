"""Lesson 1: a layer, run forwards.

You learn what a dense layer computes, why it needs a kink, and how to see what its units do.
"""

# %% [markdown]
# # 1. A layer, run forwards
#
# A layer takes a row of K numbers and gives N others. Each output is a weighted sum of all inputs, plus a number of
# its own (the bias); whatever is below zero is then cut off (the *ReLU*):
#
#     z = x W + b        x (B, K), W (K, N), b (N,)
#     y = max(z, 0)      y (B, N)
#
# B rows go through at once; no row sees another.

# %%
import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# ## On paper
# One row with two inputs, two outputs. Column j of W holds the weights of output j.

# %%
x = np.array([[1.0, 2.0]])
weight = np.array([[1.0, -1.0], [3.0, 0.5]])
bias = np.array([0.5, -1.0])

z = x @ weight + bias
y = np.maximum(z, 0)
print("z =", z, "  by hand: 1*1 + 2*3 + 0.5 = 7.5 and 1*(-1) + 2*0.5 - 1 = -1")
print("y =", y, "  the second unit is off")

# %% [markdown]
# ## Why the kink
# Two layers without it are one: (x A) B = x (A B), and nothing was gained.

# %%
rng = np.random.default_rng(0)
rows, first, second = rng.normal(size=(5, 2)), rng.normal(size=(2, 8)), rng.normal(size=(8, 1))
print("two layers without a kink differ from one by", f"{np.abs((rows @ first) @ second - rows @ (first @ second)).max():.0e}")

# %% [markdown]
# With it, every unit folds the plane along the line where its z is 0. Three units of one hidden layer, added up,
# give a function that no single layer has.

# %%
folds = np.array([[1.0, -1.0, 0.2], [0.3, 0.8, -1.0]])
offsets = np.array([0.2, 0.1, 0.4])
axis = np.linspace(-2, 2, 81)
plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
hidden = np.maximum(plane @ folds + offsets, 0)
surface = (hidden @ np.array([1.0, 1.0, -1.5])).reshape(81, 81)
print(f"in the middle: {surface[40, 40]:.2f}   by hand: 0.2 + 0.1 - 1.5 * 0.4 = -0.3")

# %% [markdown]
# ## The picture
# The lines are the folds; between them the function is flat, as a sheet of paper is between its creases.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.plot(axis, np.maximum(axis, 0))
left.set(title="the ReLU", xlabel="z", ylabel="y = max(z, 0)")
drawn = right.contourf(axis, axis, surface, levels=15, cmap="viridis")
for unit in range(3):
    right.plot(axis, -(folds[0, unit] * axis + offsets[unit]) / folds[1, unit], color="white", linestyle="--")
right.set(title="three units, added up", xlabel="first input", ylabel="second input", ylim=(-2, 2))
figure.colorbar(drawn, ax=right, label="output")
figure.savefig("01_run_a_layer.png")

# %% [markdown]
# ## In the product
# The same two lines, written into memory that the caller owns.

# %%
from minirank.kernels.ops.dense import dense_forward

ours = np.empty((1, 2))
dense_forward(y=ours, x=x, weight=weight, bias=bias, relu=True)
print("kernels/ops/dense.py says", ours)
np.testing.assert_array_equal(ours, y)
