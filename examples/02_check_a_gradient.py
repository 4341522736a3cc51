"""Lesson 2: a gradient by hand, and how to know that it is right.

You learn how a layer's backward pass follows from its forward pass line by line, and how two calls
of the forward pass check a whole tensor of gradients at once.

    forward    z = x W + b,   y = max(z, 0)
    backward   dz = dy [y > 0],   dW = x^T dz,   db = sum_b dz_b,   dx = dz W^T

Read `kernels/ops/dense.py` beside this: it holds the same lines, and the derivation.
"""

import numpy as np

from minirank.kernels.gradcheck import projection_error
from minirank.kernels.ops.dense import dense_backward, dense_forward

# 1. One row, two inputs, two outputs: small enough to do on paper.
x = np.array([[1.0, 2.0]])
weight = np.array([[1.0, -1.0], [3.0, 0.5]])
bias = np.array([0.5, -1.0])
y = np.empty((1, 2))
dense_forward(y, x, weight, bias, relu=True)
print("y  =", y, "   by hand: 1*1 + 2*3 + 0.5 = 7.5,   max(-1 + 1 - 1, 0) = 0")

dy = np.array([[2.0, 5.0]])
dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
dense_backward(dx, dweight, dbias, dy.copy(), x, y, weight, relu=True)
print("dx =", dx, " by hand: the second unit is off, so dx = 2 * (1, 3)")
assert dx.tolist() == [[2.0, 6.0]]

# 2. Many rows: check by projection. For random u and v, <J^T u, v> must equal <u, J v>.
#    The left side is the backward pass; the right side needs nothing but two forward passes.
rng = np.random.default_rng(0)
x, weight, bias, u = rng.normal(size=(64, 30)), rng.normal(size=(30, 20)), rng.normal(size=20), rng.normal(size=(64, 20))


def forward():
    out = np.empty((64, 20))
    dense_forward(out, x, weight, bias, relu=True)
    return out


dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
dense_backward(dx, dweight, dbias, u.copy(), x, forward(), weight, relu=True)
for name, value, gradient in (("dx", x, dx), ("dW", weight, dweight), ("db", bias, dbias)):
    error = projection_error(forward, gradient, value, u, seed=1)
    print(f"{name}: error {error:.1e}")
    assert error < 1e-6

# 3. Would the check notice a mistake? Forget the ReLU in the backward pass:
wrong = x.T @ u
error = projection_error(forward, wrong, weight, u, seed=1)
print(f"dW without the ReLU's mask: error {error:.1e}")
assert error > 1e-3

# Exercise: `kernels/ops/softmax.py` derives the gradient of a gate. Check it in the same way, once with a
# random u and once with a u of ones. Why does the second check pass whatever the code says?
# (Every gate sums to 1, so the sum of a gate's outputs has no gradient at all.)
